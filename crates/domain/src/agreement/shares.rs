//! Which periods a commitment is for: how shares that a command leaves out are worked out, and which portions
//! of a line are still undisbursed (SEMANTICS.md 1 "`year_basis`" and "Changes by year").

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::agreement::state::LineState;
use crate::agreement::{Agreement, Firmness, Terms, YearBasis, YearShare};
use crate::finding::Findings;
use crate::money::{Money, allocate_minor};
use crate::period::{FiscalCalendar, Period};

/// Checks shares that a command gives: each above 0, their sum exactly `amount`. Returns them as they are
/// recorded: explicit shares are `scheduled` unless they come from budgets.
pub(super) fn explicit(
    findings: &mut Findings,
    field: &str,
    amount: Money,
    given: &[YearShare],
) -> Vec<YearShare> {
    for (index, share) in given.iter().enumerate() {
        if share.minor_units <= 0 {
            findings.malformed(format!("{field}[{index}].amount"), "must be above 0");
        }
    }
    let sum = given
        .iter()
        .try_fold(0_i128, |sum, share| sum.checked_add(share.minor_units));
    if sum != Some(amount.minor_units()) {
        findings.malformed(field, format!("must sum to exactly {amount}"));
    }
    given
        .iter()
        .map(|share| YearShare {
            basis: match share.basis {
                YearBasis::Budgeted => YearBasis::Budgeted,
                YearBasis::Scheduled | YearBasis::Prorated | YearBasis::SigningYear => {
                    YearBasis::Scheduled
                }
            },
            ..*share
        })
        .collect()
}

/// The one share of an amount that no share is given for: by day over `term`, else the day of the commitment.
pub(super) fn implied(amount: Money, term: Option<Period>, committed_on: Date) -> Vec<YearShare> {
    if amount.is_zero() {
        return Vec::new();
    }
    let (period, basis) = match term {
        Some(term) => (term, YearBasis::Prorated),
        None => (Period::day(committed_on), YearBasis::SigningYear),
    };
    vec![YearShare {
        period,
        minor_units: amount.minor_units(),
        basis,
        firmness: Firmness::default(),
    }]
}

/// The days a signed amount is for: from the later of signature and start to the end; without a published
/// signature from the start.
pub(super) fn signed_term(terms: &Terms) -> Option<Period> {
    let starts_on = match (terms.signed_on, terms.starts_on) {
        (Some(signed_on), Some(starts_on)) => signed_on.max(starts_on),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => return None,
    };
    Period::new(starts_on, terms.ends_on?).ok()
}

/// The days an increase is for: what is left of the term; without a published signature the whole term.
pub(super) fn remaining_term(agreement: &Agreement, effective_on: Date) -> Option<Period> {
    let terms = agreement.terms();
    let starts_on = match terms.signed_on {
        Some(signed_on) => {
            let starts_on = terms.starts_on.unwrap_or(signed_on);
            effective_on.max(signed_on).max(starts_on)
        }
        None => terms.starts_on?,
    };
    Period::new(starts_on, agreement.ends_on()?).ok()
}

/// A part of a line's commitment that is for one period, and what was paid of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Portion {
    pub(super) period: Period,
    pub(super) basis: YearBasis,
    pub(super) firmness: Firmness,
    pub(super) committed: i128,
    pub(super) paid: i128,
}

impl Portion {
    pub(super) fn undisbursed(&self) -> i128 {
        self.committed.saturating_sub(self.paid).max(0)
    }
}

/// The portions of a line, the first to end first. A prorated share is cut into the years of `calendar`.
///
/// Payments count in the period of the tranche they draw on, else on their day; a payment outside every
/// portion counts in the last one before it, else in the first.
pub(super) fn portions(
    agreement: &Agreement,
    line: usize,
    calendar: FiscalCalendar,
) -> Vec<Portion> {
    let Some(state) = agreement.lines.get(line) else {
        return Vec::new();
    };
    let mut portions: Vec<Portion> = Vec::new();
    for ((period, basis, firmness), minor_units) in agreement.shares_of(line) {
        let pieces = if basis == YearBasis::Prorated {
            by_year(period, minor_units, calendar)
        } else {
            vec![(period, minor_units)]
        };
        for (period, committed) in pieces {
            let same = |portion: &&mut Portion| {
                (portion.period, portion.basis, portion.firmness) == (period, basis, firmness)
            };
            if let Some(portion) = portions.iter_mut().find(same) {
                portion.committed = portion.committed.saturating_add(committed);
            } else {
                portions.push(Portion {
                    period,
                    basis,
                    firmness,
                    committed,
                    paid: 0,
                });
            }
        }
    }
    portions.retain(|portion| portion.committed != 0);
    portions.sort_by_key(|portion| {
        let period = portion.period;
        let grade = (portion.basis, portion.firmness);
        (period.ends_on(), period.starts_on(), grade)
    });
    if let [only] = portions.as_mut_slice() {
        only.paid = state.balances.total().paid(agreement.perspective());
    } else {
        for (on, minor_units) in payments(agreement, line, state) {
            pay(&mut portions, on, minor_units);
        }
    }
    portions
}

/// What was paid on a line, by the day that says which period it counts in.
fn payments(agreement: &Agreement, line: usize, state: &LineState) -> BTreeMap<Date, i128> {
    let perspective = agreement.perspective();
    let on_their_day = state.balances.changes();
    let mut payments: BTreeMap<Date, i128> = on_their_day
        .map(|(on, change)| (on, change.paid(perspective)))
        .filter(|&(_, paid)| paid != 0)
        .collect();
    for (on, moved) in agreement.drawn_of(line) {
        let sum = payments.entry(on).or_default();
        *sum = sum.saturating_add(moved);
    }
    payments
}

/// Counts a payment in the portions that hold its day, each up to what is committed for it, the rest in the
/// last of them.
fn pay(portions: &mut [Portion], on: Date, minor_units: i128) {
    let holding: Vec<usize> = portions
        .iter()
        .enumerate()
        .filter(|(_, portion)| portion.period.contains(on))
        .map(|(at, _)| at)
        .collect();
    let holding = if holding.is_empty() {
        let before = portions
            .iter()
            .rposition(|portion| portion.period.ends_on() < on);
        vec![before.unwrap_or(0)]
    } else {
        holding
    };
    let mut left = minor_units;
    let last = holding.last().copied();
    for at in holding {
        let Some(portion) = portions.get_mut(at) else {
            continue;
        };
        let room = portion.committed.saturating_sub(portion.paid).max(0);
        let part = if Some(at) == last {
            left
        } else {
            left.min(room)
        };
        portion.paid = portion.paid.saturating_add(part);
        left = left.saturating_sub(part);
    }
}

/// Cuts a prorated share into the years of a calendar, by days, losing nothing.
fn by_year(period: Period, minor_units: i128, calendar: FiscalCalendar) -> Vec<(Period, i128)> {
    let mut pieces = Vec::new();
    let mut year = calendar.year_of(period.starts_on());
    // A term has at most some hundred and forty years.
    while let Some(piece) = year.period().intersection(period) {
        pieces.push(piece);
        year = year.next();
    }
    let days: Vec<u64> = pieces.iter().map(|piece| piece.days()).collect();
    match allocate_minor(minor_units, &days) {
        Ok(parts) => pieces.into_iter().zip(parts).collect(),
        Err(_) => vec![(period, minor_units)],
    }
}

/// Takes `minor_units` out of portions, the last first: undisbursed parts, then disbursed ones, and what is
/// still left from the last. Nothing is clipped: the shares sum to `minor_units`, or are empty without portions.
pub(super) fn take_from_last(portions: &[Portion], minor_units: i128) -> Vec<YearShare> {
    let mut taken = vec![0_i128; portions.len()];
    let mut left = minor_units;
    let undisbursed: fn(&Portion) -> i128 = Portion::undisbursed;
    let committed: fn(&Portion) -> i128 = |portion| portion.committed.max(0);
    for room in [undisbursed, committed] {
        for (portion, taken) in portions.iter().zip(&mut taken).rev() {
            let part = left.min(room(portion).saturating_sub(*taken).max(0));
            *taken = taken.saturating_add(part);
            left = left.saturating_sub(part);
        }
    }
    if let Some(last) = taken.last_mut() {
        *last = last.saturating_add(left);
    }
    portions
        .iter()
        .zip(taken)
        .filter(|&(_, minor_units)| minor_units != 0)
        .map(|(portion, minor_units)| YearShare {
            period: portion.period,
            minor_units,
            basis: portion.basis,
            firmness: portion.firmness,
        })
        .collect()
}
