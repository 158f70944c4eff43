//! The claim: "from here on, this node leads, in this term". No record, no position, no leaf.
//!
//! The layout is what protobuf would write for
//! `{fixed64 term = 1; string node = 2; string address = 3; bytes nonce = 4}` with every field present
//! and ascending tags; frozen and written by hand. Source: DESIGN.md 4 "The fence".

use crate::Term;
use crate::cursor::{Cursor, LengthError, length_bytes, put_length};

/// The most bytes of a node name, and of an address.
pub const NAME_BYTES_MAX: usize = 255;
/// Length of the nonce in bytes.
pub const NONCE_BYTES: usize = 16;
/// The most bytes that a claim can have.
pub const CLAIM_BYTES_MAX: usize = 9 + 2 * (3 + NAME_BYTES_MAX) + 2 + NONCE_BYTES;

const TAG_TERM: u8 = 0x09;
const TAG_NODE: u8 = 0x12;
const TAG_ADDRESS: u8 = 0x1a;
const TAG_NONCE: u8 = 0x22;
/// [`NONCE_BYTES`] as the one-byte varint before the nonce.
const NONCE_LENGTH: u8 = 0x10;

/// A node's bid for leadership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The term it wants; only the current one plus 1 can win.
    pub term: Term,
    /// Name of the node, at most [`NAME_BYTES_MAX`] bytes.
    pub node: String,
    /// Where clients reach the node, at most [`NAME_BYTES_MAX`] bytes; empty if nowhere.
    pub address: String,
    /// Tells two claims of one node for one term apart.
    pub nonce: [u8; NONCE_BYTES],
}

/// Bytes that are no claim, or a claim that cannot be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// The bytes end early.
    #[error("the claim ends early")]
    Truncated,
    /// Bytes follow the last field.
    #[error("{0} bytes follow the claim's last field")]
    Trailing(usize),
    /// Another byte where a field begins.
    #[error("byte {found:#04x} where field {field} of the claim begins")]
    Tag {
        /// Number of the field that belongs here.
        field: u8,
        /// The byte found.
        found: u8,
    },
    /// A length that is not in its shortest form.
    #[error("malformed length of field {field} of the claim")]
    Length {
        /// Number of the field.
        field: u8,
    },
    /// A node name or address beyond the limit.
    #[error("field {field} of the claim has {found} bytes, more than {NAME_BYTES_MAX}")]
    TooLong {
        /// Number of the field.
        field: u8,
        /// Its length in bytes.
        found: usize,
    },
    /// A node name or address that is not UTF-8.
    #[error("field {field} of the claim is not UTF-8")]
    NotUtf8 {
        /// Number of the field.
        field: u8,
    },
}

impl Claim {
    /// Returns the length of the stored bytes.
    pub(crate) fn stored_length(&self) -> usize {
        let names = [self.node.len(), self.address.len()];
        9 + names
            .map(|length| 1 + length_bytes(length) + length)
            .iter()
            .sum::<usize>()
            + 2
            + NONCE_BYTES
    }

    /// Checks the limits.
    ///
    /// # Errors
    /// [`ClaimError::TooLong`].
    pub(crate) fn check(&self) -> Result<(), ClaimError> {
        for (field, name) in [(2, &self.node), (3, &self.address)] {
            if name.len() > NAME_BYTES_MAX {
                return Err(ClaimError::TooLong {
                    field,
                    found: name.len(),
                });
            }
        }
        Ok(())
    }

    /// Appends the stored bytes; the limits are checked before.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.push(TAG_TERM);
        out.extend_from_slice(&self.term.0.to_le_bytes());
        for (tag, name) in [(TAG_NODE, &self.node), (TAG_ADDRESS, &self.address)] {
            out.push(tag);
            put_length(out, name.len());
            out.extend_from_slice(name.as_bytes());
        }
        out.extend_from_slice(&[TAG_NONCE, NONCE_LENGTH]);
        out.extend_from_slice(&self.nonce);
    }

    /// Returns the stored bytes.
    ///
    /// # Errors
    /// [`ClaimError::TooLong`] if the node name or the address exceeds [`NAME_BYTES_MAX`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, ClaimError> {
        self.check()?;
        let mut bytes = Vec::with_capacity(self.stored_length());
        self.put(&mut bytes);
        Ok(bytes)
    }

    /// Reads a claim from its stored bytes, accepting nothing but what [`Self::to_bytes`] writes.
    ///
    /// # Errors
    /// [`ClaimError`]: the first thing that differs.
    pub fn parse(bytes: &[u8]) -> Result<Self, ClaimError> {
        let mut cursor = Cursor::new(bytes);
        expect(&mut cursor, 1, TAG_TERM)?;
        let term = cursor.array().ok_or(ClaimError::Truncated)?;
        let node = name(&mut cursor, 2, TAG_NODE)?;
        let address = name(&mut cursor, 3, TAG_ADDRESS)?;
        expect(&mut cursor, 4, TAG_NONCE)?;
        if cursor.byte().ok_or(ClaimError::Truncated)? != NONCE_LENGTH {
            return Err(ClaimError::Length { field: 4 });
        }
        let nonce = cursor.array().ok_or(ClaimError::Truncated)?;
        if cursor.is_empty() {
            Ok(Self {
                term: Term(u64::from_le_bytes(term)),
                node,
                address,
                nonce,
            })
        } else {
            Err(ClaimError::Trailing(cursor.remaining()))
        }
    }
}

fn expect(cursor: &mut Cursor<'_>, field: u8, tag: u8) -> Result<(), ClaimError> {
    let found = cursor.byte().ok_or(ClaimError::Truncated)?;
    if found == tag {
        Ok(())
    } else {
        Err(ClaimError::Tag { field, found })
    }
}

fn name(cursor: &mut Cursor<'_>, field: u8, tag: u8) -> Result<String, ClaimError> {
    expect(cursor, field, tag)?;
    let length = cursor.length().map_err(|error| match error {
        LengthError::Truncated => ClaimError::Truncated,
        LengthError::Form => ClaimError::Length { field },
    })?;
    if length > NAME_BYTES_MAX {
        return Err(ClaimError::TooLong {
            field,
            found: length,
        });
    }
    let bytes = cursor.take(length).ok_or(ClaimError::Truncated)?;
    let text = str::from_utf8(bytes).map_err(|_| ClaimError::NotUtf8 { field })?;
    Ok(text.to_owned())
}
