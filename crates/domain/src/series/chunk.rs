//! Some changes in a row, packed: for each the days since the one before, then its amounts.

use std::cmp::Ordering;

use super::Amounts;
use crate::book::MalformedSnapshot;
use crate::packed::{Day, Decoder, Stored, grow, put_amount, put_number};

/// Changes of ascending days, none of them nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    /// The last change's day, and where its bytes begin.
    last: Day,
    last_at: u32,
}

impl Default for Chunk {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            last: Day::MIN,
            last_at: 0,
        }
    }
}

impl Chunk {
    /// The chunk that these bytes are.
    pub(super) fn of<T: Amounts>(bytes: &[u8]) -> Result<Self, MalformedSnapshot> {
        let mut chunk = Self {
            bytes: bytes.to_vec(),
            ..Self::default()
        };
        chunk.find_last::<T>();
        let mut changes = chunk.changes::<T>();
        let mut before = Day::MIN;
        while !changes.from.is_empty() {
            let (day, change) = changes.take_change()?.ok_or(MalformedSnapshot)?;
            let ascends = before < day && day.checked_date().is_some();
            if !ascends || change == T::default() {
                return Err(MalformedSnapshot);
            }
            before = day;
        }
        Ok(chunk)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
    }

    /// Its last day; before every day if it is empty.
    pub(super) const fn last(&self) -> Day {
        self.last
    }

    /// Its first day; before every day if it is empty.
    pub(super) fn first(&self) -> Day {
        let since = i128::take(&mut Decoder::new(&self.bytes)).ok();
        since
            .and_then(|since| Day::ZERO.plus(since))
            .unwrap_or(Day::MIN)
    }

    /// Its changes, ascending by day.
    pub(super) fn changes<T: Amounts>(&self) -> Changes<'_, T> {
        Changes {
            from: Decoder::new(&self.bytes),
            day: None,
            amounts: std::marker::PhantomData,
        }
    }

    /// Its changes from a day on, ascending; the last one is found at once.
    pub(super) fn changes_from<T: Amounts>(
        &self,
        day: Day,
    ) -> impl Iterator<Item = (Day, T)> + use<'_, T> {
        let last = (day == self.last).then(|| (day, self.last_change()));
        let later = (day < self.last).then(|| self.changes());
        let later = later.into_iter().flatten();
        last.into_iter()
            .chain(later.skip_while(move |&(on, _)| on < day))
    }

    fn last_change<T: Amounts>(&self) -> T {
        let at = usize::try_from(self.last_at).unwrap_or(usize::MAX);
        let mut from = Decoder::new(self.bytes.get(at..).unwrap_or_default());
        // The distance of its day; numbers of both signs end with the same bit.
        let change = from.number().and_then(|_| T::unpack(&mut from));
        change.unwrap_or_default()
    }

    /// Adds to what changed on a day.
    pub(super) fn add<T: Amounts>(&mut self, day: Day, change: T) {
        match day.cmp(&self.last) {
            Ordering::Greater => self.push(day, change),
            Ordering::Equal => self.add_to_last(change),
            Ordering::Less => self.insert(day, change),
        }
    }

    /// The earlier and the later half of its changes.
    pub(super) fn halves<T: Amounts>(&self) -> (Self, Self) {
        let changes: Vec<(Day, T)> = self.changes().collect();
        let (before, after) = changes.split_at(changes.len() / 2);
        (Self::packed(before), Self::packed(after))
    }

    fn packed<T: Amounts>(changes: &[(Day, T)]) -> Self {
        let mut chunk = Self::default();
        for &(day, change) in changes {
            chunk.push(day, change);
        }
        chunk.shrink();
        chunk
    }

    fn push<T: Amounts>(&mut self, day: Day, change: T) {
        if self.bytes.capacity().saturating_sub(self.bytes.len()) < 8 {
            self.bytes.reserve_exact(16);
        }
        let at = self.bytes.len();
        let before = (0 < at).then_some(self.last);
        put_distance(&mut self.bytes, before, day);
        change.pack(&mut self.bytes);
        self.last = day;
        self.last_at = u32::try_from(at).unwrap_or(u32::MAX);
    }

    fn add_to_last<T: Amounts>(&mut self, change: T) {
        let at = usize::try_from(self.last_at).unwrap_or(usize::MAX);
        let mut from = Decoder::new(self.bytes.get(at..).unwrap_or_default());
        // Numbers of both sorts end with the same bit.
        let Ok(_since) = from.number() else { return };
        let kept = self.bytes.len().saturating_sub(from.rest().len());
        let known = T::unpack(&mut from).unwrap_or_default();
        let sum = known.plus(change);
        if sum == T::default() {
            self.bytes.truncate(at);
            self.find_last::<T>();
        } else {
            self.bytes.truncate(kept);
            sum.pack(&mut self.bytes);
        }
    }

    /// Adds to a day before the last.
    fn insert<T: Amounts>(&mut self, day: Day, change: T) {
        let mut changes = self.changes::<T>();
        let (mut before, mut begins) = (None, 0);
        // The first change of the day or after it, and where its bytes begin and end.
        let (next, known, ends) = loop {
            let Some((on, known)) = changes.next() else {
                return;
            };
            let ends = self.bytes.len().saturating_sub(changes.from.rest().len());
            if day <= on {
                break (on, known, ends);
            }
            (before, begins) = (Some(on), ends);
        };
        let mut bytes = Vec::with_capacity(64);
        let change = if next == day {
            known.plus(change)
        } else {
            change
        };
        if change != T::default() {
            put_distance(&mut bytes, before, day);
            change.pack(&mut bytes);
            before = Some(day);
        }
        let mut ends = ends;
        if next != day {
            put_distance(&mut bytes, before, next);
            known.pack(&mut bytes);
        } else if before != Some(day)
            && let Some((on, known)) = changes.next()
        {
            // The day is gone: the next is counted from the one before.
            ends = self.bytes.len().saturating_sub(changes.from.rest().len());
            put_distance(&mut bytes, before, on);
            known.pack(&mut bytes);
        }
        let was = self.bytes.len();
        grow(&mut self.bytes, bytes.len());
        self.bytes.splice(begins..ends, bytes);
        let last_at = usize::try_from(self.last_at).unwrap_or(usize::MAX);
        if ends == was {
            self.find_last::<T>();
        } else {
            let moved = last_at.saturating_add(self.bytes.len()).saturating_sub(was);
            self.last_at = u32::try_from(moved).unwrap_or(u32::MAX);
        }
    }

    fn find_last<T: Amounts>(&mut self) {
        let (mut last, mut last_at) = (Day::MIN, 0);
        let mut changes = self.changes::<T>();
        loop {
            let at = self.bytes.len().saturating_sub(changes.from.rest().len());
            let Some((day, _)) = changes.next() else {
                break;
            };
            (last, last_at) = (day, at);
        }
        self.last = last;
        self.last_at = u32::try_from(last_at).unwrap_or(u32::MAX);
    }
}

/// How far a day lies after the one before it; the first is counted from [`Day::ZERO`], of either sign.
fn put_distance(bytes: &mut Vec<u8>, before: Option<Day>, day: Day) {
    match before {
        None => put_amount(bytes, day.since(Day::ZERO).into()),
        Some(before) => put_number(bytes, day.since(before).unsigned_abs().into()),
    }
}

/// Unpacks the changes of a chunk; ends where the bytes are none.
pub(super) struct Changes<'a, T> {
    from: Decoder<'a>,
    day: Option<Day>,
    amounts: std::marker::PhantomData<T>,
}

impl<T: Amounts> Changes<'_, T> {
    fn take_change(&mut self) -> Result<Option<(Day, T)>, MalformedSnapshot> {
        let day = match self.day {
            None => Day::ZERO.plus(i128::take(&mut self.from)?),
            Some(day) => day.plus(self.from.number()?),
        };
        self.day = day;
        let change = T::unpack(&mut self.from)?;
        Ok(day.map(|day| (day, change)))
    }
}

impl<T: Amounts> Iterator for Changes<'_, T> {
    type Item = (Day, T);

    fn next(&mut self) -> Option<(Day, T)> {
        if self.from.is_empty() {
            return None;
        }
        self.take_change().ok().flatten()
    }
}
