//! The ledgers of one node: opened at start, created on demand, closed in order. Those on Kafka are also opened when
//! another node creates one: see the module `looking`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use perennial_app::ledger::{Claimant, Ledger, NewLedger, OpenError, WriterTask};
use perennial_app::ports::ledgers::{LedgerLogs, Reach, ReadableLedger};
use perennial_app::ports::liveness::{Alone, Liveness};
use perennial_app::recovery::{KnownPoint, RecoverError};
use perennial_app::submission::Place;
use perennial_app::threads::Threads;
use perennial_app::writer::{WriterPorts, WriterStopped};
use perennial_domain::ids::LedgerId;
use perennial_domain::log::Position;
use perennial_log_engine::{Engine, EngineError, EngineLog, Place as LogPlace};
use perennial_log_file::{DirectoryLock, LockError};
use perennial_log_kafka::KafkaCluster;
use perennial_views_sled::{FileSnapshotStore, SledRequestIndexStore, writer_cache_directory};
use tokio::sync::{Mutex, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::damage;
use crate::peers::Peers;
use crate::system::{SystemClock, SystemIds};
use crate::underway::Underway;

/// Why a data directory cannot be served at all.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process has it, or it cannot be had.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The place of the logs cannot be used.
    #[error("use the ledgers' logs")]
    Engine(#[source] EngineError),
    /// Its ledgers cannot be listed.
    #[error("list the ledgers of {}", directory.display())]
    List {
        /// The data directory.
        directory: PathBuf,
        /// Why.
        #[source]
        source: EngineError,
    },
    /// Other nodes would look for this one at an address that is none.
    #[error("this node listens on {address}, where no other node reaches it")]
    NoAddress {
        /// Where it listens.
        address: String,
    },
}

/// Why one ledger cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Its log does not open.
    #[error("open the log of ledger \"{ledger_id}\"")]
    Log {
        /// Which ledger.
        ledger_id: LedgerId,
        /// Why.
        #[source]
        source: EngineError,
    },
    /// Opening it broke off.
    #[error("open ledger \"{ledger_id}\": {problem}")]
    BrokenOff {
        /// Which ledger.
        ledger_id: LedgerId,
        /// What happened.
        problem: String,
    },
    /// It cannot be recovered, claimed or created.
    #[error(transparent)]
    Open(OpenError),
}

/// Whether a ledger is served.
#[derive(Clone)]
pub enum Slot {
    /// It is.
    Open(Ledger, EngineLog),
    /// It is not, and why.
    Refused(NotServed),
}

/// Why a ledger is not served.
#[derive(Clone, Debug)]
pub struct NotServed {
    /// In words.
    pub problem: Arc<str>,
    /// Its history is damaged or lost, until an operator looks at it; otherwise opening it again may work.
    pub damaged: bool,
    /// The first position that is damaged or lost, where that is known.
    pub first_bad_position: Option<Position>,
}

impl std::fmt::Display for NotServed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.problem)
    }
}

/// A writer that stopped by itself.
#[derive(Debug)]
pub struct Failure {
    /// Whose.
    pub ledger_id: LedgerId,
    /// Why.
    pub problem: String,
}

/// The ledgers of one node.
pub struct Ledgers {
    /// Holds the data directory, which on Kafka has caches only.
    _lock: DirectoryLock,
    engine: Engine,
    config: Config,
    claimant: Claimant,
    liveness: Arc<dyn Liveness>,
    slots: RwLock<BTreeMap<LedgerId, Slot>>,
    readable: watch::Sender<Arc<Vec<ReadableLedger>>>,
    reach: watch::Receiver<Reach>,
    /// One creation at a time: two of one id must not race for its log.
    creating: Mutex<()>,
    underway: Underway,
    failures: mpsc::Sender<Failure>,
    stop: CancellationToken,
}

impl Ledgers {
    /// Locks the data directory and opens every ledger: those in files before this returns, those on Kafka in the
    /// background, because brokers may be away. A ledger that does not open is kept as refused and the others are
    /// served. `address` is where this node listens.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(
        config: Config,
        address: &str,
    ) -> Result<(Arc<Self>, mpsc::Receiver<Failure>), StartError> {
        let address = match (&config.advertise, &config.place) {
            (Some(advertised), _) => advertised.clone(),
            (None, LogPlace::Kafka(_)) if is_unspecified(address) => {
                let address = address.to_owned();
                return Err(StartError::NoAddress { address });
            }
            (None, LogPlace::Kafka(_) | LogPlace::Files(_)) => address.to_owned(),
        };
        let holder = format!("process {} serving {address}", std::process::id());
        let lock = DirectoryLock::acquire(&config.data, &holder)?;
        let engine = match &config.place {
            LogPlace::Files(directory) if *directory == config.data => Engine::Files {
                lock: lock.clone(),
                options: config.log.clone(),
            },
            place @ (LogPlace::Files(_) | LogPlace::Kafka(_)) => {
                Engine::open(place, &holder, config.log.clone()).map_err(StartError::Engine)?
            }
        };
        let (failures, failed) = mpsc::channel(64);
        let claimant = Claimant {
            node: config.node.clone(),
            address,
        };
        let (listed, is_listed) = watch::channel(false);
        let (liveness, reach): (Arc<dyn Liveness>, _) = match &engine {
            Engine::Files { .. } => (Arc::new(Alone), watch::channel(Reach::Reached).1),
            Engine::Kafka(cluster) => (
                Arc::new(Peers::new(tokio::runtime::Handle::current())),
                perennial_log_kafka::follow_reach(cluster.connection(), is_listed),
            ),
        };
        let ledgers = Arc::new(Self {
            _lock: lock,
            engine,
            config,
            claimant,
            liveness,
            slots: RwLock::new(BTreeMap::new()),
            readable: watch::channel(Arc::new(Vec::new())).0,
            reach,
            creating: Mutex::new(()),
            underway: Underway::default(),
            failures,
            stop: CancellationToken::new(),
        });
        match ledgers.cluster() {
            None => {
                for ledger_id in ledgers.list()? {
                    ledgers.open(ledger_id).await;
                }
            }
            Some(cluster) => {
                let cluster = Arc::clone(cluster);
                tokio::spawn(Arc::clone(&ledgers).look(cluster, listed));
            }
        }
        Ok((ledgers, failed))
    }

    /// The cluster that other nodes use too; none where this process alone has the logs.
    pub(crate) fn cluster(&self) -> Option<&Arc<KafkaCluster>> {
        match &self.engine {
            Engine::Files { .. } => None,
            Engine::Kafka(cluster) => Some(cluster),
        }
    }

    /// The directory for what this node computes from these logs and can build again.
    pub fn caches(&self) -> PathBuf {
        self.engine.caches(&self.config.data)
    }

    /// Whether other nodes may lead these ledgers.
    pub fn is_shared(&self) -> bool {
        self.cluster().is_some()
    }

    /// Says that the node stops, to what runs in the background.
    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    fn list(&self) -> Result<Vec<LedgerId>, StartError> {
        let names = self.engine.ledgers().map_err(|source| StartError::List {
            directory: self.config.data.clone(),
            source,
        })?;
        let mut ids = Vec::with_capacity(names.len());
        for name in names {
            match LedgerId::parse(&name) {
                Ok(ledger_id) => ids.push(ledger_id),
                Err(error) => tracing::warn!(%error, "a folder beside the ledgers is none"),
            }
        }
        Ok(ids)
    }

    /// Opens a ledger that is not open, unless that is being done already. A topic without a first record is none yet.
    pub(crate) async fn open(self: &Arc<Self>, ledger_id: LedgerId) {
        let Some(_begun) = self.underway.begin(&ledger_id) else {
            return;
        };
        match self.try_open(&ledger_id).await {
            Ok((ledger, log, task)) => self.install(ledger, log, task),
            Err(LedgerError::Open(OpenError::Recover {
                source: RecoverError::NotCreated,
                ..
            })) if self.cluster().is_some() => {
                tracing::debug!(ledger = %ledger_id, "the ledger has no first record yet");
            }
            Err(error) => self.refuse(ledger_id, &error).await,
        }
    }

    async fn refuse(&self, ledger_id: LedgerId, error: &LedgerError) {
        let problem = perennial_observe::error_chain(error).to_string();
        let known = match self.slot(&ledger_id) {
            Some(Slot::Refused(refused)) => Some(refused.problem),
            Some(Slot::Open(..)) | None => None,
        };
        if known.as_deref() != Some(problem.as_str()) {
            tracing::error!(ledger = %ledger_id, problem, "the ledger is not served");
        }
        let first_bad_position = self.first_bad_position(&ledger_id, error).await;
        // A broker that has just begun to lead may not know yet how far a topic reaches: what is missing at its end is
        // lost if it is missing twice.
        let may_come = self.is_shared() && damage::is_short(error);
        let refused = NotServed {
            damaged: damage::is_damage(error) && (!may_come || known.as_deref() == Some(&*problem)),
            problem: problem.into(),
            first_bad_position,
        };
        self.put(ledger_id, Slot::Refused(refused));
    }

    /// Reads a damaged log once more, to say where the damage begins.
    async fn first_bad_position(
        &self,
        ledger_id: &LedgerId,
        error: &LedgerError,
    ) -> Option<Position> {
        if !damage::is_damage(error) {
            return None;
        }
        let stated = damage::stated_position(error);
        let LogPlace::Files(data) = &self.config.place else {
            return stated;
        };
        let (data, id) = (data.clone(), ledger_id.to_string());
        let found = tokio::task::spawn_blocking(move || damage::first_bad_position(&data, &id));
        let found = found.await.unwrap_or_else(|join| {
            tracing::warn!(ledger = %ledger_id, %join, "the damage was not looked for");
            None
        });
        found.or(stated)
    }

    async fn try_open(
        &self,
        ledger_id: &LedgerId,
    ) -> Result<(Ledger, EngineLog, WriterTask), LedgerError> {
        let log = self.open_log(ledger_id, false).await?;
        let known = log.marker().map(|marker| KnownPoint {
            position: Position(marker.position.0),
            record_hash: marker.record_hash,
        });
        let (id, options) = (ledger_id.clone(), self.config.writer);
        let ports = self.ports(ledger_id, &log);
        let (ledger, task) = Ledger::open(id, known, &self.claimant, ports, options)
            .await
            .map_err(LedgerError::Open)?;
        Ok((ledger, log, task))
    }

    async fn open_log(&self, ledger_id: &LedgerId, create: bool) -> Result<EngineLog, LedgerError> {
        let (engine, id) = (self.engine.clone(), ledger_id.to_string());
        let opened = tokio::task::spawn_blocking(move || {
            if create {
                engine.create_log(&id)
            } else {
                engine.open_log(&id)
            }
        });
        match opened.await {
            Ok(Ok(log)) => Ok(log),
            Ok(Err(source)) => Err(LedgerError::Log {
                ledger_id: ledger_id.clone(),
                source,
            }),
            Err(join) => Err(LedgerError::BrokenOff {
                ledger_id: ledger_id.clone(),
                problem: join.to_string(),
            }),
        }
    }

    /// Creates a ledger, or finds the one that an interrupted creation left without its first record.
    ///
    /// # Errors
    /// [`LedgerError`]; [`OpenError::Exists`] inside if it exists.
    pub async fn create(self: &Arc<Self>, new: NewLedger) -> Result<Place, LedgerError> {
        let _one_at_a_time = self.creating.lock().await;
        let ledger_id = new.ledger_id.clone();
        let exists = |ledger_id| LedgerError::Open(OpenError::Exists { ledger_id });
        if matches!(self.slot(&ledger_id), Some(Slot::Open(..))) {
            return Err(exists(ledger_id));
        }
        let Some(begun) = self.underway.begin(&ledger_id) else {
            let problem = "it is being opened".to_owned();
            return Err(LedgerError::BrokenOff { ledger_id, problem });
        };
        let log = match self.open_log(&ledger_id, true).await {
            Err(LedgerError::Log { source, .. }) if source.is_existing() => {
                self.open_log(&ledger_id, false).await?
            }
            other => other?,
        };
        let ports = self.ports(&ledger_id, &log);
        match Ledger::create(new, &self.claimant, ports, self.config.writer).await {
            Ok((ledger, task, place)) => {
                self.install(ledger, log, task);
                Ok(place)
            }
            Err(error @ OpenError::Exists { .. }) => {
                // Another node made it, and this one has not opened it yet.
                drop((begun, log));
                self.open(ledger_id).await;
                Err(LedgerError::Open(error))
            }
            Err(error) => Err(LedgerError::Open(error)),
        }
    }

    /// What a ledger's writer needs: its log, and its two caches in this node's directory.
    fn ports(&self, ledger_id: &LedgerId, log: &EngineLog) -> WriterPorts {
        let caches = writer_cache_directory(&self.caches(), ledger_id);
        WriterPorts {
            log: log.log(),
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            snapshots: Arc::new(FileSnapshotStore::new(&caches)),
            requests: Arc::new(SledRequestIndexStore::new(&caches)),
            tasks: Arc::new(Threads),
            liveness: Arc::clone(&self.liveness),
        }
    }

    fn install(self: &Arc<Self>, ledger: Ledger, log: EngineLog, task: WriterTask) {
        let ledger_id = ledger.ledger_id().clone();
        let (ledgers, id) = (Arc::downgrade(self), ledger_id.clone());
        let failures = self.failures.clone();
        tokio::spawn(async move {
            let Err(stopped) = task.ended().await else {
                return;
            };
            match ledgers.upgrade() {
                // Other ledgers of a shared log are none the worse for it.
                Some(ledgers) if ledgers.cluster().is_some() => {
                    ledgers.writer_stopped(id, &stopped);
                }
                Some(_) | None => {
                    let problem = perennial_observe::error_chain(&stopped).to_string();
                    let failure = Failure {
                        ledger_id: id,
                        problem,
                    };
                    if failures.send(failure).await.is_err() {
                        tracing::debug!("the service stopped before the writer");
                    }
                }
            }
        });
        self.put(ledger_id, Slot::Open(ledger, log));
    }

    /// Serves a ledger on Kafka no more: nothing is answered as new until it is opened again.
    fn writer_stopped(&self, ledger_id: LedgerId, stopped: &WriterStopped) {
        let problem = perennial_observe::error_chain(stopped).to_string();
        tracing::error!(ledger = %ledger_id, problem, "the ledger is not served any more");
        let (damaged, first_bad_position) = damage::of_writer(stopped);
        let refused = NotServed {
            problem: problem.into(),
            damaged,
            first_bad_position,
        };
        self.put(ledger_id, Slot::Refused(refused));
    }

    fn put(&self, ledger_id: LedgerId, slot: Slot) {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        if self.stop.is_cancelled() {
            // What was being opened when the node stopped is closed by being dropped.
            return;
        }
        slots.insert(ledger_id, slot);
        let readable = slots.iter().filter_map(|(ledger_id, slot)| match slot {
            Slot::Open(ledger, _) => Some(ReadableLedger {
                ledger_id: ledger_id.clone(),
                log: ledger.log(),
            }),
            Slot::Refused(_) => None,
        });
        self.readable.send_replace(Arc::new(readable.collect()));
    }

    /// Finds a ledger.
    pub fn slot(&self, ledger_id: &LedgerId) -> Option<Slot> {
        self.slots
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(ledger_id)
            .cloned()
    }

    /// All ledgers, ascending by id.
    pub fn all(&self) -> Vec<(LedgerId, Slot)> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots
            .iter()
            .map(|(ledger_id, slot)| (ledger_id.clone(), slot.clone()))
            .collect()
    }

    /// Where clients reach this node.
    pub fn address(&self) -> &str {
        &self.claimant.address
    }

    /// The limits in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Lets every writer answer what it has, then leaves a head marker beside each log.
    pub async fn close(&self) {
        self.stop.cancel();
        let slots =
            std::mem::take(&mut *self.slots.write().unwrap_or_else(PoisonError::into_inner));
        self.readable.send_replace(Arc::new(Vec::new()));
        for (ledger_id, slot) in slots {
            let Slot::Open(ledger, log) = slot else {
                continue;
            };
            let mut head = ledger.head();
            drop(ledger);
            // The sender goes with the writer: an error here means that it has ended.
            while head.changed().await.is_ok() {}
            if let Some(place) = head.borrow().newest {
                log.set_head(
                    perennial_proof::Position(place.position.0),
                    place.record_hash,
                );
            }
            let closed = tokio::task::spawn_blocking(move || log.close()).await;
            if let Ok(Err(error)) = closed {
                let problem = perennial_observe::error_chain(&error).to_string();
                tracing::error!(ledger = %ledger_id, problem, "the log was not closed in order");
            }
        }
    }
}

impl LedgerLogs for Ledgers {
    fn ledgers(&self) -> watch::Receiver<Arc<Vec<ReadableLedger>>> {
        self.readable.subscribe()
    }

    fn reach(&self) -> watch::Receiver<Reach> {
        self.reach.clone()
    }
}

/// Whether an address stands for every interface, so that it names no machine.
fn is_unspecified(address: &str) -> bool {
    let parsed = address.parse::<std::net::SocketAddr>();
    parsed.is_ok_and(|address| address.ip().is_unspecified())
}
