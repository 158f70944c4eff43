//! Reading a ledger's accepted records in order: the one path of the writer, the projectors and the auditors.

mod lookup;

use perennial_domain::event::Event;
use perennial_domain::log::{EventId, Position, Recorded, RecordedAt};
use perennial_proof::{Chain, ChainPoint, Damage, Entry, EntryError, Hash, Term, Verdict};
use perennial_wire::stored::{DecodeError, Outcome, RecordBody};

use crate::ports::log::{LogOffset, LogRead, LogTail, ReadError, StoredEntry};

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

/// Reads accepted records in order, judging each entry like every other reader.
pub struct LedgerReader {
    tail: Box<dyn LogTail>,
    chain: Chain,
    next_offset: LogOffset,
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
        })
    }

    /// Returns the next accepted records in order; empty at the durable end, without waiting. Reads about
    /// `bytes_max` of the log a call. Blocks on IO.
    ///
    /// # Errors
    /// [`LedgerReadError`]; nothing after the damage is ever returned.
    pub fn read(&mut self, bytes_max: usize) -> Result<Vec<LedgerRecord>, LedgerReadError> {
        loop {
            let entries = self.tail.read(bytes_max).map_err(LedgerReadError::Log)?;
            if entries.is_empty() {
                return Ok(Vec::new());
            }
            let mut records = Vec::with_capacity(entries.len());
            for stored in entries {
                let judged = self.judge(&stored.entry, stored.offset)?;
                self.next_offset = stored.next_offset;
                if let Some((position, record_hash, recorded_at, term)) = judged {
                    let (offset, next_offset, entry) =
                        (stored.offset, stored.next_offset, stored.entry);
                    records.push(LedgerRecord {
                        position,
                        recorded_at,
                        record_hash,
                        term,
                        offset,
                        next_offset,
                        entry,
                    });
                }
            }
            // A stretch of claims and dead records yields nothing: go on instead of feigning the end.
            if !records.is_empty() {
                return Ok(records);
            }
        }
    }

    fn judge(
        &mut self,
        entry: &StoredEntry,
        offset: LogOffset,
    ) -> Result<Option<(Position, Hash, RecordedAt, Term)>, LedgerReadError> {
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
        match self
            .chain
            .judge(&decoded)
            .map_err(LedgerReadError::Damaged)?
        {
            Verdict::Accepted {
                position,
                record_hash,
            } => Ok(Some((
                Position(position.0),
                record_hash,
                recorded_at,
                self.chain.term(),
            ))),
            Verdict::TermBegan(_) | Verdict::DeadClaim | Verdict::DeadRecord => Ok(None),
        }
    }

    /// Where the chain stands.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Gives the chain up, for a writer that goes on behind it.
    pub fn into_chain(self) -> Chain {
        self.chain
    }

    /// Where reading resumes.
    pub fn next_offset(&self) -> LogOffset {
        self.next_offset
    }
}
