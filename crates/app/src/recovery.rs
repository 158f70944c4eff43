//! Opening a ledger: from its log to the state that decisions need.

use perennial_domain::book::{Book, CorruptStream};
use perennial_domain::log::Position;
use perennial_proof::{Chain, Hash};
use perennial_wire::stored::{DecodeError, Outcome};

use crate::ports::log::LogRead;
use crate::records::{LedgerReadError, LedgerReader, LedgerRecord};
use crate::writer::RequestIndex;

/// How much of the log one read of the recovery takes.
const READ_BYTES: usize = 4 * 1024 * 1024;

/// A ledger's state at the durable end of its log.
pub struct Recovered {
    /// The state; absent for a log without its first record.
    pub book: Option<Book>,
    /// Where the chain stands.
    pub chain: Chain,
    /// Every request id so far.
    pub requests: RequestIndex,
}

/// A record that is known from elsewhere to be part of the ledger: from a head marker or a kept checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownPoint {
    /// Its position.
    pub position: Position,
    /// Its hash.
    pub record_hash: Hash,
}

/// Why a ledger cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// Its records cannot be read.
    #[error("read the ledger's records")]
    Read(#[source] LedgerReadError),
    /// A record's body cannot be understood.
    #[error("decode the record at position {position}")]
    Decode {
        /// Which.
        position: Position,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// The events contradict each other.
    #[error("fold the record at position {position}")]
    Fold {
        /// Which.
        position: Position,
        /// Why.
        #[source]
        source: CorruptStream,
    },
    /// A record that was there is gone or is another one: history was lost, nothing is rebuilt in silence.
    #[error("position {position} is {problem}")]
    LostHistory {
        /// Which.
        position: Position,
        /// What became of it.
        problem: &'static str,
    },
    /// The first record is not the creation of the ledger.
    #[error("position 0 does not create a ledger")]
    NotCreated,
}

/// Reads the whole log and folds it; `known` must be in it. Blocks on IO.
///
/// # Errors
/// [`RecoverError`]: the ledger must not be served.
pub fn recover(
    log: &dyn LogRead,
    ledger_id: &str,
    known: Option<KnownPoint>,
) -> Result<Recovered, RecoverError> {
    let mut reader = LedgerReader::from_start(log, ledger_id).map_err(RecoverError::Read)?;
    let mut book = None;
    let mut requests = RequestIndex::default();
    loop {
        let records = reader.read(READ_BYTES).map_err(RecoverError::Read)?;
        if records.is_empty() {
            let chain = reader.into_chain();
            check_reached(&chain, known)?;
            return Ok(Recovered {
                book,
                chain,
                requests,
            });
        }
        for record in &records {
            check_same(record, known)?;
            fold(&mut book, &mut requests, record)?;
        }
    }
}

fn check_reached(chain: &Chain, known: Option<KnownPoint>) -> Result<(), RecoverError> {
    match known {
        Some(KnownPoint { position, .. }) if chain.next_position().0 <= position.0 => {
            Err(RecoverError::LostHistory {
                position,
                problem: "known and not there",
            })
        }
        Some(_) | None => Ok(()),
    }
}

fn check_same(record: &LedgerRecord, known: Option<KnownPoint>) -> Result<(), RecoverError> {
    match known {
        Some(KnownPoint {
            position,
            record_hash,
        }) if record.position == position && record.record_hash != record_hash => {
            Err(RecoverError::LostHistory {
                position,
                problem: "another record than the known one",
            })
        }
        Some(_) | None => Ok(()),
    }
}

fn fold(
    book: &mut Option<Book>,
    requests: &mut RequestIndex,
    record: &LedgerRecord,
) -> Result<(), RecoverError> {
    let position = record.position;
    let body = record
        .body()
        .map_err(|source| RecoverError::Decode { position, source })?;
    requests.insert(body.request_id, position, record.offset);
    let Outcome::Events(events) = body.outcome else {
        return Ok(());
    };
    for (index, event) in (0_u32..).zip(events) {
        let event_id = perennial_domain::log::EventId { position, index };
        let recorded = perennial_domain::log::Recorded {
            event_id,
            recorded_at: record.recorded_at,
            event,
        };
        match book {
            Some(book) => book
                .evolve(&recorded)
                .map_err(|source| RecoverError::Fold { position, source })?,
            None => *book = Some(Book::created(&recorded).map_err(|_| RecoverError::NotCreated)?),
        }
    }
    Ok(())
}
