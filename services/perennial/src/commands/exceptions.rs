//! `perennial exceptions acknowledge` and `resolve`: what people say of a recorded flag.

use clap::{Args, Subcommand};
use perennial_client::RetryPolicy;
use perennial_wire::pb::ledger::command::Action;
use perennial_wire::pb::ledger::{AcknowledgeException, Command, ResolveException, SubmitRequest};

use super::submit;
use crate::failure::Failure;
use crate::session::Session;
use crate::submission::ledger_request_id;
use crate::time::{api_date, today};

/// Say what is known of an exception.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Say that it is known, and not settled yet. May be said again.
    Acknowledge(Arguments),
    /// Say that it is settled, for ever.
    Resolve(Arguments),
}

/// Which exception, and what is known of it.
#[derive(Debug, Args)]
#[command(
    before_long_help = "Example:\n  perennial exceptions resolve 41-0 R10 --ledger treasury --disposition 'amended on 2 May'\n"
)]
pub struct Arguments {
    /// The event that carries the flag, as `perennial report exceptions` names it.
    event_id: String,
    /// The broken rule, as in `R10`.
    rule: String,
    /// What is known of it, in words.
    #[arg(long, value_name = "TEXT")]
    disposition: String,
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    let ledger_id = session.ledger_id().await?;
    let (name, arguments) = match verb {
        Verb::Acknowledge(arguments) => ("acknowledge", arguments),
        Verb::Resolve(arguments) => ("resolve", arguments),
    };
    let Arguments {
        event_id,
        rule,
        disposition,
    } = arguments;
    let today = today();
    let on = today.to_string();
    let asked = [&event_id, &rule, &disposition, &on].map(String::as_str);
    let request_id = ledger_request_id(name, &ledger_id, &asked);
    let action = if name == "resolve" {
        Action::ResolveException(ResolveException {
            event_id,
            rule,
            disposition,
        })
    } else {
        Action::AcknowledgeException(AcknowledgeException {
            event_id,
            rule,
            disposition,
        })
    };
    let submission = SubmitRequest {
        request_id,
        ledger_id,
        commands: vec![Command {
            effective_on: Some(api_date(today)),
            action: Some(action),
            ..Command::default()
        }],
        validate_only: session.shared.dry_run,
        ..SubmitRequest::default()
    };
    let answer = session
        .ledger_client(RetryPolicy::WRITE)
        .submit(&submission)
        .await;
    let doing = format!("{name} the exception");
    let answer = answer.map_err(|error| Failure::from_client(&doing, &error))?;
    submit::print(session, &submit::document(&submission.request_id, answer))
}
