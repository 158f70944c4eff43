//! `multi-year`: which share of commitments runs for the threshold (24 calendar months by default) or longer.
//!
//! Multi-year is a property of the original agreement: dates as first signed, never those of an extension
//! (SEMANTICS.md 1 "Multi-year"). Counted is what has a commitment entry at (P, E) that is not reversed; under a filter,
//! what also has such an entry of which any part passes, or any money that passes (ADR-0015).

use std::collections::BTreeMap;

use perennial_domain::Date;
use perennial_domain::money::Currency;
use perennial_domain::period::Period;

use crate::committed;
use crate::day::Day;
use crate::dictionary::EntityNo;
use crate::lens::Lens;
use crate::posting::{Direction, Register};
use crate::rows::{MultiYear, RowKey};

/// A row of `multi-year`. Amounts are minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultiYearRow {
    /// Incoming or outgoing.
    pub direction: Direction,
    /// The currency.
    pub currency: Currency,
    /// Agreements with a commitment.
    pub agreements: u64,
    /// Their commitments, net.
    pub amount: i128,
    /// Those that run for the threshold or longer.
    pub multi_year_agreements: u64,
    /// Their commitments, net.
    pub multi_year_amount: i128,
    /// Those whose original dates are not known: part of `agreements`, never multi-year.
    pub unknown_agreements: u64,
}

impl MultiYearRow {
    /// Its key: direction and currency.
    pub fn key(&self) -> RowKey {
        RowKey::of(&[self.direction.name(), self.currency.code()])
    }
}

/// The rows, by direction and currency.
pub fn evaluate(lens: &Lens<'_>) -> Vec<MultiYearRow> {
    let mut rows: BTreeMap<(Direction, Currency), MultiYearRow> = BTreeMap::new();
    let all = committed::by_agreement(lens);
    for ((entity, currency), committed) in all.passing {
        // What is moved to a line is committed there by no entry; with functional amounts one stands in two currencies.
        let counts = 0 < committed.parts || committed.minor_units != 0;
        if !counts || all.parts.get(&entity).is_none_or(|parts| *parts <= 0) {
            continue;
        }
        let head = lens
            .facts
            .histories()
            .entity(entity)
            .and_then(|history| history.head);
        let Some(direction) = head.map(|head| head.direction) else {
            continue;
        };
        let row = rows.entry((direction, currency)).or_insert(MultiYearRow {
            direction,
            currency,
            agreements: 0,
            amount: 0,
            multi_year_agreements: 0,
            multi_year_amount: 0,
            unknown_agreements: 0,
        });
        row.agreements += 1;
        row.amount += committed.minor_units;
        match original_term(lens, entity).1 {
            MultiYear::Yes => {
                row.multi_year_agreements += 1;
                row.multi_year_amount += committed.minor_units;
            }
            MultiYear::No => {}
            MultiYear::Unknown => row.unknown_agreements += 1,
        }
    }
    rows.into_values().collect()
}

/// The original term of an agreement and whether it is multi-year. Without a start the first commitment is one.
pub fn original_term(lens: &Lens<'_>, entity: EntityNo) -> (Option<Period>, MultiYear) {
    let head = lens
        .facts
        .histories()
        .entity(entity)
        .and_then(|history| history.head)
        .filter(|head| head.event_id.position <= lens.at);
    let Some(head) = head else {
        return (None, MultiYear::Unknown);
    };
    let starts_on = head.starts_on.or_else(|| first_commitment(lens, entity));
    let (Some(starts_on), Some(ends_on)) = (starts_on, head.ends_on) else {
        return (None, MultiYear::Unknown);
    };
    // A mirror may show an end before its start (R7): then nothing can be said.
    let Ok(term) = Period::new(starts_on, ends_on) else {
        return (None, MultiYear::Unknown);
    };
    if term.reaches_months(lens.question.multi_year_months) {
        (Some(term), MultiYear::Yes)
    } else {
        (Some(term), MultiYear::No)
    }
}

/// The first day with a commitment entry that stands.
fn first_commitment(lens: &Lens<'_>, entity: EntityNo) -> Option<Date> {
    let history = lens.facts.histories().entity(entity)?;
    if lens.is_at_head() && !history.commitment_reversed {
        let first = history.first_commitment?.date();
        return lens
            .effective()
            .is_none_or(|cut| first <= cut)
            .then_some(first);
    }
    let kinds = &lens.facts.dictionary().kinds;
    let mut entries: BTreeMap<Day, i64> = BTreeMap::new();
    lens.facts
        .each_row_of(entity, lens.at, lens.effective(), |row| {
            let kind = kinds.get(row.kind.index());
            if kind.is_some_and(|kind| kind.register == Register::Commitment) {
                *entries.entry(row.day).or_default() += i64::from(row.entries);
            }
        });
    let mut standing = entries.into_iter().filter(|(_, entries)| 0 < *entries);
    standing.next().map(|(day, _)| day.date())
}
