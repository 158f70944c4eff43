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

/// Bytes of a chunk, from which on it is filed: about fifty changes.
const CHUNK_BYTES: usize = 320;

/// What changed on which day, and the total of it all.
///
/// A question about a day costs the unpacking of its chunk and a step for every other chunk. Looking at every later
/// day passes over chunks that can hold nothing of interest.
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
    total: T,
    /// The smallest and the largest that each amount is at the end of a day of it, from nothing at its beginning.
    low: T,
    high: T,
    chunk: Chunk,
}

impl<T: Amounts> Sum<T> {
    fn of(chunk: Chunk) -> Self {
        let mut of = Self {
            total: T::default(),
            low: T::default(),
            high: T::default(),
            chunk,
        };
        of.add_up();
        of
    }

    fn add_up(&mut self) {
        let mut changes = self.chunk.changes::<T>().map(|(_, change)| change);
        let first = changes.next().unwrap_or_default();
        (self.total, self.low, self.high) = (first, first, first);
        for change in changes {
            self.total = self.total.plus(change);
            self.low = each(self.low, self.total, i128::min);
            self.high = each(self.high, self.total, i128::max);
        }
    }
}

fn each<T: Amounts>(a: T, b: T, pick: impl Fn(i128, i128) -> i128) -> T {
    let mut picked = a.amounts();
    for (a, b) in picked.iter_mut().zip(b.amounts()) {
        *a = pick(*a, b);
    }
    T::of_amounts(picked)
}

/// The most that `measure` is for amounts between `low` and `high`, each by itself. It must never fall and rise
/// again while one amount grows.
pub(crate) fn most<T: Amounts>(low: T, high: T, measure: impl Fn(T) -> i128) -> i128 {
    let (low, high) = (low.amounts(), high.amounts());
    let ranges = low.iter().zip(high).zip(FLAGS);
    let wide = ranges.fold(0, |wide, ((&low, high), flag)| {
        wide | if low == high { 0 } else { flag }
    });
    let corner = |choice: u8| {
        let mut corner = low;
        for ((amount, high), flag) in corner.iter_mut().zip(high).zip(FLAGS) {
            if choice & flag != 0 {
                *amount = high;
            }
        }
        measure(T::of_amounts(corner))
    };
    let choices = (0..=FLAGS.iter().sum()).filter(|choice: &u8| choice & wide == *choice);
    choices.map(corner).max().unwrap_or(i128::MAX)
}

impl<T: Amounts> Filed<T> {
    fn add(&mut self, day: Day, change: T) {
        let at = self.chunks.partition_point(|sum| sum.chunk.last() < day);
        let Some(sum) = self.chunks.get_mut(at) else {
            return;
        };
        sum.chunk.add(day, change);
        if sum.chunk.is_empty() {
            self.chunks.remove(at);
        } else if CHUNK_BYTES.saturating_mul(2) <= sum.chunk.len() {
            let (before, after) = sum.chunk.halves::<T>();
            let halves = [before, after].map(Sum::of);
            self.chunks.splice(at..=at, halves);
        } else {
            sum.add_up();
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
        self.before(Day::of(on).after())
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

    /// What stood before the beginning of a day.
    fn before(&self, day: Day) -> T {
        let filed = self.filed();
        let begins = filed.partition_point(|sum| sum.chunk.last() < day);
        let Some(within) = filed.get(begins) else {
            let later = self.newest.changes_from(day);
            return later.fold(self.total, |total, (_, change)| total.minus(change));
        };
        let whole = filed.iter().take(begins).map(|sum| sum.total);
        let earlier = within.chunk.changes().take_while(|&(on, _)| on < day);
        whole
            .chain(earlier.map(|(_, change)| change))
            .fold(T::default(), T::plus)
    }

    fn filed(&self) -> &[Sum<T>] {
        self.filed.as_ref().map_or(&[], |filed| &filed.chunks)
    }

    /// Shows the amounts without and with `changes` (ascending by day), on the first day that changes and on
    /// every later day on which anything does.
    pub(crate) fn walk(&self, changes: &[(Date, T)], see: impl FnMut(Date, T, T)) {
        self.walk_past(changes, |_, _| false, see);
    }

    /// As [`Series::walk`], but days may be left out that lie together after some of the changes: those for which
    /// `pass` says so, of the least and the most that each amount is on them with the changes.
    pub(crate) fn walk_past(
        &self,
        changes: &[(Date, T)],
        pass: impl Fn(T, T) -> bool,
        see: impl FnMut(Date, T, T),
    ) {
        let Some(&(first, _)) = changes.first() else {
            return;
        };
        let first = Day::of(first);
        let filed = self.filed();
        let begins = filed.partition_point(|sum| sum.chunk.last() < first);
        let mut walk = Walk {
            new: changes,
            before: self.before(first),
            moved: T::default(),
            see,
        };
        for sum in filed.iter().skip(begins) {
            let begins = sum.chunk.first();
            walk.go_before(begins.max(first));
            let now = walk.before.plus(walk.moved);
            if first <= begins
                && walk.next_day().is_none_or(|day| sum.chunk.last() < day)
                && pass(now.plus(sum.low), now.plus(sum.high))
            {
                walk.before = walk.before.plus(sum.total);
            } else {
                walk.go_through(&sum.chunk, first);
            }
        }
        walk.go_through(&self.newest, first);
        walk.go_before(Day::MAX);
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

/// The way through the days of a series and of what is new.
struct Walk<'a, T, S> {
    /// Changes to come.
    new: &'a [(Date, T)],
    /// What is recorded up to here.
    before: T,
    /// What the new changes up to here add up to.
    moved: T,
    see: S,
}

impl<T: Amounts, S: FnMut(Date, T, T)> Walk<'_, T, S> {
    fn next_day(&self) -> Option<Day> {
        self.new.first().map(|&(on, _)| Day::of(on))
    }

    /// Takes up the new changes of one day, if they are next.
    fn take_up(&mut self, day: Day) {
        while let [(on, change), rest @ ..] = self.new
            && Day::of(*on) == day
        {
            self.moved = self.moved.plus(*change);
            self.new = rest;
        }
    }

    fn show(&mut self, day: Day) {
        (self.see)(day.date(), self.before, self.before.plus(self.moved));
    }

    /// Shows the days before one on which only something new changes.
    fn go_before(&mut self, day: Day) {
        while let Some(next) = self.next_day().filter(|&next| next < day) {
            self.take_up(next);
            self.show(next);
        }
    }

    /// Shows the days of a chunk from one on, and what is new between them.
    fn go_through(&mut self, chunk: &Chunk, from: Day) {
        for (day, change) in chunk.changes_from::<T>(from) {
            self.go_before(day);
            self.take_up(day);
            self.before = self.before.plus(change);
            self.show(day);
        }
    }
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
            series.total = series.total.plus(sum.total);
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
        let newest = series.newest.changes();
        series.total = newest.fold(series.total, |total, (_, change)| total.plus(change));
        Ok(series)
    }
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails"
)]
mod tests;
