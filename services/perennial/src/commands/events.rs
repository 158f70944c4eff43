//! `perennial events tail` and `perennial events get ID`: recorded facts, as they are stored.

use clap::{Args, Subcommand};
use perennial_client::{History, HistoryItem, RetryPolicy};
use perennial_export::cell::Cell;
use perennial_wire::pb::audit::{EventFilter, GetEventRequest, ReadEventsRequest, Record};
use tokio::signal::unix::{SignalKind, signal};

use crate::api_json::ApiJson;
use crate::cli::OutputFormat;
use crate::failure::{Exit, Failure};
use crate::session::Session;
use crate::time::instant_text;

/// Follow or fetch recorded events.
#[derive(Debug, Subcommand)]
#[command(before_long_help = "Examples:
  perennial events tail --follow --ledger treasury
  perennial events get 41-0 --ledger treasury
")]
pub enum Verb {
    /// Print events in order of recording.
    Tail(TailArguments),
    /// Print one event with its record.
    Get(GetArguments),
}

/// Which events, and how long.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial events tail --ledger treasury --from 0
  perennial events tail --follow --kind DisbursementMade --output ndjson
")]
pub struct TailArguments {
    /// The first position; by default the last ten records, or as many as --limit says.
    #[arg(long, value_name = "POSITION")]
    from: Option<u64>,
    /// The last position, included.
    #[arg(long, value_name = "POSITION")]
    to: Option<u64>,
    /// Stay at the head and print what is recorded from now on.
    #[arg(long, short, conflicts_with = "to")]
    follow: bool,
    /// Only events of this kind, as in `DisbursementMade`; may be repeated.
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,
    /// Only events of this stream, as in `agreement/abcd`; may be repeated.
    #[arg(long = "stream", value_name = "STREAM")]
    streams: Vec<String>,
    /// End after this many records.
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
}

/// Which event.
#[derive(Debug, Args)]
#[command(before_long_help = "Example:
  perennial events get 41-0 --ledger treasury
")]
pub struct GetArguments {
    /// As in `41-0`.
    event_id: String,
}

/// How many records `tail` goes back by itself.
const TAIL_RECORDS: u64 = 10;

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Tail(arguments) => tail(session, arguments).await,
        Verb::Get(arguments) => get(session, arguments).await,
    }
}

async fn tail(session: &Session, arguments: TailArguments) -> Result<(), Failure> {
    let ledger_id = session.ledger_id().await?;
    let from_position = if let Some(position) = arguments.from {
        position
    } else {
        let head = session.head_position(&ledger_id).await?;
        let records = arguments.limit.unwrap_or(TAIL_RECORDS);
        head.saturating_add(1).saturating_sub(records)
    };
    let request = ReadEventsRequest {
        ledger_id,
        from_position: Some(from_position),
        to_position: arguments.to,
        filter: Some(EventFilter {
            streams: arguments.streams,
            kinds: arguments.kinds,
        }),
        follow: arguments.follow,
        ..ReadEventsRequest::default()
    };
    let policy = if arguments.follow {
        RetryPolicy::WRITE
    } else {
        RetryPolicy::READ
    };
    let mut history = History::new(session.connection.clone(), policy, request);
    let printer = Printer::new(session)?;
    let mut interrupts = signal(SignalKind::interrupt())
        .map_err(|error| Failure::caused(Exit::Other, "listen for Ctrl-C", &error))?;
    let mut left = arguments.limit.unwrap_or(u64::MAX);
    let mut next_position = from_position;
    while 0 < left {
        let next = tokio::select! {
            next = history.next() => next,
            _ = interrupts.recv() => {
                return Err(Failure::interrupted().hint(format!("--from {next_position} goes on here")));
            }
        };
        let next = next.map_err(|error| Failure::from_client("read events", &error))?;
        match next {
            None => break,
            Some(HistoryItem::Records(records)) => {
                for record in records
                    .iter()
                    .take(usize::try_from(left).unwrap_or(usize::MAX))
                {
                    printer.print(record)?;
                    next_position = record.position.saturating_add(1);
                    left = left.saturating_sub(1);
                }
            }
            Some(HistoryItem::Progress(position)) => next_position = position.saturating_add(1),
            Some(HistoryItem::CaughtUp(_)) => {}
        }
    }
    Ok(())
}

async fn get(session: &Session, arguments: GetArguments) -> Result<(), Failure> {
    let ledger_id = session.ledger_id().await?;
    let request = GetEventRequest {
        ledger_id,
        event_id: arguments.event_id,
    };
    let answer = session
        .read("read the event", || {
            let (mut client, request) = (session.connection.audit(), request.clone());
            async move { client.get_event(request).await }
        })
        .await?;
    let missing = || Failure::new(Exit::Other, "the answer holds no record");
    let record = answer.record.ok_or_else(missing)?;
    // One event is looked at closely: as JSON, unless something else is asked for.
    let format = session.console.format_or(OutputFormat::Json);
    Printer {
        format,
        ..Printer::new(session)?
    }
    .print(&record)
}

/// Prints records as they come.
struct Printer<'s> {
    session: &'s Session,
    format: OutputFormat,
    json: ApiJson,
}

impl<'s> Printer<'s> {
    fn new(session: &'s Session) -> Result<Self, Failure> {
        let json = ApiJson::of("perennial.audit.v1.Record")?;
        Ok(Self {
            session,
            format: session.console.format(),
            json,
        })
    }

    fn print(&self, record: &Record) -> Result<(), Failure> {
        match self.format {
            OutputFormat::Json | OutputFormat::Ndjson => {
                self.session.console.json(&self.json.value(record)?)
            }
            OutputFormat::Table => lines(record)
                .into_iter()
                .try_for_each(|line| self.session.console.data(&line)),
            OutputFormat::Csv => {
                Err(Failure::new(Exit::Usage, "events are not printed as CSV")
                    .hint("--output ndjson"))
            }
        }
    }
}

/// One line per event, for people.
fn lines(record: &Record) -> Vec<String> {
    let recorded_at = Cell::optional(instant_text(record.recorded_at.as_ref())).plain();
    let mut lines: Vec<String> = record
        .events
        .iter()
        .map(|event| {
            let stored = event.event.as_ref();
            let stream = stored
                .map(|stored| stored.stream.as_str())
                .unwrap_or_default();
            let on = stored.map(|stored| stored.effective_on).unwrap_or_default();
            let (year, month, day) = (on / 10_000, on / 100 % 100, on % 100);
            format!(
                "{:<10} {recorded_at:<27} {year:04}-{month:02}-{day:02} {:<22} {stream}",
                event.event_id, event.kind
            )
        })
        .collect();
    if let Some(refusal) = &record.refusal {
        let reasons: Vec<&str> = refusal
            .violations
            .iter()
            .map(|violation| violation.reason.as_str())
            .collect();
        lines.push(format!(
            "{:<10} {recorded_at:<27} refused: {}",
            record.position,
            reasons.join(", ")
        ));
    }
    lines
}
