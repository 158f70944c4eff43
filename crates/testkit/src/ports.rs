//! A clock that a test sets, and randomness that it can repeat.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use perennial_app::ports::clock::Clock;
use perennial_app::ports::ids::Ids;
use perennial_domain::log::RecordedAt;

/// A clock that stands still until it is set.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// Starts at `now`.
    pub fn at(now: RecordedAt) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Sets the time, forwards or backwards.
    pub fn set(&self, now: RecordedAt) {
        self.0.store(now.0, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> RecordedAt {
        RecordedAt(self.0.load(Ordering::SeqCst))
    }
}

/// Counts instead of being random: equal runs give equal bytes.
#[derive(Debug, Default)]
pub struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let count = self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        for (byte, counted) in bytes.iter_mut().skip(8).zip(count) {
            *byte = counted;
        }
        bytes
    }
}
