//! The snapshot store port: keeps the newest snapshot of a ledger's state, so that opening it folds a tail only.
//!
//! A snapshot is a sequence of parts that only the domain understands (`perennial_domain::book::Sweep`). Parts
//! come one by one while records go on, so the store takes them as they come and a snapshot counts only once it is
//! finished: a crash at any moment leaves the one before.

use super::cache::{CacheError, KnownPoint, LogPoint};

/// What a snapshot reflects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotMark {
    /// Every record up to this one is in it.
    pub low: LogPoint,
    /// The last record of which anything is in it: later ones are not. Equal to `low` if it was taken at rest.
    pub high: KnownPoint,
}

/// What the store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadedSnapshot {
    /// No snapshot.
    Nothing,
    /// All parts were given, and they are the ones that were stored.
    Whole(SnapshotMark),
    /// A snapshot that cannot be used: damaged, cut off, or of another layout. Parts that were given do not count.
    Unusable {
        /// Why, for the operator.
        reason: String,
    },
}

/// The snapshots of one ledger on stable storage. Calls block on IO.
pub trait SnapshotStore: Send + Sync {
    /// Reads the newest snapshot and gives its parts to `part`, in order, until that returns false.
    ///
    /// # Errors
    /// [`CacheError`] if the storage cannot be read; a damaged snapshot is [`LoadedSnapshot::Unusable`].
    fn load(&self, part: &mut dyn FnMut(&[u8]) -> bool) -> Result<LoadedSnapshot, CacheError>;

    /// Begins a snapshot in which every record up to `low` is. One at a time.
    ///
    /// # Errors
    /// [`CacheError`] if it cannot be begun.
    fn begin(&self, low: LogPoint) -> Result<Box<dyn SnapshotWriter>, CacheError>;
}

/// A snapshot on its way. Dropped unfinished, it leaves the one before it in place. Calls block on IO.
pub trait SnapshotWriter: Send {
    /// Adds the next part.
    ///
    /// # Errors
    /// [`CacheError`]; the snapshot cannot be finished then.
    fn part(&mut self, bytes: &[u8]) -> Result<(), CacheError>;

    /// Puts the snapshot in the place of the one before it, durably.
    ///
    /// # Errors
    /// [`CacheError`]; the one before it may still be in place.
    fn finish(self: Box<Self>, high: KnownPoint) -> Result<(), CacheError>;
}
