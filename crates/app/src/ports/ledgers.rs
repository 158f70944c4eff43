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

/// A changing set of ledgers.
pub trait LedgerLogs: Send + Sync {
    /// The ledgers, ascending by id; changes when one is created. A ledger that does not open is not in it.
    fn ledgers(&self) -> watch::Receiver<Arc<Vec<ReadableLedger>>>;
}
