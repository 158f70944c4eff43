//! `registers`: entries and amounts by published type code and currency, to reconcile with a publisher.
//!
//! A reversed entry counts together with its reversal: both are among the entries, their amounts cancel. An entry counts
//! once in every row that any of its amounts is in, so under a filter too, whichever of its parts pass it.

use std::collections::BTreeMap;

use perennial_domain::money::Currency;

use crate::dictionary::SeriesKind;
use crate::lens::{Dating, Lens, When};
use crate::posting::{Direction, Measures};
use crate::question::CurrencyBasis;
use crate::rows::RowKey;
use crate::years::YearNo;

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
fn register(
    lens: &Lens<'_>,
    direction: Direction,
    kind: &SeriesKind,
    when: When,
) -> Option<(u8, Currency)> {
    let iati_type = kind.register.iati_type(direction)?;
    let mut years = lens.years(when).into_iter();
    let is_asked = years.any(|part| in_year(lens, part.year));
    is_asked.then_some((iati_type, kind.currency))
}

/// Where all parts of an entry are in one row, its first one counts it.
fn of_whole_entries(lens: &Lens<'_>) -> Registers {
    let mut registers = Registers::new();
    lens.each_dated(|direction, kind, when, total| {
        if let Some(key) = register(lens, direction, kind, when) {
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
        let when = lens.when(&posted, Dating::Effective);
        let key = register(lens, posted.class.direction, &posted.series.kind, when);
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

/// Whether the question asks for this year, or for any.
pub fn in_year(lens: &Lens<'_>, year: YearNo) -> bool {
    let asked = lens.question.filter.year.as_ref();
    asked.is_none_or(|asked| *asked == lens.label(year))
}
