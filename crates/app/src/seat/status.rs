//! What a node's seat in a ledger tells about itself, for operators, metrics and other nodes.

use perennial_proof::Term;

use crate::ports::log::LogOffset;

/// The node that leads, as its claim names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leader {
    /// The term that its claim began.
    pub term: Term,
    /// Its name.
    pub node: String,
    /// Where clients reach it; empty if nowhere.
    pub address: String,
}

/// What a node does for a ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// It reads what the leader writes, ready to take its place.
    #[default]
    Following,
    /// It has written a claim, or is about to, and waits to read whose counts.
    Campaigning,
    /// Its claim counts: it decides and writes.
    Leading,
}

/// Where a seat stands. Everything here was read from the log, but `role` and `last_problem`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeatStatus {
    /// What this node does.
    pub role: Role,
    /// The current term.
    pub term: Term,
    /// Who leads; absent while that is not known.
    pub leader: Option<Leader>,
    /// Records that count for nobody, since this node began to read.
    pub dead_records: u64,
    /// Claims that came too late, since this node began to read.
    pub dead_claims: u64,
    /// Up to where this node has read a shared log, and taken notice of everything there; 0 for an exclusive one.
    pub read_to: LogOffset,
    /// What went wrong last, in words; absent if nothing did.
    pub last_problem: Option<String>,
}
