//! The one function that every reader applies to say what counts: the fence.
//!
//! The first claim, in log order, of the current term plus 1 begins that term; any other claim is dead.
//! A record is part of the ledger if and only if its term is the current one and it extends the chain
//! (next position, matching `prev_hash`); any other record is dead for every reader alike.
//! Source: DESIGN.md 4 "The fence". Upholds INV-9 and INV-11.

use crate::entry::{self, BODY_BYTES_MAX, Entry, EntryError};
use crate::header::FORMAT;
use crate::planted::{Bug, planted};
use crate::{Hash, Position, RecordHeader, Term, genesis_hash, record_hash};

/// Where a chain stands: what a snapshot or a resumed reader has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainPoint {
    /// The last accepted position.
    pub position: Position,
    /// Its record hash.
    pub record_hash: Hash,
    /// The term that is current after it.
    pub term: Term,
    /// Its `recorded_at`: Unix time in microseconds.
    pub recorded_at: i64,
}

/// A ledger's chain, as far as it has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    term: Term,
    next: Position,
    /// Record hash of the last accepted record, or the genesis hash.
    head: Hash,
    /// Of the last accepted record; the earliest there is before the first.
    recorded_at: i64,
    dead_records: u64,
    dead_claims: u64,
}

/// What an entry is to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A record of the ledger.
    Accepted {
        /// Its position.
        position: Position,
        /// Its record hash: the leaf, and the next record's `prev_hash`.
        record_hash: Hash,
    },
    /// The claim won: this term is current from here on.
    TermBegan(Term),
    /// A claim that came too late, or for another term than the next one.
    DeadClaim,
    /// A record of another term, or one that does not extend the chain.
    DeadRecord,
}

/// An otherwise acceptable record contradicts itself or the one before: an integrity failure. Never
/// skipped as dead, because the chain commits to its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The body is not as long as the header states.
    #[error("the body at position {position} has {found} bytes, its header states {stated}")]
    BodyLength {
        /// Where.
        position: Position,
        /// Bytes that the header states.
        stated: u32,
        /// Bytes found.
        found: usize,
    },
    /// The body is not the one that the header names.
    #[error("the body at position {position} does not have the hash that its header states")]
    BodyHash {
        /// Where.
        position: Position,
    },
    /// Recorded before the record that precedes it.
    #[error(
        "position {position} was recorded at {found}, before its predecessor at {previous} (Unix microseconds)"
    )]
    RecordedAtDecreases {
        /// Where.
        position: Position,
        /// The predecessor's `recorded_at`.
        previous: i64,
        /// Its own.
        found: i64,
    },
    /// There is no position after this one.
    #[error("position {position} is the last there can be")]
    PositionsExhausted {
        /// Where.
        position: Position,
    },
}

impl Damage {
    /// Returns the position of the damaged record.
    pub fn position(&self) -> Position {
        match *self {
            Self::BodyLength { position, .. }
            | Self::BodyHash { position }
            | Self::RecordedAtDecreases { position, .. }
            | Self::PositionsExhausted { position } => position,
        }
    }
}

/// A record that [`Chain::seal`] made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Its position.
    pub position: Position,
    /// Its record hash.
    pub record_hash: Hash,
    /// Its `recorded_at`, Unix time in microseconds: the later of the asked one and the predecessor's.
    pub recorded_at: i64,
}

/// Why a record could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Nobody leads: a claim has to win first.
    #[error("no term has begun")]
    NoTerm,
    /// The body is beyond the limit.
    #[error("a body of {0} bytes, more than {BODY_BYTES_MAX}")]
    BodyTooLong(usize),
    /// There is no position left.
    #[error("no position is left")]
    PositionsExhausted,
}

impl Chain {
    /// Returns the chain of a ledger of which nothing has been read.
    pub fn new(ledger_id: &str) -> Self {
        Self {
            term: Term(0),
            next: Position(0),
            head: genesis_hash(ledger_id),
            recorded_at: i64::MIN,
            dead_records: 0,
            dead_claims: 0,
        }
    }

    /// Returns a chain that goes on after `point`, for snapshots and tails. Dead entries are counted
    /// from here on. Nothing is after the last position there can be, so nothing is accepted there.
    pub fn from_point(point: ChainPoint) -> Self {
        Self {
            term: point.term,
            next: Position(point.position.0.saturating_add(1)),
            head: point.record_hash,
            recorded_at: point.recorded_at,
            dead_records: 0,
            dead_claims: 0,
        }
    }

    /// Returns the term that is current, `Term(0)` before the first claim.
    pub fn term(&self) -> Term {
        self.term
    }

    /// Returns the term that a claim has to have to win here.
    pub fn next_term(&self) -> Option<Term> {
        self.term.0.checked_add(1).map(Term)
    }

    /// Returns the position that the next record must have; equally, how many records there are.
    pub fn next_position(&self) -> Position {
        self.next
    }

    /// Returns the hash that the next record's `prev_hash` must have.
    pub fn head_hash(&self) -> Hash {
        self.head
    }

    /// Returns `recorded_at` of the last record in Unix microseconds; nothing before the first.
    pub fn last_recorded_at(&self) -> Option<i64> {
        self.next.0.checked_sub(1).map(|_| self.recorded_at)
    }

    /// Returns how many entries were dead, records and claims.
    pub fn dead(&self) -> u64 {
        self.dead_records.saturating_add(self.dead_claims)
    }

    /// Returns how many records were dead.
    pub fn dead_records(&self) -> u64 {
        self.dead_records
    }

    /// Returns how many claims were dead.
    pub fn dead_claims(&self) -> u64 {
        self.dead_claims
    }

    /// Returns where the chain stands; nothing before the first record.
    pub fn point(&self) -> Option<ChainPoint> {
        let position = self.next.0.checked_sub(1).map(Position)?;
        Some(ChainPoint {
            position,
            record_hash: self.head,
            term: self.term,
            recorded_at: self.recorded_at,
        })
    }

    /// Says what the next entry of the log is to the ledger, and goes on behind it.
    ///
    /// # Errors
    /// [`Damage`] if a record extends the chain but its body or time cannot be right. The chain is
    /// unchanged; reading must stop here.
    pub fn judge(&mut self, entry: &Entry<'_>) -> Result<Verdict, Damage> {
        match entry {
            Entry::Claim(claim) => Ok(self.judge_claim(claim.term)),
            Entry::Record {
                header_bytes,
                header,
                body,
            } => {
                if self.is_next(header) {
                    self.accept(header_bytes, header, body)
                } else {
                    self.dead_records = self.dead_records.saturating_add(1);
                    Ok(Verdict::DeadRecord)
                }
            }
        }
    }

    fn judge_claim(&mut self, claimed: Term) -> Verdict {
        let odd = (planted(Bug::ClaimTwoAhead) && self.term.0.checked_add(2) == Some(claimed.0))
            || (planted(Bug::LaterClaimWins) && self.term == claimed);
        if self.next_term() == Some(claimed) || odd {
            self.term = claimed;
            Verdict::TermBegan(claimed)
        } else {
            self.dead_claims = self.dead_claims.saturating_add(1);
            Verdict::DeadClaim
        }
    }

    /// Nothing counts before the first claim, not even a record that says term 0.
    fn is_next(&self, header: &RecordHeader) -> bool {
        self.term > Term(0)
            && (header.term == self.term || planted(Bug::AnyTermCounts))
            && header.position == self.next
            && header.prev_hash == self.head
    }

    fn accept(
        &mut self,
        header_bytes: &[u8],
        header: &RecordHeader,
        body: &[u8],
    ) -> Result<Verdict, Damage> {
        let position = header.position;
        let Some(next) = position.0.checked_add(1) else {
            return Err(Damage::PositionsExhausted { position });
        };
        if usize::try_from(header.body_length) != Ok(body.len()) {
            let (stated, found) = (header.body_length, body.len());
            return Err(Damage::BodyLength {
                position,
                stated,
                found,
            });
        }
        if Hash::of(body) != header.body_hash {
            return Err(Damage::BodyHash { position });
        }
        if header.recorded_at < self.recorded_at {
            let (previous, found) = (self.recorded_at, header.recorded_at);
            return Err(Damage::RecordedAtDecreases {
                position,
                previous,
                found,
            });
        }
        let record_hash = record_hash(header_bytes);
        self.next = Position(next);
        self.head = record_hash;
        self.recorded_at = header.recorded_at;
        Ok(Verdict::Accepted {
            position,
            record_hash,
        })
    }

    /// Makes the next record of the current term, appends its stored form to `out` and goes on behind
    /// it: the writer's half of [`Self::judge`]. `now` is the writer's clock in Unix microseconds; if
    /// it is behind the last record, that one's time is taken (INV-9).
    ///
    /// # Errors
    /// [`SealError`]; the chain and `out` are unchanged.
    pub fn seal(&mut self, now: i64, body: &[u8], out: &mut Vec<u8>) -> Result<Sealed, SealError> {
        if self.term == Term(0) {
            return Err(SealError::NoTerm);
        }
        let next = self
            .next
            .0
            .checked_add(1)
            .ok_or(SealError::PositionsExhausted)?;
        let too_long = SealError::BodyTooLong(body.len());
        let header = RecordHeader {
            format: FORMAT,
            position: self.next,
            term: self.term,
            recorded_at: now.max(self.recorded_at),
            prev_hash: self.head,
            body_hash: Hash::of(body),
            body_length: u32::try_from(body.len()).map_err(|_| too_long)?,
        };
        let header_bytes = header.to_bytes();
        entry::encode_record(out, &header_bytes, body).map_err(|_: EntryError| too_long)?;
        let sealed = Sealed {
            position: header.position,
            record_hash: record_hash(&header_bytes),
            recorded_at: header.recorded_at,
        };
        self.next = Position(next);
        self.head = sealed.record_hash;
        self.recorded_at = sealed.recorded_at;
        Ok(sealed)
    }
}
