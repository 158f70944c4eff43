//! Answers that wait for something else than a record of their own: repeats of submissions whose first answer is on
//! its way, and refusals that must not come from a node that leads no more.

use std::collections::VecDeque;

use perennial_domain::log::Position;
use tokio::sync::oneshot;

use super::Job;
use crate::ports::log::LogOffset;
use crate::submission::SubmitError;

#[derive(Default)]
pub(super) struct Held {
    /// Repeats, with the position of the record that they repeat.
    repeats: Vec<(Position, Job)>,
    /// Refusals, oldest first.
    refusals: VecDeque<HeldRefusal>,
    /// The log's end, asked for.
    asked: Option<oneshot::Receiver<LogOffset>>,
    /// Refusals, oldest first, that were there when it was asked for.
    covered: usize,
}

/// A refusal of a submission.
pub(super) struct HeldRefusal {
    pub(super) job: Job,
    pub(super) error: SubmitError,
    /// What was decided before this position is part of why.
    after: Position,
    /// The log's end as it was at some moment after the decision.
    end: Option<LogOffset>,
}

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.repeats.is_empty() && self.refusals.is_empty()
    }

    pub(super) fn repeat(&mut self, job: Job, position: Position) {
        self.repeats.push((position, job));
    }

    pub(super) fn refuse(&mut self, job: Job, error: SubmitError, after: Position) {
        self.refusals.push_back(HeldRefusal {
            job,
            error,
            after,
            end: None,
        });
    }

    /// Whether the log has to be asked for its end: not while an answer is on its way.
    pub(super) fn wants_end(&self) -> bool {
        self.asked.is_none() && self.refusals.back().is_some_and(|last| last.end.is_none())
    }

    pub(super) fn ask(&mut self, asked: oneshot::Receiver<LogOffset>) {
        self.asked = Some(asked);
        self.covered = self.refusals.len();
    }

    /// Waits for the log's end, if it was asked for; for ever if not. `None`: nobody knows.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(super) async fn end(&mut self) -> Option<LogOffset> {
        let Some(asked) = &mut self.asked else {
            return std::future::pending().await;
        };
        let end = asked.await.ok();
        self.asked = None;
        end
    }

    /// Takes notice of the log's end.
    pub(super) fn ends_at(&mut self, end: LogOffset) {
        for refusal in self.refusals.iter_mut().take(self.covered) {
            refusal.end.get_or_insert(end);
        }
    }

    /// Returns the refusals for which nobody knows whether this node still leads.
    pub(super) fn unknown(&mut self) -> Vec<HeldRefusal> {
        let covered = self.covered.min(self.refusals.len());
        self.covered = 0;
        self.refusals.drain(..covered).collect()
    }

    /// Returns the refusals that can be told: everything before `next` is accepted, and the log was read up to `read`.
    pub(super) fn tellable(&mut self, next: Position, read: LogOffset) -> Vec<HeldRefusal> {
        let is_tellable = |refusal: &mut HeldRefusal| {
            refusal.after <= next && refusal.end.is_some_and(|end| end <= read)
        };
        let mut tellable = Vec::new();
        while let Some(refusal) = self.refusals.pop_front_if(is_tellable) {
            self.covered = self.covered.saturating_sub(1);
            tellable.push(refusal);
        }
        tellable
    }

    /// Returns the repeats of records up to `position`.
    pub(super) fn repeats_until(&mut self, position: Position) -> Vec<(Position, Job)> {
        let (ready, waiting) = std::mem::take(&mut self.repeats)
            .into_iter()
            .partition(|(repeated, _)| *repeated <= position);
        self.repeats = waiting;
        ready
    }

    /// Returns the repeats of records from `position` on.
    pub(super) fn repeats_from(&mut self, position: Position) -> Vec<Job> {
        let (dead, waiting) = std::mem::take(&mut self.repeats)
            .into_iter()
            .partition::<Vec<_>, _>(|(repeated, _)| position <= *repeated);
        self.repeats = waiting;
        dead.into_iter().map(|(_, job)| job).collect()
    }

    /// Returns every refusal, whether or not it could be told.
    pub(super) fn take_refusals(&mut self) -> Vec<HeldRefusal> {
        (self.asked, self.covered) = (None, 0);
        std::mem::take(&mut self.refusals).into()
    }
}
