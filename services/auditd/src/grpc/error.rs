//! What only auditd says when something went wrong; the rest is [`rich_error`] (CONVENTIONS.md 2.4).

use perennial_app::ports::log::ReadError;
use perennial_app::records::LedgerReadError;
use perennial_domain::log::Position;
use perennial_transport::rich_error::{self, RichError};
use tonic::{Code, Status};

pub(super) use perennial_transport::rich_error::{
    integrity_failure, invalid_field, missing_ledger, stopping, unavailable,
};

pub(super) fn resume_token_mismatch() -> Status {
    rich_error::resume_token_mismatch(
        "the resume token is of another filter or ledger: read from a position instead",
    )
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
    let text = head.map_or_else(|| "none".to_owned(), |head| head.to_string());
    let message = format!("position {position} is beyond the head, {text}");
    rich_error::position_not_yet(message, head)
}

/// Reading failed; `next_position` is the one that was read then, where one was.
pub(super) fn read_error(failed: &LedgerReadError, next_position: Option<Position>) -> Status {
    let problem = perennial_observe::error_chain(failed).to_string();
    match failed {
        LedgerReadError::Log(ReadError::Unavailable { .. }) => unavailable(problem),
        LedgerReadError::Log(ReadError::Damaged { .. })
        | LedgerReadError::Entry { .. }
        | LedgerReadError::Damaged(_) => {
            integrity_failure(problem, next_position.map(|position| position.0))
        }
    }
}
