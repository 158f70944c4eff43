//! The view store port: keeps what records added to the facts, so that a restart need not read the log again.
//!
//! It is a cache: everything in it can be rebuilt from the log, and what is damaged is dropped, not repaired.
//! A *generation* is one complete set of rows under one schema; a rebuild fills a new one beside the live one.
//! Rows and the position they reflect are saved together (INV-6).

pub use perennial_proof::{Hash, Term};

use std::sync::Arc;

use perennial_domain::log::Position;
use perennial_views::delta::Delta;
use perennial_views::digest::StateDigest;
use perennial_views::pages::PageStore;

use super::log::LogOffset;

/// Counts the generations of one ledger's views, from 1; a number is never used again while its rows exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GenerationNo(pub u64);

impl std::fmt::Display for GenerationNo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// How far stored rows reach, and what must still be true of the log for them to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavedPosition {
    /// The last record whose rows are stored.
    pub position: Position,
    /// Its hash.
    pub record_hash: Hash,
    /// The term it was appended in.
    pub term: Term,
    /// Where it stands in the log.
    pub offset: LogOffset,
    /// Where reading goes on after it.
    pub next_offset: LogOffset,
    /// The chained digest of the state after it.
    pub digest: StateDigest,
}

/// The digest of stored rows: chained over the store's own encoding of each record's rows, in order. Equal in
/// two stores of one layout at one position, whatever way their rows are packed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowsDigest(pub Hash);

impl Default for RowsDigest {
    /// The digest of no rows.
    fn default() -> Self {
        Self(Hash::from_bytes([0; Hash::LENGTH]))
    }
}

impl RowsDigest {
    /// Returns the digest after one more record's rows.
    #[must_use]
    pub fn after(self, row: &[u8]) -> Self {
        Self(Hash::of_parts(&[self.0.as_bytes(), row]))
    }
}

impl std::fmt::Debug for RowsDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::fmt::Display for RowsDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What stands in a ledger's view directory.
pub enum Opened {
    /// No generation at all.
    Nothing,
    /// The live generation.
    Live(Box<dyn Generation>),
    /// A live generation that cannot be used: damaged, or of another layout or schema. Begin another one.
    Unusable {
        /// Why, for the operator.
        reason: String,
    },
}

/// The views of one ledger on stable storage. Calls block on IO.
pub trait ViewStore: Send + Sync {
    /// Opens the live generation, and removes what an interrupted rebuild left beside it.
    ///
    /// # Errors
    /// [`StoreError`] if the storage itself cannot be used; damaged rows are [`Opened::Unusable`].
    fn open(&self) -> Result<Opened, StoreError>;

    /// Begins an empty generation beside the live one.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be made.
    fn begin(&self) -> Result<Box<dyn Generation>, StoreError>;

    /// Makes `generation` the live one and removes every other. Survives a crash at any moment: the live
    /// generation is the old one or the new one.
    ///
    /// # Errors
    /// [`StoreError`] if it could not be made the live one; the old one stays.
    fn promote(&self, generation: GenerationNo) -> Result<(), StoreError>;
}

/// One generation of a ledger's views. It has one writer. Calls block on IO.
pub trait Generation: Send + Sync {
    /// Which one it is.
    fn number(&self) -> GenerationNo;

    /// How far it reaches; none while it is empty.
    fn saved(&self) -> Option<SavedPosition>;

    /// The digest of its rows, as saved with its position.
    fn rows_digest(&self) -> RowsDigest;

    /// Where the pages of views that grow beyond the memory limit go; `None` keeps all of them in memory. What was
    /// kept there by an earlier process is gone. Called once.
    fn pages(&self) -> Option<Arc<dyn PageStore>> {
        None
    }

    /// Calls `each` with everything stored, in order: positions 0 to the saved one without a gap. Rows that are
    /// missing, damaged or have another digest than the saved one end it with an error, perhaps after `each` was
    /// called.
    ///
    /// # Errors
    /// [`LoadError`]; the generation is of no use then.
    fn load(&self, each: &mut dyn FnMut(Delta)) -> Result<(), LoadError>;

    /// Saves the rows of the records that follow the saved position, together with the new one: all of it or
    /// nothing. Rows are on stable storage some time later; what is lost until then is read from the log again.
    ///
    /// # Errors
    /// [`StoreError`]; the generation must not be written again.
    fn save(&self, deltas: &[Delta], saved: SavedPosition) -> Result<(), StoreError>;

    /// Waits until everything saved so far is on stable storage.
    ///
    /// # Errors
    /// [`StoreError`]; the generation must not be written again.
    fn flush(&self) -> Result<(), StoreError>;
}

/// The storage of views cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
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
    /// The storage engine does not work any more.
    #[error("{doing}: {problem}")]
    Engine {
        /// What was being done, as in `save rows`.
        doing: &'static str,
        /// What the engine said.
        problem: String,
    },
    /// Rows do not follow the saved position.
    #[error("rows of position {found} came where {expected} was expected")]
    OutOfOrder {
        /// The position that comes next.
        expected: Position,
        /// What came.
        found: Position,
    },
}

/// Stored rows cannot be restored.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The storage engine does not work any more.
    #[error("read stored rows: {problem}")]
    Engine {
        /// What the engine said.
        problem: String,
    },
    /// Rows are not as they were written.
    #[error("stored rows at position {position} are damaged: {problem}")]
    Damaged {
        /// Where.
        position: Position,
        /// What is wrong.
        problem: String,
    },
    /// All rows can be read but they are not the saved ones.
    #[error("stored rows have the digest {found}, saved was {saved}")]
    Digest {
        /// Of what is there.
        found: RowsDigest,
        /// As saved.
        saved: RowsDigest,
    },
}
