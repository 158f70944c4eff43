//! SHA-256 values: of bodies, of headers (the RFC 6962 leaf), and of the beginning of a chain.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// What a ledger's chain begins with; frozen.
const GENESIS_PREFIX: &[u8] = b"perennial.log.v1\n";
/// RFC 6962 section 2.1: a leaf's hash covers this byte first, so that no leaf can pass for a node.
const LEAF_PREFIX: u8 = 0x00;

/// A SHA-256 value. Shown and parsed as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; Hash::LENGTH]);

impl Hash {
    /// Length in bytes.
    pub const LENGTH: usize = 32;

    /// Returns the value that these bytes are; hashes nothing.
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// Returns SHA-256 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Returns SHA-256 of the parts, one after the other, without separators.
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }
}

/// Returns `SHA-256(0x00 || header bytes)`: the RFC 6962 leaf hash of a record, and at once the
/// `prev_hash` of the record after it. Takes stored bytes (INV-13).
pub fn record_hash(header_bytes: &[u8]) -> Hash {
    Hash::of_parts(&[&[LEAF_PREFIX], header_bytes])
}

/// Returns `SHA-256("perennial.log.v1\n" + ledger_id)`: the `prev_hash` of position 0.
pub fn genesis_hash(ledger_id: &str) -> Hash {
    Hash::of_parts(&[GENESIS_PREFIX, ledger_id.as_bytes()])
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(formatter, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Hash({self})")
    }
}

/// A text that is not 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 lower-case hexadecimal digits")]
pub struct HashParseError;

impl FromStr for Hash {
    type Err = HashParseError;

    fn from_str(text: &str) -> Result<Self, HashParseError> {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != Self::LENGTH || !rest.is_empty() {
            return Err(HashParseError);
        }
        let mut bytes = [0; Self::LENGTH];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = (digit(*high)? << 4) | digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

/// Capitals are refused: one value has one text.
fn digit(character: u8) -> Result<u8, HashParseError> {
    match character {
        b'0'..=b'9' => Ok(character - b'0'),
        b'a'..=b'f' => Ok(character - b'a' + 10),
        _ => Err(HashParseError),
    }
}
