//! An opened place, and the logs in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use perennial_app::ports::log::Log;
use perennial_log_file::{
    CloseError, DirectoryLock, FileLog, HeadMarker, LockError, Options, Stats,
};
use perennial_log_kafka::{ClusterError, KafkaCluster, KafkaLog};
use perennial_proof::{Hash, Position};

use crate::place::Place;

/// An opened place of logs. Clones share it.
#[derive(Clone, Debug)]
pub enum Engine {
    /// Segment files of a directory that this process has locked.
    Files {
        /// The lock.
        lock: DirectoryLock,
        /// Sizes and limits of each log.
        options: Options,
    },
    /// A Kafka cluster. It connects by itself, for as long as it takes.
    Kafka(Arc<KafkaCluster>),
}

/// Why a place, or a log in it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The directory is somebody else's, or cannot be had.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Segment files.
    #[error(transparent)]
    Files(#[from] perennial_log_file::OpenError),
    /// Kafka.
    #[error(transparent)]
    Kafka(#[from] ClusterError),
}

impl EngineError {
    /// Whether history is damaged or lost, as opposed to a condition that may pass.
    pub fn is_integrity_failure(&self) -> bool {
        match self {
            Self::Lock(_) => false,
            Self::Files(error) => error.is_integrity_failure(),
            Self::Kafka(error) => error.is_integrity_failure(),
        }
    }

    /// Whether it says that the log is there already.
    pub fn is_existing(&self) -> bool {
        matches!(
            self,
            Self::Files(perennial_log_file::OpenError::Exists { .. })
                | Self::Kafka(ClusterError::Exists { .. })
        )
    }
}

impl Engine {
    /// Opens a place; `holder` says who has the directory, to whoever else wants it.
    ///
    /// # Errors
    /// [`EngineError`]. A cluster that is away is none.
    pub fn open(place: &Place, holder: &str, options: Options) -> Result<Self, EngineError> {
        match place {
            Place::Files(directory) => Ok(Self::Files {
                lock: DirectoryLock::acquire(directory, holder)?,
                options,
            }),
            Place::Kafka(settings) => Ok(Self::Kafka(KafkaCluster::connect((**settings).clone())?)),
        }
    }

    /// Returns the directory that holds what one node keeps beside these logs and can build again, below `data`.
    pub fn caches(&self, data: &Path) -> PathBuf {
        match self {
            Self::Files { .. } => data.to_path_buf(),
            Self::Kafka(cluster) => kafka_caches(data, &cluster.settings().prefix),
        }
    }

    /// Returns the ledgers that have a log, ascending by id. Blocks.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn ledgers(&self) -> Result<Vec<String>, EngineError> {
        match self {
            Self::Files { lock, .. } => Ok(perennial_log_file::list_ledgers(lock.directory())?),
            Self::Kafka(cluster) => Ok(cluster.ledgers()?),
        }
    }

    /// Opens a ledger's log. Blocks.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn open_log(&self, ledger_id: &str) -> Result<EngineLog, EngineError> {
        match self {
            Self::Files { lock, options } => {
                let log = FileLog::open(lock, ledger_id, options.clone())?;
                Ok(EngineLog::File(Arc::new(log)))
            }
            Self::Kafka(cluster) => Ok(EngineLog::Kafka(Arc::new(cluster.open(ledger_id)?))),
        }
    }

    /// Makes the empty log of a new ledger. Blocks.
    ///
    /// # Errors
    /// [`EngineError`]; one that [is existing](EngineError::is_existing) if there is one.
    pub fn create_log(&self, ledger_id: &str) -> Result<EngineLog, EngineError> {
        match self {
            Self::Files { lock, options } => {
                let log = FileLog::create(lock, ledger_id, options.clone())?;
                Ok(EngineLog::File(Arc::new(log)))
            }
            Self::Kafka(cluster) => {
                cluster.create_ledger_topic(ledger_id)?;
                self.open_log(ledger_id)
            }
        }
    }
}

/// Returns the directory below `data` for what belongs to the logs of one prefix: what was computed from a ledger's
/// files says nothing of a topic of the same ledger id.
pub fn kafka_caches(data: &Path, prefix: &str) -> PathBuf {
    data.join(format!("kafka-{prefix}"))
}

/// One ledger's log. Clones share it.
#[derive(Clone, Debug)]
pub enum EngineLog {
    /// Segment files.
    File(Arc<FileLog>),
    /// A topic.
    Kafka(Arc<KafkaLog>),
}

impl EngineLog {
    /// Returns the log behind its port.
    pub fn log(&self) -> Arc<dyn Log> {
        match self {
            Self::File(log) => Arc::clone(log) as _,
            Self::Kafka(log) => Arc::clone(log) as _,
        }
    }

    /// Returns the head that a clean stop left beside the files; a topic has none.
    pub fn marker(&self) -> Option<HeadMarker> {
        match self {
            Self::File(log) => log.marker(),
            Self::Kafka(_) => None,
        }
    }

    /// Returns what was written since it was opened; nothing is counted of a topic.
    pub fn stats(&self) -> Stats {
        match self {
            Self::File(log) => log.stats(),
            Self::Kafka(_) => Stats::default(),
        }
    }

    /// Notes the newest record, for the marker of a clean stop.
    pub fn set_head(&self, position: Position, record_hash: Hash) {
        match self {
            Self::File(log) => log.set_head(position, record_hash),
            Self::Kafka(_) => {}
        }
    }

    /// Closes files in order, leaving the marker. A topic needs no farewell. Blocks.
    ///
    /// # Errors
    /// [`CloseError`].
    pub fn close(&self) -> Result<(), CloseError> {
        match self {
            Self::File(log) => log.close(),
            Self::Kafka(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_in_files_is_made_once_and_found_again() {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::Files(directory.path().to_path_buf());
        let engine = Engine::open(&place, "a test", Options::default()).unwrap();
        assert!(engine.ledgers().unwrap().is_empty());
        let log = engine.create_log("treasury").unwrap();
        assert!(engine.create_log("treasury").unwrap_err().is_existing());
        log.close().unwrap();
        assert_eq!(engine.ledgers().unwrap(), ["treasury"]);
        assert_eq!(engine.caches(directory.path()), directory.path());
        let again = Engine::open(&place, "another", Options::default());
        assert!(matches!(again, Err(EngineError::Lock(_))));
    }

    #[test]
    fn what_belongs_to_a_prefix_stays_in_the_data_directory() {
        let caches = kafka_caches(Path::new("data"), "..");
        assert_eq!(caches, Path::new("data/kafka-.."));
    }
}
