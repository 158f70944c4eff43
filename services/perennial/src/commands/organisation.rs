//! `perennial organisation`: who a ledger has registered, merged and assessed.

use clap::{Args, Subcommand};

use super::report::{Question, ReadArguments, ViewName, print_listing};
use crate::failure::Failure;
use crate::session::Session;

/// The organisations that a ledger has registered, merged or assessed.
#[derive(Debug, Subcommand)]
#[command(before_long_help = "Examples:
  perennial organisation list --ledger treasury
  perennial organisation show XX-ORG-1 --ledger treasury
")]
pub enum Verb {
    /// List the organisations, each with what it was merged into.
    List(ListArguments),
    /// Show one organisation, and those that are shown as it.
    Show(ShowArguments),
}

/// As of when.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial organisation list --ledger treasury
  perennial organisation list --effective-as-of 2026-08-01 --output csv
")]
pub struct ListArguments {
    /// From what it is computed.
    #[command(flatten)]
    read: ReadArguments,
}

/// Which organisation, and as of when.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial organisation show XX-ORG-1 --ledger treasury
  perennial organisation show XX-ORG-1 --at-position 1200 --output json
")]
pub struct ShowArguments {
    /// Its id.
    #[arg(value_name = "ORGANISATION")]
    organisation: String,
    /// From what it is computed.
    #[command(flatten)]
    read: ReadArguments,
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    let (organisation, read) = match verb {
        Verb::List(ListArguments { read }) => (String::new(), read),
        Verb::Show(ShowArguments { organisation, read }) => (organisation, read),
    };
    let ledger_id = session.ledger_id().await?;
    let question = Question::of(ViewName::Organisations)
        .organisation(&organisation)
        .read(read);
    print_listing(session, &question.ask(session, &ledger_id).await?)
}
