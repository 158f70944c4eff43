//! The one place that turns what went wrong into a status and a reason (CONVENTIONS.md 2.4).

use std::time::Duration;

use perennial_app::ports::log::ReadError;
use perennial_app::records::LedgerReadError;
use perennial_domain::log::Position;
use perennial_transport::rich_error::RichError;
use tonic::{Code, Status};

pub(super) fn invalid_field(path: &str, problem: &dyn std::fmt::Display) -> Status {
    RichError::new(
        Code::InvalidArgument,
        "INVALID_FIELD",
        format!("{path}: {problem}"),
    )
    .with_field(path, problem.to_string())
    .into_status()
}

pub(super) fn resume_token_mismatch() -> Status {
    let message = "the resume token is of another filter or ledger: read from a position instead";
    RichError::new(Code::InvalidArgument, "RESUME_TOKEN_MISMATCH", message).into_status()
}

pub(super) fn unknown_ledger(ledger_id: &str) -> Status {
    let message = format!("there is no ledger \"{ledger_id}\" here (or it might not exist)");
    RichError::new(Code::NotFound, "UNKNOWN_LEDGER", message)
        .with("ledger_id", ledger_id)
        .into_status()
}

pub(super) fn unknown_event(event_id: &str) -> Status {
    RichError::new(
        Code::NotFound,
        "UNKNOWN_EVENT",
        format!("there is no event {event_id}"),
    )
    .with("event_id", event_id)
    .into_status()
}

pub(super) fn position_not_yet(position: Position, head: Option<Position>) -> Status {
    let head = head.map_or_else(|| "none".to_owned(), |head| head.to_string());
    RichError::new(
        Code::OutOfRange,
        "POSITION_NOT_YET",
        format!("position {position} is beyond the head, {head}"),
    )
    .with("head", head)
    .into_status()
}

pub(super) fn integrity_failure(problem: &str) -> Status {
    RichError::new(Code::DataLoss, "INTEGRITY_FAILURE", problem).into_status()
}

pub(super) fn unavailable(problem: &str) -> Status {
    RichError::new(Code::Unavailable, "LOG_UNAVAILABLE", problem)
        .retry_after(Duration::from_millis(200))
        .into_status()
}

pub(super) fn stopping() -> Status {
    unavailable("the node is stopping")
}

pub(super) fn read_error(failed: &LedgerReadError) -> Status {
    let problem = perennial_observe::error_chain(failed).to_string();
    match failed {
        LedgerReadError::Log(ReadError::Unavailable { .. }) => unavailable(&problem),
        LedgerReadError::Log(ReadError::Damaged { .. })
        | LedgerReadError::Entry { .. }
        | LedgerReadError::Damaged(_) => integrity_failure(&problem),
    }
}
