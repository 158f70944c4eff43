//! The liveness port: asks a node that leads whether it still does.
//!
//! A wrong answer costs time only: who leads is decided by the claims in the log.

use std::pin::Pin;

use perennial_domain::ids::LedgerId;
use perennial_proof::Term;

use crate::seat::status::Leader;

/// What a node says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulse {
    /// It leads the ledger, in this term.
    Leads(Term),
    /// It is there, but follows: after a restart, for example.
    Follows,
    /// It does not answer, or cannot be reached.
    Silent,
}

/// An answer on its way.
pub type PulseAnswer = Pin<Box<dyn Future<Output = Pulse> + Send>>;

/// Reaches other nodes.
pub trait Liveness: Send + Sync {
    /// Asks `leader` whether it leads `ledger_id`. The caller waits as long as it likes: an adapter needs no time limit
    /// of its own.
    fn pulse(&self, ledger_id: &LedgerId, leader: &Leader) -> PulseAnswer;
}

/// For a log that nobody else can lead: nobody is ever asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Liveness for Alone {
    fn pulse(&self, _ledger_id: &LedgerId, _leader: &Leader) -> PulseAnswer {
        Box::pin(std::future::ready(Pulse::Silent))
    }
}
