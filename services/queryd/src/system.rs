//! The clock of the read side: only the default of `effective_as_of` reads it.

use std::time::{SystemTime, UNIX_EPOCH};

use perennial_app::ports::clock::Clock;
use perennial_domain::log::RecordedAt;

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the Clock port's one implementation in this service"
    )]
    fn now(&self) -> RecordedAt {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        RecordedAt(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}
