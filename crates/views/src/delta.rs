//! What one record added to the facts: exactly what a store has to keep.

use std::sync::Arc;

use perennial_domain::log::{Position, RecordedAt};

use crate::columns::Row;
use crate::dictionary::{EntityNo, Names};
use crate::digest::StateDigest;
use crate::exception::Exception;
use crate::history::{Entry, HistoryFact, Note};

/// What is known of a record beside its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordMeta {
    /// Its place.
    pub position: Position,
    /// When it was appended.
    pub recorded_at: RecordedAt,
    /// SHA-256 of its stored header.
    pub record_hash: [u8; 32],
}

/// Everything that one record added. Restoring all deltas in order gives the same facts as applying all records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// The record.
    pub record: RecordMeta,
    /// The state digest after it.
    pub digest: StateDigest,
    /// New dictionary entries.
    pub names: Names,
    /// Its postings, ascending by event.
    pub rows: Vec<Row>,
    /// Its events, in order, with what they say beside amounts.
    pub entries: Vec<(EntityNo, Entry, Option<Note>)>,
    /// Those of its events that are kept whole.
    pub history: Vec<HistoryFact>,
    /// What stood out in it.
    pub exceptions: Vec<Exception>,
    /// Who submitted it, where an answer tells: of overrides, of policies, and of what is said of exceptions.
    pub maker: Option<Arc<str>>,
}

impl Delta {
    /// The streams that it touched, ascending, each once: a subscriber looks only at rows of these.
    pub fn touched(&self) -> Vec<EntityNo> {
        let mut entities: Vec<EntityNo> = self.entries.iter().map(|(entity, ..)| *entity).collect();
        entities.sort_unstable();
        entities.dedup();
        entities
    }
}
