//! The sums of all series at (P, E): known up to a position, true up to a date.

use std::borrow::Cow;
use std::collections::HashMap;

use perennial_domain::Date;
use perennial_domain::log::Position;

use crate::columns::{Columns, Total};
use crate::day::{Day, Days, Month};
use crate::dictionary::{Series, SeriesNo};
use crate::numbers::NumberHash;

/// The sums of all series at (P, E).
#[derive(Clone, Debug)]
pub struct Sums<'a> {
    totals: Cow<'a, [Total]>,
    cut: Option<(Month, HashMap<SeriesNo, Total, NumberHash>)>,
}

impl<'a> Sums<'a> {
    /// Sums the rows up to `at`, included, whose effective date is at most `effective`; without a date, all of
    /// them. `head` is the last position that was added.
    pub fn new(
        columns: &'a Columns,
        head: Position,
        at: Position,
        effective: Option<Date>,
    ) -> Self {
        let totals = if head <= at {
            Cow::Borrowed(columns.head())
        } else {
            Cow::Owned(columns.totals_at(at))
        };
        let cut = effective.map(|date| {
            let month = Month::of(date);
            let mut later: HashMap<SeriesNo, Total, NumberHash> = HashMap::default();
            // Of the cut-off's own month, what comes after the cut-off is taken out again.
            let after = Days {
                first: Day(Day::of(date).0.saturating_add(1)),
                last: Day::of(month.last_day()),
            };
            if !after.is_empty() {
                for (_, row) in columns.rows_in_days(at, after) {
                    later.entry(row.series).or_default().add(&row);
                }
            }
            (month, later)
        });
        Self { totals, cut }
    }

    /// The sum of one series.
    pub fn of(&self, number: SeriesNo, series: &Series) -> Total {
        let total = self.totals.get(number.index()).copied().unwrap_or_default();
        match &self.cut {
            None => total,
            Some((month, _)) if series.month < *month => total,
            Some((month, later)) if series.month == *month => match later.get(&number) {
                Some(after) => total.without(*after),
                None => total,
            },
            Some(_) => Total::default(),
        }
    }

    /// Every series in which something is posted at (P, E), with its sum, ascending by number.
    pub fn series<'s>(
        &'s self,
        series: &'s [Series],
    ) -> impl Iterator<Item = (SeriesNo, &'s Series, Total)> {
        (0_u32..).zip(series).filter_map(move |(number, series)| {
            let number = SeriesNo(number);
            let total = self.of(number, series);
            (!total.is_empty()).then_some((number, series, total))
        })
    }
}
