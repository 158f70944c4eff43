//! When clients call: each as soon as it was answered, or all together at a fixed rate.
//!
//! At a fixed rate an answer's time counts from when its call was due, not from when a client was free to make it.
//! Otherwise a server that stands still for a second would spoil one measurement instead of a second's worth.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::failure::{Exit, Failure};

/// The shortest sleep between two looks at what is due: finer than what is measured, and cheap.
const LOOK_EVERY: Duration = Duration::from_micros(100);

/// Calls at a fixed rate, the first one at once.
#[derive(Clone, Copy, Debug)]
struct Schedule {
    per_second: NonZeroU64,
}

impl Schedule {
    /// When the call with this number, from 0, is due.
    fn due(self, number: u64) -> Duration {
        let nanos =
            u128::from(number).saturating_mul(1_000_000_000) / u128::from(self.per_second.get());
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many calls are due before `end`.
    fn before(self, end: Duration) -> u64 {
        let parts = end
            .as_nanos()
            .saturating_mul(u128::from(self.per_second.get()));
        u64::try_from(parts.div_ceil(1_000_000_000)).unwrap_or(u64::MAX)
    }
}

/// Tells every client when to call next. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    begun: Instant,
    lasts: Duration,
    open: Option<Arc<Open>>,
}

/// What the clients of a fixed rate share.
#[derive(Debug)]
struct Open {
    schedule: Schedule,
    /// Calls that are due and not taken.
    due: Semaphore,
    taken: AtomicU64,
}

impl Pace {
    /// Begins now: at `per_second`, or without it as the answers come.
    ///
    /// # Errors
    /// If the thread that keeps the time cannot be started.
    #[expect(clippy::disallowed_methods, reason = "what is measured here is time")]
    pub(super) fn begin(lasts: Duration, per_second: Option<NonZeroU64>) -> Result<Self, Failure> {
        let begun = Instant::now();
        let open = per_second.map(|per_second| {
            Arc::new(Open {
                schedule: Schedule { per_second },
                due: Semaphore::new(0),
                taken: AtomicU64::new(0),
            })
        });
        if let Some(open) = &open {
            let open = Arc::clone(open);
            // A thread of its own, because the runtime's timers tell whole milliseconds.
            std::thread::Builder::new()
                .name("pace".to_owned())
                .spawn(move || open.keep(begun, lasts))
                .map_err(|error| Failure::caused(Exit::Other, "start keeping the time", &error))?;
        }
        Ok(Self { begun, lasts, open })
    }

    /// Waits for the next call of one client; returns since when it is due, and nothing once the time is over.
    #[expect(clippy::disallowed_methods, reason = "what is measured here is time")]
    pub(super) async fn next(&self) -> Option<Instant> {
        let due = match &self.open {
            None => Instant::now(),
            Some(open) => self.begun + open.take().await?,
        };
        (self.begun.elapsed() < self.lasts).then_some(due)
    }

    /// How many calls were due and never made, because the answers before them took too long.
    pub(super) fn unsent(&self, sent: u64) -> u64 {
        self.open.as_ref().map_or(0, |open| {
            open.schedule.before(self.lasts).saturating_sub(sent)
        })
    }

    /// Since when.
    pub(super) fn begun(&self) -> Instant {
        self.begun
    }
}

impl Open {
    /// Takes the next call that is due; nothing after the last.
    async fn take(&self) -> Option<Duration> {
        self.due.acquire().await.ok()?.forget();
        Some(
            self.schedule
                .due(self.taken.fetch_add(1, Ordering::Relaxed)),
        )
    }

    /// Lets clients call as calls become due, until the end.
    fn keep(&self, begun: Instant, lasts: Duration) {
        let last = self.schedule.before(lasts);
        let mut released = 0;
        while begun.elapsed() < lasts {
            // What is due right now is due before the next nanosecond.
            let now = begun.elapsed().saturating_add(Duration::from_nanos(1));
            let due = self.schedule.before(now).min(last);
            let more = usize::try_from(due.saturating_sub(released)).unwrap_or(0);
            self.due.add_permits(more.min(Semaphore::MAX_PERMITS / 2));
            released = due;
            let next = self.schedule.due(due).min(lasts);
            std::thread::sleep(next.saturating_sub(begun.elapsed()).max(LOOK_EVERY));
        }
        // Nobody waits any more for what will not come.
        self.due.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(per_second: u64) -> Schedule {
        Schedule {
            per_second: NonZeroU64::new(per_second).unwrap(),
        }
    }

    #[test]
    fn calls_at_a_rate_are_due_one_after_the_other_from_the_start() {
        let thousand = schedule(1_000);
        let due = [0, 1, 2, 1_000].map(|number| thousand.due(number).as_micros());
        assert_eq!(due, [0, 1_000, 2_000, 1_000_000]);
        // No error adds up where the rate does not divide a second.
        assert_eq!(schedule(3).due(2), Duration::from_nanos(666_666_666));
        assert_eq!(schedule(3).due(3_000_000), Duration::from_secs(1_000_000));
    }

    #[test]
    fn a_call_is_counted_up_to_its_moment_and_not_in_it() {
        let thousand = schedule(1_000);
        let before = |nanos| thousand.before(Duration::from_nanos(nanos));
        assert_eq!([before(0), before(1)], [0, 1]);
        assert_eq!([before(1_000_000), before(1_000_001)], [1, 2]);
        assert_eq!(thousand.before(Duration::from_secs(10)), 10_000);
    }

    #[tokio::test]
    async fn a_client_that_was_busy_is_told_since_when_its_call_was_due() {
        let per_second = NonZeroU64::new(1_000_000);
        let pace = Pace::begin(Duration::from_mins(1), per_second).unwrap();
        let mut due = Vec::new();
        // However long each of these takes, they were due a microsecond after each other.
        for _ in 0..3 {
            due.push(pace.next().await.unwrap() - pace.begun());
        }
        assert_eq!(due, [0, 1, 2].map(Duration::from_micros));
        pace.open.as_ref().unwrap().due.close();
    }

    #[tokio::test]
    async fn nobody_is_told_to_call_after_the_end_and_what_was_not_called_is_counted() {
        let pace = Pace::begin(Duration::ZERO, NonZeroU64::new(1_000)).unwrap();
        assert_eq!(pace.next().await, None);
        let pace = Pace {
            lasts: Duration::from_secs(2),
            ..pace
        };
        assert_eq!([pace.unsent(2_000), pace.unsent(1_500)], [0, 500]);
        let closed = Pace::begin(Duration::ZERO, None).unwrap();
        assert_eq!((closed.next().await, closed.unsent(0)), (None, 0));
    }
}
