//! `registers`: entries and amounts by published type code and currency, to reconcile with a publisher.
//!
//! A reversed entry counts together with its reversal: both are among the entries, their amounts cancel.

use std::collections::BTreeMap;

use perennial_domain::money::Currency;
use perennial_domain::period::FiscalYear;

use crate::columns::Total;
use crate::dictionary::SeriesKind;
use crate::lens::Lens;
use crate::posting::{Direction, Measures};
use crate::rows::RowKey;

/// A row of `registers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterRow {
    /// IATI `TransactionType` code: 1 to 13.
    pub iati_type: String,
    /// The currency.
    pub currency: Currency,
    /// How many entries, reversed ones and their reversals included.
    pub entries: u64,
    /// Their sum in minor units.
    pub amount: i128,
}

impl RegisterRow {
    /// Its key: type and currency.
    pub fn key(&self) -> RowKey {
        RowKey::of(&[&self.iati_type, self.currency.code()])
    }
}

/// The rows, ascending by type and currency.
pub fn evaluate(lens: &Lens<'_>) -> Vec<RegisterRow> {
    let mut cells: BTreeMap<(u8, Currency), (u64, i128)> = BTreeMap::new();
    each_kind(lens, |direction, kind, total| {
        let iati_type = kind.register.iati_type(direction);
        let Some(iati_type) = iati_type.filter(|_| in_year(lens, lens.year(kind.month))) else {
            return;
        };
        let (entries, amount) = cells.entry((iati_type, kind.currency)).or_default();
        *entries += u64::from(total.plus) + u64::from(total.minus);
        *amount += total.minor_units;
    });
    cells
        .into_iter()
        .map(|((iati_type, currency), (entries, amount))| RegisterRow {
            iati_type: iati_type.to_string(),
            currency,
            entries,
            amount,
        })
        .collect()
}

/// Calls `each` with direction, kind and total of everything at (P, E) that the filter lets pass: from the cells, or
/// from the rows of the asked agreements.
pub fn each_kind(lens: &Lens<'_>, mut each: impl FnMut(Direction, &SeriesKind, &Total)) {
    if lens.asks_for_agreements() {
        lens.each_posted(Measures::ALL, |posted| {
            each(posted.class.direction, &posted.series.kind, &posted.total);
        });
        return;
    }
    for (cell, total) in lens.cells().iter() {
        if let Some(class) = lens.passing(cell.class, cell.kind.currency) {
            each(class.direction, &cell.kind, &total);
        }
    }
}

/// Whether the question asks for this year, or for any.
pub fn in_year(lens: &Lens<'_>, year: FiscalYear) -> bool {
    let asked = lens.question.filter.year.as_ref();
    asked.is_none_or(|asked| *asked == year.label())
}
