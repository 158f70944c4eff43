//! Amounts over the days on which they change: what a rule needs to look at one day and every later one.
//!
//! Every agreement has several, most of them short, and they are kept for years: changes are packed, a few bytes
//! each, and unpacked while they are looked at. Long histories are cut into chunks whose sums are known.

mod chunk;
mod filed;
mod kept;

use jiff::civil::Date;

use crate::book::MalformedSnapshot;
use crate::packed::{Day, Decoder, Encoder, Stored, put_amount};
use chunk::Chunk;
use filed::{CHUNK_BYTES, Filed};

pub(crate) use kept::FewAmounts;

/// One amount, or several side by side, that can be added up. Sums saturate: single amounts stay below 10^18
/// minor units, so no history that fits a log comes near.
pub(crate) trait Amounts: Copy + Default + PartialEq {
    /// How they are kept where they are kept long.
    type Kept: Clone + std::fmt::Debug + PartialEq + Eq;

    fn keep(self) -> Self::Kept;
    fn of_kept(kept: &Self::Kept) -> Self;
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
    type Kept = Self;

    fn keep(self) -> Self {
        self
    }

    fn of_kept(kept: &Self) -> Self {
        *kept
    }

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

/// What changed on which day, and the total of it all.
///
/// A question about a day costs the unpacking of its chunk and some steps over blocks of others, O(log n). Looking at
/// every later day passes over blocks that can hold nothing of interest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Series<T: Amounts> {
    total: T::Kept,
    newest: Chunk,
    /// Chunks before it; absent until there is one.
    filed: Option<Box<Filed<T>>>,
}

impl<T: Amounts> Default for Series<T> {
    fn default() -> Self {
        Self {
            total: T::default().keep(),
            newest: Chunk::default(),
            filed: None,
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
    // Every choice among those that differ: from all of them down to none.
    let mut worst = corner(wide);
    let mut choice = wide;
    while choice != 0 {
        choice = choice.wrapping_sub(1) & wide;
        worst = worst.max(corner(choice));
    }
    worst
}

impl<T: Amounts> Series<T> {
    /// Adds `change` on a day. Days without a net change are not kept.
    pub(crate) fn add(&mut self, on: Date, change: T) {
        if change == T::default() {
            return;
        }
        let day = Day::of(on);
        self.total = self.total().plus(change).keep();
        if let Some(filed) = &mut self.filed
            && day <= filed.last()
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
        match &mut self.filed {
            Some(filed) => filed.push(chunk),
            None => self.filed = Filed::of(vec![chunk]),
        }
    }

    /// Everything, whatever its day.
    pub(crate) fn total(&self) -> T {
        T::of_kept(&self.total)
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
        let filed = self.filed.iter().flat_map(move |filed| {
            let begins = filed.place(day);
            filed.chunks().get(begins..).unwrap_or_default()
        });
        let newest = (day <= self.newest.last()).then(|| self.newest.changes());
        filed
            .flat_map(|filing| filing.chunk.changes())
            .chain(newest.into_iter().flatten())
            .skip_while(move |&(on, _)| on < day)
    }

    /// What stood before the beginning of a day.
    fn before(&self, day: Day) -> T {
        if let Some(filed) = &self.filed
            && day <= filed.last()
        {
            let place = filed.place(day);
            let within = filed.chunks().get(place);
            let earlier = within
                .into_iter()
                .flat_map(|within| within.chunk.changes())
                .take_while(|&(on, _)| on < day);
            return earlier.fold(filed.before(place), |sum, (_, change)| sum.plus(change));
        }
        let later = self.newest.changes_from(day);
        later.fold(self.total(), |total, (_, change)| total.minus(change))
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
        let mut walk = Walk {
            new: changes,
            before: self.before(first),
            moved: T::default(),
            see,
        };
        if let Some(filed) = &self.filed {
            walk.go_over(filed, first, pass);
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

    /// Shows the days of filed chunks from one on, but for blocks that may be passed over.
    fn go_over(&mut self, filed: &Filed<T>, first: Day, pass: impl Fn(T, T) -> bool) {
        let mut place = filed.place(first);
        while let Some(filing) = filed.chunks().get(place) {
            let begins = filing.chunk.first();
            self.go_before(begins.max(first));
            let now = self.before.plus(self.moved);
            let next = self.next_day();
            let passed = filed.block(place, |block| {
                first <= begins
                    && next.is_none_or(|day| block.last < day)
                    && pass(now.plus(block.sum.low), now.plus(block.sum.high))
            });
            if let Some(block) = passed {
                self.before = self.before.plus(block.sum.total);
                place = place.saturating_add(block.chunks);
            } else {
                self.go_through(&filing.chunk, first);
                place = place.saturating_add(1);
            }
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
        let filed = self.filed.as_ref().map_or(&[][..], |filed| filed.chunks());
        filed.len().put(out);
        for filing in filed {
            out.packed(filing.chunk.bytes());
        }
        out.packed(self.newest.bytes());
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        let mut filed = Vec::new();
        for _ in 0..usize::take(from)? {
            let mut chunk = Chunk::of::<T>(from.packed()?)?;
            chunk.shrink();
            filed.push(chunk);
        }
        let newest = Chunk::of::<T>(from.packed()?)?;
        let ascend = filed.is_sorted_by(|a, b| a.last() < b.first());
        let last = filed.last().map_or(Day::MIN, Chunk::last);
        let overlaps = !newest.is_empty() && newest.first() <= last;
        if !ascend || overlaps || filed.iter().any(Chunk::is_empty) {
            return Err(MalformedSnapshot);
        }
        let filed = Filed::of(filed);
        let before = filed
            .as_ref()
            .map_or_else(T::default, |filed| filed.before(filed.chunks().len()));
        let changes = newest.changes();
        let total = changes.fold(before, |total: T, (_, change)| total.plus(change));
        Ok(Self {
            total: total.keep(),
            newest,
            filed,
        })
    }
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails"
)]
mod tests;
