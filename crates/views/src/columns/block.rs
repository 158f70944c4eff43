use std::ops::Range;

use perennial_domain::log::Position;

use crate::columns::Total;
use crate::cube::Cube;
use crate::day::{Day, Days};
use crate::dictionary::SeriesNo;
use crate::posting::{Measure, Measures};

/// One posting as columns hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its event's place in the record.
    pub index: u32,
    /// What it counts.
    pub series: SeriesNo,
    /// When it is true in the world.
    pub day: Day,
    /// Minor units of either sign.
    pub minor_units: i128,
    /// As [`crate::posting::Posting::entries`].
    pub entries: i8,
}

/// Stands in the amounts column for an amount that needs more than 64 bits.
const WIDE: i64 = i64::MIN;

/// Stands in the measures column for a row whose series nobody knows; no measure has this number.
const NO_MEASURE: u8 = 31;

/// Consecutive rows of whole records, struct of arrays, with the range of their days.
#[derive(Clone, Debug, Default)]
pub struct Block {
    positions: Vec<u64>,
    indexes: Vec<u32>,
    series: Vec<SeriesNo>,
    days: Vec<Day>,
    amounts: Vec<i64>,
    entries: Vec<i8>,
    /// The measures' numbers, so that questions about a few of them need not look up every series.
    measures: Vec<u8>,
    /// Amounts beyond 64 bits by row, ascending. Money stays below 10^18, so there is hardly ever one.
    wide: Vec<(usize, i128)>,
    zone: Option<(Day, Day)>,
}

impl Block {
    /// Adds a row; `position` does not decrease. Without a measure only [`Measures::ALL`] finds it.
    pub fn push(&mut self, position: Position, row: &Row, measure: Option<Measure>) {
        let amount = match i64::try_from(row.minor_units) {
            Ok(amount) if amount != WIDE => amount,
            Ok(_) | Err(_) => {
                self.wide.push((self.amounts.len(), row.minor_units));
                WIDE
            }
        };
        self.positions.push(position.0);
        self.indexes.push(row.index);
        self.series.push(row.series);
        self.days.push(row.day);
        self.amounts.push(amount);
        self.entries.push(row.entries);
        self.measures
            .push(measure.map_or(NO_MEASURE, Measure::code));
        self.zone = Some(match self.zone {
            Some((first, last)) => (first.min(row.day), last.max(row.day)),
            None => (row.day, row.day),
        });
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// The lowest position; `None` if empty.
    pub fn first_position(&self) -> Option<Position> {
        self.positions.first().copied().map(Position)
    }

    /// The highest position; `None` if empty.
    pub fn last_position(&self) -> Option<Position> {
        self.positions.last().copied().map(Position)
    }

    /// Whether a row's day may lie in `days`.
    pub fn has_days(&self, days: Days) -> bool {
        self.zone
            .is_some_and(|(first, last)| first <= days.last && days.first <= last)
    }

    /// All rows with their positions, in order.
    pub fn rows(&self) -> impl Iterator<Item = (Position, Row)> {
        self.range(0..self.len())
    }

    /// The rows whose day passes, in order.
    pub fn rows_where(
        &self,
        passes: impl Fn(Day) -> bool,
    ) -> impl Iterator<Item = (Position, Row)> {
        self.days
            .iter()
            .enumerate()
            .filter(move |(_, day)| passes(**day))
            .filter_map(|(at, _)| self.row(at))
    }

    /// The rows of one record, in order.
    pub fn of_position(&self, position: Position) -> impl Iterator<Item = Row> {
        let from = self.positions.partition_point(|&at| at < position.0);
        let to = self.positions.partition_point(|&at| at <= position.0);
        self.range(from..to).map(|(_, row)| row)
    }

    /// Adds all rows to the totals by cell.
    pub fn add_all(&self, cube: &Cube, totals: &mut [Total]) {
        self.add_range(self.len(), cube, totals);
    }

    /// Adds the rows up to `at`, included.
    pub fn add_until(&self, at: Position, cube: &Cube, totals: &mut [Total]) {
        self.add_range(self.rows_until(at), cube, totals);
    }

    fn add_range(&self, to: usize, cube: &Cube, totals: &mut [Total]) {
        self.each_row(to, None, Measures::ALL, |series, minor_units, entries| {
            if let Some(cell) = cube.cell_of(series)
                && let Some(total) = totals.get_mut(cell.index())
            {
                total.add_amount(minor_units, entries);
            }
        });
    }

    /// How many of its rows are at or before `at`: they are the first ones.
    pub fn rows_until(&self, at: Position) -> usize {
        self.positions.partition_point(|&position| position <= at.0)
    }

    /// Calls `each` with series, amount and entries of the first `to` rows that are of wanted measures and whose day is
    /// at most `cut`.
    pub fn each_row(
        &self,
        to: usize,
        cut: Option<Day>,
        wanted: Measures,
        mut each: impl FnMut(SeriesNo, i128, i8),
    ) {
        let all = cut.is_none_or(|cut| self.zone.is_none_or(|(_, last)| last <= cut));
        let cut = cut.unwrap_or_default();
        let rows = self.measures.iter().zip(&self.days).take(to).enumerate();
        for (at, (&measure, &day)) in rows {
            if !wanted.has_code(measure) || (!all && cut < day) {
                continue;
            }
            if let (Some(&series), Some(&amount), Some(&entries)) = (
                self.series.get(at),
                self.amounts.get(at),
                self.entries.get(at),
            ) {
                let minor_units = if amount == WIDE {
                    self.wide_at(at)
                } else {
                    i128::from(amount)
                };
                each(series, minor_units, entries);
            }
        }
    }

    fn range(&self, rows: Range<usize>) -> impl Iterator<Item = (Position, Row)> {
        rows.filter_map(|at| self.row(at))
    }

    fn row(&self, at: usize) -> Option<(Position, Row)> {
        let amount = *self.amounts.get(at)?;
        let row = Row {
            index: *self.indexes.get(at)?,
            series: *self.series.get(at)?,
            day: *self.days.get(at)?,
            minor_units: if amount == WIDE {
                self.wide_at(at)
            } else {
                i128::from(amount)
            },
            entries: *self.entries.get(at)?,
        };
        Some((Position(*self.positions.get(at)?), row))
    }

    fn wide_at(&self, at: usize) -> i128 {
        self.wide
            .binary_search_by_key(&at, |&(row, _)| row)
            .ok()
            .and_then(|found| self.wide.get(found))
            .map_or(i128::from(WIDE), |&(_, amount)| amount)
    }

    /// How many bytes it takes, about.
    pub fn bytes(&self) -> usize {
        let row = size_of::<u64>()
            + size_of::<u32>()
            + size_of::<SeriesNo>()
            + size_of::<Day>()
            + size_of::<i64>()
            + size_of::<i8>()
            + size_of::<u8>();
        self.len() * row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(minor_units: i128) -> Row {
        Row {
            index: 0,
            series: SeriesNo(0),
            day: Day(0),
            minor_units,
            entries: 0,
        }
    }

    #[test]
    fn amounts_around_the_limit_of_64_bits_come_back_unchanged() {
        let amounts = [
            0,
            i128::from(i64::MAX),
            i128::from(i64::MAX) + 1,
            i128::from(i64::MIN) + 1,
            i128::from(i64::MIN),
            i128::from(i64::MIN) - 1,
        ];
        let mut block = Block::default();
        for (position, amount) in (0..).zip(amounts) {
            block.push(Position(position), &row(amount), None);
        }
        let back: Vec<i128> = block.rows().map(|(_, row)| row.minor_units).collect();
        assert_eq!(back, amounts);
        let mut sum = 0_i128;
        block.each_row(block.len(), None, Measures::ALL, |_, minor_units, _| {
            sum += minor_units;
        });
        assert_eq!(sum, -i128::from(1_u64 << 63) - 1);
    }
}
