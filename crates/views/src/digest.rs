//! The chained digest of everything that answers are computed from (SEMANTICS.md 1 "Digests").

use perennial_domain::event::Event;
use perennial_domain::log::{Position, Recorded};
use sha2::{Digest as _, Sha256};

use crate::SCHEMA;
use crate::canonical::Canonical;
use crate::history::is_history;
use crate::posting::Posting;

/// A state digest. Two readers that have it equal at a position, under one schema, answer every question alike.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct StateDigest(pub [u8; 32]);

impl std::fmt::Debug for StateDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::fmt::Display for StateDigest {
    /// Writes 64 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hexadecimal(self.0))
    }
}

/// Writes 64 lower-case hexadecimal digits.
pub(crate) fn hexadecimal(hash: [u8; 32]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    hash.iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// Returns the digest after a record: SHA-256 over the schema, the digest before, the position, each event's entry
/// and history in order, each posting in order, and who submitted it where an answer tells. The digest before the first record is all zeros.
pub fn chained(
    before: StateDigest,
    (position, maker): (Position, Option<&str>),
    events: &[Recorded<Event>],
    postings: &[Posting],
    buffer: &mut Canonical,
) -> StateDigest {
    buffer.clear();
    buffer.text(SCHEMA);
    buffer.number(position.0);
    buffer.number(u64::try_from(events.len()).unwrap_or(u64::MAX));
    for recorded in events {
        buffer.entry(recorded);
        if is_history(&recorded.event.fact) {
            buffer.byte(1);
            buffer.fact(&recorded.event.fact);
        } else {
            buffer.byte(0);
        }
    }
    buffer.number(u64::try_from(postings.len()).unwrap_or(u64::MAX));
    for posting in postings {
        buffer.posting(posting);
    }
    if let Some(maker) = maker {
        buffer.text(maker);
    }
    let mut hash = Sha256::new();
    hash.update(before.0);
    hash.update(buffer.bytes());
    StateDigest(hash.finalize().into())
}
