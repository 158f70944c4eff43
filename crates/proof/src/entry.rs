//! What a log stores: `LogEntry {bytes header = 1; bytes body = 2; Claim claim = 3}`.
//!
//! An entry is either a record (header, then body, both present) or a claim. Decoding borrows, copies
//! no body and accepts one encoding only; stored bytes are input, so it never panics.

use crate::claim::CLAIM_BYTES_MAX;
use crate::cursor::{Cursor, LengthError, length_bytes, put_length};
use crate::header::{HEADER_BYTES, HEADER_BYTES_MAX};
use crate::{Claim, ClaimError, HeaderError, RecordHeader};

/// The most bytes of a record's body.
pub const BODY_BYTES_MAX: usize = 900_000;
/// The most bytes of an encoded entry: a header and a body at their limits with their leads.
pub const ENTRY_BYTES_MAX: usize = 3 + HEADER_BYTES_MAX + 4 + BODY_BYTES_MAX;

const TAG_HEADER: u8 = 0x0a;
const TAG_BODY: u8 = 0x12;
const TAG_CLAIM: u8 = 0x1a;

/// A decoded entry; header and body are the stored bytes themselves (INV-13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// A record. Whether it counts is for [`crate::Chain::judge`] to say.
    Record {
        /// The header as stored: what is hashed.
        header_bytes: &'a [u8],
        /// The header as read.
        header: RecordHeader,
        /// The body as stored.
        body: &'a [u8],
    },
    /// A claim of leadership.
    Claim(Claim),
}

/// Bytes that are no entry, or a part that cannot be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// No bytes: neither a record nor a claim.
    #[error("an entry without record and claim")]
    Neither,
    /// A record and a claim in one entry.
    #[error("an entry with both a record and a claim")]
    Both,
    /// A record's header without its body.
    #[error("a record without a body")]
    BodyAbsent,
    /// A body without a header before it.
    #[error("a body without a header before it")]
    HeaderAbsent,
    /// A field that entries do not have.
    #[error("unknown field, byte {0:#04x}")]
    UnknownField(u8),
    /// A field that stands twice.
    #[error("a field stands twice, byte {0:#04x}")]
    Repeated(u8),
    /// The bytes end within a field.
    #[error("the entry ends early")]
    Truncated,
    /// A length that is not in its shortest form.
    #[error("malformed length after byte {0:#04x}")]
    Length(u8),
    /// A header beyond the limit.
    #[error("a header of {0} bytes, more than {HEADER_BYTES_MAX}")]
    HeaderTooLong(usize),
    /// A body beyond the limit.
    #[error("a body of {0} bytes, more than {BODY_BYTES_MAX}")]
    BodyTooLong(usize),
    /// A claim longer than any can be.
    #[error("a claim of {0} bytes, more than {CLAIM_BYTES_MAX}")]
    ClaimTooLong(usize),
    /// The header is none.
    #[error("malformed header")]
    Header(#[source] HeaderError),
    /// The claim is none, or cannot be stored.
    #[error("malformed claim")]
    Claim(#[source] ClaimError),
}

impl<'a> Entry<'a> {
    /// Reads an entry from its stored bytes.
    ///
    /// # Errors
    /// [`EntryError`]: the first thing that is not as the encoders of this module write it.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, EntryError> {
        let mut cursor = Cursor::new(bytes);
        let Some(tag) = cursor.byte() else {
            return Err(EntryError::Neither);
        };
        match tag {
            TAG_HEADER => Self::decode_record(cursor),
            TAG_CLAIM => Self::decode_claim(cursor),
            TAG_BODY => Err(EntryError::HeaderAbsent),
            unknown => Err(EntryError::UnknownField(unknown)),
        }
    }

    fn decode_record(mut cursor: Cursor<'a>) -> Result<Self, EntryError> {
        let limit = (
            HEADER_BYTES_MAX,
            EntryError::HeaderTooLong as fn(usize) -> EntryError,
        );
        let header_bytes = part(&mut cursor, TAG_HEADER, limit)?;
        let header = RecordHeader::parse(header_bytes).map_err(EntryError::Header)?;
        match cursor.byte() {
            Some(TAG_BODY) => {}
            None => return Err(EntryError::BodyAbsent),
            Some(TAG_CLAIM) => return Err(EntryError::Both),
            Some(TAG_HEADER) => return Err(EntryError::Repeated(TAG_HEADER)),
            Some(unknown) => return Err(EntryError::UnknownField(unknown)),
        }
        let body = part(
            &mut cursor,
            TAG_BODY,
            (BODY_BYTES_MAX, EntryError::BodyTooLong),
        )?;
        match cursor.byte() {
            None => Ok(Self::Record {
                header_bytes,
                header,
                body,
            }),
            Some(TAG_CLAIM) => Err(EntryError::Both),
            Some(repeated @ (TAG_HEADER | TAG_BODY)) => Err(EntryError::Repeated(repeated)),
            Some(unknown) => Err(EntryError::UnknownField(unknown)),
        }
    }

    fn decode_claim(mut cursor: Cursor<'a>) -> Result<Self, EntryError> {
        let limit = (
            CLAIM_BYTES_MAX,
            EntryError::ClaimTooLong as fn(usize) -> EntryError,
        );
        let claim = part(&mut cursor, TAG_CLAIM, limit)?;
        match cursor.byte() {
            None => Claim::parse(claim)
                .map(Self::Claim)
                .map_err(EntryError::Claim),
            Some(TAG_HEADER | TAG_BODY) => Err(EntryError::Both),
            Some(TAG_CLAIM) => Err(EntryError::Repeated(TAG_CLAIM)),
            Some(unknown) => Err(EntryError::UnknownField(unknown)),
        }
    }
}

/// Appends the stored form of a record to `out`, reserving its length at once. `out` is unchanged on
/// an error. Does not check that header and body belong together: [`crate::Chain::seal`] makes both.
///
/// # Errors
/// [`EntryError::BodyTooLong`].
pub fn encode_record(
    out: &mut Vec<u8>,
    header: &[u8; HEADER_BYTES],
    body: &[u8],
) -> Result<(), EntryError> {
    if body.len() > BODY_BYTES_MAX {
        return Err(EntryError::BodyTooLong(body.len()));
    }
    out.reserve_exact(record_length(body.len()));
    out.push(TAG_HEADER);
    put_length(out, HEADER_BYTES);
    out.extend_from_slice(header);
    out.push(TAG_BODY);
    put_length(out, body.len());
    out.extend_from_slice(body);
    Ok(())
}

/// Returns the length in bytes of a stored record whose body has `body_length` bytes.
pub fn record_length(body_length: usize) -> usize {
    1 + length_bytes(HEADER_BYTES) + HEADER_BYTES + 1 + length_bytes(body_length) + body_length
}

/// Appends the stored form of `claim` to `out`, reserving its length at once. `out` is unchanged on an
/// error.
///
/// # Errors
/// [`EntryError::Claim`] if the node name or the address is too long.
pub fn encode_claim(out: &mut Vec<u8>, claim: &Claim) -> Result<(), EntryError> {
    claim.check().map_err(EntryError::Claim)?;
    let length = claim.stored_length();
    out.reserve_exact(1 + length_bytes(length) + length);
    out.push(TAG_CLAIM);
    put_length(out, length);
    claim.put(out);
    Ok(())
}

/// Reads a length and that many bytes; `limit` is the most there may be and what to say beyond it.
fn part<'a>(
    cursor: &mut Cursor<'a>,
    tag: u8,
    limit: (usize, fn(usize) -> EntryError),
) -> Result<&'a [u8], EntryError> {
    let length = cursor.length().map_err(|error| match error {
        LengthError::Truncated => EntryError::Truncated,
        LengthError::Form => EntryError::Length(tag),
    })?;
    let (length_max, too_long) = limit;
    if length > length_max {
        return Err(too_long(length));
    }
    cursor.take(length).ok_or(EntryError::Truncated)
}
