use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use perennial_app::ports::log::{LogOffset, LogRead, LogTail, ReadError, TailEntry};
use perennial_auditd::follower::Problem;
use perennial_testkit::log::MemoryLog;
use perennial_wire::pb::admin::Role;
use perennial_wire::pb::audit::ReadEventsRequest;
use perennial_wire::pb::audit::audit_service_server::AuditService as _;
use tokio::sync::watch;
use tonic::Request;

use crate::{Audit, LEDGER, damaged, grown};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_verified_is_told_with_the_version_and_the_time_it_has_run() {
    let audit = Audit::of(grown(10).log());
    audit
        .until(|checked| checked.head.is_some_and(|head| head.position.0 == 9))
        .await;
    let status = audit.status();
    assert_eq!(status.services, ["auditd"]);
    assert_eq!(status.version, env!("CARGO_PKG_VERSION"));
    assert!(status.started_at.is_some() && status.uptime.is_some());
    let ledger = &status.ledgers[0];
    assert_eq!(ledger.ledger_id, LEDGER);
    assert_eq!(ledger.role(), Role::Follower);
    assert_eq!((ledger.head_position, ledger.position), (Some(9), Some(9)));
    assert_eq!(ledger.problem, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn checking_that_broke_off_says_why_and_at_which_position() {
    // The first entry is the claim, so the entry at index 8 holds position 7.
    let audit = Audit::of(damaged(10, 8).log());
    audit.until(|checked| checked.problem.is_some()).await;
    let told = audit.of_the_ledger();
    assert_eq!(told.role(), Role::Stopped);
    assert_eq!(told.problem_reason, "INTEGRITY_FAILURE");
    assert_eq!(told.first_bad_position, Some(7));
    assert!(told.problem.contains("damaged record"), "{told:?}");
    let ledger = &audit.status().ledgers[0];
    assert_eq!(ledger.role(), Role::Stopped);
    assert!(ledger.problem.starts_with("auditd: "), "{ledger:?}");
}

/// A log that can be taken away for a while.
#[derive(Clone)]
struct Fragile {
    log: MemoryLog,
    away: Arc<AtomicBool>,
}

struct FragileTail {
    tail: Box<dyn LogTail>,
    away: Arc<AtomicBool>,
}

impl LogRead for Fragile {
    fn tail(&self, from: LogOffset) -> Result<Box<dyn LogTail>, ReadError> {
        let (tail, away) = (self.log.tail(from)?, Arc::clone(&self.away));
        Ok(Box::new(FragileTail { tail, away }))
    }

    fn durable_end(&self) -> watch::Receiver<LogOffset> {
        self.log.durable_end()
    }
}

impl LogTail for FragileTail {
    fn read(&mut self, bytes_max: usize) -> Result<Vec<TailEntry>, ReadError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(ReadError::Unavailable {
                offset: LogOffset(0),
                source: "the log is away".into(),
            });
        }
        self.tail.read(bytes_max)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_away_for_a_while_is_told_and_checked_on_afterwards() {
    let away = Arc::new(AtomicBool::new(true));
    let audit = Audit::of(Fragile {
        log: grown(10).log(),
        away: Arc::clone(&away),
    });
    audit
        .until(|checked| matches!(checked.problem, Some(Problem::Passing(_))))
        .await;
    let told = audit.of_the_ledger();
    assert_eq!(told.role(), Role::Follower);
    assert_eq!(told.problem_reason, "LOG_UNAVAILABLE");
    assert_eq!(told.first_bad_position, None);
    away.store(false, Ordering::Relaxed);
    audit
        .until(|checked| checked.problem.is_none() && checked.head.is_some())
        .await;
    assert_eq!(audit.of_the_ledger().position, Some(9));
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_count_while_they_are_open() {
    let audit = Audit::of(grown(10).log());
    let request = ReadEventsRequest {
        ledger_id: LEDGER.to_owned(),
        follow: true,
        ..ReadEventsRequest::default()
    };
    let stream = audit.handlers.read_events(Request::new(request)).await;
    assert_eq!(audit.status().subscribers, 1);
    drop(stream);
    let closed = async {
        while audit.status().subscribers != 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::PATIENCE, closed).await.unwrap();
}
