//! The views of every ledger: one projection for each ledger that there is, started as ledgers appear.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use perennial_app::ports::ledgers::{LedgerLogs, Reach, ReadableLedger};
use perennial_domain::ids::LedgerId;
use perennial_views::PageMemory;
use perennial_views_sled::{Options, SledViewStore, cache_directory};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::projection::Projection;

/// Every projection.
pub struct Projections {
    config: Config,
    memory: Arc<PageMemory>,
    by_ledger: RwLock<BTreeMap<LedgerId, Arc<Projection>>>,
    reach: watch::Receiver<Reach>,
}

impl Projections {
    /// Projects what `logs` names, now and later, until `stop`. Must be called within a runtime.
    pub fn start(config: Config, logs: Arc<dyn LedgerLogs>, stop: CancellationToken) -> Arc<Self> {
        let projections = Arc::new(Self {
            memory: PageMemory::new(config.view_memory_bytes),
            config,
            by_ledger: RwLock::new(BTreeMap::new()),
            reach: logs.reach(),
        });
        let mut names = logs.ledgers();
        projections.project_new(&names.borrow_and_update(), &stop);
        let projected = Arc::clone(&projections);
        tokio::spawn(async move {
            // Whoever names the ledgers is kept as long as they are projected.
            let _logs = logs;
            loop {
                tokio::select! {
                    changed = names.changed() => if changed.is_err() { return },
                    () = stop.cancelled() => return,
                }
                let now = Arc::clone(&names.borrow_and_update());
                projected.project_new(&now, &stop);
            }
        });
        projections
    }

    fn project_new(&self, now: &[ReadableLedger], stop: &CancellationToken) {
        let mut projections = self
            .by_ledger
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for ledger in now {
            projections
                .entry(ledger.ledger_id.clone())
                .or_insert_with(|| {
                    let directory = cache_directory(&self.config.data, &ledger.ledger_id);
                    let options = Options {
                        cache_bytes: self.config.store_cache_bytes,
                    };
                    let store = SledViewStore::new(directory, perennial_views::SCHEMA, options);
                    let memory = Arc::clone(&self.memory);
                    Projection::start(ledger.clone(), Arc::new(store), memory, stop.clone())
                });
        }
    }

    /// Whether the logs can be reached, and so which ledgers there are is known.
    pub fn reach(&self) -> Reach {
        self.reach.borrow().clone()
    }

    /// Finds a ledger's views.
    pub fn find(&self, ledger_id: &LedgerId) -> Option<Arc<Projection>> {
        self.by_ledger
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(ledger_id)
            .cloned()
    }

    /// All projections, ascending by ledger.
    pub fn all(&self) -> Vec<Arc<Projection>> {
        self.by_ledger
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    /// Waits until every projector has ended and all views are on stable storage. Call it after the stop.
    pub async fn close(&self) {
        for projection in self.all() {
            projection.ended().await;
        }
    }
}
