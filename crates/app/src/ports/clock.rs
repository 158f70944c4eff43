//! The clock port.

use perennial_domain::log::RecordedAt;

/// Tells the time. The only clock of the write side; never a client's.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> RecordedAt;
}
