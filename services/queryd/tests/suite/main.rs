//! Tests of the read side.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod errors;
mod finding;
mod listing;
mod opening;
mod published;
mod rebuild;
mod subscription;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use perennial_app::ports::ledgers::{LedgerLogs, Reach, ReadableLedger};
use perennial_app::ports::log::LogRead;
use perennial_domain::ids::LedgerId;
use perennial_domain::log::{Position, RecordedAt};
use perennial_queryd::grpc::Handlers;
use perennial_queryd::projection::Projection;
use perennial_queryd::waiting::{Need, NotReady};
use perennial_queryd::{Config, Projections};
use perennial_testkit::ports::FixedClock;
use perennial_testkit::sample_log::SampleLog;
use perennial_views::{Facts, StateDigest};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const LEDGER: &str = "test-ledger";

/// Long enough for any machine; nothing waits that long unless it fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// 2026-03-31.
const TODAY: RecordedAt = RecordedAt(1_774_915_200_000_000);

/// The ledgers of a test.
struct Logs {
    ledgers: watch::Sender<Arc<Vec<ReadableLedger>>>,
    reach: watch::Sender<Reach>,
}

impl Logs {
    fn of(ledgers: &[(&str, &SampleLog)]) -> Self {
        let logs = Self {
            ledgers: watch::channel(Arc::new(Vec::new())).0,
            reach: watch::channel(Reach::Reached).0,
        };
        logs.set(ledgers);
        logs
    }

    fn set(&self, ledgers: &[(&str, &SampleLog)]) {
        let readable = ledgers.iter().map(|(ledger_id, log)| ReadableLedger {
            ledger_id: LedgerId::parse(ledger_id).unwrap(),
            log: Arc::new(log.log()) as Arc<dyn LogRead>,
        });
        self.ledgers.send_replace(Arc::new(readable.collect()));
    }

    fn set_reach(&self, reach: Reach) {
        self.reach.send_replace(reach);
    }
}

impl LedgerLogs for Logs {
    fn ledgers(&self) -> watch::Receiver<Arc<Vec<ReadableLedger>>> {
        self.ledgers.subscribe()
    }

    fn reach(&self) -> watch::Receiver<Reach> {
        self.reach.subscribe()
    }
}

/// A data directory that outlives its readers.
struct Data(TempDir);

impl Data {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn cache(&self) -> PathBuf {
        self.0.path().join("ledgers").join(LEDGER).join("cache")
    }

    /// The directory of the live generation.
    fn live(&self) -> PathBuf {
        let current = std::fs::read_to_string(self.cache().join("CURRENT")).unwrap();
        self.cache().join(current.trim_end())
    }
}

/// A running read side.
struct Reader {
    projections: Arc<Projections>,
    handlers: Handlers,
    logs: Arc<Logs>,
    stop: CancellationToken,
}

impl Reader {
    fn start(data: &Data, log: &SampleLog) -> Self {
        Self::start_with(data, Logs::of(&[(LEDGER, log)]))
    }

    fn start_with(data: &Data, logs: Logs) -> Self {
        let (logs, stop) = (Arc::new(logs), CancellationToken::new());
        let config = Config::new(data.0.path().to_owned());
        let projections = Projections::start(
            config,
            Arc::clone(&logs) as Arc<dyn LedgerLogs>,
            stop.clone(),
        );
        let clock = Arc::new(FixedClock::at(TODAY));
        let handlers = Handlers::with_clock(Arc::clone(&projections), stop.clone(), clock);
        Self {
            projections,
            handlers,
            logs,
            stop,
        }
    }

    fn projection(&self) -> Arc<Projection> {
        self.projections
            .find(&LedgerId::parse(LEDGER).unwrap())
            .unwrap()
    }

    /// Waits until the last record of `log` is projected, and returns the digest there.
    async fn caught_up(&self, log: &SampleLog) -> StateDigest {
        let last = Position(log.records() - 1);
        let live = self
            .projection()
            .ready(Need::AtLeast(last), PATIENCE)
            .await
            .unwrap();
        live.read(|facts| facts.digest(last)).unwrap()
    }

    /// Why the views are not served.
    async fn refused(&self) -> String {
        match self.projection().ready(Need::Complete, PATIENCE).await {
            Err(NotReady::Integrity(damage)) => damage.problem.to_string(),
            Err(NotReady::Lagging { .. }) => panic!("the views are only behind"),
            Ok(_) => panic!("the views are served"),
        }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.projections.close().await;
    }
}

fn grown(records: u64) -> SampleLog {
    let mut log = SampleLog::new(LEDGER);
    log.grow_to(records);
    log
}

/// The digest of the first `records` sample records, folded without any reader.
fn folded(log: &SampleLog) -> StateDigest {
    use perennial_app::records::LedgerReader;
    let mut facts = Facts::default();
    let mut reader = LedgerReader::from_start(&log.log(), LEDGER).unwrap();
    loop {
        let records = reader.read(64 * 1024).unwrap();
        if records.is_empty() {
            return facts.digest(Position(log.records() - 1)).unwrap();
        }
        for record in records {
            let meta = perennial_views::RecordMeta {
                position: record.position,
                recorded_at: record.recorded_at,
                record_hash: *record.record_hash.as_bytes(),
            };
            let (maker, events) = record.submitted().unwrap();
            facts.apply_by(meta, &maker, &events).unwrap();
        }
    }
}

/// The reason that a status carries.
fn reason(status: &tonic::Status) -> String {
    use tonic_types::StatusExt as _;
    status
        .get_error_details()
        .error_info()
        .map(|info| info.reason.clone())
        .unwrap_or_default()
}
