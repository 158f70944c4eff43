//! `import.proto`: events of import runs.

use perennial_domain::import::{ImportCounts, ImportEvent, ImportSource, RefusedReason};

use super::error::{At, DecodeError, Problem, array, list};
use super::value::day;
use crate::date;
use crate::pb::log as pb;
use crate::pb::log::stored_event::Kind;

pub(super) fn to_kind(event: &ImportEvent) -> Kind {
    match event {
        ImportEvent::ImportStarted(source) => Kind::ImportStarted(pb::ImportStarted {
            dataset: source.dataset.clone(),
            file_sha256: source.file_sha256.to_vec(),
            published_on: date::number(source.published_on),
        }),
        ImportEvent::ImportCompleted { counts, reasons } => {
            Kind::ImportCompleted(pb::ImportCompleted {
                activities: counts.activities,
                transactions: counts.transactions,
                booked: counts.booked,
                flagged: counts.flagged,
                refused: counts.refused,
                unchanged: counts.unchanged,
                reasons: reasons.iter().map(Into::into).collect(),
            })
        }
    }
}

pub(super) fn started(message: pb::ImportStarted) -> Result<ImportEvent, DecodeError> {
    Ok(ImportEvent::ImportStarted(ImportSource {
        dataset: message.dataset,
        file_sha256: array(&message.file_sha256).at("file_sha256")?,
        published_on: day(message.published_on).at("published_on")?,
    }))
}

pub(super) fn completed(message: pb::ImportCompleted) -> Result<ImportEvent, DecodeError> {
    Ok(ImportEvent::ImportCompleted {
        counts: ImportCounts {
            activities: message.activities,
            transactions: message.transactions,
            booked: message.booked,
            flagged: message.flagged,
            refused: message.refused,
            unchanged: message.unchanged,
        },
        reasons: list("reasons", message.reasons, reason)?,
    })
}

impl From<&RefusedReason> for pb::RefusedReason {
    fn from(reason: &RefusedReason) -> Self {
        Self {
            reason: reason.reason.clone(),
            count: reason.count,
            locators: reason.locators.clone(),
        }
    }
}

fn reason(message: pb::RefusedReason) -> Result<RefusedReason, Problem> {
    Ok(RefusedReason {
        reason: message.reason,
        count: message.count,
        locators: message.locators,
    })
}
