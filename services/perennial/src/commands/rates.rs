//! `perennial rates list` and `perennial rates show`: the published tables of exchange rates.

use clap::{Args, Subcommand};
use perennial_client::{History, HistoryItem, RetryPolicy};
use perennial_domain::agreement::RateSource;
use perennial_domain::event::Fact;
use perennial_domain::exchange::RateTable;
use perennial_domain::reference::{ListVersion, ReferenceEvent};
use perennial_export::answers::{RateDocument, RateTableDocument};
use perennial_export::cell::Cell;
use perennial_wire::pb::audit::{EventFilter, ReadEventsRequest, Record};
use perennial_wire::stored::event_from_message;

use crate::failure::{Exit, Failure};
use crate::session::Session;
use crate::time::instant_text;

/// The published tables of exchange rates.
#[derive(Debug, Subcommand)]
#[command(before_long_help = "Examples:
  perennial rates list --ledger treasury
  perennial rates show published@2026-07 --ledger treasury
")]
pub enum Verb {
    /// List the tables in order of publication.
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
    /// As known up to this record, included.
    #[arg(long, value_name = "POSITION")]
    at_position: Option<u64>,
}

/// Which table.
#[derive(Debug, Args)]
#[command(before_long_help = "Example:
  perennial rates show published@2026-07 --ledger treasury
")]
pub struct ShowArguments {
    /// Its source and version, as `rates list` names it.
    #[arg(value_name = "SOURCE@VERSION", value_parser = parse_version)]
    table: ListVersion,
}

/// Reads a source by its word.
///
/// # Errors
/// What the words are.
pub(crate) fn parse_source(name: &str) -> Result<RateSource, String> {
    let words = RateSource::ALL.map(RateSource::name).join(", ");
    RateSource::parse(name).ok_or_else(|| format!("is none of {words}"))
}

fn parse_version(text: &str) -> Result<ListVersion, String> {
    ListVersion::parse(text).ok_or_else(|| "is no version, as in published@2026-07".to_owned())
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::List(arguments) => list(session, &arguments).await,
        Verb::Show(arguments) => show(session, &arguments.table).await,
    }
}

async fn list(session: &Session, arguments: &ListArguments) -> Result<(), Failure> {
    let mut tables: Vec<RateTableDocument> = Vec::new();
    published(session, arguments.at_position, |table, recorded| {
        if arguments.source.is_none_or(|source| source == table.source) {
            tables.push(summary(table, recorded));
        }
    })
    .await?;
    if session.console.wants_json() {
        return session.console.json(&tables);
    }
    let rows: Vec<Vec<Cell>> = tables
        .iter()
        .map(|table| {
            vec![
                Cell::text(format!("{}@{}", table.source, table.table_version)),
                Cell::Count(table.rates),
                Cell::text(&table.first_on),
                Cell::text(&table.last_on),
                Cell::text(&table.event_id),
                Cell::optional(table.recorded_at.as_ref()),
            ]
        })
        .collect();
    session.console.table(
        &[
            "table",
            "rates",
            "first_on",
            "last_on",
            "event",
            "recorded_at",
        ],
        &rows,
    )
}

async fn show(session: &Session, asked: &ListVersion) -> Result<(), Failure> {
    let mut found: Option<RateTable> = None;
    published(session, None, |table, _| {
        if table.list() == *asked {
            found = Some(table.clone());
        }
    })
    .await?;
    let table = found.ok_or_else(|| {
        Failure::new(Exit::NotFound, format!("no table {asked} is published"))
            .hint("perennial rates list names the tables")
    })?;
    let rates: Vec<RateDocument> = table
        .rates
        .iter()
        .map(|rate| RateDocument {
            base: rate.base.to_string(),
            quote: rate.quote.to_string(),
            value: rate.value.to_string(),
            rate_on: rate.rate_on.to_string(),
        })
        .collect();
    if session.console.wants_json() {
        return session.console.json(&rates);
    }
    let rows: Vec<Vec<Cell>> = rates
        .iter()
        .map(|rate| {
            vec![
                Cell::text(&rate.base),
                Cell::text(&rate.quote),
                Cell::text(&rate.value),
                Cell::text(&rate.rate_on),
            ]
        })
        .collect();
    session
        .console
        .table(&["base", "quote", "value", "rate_on"], &rows)
}

/// Where and when a table was recorded.
struct RecordedTable {
    event_id: String,
    recorded_at: Option<String>,
}

fn summary(table: &RateTable, recorded: RecordedTable) -> RateTableDocument {
    let days = || table.rates.iter().map(|rate| rate.rate_on);
    let text =
        |day: Option<perennial_domain::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    RateTableDocument {
        source: table.source.name().to_owned(),
        table_version: table.table_version.as_ref().to_owned(),
        rates: u64::try_from(table.rates.len()).unwrap_or(u64::MAX),
        first_on: text(days().min()),
        last_on: text(days().max()),
        event_id: recorded.event_id,
        recorded_at: recorded.recorded_at,
    }
}

/// Calls `each` with every published table, in order of publication.
async fn published(
    session: &Session,
    to_position: Option<u64>,
    mut each: impl FnMut(&RateTable, RecordedTable),
) -> Result<(), Failure> {
    let request = ReadEventsRequest {
        ledger_id: session.ledger_id().await?,
        from_position: Some(0),
        to_position,
        filter: Some(EventFilter {
            streams: Vec::new(),
            kinds: vec!["RateTablePublished".to_owned()],
        }),
        ..ReadEventsRequest::default()
    };
    let mut history = History::new(session.connection.clone(), RetryPolicy::READ, request);
    loop {
        let next = history.next().await;
        match next.map_err(|error| Failure::from_client("read the published rates", &error))? {
            None => return Ok(()),
            Some(HistoryItem::Records(records)) => {
                for record in records {
                    tables(record, &mut each)?;
                }
            }
            Some(HistoryItem::Progress(_) | HistoryItem::CaughtUp(_)) => {}
        }
    }
}

fn tables(record: Record, each: &mut impl FnMut(&RateTable, RecordedTable)) -> Result<(), Failure> {
    let recorded_at = instant_text(record.recorded_at.as_ref());
    for event in record.events {
        let Some(stored) = event.event else { continue };
        let decoded = event_from_message(stored)
            .map_err(|error| Failure::caused(Exit::Other, "read an event", &error))?;
        if let Fact::Reference(ReferenceEvent::RateTablePublished(table)) = &decoded.fact {
            let recorded = RecordedTable {
                event_id: event.event_id,
                recorded_at: recorded_at.clone(),
            };
            each(table, recorded);
        }
    }
    Ok(())
}
