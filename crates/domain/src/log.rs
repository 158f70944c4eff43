//! Places and times in a ledger's history.

/// The contiguous number of a record in its ledger: 0, 1, 2 …; never a storage offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

/// How many events a stream holds, the event that carries it included: 1, 2, 3 … (INV-9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

/// When a record was appended: microseconds since 1970-01-01T00:00:00Z. Never decreases along positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordedAt(pub i64);

impl RecordedAt {
    /// The UTC date of this instant.
    pub fn date(self) -> jiff::civil::Date {
        let epoch = jiff::civil::date(1970, 1, 1);
        let days = self.0.div_euclid(86_400_000_000);
        // Saturates far outside any recorded time, so this has no failure to report.
        epoch.saturating_add(jiff::Span::new().try_days(days).unwrap_or_default())
    }
}

/// Names one event for ever: its record's position and its index in that record, written `1042-0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// The record.
    pub position: Position,
    /// The event's place in it, from 0.
    pub index: u32,
}

/// A text that is no event id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no event id: write position-index, as in 1042-0")]
pub struct MalformedEventId(pub String);

impl EventId {
    /// Reads `1042-0`: no signs, no leading zeros.
    ///
    /// # Errors
    /// [`MalformedEventId`] with the text.
    pub fn parse(text: &str) -> Result<Self, MalformedEventId> {
        let malformed = || MalformedEventId(text.chars().take(80).collect());
        let (position, index) = text.split_once('-').ok_or_else(malformed)?;
        let id = Self {
            position: Position(position.parse().map_err(|_| malformed())?),
            index: index.parse().map_err(|_| malformed())?,
        };
        if id.to_string() == text {
            Ok(id)
        } else {
            Err(malformed())
        }
    }
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.position.0, self.index)
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// An event with what its record says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded<E> {
    /// Where it stands.
    pub event_id: EventId,
    /// When its record was appended.
    pub recorded_at: RecordedAt,
    /// The event.
    pub event: E,
}
