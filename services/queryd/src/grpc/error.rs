//! The one place that turns what went wrong into a status and a reason (CONVENTIONS.md 2.4).

use std::time::Duration;

use perennial_domain::ids::AgreementId;
use perennial_domain::log::Position;
use perennial_transport::rich_error::RichError;
use perennial_views::QuestionError;
use perennial_wire::query::AmountOutOfRange;
use perennial_wire::request::Violations;
use tonic::{Code, Status};

/// When a client may try again after a passing failure.
const RETRY_AFTER: Duration = Duration::from_millis(200);

pub(crate) fn invalid_field(path: &str, problem: &str) -> Status {
    RichError::new(
        Code::InvalidArgument,
        "INVALID_FIELD",
        format!("{path}: {problem}"),
    )
    .with_field(path, problem)
    .into_status()
}

/// A request that cannot be understood, with every violated field.
pub(crate) fn violations(violations: &Violations) -> Status {
    let message = match violations.violations.as_slice() {
        [only] => format!("{}: {}", only.field, only.description),
        _ => violations.to_string(),
    };
    let error = RichError::new(Code::InvalidArgument, violations.reason().as_str(), message);
    violations
        .violations
        .iter()
        .fold(error, |error, violation| {
            error.with_field(&violation.field, &violation.description)
        })
        .into_status()
}

pub(crate) fn amount_out_of_range(problem: &AmountOutOfRange) -> Status {
    RichError::new(Code::OutOfRange, "FIGURE_OUT_OF_RANGE", problem.to_string())
        .with("currency", problem.currency)
        .into_status()
}

pub(crate) fn resume_token_mismatch() -> Status {
    let message = "the resume token is of another view, filter or ledger: subscribe without it, with a snapshot";
    RichError::new(Code::InvalidArgument, "RESUME_TOKEN_MISMATCH", message).into_status()
}

pub(crate) fn unknown_ledger(ledger_id: &str) -> Status {
    let message = format!("there is no ledger \"{ledger_id}\" here (or it might not exist)");
    RichError::new(Code::NotFound, "UNKNOWN_LEDGER", message)
        .with("ledger_id", ledger_id)
        .into_status()
}

pub(crate) fn unknown_agreement(name: &str) -> Status {
    let message = format!("there is no agreement \"{name}\" (or it might not exist)");
    RichError::new(Code::NotFound, "UNKNOWN_AGREEMENT", message)
        .with("agreement_id", name)
        .into_status()
}

/// A reference that names several agreements; `ids` are ascending.
pub(crate) fn ambiguous_reference(name: &str, ids: &[AgreementId]) -> Status {
    let ids: Vec<&str> = ids.iter().map(AgreementId::as_str).collect();
    let message = format!(
        "\"{name}\" names {} agreements: {}",
        ids.len(),
        ids.join(", ")
    );
    RichError::new(Code::FailedPrecondition, "AMBIGUOUS_REFERENCE", message)
        .with("reference", name)
        .with("agreement_ids", ids.join(" "))
        .into_status()
}

pub(crate) fn lagging(required: Option<Position>, current: Option<Position>) -> Status {
    let text = |position: Option<Position>| {
        position.map_or_else(|| "none".to_owned(), |position| position.to_string())
    };
    let message = match required {
        Some(required) => format!(
            "the views stand at position {}, not yet at {required}",
            text(current)
        ),
        None => format!(
            "the views are being built and stand at position {}",
            text(current)
        ),
    };
    let error = RichError::new(Code::Unavailable, "PROJECTION_LAGGING", message)
        .with("current", text(current));
    match required {
        Some(required) => error.with("required", required),
        None => error,
    }
    .retry_after(RETRY_AFTER)
    .into_status()
}

pub(crate) fn integrity_failure(problem: &str) -> Status {
    RichError::new(Code::DataLoss, "INTEGRITY_FAILURE", problem).into_status()
}

pub(crate) fn too_many(message: String, limit: usize) -> Status {
    RichError::new(Code::ResourceExhausted, "RATE_LIMITED", message)
        .with("limit", limit)
        .retry_after(RETRY_AFTER)
        .into_status()
}

pub(crate) fn unavailable(problem: &str) -> Status {
    RichError::new(Code::Unavailable, "LOG_UNAVAILABLE", problem)
        .retry_after(RETRY_AFTER)
        .into_status()
}

/// The last word of a stream when the node stops.
pub(crate) fn stopping() -> Status {
    unavailable("the node is stopping")
}

/// A question without an answer. Filters and keys are checked where their fields are decoded, too.
pub(crate) fn question(error: &QuestionError) -> Status {
    match error {
        QuestionError::NothingRecorded => {
            RichError::new(Code::OutOfRange, "POSITION_NOT_YET", error.to_string())
                .with("head", "none")
                .into_status()
        }
        QuestionError::BeyondHead { head, .. } => {
            RichError::new(Code::OutOfRange, "POSITION_NOT_YET", error.to_string())
                .with("head", head)
                .into_status()
        }
        QuestionError::NoSuchFilter { .. } => invalid_field("page.filter", &error.to_string()),
        QuestionError::NoSuchGrouping { .. } => invalid_field("group_by", &error.to_string()),
    }
}
