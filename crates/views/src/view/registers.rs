//! `registers`: entries and amounts by published type code and currency, to reconcile with a publisher.
//!
//! A reversed entry counts together with its reversal: both are among the entries, their amounts cancel. An entry counts
//! once in every row that any of its amounts is in, so under a filter too, whichever of its parts pass it.

use std::collections::BTreeMap;

use perennial_domain::money::Currency;
use perennial_domain::period::FiscalYear;

use crate::columns::Total;
use crate::dictionary::SeriesKind;
use crate::lens::Lens;
use crate::posting::{Direction, Measures};
use crate::question::CurrencyBasis;
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
    let whole = lens.question.basis == CurrencyBasis::Transaction && !lens.asks_for_parts();
    let registers = if whole {
        of_whole_entries(lens)
    } else {
        of_parts(lens)
    };
    registers
        .into_iter()
        .map(|((iati_type, currency), (entries, amount))| RegisterRow {
            iati_type: iati_type.to_string(),
            currency,
            entries,
            amount,
        })
        .collect()
}

/// By type and currency: how many entries, and their sum in minor units.
type Registers = BTreeMap<(u8, Currency), (u64, i128)>;

/// The row that an amount is in, if it is in one that is asked for.
fn register(lens: &Lens<'_>, direction: Direction, kind: &SeriesKind) -> Option<(u8, Currency)> {
    let iati_type = kind.register.iati_type(direction)?;
    in_year(lens, lens.year(kind.month)).then_some((iati_type, kind.currency))
}

/// Where all parts of an entry are in one row, its first one counts it.
fn of_whole_entries(lens: &Lens<'_>) -> Registers {
    let mut registers = Registers::new();
    each_kind(lens, |direction, kind, total| {
        if let Some(key) = register(lens, direction, kind) {
            let (entries, amount) = registers.entry(key).or_default();
            *entries += u64::from(total.plus) + u64::from(total.minus);
            *amount += total.minor_units;
        }
    });
    registers
}

/// Where the first part of an entry may be in another row than the rest, or in none.
fn of_parts(lens: &Lens<'_>) -> Registers {
    let mut registers = Registers::new();
    let mut counted: Vec<(u8, Currency)> = Vec::new();
    lens.each_read(Measures::ALL, |posted| {
        // The first part of the next entry.
        if 0 < posted.total.plus + posted.total.minus {
            counted.clear();
        }
        let key = register(lens, posted.class.direction, &posted.series.kind);
        let Some(key) = key.filter(|_| lens.lets_pass(&posted)) else {
            return;
        };
        let (entries, amount) = registers.entry(key).or_default();
        *amount += posted.total.minor_units;
        if !counted.contains(&key) {
            counted.push(key);
            *entries += 1;
        }
    });
    registers
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
