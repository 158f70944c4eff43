//! Tests of the audit side over logs in memory.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may panic as tests do"
)]

mod damage;
mod status;

use std::sync::Arc;
use std::time::Duration;

use perennial_app::ports::ledgers::{LedgerLogs, ReadableLedger};
use perennial_app::ports::log::LogRead;
use perennial_auditd::follower::Checked;
use perennial_auditd::grpc::Handlers;
use perennial_auditd::ledgers::Ledgers;
use perennial_domain::ids::LedgerId;
use perennial_testkit::sample_log::SampleLog;
use perennial_transport::node::{Node, Part};
use perennial_wire::pb::admin::{GetStatusResponse, ServiceStatus};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const LEDGER: &str = "test-ledger";

/// Long enough for any machine; nothing waits that long unless it fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// The ledgers of a test.
struct Logs(watch::Sender<Arc<Vec<ReadableLedger>>>);

impl LedgerLogs for Logs {
    fn ledgers(&self) -> watch::Receiver<Arc<Vec<ReadableLedger>>> {
        self.0.subscribe()
    }
}

/// A running audit side of one ledger.
struct Audit {
    ledgers: Arc<Ledgers>,
    handlers: Handlers,
    stop: CancellationToken,
    _logs: Logs,
}

impl Audit {
    fn of(log: impl LogRead + 'static) -> Self {
        let ledger = ReadableLedger {
            ledger_id: LedgerId::parse(LEDGER).unwrap(),
            log: Arc::new(log),
        };
        let logs = Logs(watch::channel(Arc::new(vec![ledger])).0);
        let stop = CancellationToken::new();
        let ledgers = Ledgers::start(&logs, stop.clone());
        let handlers = Handlers::new(Arc::clone(&ledgers), stop.clone());
        Self {
            ledgers,
            handlers,
            stop,
            _logs: logs,
        }
    }

    /// Waits until what was checked is as wanted.
    async fn until(&self, wanted: impl Fn(&Checked) -> bool) {
        let ledger_id = LedgerId::parse(LEDGER).unwrap();
        let mut checked = self.ledgers.find(&ledger_id).unwrap().checked();
        let reached = tokio::time::timeout(PATIENCE, checked.wait_for(wanted)).await;
        assert!(reached.is_ok(), "{:?}", self.status());
    }

    fn status(&self) -> GetStatusResponse {
        let parts: Vec<Box<dyn Part>> = vec![Box::new(self.handlers.clone())];
        Node::start(parts).status()
    }

    /// What it tells of its one ledger.
    fn of_the_ledger(&self) -> ServiceStatus {
        let status = self.status();
        let [ledger] = status.ledgers.as_slice() else {
            panic!("{status:?}");
        };
        let [service] = ledger.services.as_slice() else {
            panic!("{status:?}");
        };
        service.clone()
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A log of `records` sample records.
fn grown(records: u64) -> SampleLog {
    let mut log = SampleLog::new(LEDGER);
    log.grow_to(records);
    log
}

/// The same with the last byte of the entry at `index` flipped.
fn damaged(records: u64, index: usize) -> SampleLog {
    let mut entries = grown(records).log().entries();
    *entries.get_mut(index).unwrap().0.last_mut().unwrap() ^= 1;
    SampleLog::holding(LEDGER, entries)
}
