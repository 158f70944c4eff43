//! The answers that every service gives alike. What only one service says stands in its own `grpc/error.rs`.

use std::fmt::Display;

use perennial_app::ports::ledgers::Reach;
use perennial_wire::request::Violations;
use tonic::{Code, Status};

use super::{RETRY_AFTER, RichError};

/// One field of a request is not as the contract says: its dotted `path`, and what is wrong with it.
pub fn invalid_field(path: &str, problem: impl Display) -> Status {
    let problem = problem.to_string();
    RichError::new(
        Code::InvalidArgument,
        "INVALID_FIELD",
        format!("{path}: {problem}"),
    )
    .with_field(path, problem)
    .into_status()
}

/// A request that no ledger could accept, with every violated field.
pub fn invalid_request(invalid: &Violations) -> Status {
    let message = match invalid.violations.as_slice() {
        [only] => format!("{}: {}", only.field, only.description),
        _ => format!("{} fields are not valid", invalid.total),
    };
    let mut error = RichError::new(Code::InvalidArgument, invalid.reason().as_str(), message);
    let violations = invalid.violations.iter();
    if let Some(currency) = violations.clone().find_map(|violation| violation.currency) {
        error = error
            .with("currency", currency)
            .with("exponent", currency.minor_digits());
    }
    if let Some(excess) = violations.clone().find_map(|violation| violation.excess) {
        error = error.with("size", excess.size).with("limit", excess.limit);
    }
    let unlisted = invalid.total.saturating_sub(invalid.violations.len());
    violations
        .fold(error, |error, violation| {
            error.with_field(&violation.field, &violation.description)
        })
        .with_unlisted(unlisted)
        .into_status()
}

/// There is no such ledger, or it is not for the asker to know.
pub fn unknown_ledger(ledger_id: &str) -> Status {
    let message = format!("there is no ledger \"{ledger_id}\" here (or it might not exist)");
    RichError::new(Code::NotFound, "UNKNOWN_LEDGER", message)
        .with("ledger_id", ledger_id)
        .into_status()
}

/// A ledger that a service does not know. Only one that has found its ledgers, and has not let go of them, knows that
/// there is no such one: a client takes `UNKNOWN_LEDGER` for the last word, and asks again after the others.
pub fn missing_ledger(ledger_id: &str, reach: &Reach, is_stopping: bool) -> Status {
    if is_stopping {
        return stopping();
    }
    if *reach != Reach::Reached {
        return unavailable("this node does not know its ledgers now");
    }
    unknown_ledger(ledger_id)
}

/// A position that the ledger has not reached; `head` is its last one, `None` in an empty ledger.
pub fn position_not_yet(message: impl Into<String>, head: Option<impl Display>) -> Status {
    let head = head.map_or_else(|| "none".to_owned(), |head| head.to_string());
    RichError::new(Code::OutOfRange, "POSITION_NOT_YET", message)
        .with("head", head)
        .into_status()
}

/// A resume token that belongs to another question; `message` says what to do instead.
pub fn resume_token_mismatch(message: &str) -> Status {
    RichError::new(Code::InvalidArgument, "RESUME_TOKEN_MISMATCH", message).into_status()
}

/// What is used up: a limit on how many there may be of something at once.
#[derive(Clone, Copy, Debug)]
pub struct Quota<'a> {
    /// Whose limit it is, as in `ledger/treasury` or `queryd`.
    pub subject: &'a str,
    /// What is counted, in the plural, as in `waiting submissions`.
    pub counted: &'a str,
    /// How many there may be.
    pub limit: usize,
}

/// More is asked at once than is served; nothing was done.
pub fn rate_limited(message: impl Into<String>, quota: Quota<'_>) -> RichError {
    RichError::new(Code::ResourceExhausted, "RATE_LIMITED", message)
        .with("limit", quota.limit)
        .with_quota(
            quota.subject,
            format!("at most {} {}", quota.limit, quota.counted),
        )
        .retry_after(RETRY_AFTER)
}

/// Stored bytes are damaged or contradict each other, from `first_bad_position` on where that is known.
pub fn integrity(problem: impl Into<String>, first_bad_position: Option<u64>) -> RichError {
    let error = RichError::new(Code::DataLoss, "INTEGRITY_FAILURE", problem);
    match first_bad_position {
        Some(position) => error.with("first_bad_position", position),
        None => error,
    }
}

/// As [`integrity`], as a status.
pub fn integrity_failure(problem: impl Into<String>, first_bad_position: Option<u64>) -> Status {
    integrity(problem, first_bad_position).into_status()
}

/// Something that the answer needs cannot be had now.
pub fn unavailable(problem: impl Display) -> Status {
    RichError::new(Code::Unavailable, "LOG_UNAVAILABLE", problem.to_string())
        .retry_after(RETRY_AFTER)
        .into_status()
}

/// The last word of a stream when the node stops.
pub fn stopping() -> Status {
    unavailable("the node is stopping")
}
