//! `perennial agreement list` and `perennial agreement find TEXT`.

use clap::{Args, Subcommand};

use super::report::{ReadArguments, find, print_listing};
use crate::failure::{Exit, Failure};
use crate::session::Session;

/// List and find agreements.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List every agreement.
    List(ListArguments),
    /// Find agreements by part of an id, external reference, title or party.
    Find(FindArguments),
}

/// From what the list is computed.
#[derive(Debug, Args)]
pub struct ListArguments {
    /// From what it is computed.
    #[command(flatten)]
    read: ReadArguments,
    /// Print at most this many.
    #[arg(long, value_name = "ROWS")]
    limit: Option<usize>,
}

/// What is looked for.
#[derive(Debug, Args)]
#[command(before_long_help = "Example:\n  perennial agreement find XM-DAC-47066 --ledger mirror\n")]
pub struct FindArguments {
    /// Part of an id, external reference, title or party, in any case.
    text: String,
    /// How the list is computed.
    #[command(flatten)]
    list: ListArguments,
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    let (text, arguments) = match verb {
        Verb::List(arguments) => (String::new(), arguments),
        Verb::Find(FindArguments { text, list }) => (text, list),
    };
    let ledger_id = session.ledger_id().await?;
    let options = arguments.read.options(session, &ledger_id).await?;
    let limit = arguments.limit.unwrap_or(usize::MAX);
    let listing = find(session, &ledger_id, &text, (options, limit)).await?;
    if listing.rows.is_empty() && !text.is_empty() {
        return Err(Failure::new(
            Exit::NotFound,
            format!("no agreement is known by \"{text}\""),
        ));
    }
    print_listing(session, &listing)
}
