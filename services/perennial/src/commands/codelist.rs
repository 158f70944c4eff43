//! `perennial codelist`: the code lists that a ledger has published.

use clap::{Args, Subcommand};

use super::report::{Question, ReadArguments, ViewName, print_listing};
use crate::failure::Failure;
use crate::session::Session;

/// The code lists that a ledger has published.
#[derive(Debug, Subcommand)]
#[command(before_long_help = "Examples:
  perennial codelist list --ledger treasury
  perennial codelist show budget-headings --ledger treasury
")]
pub enum Verb {
    /// List the code lists, each version of them.
    List(ListArguments),
    /// Show the codes of one code list.
    Show(ShowArguments),
}

/// Which code lists, and as of when.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial codelist list --ledger treasury
  perennial codelist list budget-headings --at-position 1200 --output csv
")]
pub struct ListArguments {
    /// One name, or `name@version`; by default all.
    #[arg(value_name = "CODELIST", default_value = "")]
    list: String,
    /// From what it is computed.
    #[command(flatten)]
    read: ReadArguments,
}

/// Which code list, and as of when.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial codelist show budget-headings --ledger treasury
  perennial codelist show budget-headings@2026 --at-position 1200 --output json
")]
pub struct ShowArguments {
    /// Its name (the version in force) or `name@version`.
    #[arg(value_name = "CODELIST")]
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
        Verb::List(ListArguments { list, read }) => (ViewName::Codelists, list, read),
        Verb::Show(ShowArguments { list, read }) => (ViewName::Codes, list, read),
    };
    let ledger_id = session.ledger_id().await?;
    let question = Question::of(view).list(&list).read(read);
    print_listing(session, &question.ask(session, &ledger_id).await?)
}
