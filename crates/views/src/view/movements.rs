//! `movements`: what moved the undisbursed balance in each fiscal year, from opening to closing.
//!
//! Rows follow each other without a gap, each opening with the closing before it; the last closing is the sum of the
//! statements' undisbursed amounts less what is written off. Moves inside agreements sum to zero and do not appear.

use std::collections::BTreeMap;

use perennial_domain::money::Currency;
use perennial_domain::period::FiscalYear;

use crate::lens::Lens;
use crate::posting::{Direction, Measure};
use crate::rows::RowKey;
use crate::view::registers::{each_kind, in_year};

/// A row of `movements`. Amounts are minor units of `currency`;
/// closing = opening + signed + increases - decreases - paid + refunds - write-offs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovementRow {
    /// Incoming or outgoing.
    pub direction: Direction,
    /// The currency.
    pub currency: Currency,
    /// The fiscal year of the movements' dates, by its label.
    pub year: String,
    /// Undisbursed and not written off before the year.
    pub opening: i128,
    /// Committed by signatures.
    pub signed: i128,
    /// Committed later.
    pub increases: i128,
    /// Released; above 0.
    pub decreases: i128,
    /// Paid (incoming: received); above 0.
    pub paid: i128,
    /// Given back; above 0.
    pub refunds: i128,
    /// Given up, less what is expected again.
    pub write_offs: i128,
    /// Undisbursed and not written off after the year.
    pub closing: i128,
}

impl MovementRow {
    /// Its key: direction, currency and year.
    pub fn key(&self) -> RowKey {
        RowKey::of(&[self.direction.name(), self.currency.code(), &self.year])
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Movements {
    signed: i128,
    increases: i128,
    decreases: i128,
    paid: i128,
    refunds: i128,
    write_offs: i128,
}

/// The rows, by direction, currency and year.
pub fn evaluate(lens: &Lens<'_>) -> Vec<MovementRow> {
    let mut books: BTreeMap<(Direction, Currency), BTreeMap<FiscalYear, Movements>> =
        BTreeMap::new();
    each_kind(lens, |direction, kind, total| {
        let mut moved = Movements::default();
        if moved.add(kind.measure, direction, total.minor_units) {
            let book = books.entry((direction, kind.currency)).or_default();
            let year = book.entry(lens.year(kind.month)).or_default();
            year.add(kind.measure, direction, total.minor_units);
        }
    });
    books
        .into_iter()
        .flat_map(|((direction, currency), years)| rows(direction, currency, &years))
        .filter(|(year, _)| in_year(lens, *year))
        .map(|(_, row)| row)
        .collect()
}

impl Movements {
    /// Adds an amount in its column; `false` if it does not move the undisbursed balance.
    fn add(&mut self, measure: Measure, direction: Direction, minor_units: i128) -> bool {
        let column = match (measure, direction) {
            (Measure::Signed, _) => &mut self.signed,
            (Measure::Increased, _) => &mut self.increases,
            (Measure::Decreased, _) => {
                self.decreases -= minor_units;
                return true;
            }
            (Measure::Disbursed | Measure::Reimbursed, Direction::Outgoing)
            | (Measure::Received, Direction::Incoming) => &mut self.paid,
            (Measure::Refunded, Direction::Outgoing) | (Measure::Returned, Direction::Incoming) => {
                self.refunds -= minor_units;
                return true;
            }
            (Measure::WrittenOff | Measure::Recovered, _) => &mut self.write_offs,
            (Measure::Disbursed | Measure::Reimbursed | Measure::Refunded, Direction::Incoming)
            | (Measure::Received | Measure::Returned, Direction::Outgoing)
            | (
                Measure::Pledged
                | Measure::Withdrawn
                | Measure::Converted
                | Measure::Moved
                | Measure::Allocated
                | Measure::LinkedOnward
                | Measure::CarriedIn
                | Measure::CarriedOut
                | Measure::Scheduled
                | Measure::Drawn
                | Measure::Forecast
                | Measure::Expended
                | Measure::PaidFor
                | Measure::OtherFlow,
                _,
            ) => return false,
        };
        *column += minor_units;
        true
    }
}

fn rows(
    direction: Direction,
    currency: Currency,
    years: &BTreeMap<FiscalYear, Movements>,
) -> Vec<(FiscalYear, MovementRow)> {
    let mut rows = Vec::new();
    let mut opening = 0;
    // Entries that cancel each other move nothing: no year begins or ends the rows by them alone.
    let moving = || {
        years
            .iter()
            .filter(|(_, moved)| **moved != Movements::default())
    };
    let first = moving().next().map(|(year, _)| *year);
    let last = moving().next_back().map(|(year, _)| *year);
    let mut next = first;
    while let (Some(year), Some(last)) = (next, last) {
        let moved = years.get(&year).copied().unwrap_or_default();
        let closing = opening + moved.signed + moved.increases - moved.decreases - moved.paid
            + moved.refunds
            - moved.write_offs;
        rows.push((
            year,
            MovementRow {
                direction,
                currency,
                year: year.label(),
                opening,
                signed: moved.signed,
                increases: moved.increases,
                decreases: moved.decreases,
                paid: moved.paid,
                refunds: moved.refunds,
                write_offs: moved.write_offs,
                closing,
            },
        ));
        opening = closing;
        next = (year < last).then(|| year.next());
    }
    rows
}
