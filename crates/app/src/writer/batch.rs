//! Records that go to the log together, with the callers that wait for them.

use std::sync::Arc;

use perennial_domain::log::Position;

use super::{Answer, Job};
use crate::ledger::InForce;
use crate::ports::log::StoredEntry;
use crate::submission::Place;

/// A sealed submission whose caller waits for it to be accepted.
pub(super) struct Waiting {
    pub(super) job: Job,
    /// What the caller is told once the record is accepted.
    pub(super) answer: Answer,
    pub(super) place: Place,
    /// What is in force after it, if it changed the ledger's own stream.
    pub(super) in_force: Option<Arc<InForce>>,
}

#[derive(Default)]
pub(super) struct Batch {
    entries: Vec<StoredEntry>,
    waiting: Vec<Waiting>,
    bytes: usize,
}

impl Batch {
    pub(super) fn push(&mut self, entry: StoredEntry, waiting: Waiting) {
        self.bytes = self.bytes.saturating_add(entry.0.len());
        self.entries.push(entry);
        self.waiting.push(waiting);
    }

    /// Where its first record stands.
    pub(super) fn first(&self) -> Option<Position> {
        self.waiting.first().map(|waiting| waiting.place.position)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn take_entries(&mut self) -> Vec<StoredEntry> {
        std::mem::take(&mut self.entries)
    }

    pub(super) fn into_waiting(self) -> Vec<Waiting> {
        self.waiting
    }
}
