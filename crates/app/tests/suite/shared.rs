//! A log that several nodes share: who leads, what is answered, and what settles an unknown outcome (INV-4, INV-11).

use std::sync::Arc;
use std::time::Duration;

use perennial_app::ledger::{Claimant, Ledger, WriterTask};
use perennial_app::ports::ids::Ids;
use perennial_app::ports::liveness::{Liveness, Pulse, PulseAnswer};
use perennial_app::ports::log::{Log, StoredEntry};
use perennial_app::seat::SeatOptions;
use perennial_app::seat::status::{Leader, Role, SeatStatus};
use perennial_app::submission::SubmitError;
use perennial_app::threads::Threads;
use perennial_app::writer::{WriterOptions, WriterPorts};
use perennial_domain::ids::LedgerId;
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::RecordedAt;
use perennial_proof::{Claim, Term};
use perennial_testkit::log::{Fault, MemoryLog};
use perennial_testkit::ports::{CountedIds, FixedClock};
use perennial_testkit::request_index::MemoryRequestIndex;
use perennial_testkit::snapshot_store::MemorySnapshotStore;

use tokio::sync::watch;

use crate::world::{NOW, ledger_id, new_ledger, pay, position, sign, submit};

/// No two nodes make the same nonce.
struct NodeIds(u8, CountedIds);

impl Ids for NodeIds {
    fn random(&self) -> [u8; 16] {
        let mut bytes = self.1.random();
        bytes[0] = self.0;
        bytes
    }
}

/// Says the same of every leader.
struct Every(Pulse);

impl Liveness for Every {
    fn pulse(&self, _ledger_id: &LedgerId, _leader: &Leader) -> PulseAnswer {
        Box::pin(std::future::ready(self.0))
    }
}

const ALIVE: Pulse = Pulse::Leads(Term(1));

fn ports(node: u8, log: &MemoryLog, (pulse, now): (Pulse, RecordedAt)) -> WriterPorts {
    WriterPorts {
        log: Arc::new(log.clone()),
        clock: Arc::new(FixedClock::at(now)),
        ids: Arc::new(NodeIds(node, CountedIds::default())),
        snapshots: Arc::new(MemorySnapshotStore::default()),
        requests: Arc::new(MemoryRequestIndex::default()),
        tasks: Arc::new(Threads),
        liveness: Arc::new(Every(pulse)),
    }
}

fn claimant(node: u8) -> Claimant {
    Claimant {
        node: format!("node-{node}"),
        address: format!("10.0.0.{node}:7410"),
    }
}

/// A node loses patience at once.
fn impatient() -> WriterOptions {
    WriterOptions {
        seat: SeatOptions {
            ping_interval: Duration::from_millis(1),
            silent_pings_max: 3,
            claim_wait_max: Duration::ZERO,
        },
        ..WriterOptions::default()
    }
}

async fn created(log: &MemoryLog) -> (Ledger, WriterTask) {
    let new = new_ledger(LedgerPolicy::default());
    let ports = ports(1, log, (ALIVE, NOW));
    let created = Ledger::create(new, &claimant(1), ports, impatient()).await;
    let (ledger, task, _) = created.unwrap();
    (ledger, task)
}

async fn opened(node: u8, log: &MemoryLog, of: (Pulse, RecordedAt)) -> (Ledger, WriterTask) {
    let ports = ports(node, log, of);
    let opened = Ledger::open(ledger_id(), None, &claimant(node), ports, impatient()).await;
    opened.unwrap()
}

async fn becomes(ledger: &Ledger, is_it: impl Fn(&SeatStatus) -> bool) -> SeatStatus {
    let mut status = ledger.status();
    status
        .wait_for(|status| is_it(status))
        .await
        .unwrap()
        .clone()
}

fn stranger(term: u64) -> StoredEntry {
    let claim = Claim {
        term: Term(term),
        node: "node-9".to_owned(),
        address: "10.0.0.9:7410".to_owned(),
        nonce: [9; 16],
    };
    let mut entry = Vec::new();
    perennial_proof::entry::encode_claim(&mut entry, &claim).unwrap();
    StoredEntry(entry)
}

#[tokio::test]
async fn who_creates_a_ledger_leads_it_and_answers_what_it_read_back() {
    let log = MemoryLog::shared();
    let (ledger, _task) = created(&log).await;
    let accepted = submit(&ledger, 1, vec![sign(1)]).await.unwrap();
    assert_eq!(position(&accepted), 1);
    let status = becomes(&ledger, |status| status.role == Role::Leading).await;
    let leader = status.leader.unwrap();
    assert_eq!((status.term, leader.node.as_str()), (Term(1), "node-1"));
    let again = submit(&ledger, 1, vec![sign(1)]).await.unwrap();
    assert_eq!((position(&again), again.replayed), (1, true));
    let refused = submit(&ledger, 2, vec![pay(1, 101)]).await;
    assert!(
        matches!(refused, Err(SubmitError::Refused { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn inv_4_an_unknown_outcome_is_settled_by_a_new_claim() {
    for (fault, is_written) in [
        (Fault::UnknownButWritten, true),
        (Fault::UnknownAndLost, false),
        (Fault::Reject, false),
    ] {
        let log = MemoryLog::shared();
        let (ledger, _task) = created(&log).await;
        log.fail_next(fault);
        let answer = submit(&ledger, 1, vec![sign(1)]).await;
        if is_written {
            assert_eq!(position(&answer.unwrap()), 1);
        } else {
            assert!(
                matches!(answer, Err(SubmitError::Unavailable { .. })),
                "{answer:?}"
            );
        }
        becomes(&ledger, |status| status.term == Term(2)).await;
        let again = submit(&ledger, 1, vec![sign(1)]).await.unwrap();
        assert_eq!((position(&again), again.replayed), (1, is_written));
    }
}

#[tokio::test]
async fn inv_11_a_deposed_leader_tells_nothing_as_accepted_that_was_acknowledged() {
    let log = MemoryLog::shared();
    let (ledger, _task) = created(&log).await;
    log.hold();
    let sent = ledger
        .enqueue(crate::world::prepared(1, vec![sign(1)]))
        .await
        .unwrap();
    // The record is on its way: nothing else comes between it and the claim.
    let probe = ledger.submit(crate::world::prepared(8, vec![sign(8)]), true);
    assert!(probe.await.is_ok());
    log.push(stranger(2));
    log.release();
    let answer = sent.answer().await;
    assert!(
        matches!(answer, Err(SubmitError::OutcomeUnknown { .. })),
        "{answer:?}"
    );
    let status = becomes(&ledger, |status| status.dead_records == 1).await;
    assert_eq!(status.term, Term(2));
    let next = submit(&ledger, 1, vec![sign(1)]).await;
    let Err(SubmitError::NotLeader { leader }) = next else {
        panic!("{next:?}");
    };
    assert_eq!(
        (leader.node.as_str(), leader.address.as_str()),
        ("node-9", "10.0.0.9:7410")
    );
}

#[tokio::test]
async fn a_follower_of_a_leader_that_answers_sends_clients_there() {
    let log = MemoryLog::shared();
    let (first, _task) = created(&log).await;
    let (second, _task) = opened(2, &log, (ALIVE, NOW)).await;
    submit(&first, 1, vec![sign(1)]).await.unwrap();
    let referred = submit(&second, 2, vec![sign(2)]).await;
    let expected = Leader {
        term: Term(1),
        node: "node-1".to_owned(),
        address: "10.0.0.1:7410".to_owned(),
    };
    assert_eq!(referred, Err(SubmitError::NotLeader { leader: expected }));
    // It reads what the leader writes.
    let mut head = second.head();
    let stands = |newest: &perennial_app::ledger::Head| newest.newest.unwrap().position.0 == 1;
    head.wait_for(stands).await.unwrap();
}

#[tokio::test]
async fn inv_5_a_follower_takes_over_from_a_silent_leader_and_knows_what_was_asked() {
    for silence in [Pulse::Silent, Pulse::Follows] {
        let log = MemoryLog::shared();
        let (first, _task) = created(&log).await;
        submit(&first, 1, vec![sign(1)]).await.unwrap();
        let (second, _task) = opened(2, &log, (silence, NOW)).await;
        becomes(&second, |status| status.role == Role::Leading).await;
        let again = submit(&second, 1, vec![sign(1)]).await.unwrap();
        assert_eq!((position(&again), again.replayed), (1, true));
        let next = submit(&second, 2, vec![pay(1, 10)]).await.unwrap();
        assert_eq!(position(&next), 2);
        let deposed = becomes(&first, |status| status.role == Role::Following).await;
        assert_eq!(deposed.leader.unwrap().node, "node-2");
    }
}

#[tokio::test]
async fn a_node_whose_clock_is_ten_seconds_behind_leads_and_a_moment_more_does_not() {
    for (behind_us, leads) in [(10_000_000, true), (10_000_001, false)] {
        let log = MemoryLog::shared();
        let (_first, _task) = created(&log).await;
        let clock = RecordedAt(NOW.0 - behind_us);
        let (second, _task) = opened(2, &log, (Pulse::Silent, clock)).await;
        let status = becomes(&second, |status| {
            status.role == Role::Leading || status.last_problem.is_some()
        });
        let status = status.await;
        assert_eq!(status.role == Role::Leading, leads, "{status:?}");
        if !leads {
            let problem = status.last_problem.unwrap();
            assert!(problem.contains("the clock is 10 s behind"), "{problem}");
        }
    }
}

/// Only the stranger is alive; counts how often it was asked.
struct StrangerLeads(watch::Sender<u32>);

impl Liveness for StrangerLeads {
    fn pulse(&self, _ledger_id: &LedgerId, leader: &Leader) -> PulseAnswer {
        let pulse = if leader.node == "node-9" {
            self.0.send_modify(|asked| *asked += 1);
            Pulse::Leads(leader.term)
        } else {
            Pulse::Silent
        };
        Box::pin(std::future::ready(pulse))
    }
}

#[tokio::test]
async fn who_won_its_term_by_a_claim_and_is_deposed_waits_for_the_new_leader_like_anybody() {
    let log = MemoryLog::shared();
    let (first, task) = created(&log).await;
    drop(first);
    task.ended().await.unwrap();
    let (asked, mut is_asked) = watch::channel(0);
    let ports = WriterPorts {
        liveness: Arc::new(StrangerLeads(asked)),
        ..ports(2, &log, (Pulse::Silent, NOW))
    };
    let opened = Ledger::open(ledger_id(), None, &claimant(2), ports, impatient()).await;
    let (ledger, _task) = opened.unwrap();
    becomes(&ledger, |status| status.role == Role::Leading).await;
    log.claim(stranger(3)).await.unwrap();
    // Without patience it claims term 4 at once, and asks nobody.
    tokio::select! {
        asked = is_asked.wait_for(|asked| 5 <= *asked) => drop(asked.unwrap()),
        status = becomes(&ledger, |status| Term(3) < status.term) => panic!("{status:?}"),
    }
    let status = ledger.status().borrow().clone();
    assert_eq!((status.role, status.term), (Role::Following, Term(3)));
}

#[tokio::test]
async fn entries_that_count_for_nobody_are_counted() {
    let log = MemoryLog::shared();
    let (ledger, _task) = created(&log).await;
    submit(&ledger, 1, vec![sign(1)]).await.unwrap();
    let repeated = log.entries().last().unwrap().clone();
    log.append_raw(vec![stranger(1), repeated, stranger(5)])
        .await
        .unwrap();
    let status = becomes(&ledger, |status| status.dead_claims == 2).await;
    assert_eq!((status.dead_records, status.dead_claims), (1, 2));
    assert_eq!(status.term, Term(1));
}
