//! The nodes of a run: the real writer, seat and recovery over the simulated log, with caches that outlive a kill.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use perennial_app::ledger::{Claimant, Ledger, NewLedger, OpenError, WriterTask};
use perennial_app::ports::clock::Clock;
use perennial_app::ports::ids::Ids;
use perennial_app::ports::liveness::{Liveness, Pulse, PulseAnswer};
use perennial_app::ports::log::ReadError;
use perennial_app::records::LedgerReadError;
use perennial_app::recovery::RecoverError;
use perennial_app::seat::SeatOptions;
use perennial_app::seat::status::{Leader, Role, SeatStatus};
use perennial_app::submission::Place;
use perennial_app::writer::{WriterOptions, WriterPorts, WriterStopped};
use perennial_domain::ids::LedgerId;
use perennial_domain::log::RecordedAt;
use tokio::sync::watch;

use super::broker::{Broker, MESSAGE_TIMEOUT, SimLog};
use super::executor::{Clockwork, Executor, MS, Moment, OUTSIDE, SimTasks};
use crate::random::Random;
use crate::request_index::MemoryRequestIndex;
use crate::snapshot_store::MemorySnapshotStore;

/// 2026-06-01T00:00:00Z, when every run begins.
const BEGINS_AT: i64 = 1_780_272_000_000_000;

/// What a node keeps over a kill, and what runs of it.
struct Node {
    snapshots: MemorySnapshotStore,
    index: MemoryRequestIndex,
    /// How far its clock is wrong, in microseconds.
    skew: Arc<AtomicI64>,
    ledger: Option<Ledger>,
    status: Option<watch::Receiver<SeatStatus>>,
    /// Counts its starts; another number is another process.
    incarnation: u64,
    is_up: bool,
    unreachable_until: Moment,
}

/// What was seen of a node, to be compared with the log when the run is over.
#[derive(Default)]
pub(super) struct Seen {
    /// Records that a node told as accepted, with its number.
    pub(super) heads: Vec<(usize, Place)>,
    /// What must never happen, in words.
    pub(super) violations: Vec<String>,
}

/// Every node, and what lies between them. Clones are the same.
#[derive(Clone)]
pub(super) struct Cluster {
    pub(super) clockwork: Clockwork,
    pub(super) broker: Broker,
    pub(super) ledger_id: LedgerId,
    options: WriterOptions,
    nodes: Arc<Mutex<Vec<Node>>>,
    seen: Arc<Mutex<Seen>>,
}

impl Cluster {
    pub(super) fn new(clockwork: Clockwork, ledger_id: LedgerId, random: &mut Random) -> Self {
        let count = usize::try_from(random.between(2, 5)).unwrap_or(2);
        let node = |_| Node {
            snapshots: MemorySnapshotStore::default(),
            index: MemoryRequestIndex::default(),
            skew: Arc::new(AtomicI64::new(0)),
            ledger: None,
            status: None,
            incarnation: 0,
            is_up: false,
            unreachable_until: 0,
        };
        Self {
            broker: Broker::new(clockwork.clone(), count),
            clockwork,
            ledger_id,
            options: options(random),
            nodes: Arc::new(Mutex::new((0..count).map(node).collect())),
            seen: Arc::default(),
        }
    }

    fn nodes(&self) -> MutexGuard<'_, Vec<Node>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count(&self) -> usize {
        self.nodes().len()
    }

    /// How long a caller waits for an answer at most.
    pub(super) fn answer_wait_max(&self) -> Moment {
        u64::try_from(self.options.answer_wait_max.as_micros()).unwrap_or(u64::MAX)
    }

    /// The ledger on a node, and which start of the node it belongs to.
    pub(super) fn ledger(&self, node: usize) -> Option<(Ledger, u64)> {
        let nodes = self.nodes();
        let node = nodes.get(node)?;
        Some((node.ledger.clone()?, node.incarnation))
    }

    /// Whether a start of a node was not killed since.
    pub(super) fn lives(&self, node: usize, incarnation: u64) -> bool {
        let nodes = self.nodes();
        let node = nodes.get(node);
        node.is_some_and(|node| node.is_up && node.incarnation == incarnation)
    }

    pub(super) fn skew(&self, node: usize, micros: i64) {
        if let Some(node) = self.nodes().get(node) {
            node.skew.store(micros, Ordering::SeqCst);
        }
    }

    pub(super) fn unreachable(&self, node: usize, until: Moment) {
        if let Some(node) = self.nodes().get_mut(node) {
            node.unreachable_until = until;
        }
    }

    fn ports(&self, node: usize) -> Option<WriterPorts> {
        let nodes = self.nodes();
        let state = nodes.get(node)?;
        let clockwork = self.clockwork.clone();
        let seed = clockwork.between(0, u64::MAX - 1);
        Some(WriterPorts {
            log: Arc::new(SimLog::new(self.broker.clone(), node)),
            clock: Arc::new(SimClock {
                clockwork: clockwork.clone(),
                skew: Arc::clone(&state.skew),
            }),
            ids: Arc::new(SimIds(Mutex::new(Random::seeded(seed)))),
            snapshots: Arc::new(state.snapshots.clone()),
            requests: Arc::new(state.index.clone()),
            tasks: Arc::new(SimTasks { clockwork, node }),
            liveness: Arc::new(SimLiveness(self.clone())),
        })
    }

    /// Starts a node that is down; the first one ever creates the ledger.
    pub(super) fn start(&self, number: usize, new: Option<NewLedger>) {
        let incarnation = {
            let mut nodes = self.nodes();
            let Some(node) = nodes.get_mut(number).filter(|node| !node.is_up) else {
                return;
            };
            node.is_up = true;
            node.incarnation = node.incarnation.saturating_add(1);
            node.incarnation
        };
        let cluster = self.clone();
        let life = async move {
            cluster.live(number, incarnation, new).await;
            if let Some(node) = cluster.nodes().get_mut(number) {
                node.is_up = false;
            }
        };
        self.clockwork.spawn(number, Box::pin(life));
    }

    async fn live(&self, number: usize, incarnation: u64, mut new: Option<NewLedger>) {
        loop {
            let Some(ports) = self.ports(number) else {
                return;
            };
            let opened = match new.clone() {
                Some(new) => self.create(number, new, ports).await,
                None => self.open(number, ports).await,
            };
            match opened {
                Ok((ledger, task)) => {
                    new = None;
                    self.install(number, ledger);
                    match task.ended().await {
                        Ok(()) => return self.uninstall(number),
                        Err(stopped) => self.stopped(number, &stopped),
                    }
                    self.uninstall(number);
                }
                Err(error) => self.unopened(number, &error),
            }
            self.clockwork.sleep(Duration::from_millis(100)).await;
            if !self.lives(number, incarnation) {
                return;
            }
        }
    }

    async fn create(
        &self,
        number: usize,
        new: NewLedger,
        ports: WriterPorts,
    ) -> Result<(Ledger, WriterTask), OpenError> {
        let created = Ledger::create(new, &claimant(number), ports, self.options).await;
        created.map(|(ledger, task, _)| (ledger, task))
    }

    async fn open(
        &self,
        number: usize,
        ports: WriterPorts,
    ) -> Result<(Ledger, WriterTask), OpenError> {
        let id = self.ledger_id.clone();
        Ledger::open(id, None, &claimant(number), ports, self.options).await
    }

    fn install(&self, number: usize, ledger: Ledger) {
        let (mut head, cluster) = (ledger.head(), self.clone());
        let watching = async move {
            loop {
                let newest = head.borrow_and_update().newest;
                if let Some(place) = newest {
                    cluster.seen().heads.push((number, place));
                }
                if head.changed().await.is_err() {
                    return;
                }
            }
        };
        self.clockwork.spawn(OUTSIDE, Box::pin(watching));
        if let Some(node) = self.nodes().get_mut(number) {
            node.status = Some(ledger.status());
            node.ledger = Some(ledger);
        }
    }

    fn uninstall(&self, number: usize) {
        let gone = self
            .nodes()
            .get_mut(number)
            .map(|node| (node.ledger.take(), node.status.take()));
        drop(gone);
    }

    /// A node may give up because it cannot read, and for nothing else.
    fn stopped(&self, number: usize, stopped: &WriterStopped) {
        let may = match stopped {
            WriterStopped::Recover(error) => is_passing(error),
            WriterStopped::OutcomeUnknown { .. } | WriterStopped::RequestsUnindexed => false,
        };
        if !may {
            let problem = format!("node {number} stopped by itself: {stopped:?}");
            self.seen().violations.push(problem);
        }
    }

    fn unopened(&self, number: usize, error: &OpenError) {
        let may = match error {
            OpenError::Recover { source, .. } => {
                is_passing(source) || matches!(source, RecoverError::NotCreated)
            }
            OpenError::Append { .. } => true,
            OpenError::Exists { .. } | OpenError::ClockBehind { .. } => false,
        };
        if !may {
            let problem = format!("node {number} does not open: {error:?}");
            self.seen().violations.push(problem);
        }
    }

    /// Ends a node without a word.
    pub(super) fn kill(&self, executor: &mut Executor, number: usize) {
        if let Some(node) = self.nodes().get_mut(number) {
            node.is_up = false;
        }
        executor.kill(number);
        self.uninstall(number);
    }

    /// Asks a node to stop in order: it answers what it has.
    pub(super) fn stop(&self, number: usize) {
        self.uninstall(number);
    }

    pub(super) fn heal(&self) {
        self.broker.heal();
        for node in &mut *self.nodes() {
            node.unreachable_until = 0;
            node.skew.store(0, Ordering::SeqCst);
        }
    }

    /// What each node that is up says of itself.
    pub(super) fn statuses(&self) -> Vec<(usize, SeatStatus, Option<Place>)> {
        let nodes = self.nodes();
        let told = nodes.iter().enumerate().filter_map(|(number, node)| {
            let ledger = node.ledger.as_ref()?;
            let newest = ledger.head().borrow().newest;
            Some((number, ledger.status().borrow().clone(), newest))
        });
        told.collect()
    }

    fn pulse(&self, number: usize) -> Option<Pulse> {
        let nodes = self.nodes();
        let node = nodes.get(number)?;
        if self.clockwork.now() < node.unreachable_until {
            return None;
        }
        let status = node.status.as_ref()?.borrow();
        Some(match status.role {
            Role::Leading => Pulse::Leads(status.term),
            Role::Following | Role::Campaigning => Pulse::Follows,
        })
    }
}

fn is_passing(error: &RecoverError) -> bool {
    matches!(
        error,
        RecoverError::Read(LedgerReadError::Log(ReadError::Unavailable { .. }))
    )
}

fn claimant(number: usize) -> Claimant {
    Claimant {
        node: name(number),
        address: format!("10.0.0.{number}:7410"),
    }
}

/// The name of a node.
pub(super) fn name(number: usize) -> String {
    format!("node-{number}")
}

/// The number of a node.
pub(super) fn number(name: &str) -> Option<usize> {
    name.strip_prefix("node-")?.parse().ok()
}

fn options(random: &mut Random) -> WriterOptions {
    let mut size = |first, last| usize::try_from(random.between(first, last)).unwrap_or(1);
    WriterOptions {
        queue_submissions_max: size(2, 16),
        batch_records_max: size(1, 5),
        recent_requests_max: size(2, 40),
        unaccepted_records_max: size(2, 8),
        snapshot_every_records: random.between(5, 40),
        append_wait_max: Duration::from_micros(MESSAGE_TIMEOUT + 500 * MS),
        answer_wait_max: Duration::from_millis(random.between(300, 2_500)),
        seat: SeatOptions {
            ping_interval: Duration::from_millis(random.between(50, 150)),
            silent_pings_max: 3,
            claim_wait_max: Duration::from_millis(random.between(0, 200)),
        },
        ..WriterOptions::default()
    }
}

struct SimClock {
    clockwork: Clockwork,
    skew: Arc<AtomicI64>,
}

impl Clock for SimClock {
    fn now(&self) -> RecordedAt {
        let passed = i64::try_from(self.clockwork.now()).unwrap_or(i64::MAX);
        let skew = self.skew.load(Ordering::SeqCst);
        RecordedAt(BEGINS_AT.saturating_add(passed).saturating_add(skew))
    }
}

struct SimIds(Mutex<Random>);

impl Ids for SimIds {
    fn random(&self) -> [u8; 16] {
        let mut random = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (high, low) = (u128::from(random.next_u64()), random.next_u64());
        ((high << 64) | u128::from(low)).to_le_bytes()
    }
}

struct SimLiveness(Cluster);

impl Liveness for SimLiveness {
    fn pulse(&self, _ledger_id: &LedgerId, leader: &Leader) -> PulseAnswer {
        let (cluster, asked) = (self.0.clone(), number(&leader.node));
        Box::pin(async move {
            let way = Duration::from_micros(cluster.clockwork.between(100, 5 * MS));
            cluster.clockwork.sleep(way).await;
            let pulse = asked.and_then(|number| cluster.pulse(number));
            let Some(pulse) = pulse else {
                return std::future::pending().await;
            };
            cluster.clockwork.sleep(way).await;
            pulse
        })
    }
}
