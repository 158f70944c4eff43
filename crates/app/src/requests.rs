//! Which request ids are taken (INV-5): the newest in memory, the others in the index behind it.
//!
//! An id is forgotten here only once the index holds it, so at every moment one of the two knows it. What is not
//! durable yet is known here alone. Memory is bounded: ids that the index does not hold yet are at most
//! [`RequestLimits::unindexed_max`], and beyond that the ledger takes no new work until it has caught up.

mod indexer;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use perennial_domain::ids::RequestId;
use perennial_domain::log::Position;

use crate::ports::cache::{CacheError, LogPoint};
use crate::ports::log::LogOffset;
use crate::ports::request_index::{IndexedRequest, RequestIndex};
use crate::ports::tasks::Tasks;

use indexer::{Group, Indexer};

/// How many ids are held in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLimits {
    /// The newest ones.
    pub(crate) recent_max: usize,
    /// Those that the index does not hold yet.
    pub(crate) unindexed_max: usize,
}

/// Where the record of a request id is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) position: Position,
    /// Where it or its batch begins; absent while it is not durable.
    pub(crate) offset: Option<LogOffset>,
}

/// Every request id of a ledger.
pub(crate) struct Requests {
    recent: HashMap<RequestId, Taken>,
    /// What is durable and still in memory, oldest first.
    groups: VecDeque<Arc<Group>>,
    /// How many of them, counted from the newest, the index was not given yet.
    held: usize,
    /// Whether the index is given nothing for now.
    holds: bool,
    /// Records before this position are durable, and their ids are here or in the index.
    next: Position,
    limits: RequestLimits,
    index: Arc<dyn RequestIndex>,
    indexer: Indexer,
}

impl Requests {
    /// Begins with what `index` holds, and starts the task that adds to it. Until [`Requests::release`] it is
    /// given nothing, because whoever opens a ledger has better use for the processors.
    pub(crate) fn start(
        index: Arc<dyn RequestIndex>,
        limits: RequestLimits,
        ledger_id: &str,
        tasks: &Arc<dyn Tasks>,
    ) -> Self {
        let next = Position(
            index
                .saved()
                .map_or(0, |saved| saved.position.0.saturating_add(1)),
        );
        let indexer = Indexer::start(Arc::clone(&index), next, ledger_id, tasks);
        Self {
            recent: HashMap::new(),
            groups: VecDeque::new(),
            held: 0,
            holds: true,
            next,
            limits,
            index,
            indexer,
        }
    }

    /// Finds the record of an id. Reads the index's storage only if it may hold the id.
    ///
    /// # Errors
    /// [`CacheError`]: nobody knows, so the id must not be used.
    pub(crate) fn find(&self, request_id: RequestId) -> Result<Option<Taken>, CacheError> {
        if let Some(taken) = self.recent.get(&request_id) {
            return Ok(Some(*taken));
        }
        if !self.index.may_hold(request_id) {
            return Ok(None);
        }
        let found = self.index.find(request_id)?;
        Ok(found.map(|request| Taken {
            position: request.position,
            offset: Some(request.offset),
        }))
    }

    /// Takes an id for a record that is not durable yet.
    pub(crate) fn insert_pending(&mut self, request_id: RequestId, position: Position) {
        let taken = Taken {
            position,
            offset: None,
        };
        self.recent.insert(request_id, taken);
    }

    /// Gives the ids of records free that will never be durable.
    pub(crate) fn forget_pending(&mut self) {
        self.recent.retain(|_, taken| taken.offset.is_some());
    }

    /// Takes the ids of all durable records that follow, up to `point`; those taken before are passed over.
    pub(crate) fn settle(&mut self, mut requests: Vec<IndexedRequest>, point: LogPoint) {
        if point.position < self.next {
            return;
        }
        requests.retain(|request| self.next <= request.position);
        for request in &requests {
            let taken = Taken {
                position: request.position,
                offset: Some(request.offset),
            };
            self.recent.insert(request.request_id, taken);
        }
        self.next = Position(point.position.0.saturating_add(1));
        let group = Arc::new(Group { requests, point });
        if self.holds {
            self.held = self.held.saturating_add(1);
        } else {
            self.indexer.add(Arc::clone(&group));
        }
        self.groups.push_back(group);
        self.forget_indexed();
    }

    /// Lets the index take what it was not given so far, and everything from here on as it comes.
    pub(crate) fn release(&mut self) {
        let given = self.groups.len().saturating_sub(self.held);
        for group in self.groups.iter().skip(given) {
            self.indexer.add(Arc::clone(group));
        }
        (self.held, self.holds) = (0, false);
    }

    /// Forgets the oldest ids that the index holds, as far as there are too many.
    fn forget_indexed(&mut self) {
        let indexed = self.indexer.indexed();
        while self.limits.recent_max < self.recent.len()
            && let Some(group) = self
                .groups
                .pop_front_if(|group| group.point.position < indexed)
        {
            for request in &group.requests {
                self.recent.remove(&request.request_id);
            }
        }
        // After a rebuild of the index the map was much larger than it will ever be again.
        let roomy = self.limits.recent_max.saturating_mul(8);
        if roomy < self.recent.capacity() && self.recent.len() <= self.limits.recent_max {
            self.recent
                .shrink_to(self.limits.recent_max.saturating_mul(2));
        }
    }

    /// Whether no more ids may be taken until the index has caught up.
    pub(crate) fn is_full(&mut self) -> bool {
        if self.recent.len() < self.limits.unindexed_max {
            return false;
        }
        self.forget_indexed();
        self.limits.unindexed_max <= self.recent.len()
    }

    /// Waits until the index holds more; false if it never will.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(crate) async fn more_indexed(&mut self) -> bool {
        self.indexer.more().await
    }

    /// Waits as [`Requests::more_indexed`] until there is room, on a thread that may block.
    pub(crate) fn wait_for_room(&mut self) -> bool {
        while self.is_full() {
            if self.holds {
                self.release();
            }
            if !self.indexer.more_blocking() {
                return false;
            }
        }
        true
    }

    /// Lets the index take everything that is durable, and waits for it.
    pub(crate) async fn close(&mut self) {
        self.indexer.close().await;
    }
}
