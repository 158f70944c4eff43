//! The totals of all cells at (P, E): known up to a position, true up to a date.

use std::borrow::Cow;
use std::collections::HashMap;

use perennial_domain::Date;
use perennial_domain::log::Position;

use crate::columns::{Columns, Total};
use crate::cube::{Cell, CellNo, Cube};
use crate::day::{Day, Days, Month};
use crate::numbers::NumberHash;
use crate::question::CurrencyBasis;

/// The totals of all cells at (P, E).
#[derive(Clone, Debug)]
pub struct CellSums<'a> {
    cells: &'a [Cell],
    totals: Cow<'a, [Total]>,
    cut: Option<(Month, HashMap<CellNo, Total, NumberHash>)>,
    basis: CurrencyBasis,
}

impl<'a> CellSums<'a> {
    /// Sums the rows up to `at`, included, whose effective date is at most `effective`; without a date, all of
    /// them. `head` is the last position that was added.
    pub fn new(
        (columns, cube): (&'a Columns, &'a Cube),
        head: Position,
        at: Position,
        (effective, basis): (Option<Date>, CurrencyBasis),
    ) -> Self {
        let totals = if head <= at {
            Cow::Borrowed(columns.head())
        } else {
            Cow::Owned(columns.totals_at(at))
        };
        let cut = effective.map(|date| {
            let month = Month::of(date);
            // Of the cut-off's own month, what comes after the cut-off is taken out again.
            let after = Days {
                first: Day(Day::of(date).0.saturating_add(1)),
                last: Day::of(month.last_day()),
            };
            let mut later: HashMap<CellNo, Total, NumberHash> = HashMap::default();
            if !after.is_empty() {
                columns.each_in_days(at, after, |cell, row| {
                    later.entry(cell).or_default().add(row);
                });
            }
            (month, later)
        });
        Self {
            cells: cube.cells(),
            totals,
            cut,
            basis,
        }
    }

    /// Every cell of the basis in which something is posted at (P, E), with its total, ascending by number.
    pub fn iter(&self) -> impl Iterator<Item = (&'a Cell, Total)> + '_ {
        let numbered = (0_u32..).map(CellNo).zip(self.cells);
        let posted = numbered.zip(self.totals.iter());
        let counted = posted.filter(|((_, cell), _)| self.basis.counts(cell.kind.valued));
        counted.filter_map(|((number, cell), total)| {
            let total = self.cut_off(number, cell, *total);
            (!total.is_empty()).then_some((cell, total))
        })
    }

    fn cut_off(&self, number: CellNo, cell: &Cell, total: Total) -> Total {
        match &self.cut {
            None => total,
            Some((month, _)) if cell.kind.month < *month => total,
            Some((month, later)) if cell.kind.month == *month => match later.get(&number) {
                Some(after) => total.without(*after),
                None => total,
            },
            Some(_) => Total::default(),
        }
    }
}
