//! `movements`: what moved the undisbursed balance in each fiscal year, from opening to closing.
//!
//! Rows follow each other without a gap, each opening with the closing before it; the last closing is the sum of the
//! statements' undisbursed amounts less what is written off. Moves inside agreements sum to zero and do not appear.
//! Movements on days that no period of a published calendar holds stand after all years.

use std::collections::BTreeMap;

use perennial_domain::money::Currency;

use crate::exact::{Exact, Weight, round_partition};
use crate::lens::Lens;
use crate::posting::{Direction, Measure};
use crate::rows::RowKey;
use crate::view::registers::in_year;
use crate::years::YearNo;

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

/// What moves the balance, in the order of the row.
#[derive(Clone, Copy, Debug)]
enum Column {
    Signed,
    Increases,
    Decreases,
    Paid,
    Refunds,
    WriteOffs,
}

const COLUMNS: usize = 6;

/// By year: the exact sum of each column.
type Book = BTreeMap<YearNo, [Exact; COLUMNS]>;

/// The rows, by direction, currency and year.
pub fn evaluate(lens: &Lens<'_>) -> Vec<MovementRow> {
    let mut books: BTreeMap<(Direction, Currency), Book> = BTreeMap::new();
    lens.each_dated(|direction, kind, when, total| {
        let Some((column, sign)) = column(kind.measure, direction) else {
            return;
        };
        let book = books.entry((direction, kind.currency)).or_default();
        for part in lens.years(when) {
            let of_year = book.entry(part.year).or_default();
            if let Some(sum) = of_year.get_mut(column as usize) {
                let weight = Weight::ALL.days(part.days, part.of_days);
                sum.add(sign * total.minor_units, weight);
            }
        }
    });
    books
        .into_iter()
        .flat_map(|((direction, currency), book)| rows(lens, direction, currency, &book))
        .filter(|(year, _)| in_year(lens, *year))
        .map(|(_, row)| row)
        .collect()
}

/// Where an amount is shown, and with which sign; `None` if it does not move the undisbursed balance.
const fn column(measure: Measure, direction: Direction) -> Option<(Column, i128)> {
    match (measure, direction) {
        (Measure::Signed, _) => Some((Column::Signed, 1)),
        (Measure::Increased, _) => Some((Column::Increases, 1)),
        (Measure::Decreased, _) => Some((Column::Decreases, -1)),
        (Measure::Disbursed | Measure::Reimbursed, Direction::Outgoing)
        | (Measure::Received, Direction::Incoming) => Some((Column::Paid, 1)),
        (Measure::Refunded, Direction::Outgoing) | (Measure::Returned, Direction::Incoming) => {
            Some((Column::Refunds, -1))
        }
        (Measure::WrittenOff | Measure::Recovered, _) => Some((Column::WriteOffs, 1)),
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
        ) => None,
    }
}

/// Each column by year, ascending, rounded together: an adjustment may concern days of several years.
fn rounded(book: &Book) -> Vec<(YearNo, [i128; COLUMNS])> {
    let mut years: Vec<(YearNo, [i128; COLUMNS])> =
        book.keys().map(|&year| (year, [0; COLUMNS])).collect();
    for at in 0..COLUMNS {
        let sums: Vec<&Exact> = book.values().filter_map(|year| year.get(at)).collect();
        for ((_, amounts), amount) in years.iter_mut().zip(round_partition(&sums)) {
            if let Some(column) = amounts.get_mut(at) {
                *column = amount;
            }
        }
    }
    // Entries that cancel each other move nothing: no year begins or ends the rows by them alone.
    years.retain(|(_, amounts)| *amounts != [0; COLUMNS]);
    years
}

/// The years from the first to the last one in which anything moved, and after them what lies in no year.
fn rows(
    lens: &Lens<'_>,
    direction: Direction,
    currency: Currency,
    book: &Book,
) -> Vec<(YearNo, MovementRow)> {
    let mut rows = Vec::new();
    let mut opening = 0;
    let mut next: Option<YearNo> = None;
    for (year, amounts) in rounded(book) {
        // Years in which nothing moved stand between.
        let mut at = match next {
            Some(next) if year != YearNo::UNKNOWN => next,
            Some(_) | None => year,
        };
        loop {
            let [signed, increases, decreases, paid, refunds, write_offs] =
                if at == year { amounts } else { [0; COLUMNS] };
            let closing = opening + signed + increases - decreases - paid + refunds - write_offs;
            let row = MovementRow {
                direction,
                currency,
                year: lens.label(at).to_owned(),
                opening,
                signed,
                increases,
                decreases,
                paid,
                refunds,
                write_offs,
                closing,
            };
            rows.push((at, row));
            opening = closing;
            if year <= at {
                break;
            }
            at = at.next();
        }
        next = Some(year.next());
    }
    rows
}
