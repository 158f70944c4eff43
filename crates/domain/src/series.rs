//! Amounts over the days on which they change: what a rule needs to look at one day and every later one.

use std::collections::BTreeMap;
use std::ops::Bound;

use jiff::civil::Date;

/// One amount, or several side by side, that can be added up. Sums saturate: single amounts stay below 10^18
/// minor units, so no history that fits a log comes near.
pub(crate) trait Amounts: Copy + Default + PartialEq {
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
}

impl Amounts for i128 {
    fn plus(self, other: Self) -> Self {
        self.saturating_add(other)
    }

    fn minus(self, other: Self) -> Self {
        self.saturating_sub(other)
    }
}

/// What changed on which day, and the total of it all.
///
/// A question about a day costs O(log n + later days), so the newest entry of a long history costs O(log n).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Series<T> {
    pub(crate) total: T,
    pub(crate) changes: BTreeMap<Date, T>,
}

impl<T: Amounts> Series<T> {
    /// Adds `change` on a day. Days without a net change are not kept.
    pub(crate) fn add(&mut self, on: Date, change: T) {
        self.total = self.total.plus(change);
        let sum = self.changes.get(&on).copied().unwrap_or_default();
        let sum = sum.plus(change);
        if sum == T::default() {
            self.changes.remove(&on);
        } else {
            self.changes.insert(on, sum);
        }
    }

    /// Everything, whatever its day.
    pub(crate) fn total(&self) -> T {
        self.total
    }

    /// The net changes, ascending by day; none is nothing.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (Date, T)> {
        self.changes.iter().map(|(&on, &change)| (on, change))
    }

    /// What stood at the end of `on`.
    pub(crate) fn as_of(&self, on: Date) -> T {
        let later = self.changes.range((Bound::Excluded(on), Bound::Unbounded));
        later.fold(self.total, |sum, (_, &change)| sum.minus(change))
    }

    /// What stood before the beginning of `on`.
    fn before(&self, on: Date) -> T {
        let later = self.changes.range(on..);
        later.fold(self.total, |sum, (_, &change)| sum.minus(change))
    }

    /// Shows the amounts without and with `changes` (ascending by day), on the first day that changes and on
    /// every later day on which anything does.
    pub(crate) fn walk(&self, changes: &[(Date, T)], mut see: impl FnMut(Date, T, T)) {
        let Some(&(first, _)) = changes.first() else {
            return;
        };
        let mut before = self.before(first);
        let mut after = before;
        let mut recorded = self.changes.range(first..).peekable();
        let mut new = changes.iter().peekable();
        loop {
            let next = match (recorded.peek(), new.peek()) {
                (Some(&(&a, _)), Some(&&(b, _))) => a.min(b),
                (Some(&(&on, _)), None) | (None, Some(&&(on, _))) => on,
                (None, None) => break,
            };
            while let Some((_, &change)) = recorded.next_if(|&(&on, _)| on == next) {
                before = before.plus(change);
                after = after.plus(change);
            }
            while let Some(&(_, change)) = new.next_if(|&&(on, _)| on == next) {
                after = after.plus(change);
            }
            see(next, before, after);
        }
    }

    /// The smallest value of `measure` at the end of `from` and of every later day.
    pub(crate) fn lowest_from(&self, from: Date, measure: impl Fn(T) -> i128) -> i128 {
        let mut at = self.as_of(from);
        let mut lowest = measure(at);
        for (_, &change) in self
            .changes
            .range((Bound::Excluded(from), Bound::Unbounded))
        {
            at = at.plus(change);
            lowest = lowest.min(measure(at));
        }
        lowest
    }
}
