//! The ledgers that a reader can follow: those of this process, or those of a ledgerd elsewhere.

use std::sync::Arc;

use perennial_domain::ids::LedgerId;
use tokio::sync::watch;

use super::log::LogRead;

/// One ledger with its log.
#[derive(Clone)]
pub struct ReadableLedger {
    /// Its id.
    pub ledger_id: LedgerId,
    /// Its log.
    pub log: Arc<dyn LogRead>,
}

/// Whether logs that others keep can be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Not now, or not yet; it is tried again.
    #[default]
    Away,
    /// They can, and the ledgers that there were are open.
    Reached,
    /// Whoever keeps them does not let this process in, and says why. It is tried again all the same.
    Refused(String),
}

/// A changing set of ledgers.
pub trait LedgerLogs: Send + Sync {
    /// The ledgers, ascending by id; changes when one is created. A ledger that does not open is not in it.
    fn ledgers(&self) -> watch::Receiver<Arc<Vec<ReadableLedger>>>;

    /// Whether they can be reached, as it changes. Logs of this process always are.
    fn reach(&self) -> watch::Receiver<Reach> {
        // A receiver without a sender keeps its last value.
        watch::channel(Reach::Reached).1
    }
}
