//! Finding one record where somebody says that it stands.

use perennial_domain::log::{Position, RecordedAt};
use perennial_proof::{Entry, Hash, RecordHeader};

use super::LedgerRecord;
use crate::ports::log::{LogOffset, LogRead, ReadError};

/// How much of the log one look for a record reads.
const READ_BYTES: usize = 64 * 1024;

/// What stands where a record was looked for.
#[derive(Debug)]
pub(crate) enum Lookup {
    /// The record.
    Found(LedgerRecord),
    /// Something else.
    Other,
    /// Nothing: the durable end lies before it.
    Beyond,
}

/// Looks for the record at `position` from `offset` on, which is where it or its batch begins. `is_it` tells it
/// from a dead record of the same position.
///
/// # Errors
/// [`ReadError::Unavailable`]; damaged bytes are [`Lookup::Other`].
pub(crate) fn look_up(
    log: &dyn LogRead,
    (position, offset): (Position, LogOffset),
    is_it: impl Fn(&RecordHeader, Hash) -> bool,
) -> Result<Lookup, ReadError> {
    if *log.durable_end().borrow() < offset {
        return Ok(Lookup::Beyond);
    }
    let mut tail = match log.tail(offset) {
        Ok(tail) => tail,
        Err(ReadError::Damaged { .. }) => return Ok(Lookup::Other),
        Err(error @ ReadError::Unavailable { .. }) => return Err(error),
    };
    let mut at_the_end = Lookup::Beyond;
    loop {
        let entries = match tail.read(READ_BYTES) {
            Ok(entries) if entries.is_empty() => return Ok(at_the_end),
            Ok(entries) => entries,
            Err(ReadError::Damaged { .. }) => return Ok(Lookup::Other),
            Err(error @ ReadError::Unavailable { .. }) => return Err(error),
        };
        for stored in entries {
            let (header, record_hash) = match Entry::decode(&stored.entry.0) {
                Ok(Entry::Record {
                    header,
                    header_bytes,
                    ..
                }) => (header, perennial_proof::record_hash(header_bytes)),
                Ok(Entry::Claim(_)) => continue,
                Err(_) => return Ok(Lookup::Other),
            };
            if position.0 < header.position.0 {
                return Ok(Lookup::Other);
            }
            if header.position.0 != position.0 {
                continue;
            }
            if is_it(&header, record_hash) {
                return Ok(Lookup::Found(LedgerRecord {
                    position,
                    recorded_at: RecordedAt(header.recorded_at),
                    record_hash,
                    term: header.term,
                    offset: stored.offset,
                    next_offset: stored.next_offset,
                    entry: stored.entry,
                }));
            }
            at_the_end = Lookup::Other;
        }
    }
}
