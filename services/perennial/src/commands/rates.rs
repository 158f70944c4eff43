//! `perennial rates list` and `perennial rates show`: the published tables of exchange rates.

use clap::{Args, Subcommand};
use perennial_domain::agreement::RateSource;

use super::report::{Question, ReadArguments, ViewName, print_listing};
use crate::failure::Failure;
use crate::session::Session;

/// The published tables of exchange rates.
#[derive(Debug, Subcommand)]
#[command(before_long_help = "Examples:
  perennial rates list --ledger treasury
  perennial rates show published@2026-07 --ledger treasury
")]
pub enum Verb {
    /// List the tables by source, in order of publication.
    List(ListArguments),
    /// Show the rates of one table.
    Show(ShowArguments),
}

/// Which tables.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial rates list --ledger treasury
  perennial rates list --source ecb --at-position 1200 --output json
")]
pub struct ListArguments {
    /// Only of this source: unore, imf, ecb, agreed, bank or published.
    #[arg(long, value_name = "SOURCE", value_parser = parse_source)]
    source: Option<RateSource>,
    /// From what it is computed.
    #[command(flatten)]
    read: ReadArguments,
}

/// Which table.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial rates show published@2026-07 --ledger treasury
  perennial rates show ecb@2026-07 --currency EUR --at-position 1200 --output csv
")]
pub struct ShowArguments {
    /// Its source and version, as `rates list` names it.
    #[arg(value_name = "SOURCE@VERSION")]
    table: String,
    /// Only rates from or to this currency.
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// From what it is computed.
    #[command(flatten)]
    read: ReadArguments,
}

/// Reads a source by its word.
///
/// # Errors
/// What the words are.
pub(crate) fn parse_source(name: &str) -> Result<RateSource, String> {
    let words = RateSource::ALL.map(RateSource::name).join(", ");
    RateSource::parse(name).ok_or_else(|| format!("is none of {words}"))
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    let (question, read) = match verb {
        Verb::List(ListArguments { source, read }) => {
            let source = source.map_or("", RateSource::name);
            (Question::of(ViewName::RateTables).list(source), read)
        }
        Verb::Show(ShowArguments {
            table,
            currency,
            read,
        }) => {
            let question = Question::of(ViewName::Rates).list(&table);
            let only = currency.map(|code| format!("currency = {code}"));
            (question.filter(&only.unwrap_or_default()), read)
        }
    };
    let ledger_id = session.ledger_id().await?;
    let listing = question.read(read).ask(session, &ledger_id).await?;
    print_listing(session, &listing)
}
