//! What the writer's two caches have in common: which record they reflect, and how they fail.
//!
//! Both can be rebuilt from the log. Before either is used, the record it reflects is looked up there: one that
//! does not match is dropped and rebuilt; one that stands beyond the log's durable end proves lost history.

use perennial_domain::log::Position;
pub use perennial_proof::{Hash, Term};

use super::log::LogOffset;

/// A record, with where to find it: what a cache that reflects it says about the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPoint {
    /// Its position.
    pub position: Position,
    /// Its hash.
    pub record_hash: Hash,
    /// The term it was appended in.
    pub term: Term,
    /// Where it stands, or where the batch begins that it stands in.
    pub offset: LogOffset,
}

/// A record that is known from elsewhere to be part of the ledger: from a head marker, a kept checkpoint or a
/// cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownPoint {
    /// Its position.
    pub position: Position,
    /// Its hash.
    pub record_hash: Hash,
}

impl From<LogPoint> for KnownPoint {
    fn from(point: LogPoint) -> Self {
        Self {
            position: point.position,
            record_hash: point.record_hash,
        }
    }
}

/// The storage of a cache cannot be used. Nothing is lost by it but time.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// A file or directory operation did not succeed.
    #[error("{doing} {}", path.display())]
    Files {
        /// What was being done, as in `create`.
        doing: &'static str,
        /// With what.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The storage engine does not work.
    #[error("{doing}: {problem}")]
    Engine {
        /// What was being done, as in `save request ids`.
        doing: &'static str,
        /// What the engine said.
        problem: String,
    },
}
