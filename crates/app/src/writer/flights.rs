//! What was handed to the log and is not yet accepted.

use std::collections::VecDeque;

use perennial_proof::Hash;
use tokio::sync::oneshot;

use super::batch::Waiting;
use crate::ports::log::{AppendOutcome, LogOffset, Ticket};

/// Records on their way, oldest first. At most one batch has no outcome yet; those before it wait to be read back.
#[derive(Default)]
pub(super) struct Flights {
    ticket: Option<Ticket>,
    waiting: VecDeque<Waiting>,
    /// Shared logs: where the next batch has to begin, if nobody else appends; unknown before the first claim.
    expected: Option<LogOffset>,
    /// The same for the batch that has no outcome yet.
    begins: Option<LogOffset>,
}

impl Flights {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether a batch has no outcome yet.
    pub(super) fn is_open(&self) -> bool {
        self.ticket.is_some()
    }

    pub(super) fn send(&mut self, ticket: Ticket, batch: Vec<Waiting>) {
        if self.waiting.is_empty() {
            self.waiting = VecDeque::from(batch);
        } else {
            self.waiting.extend(batch);
        }
        self.ticket = Some(ticket);
        self.begins = self.expected;
    }

    /// Waits for the outcome of the batch that has none; for ever if there is no such batch.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(super) async fn outcome(&mut self) -> AppendOutcome {
        let Some(ticket) = &mut self.ticket else {
            return std::future::pending().await;
        };
        let outcome = ticket.await.unwrap_or_else(|_| AppendOutcome::Unknown {
            reason: "the log stopped without an answer".to_owned(),
        });
        self.ticket = None;
        outcome
    }

    /// Takes notice that the batch stands at `first`, up to before `next`; says whether that is where it had to begin.
    pub(super) fn acknowledged(&mut self, first: LogOffset, next: LogOffset) -> bool {
        let is_odd = self.begins.is_some_and(|begins| begins != first);
        self.expected = Some(self.expected.map_or(next, |expected| expected.max(next)));
        !is_odd
    }

    /// Begins a term whose claim ends at `next`.
    pub(super) fn begin_term(&mut self, next: LogOffset) {
        self.expected = Some(next);
    }

    /// Returns the oldest if it is the record with this hash, which was read back and ends at `next`.
    pub(super) fn read_back(&mut self, record_hash: Hash, next: LogOffset) -> Option<Waiting> {
        let is_it = |waiting: &mut Waiting| waiting.place.record_hash == record_hash;
        let waiting = self.waiting.pop_front_if(is_it)?;
        self.expected = Some(self.expected.map_or(next, |expected| expected.max(next)));
        if self.waiting.is_empty() {
            // It stands where it should: its outcome says nothing more.
            self.ticket = None;
        }
        Some(waiting)
    }

    /// Answers everybody before anything is known, which is a bug on purpose.
    pub(super) fn answer_early(&mut self) {
        for waiting in &mut self.waiting {
            let (nowhere, _) = oneshot::channel();
            let told = std::mem::replace(&mut waiting.job.answer, nowhere);
            drop(told.send(waiting.answer.clone()));
        }
    }

    /// Returns everything.
    pub(super) fn take(&mut self) -> VecDeque<Waiting> {
        self.ticket = None;
        std::mem::take(&mut self.waiting)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.iter()
    }
}
