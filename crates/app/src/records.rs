//! Reading a ledger's accepted records in order: the one path of the writer, the projectors and the auditors.

mod lookup;

use perennial_domain::event::Event;
use perennial_domain::log::{EventId, Position, Recorded, RecordedAt};
use perennial_proof::{Chain, ChainPoint, Damage, Entry, EntryError, Hash, Term, Verdict};
use perennial_wire::stored::{DecodeError, Outcome, RecordBody};

use crate::ports::log::{LogOffset, LogRead, LogTail, ReadError, StoredEntry, TailEntry};
use crate::seat::status::Leader;

pub(crate) use lookup::{Lookup, look_up};

/// An accepted record, as stored.
#[derive(Clone, Debug)]
pub struct LedgerRecord {
    /// Its position.
    pub position: Position,
    /// When it was appended.
    pub recorded_at: RecordedAt,
    /// Its hash.
    pub record_hash: Hash,
    /// The term it was appended in.
    pub term: Term,
    /// Where it stands in this engine's log.
    pub offset: LogOffset,
    /// Where to resume reading after it.
    pub next_offset: LogOffset,
    /// The stored bytes.
    pub entry: StoredEntry,
}

impl LedgerRecord {
    /// The stored header: what the record hash is taken over.
    pub fn header_bytes(&self) -> &[u8] {
        match Entry::decode(&self.entry.0) {
            Ok(Entry::Record { header_bytes, .. }) => header_bytes,
            Ok(Entry::Claim(_)) | Err(_) => &[],
        }
    }

    /// The stored body.
    pub fn body_bytes(&self) -> &[u8] {
        match Entry::decode(&self.entry.0) {
            Ok(Entry::Record { body, .. }) => body,
            Ok(Entry::Claim(_)) | Err(_) => &[],
        }
    }

    /// Decodes the body.
    ///
    /// # Errors
    /// [`DecodeError`]: an unknown or damaged event stops this ledger's reader, visibly (STYLE.md 7.7).
    pub fn body(&self) -> Result<RecordBody, DecodeError> {
        perennial_wire::stored::decode_body(self.body_bytes())
    }

    /// Decodes the body's events with their ids; empty for a kept refusal.
    ///
    /// # Errors
    /// As [`LedgerRecord::body`].
    pub fn events(&self) -> Result<Vec<Recorded<Event>>, DecodeError> {
        Ok(self.submitted()?.1)
    }

    /// Decodes who submitted it, and the body's events as [`LedgerRecord::events`].
    ///
    /// # Errors
    /// As [`LedgerRecord::body`].
    pub fn submitted(&self) -> Result<(String, Vec<Recorded<Event>>), DecodeError> {
        let body = self.body()?;
        let maker = body.actor.subject;
        let Outcome::Events(events) = body.outcome else {
            return Ok((maker, Vec::new()));
        };
        let events = (0_u32..)
            .zip(events)
            .map(|(index, event)| Recorded {
                event_id: EventId {
                    position: self.position,
                    index,
                },
                recorded_at: self.recorded_at,
                event,
            })
            .collect();
        Ok((maker, events))
    }
}

/// Why a ledger's records cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum LedgerReadError {
    /// The log itself failed.
    #[error("read the log")]
    Log(#[source] ReadError),
    /// An entry is none.
    #[error("malformed entry at offset {}, where position {next_position} was expected", offset.0)]
    Entry {
        /// Where it stands.
        offset: LogOffset,
        /// The position that was expected next.
        next_position: Position,
        /// What is wrong with it.
        #[source]
        source: EntryError,
    },
    /// A record contradicts itself or its predecessor.
    #[error("damaged record")]
    Damaged(#[source] Damage),
}

impl LedgerReadError {
    /// Whether stored history is damaged, so that reading again does not help.
    pub fn is_integrity_failure(&self) -> bool {
        match self {
            Self::Log(ReadError::Unavailable { .. }) => false,
            Self::Log(ReadError::Damaged { .. }) | Self::Entry { .. } | Self::Damaged(_) => true,
        }
    }
}

/// What counts of a log, in its order.
pub(crate) enum Passed {
    /// A record of the ledger.
    Record(LedgerRecord),
    /// A claim that won, and its stored bytes.
    Term(WonClaim, StoredEntry),
}

/// The claim that began a term.
#[derive(Clone, Debug)]
pub(crate) struct WonClaim {
    pub(crate) leader: Leader,
    /// Tells two claims of one node for one term apart.
    pub(crate) nonce: [u8; 16],
    /// Where the next entry stands.
    pub(crate) next_offset: LogOffset,
}

/// Reads accepted records in order, judging each entry like every other reader.
pub struct LedgerReader {
    tail: Box<dyn LogTail>,
    chain: Chain,
    next_offset: LogOffset,
    /// The claim that began the current term, if it was read here.
    claim: Option<WonClaim>,
}

impl LedgerReader {
    /// Reads from the first record on.
    ///
    /// # Errors
    /// [`LedgerReadError::Log`] if the log cannot be opened.
    pub fn from_start(log: &dyn LogRead, ledger_id: &str) -> Result<Self, LedgerReadError> {
        Self::open(log, Chain::new(ledger_id), LogOffset::default())
    }

    /// Reads on after `point`; `offset` is where that record's successor is looked for.
    ///
    /// # Errors
    /// [`LedgerReadError::Log`] if the log cannot be opened there.
    pub fn from_point(
        log: &dyn LogRead,
        point: ChainPoint,
        offset: LogOffset,
    ) -> Result<Self, LedgerReadError> {
        Self::open(log, Chain::from_point(point), offset)
    }

    fn open(log: &dyn LogRead, chain: Chain, offset: LogOffset) -> Result<Self, LedgerReadError> {
        let tail = log.tail(offset).map_err(LedgerReadError::Log)?;
        Ok(Self {
            tail,
            chain,
            next_offset: offset,
            claim: None,
        })
    }

    /// Returns the next accepted records in order; empty at the durable end, without waiting. Reads about
    /// `bytes_max` of the log a call. Blocks on IO.
    ///
    /// # Errors
    /// [`LedgerReadError`]; nothing after the damage is ever returned.
    pub fn read(&mut self, bytes_max: usize) -> Result<Vec<LedgerRecord>, LedgerReadError> {
        loop {
            let Some(passed) = self.pass(bytes_max)? else {
                return Ok(Vec::new());
            };
            let record = |passed| match passed {
                Passed::Record(record) => Some(record),
                Passed::Term(..) => None,
            };
            let records: Vec<_> = passed.into_iter().filter_map(record).collect();
            // A stretch of claims and dead records yields nothing: go on instead of feigning the end.
            if !records.is_empty() {
                return Ok(records);
            }
        }
    }

    /// Returns what counts of the next entries, perhaps nothing; `None` at the durable end. Reads once, and otherwise
    /// as [`LedgerReader::read`].
    pub(crate) fn pass(
        &mut self,
        bytes_max: usize,
    ) -> Result<Option<Vec<Passed>>, LedgerReadError> {
        let entries = self.tail.read(bytes_max).map_err(LedgerReadError::Log)?;
        if entries.is_empty() {
            return Ok(None);
        }
        let mut passed = Vec::with_capacity(entries.len());
        for stored in entries {
            passed.extend(self.judge(stored)?);
        }
        Ok(Some(passed))
    }

    fn judge(&mut self, stored: TailEntry) -> Result<Option<Passed>, LedgerReadError> {
        let TailEntry {
            offset,
            next_offset,
            entry,
        } = stored;
        let next_position = Position(self.chain.next_position().0);
        let decoded = Entry::decode(&entry.0).map_err(|source| LedgerReadError::Entry {
            offset,
            next_position,
            source,
        })?;
        let recorded_at = match &decoded {
            Entry::Record { header, .. } => RecordedAt(header.recorded_at),
            Entry::Claim(_) => RecordedAt::default(),
        };
        let verdict = self
            .chain
            .judge(&decoded)
            .map_err(LedgerReadError::Damaged)?;
        self.next_offset = next_offset;
        Ok(match (verdict, decoded) {
            (Verdict::TermBegan(term), Entry::Claim(claim)) => {
                let leader = Leader {
                    term,
                    node: claim.node,
                    address: claim.address,
                };
                let won = WonClaim {
                    leader,
                    nonce: claim.nonce,
                    next_offset,
                };
                self.claim = Some(won.clone());
                Some(Passed::Term(won, entry))
            }
            (Verdict::Accepted { record_hash, .. }, _) => {
                let term = self.chain.term();
                Some(Passed::Record(LedgerRecord {
                    position: next_position,
                    recorded_at,
                    record_hash,
                    term,
                    offset,
                    next_offset,
                    entry,
                }))
            }
            (Verdict::TermBegan(_) | Verdict::DeadClaim | Verdict::DeadRecord, _) => None,
        })
    }

    /// The claim that began the current term; absent if it lies before where reading began.
    pub(crate) fn claim(&self) -> Option<&WonClaim> {
        self.claim.as_ref()
    }

    /// Where the chain stands.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Where reading resumes.
    pub fn next_offset(&self) -> LogOffset {
        self.next_offset
    }
}
