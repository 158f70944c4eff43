//! Which request ids are taken, and the answer that each of them got (INV-5).

use std::collections::HashMap;
use std::sync::Arc;

use perennial_domain::ids::RequestId;
use perennial_domain::log::Position;
use perennial_wire::stored::Outcome;

use super::{Answer, Job, answer};
use crate::ports::log::{Log, LogOffset};
use crate::records::LedgerRecord;
use crate::submission::{Accepted, Place, SubmitError};

/// Every request id of a ledger with the place of its record.
#[derive(Debug, Default)]
pub struct RequestIndex {
    places: HashMap<RequestId, (Position, Option<LogOffset>)>,
}

impl RequestIndex {
    /// Remembers `request_id` for ever; `offset` is where its record, or the batch that holds it, begins.
    pub fn insert(&mut self, request_id: RequestId, position: Position, offset: LogOffset) {
        self.places.insert(request_id, (position, Some(offset)));
    }

    /// How many ids are remembered.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether no id is remembered.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(super) fn insert_pending(&mut self, request_id: RequestId, position: Position) {
        self.places.insert(request_id, (position, None));
    }

    pub(super) fn settle(&mut self, request_id: RequestId, batch_offset: LogOffset) {
        if let Some((_, offset)) = self.places.get_mut(&request_id) {
            *offset = Some(batch_offset);
        }
    }

    pub(super) fn find(&self, request_id: RequestId) -> Option<(Position, Option<LogOffset>)> {
        self.places.get(&request_id).copied()
    }
}

/// How much of the log one look for a record reads.
const READ_BYTES: usize = 64 * 1024;

/// Answers a repeated request id from the record it made, off the writer's thread.
pub(super) fn answer_from_log(log: &Arc<dyn Log>, job: Job, position: Position, offset: LogOffset) {
    let log = Arc::clone(log);
    tokio::task::spawn_blocking(move || {
        let found = find_record(&*log, position, offset);
        let reply = found.and_then(|record| recorded_answer(&record, &job));
        answer(job, reply);
    });
}

fn find_record(
    log: &dyn Log,
    position: Position,
    offset: LogOffset,
) -> Result<LedgerRecord, SubmitError> {
    let unavailable = |error: &dyn std::fmt::Display| SubmitError::Unavailable {
        reason: error.to_string(),
    };
    let mut tail = log.tail(offset).map_err(|error| unavailable(&error))?;
    loop {
        let entries = tail.read(READ_BYTES).map_err(|error| unavailable(&error))?;
        if entries.is_empty() {
            let problem = format!("the record at position {position} is not where it was appended");
            return Err(SubmitError::Damaged { problem });
        }
        for stored in entries {
            let Ok(perennial_proof::Entry::Record {
                header,
                header_bytes,
                ..
            }) = perennial_proof::Entry::decode(&stored.entry.0)
            else {
                continue;
            };
            if header.position.0 == position.0 {
                return Ok(LedgerRecord {
                    position,
                    recorded_at: perennial_domain::log::RecordedAt(header.recorded_at),
                    record_hash: perennial_proof::record_hash(header_bytes),
                    term: header.term,
                    offset: stored.offset,
                    next_offset: stored.next_offset,
                    entry: stored.entry,
                });
            }
        }
    }
}

fn recorded_answer(record: &LedgerRecord, job: &Job) -> Answer {
    let body = record.body().map_err(|error| SubmitError::Damaged {
        problem: error.to_string(),
    })?;
    if body.request_id != job.prepared.request_id {
        let problem = format!(
            "the record at position {} has another request id",
            record.position
        );
        return Err(SubmitError::Damaged { problem });
    }
    if body.command_digest != job.prepared.command_digest {
        return Err(SubmitError::RequestIdReused {
            position: record.position,
        });
    }
    let place = Place {
        position: record.position,
        recorded_at: record.recorded_at,
        record_hash: record.record_hash,
    };
    match body.outcome {
        Outcome::Events(events) => Ok(Accepted {
            replayed: true,
            ..Accepted::of(&events, record.position, Some(place))
        }),
        Outcome::Refusal(refusal) => Err(SubmitError::Refused {
            refusal,
            kept: Some(place),
        }),
    }
}
