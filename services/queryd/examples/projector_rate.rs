//! Measures how fast views are built from a log in memory, and how fast stored views are opened again.
//!
//! `cargo run --release -p perennial-queryd --example projector_rate -- 1000000`

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use perennial_app::ports::ledgers::{LedgerLogs, ReadableLedger};
use perennial_domain::ids::LedgerId;
use perennial_domain::log::Position;
use perennial_queryd::waiting::Need;
use perennial_queryd::{Config, Projections};
use perennial_testkit::sample_log::SampleLog;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const LEDGER: &str = "test-ledger";

struct OneLog(watch::Sender<Arc<Vec<ReadableLedger>>>);

impl LedgerLogs for OneLog {
    fn ledgers(&self) -> watch::Receiver<Arc<Vec<ReadableLedger>>> {
        self.0.subscribe()
    }
}

#[expect(clippy::print_stdout, reason = "figures are what it is for")]
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let records: u64 = std::env::args()
        .nth(1)
        .map_or(Ok(200_000), |text| text.parse())?;
    let mut log = SampleLog::new(LEDGER);
    log.grow_to(records);
    let bytes: usize = log.log().entries().iter().map(|entry| entry.0.len()).sum();
    let data = tempfile::tempdir()?;
    println!("{records} records, {bytes} bytes of log");
    for what in ["built from the log", "opened from the store"] {
        let took = follow(&log, data.path().to_owned()).await?;
        let rate = u128::from(records) * 1_000 / took.as_millis().max(1);
        println!("{what}: {took:?}, {rate} records/s");
    }
    Ok(())
}

/// Projects everything and stops; returns how long it took until all of it could be read.
async fn follow(log: &SampleLog, data: std::path::PathBuf) -> Result<Duration, Box<dyn Error>> {
    let ledger_id = LedgerId::parse(LEDGER)?;
    let ledger = ReadableLedger {
        ledger_id: ledger_id.clone(),
        log: Arc::new(log.log()),
    };
    let (ledgers, _) = watch::channel(Arc::new(vec![ledger]));
    let stop = CancellationToken::new();
    let started = Instant::now();
    let projections =
        Projections::start(Config::new(data), Arc::new(OneLog(ledgers)), stop.clone());
    let projection = projections
        .find(&ledger_id)
        .ok_or("the ledger is not projected")?;
    let last = Position(log.records().saturating_sub(1));
    let ready = projection
        .ready(Need::AtLeast(last), Duration::from_hours(1))
        .await;
    let took = started.elapsed();
    drop(ready.map_err(|problem| format!("{problem:?}"))?);
    stop.cancel();
    projections.close().await;
    Ok(took)
}
