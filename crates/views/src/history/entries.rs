use perennial_domain::log::{EventId, Position};

use crate::day::Day;
use crate::history::{Entry, Kind};

/// The events of one stream, in order of recording: a few bytes each.
///
/// Each is the distance of its position from the one before, twice its kind (plus one if its place in the record
/// follows, which is left out where it is 0), and the distance of its day from the one before; LEB128, signed ones
/// zigzag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    bytes: Vec<u8>,
    count: u32,
    first: Position,
    last: Option<Entry>,
}

impl Entries {
    /// Adds the next event.
    pub fn push(&mut self, entry: Entry) {
        let before = self.last.map_or(Position(0), |last| last.event_id.position);
        let day = self.last.map_or(Day(0), |last| last.effective);
        let position = entry.event_id.position;
        if self.last.is_none() {
            self.first = position;
        }
        number(&mut self.bytes, position.0.saturating_sub(before.0));
        let has_index = entry.event_id.index != 0;
        let kind = u64::from(entry.kind.code()) << 1;
        number(&mut self.bytes, kind | u64::from(has_index));
        if has_index {
            number(&mut self.bytes, u64::from(entry.event_id.index));
        }
        let days = i64::from(entry.effective.0) - i64::from(day.0);
        number(
            &mut self.bytes,
            ((days << 1) ^ (days >> 63)).cast_unsigned(),
        );
        self.count = self.count.saturating_add(1);
        self.last = Some(entry);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        usize::try_from(self.count).unwrap_or(usize::MAX)
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    /// The position of the first one.
    pub fn first_position(&self) -> Option<Position> {
        (!self.is_empty()).then_some(self.first)
    }

    /// The last one.
    pub const fn last(&self) -> Option<Entry> {
        self.last
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = Entry> {
        let mut rest = self.bytes.as_slice();
        let (mut position, mut day) = (0_u64, 0_i64);
        std::iter::from_fn(move || {
            position = position.saturating_add(take(&mut rest)?);
            let kind = take(&mut rest)?;
            let index = if kind & 1 == 0 {
                0
            } else {
                u32::try_from(take(&mut rest)?).ok()?
            };
            let days = take(&mut rest)?;
            day += (days >> 1).cast_signed() ^ -(days & 1).cast_signed();
            Some(Entry {
                event_id: EventId {
                    position: Position(position),
                    index,
                },
                kind: Kind::of_code(u8::try_from(kind >> 1).ok()?)?,
                effective: Day(i32::try_from(day).ok()?),
            })
        })
    }

    /// Those known at `at`, in order.
    pub fn known(&self, at: Position) -> impl Iterator<Item = Entry> {
        self.iter()
            .take_while(move |entry| entry.event_id.position <= at)
    }

    /// How many were known at `at`, and the last of them.
    pub fn until(&self, at: Position) -> (usize, Option<Entry>) {
        match self.last {
            Some(last) if last.event_id.position <= at => (self.len(), Some(last)),
            Some(_) | None => self
                .known(at)
                .fold((0, None), |(count, _), entry| (count + 1, Some(entry))),
        }
    }
}

fn number(bytes: &mut Vec<u8>, mut rest: u64) {
    loop {
        let low = u8::try_from(rest & 0x7f).unwrap_or_default();
        rest >>= 7;
        if rest == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(position: u64, index: u32, kind: Kind, day: i32) -> Entry {
        Entry {
            event_id: EventId {
                position: Position(position),
                index,
            },
            kind,
            effective: Day(day),
        }
    }

    fn some() -> Vec<Entry> {
        vec![
            entry(0, 0, Kind::LedgerCreated, 0),
            entry(0, 1, Kind::ImportCompleted, -25_567),
            entry(127, 127, Kind::AgreementSigned, i32::MAX),
            entry(128, 128, Kind::EntryReversed, i32::MIN),
            entry(u64::MAX, u32::MAX, Kind::DisbursementMade, 1),
        ]
    }

    #[test]
    fn all_entries_come_back_in_order() {
        let mut entries = Entries::default();
        assert_eq!((entries.first_position(), entries.last()), (None, None));
        for entry in some() {
            entries.push(entry);
        }
        assert_eq!(entries.iter().collect::<Vec<_>>(), some());
        assert_eq!(entries.len(), 5);
        assert_eq!(entries.first_position(), Some(Position(0)));
        assert_eq!(entries.last(), some().pop());
    }

    #[test]
    fn what_was_known_ends_with_the_position() {
        let mut entries = Entries::default();
        for entry in some().into_iter().skip(2) {
            entries.push(entry);
        }
        let until = |at| {
            let (count, last) = entries.until(Position(at));
            (count, last.map(|last| last.event_id.position.0))
        };
        assert_eq!(until(126), (0, None));
        assert_eq!(until(127), (1, Some(127)));
        assert_eq!(until(128), (2, Some(128)));
        assert_eq!(until(u64::MAX - 1), (2, Some(128)));
        assert_eq!(until(u64::MAX), (3, Some(u64::MAX)));
    }

    #[test]
    fn an_entry_of_every_kind_comes_back() {
        let all = (0..)
            .zip(Kind::ALL)
            .map(|(at, &kind)| entry(at, 0, kind, 0));
        let mut entries = Entries::default();
        all.clone().for_each(|entry| entries.push(entry));
        assert!(entries.iter().eq(all));
    }
}
