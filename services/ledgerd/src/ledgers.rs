//! The ledgers of one data directory: opened at start, created on demand, closed in order.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use perennial_app::ledger::{Claimant, Ledger, NewLedger, OpenError, WriterTask};
use perennial_app::ports::ledgers::{LedgerLogs, ReadableLedger};
use perennial_app::ports::liveness::Alone;
use perennial_app::recovery::KnownPoint;
use perennial_app::submission::Place;
use perennial_app::threads::Threads;
use perennial_app::writer::WriterPorts;
use perennial_domain::ids::LedgerId;
use perennial_domain::log::Position;
use perennial_log_file::{DirectoryLock, FileLog, LockError};
use perennial_views_sled::{FileSnapshotStore, SledRequestIndexStore, writer_cache_directory};
use tokio::sync::{Mutex, mpsc, watch};

use crate::config::Config;
use crate::damage;
use crate::system::{SystemClock, SystemIds};

/// Why a data directory cannot be served at all.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process has it, or it cannot be had.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Its ledgers cannot be listed.
    #[error("list the ledgers of {}", directory.display())]
    List {
        /// The data directory.
        directory: std::path::PathBuf,
        /// Why.
        #[source]
        source: perennial_log_file::OpenError,
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
        source: perennial_log_file::OpenError,
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
    Open(Ledger, Arc<FileLog>),
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

/// The ledgers of one data directory.
pub struct Ledgers {
    lock: DirectoryLock,
    config: Config,
    claimant: Claimant,
    slots: RwLock<BTreeMap<LedgerId, Slot>>,
    readable: watch::Sender<Arc<Vec<ReadableLedger>>>,
    /// One creation at a time: two of one id must not race for its directory.
    creating: Mutex<()>,
    failures: mpsc::Sender<Failure>,
}

impl Ledgers {
    /// Locks the data directory and opens every ledger in it. A ledger that does not open is kept as refused
    /// and the others are served. `address` is where clients reach this node.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(
        config: Config,
        address: &str,
    ) -> Result<(Arc<Self>, mpsc::Receiver<Failure>), StartError> {
        let holder = format!("process {} serving {address}", std::process::id());
        let lock = DirectoryLock::acquire(&config.data, &holder)?;
        let ids = list(&config.data)?;
        let (failures, failed) = mpsc::channel(64);
        let claimant = Claimant {
            node: config.node.clone(),
            address: address.to_owned(),
        };
        let (readable, _) = watch::channel(Arc::new(Vec::new()));
        let slots = RwLock::new(BTreeMap::new());
        let creating = Mutex::new(());
        let ledgers = Arc::new(Self {
            lock,
            config,
            claimant,
            slots,
            readable,
            creating,
            failures,
        });
        for ledger_id in ids {
            ledgers.open(ledger_id).await;
        }
        Ok((ledgers, failed))
    }

    async fn open(&self, ledger_id: LedgerId) {
        match self.try_open(&ledger_id).await {
            Ok((ledger, log, task)) => self.install(ledger, log, task),
            Err(error) => {
                let problem = perennial_observe::error_chain(&error).to_string();
                tracing::error!(ledger = %ledger_id, problem, "the ledger is not served");
                let first_bad_position = self.first_bad_position(&ledger_id, &error).await;
                let refused = NotServed {
                    problem: problem.into(),
                    damaged: damage::is_damage(&error),
                    first_bad_position,
                };
                self.put(ledger_id, Slot::Refused(refused));
            }
        }
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
        let (data, id) = (self.config.data.clone(), ledger_id.to_string());
        let found = tokio::task::spawn_blocking(move || damage::first_bad_position(&data, &id));
        let found = found.await.unwrap_or_else(|join| {
            tracing::warn!(ledger = %ledger_id, %join, "the damage was not looked for");
            None
        });
        found.or_else(|| damage::stated_position(error))
    }

    async fn try_open(
        &self,
        ledger_id: &LedgerId,
    ) -> Result<(Ledger, Arc<FileLog>, WriterTask), LedgerError> {
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

    async fn open_log(
        &self,
        ledger_id: &LedgerId,
        create: bool,
    ) -> Result<Arc<FileLog>, LedgerError> {
        let (lock, id, options) = (
            self.lock.clone(),
            ledger_id.to_string(),
            self.config.log.clone(),
        );
        let opened = tokio::task::spawn_blocking(move || {
            if create {
                FileLog::create(&lock, &id, options)
            } else {
                FileLog::open(&lock, &id, options)
            }
        });
        match opened.await {
            Ok(Ok(log)) => Ok(Arc::new(log)),
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
    pub async fn create(&self, new: NewLedger) -> Result<Place, LedgerError> {
        let _one_at_a_time = self.creating.lock().await;
        let ledger_id = new.ledger_id.clone();
        if matches!(self.slot(&ledger_id), Some(Slot::Open(..))) {
            return Err(LedgerError::Open(OpenError::Exists { ledger_id }));
        }
        let log = match self.open_log(&ledger_id, true).await {
            Err(LedgerError::Log {
                source: perennial_log_file::OpenError::Exists { .. },
                ..
            }) => self.open_log(&ledger_id, false).await?,
            other => other?,
        };
        let ports = self.ports(&ledger_id, &log);
        let created = Ledger::create(new, &self.claimant, ports, self.config.writer).await;
        let (ledger, task, place) = created.map_err(LedgerError::Open)?;
        self.install(ledger, log, task);
        Ok(place)
    }

    /// What a ledger's writer needs: its log, and its two caches beside it.
    fn ports(&self, ledger_id: &LedgerId, log: &Arc<FileLog>) -> WriterPorts {
        let caches = writer_cache_directory(&self.config.data, ledger_id);
        WriterPorts {
            log: Arc::clone(log) as _,
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            snapshots: Arc::new(FileSnapshotStore::new(&caches)),
            requests: Arc::new(SledRequestIndexStore::new(&caches)),
            tasks: Arc::new(Threads),
            liveness: Arc::new(Alone),
        }
    }

    fn install(&self, ledger: Ledger, log: Arc<FileLog>, task: WriterTask) {
        let (failures, ledger_id) = (self.failures.clone(), ledger.ledger_id().clone());
        let id = ledger_id.clone();
        tokio::spawn(async move {
            if let Err(stopped) = task.ended().await {
                let problem = perennial_observe::error_chain(&stopped).to_string();
                if failures
                    .send(Failure {
                        ledger_id: id,
                        problem,
                    })
                    .await
                    .is_err()
                {
                    tracing::debug!("the service stopped before the writer");
                }
            }
        });
        self.put(ledger_id, Slot::Open(ledger, log));
    }

    fn put(&self, ledger_id: LedgerId, slot: Slot) {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
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
}

fn list(directory: &Path) -> Result<Vec<LedgerId>, StartError> {
    let failed = |source| StartError::List {
        directory: directory.to_owned(),
        source,
    };
    let names = perennial_log_file::list_ledgers(directory).map_err(failed)?;
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        match LedgerId::parse(&name) {
            Ok(ledger_id) => ids.push(ledger_id),
            Err(error) => tracing::warn!(%error, "a folder beside the ledgers is none"),
        }
    }
    Ok(ids)
}
