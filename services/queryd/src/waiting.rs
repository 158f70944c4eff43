//! Waiting for views to be far enough for a question.

use std::sync::Arc;
use std::time::Duration;

use perennial_domain::log::Position;

use crate::projection::{Live, Problem, Projection, Reached};

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
    Integrity(Arc<str>),
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
    fn is_met(self, reached: &Reached) -> bool {
        match self {
            Self::Position(position) => Some(position) <= reached.position || reached.caught_up,
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
        let mut reached = self.reached();
        let settled = reached.wait_for(|reached| {
            matches!(reached.problem, Some(Problem::Integrity(_))) || need.is_met(reached)
        });
        // Either it is settled, or the time is over: what it is now is looked at below.
        drop(tokio::time::timeout(wait_max, settled).await);
        let now = self.reached().borrow().clone();
        if let Some(Problem::Integrity(problem)) = now.problem {
            return Err(NotReady::Integrity(problem));
        }
        let lagging = NotReady::Lagging {
            required: need.position(),
            current: now.position,
        };
        match self.live() {
            Some(live) if need.is_met(&now) => Ok(live),
            Some(_) | None => Err(lagging),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(position: u64, caught_up: bool, complete: bool) -> Reached {
        Reached {
            position: Some(Position(position)),
            caught_up,
            complete,
            ..Reached::default()
        }
    }

    #[test]
    fn an_early_part_of_a_rebuild_answers_only_what_was_known_by_then() {
        let early = reached(10, false, false);
        assert!(Need::Position(Position(10)).is_met(&early));
        assert!(!Need::Position(Position(11)).is_met(&early));
        assert!(!Need::Complete.is_met(&early));
        assert!(!Need::AtLeast(Position(10)).is_met(&early));
    }

    #[test]
    fn a_position_beyond_the_log_is_not_waited_for_by_a_question_about_it() {
        let whole = reached(10, true, true);
        assert!(Need::Position(Position(11)).is_met(&whole));
        assert!(Need::AtLeast(Position(10)).is_met(&whole));
        assert!(!Need::AtLeast(Position(11)).is_met(&whole));
    }
}
