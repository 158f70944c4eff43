//! The machine's clock and randomness behind the ports.

use std::time::{SystemTime, UNIX_EPOCH};

use perennial_app::ports::clock::Clock;
use perennial_app::ports::ids::Ids;
use perennial_domain::log::RecordedAt;

/// The wall clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this adapter is the one place that reads the wall clock"
    )]
    fn now(&self) -> RecordedAt {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        RecordedAt(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// The operating system's generator.
pub(crate) struct SystemIds;

impl Ids for SystemIds {
    fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        if let Err(error) = getrandom::fill(&mut bytes) {
            // Salts hide bodies from who holds their hash only: without randomness nothing may be written.
            panic!("the operating system gives no randomness: {error}");
        }
        bytes
    }
}
