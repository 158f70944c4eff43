//! `perennial reverse EVENT_ID`: cancels an entry by a linked reversal; nothing is ever deleted.

use clap::{Args, ValueEnum};
use perennial_client::RetryPolicy;
use perennial_domain::Date;
use perennial_wire::pb;
use perennial_wire::pb::audit::GetEventRequest;
use perennial_wire::pb::ledger::{Command, ReversalReason, ReverseEntry, SubmitRequest};
use perennial_wire::pb::ledger::{command, reverse_entry};

use super::submit;
use crate::failure::{Exit, Failure};
use crate::session::Session;
use crate::submission::ledger_request_id;
use crate::time::{api_date, parse_date};

/// Cancels a recorded entry.
#[derive(Debug, Args)]
#[command(
    before_long_help = "Example:\n  perennial reverse 41-0 --ledger treasury --reason error\n"
)]
pub struct Arguments {
    /// The entry's event id, as in `41-0`.
    event_id: String,
    /// Why. An error is negated at the entry's own date, a return at a later date of its own.
    #[arg(long, value_enum, default_value_t = Reason::Error)]
    reason: Reason,
    /// When a returned payment came back.
    #[arg(long, value_name = "DATE", value_parser = parse_date, required_if_eq("reason", "returned"))]
    effective_on: Option<Date>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Reason {
    /// It was wrong.
    Error,
    /// Its source took it back.
    Withdrawn,
    /// The payment came back.
    Returned,
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, arguments: Arguments) -> Result<(), Failure> {
    let ledger_id = session.ledger_id().await?;
    let event = entry(session, &ledger_id, &arguments.event_id).await?;
    let owner = match event.stream.split_once('/') {
        Some(("agreement", id)) => reverse_entry::Owner::AgreementId(id.to_owned()),
        Some(("pledge", id)) => reverse_entry::Owner::PledgeId(id.to_owned()),
        _ => {
            let text = format!(
                "event {} of stream \"{}\" is no entry",
                arguments.event_id, event.stream
            );
            return Err(Failure::new(Exit::Refused, text)
                .because("only entries of agreements and pledges can be reversed"));
        }
    };
    let reason = match arguments.reason {
        Reason::Error => ReversalReason::Error,
        Reason::Withdrawn => ReversalReason::Withdrawn,
        Reason::Returned => ReversalReason::Returned,
    };
    let effective_on = match arguments.effective_on {
        Some(date) => api_date(date),
        None => own_date(event.effective_on),
    };
    let reversal = ReverseEntry {
        owner: Some(owner),
        target: arguments.event_id.clone(),
        reason: reason.into(),
    };
    let asked = [arguments.event_id.as_str(), reason.as_str_name()];
    let mut submission = SubmitRequest {
        request_id: ledger_request_id("reverse", &ledger_id, &asked),
        ledger_id,
        commands: vec![Command {
            effective_on: Some(effective_on),
            action: Some(command::Action::ReverseEntry(reversal)),
            ..Command::default()
        }],
        ..SubmitRequest::default()
    };
    let asks = session.console.is_interactive() && !session.shared.yes;
    if asks && !session.shared.dry_run {
        let question = format!(
            "reverse event {} of \"{}\"?",
            arguments.event_id, event.stream
        );
        if !session.console.confirm(&question) {
            return Err(Failure::new(Exit::Interrupted, "nothing is recorded"));
        }
    }
    submission.validate_only = session.shared.dry_run;
    let answer = session
        .ledger_client(RetryPolicy::WRITE)
        .submit(&submission)
        .await;
    let answer = answer.map_err(|error| Failure::from_client("submit the reversal", &error))?;
    submit::print(session, &submit::document(&submission.request_id, answer))
}

/// The recorded entry.
async fn entry(
    session: &Session,
    ledger_id: &str,
    event_id: &str,
) -> Result<pb::log::StoredEvent, Failure> {
    let request = GetEventRequest {
        ledger_id: ledger_id.to_owned(),
        event_id: event_id.to_owned(),
    };
    let answer = session
        .read("find the entry", || {
            let (mut client, request) = (session.connection.audit(), request.clone());
            async move { client.get_event(request).await }
        })
        .await?;
    let events = answer
        .record
        .map(|record| record.events)
        .unwrap_or_default();
    let found = events.into_iter().find(|event| event.event_id == event_id);
    found
        .and_then(|event| event.event)
        .ok_or_else(|| Failure::new(Exit::Other, format!("the answer lacks event {event_id}")))
}

/// A stored date, `YYYYMMDD`, as the API has it.
fn own_date(stored: u32) -> pb::google::r#type::Date {
    let part = |number: u32| i32::try_from(number).unwrap_or(0);
    pb::google::r#type::Date {
        year: part(stored / 10_000),
        month: part(stored / 100 % 100),
        day: part(stored % 100),
    }
}
