//! `registers`: entries and amounts by published type code and currency, to reconcile with a publisher.
//!
//! A reversed entry counts together with its reversal: both are among the entries, their amounts cancel.

use std::collections::BTreeMap;

use perennial_domain::money::Currency;
use perennial_domain::period::FiscalYear;

use crate::columns::Total;
use crate::lens::Lens;
use crate::posting::Register;
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
    let sums = lens.sums();
    let series = lens.facts.dictionary().series.items();
    for (_, series, total) in sums.series(series) {
        if series.register == Register::None {
            continue;
        }
        let Some(facet) = lens.facet(series) else {
            continue;
        };
        let Some(iati_type) = series.register.iati_type(facet.direction) else {
            continue;
        };
        if !in_year(lens, lens.year(series.month)) {
            continue;
        }
        let (entries, amount) = cells.entry((iati_type, series.currency)).or_default();
        *entries += count(&total);
        *amount += total.minor_units;
    }
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

fn count(total: &Total) -> u64 {
    u64::from(total.plus) + u64::from(total.minus)
}

/// Whether the question asks for this year, or for any.
pub fn in_year(lens: &Lens<'_>, year: FiscalYear) -> bool {
    let asked = lens.question.filter.year.as_ref();
    asked.is_none_or(|asked| *asked == year.label())
}
