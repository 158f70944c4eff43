//! The memory twin of the request index port, and the contract that every index keeps.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use perennial_app::ports::cache::{CacheError, LogPoint};
use perennial_app::ports::request_index::{
    IndexedRequest, OpenedIndex, RequestIndex, RequestIndexStore,
};
use perennial_domain::ids::RequestId;

/// A request index in memory. Clones share it, so a restart is a clone.
#[derive(Clone, Debug, Default)]
pub struct MemoryRequestIndex(Arc<Mutex<Stored>>);

#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fault of its own that a test can choose"
)]
struct Stored {
    requests: HashMap<RequestId, IndexedRequest>,
    saved: Option<LogPoint>,
    reach: Option<LogPoint>,
    finds: usize,
    begun: usize,
    unusable: bool,
    refuses_finds: bool,
    refuses_saves: bool,
    holds_anything: bool,
}

impl MemoryRequestIndex {
    fn stored(&self) -> MutexGuard<'_, Stored> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many ids it holds.
    pub fn ids(&self) -> usize {
        self.stored().requests.len()
    }

    /// How often its storage was read.
    pub fn finds(&self) -> usize {
        self.stored().finds
    }

    /// How often it was begun anew.
    pub fn begun(&self) -> usize {
        self.stored().begun
    }

    /// Makes it one that cannot be used.
    pub fn damage(&self) {
        self.stored().unusable = true;
    }

    /// Lets look-ups fail.
    pub fn refuse_finds(&self) {
        self.stored().refuses_finds = true;
    }

    /// Lets nothing be added any more.
    pub fn refuse_saves(&self) {
        self.stored().refuses_saves = true;
    }

    /// Makes it say of every id that it may hold it, as an unlucky filter does.
    pub fn hold_anything(&self) {
        self.stored().holds_anything = true;
    }

    /// Makes it say that it reaches another point, as a careless restore of files does.
    pub fn claim(&self, point: LogPoint) {
        let mut stored = self.stored();
        (stored.saved, stored.reach) = (Some(point), Some(point));
    }
}

fn fault(doing: &'static str) -> CacheError {
    CacheError::Engine {
        doing,
        problem: "a fault of the test".to_owned(),
    }
}

impl RequestIndexStore for MemoryRequestIndex {
    fn open(&self) -> Result<OpenedIndex, CacheError> {
        if self.stored().unusable {
            let reason = "damaged by the test".to_owned();
            return Ok(OpenedIndex::Unusable { reason });
        }
        Ok(OpenedIndex::Ready(Arc::new(self.clone())))
    }

    fn begin(&self) -> Result<Arc<dyn RequestIndex>, CacheError> {
        let mut stored = self.stored();
        *stored = Stored {
            begun: stored.begun.saturating_add(1),
            ..Stored::default()
        };
        Ok(Arc::new(self.clone()))
    }
}

impl RequestIndex for MemoryRequestIndex {
    fn saved(&self) -> Option<LogPoint> {
        self.stored().saved
    }

    fn reach(&self) -> Option<LogPoint> {
        self.stored().reach
    }

    fn may_hold(&self, request_id: RequestId) -> bool {
        let stored = self.stored();
        stored.holds_anything || stored.requests.contains_key(&request_id)
    }

    fn find(&self, request_id: RequestId) -> Result<Option<IndexedRequest>, CacheError> {
        let mut stored = self.stored();
        stored.finds = stored.finds.saturating_add(1);
        if stored.refuses_finds {
            return Err(fault("find a request id"));
        }
        Ok(stored.requests.get(&request_id).copied())
    }

    fn save(&self, requests: &[IndexedRequest], point: LogPoint) -> Result<(), CacheError> {
        let mut stored = self.stored();
        if stored.refuses_saves {
            return Err(fault("save request ids"));
        }
        for request in requests {
            stored.requests.insert(request.request_id, *request);
        }
        stored.reach = Some(point);
        Ok(())
    }

    fn flush(&self) -> Result<(), CacheError> {
        let mut stored = self.stored();
        stored.saved = stored.reach;
        Ok(())
    }
}

/// What every request index does. Each function takes `open`, which gives a handle on the same storage as after a
/// restart; nothing else holds the storage then.
pub mod contract {
    use std::sync::Arc;

    use perennial_app::ports::cache::Hash;
    use perennial_app::ports::log::LogOffset;
    use perennial_app::ports::request_index::{
        IndexedRequest, OpenedIndex, RequestIndex, RequestIndexStore,
    };
    use perennial_domain::ids::RequestId;
    use perennial_domain::log::Position;

    use crate::must::must;
    use crate::snapshot_store::contract::point;

    /// Opens the storage.
    pub type Open<'a> = &'a dyn Fn() -> Box<dyn RequestIndexStore>;

    /// Opens the index.
    ///
    /// # Panics
    /// If it cannot be used.
    #[track_caller]
    pub fn ready(store: &dyn RequestIndexStore) -> Arc<dyn RequestIndex> {
        match must(store.open()) {
            OpenedIndex::Ready(index) => index,
            OpenedIndex::Unusable { reason } => panic!("the index cannot be used: {reason}"),
        }
    }

    /// The id of the record at `position` in these tests: random to look at.
    pub fn id(position: u64) -> RequestId {
        let hash = Hash::of(&position.to_be_bytes());
        let (bytes, _) = hash
            .as_bytes()
            .split_first_chunk()
            .unwrap_or((&[0; 16], &[]));
        RequestId(*bytes)
    }

    /// The ids of the records from `first` to `last`, both included.
    pub fn requests(first: u64, last: u64) -> Vec<IndexedRequest> {
        let request = |position: u64| IndexedRequest {
            request_id: id(position),
            position: Position(position),
            offset: LogOffset(position.saturating_mul(300)),
        };
        (first..=last).map(request).collect()
    }

    #[track_caller]
    fn holds(index: &dyn RequestIndex, first: u64, last: u64) {
        for request in requests(first, last) {
            assert!(index.may_hold(request.request_id), "{request:?}");
            assert_eq!(must(index.find(request.request_id)), Some(request));
        }
    }

    /// An untouched storage gives an index that knows nothing.
    ///
    /// # Panics
    /// If the index breaks the contract; so do all functions here.
    #[track_caller]
    pub fn an_untouched_storage_is_an_empty_index(open: Open<'_>) {
        let index = ready(&*open());
        assert_eq!((index.saved(), index.reach()), (None, None));
        assert!(!index.may_hold(id(0)));
        assert_eq!(must(index.find(id(0))), None);
    }

    /// Ids are found as soon as they are saved, and after a restart if they were flushed.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub fn what_was_saved_is_found_at_once_and_after_a_restart(open: Open<'_>) {
        let index = ready(&*open());
        must(index.save(&requests(0, 299), point(299)));
        assert_eq!(index.reach(), Some(point(299)));
        holds(&*index, 0, 299);
        must(index.save(&requests(300, 1_000), point(1_000)));
        must(index.flush());
        assert_eq!(index.saved(), Some(point(1_000)));
        drop(index);
        let index = ready(&*open());
        assert_eq!(
            (index.saved(), index.reach()),
            (Some(point(1_000)), Some(point(1_000)))
        );
        holds(&*index, 0, 1_000);
        assert_eq!(must(index.find(id(1_001))), None);
        must(index.save(&requests(1_001, 1_100), point(1_100)));
        holds(&*index, 1_000, 1_100);
    }

    /// A restart without a flush promises no more than the flush before; what it promises is there.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub fn a_restart_never_promises_what_is_not_there(open: Open<'_>) {
        let index = ready(&*open());
        must(index.save(&requests(0, 499), point(499)));
        must(index.flush());
        must(index.save(&requests(500, 800), point(800)));
        drop(index);
        let index = ready(&*open());
        let saved = index.saved().map(|saved| saved.position);
        assert!(Some(Position(499)) <= saved, "{saved:?}");
        assert!(saved <= index.reach().map(|reach| reach.position));
        let last = saved.map_or(0, |saved| saved.0);
        holds(&*index, 0, last);
        // The rest is added again.
        must(index.save(&requests(last.saturating_add(1), 800), point(800)));
        must(index.flush());
        holds(&*index, 0, 800);
    }

    /// Adding ids again changes nothing.
    ///
    /// # Panics
    /// If it does.
    #[track_caller]
    pub fn ids_may_be_added_again(open: Open<'_>) {
        let index = ready(&*open());
        for _ in 0..3 {
            must(index.save(&requests(0, 200), point(200)));
        }
        must(index.flush());
        holds(&*index, 0, 200);
        assert_eq!(index.saved(), Some(point(200)));
    }

    /// One that is begun anew has forgotten everything.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub fn a_new_beginning_is_empty(open: Open<'_>) {
        let index = ready(&*open());
        must(index.save(&requests(0, 200), point(200)));
        must(index.flush());
        drop(index);
        let index = must(open().begin());
        assert_eq!((index.saved(), index.reach()), (None, None));
        assert_eq!(must(index.find(id(7))), None);
        must(index.save(&requests(0, 9), point(9)));
        must(index.flush());
        drop(index);
        let index = ready(&*open());
        assert_eq!(index.saved(), Some(point(9)));
        holds(&*index, 0, 9);
        assert_eq!(must(index.find(id(10))), None);
    }

    /// Unknown ids are nearly always known to be unknown without reading anything.
    ///
    /// # Panics
    /// If more than one in a hundred is not.
    #[track_caller]
    pub fn unknown_ids_are_hardly_ever_looked_up(open: Open<'_>) {
        let index = ready(&*open());
        must(index.save(&requests(0, 19_999), point(19_999)));
        let unlucky = (20_000..40_000).filter(|&position| index.may_hold(id(position)));
        let unlucky = unlucky.count();
        assert!(unlucky < 200, "{unlucky} of 20000");
    }
}

#[cfg(test)]
mod tests {
    use super::{MemoryRequestIndex, contract};

    fn check(contract: fn(contract::Open<'_>)) {
        let store = MemoryRequestIndex::default();
        contract(&|| Box::new(store.clone()));
    }

    #[test]
    fn the_memory_twin_keeps_the_contract() {
        check(contract::an_untouched_storage_is_an_empty_index);
        check(contract::what_was_saved_is_found_at_once_and_after_a_restart);
        check(contract::a_restart_never_promises_what_is_not_there);
        check(contract::ids_may_be_added_again);
        check(contract::a_new_beginning_is_empty);
        check(contract::unknown_ids_are_hardly_ever_looked_up);
    }
}
