//! `perennial replay`: folds the whole history here, checks every link, and compares with the live views.

mod view;

use clap::Args;
use perennial_client::{History, HistoryItem, RetryPolicy};
use perennial_domain::log::{EventId, Position, Recorded, RecordedAt};
use perennial_export::answers::ReplayDocument;
use perennial_proof::{Hash, RecordHeader, genesis_hash, record_hash};
use perennial_views::{Facts, RecordMeta};
use perennial_wire::pb::audit::{ReadEventsRequest, Record};
use perennial_wire::pb::query::GetDigestRequest;
use perennial_wire::stored::{Outcome, decode_body};

use super::hex;
use super::report::{ReadArguments, ViewName, print_listing};
use crate::failure::{Exit, Failure};
use crate::progress::Progress;
use crate::session::Session;

/// Folds the whole history here.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial replay --ledger treasury                          compare digests
  perennial replay nexus --group-by pillar --ledger treasury  and print a view, computed here
")]
pub struct Arguments {
    /// Also print this view, computed from the history alone.
    #[arg(value_enum)]
    view: Option<ViewName>,
    /// For `agreement` and `timeline`: the agreement's id, or an external reference of it.
    #[arg(value_name = "AGREEMENT", required_if_eq("view", "timeline"))]
    agreement: Option<String>,
    /// The last position to read, included; by default the head.
    #[arg(long, value_name = "POSITION")]
    to: Option<u64>,
    /// From what the view is computed.
    #[command(flatten)]
    read: ReadArguments,
    /// The keys to keep, separated by commas; the rest is summed away.
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    group_by: Vec<String>,
    /// Conditions on rows, as in `direction = outgoing AND year = "2026"`.
    #[arg(long, value_name = "CONDITIONS", default_value = "")]
    filter: String,
}

/// Runs the command.
///
/// # Errors
/// How it failed; [`Exit::VerificationFailed`] if a link or the digest does not hold.
pub async fn run(session: &Session, arguments: Arguments) -> Result<(), Failure> {
    let ledger_id = session.ledger_id().await?;
    let last = match arguments.to {
        Some(position) => position,
        None => session.head_position(&ledger_id).await?,
    };
    let replay = fold(session, &ledger_id, last).await?;
    let document = compare(session, ledger_id, &replay, last).await?;
    if let Some(view) = arguments.view {
        let options = arguments.read.options(session, &document.ledger).await?;
        print_listing(
            session,
            &view::listing(&replay.facts, view, &arguments, options)?,
        )?;
        session.console.say(&verdict(&document));
    } else if session.console.wants_json() {
        session.console.json(&document)?;
    } else {
        session.console.data(&verdict(&document))?;
        session
            .console
            .data(&format!("digest here {}", document.replayed_digest))?;
        session
            .console
            .data(&format!("digest live {}", document.live_digest))?;
    }
    if document.equal {
        Ok(())
    } else {
        Err(Failure::printed(Exit::VerificationFailed))
    }
}

/// Compares the folded history with the live views.
async fn compare(
    session: &Session,
    ledger: String,
    replay: &Replay,
    last: u64,
) -> Result<ReplayDocument, Failure> {
    let missing = || {
        let text = format!("the history ends before position {last}");
        Failure::new(Exit::VerificationFailed, text)
    };
    let replayed = replay.facts.digest(Position(last)).ok_or_else(missing)?.0;
    let request = GetDigestRequest {
        ledger_id: ledger.clone(),
        at_position: Some(last),
    };
    let live = session
        .read("ask for the digest of the live views", || {
            let (mut client, request) = (session.connection.query(), request.clone());
            async move { client.get_digest(request).await }
        })
        .await?;
    Ok(ReplayDocument {
        ledger,
        records: replay.records,
        events: replay.events,
        position: last,
        replayed_digest: hex(&replayed),
        live_digest: hex(&live.digest),
        equal: live.digest == replayed,
    })
}

fn verdict(document: &ReplayDocument) -> String {
    let compared = if document.equal {
        "the live views hold the same"
    } else {
        "THE LIVE VIEWS DIFFER"
    };
    let ReplayDocument {
        records,
        events,
        position,
        ..
    } = document;
    format!("{records} records with {events} events folded up to position {position}: {compared}")
}

/// A history, folded.
pub(crate) struct Replay {
    /// Everything that answers are computed from.
    pub(crate) facts: Facts,
    /// Records folded.
    pub(crate) records: u64,
    /// Events folded.
    pub(crate) events: u64,
    /// The record hash that the next record must name.
    prev_hash: Hash,
}

/// Streams the records 0 to `last` as they are stored, checks each against the one before, decodes and folds them.
///
/// # Errors
/// As the service answers; [`Exit::VerificationFailed`] at the first record that does not hold.
pub(crate) async fn fold(session: &Session, ledger_id: &str, last: u64) -> Result<Replay, Failure> {
    let request = ReadEventsRequest {
        ledger_id: ledger_id.to_owned(),
        from_position: Some(0),
        to_position: Some(last),
        include_stored_bytes: true,
        omit_events: true,
        ..ReadEventsRequest::default()
    };
    let mut history = History::new(session.connection.clone(), RetryPolicy::READ, request);
    let mut progress = Progress::begin(&session.console, "records folded", last.saturating_add(1));
    let mut replay = Replay {
        facts: Facts::default(),
        records: 0,
        events: 0,
        prev_hash: genesis_hash(ledger_id),
    };
    loop {
        let item = history.next().await;
        let item = item.map_err(|error| Failure::from_client("read the history", &error))?;
        let Some(item) = item else { break };
        let HistoryItem::Records(records) = item else {
            continue;
        };
        for record in &records {
            replay.push(record)?;
        }
        progress.set(replay.records);
    }
    progress.end();
    Ok(replay)
}

impl Replay {
    /// Checks and folds the next record.
    fn push(&mut self, record: &Record) -> Result<(), Failure> {
        let position = record.position;
        let bad = |problem: String| {
            Failure::new(
                Exit::VerificationFailed,
                format!("record {position} does not hold"),
            )
            .because(problem)
        };
        let header =
            RecordHeader::parse(&record.header_bytes).map_err(|error| bad(error.to_string()))?;
        if header.position.0 != self.records || position != self.records {
            return Err(bad(format!(
                "it stands where record {} was due",
                self.records
            )));
        }
        if header.prev_hash != self.prev_hash {
            return Err(bad("it does not follow the record before it".to_owned()));
        }
        if Hash::of(&record.body_bytes) != header.body_hash {
            return Err(bad(
                "its body is not the one that its header names".to_owned()
            ));
        }
        let hash = record_hash(&record.header_bytes);
        let body = decode_body(&record.body_bytes).map_err(|error| bad(error.to_string()))?;
        let recorded_at = RecordedAt(header.recorded_at);
        let maker = body.actor.subject;
        let events = match body.outcome {
            Outcome::Events(events) => events,
            Outcome::Refusal(_) => Vec::new(),
        };
        let position = Position(position);
        let recorded: Vec<_> = (0_u32..)
            .zip(events)
            .map(|(index, event)| Recorded {
                event_id: EventId { position, index },
                recorded_at,
                event,
            })
            .collect();
        let meta = RecordMeta {
            position,
            recorded_at,
            record_hash: *hash.as_bytes(),
        };
        self.facts
            .apply_by(meta, &maker, &recorded)
            .map_err(|error| bad(error.to_string()))?;
        self.prev_hash = hash;
        self.records = self.records.saturating_add(1);
        self.events = self
            .events
            .saturating_add(u64::try_from(recorded.len()).unwrap_or(u64::MAX));
        Ok(())
    }
}
