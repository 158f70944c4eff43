//! The frozen formats of the ledger's log, and the one function that says what counts in it.
//!
//! A log holds *entries*: records (header and body) and claims (who leads from here on). This crate
//! encodes and decodes them by hand, hashes them over their stored bytes, and judges them.
//!
//! It is *not* a storage engine, knows no event and no money: a body is opaque bytes here. It does no
//! IO and reads no clock, environment or randomness (INV-10).
//!
//! Upholds INV-9 (gapless positions, `recorded_at` never decreases), INV-11 (the term fence) and INV-13
//! (hashes are taken over stored bytes). One value has exactly one encoding, so nothing can be
//! re-encoded into other bytes that mean the same.
//!
//! Reading order: [`struct@Hash`], [`header`], [`claim`], [`entry`], [`acceptance`], [`verify`].

mod cursor;
mod hash;

pub mod acceptance;
pub mod claim;
pub mod entry;
pub mod header;
pub mod planted;
pub mod verify;

pub use acceptance::{Chain, ChainPoint, Damage, SealError, Sealed, Verdict};
pub use claim::{Claim, ClaimError};
pub use entry::{Entry, EntryError};
pub use hash::{Hash, HashParseError, genesis_hash, record_hash};
pub use header::{HeaderError, RecordHeader};
pub use verify::{BadEntry, LogKind, Problem, Verified, Verifier};

/// A record's place in its ledger: 0, 1, 2 … without gaps. Never an offset of a storage engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

/// The number of a leadership. Terms count from 1; `Term(0)` is a log that nobody has led yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term(pub u64);

impl std::fmt::Display for Position {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::fmt::Display for Term {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}
