//! `perennial mapping`: the pillar mappings that are compiled in and published.

use clap::{Args, Subcommand};

use super::report::{Question, ReadArguments, ViewName, print_listing};
use crate::failure::Failure;
use crate::session::Session;

/// The pillar mappings that are compiled in and published.
#[derive(Debug, Subcommand)]
#[command(before_long_help = "Examples:
  perennial mapping list --ledger treasury
  perennial mapping show mine --ledger treasury
")]
pub enum Verb {
    /// List the mappings, each version of them.
    List(ListArguments),
    /// Show the rules of one mapping.
    Show(ShowArguments),
}

/// Which mappings, and as of when.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial mapping list --ledger treasury
  perennial mapping list mine --at-position 1200 --output csv
")]
pub struct ListArguments {
    /// One name, or `name@version`; by default all.
    #[arg(value_name = "MAPPING", default_value = "")]
    list: String,
    /// From what it is computed.
    #[command(flatten)]
    read: ReadArguments,
}

/// Which mapping, and as of when.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial mapping show mine --ledger treasury
  perennial mapping show mine@2026 --at-position 1200 --output json
")]
pub struct ShowArguments {
    /// Its name (of a published one, the version in force), `name@version`, or content hash.
    #[arg(value_name = "MAPPING")]
    list: String,
    /// From what it is computed.
    #[command(flatten)]
    read: ReadArguments,
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    let (view, list, read) = match verb {
        Verb::List(ListArguments { list, read }) => (ViewName::PillarMappings, list, read),
        Verb::Show(ShowArguments { list, read }) => (ViewName::PillarRules, list, read),
    };
    let ledger_id = session.ledger_id().await?;
    let question = Question::of(view).list(&list).read(read);
    print_listing(session, &question.ask(session, &ledger_id).await?)
}
