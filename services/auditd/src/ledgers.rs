//! The followed ledgers: one follower for each ledger that there is, started as ledgers appear.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use perennial_app::ports::ledgers::{LedgerLogs, Reach};
use perennial_domain::ids::LedgerId;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::follower::Follower;

/// Every followed ledger.
pub struct Ledgers {
    followers: RwLock<BTreeMap<LedgerId, Arc<Follower>>>,
    reach: watch::Receiver<Reach>,
}

impl Ledgers {
    /// Follows what `logs` names, now and later, until `stop`.
    pub fn start(logs: &dyn LedgerLogs, stop: CancellationToken) -> Arc<Self> {
        let ledgers = Arc::new(Self {
            followers: RwLock::new(BTreeMap::new()),
            reach: logs.reach(),
        });
        let mut names = logs.ledgers();
        ledgers.follow_new(&names.borrow_and_update(), &stop);
        let followed = Arc::clone(&ledgers);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    changed = names.changed() => if changed.is_err() { return },
                    () = stop.cancelled() => return,
                }
                let now = Arc::clone(&names.borrow_and_update());
                followed.follow_new(&now, &stop);
            }
        });
        ledgers
    }

    fn follow_new(
        &self,
        now: &[perennial_app::ports::ledgers::ReadableLedger],
        stop: &CancellationToken,
    ) {
        let mut followers = self
            .followers
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for ledger in now {
            followers
                .entry(ledger.ledger_id.clone())
                .or_insert_with(|| Follower::start(ledger.clone(), stop.clone()));
        }
    }

    /// Whether the logs can be reached, and so which ledgers there are is known.
    pub fn reach(&self) -> Reach {
        self.reach.borrow().clone()
    }

    /// Every follower, ascending by ledger.
    pub fn all(&self) -> Vec<Arc<Follower>> {
        self.followers
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    /// Finds a ledger's follower.
    pub fn find(&self, ledger_id: &LedgerId) -> Option<Arc<Follower>> {
        self.followers
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(ledger_id)
            .cloned()
    }
}
