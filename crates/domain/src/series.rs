//! Amounts over the days on which they change: what a rule needs to look at one day and every later one.
//!
//! Every agreement has several, most of them short, and they are kept for years: changes are packed, a few bytes
//! each, and unpacked while they are looked at. Long histories are cut into chunks whose sums are known.

mod chunk;

use jiff::civil::Date;

use crate::book::MalformedSnapshot;
use crate::packed::{Day, Decoder, Encoder, Stored, grow, put_amount};
use chunk::Chunk;

/// One amount, or several side by side, that can be added up. Sums saturate: single amounts stay below 10^18
/// minor units, so no history that fits a log comes near.
pub(crate) trait Amounts: Copy + Default + PartialEq {
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    /// Each amount, 0 in places that are not used.
    fn amounts(self) -> [i128; 5];
    fn of_amounts(amounts: [i128; 5]) -> Self;

    /// Packs them: a byte says which are not 0, and these follow.
    fn pack(self, bytes: &mut Vec<u8>) {
        let amounts = self.amounts();
        let flags = amounts.iter().zip(FLAGS);
        bytes.push(flags.fold(0, |flags, (&amount, flag)| {
            flags | if amount == 0 { 0 } else { flag }
        }));
        for amount in amounts.into_iter().filter(|&amount| amount != 0) {
            put_amount(bytes, amount);
        }
    }

    fn unpack(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        let flags = from.byte()?;
        let mut amounts = [0; 5];
        for (amount, flag) in amounts.iter_mut().zip(FLAGS) {
            if flags & flag != 0 {
                *amount = i128::take(from)?;
            }
        }
        Ok(Self::of_amounts(amounts))
    }
}

const FLAGS: [u8; 5] = [1, 2, 4, 8, 16];

impl Amounts for i128 {
    fn plus(self, other: Self) -> Self {
        self.saturating_add(other)
    }

    fn minus(self, other: Self) -> Self {
        self.saturating_sub(other)
    }

    fn amounts(self) -> [i128; 5] {
        [self, 0, 0, 0, 0]
    }

    fn of_amounts([amount, ..]: [i128; 5]) -> Self {
        amount
    }

    fn pack(self, bytes: &mut Vec<u8>) {
        put_amount(bytes, self);
    }

    fn unpack(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        Self::take(from)
    }
}

/// Bytes of a chunk, from which on it is filed: about thirty changes.
const CHUNK_BYTES: usize = 192;

/// What changed on which day, and the total of it all.
///
/// A question about a day costs O(log n + later days), so the newest entry of a long history costs O(log n).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Series<T> {
    total: T,
    newest: Chunk,
    /// Chunks before it; absent until there is one.
    filed: Option<Box<Filed<T>>>,
}

/// Chunks that are full, ascending, none of them empty.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
struct Filed<T> {
    chunks: Vec<Sum<T>>,
}

/// A chunk and what its changes add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sum<T> {
    sum: T,
    chunk: Chunk,
}

impl<T: Amounts> Sum<T> {
    fn of(chunk: Chunk) -> Self {
        let changes = chunk.changes();
        let sum = changes.fold(T::default(), |sum, (_, change)| sum.plus(change));
        Self { sum, chunk }
    }
}

impl<T: Amounts> Filed<T> {
    fn add(&mut self, day: Day, change: T) {
        let at = self.chunks.partition_point(|sum| sum.chunk.last() < day);
        let Some(Sum { sum, chunk }) = self.chunks.get_mut(at) else {
            return;
        };
        *sum = sum.plus(change);
        chunk.add(day, change);
        if chunk.is_empty() {
            self.chunks.remove(at);
        } else if CHUNK_BYTES.saturating_mul(2) <= chunk.len() {
            let (before, after) = chunk.halves::<T>();
            let halves = [before, after].map(Sum::of);
            self.chunks.splice(at..=at, halves);
        }
    }
}

impl<T: Amounts> Series<T> {
    /// Adds `change` on a day. Days without a net change are not kept.
    pub(crate) fn add(&mut self, on: Date, change: T) {
        if change == T::default() {
            return;
        }
        let day = Day::of(on);
        self.total = self.total.plus(change);
        if let Some(filed) = &mut self.filed
            && let Some(last) = filed.chunks.last()
            && day <= last.chunk.last()
        {
            filed.add(day, change);
            return;
        }
        self.newest.add(day, change);
        if CHUNK_BYTES <= self.newest.len() {
            self.file();
        }
    }

    fn file(&mut self) {
        let mut chunk = std::mem::take(&mut self.newest);
        chunk.shrink();
        let filed = self
            .filed
            .get_or_insert_with(|| Box::new(Filed { chunks: Vec::new() }));
        grow(&mut filed.chunks, 1);
        filed.chunks.push(Sum::of(chunk));
    }

    /// Everything, whatever its day.
    pub(crate) fn total(&self) -> T {
        self.total
    }

    /// The net changes, ascending by day; none is nothing.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (Date, T)> {
        self.from(Day::MIN)
            .map(|(day, change)| (day.date(), change))
    }

    /// What stood at the end of `on`.
    pub(crate) fn as_of(&self, on: Date) -> T {
        self.total.minus(self.sum_from(Day::of(on).after()))
    }

    /// The changes from a day on, ascending.
    fn from(&self, day: Day) -> impl Iterator<Item = (Day, T)> {
        let filed = self.filed();
        let begins = filed.partition_point(|sum| sum.chunk.last() < day);
        let filed = filed.get(begins..).unwrap_or_default();
        let newest = (day <= self.newest.last()).then(|| self.newest.changes());
        filed
            .iter()
            .flat_map(|sum| sum.chunk.changes())
            .chain(newest.into_iter().flatten())
            .skip_while(move |&(on, _)| on < day)
    }

    /// What the changes from a day on add up to.
    fn sum_from(&self, day: Day) -> T {
        let mut total = T::default();
        if self.newest.last() < day && !self.newest.is_empty() {
            return total;
        }
        for sum in self.filed().iter().rev() {
            if sum.chunk.last() < day {
                break;
            }
            if sum.chunk.first() < day {
                total = total.plus(sum_of(sum.chunk.changes(), day));
                break;
            }
            total = total.plus(sum.sum);
        }
        total.plus(sum_of(self.newest.changes(), day))
    }

    fn filed(&self) -> &[Sum<T>] {
        self.filed.as_ref().map_or(&[], |filed| &filed.chunks)
    }

    /// Shows the amounts without and with `changes` (ascending by day), on the first day that changes and on
    /// every later day on which anything does.
    pub(crate) fn walk(&self, changes: &[(Date, T)], mut see: impl FnMut(Date, T, T)) {
        let Some(&(first, _)) = changes.first() else {
            return;
        };
        let first = Day::of(first);
        let mut before = self.total.minus(self.sum_from(first));
        let mut after = before;
        let mut recorded = self.from(first).peekable();
        let mut new = changes
            .iter()
            .map(|&(on, change)| (Day::of(on), change))
            .peekable();
        loop {
            let next = match (recorded.peek(), new.peek()) {
                (Some(&(a, _)), Some(&(b, _))) => a.min(b),
                (Some(&(on, _)), None) | (None, Some(&(on, _))) => on,
                (None, None) => break,
            };
            while let Some((_, change)) = recorded.next_if(|&(on, _)| on == next) {
                before = before.plus(change);
                after = after.plus(change);
            }
            while let Some((_, change)) = new.next_if(|&(on, _)| on == next) {
                after = after.plus(change);
            }
            see(next.date(), before, after);
        }
    }

    /// The smallest value of `measure` at the end of `from` and of every later day.
    pub(crate) fn lowest_from(&self, from: Date, measure: impl Fn(T) -> i128) -> i128 {
        let mut at = self.as_of(from);
        let mut lowest = measure(at);
        for (_, change) in self.from(Day::of(from).after()) {
            at = at.plus(change);
            lowest = lowest.min(measure(at));
        }
        lowest
    }
}

fn sum_of<T: Amounts>(changes: impl Iterator<Item = (Day, T)>, from: Day) -> T {
    changes
        .filter(|&(day, _)| from <= day)
        .fold(T::default(), |sum, (_, change)| sum.plus(change))
}

impl<T: Amounts> Stored for Series<T> {
    fn put(&self, out: &mut Encoder) {
        self.filed().len().put(out);
        for sum in self.filed() {
            out.packed(sum.chunk.bytes());
        }
        out.packed(self.newest.bytes());
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        let mut series = Self::default();
        let mut filed = Vec::new();
        for _ in 0..usize::take(from)? {
            let sum: Sum<T> = Sum::of(Chunk::of::<T>(from.packed()?)?);
            series.total = series.total.plus(sum.sum);
            filed.push(sum);
        }
        series.newest = Chunk::of::<T>(from.packed()?)?;
        let ascend = filed.is_sorted_by(|a, b| a.chunk.last() < b.chunk.first());
        let last = filed.last().map_or(Day::MIN, |sum| sum.chunk.last());
        let overlaps = !series.newest.is_empty() && series.newest.first() <= last;
        if !ascend || overlaps || filed.iter().any(|sum| sum.chunk.is_empty()) {
            return Err(MalformedSnapshot);
        }
        if !filed.is_empty() {
            filed.shrink_to_fit();
            series.filed = Some(Box::new(Filed { chunks: filed }));
        }
        let newest = sum_of(series.newest.changes(), Day::MIN);
        series.total = series.total.plus(newest);
        Ok(series)
    }
}

#[cfg(test)]
mod tests;
