//! Waiting for views to be far enough for a question.

use std::sync::Arc;
use std::time::Duration;

use perennial_app::ports::log::LogOffset;
use perennial_domain::log::Position;

use crate::projection::{Damage, Live, Problem, Projection, Reached};

/// Why views are not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotReady {
    /// They are behind, and the time to wait is over.
    Lagging {
        /// What they must hold; none: everything that was durable when they were opened.
        required: Option<Position>,
        /// What they hold.
        current: Option<Position>,
    },
    /// They must not be served.
    Integrity(Damage),
}

/// What a question needs of the views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// This position. If the log has not got so far they are as ready as can be once they have caught up.
    Position(Position),
    /// This position, however long it takes.
    AtLeast(Position),
    /// To have been complete once: an early part of a rebuild is no answer.
    Complete,
}

impl Need {
    /// `durable_end` is where the log ended when the question was asked.
    fn is_met(self, reached: &Reached, durable_end: LogOffset) -> bool {
        match self {
            Self::Position(position) => {
                let whole = reached.caught_up && durable_end <= reached.next_offset;
                Some(position) <= reached.position || whole
            }
            Self::AtLeast(position) => reached.complete && Some(position) <= reached.position,
            Self::Complete => reached.complete,
        }
    }

    fn position(self) -> Option<Position> {
        match self {
            Self::Position(position) | Self::AtLeast(position) => Some(position),
            Self::Complete => None,
        }
    }
}

impl Projection {
    /// Waits, at most `wait_max`, until the views are what a question needs.
    ///
    /// # Errors
    /// [`NotReady`].
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn ready(&self, need: Need, wait_max: Duration) -> Result<Arc<Live>, NotReady> {
        let durable_end = *self.ledger().log.durable_end().borrow();
        let mut reached = self.reached();
        if !need.is_met(&reached.borrow(), durable_end) {
            self.hurry().notify_one();
        }
        let settled = reached.wait_for(|reached| {
            matches!(reached.problem, Some(Problem::Integrity(_)))
                || need.is_met(reached, durable_end)
        });
        // Either it is settled, or the time is over: what it is now is looked at below.
        drop(tokio::time::timeout(wait_max, settled).await);
        let now = self.reached().borrow().clone();
        if let Some(Problem::Integrity(damage)) = now.problem {
            return Err(NotReady::Integrity(damage));
        }
        let lagging = NotReady::Lagging {
            required: need.position(),
            current: now.position,
        };
        match self.live() {
            Some(live) if need.is_met(&now, durable_end) => Ok(live),
            Some(_) | None => Err(lagging),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: LogOffset = LogOffset(100);

    fn reached(position: u64, caught_up: bool, complete: bool) -> Reached {
        Reached {
            position: Some(Position(position)),
            caught_up,
            complete,
            next_offset: END,
            ..Reached::default()
        }
    }

    #[test]
    fn an_early_part_of_a_rebuild_answers_only_what_was_known_by_then() {
        let early = reached(10, false, false);
        assert!(Need::Position(Position(10)).is_met(&early, END));
        assert!(!Need::Position(Position(11)).is_met(&early, END));
        assert!(!Need::Complete.is_met(&early, END));
        assert!(!Need::AtLeast(Position(10)).is_met(&early, END));
    }

    #[test]
    fn a_position_beyond_the_log_is_not_waited_for_by_a_question_about_it() {
        let whole = reached(10, true, true);
        assert!(Need::Position(Position(11)).is_met(&whole, END));
        assert!(Need::AtLeast(Position(10)).is_met(&whole, END));
        assert!(!Need::AtLeast(Position(11)).is_met(&whole, END));
        // The log went on since the views had all of it: position 11 may be there by now.
        assert!(!Need::Position(Position(11)).is_met(&whole, LogOffset(101)));
    }
}
