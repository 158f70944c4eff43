//! Offline verification: a whole log, entry by entry, from its bytes alone.
//!
//! It applies [`Chain::judge`] like every reader and is stricter in two ways: bytes that are no entry
//! stop it, and known points (a head marker, a checkpoint) must lie on the chain.

use crate::{Chain, Damage, Entry, EntryError, Hash, Position, Verdict};

/// Who could write the log, hence whether dead entries can be innocent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKind {
    /// One process at a time under a lock (segment files): nothing in it is ever dead, so a dead entry
    /// means that something was changed or taken away.
    SingleWriter,
    /// Several processes (a Kafka topic): dead entries are ordinary, and counted.
    Shared,
}

/// A point that is known from elsewhere and must lie on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownPoint {
    /// A position.
    pub position: Position,
    /// The record hash that it must have.
    pub record_hash: Hash,
}

/// The result for a log in which everything holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Accepted records; equally, the position after the last.
    pub records: u64,
    /// Record hash of the last record; the genesis hash of an empty log.
    pub head_hash: Hash,
    /// Dead entries, claims and records together.
    pub dead: u64,
    /// Claims that won.
    pub claims: u64,
}

/// The first thing that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("verification stops at position {position} (entry {entry} of the log)")]
pub struct BadEntry {
    /// The position that was due there.
    pub position: Position,
    /// Which entry of the log, counted from 0; one past the last if the log is too short.
    pub entry: u64,
    /// What does not hold.
    #[source]
    pub problem: Problem,
}

/// What does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The bytes are no entry.
    #[error("malformed entry")]
    Malformed(#[source] EntryError),
    /// A record of the chain contradicts itself.
    #[error(transparent)]
    Damaged(Damage),
    /// A dead entry in a log that had one writer.
    #[error("an entry that does not continue the chain, in a log with a single writer")]
    NotOfTheChain,
    /// The chain has another record than the one known.
    #[error("record hash {found}, known as {known}")]
    OtherThanKnown {
        /// As known from elsewhere.
        known: Hash,
        /// As found.
        found: Hash,
    },
    /// The log ends before a point that is known to have been there.
    #[error("the log ends before position {known}, which is known to have been there")]
    ShorterThanKnown {
        /// The known position.
        known: Position,
    },
}

/// Verifies a log as its entries are pushed, without allocating per record.
#[derive(Clone, Debug)]
pub struct Verifier {
    chain: Chain,
    kind: LogKind,
    /// Descending by position, so that the next one to meet is last.
    known: Vec<KnownPoint>,
    entries: u64,
    claims: u64,
}

impl Verifier {
    /// Returns a verifier for the log of `ledger_id` from its start. `known` may be in any order.
    pub fn new(ledger_id: &str, kind: LogKind, known: &[KnownPoint]) -> Self {
        let mut known = known.to_vec();
        known.sort_by_key(|point| std::cmp::Reverse(point.position));
        Self {
            chain: Chain::new(ledger_id),
            kind,
            known,
            entries: 0,
            claims: 0,
        }
    }

    /// Returns the chain as far as it is verified.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Verifies the next stored entry.
    ///
    /// # Errors
    /// [`BadEntry`]: the log does not hold from here on; pushing more means nothing.
    pub fn push(&mut self, stored: &[u8]) -> Result<Verdict, BadEntry> {
        let position = self.chain.next_position();
        let bad = BadEntry {
            position,
            entry: self.entries,
            problem: Problem::NotOfTheChain,
        };
        let stop = |problem| BadEntry { problem, ..bad };
        let entry = Entry::decode(stored).map_err(|error| stop(Problem::Malformed(error)))?;
        let verdict = self
            .chain
            .judge(&entry)
            .map_err(|damage| stop(Problem::Damaged(damage)))?;
        self.entries = self.entries.saturating_add(1);
        match verdict {
            Verdict::Accepted {
                position,
                record_hash,
            } => {
                while let Some(point) = self.known.pop_if(|known| known.position == position) {
                    if point.record_hash != record_hash {
                        let (known, found) = (point.record_hash, record_hash);
                        return Err(stop(Problem::OtherThanKnown { known, found }));
                    }
                }
            }
            Verdict::TermBegan(_) => self.claims = self.claims.saturating_add(1),
            Verdict::DeadClaim | Verdict::DeadRecord => match self.kind {
                LogKind::SingleWriter => return Err(bad),
                LogKind::Shared => {}
            },
        }
        Ok(verdict)
    }

    /// Returns the result once every entry was pushed.
    ///
    /// # Errors
    /// [`Problem::ShorterThanKnown`] if a known point lies beyond the end.
    pub fn finish(self) -> Result<Verified, BadEntry> {
        let position = self.chain.next_position();
        if let Some(point) = self.known.last() {
            let problem = Problem::ShorterThanKnown {
                known: point.position,
            };
            return Err(BadEntry {
                position,
                entry: self.entries,
                problem,
            });
        }
        Ok(Verified {
            records: position.0,
            head_hash: self.chain.head_hash(),
            dead: self.chain.dead(),
            claims: self.claims,
        })
    }
}

/// Verifies a whole log that is at hand as an iterator of stored entries.
///
/// # Errors
/// [`BadEntry`]: the first thing that does not hold.
pub fn verify<B: AsRef<[u8]>>(
    ledger_id: &str,
    kind: LogKind,
    entries: impl IntoIterator<Item = B>,
) -> Result<Verified, BadEntry> {
    let mut verifier = Verifier::new(ledger_id, kind, &[]);
    for entry in entries {
        verifier.push(entry.as_ref())?;
    }
    verifier.finish()
}
