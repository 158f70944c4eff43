//! What only ledgerd says when something went wrong; the rest is [`rich_error`] (CONVENTIONS.md 2.4).

use perennial_app::ports::log::ReadError;
use perennial_app::submission::SubmitError;
use perennial_domain::ids::{LedgerId, MalformedId};
use perennial_domain::log::Position;
use perennial_transport::rich_error::{self, Quota, RETRY_AFTER, RichError};
use perennial_wire::pb;
use perennial_wire::stored::{RefusalClass, StoredRefusal, StoredViolation};
use tonic::{Code, Status};

use crate::ledgers::{LedgerError, NotServed};

pub(super) use perennial_transport::rich_error::{
    invalid_field, invalid_request, missing_ledger, stopping, unavailable,
};

pub(super) fn submit_error(error: &SubmitError) -> Status {
    match error {
        SubmitError::Refused { refusal, kept } => {
            refused(refusal, kept.map(|place| place.position))
        }
        SubmitError::RequestIdReused { position } => {
            RichError::new(Code::AlreadyExists, "REQUEST_ID_REUSED", error.to_string())
                .with("original_position", position)
        }
        SubmitError::RecordTooLarge { bytes, limit } => {
            RichError::new(Code::InvalidArgument, "RECORD_TOO_LARGE", error.to_string())
                .with("size", bytes)
                .with("limit", limit)
        }
        SubmitError::QueueFull { limit } => {
            let quota = Quota {
                subject: "writer",
                counted: "submissions that wait for the writer",
                limit: *limit,
            };
            rich_error::rate_limited(error.to_string(), quota)
        }
        SubmitError::NotLeader { leader } => {
            RichError::new(Code::Unavailable, "NOT_LEADER", error.to_string())
                .with("leader_address", &leader.address)
                .with("leader_node", &leader.node)
                .with("term", leader.term)
                .retry_after(RETRY_AFTER)
        }
        SubmitError::Unavailable { .. } => {
            RichError::new(Code::Unavailable, "LOG_UNAVAILABLE", error.to_string())
                .retry_after(RETRY_AFTER)
        }
        SubmitError::OutcomeUnknown { .. } => {
            RichError::new(Code::Unavailable, "OUTCOME_UNKNOWN", error.to_string())
                .retry_after(RETRY_AFTER)
        }
        SubmitError::Damaged { position, problem } => {
            rich_error::integrity(problem, Some(position.0))
        }
    }
    .into_status()
}

fn code_of(class: RefusalClass) -> Code {
    match class {
        RefusalClass::Invalid => Code::InvalidArgument,
        RefusalClass::NotPermitted => Code::PermissionDenied,
        RefusalClass::NotFound => Code::NotFound,
        RefusalClass::Conflict => Code::Aborted,
        RefusalClass::Rule => Code::FailedPrecondition,
    }
}

/// The status takes its code and reason from the violation of the highest precedence; every one is in the details.
fn refused(refusal: &StoredRefusal, kept: Option<Position>) -> RichError {
    let leading = refusal
        .violations
        .iter()
        .min_by_key(|violation| violation.class);
    let Some(leading) = leading else {
        return RichError::new(
            Code::FailedPrecondition,
            "REFUSED",
            "refused without a reason",
        );
    };
    let mut error = RichError::new(
        code_of(leading.class),
        leading.reason.clone(),
        leading.description.clone(),
    );
    if let Some(rule) = leading.rule {
        error = error.with("rule", rule.code());
    }
    if !leading.subject.is_empty() {
        error = error.with("subject", &leading.subject);
    }
    for (key, id) in missing(&leading.reason, &leading.subject) {
        error = error.with(key, id);
    }
    for figure in &leading.figures {
        error = error.with(figure.name.clone(), &figure.value);
    }
    if let Some(position) = kept {
        error = error.with("refusal_position", position);
    }
    refusal.violations.iter().fold(error, with_violation)
}

/// The ids of what is not there, out of a subject as `agreement/AGREEMENT/LINE`.
fn missing<'a>(reason: &str, subject: &'a str) -> Vec<(&'static str, &'a str)> {
    let keys: &[&str] = match reason {
        "UNKNOWN_AGREEMENT" => &["agreement_id"],
        "UNKNOWN_PLEDGE" => &["pledge_id"],
        "UNKNOWN_IMPORT" => &["import_id"],
        "UNKNOWN_LINE" => &["agreement_id", "line_id"],
        "UNKNOWN_TRANCHE" => &["agreement_id", "tranche_id"],
        // An event's id stands alone.
        "UNKNOWN_EVENT" => return vec![("event_id", subject)],
        _ => return Vec::new(),
    };
    let ids = subject.split('/').skip(1);
    keys.iter().copied().zip(ids).collect()
}

fn with_violation(error: RichError, violation: &StoredViolation) -> RichError {
    let command = violation
        .command_index
        .map(|index| format!("commands[{index}]"))
        .unwrap_or_default();
    if let (RefusalClass::Invalid, Some(field)) = (violation.class, &violation.field) {
        let separator = if command.is_empty() { "" } else { "." };
        return error.with_field(
            format!("{command}{separator}{field}"),
            violation.description.clone(),
        );
    }
    let subject = if violation.subject.is_empty() {
        command
    } else {
        violation.subject.clone()
    };
    error.with_rule(
        violation.reason.clone(),
        subject,
        violation.description.clone(),
    )
}

pub(super) fn malformed_id(malformed: &MalformedId) -> Status {
    invalid_field(malformed.kind, malformed)
}

pub(super) fn ledger_exists(ledger_id: &LedgerId) -> Status {
    let message = format!("ledger \"{ledger_id}\" exists already, made by another request");
    RichError::new(Code::AlreadyExists, "LEDGER_EXISTS", message)
        .with("ledger_id", ledger_id)
        .into_status()
}

/// The ledger is there and does not open.
pub(super) fn not_served(refused: &NotServed) -> Status {
    if !refused.damaged {
        return unavailable(refused);
    }
    let first_bad_position = refused.first_bad_position.map(|position| position.0);
    rich_error::integrity_failure(&*refused.problem, first_bad_position)
}

pub(super) fn not_created(failed: &LedgerError) -> Status {
    unavailable(perennial_observe::error_chain(failed))
}

pub(super) fn read_error(failed: &ReadError) -> Status {
    let problem = perennial_observe::error_chain(failed).to_string();
    match failed {
        ReadError::Unavailable { .. } => unavailable(problem),
        // Whoever tails entries counts no positions: the message says at which offset it is.
        ReadError::Damaged { .. } => rich_error::integrity_failure(problem, None),
    }
}

/// A status as a message, for answers inside a stream.
pub(super) fn as_message(status: &Status) -> pb::google::rpc::Status {
    use prost::Message as _;
    // The details of a rich status are exactly this message, encoded.
    pb::google::rpc::Status::decode(status.details())
        .ok()
        .filter(|message| message.code != 0)
        .unwrap_or_else(|| pb::google::rpc::Status {
            code: status.code().into(),
            message: status.message().to_owned(),
            details: Vec::new(),
        })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use perennial_app::seat::status::Leader;
    use perennial_proof::Term;
    use tonic_types::{ErrorDetails, StatusExt as _};

    use super::*;

    fn told(error: &SubmitError) -> (Code, String, ErrorDetails) {
        let status = submit_error(error);
        let details = status.get_error_details();
        let reason = details.error_info().map(|info| info.reason.clone());
        (status.code(), reason.unwrap_or_default(), details)
    }

    fn metadata<'a>(details: &'a ErrorDetails, key: &str) -> Option<&'a str> {
        let info = details.error_info()?;
        info.metadata.get(key).map(String::as_str)
    }

    #[test]
    fn a_full_queue_is_a_quota_that_passes() {
        let (code, reason, details) = told(&SubmitError::QueueFull { limit: 1024 });
        assert_eq!(
            (code, reason.as_str()),
            (Code::ResourceExhausted, "RATE_LIMITED")
        );
        assert_eq!(metadata(&details, "limit"), Some("1024"));
        let quota = &details.quota_failure().unwrap().violations[0];
        assert_eq!(quota.subject, "writer");
        assert!(quota.description.contains("1024"), "{quota:?}");
        assert!(details.retry_info().is_some());
    }

    #[test]
    fn what_may_be_sent_again_says_when() {
        let reason = "the disk is away".to_owned();
        let unavailable = SubmitError::Unavailable {
            reason: reason.clone(),
        };
        let unknown = SubmitError::OutcomeUnknown { reason };
        for (error, expected) in [
            (unavailable, "LOG_UNAVAILABLE"),
            (unknown, "OUTCOME_UNKNOWN"),
        ] {
            let (code, reason, details) = told(&error);
            assert_eq!((code, reason.as_str()), (Code::Unavailable, expected));
            let delay = details.retry_info().unwrap().retry_delay;
            assert_eq!(delay, Some(Duration::from_millis(200)));
        }
    }

    #[test]
    fn a_node_that_follows_says_who_leads_and_where() {
        let (code, reason, details) = told(&SubmitError::NotLeader {
            leader: Leader {
                term: Term(7),
                node: "node-2".to_owned(),
                address: "10.0.0.2:7410".to_owned(),
            },
        });
        assert_eq!((code, reason.as_str()), (Code::Unavailable, "NOT_LEADER"));
        assert_eq!(metadata(&details, "leader_address"), Some("10.0.0.2:7410"));
        assert_eq!(metadata(&details, "leader_node"), Some("node-2"));
        assert_eq!(metadata(&details, "term"), Some("7"));
        assert!(details.retry_info().is_some());
    }

    #[test]
    fn what_fits_into_no_record_says_its_size_and_the_limit() {
        let (code, reason, details) = told(&SubmitError::RecordTooLarge {
            bytes: 900_001,
            limit: 900_000,
        });
        assert_eq!(
            (code, reason.as_str()),
            (Code::InvalidArgument, "RECORD_TOO_LARGE")
        );
        assert_eq!(metadata(&details, "size"), Some("900001"));
        assert_eq!(metadata(&details, "limit"), Some("900000"));
    }

    #[test]
    fn a_record_that_is_not_what_it_was_says_where_it_stands() {
        let (code, reason, details) = told(&SubmitError::Damaged {
            position: Position(17),
            problem: "the record has another request id".to_owned(),
        });
        assert_eq!(
            (code, reason.as_str()),
            (Code::DataLoss, "INTEGRITY_FAILURE")
        );
        assert_eq!(metadata(&details, "first_bad_position"), Some("17"));
    }

    #[test]
    fn a_ledger_that_does_not_open_now_is_unavailable_and_a_damaged_one_is_not() {
        let refused = |damaged| NotServed {
            problem: "open the log".into(),
            damaged,
            first_bad_position: damaged.then_some(Position(3)),
        };
        assert_eq!(not_served(&refused(false)).code(), Code::Unavailable);
        let status = not_served(&refused(true));
        assert_eq!(status.code(), Code::DataLoss);
        let details = status.get_error_details();
        assert_eq!(metadata(&details, "first_bad_position"), Some("3"));
    }

    #[test]
    fn the_ids_of_what_is_not_there_are_taken_out_of_the_subject() {
        assert_eq!(
            missing("UNKNOWN_LINE", "agreement/water-2026/peace"),
            [("agreement_id", "water-2026"), ("line_id", "peace")]
        );
        assert_eq!(missing("UNKNOWN_EVENT", "1042-0"), [("event_id", "1042-0")]);
        assert_eq!(missing("AGREEMENT_EXISTS", "agreement/water-2026"), []);
    }
}
