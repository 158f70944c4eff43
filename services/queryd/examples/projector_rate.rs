//! Measures how fast views are built from a log in memory, how fast stored views are opened again, and what they take.
//!
//! `cargo run --release -p perennial-queryd --example projector_rate -- RECORDS [VIEW_MEMORY_MIB [STORE_CACHE_MIB]]`

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
    let mib = |at, otherwise: u64| -> Result<u64, Box<dyn Error>> {
        let given = std::env::args().nth(at).map(|text| text.parse());
        Ok(given.transpose()?.unwrap_or(otherwise) * 1024 * 1024)
    };
    let data = tempfile::tempdir()?;
    let mut config = Config::new(data.path().to_owned());
    config.view_memory_bytes = mib(2, 256)?;
    config.store_cache_bytes = mib(3, config.store_cache_bytes / 1024 / 1024)?;
    let mut log = SampleLog::new(LEDGER);
    log.grow_to(records);
    let bytes: usize = log.log().entries().iter().map(|entry| entry.0.len()).sum();
    println!(
        "{records} records, {bytes} bytes of log, {} MiB in memory",
        memory_mib()?
    );
    for what in ["built from the log", "opened from the store"] {
        let (took, memory) = follow(&log, config.clone()).await?;
        let rate = u128::from(records) * 1_000 / took.as_millis().max(1);
        println!("{what}: {took:?}, {rate} records/s, {memory} MiB in memory");
    }
    Ok(())
}

/// Projects everything and stops; returns how long it took until all of it could be read, and the process' memory then.
async fn follow(log: &SampleLog, config: Config) -> Result<(Duration, u64), Box<dyn Error>> {
    let ledger_id = LedgerId::parse(LEDGER)?;
    let ledger = ReadableLedger {
        ledger_id: ledger_id.clone(),
        log: Arc::new(log.log()),
    };
    let (ledgers, _) = watch::channel(Arc::new(vec![ledger]));
    let stop = CancellationToken::new();
    let started = Instant::now();
    let projections = Projections::start(config, Arc::new(OneLog(ledgers)), stop.clone());
    let projection = projections
        .find(&ledger_id)
        .ok_or("the ledger is not projected")?;
    let last = Position(log.records().saturating_sub(1));
    let ready = projection
        .ready(Need::AtLeast(last), Duration::from_hours(1))
        .await;
    let took = started.elapsed();
    drop(ready.map_err(|problem| format!("{problem:?}"))?);
    let memory = memory_mib()?;
    stop.cancel();
    projections.close().await;
    Ok((took, memory))
}

fn memory_mib() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    Ok(kib.ok_or("no VmRSS")?.parse::<u64>()? / 1024)
}
