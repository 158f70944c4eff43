//! The one place that turns what went wrong into a status, a reason and advice (CONVENTIONS.md 2.4).

use std::time::Duration;

use perennial_app::ports::log::ReadError;
use perennial_app::submission::SubmitError;
use perennial_domain::ids::{LedgerId, MalformedId};
use perennial_domain::log::Position;
use perennial_transport::rich_error::RichError;
use perennial_wire::pb;
use perennial_wire::request::Violations;
use perennial_wire::stored::{RefusalClass, StoredRefusal, StoredViolation};
use tonic::{Code, Status};

use crate::ledgers::LedgerError;

/// When a client may try again after a passing failure.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// Every reason that ledgerd itself gives, beside those of [`perennial_domain::rejection::Rejection`].
pub const REASONS: [&str; 11] = [
    "INVALID_FIELD",
    "AMOUNT_PRECISION",
    "RECORD_TOO_LARGE",
    "UNKNOWN_LEDGER",
    "LEDGER_EXISTS",
    "REQUEST_ID_REUSED",
    "RATE_LIMITED",
    "LOG_UNAVAILABLE",
    "OUTCOME_UNKNOWN",
    "INTEGRITY_FAILURE",
    "REFUSED",
];

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
            RichError::new(Code::ResourceExhausted, "RATE_LIMITED", error.to_string())
                .with("limit", limit)
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
        SubmitError::Damaged { problem } => integrity(problem),
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
    for figure in &leading.figures {
        error = error.with(figure.name.clone(), &figure.value);
    }
    if let Some(position) = kept {
        error = error.with("refusal_position", position);
    }
    refusal.violations.iter().fold(error, with_violation)
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

/// A request that no ledger could accept, with every violated field.
pub(super) fn invalid_request(invalid: &Violations) -> Status {
    let message = match invalid.violations.as_slice() {
        [only] => format!("{}: {}", only.field, only.description),
        _ => format!("{} fields are not valid", invalid.total),
    };
    let mut error = RichError::new(Code::InvalidArgument, invalid.reason().as_str(), message);
    if let Some(currency) = invalid
        .violations
        .iter()
        .find_map(|violation| violation.currency)
    {
        error = error
            .with("currency", currency)
            .with("exponent", currency.minor_digits());
    }
    invalid
        .violations
        .iter()
        .fold(error, |error, violation| {
            error.with_field(&violation.field, &violation.description)
        })
        .into_status()
}

pub(super) fn invalid_field(path: &str, problem: &str) -> Status {
    RichError::new(
        Code::InvalidArgument,
        "INVALID_FIELD",
        format!("{path}: {problem}"),
    )
    .with_field(path, problem)
    .into_status()
}

pub(super) fn malformed_id(malformed: &MalformedId) -> Status {
    invalid_field(malformed.kind, &malformed.to_string())
}

pub(super) fn unknown_ledger(ledger_id: &str) -> Status {
    let message = format!("there is no ledger \"{ledger_id}\" here (or it might not exist)");
    RichError::new(Code::NotFound, "UNKNOWN_LEDGER", message)
        .with("ledger_id", ledger_id)
        .into_status()
}

pub(super) fn ledger_exists(ledger_id: &LedgerId) -> Status {
    let message = format!("ledger \"{ledger_id}\" exists already, made by another request");
    RichError::new(Code::AlreadyExists, "LEDGER_EXISTS", message)
        .with("ledger_id", ledger_id)
        .into_status()
}

fn integrity(problem: &str) -> RichError {
    RichError::new(Code::DataLoss, "INTEGRITY_FAILURE", problem)
}

pub(super) fn integrity_failure(problem: &str) -> Status {
    integrity(problem).into_status()
}

pub(super) fn not_created(failed: &LedgerError) -> Status {
    unavailable(&perennial_observe::error_chain(failed).to_string())
}

pub(super) fn unavailable(problem: &str) -> Status {
    RichError::new(Code::Unavailable, "LOG_UNAVAILABLE", problem)
        .retry_after(RETRY_AFTER)
        .into_status()
}

/// The last word of a stream when the node stops.
pub(super) fn stopping() -> Status {
    unavailable("the node is stopping")
}

pub(super) fn read_error(failed: &ReadError) -> Status {
    let problem = perennial_observe::error_chain(failed).to_string();
    match failed {
        ReadError::Unavailable { .. } => unavailable(&problem),
        ReadError::Damaged { .. } => integrity_failure(&problem),
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
