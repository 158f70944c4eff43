//! The record header: small, fixed, and the only part that is hashed into the chain.
//!
//! The layout is what protobuf would write for
//! `{fixed32 format = 1; fixed64 position = 2; fixed64 term = 3; sfixed64 recorded_at = 4;
//! bytes prev_hash = 5; bytes body_hash = 6; fixed32 body_length = 7}` with every field present and
//! ascending tags. It is frozen and written by hand: a header has exactly one encoding.
//! Source: DESIGN.md 4 "The record".

use crate::cursor::Cursor;
use crate::entry::BODY_BYTES_MAX;
use crate::{Hash, Position, Term};

/// The only header format there is.
pub const FORMAT: u32 = 1;
/// Length in bytes of every header of format 1.
pub const HEADER_BYTES: usize = 105;
/// The most bytes that a header of any format may have.
pub const HEADER_BYTES_MAX: usize = 256;

const TAG_FORMAT: u8 = 0x0d;
const TAG_POSITION: u8 = 0x11;
const TAG_TERM: u8 = 0x19;
const TAG_RECORDED_AT: u8 = 0x21;
const TAG_PREV_HASH: u8 = 0x2a;
const TAG_BODY_HASH: u8 = 0x32;
const TAG_BODY_LENGTH: u8 = 0x3d;
/// [`Hash::LENGTH`] as the one-byte varint before a hash.
const HASH_LENGTH: u8 = 0x20;

/// What is said of a record without its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordHeader {
    /// Layout of the header, [`FORMAT`].
    pub format: u32,
    /// Place in the ledger.
    pub position: Position,
    /// The leadership under which it was written.
    pub term: Term,
    /// When it was recorded, by the writer's clock: Unix time in microseconds. Never decreases.
    pub recorded_at: i64,
    /// Record hash of the position before; of position 0 the genesis hash of the ledger.
    pub prev_hash: Hash,
    /// SHA-256 of the body as stored.
    pub body_hash: Hash,
    /// Length of the body in bytes.
    pub body_length: u32,
}

/// Bytes that are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// A layout that this build does not know: written by a newer one, or damaged.
    #[error("unknown header format {0}")]
    Format(u32),
    /// Not as long as the format says.
    #[error("a header has {HEADER_BYTES} bytes, not {0}")]
    Length(usize),
    /// Another byte where a field begins.
    #[error("byte {found:#04x} where field {field} of the header begins")]
    Tag {
        /// Number of the field that belongs here.
        field: u8,
        /// The byte found.
        found: u8,
    },
    /// States a body longer than any may be.
    #[error("states a body of {0} bytes, more than {BODY_BYTES_MAX}")]
    BodyLength(u32),
}

impl RecordHeader {
    /// Returns the stored bytes.
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let out = put(&mut bytes, &[TAG_FORMAT]);
        let out = put(out, &self.format.to_le_bytes());
        let out = put(out, &[TAG_POSITION]);
        let out = put(out, &self.position.0.to_le_bytes());
        let out = put(out, &[TAG_TERM]);
        let out = put(out, &self.term.0.to_le_bytes());
        let out = put(out, &[TAG_RECORDED_AT]);
        let out = put(out, &self.recorded_at.to_le_bytes());
        let out = put(out, &[TAG_PREV_HASH, HASH_LENGTH]);
        let out = put(out, self.prev_hash.as_bytes());
        let out = put(out, &[TAG_BODY_HASH, HASH_LENGTH]);
        let out = put(out, self.body_hash.as_bytes());
        let out = put(out, &[TAG_BODY_LENGTH]);
        let out = put(out, &self.body_length.to_le_bytes());
        debug_assert!(out.is_empty(), "the fields fill the header");
        bytes
    }

    /// Reads a header from its stored bytes, accepting nothing but what [`Self::to_bytes`] writes.
    ///
    /// # Errors
    /// [`HeaderError`]: the first thing that differs.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        let length = HeaderError::Length(bytes.len());
        let mut cursor = Cursor::new(bytes);
        // The format comes first in every format, so that a newer header says so.
        let format = u32::from_le_bytes(field(&mut cursor, 1, &[TAG_FORMAT], length)?);
        if format != FORMAT {
            return Err(HeaderError::Format(format));
        }
        if bytes.len() != HEADER_BYTES {
            return Err(length);
        }
        let position = field(&mut cursor, 2, &[TAG_POSITION], length)?;
        let term = field(&mut cursor, 3, &[TAG_TERM], length)?;
        let recorded_at = field(&mut cursor, 4, &[TAG_RECORDED_AT], length)?;
        let prev_hash = field(&mut cursor, 5, &[TAG_PREV_HASH, HASH_LENGTH], length)?;
        let body_hash = field(&mut cursor, 6, &[TAG_BODY_HASH, HASH_LENGTH], length)?;
        let body_length = field(&mut cursor, 7, &[TAG_BODY_LENGTH], length)?;
        let body_length = u32::from_le_bytes(body_length);
        if usize::try_from(body_length).is_ok_and(|length| length <= BODY_BYTES_MAX) {
            Ok(Self {
                format,
                position: Position(u64::from_le_bytes(position)),
                term: Term(u64::from_le_bytes(term)),
                recorded_at: i64::from_le_bytes(recorded_at),
                prev_hash: Hash::from_bytes(prev_hash),
                body_hash: Hash::from_bytes(body_hash),
                body_length,
            })
        } else {
            Err(HeaderError::BodyLength(body_length))
        }
    }
}

/// Reads one fixed field behind its leading bytes (the tag, and the length where there is one).
fn field<const N: usize>(
    cursor: &mut Cursor<'_>,
    field: u8,
    lead: &[u8],
    too_short: HeaderError,
) -> Result<[u8; N], HeaderError> {
    for expected in lead {
        let found = cursor.byte().ok_or(too_short)?;
        if found != *expected {
            return Err(HeaderError::Tag { field, found });
        }
    }
    cursor.array().ok_or(too_short)
}

/// Writes `part` at the front of `out` and returns what is behind it.
fn put<'a>(out: &'a mut [u8], part: &[u8]) -> &'a mut [u8] {
    match out.split_at_mut_checked(part.len()) {
        Some((head, rest)) => {
            head.copy_from_slice(part);
            rest
        }
        // Never: the fields are as long as the header, which the golden bytes show.
        None => &mut [],
    }
}
