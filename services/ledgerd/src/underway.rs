//! Which ledgers are being opened or created: one of them must not get two writers.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use perennial_domain::ids::LedgerId;

/// The ledgers that somebody opens or creates just now.
#[derive(Debug, Default)]
pub(crate) struct Underway(Mutex<BTreeSet<LedgerId>>);

/// A ledger that is being opened or created, as long as this lives.
#[derive(Debug)]
pub(crate) struct Begun<'a> {
    underway: &'a Underway,
    ledger_id: LedgerId,
}

impl Underway {
    /// Begins with a ledger, unless somebody did already.
    pub(crate) fn begin(&self, ledger_id: &LedgerId) -> Option<Begun<'_>> {
        if !self.ledgers().insert(ledger_id.clone()) {
            return None;
        }
        Some(Begun {
            underway: self,
            ledger_id: ledger_id.clone(),
        })
    }

    fn ledgers(&self) -> MutexGuard<'_, BTreeSet<LedgerId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.underway.ledgers().remove(&self.ledger_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_is_begun_once_until_whoever_began_it_is_done() {
        let underway = Underway::default();
        let ledger = |id: &str| LedgerId::parse(id).unwrap();
        let first = underway.begin(&ledger("treasury"));
        assert!(first.is_some());
        assert!(underway.begin(&ledger("treasury")).is_none());
        // Who was refused ends nothing.
        assert!(underway.begin(&ledger("treasury")).is_none());
        assert!(underway.begin(&ledger("another")).is_some());
        drop(first);
        assert!(underway.begin(&ledger("treasury")).is_some());
    }
}
