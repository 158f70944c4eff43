//! Fiscal calendars that the ledger's owner keeps itself: which periods there are, and whether their books are closed.
//!
//! Every calendar of a ledger closes its books: an entry is in a closed period if any of them has closed one that holds
//! its date (ADR-0012). A calendar that only gives years their labels is one that nobody closes.

mod command;
mod event;
mod state;

pub(crate) mod decide;

pub use command::{AdjustedPeriod, CalendarCommand, NewPeriod, PeriodName};
pub use event::CalendarEvent;
pub use state::{Calendar, FiscalPeriod};

pub(crate) use state::Closings;

/// How rows call what lies in no period of a calendar; no label of a period.
pub const UNKNOWN_LABEL: &str = "unknown";

/// The most characters of a period's label.
pub const LABEL_CHARS_MAX: usize = 64;

/// The most periods of one calendar: more than there are quarters in the years that a ledger books.
pub const PERIODS_MAX: usize = 2_000;

/// The most days for which a closed period still takes entries.
pub const GRACE_DAYS_MAX: u32 = 366;
