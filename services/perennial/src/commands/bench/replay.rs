//! `perennial bench replay`: streams a history through gRPC, as stored and decoded; checks it; opens it again, with the
//! writer's caches and without them (RIVALS.md 5, W2 and W5).

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Args;
use perennial_client::{History, HistoryItem, RetryPolicy};
use perennial_wire::pb::audit::ReadEventsRequest;

use super::Setting;
use super::figures;
use super::load::{Load, Random};
use super::server::Server;
use crate::commands::{replay, verify};
use crate::failure::{Exit, Failure};
use crate::session::Session;

/// Which history.
#[derive(Debug, Args)]
#[command(
    before_long_help = "Example:\n  perennial bench replay --records 2000000 --agreements 100000 --output json\n"
)]
pub struct Arguments {
    /// How many records are written first; 0 reads the ledger as it is.
    #[arg(long, default_value_t = 100_000, value_name = "COUNT")]
    records: u64,
    /// How many agreements they are about.
    #[arg(long, default_value_t = 1_000, value_name = "COUNT")]
    agreements: u64,
    #[command(flatten)]
    setting: Setting,
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub(super) async fn run(session: &Session, arguments: Arguments) -> Result<(), Failure> {
    let mut server = Server::start(session, &arguments.setting).await?;
    fill(&server, &arguments).await?;
    let head = server.session.head_position(&server.ledger_id).await?;
    for (workload, stored) in [("replay-stored", true), ("replay-decoded", false)] {
        let (records, took) = stream(&server, head, stored).await?;
        let mut document = figures::document(workload, 1, figures::rate(records, took));
        document.rss_mb = server.usage().map(|usage| figures::mib(usage.rss));
        document.more.insert("records".to_owned(), records.into());
        figures::print(session, &document)?;
    }
    folded(&server, head).await?;
    let mut verified = None;
    let ledger_id = server.ledger_id.clone();
    let reopened = server
        .restart(|data| {
            verified = Some(timed(|| verify::check_quietly(data, &ledger_id))?);
            Ok(())
        })
        .await?;
    if let (Some((document, took)), Some(reopened)) = (verified, reopened) {
        if document.first_bad_position.is_some() {
            return Err(Failure::new(
                Exit::VerificationFailed,
                "the measured ledger does not verify",
            ));
        }
        let rate = figures::rate(document.records, took);
        figures::print(session, &figures::document("verify-offline", 1, rate))?;
        reopened_in(&server, "reopen", (document.records, reopened))?;
        let caches = |data: &Path| forget(data, &ledger_id);
        if let Some(replayed) = server.restart(caches).await? {
            reopened_in(&server, "reopen-replayed", (document.records, replayed))?;
        }
    }
    server.end().await
}

/// Removes what the writer keeps beside the log, so that it has to fold that from its start.
fn forget(data: &Path, ledger_id: &str) -> Result<(), Failure> {
    let writer = data.join("ledgers").join(ledger_id).join("cache/writer");
    std::fs::remove_dir_all(writer)
        .map_err(|error| Failure::caused(Exit::Other, "remove the writer's caches", &error))
}

fn reopened_in(
    server: &Server,
    workload: &str,
    (records, took): (u64, Duration),
) -> Result<(), Failure> {
    let mut opened = figures::document(workload, 1, figures::rate(records, took));
    opened
        .more
        .insert("seconds".to_owned(), figures::seconds(took).into());
    opened.rss_mb = server.usage().map(|usage| figures::mib(usage.rss));
    figures::print(&server.session, &opened)
}

async fn fill(server: &Server, arguments: &Arguments) -> Result<(), Failure> {
    if arguments.records == 0 {
        return Ok(());
    }
    let run = if server.data().is_some() {
        0
    } else {
        u64::from(std::process::id())
    };
    let ledger_id = server.ledger_id.clone();
    let load = Load {
        ledger_id,
        run,
        agreements: arguments.agreements,
    };
    let mut random = Random::new(arguments.setting.seed);
    load.prepare(&server.session, &mut random).await?;
    load.fill(&server.session, &mut random, arguments.records)
        .await
}

/// Reads the whole history, and returns how many records it had and how long it took.
#[expect(clippy::disallowed_methods, reason = "what is measured here is time")]
async fn stream(server: &Server, head: u64, stored: bool) -> Result<(u64, Duration), Failure> {
    let request = ReadEventsRequest {
        ledger_id: server.ledger_id.clone(),
        from_position: Some(0),
        to_position: Some(head),
        include_stored_bytes: stored,
        omit_events: stored,
        ..ReadEventsRequest::default()
    };
    let connection = server.session.connection.clone();
    let begun = Instant::now();
    let mut history = History::new(connection, RetryPolicy::READ, request);
    let mut records: u64 = 0;
    loop {
        let item = history.next().await;
        match item.map_err(|error| Failure::from_client("read the history", &error))? {
            Some(HistoryItem::Records(batch)) => {
                records = records.saturating_add(u64::try_from(batch.len()).unwrap_or(0));
            }
            Some(HistoryItem::Progress(_) | HistoryItem::CaughtUp(_)) => {}
            None => break,
        }
    }
    let took = begun.elapsed();
    if records != head.saturating_add(1) {
        return Err(Failure::new(
            Exit::Other,
            format!("{records} records were read, up to position {head}"),
        ));
    }
    Ok((records, took))
}

/// Folds the whole history here, as `perennial replay` does.
#[expect(clippy::disallowed_methods, reason = "what is measured here is time")]
async fn folded(server: &Server, head: u64) -> Result<(), Failure> {
    let begun = Instant::now();
    let replay = replay::fold(&server.session, &server.ledger_id, head).await?;
    let took = begun.elapsed();
    let mut document = figures::document("replay-folded", 1, figures::rate(replay.records, took));
    document
        .more
        .insert("events".to_owned(), replay.events.into());
    figures::print(&server.session, &document)
}

#[expect(clippy::disallowed_methods, reason = "what is measured here is time")]
fn timed<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<(T, Duration), Failure> {
    let begun = Instant::now();
    Ok((work()?, begun.elapsed()))
}
