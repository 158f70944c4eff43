//! The answer to a request id that is taken: the one that its record gave (INV-5).

use std::sync::Arc;

use perennial_domain::log::Position;
use perennial_wire::stored::Outcome;

use super::{Answer, Job, WriterPorts, answer};
use crate::ports::log::{Log, LogOffset};
use crate::records::{LedgerRecord, Lookup, look_up};
use crate::submission::{Accepted, Place, SubmitError};

/// Answers a repeated request id from the record it made, off the writer's thread.
pub(super) fn answer_from_log(
    ports: &WriterPorts,
    job: Job,
    position: Position,
    offset: LogOffset,
) {
    let log = Arc::clone(&ports.log);
    ports.tasks.run_blocking(Box::new(move || {
        let found = find_record(&*log, position, offset);
        let reply = found.and_then(|record| recorded_answer(&record, &job));
        answer(job, reply);
    }));
}

fn find_record(
    log: &dyn Log,
    position: Position,
    offset: LogOffset,
) -> Result<LedgerRecord, SubmitError> {
    let found = look_up(log, (position, offset), |_, _| true);
    match found.map_err(|error| SubmitError::Unavailable {
        reason: error.to_string(),
    })? {
        Lookup::Found(record) => Ok(record),
        Lookup::Other | Lookup::Beyond => {
            let problem = format!("the record at position {position} is not where it was appended");
            Err(SubmitError::Damaged { position, problem })
        }
    }
}

fn recorded_answer(record: &LedgerRecord, job: &Job) -> Answer {
    let body = record.body().map_err(|error| SubmitError::Damaged {
        position: record.position,
        problem: error.to_string(),
    })?;
    if body.request_id != job.prepared.request_id {
        let problem = format!(
            "the record at position {} has another request id",
            record.position
        );
        return Err(SubmitError::Damaged {
            position: record.position,
            problem,
        });
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
