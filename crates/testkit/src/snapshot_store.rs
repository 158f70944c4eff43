//! The memory twin of the snapshot store port, and the contract that every store keeps.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use perennial_app::ports::cache::{CacheError, KnownPoint, LogPoint};
use perennial_app::ports::snapshot_store::{
    LoadedSnapshot, SnapshotMark, SnapshotStore, SnapshotWriter,
};

/// A snapshot store in memory. Clones share it, so a restart is a clone.
#[derive(Clone, Debug, Default)]
pub struct MemorySnapshotStore(Arc<Mutex<Stored>>);

/// A finished snapshot.
pub type FinishedSnapshot = (SnapshotMark, Vec<Vec<u8>>);

#[derive(Debug, Default)]
struct Stored {
    newest: Option<FinishedSnapshot>,
    finished: usize,
    unusable: Option<String>,
    failing: bool,
}

impl MemorySnapshotStore {
    fn stored(&self) -> MutexGuard<'_, Stored> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest snapshot.
    pub fn newest(&self) -> Option<FinishedSnapshot> {
        self.stored().newest.clone()
    }

    /// How many snapshots were finished so far.
    pub fn finished(&self) -> usize {
        self.stored().finished
    }

    /// Puts another snapshot in the place of the newest, as a careless restore of files does.
    pub fn replace(&self, snapshot: Option<FinishedSnapshot>) {
        self.stored().newest = snapshot;
    }

    /// Makes the newest snapshot one that cannot be used.
    pub fn damage(&self) {
        self.stored().unusable = Some("damaged by the test".to_owned());
    }

    /// Lets snapshots fail to be written, as on a full disk, or no more.
    pub fn fail(&self, failing: bool) {
        self.stored().failing = failing;
    }

    fn check(&self) -> Result<(), CacheError> {
        if self.stored().failing {
            return Err(CacheError::Engine {
                doing: "write a state snapshot",
                problem: "a fault of the test".to_owned(),
            });
        }
        Ok(())
    }
}

impl SnapshotStore for MemorySnapshotStore {
    fn load(&self, part: &mut dyn FnMut(&[u8]) -> bool) -> Result<LoadedSnapshot, CacheError> {
        let stored = self.stored();
        if let Some(reason) = stored.unusable.clone() {
            return Ok(LoadedSnapshot::Unusable { reason });
        }
        let Some((mark, parts)) = &stored.newest else {
            return Ok(LoadedSnapshot::Nothing);
        };
        for bytes in parts {
            if !part(bytes) {
                break;
            }
        }
        Ok(LoadedSnapshot::Whole(*mark))
    }

    fn begin(&self, low: LogPoint) -> Result<Box<dyn SnapshotWriter>, CacheError> {
        self.check()?;
        Ok(Box::new(MemorySnapshotWriter {
            store: self.clone(),
            low,
            parts: Vec::new(),
        }))
    }
}

struct MemorySnapshotWriter {
    store: MemorySnapshotStore,
    low: LogPoint,
    parts: Vec<Vec<u8>>,
}

impl SnapshotWriter for MemorySnapshotWriter {
    fn part(&mut self, bytes: &[u8]) -> Result<(), CacheError> {
        self.store.check()?;
        self.parts.push(bytes.to_vec());
        Ok(())
    }

    fn finish(self: Box<Self>, high: KnownPoint) -> Result<(), CacheError> {
        self.store.check()?;
        let mark = SnapshotMark {
            low: self.low,
            high,
        };
        let mut stored = self.store.stored();
        stored.newest = Some((mark, self.parts));
        stored.unusable = None;
        stored.finished = stored.finished.saturating_add(1);
        Ok(())
    }
}

/// What every snapshot store does. Each function takes `open`, which gives a handle on the same storage as after a
/// restart.
pub mod contract {
    use perennial_app::ports::cache::{Hash, KnownPoint, LogPoint, Term};
    use perennial_app::ports::log::LogOffset;
    use perennial_app::ports::snapshot_store::{LoadedSnapshot, SnapshotMark, SnapshotStore};
    use perennial_domain::log::Position;

    use crate::must::must;

    /// Opens the storage.
    pub type Open<'a> = &'a dyn Fn() -> Box<dyn SnapshotStore>;

    /// A point at `position` of some log.
    pub fn point(position: u64) -> LogPoint {
        LogPoint {
            position: Position(position),
            record_hash: Hash::of(&position.to_be_bytes()),
            term: Term(3),
            offset: LogOffset(position.saturating_mul(300)),
        }
    }

    /// A mark whose parts saw `seen` records beyond its low point.
    pub fn mark(position: u64, seen: u64) -> SnapshotMark {
        SnapshotMark {
            low: point(position),
            high: KnownPoint::from(point(position.saturating_add(seen))),
        }
    }

    /// Some parts of different sizes: an empty one, small ones, and one of more than 128 KiB.
    pub fn parts() -> Vec<Vec<u8>> {
        let large = (0_u32..150_000).map(|number| number.to_le_bytes()[0]);
        vec![
            b"first".to_vec(),
            Vec::new(),
            large.collect(),
            b"last".to_vec(),
        ]
    }

    /// Stores a snapshot.
    ///
    /// # Panics
    /// If it cannot be stored.
    #[track_caller]
    pub fn store(snapshots: &dyn SnapshotStore, mark: SnapshotMark, parts: &[Vec<u8>]) {
        let mut writer = must(snapshots.begin(mark.low));
        for part in parts {
            must(writer.part(part));
        }
        must(writer.finish(mark.high));
    }

    /// Loads the newest snapshot with all its parts.
    ///
    /// # Panics
    /// If the storage cannot be read.
    #[track_caller]
    pub fn loaded(snapshots: &dyn SnapshotStore) -> (LoadedSnapshot, Vec<Vec<u8>>) {
        let mut parts = Vec::new();
        let loaded = snapshots.load(&mut |part| {
            parts.push(part.to_vec());
            true
        });
        (must(loaded), parts)
    }

    /// An untouched storage has nothing in it.
    ///
    /// # Panics
    /// If the store breaks the contract; so do all functions here.
    #[track_caller]
    pub fn an_untouched_storage_has_no_snapshot(open: Open<'_>) {
        assert_eq!(loaded(&*open()), (LoadedSnapshot::Nothing, Vec::new()));
    }

    /// What was finished is there after a restart, part by part.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub fn a_finished_snapshot_is_there_after_a_restart(open: Open<'_>) {
        store(&*open(), mark(41, 2), &parts());
        let (found, found_parts) = loaded(&*open());
        assert_eq!(found, LoadedSnapshot::Whole(mark(41, 2)));
        assert!(found_parts == parts());
    }

    /// A newer snapshot takes the place of the one before.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub fn a_newer_snapshot_replaces_the_one_before(open: Open<'_>) {
        let snapshots = open();
        store(&*snapshots, mark(41, 0), &parts());
        store(&*snapshots, mark(90, 5), &[b"newer".to_vec()]);
        let newer = (LoadedSnapshot::Whole(mark(90, 5)), vec![b"newer".to_vec()]);
        assert_eq!(loaded(&*snapshots), newer);
        assert_eq!(loaded(&*open()), newer);
    }

    /// One that was begun and never finished leaves the one before it, and another can be begun.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub fn an_unfinished_snapshot_changes_nothing(open: Open<'_>) {
        let snapshots = open();
        let older = vec![b"older".to_vec()];
        store(&*snapshots, mark(41, 0), &older);
        let mut unfinished = must(snapshots.begin(point(90)));
        must(unfinished.part(b"never"));
        let whole = (LoadedSnapshot::Whole(mark(41, 0)), older);
        assert_eq!(loaded(&*snapshots), whole);
        drop(unfinished);
        assert_eq!(loaded(&*open()), whole);
        store(&*snapshots, mark(95, 0), &[]);
        let newest = (LoadedSnapshot::Whole(mark(95, 0)), Vec::new());
        assert_eq!(loaded(&*open()), newest);
    }

    /// Nobody is given more parts than wanted.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub fn loading_stops_when_asked(open: Open<'_>) {
        store(&*open(), mark(41, 0), &parts());
        let mut given = 0;
        let loaded = open().load(&mut |_| {
            given += 1;
            given < 2
        });
        must(loaded);
        assert_eq!(given, 2);
    }
}

#[cfg(test)]
mod tests {
    use super::{MemorySnapshotStore, contract};

    fn check(contract: fn(contract::Open<'_>)) {
        let store = MemorySnapshotStore::default();
        contract(&|| Box::new(store.clone()));
    }

    #[test]
    fn the_memory_twin_keeps_the_contract() {
        check(contract::an_untouched_storage_has_no_snapshot);
        check(contract::a_finished_snapshot_is_there_after_a_restart);
        check(contract::a_newer_snapshot_replaces_the_one_before);
        check(contract::an_unfinished_snapshot_changes_nothing);
        check(contract::loading_stops_when_asked);
    }
}
