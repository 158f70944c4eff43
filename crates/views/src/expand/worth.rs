//! How the functional amount of an entry is divided over its postings: in proportion, and nothing is lost (INV-3).

use perennial_domain::exchange::Functional;
use perennial_domain::money::{Money, divide_minor};

use crate::posting::{Measure, Posting};

/// An amount, and what it is in the functional currency.
pub(super) type Worth<'a> = (Money, Option<&'a Functional>);

/// Gives the postings of an amount their parts of its functional amount; the sign of theirs is theirs.
pub(super) fn value(postings: &mut [Posting], functional: Option<&Functional>, sign: i128) {
    let Some(functional) = functional else {
        return;
    };
    let own = postings.iter().map(|posting| sign * posting.minor_units);
    let parts = divided(functional.money, &own.collect::<Vec<i128>>());
    for (posting, part) in postings.iter_mut().zip(parts) {
        posting.functional = part.map(|part| if sign < 0 { part.negated() } else { part });
    }
}

/// The parts of a payment's functional amount that its draws have, in order; the rest is drawn from nothing.
pub(super) fn of_draws(
    amount: i128,
    functional: Option<Money>,
    draws: impl Iterator<Item = i128>,
) -> Vec<Option<Money>> {
    let mut own: Vec<i128> = draws.collect();
    own.push(amount - own.iter().sum::<i128>());
    functional.map_or_else(Vec::new, |functional| divided(functional, &own))
}

/// The same from the payment's postings, as long as each of them has a functional amount.
pub(super) fn of_drawn(postings: &[Posting]) -> Vec<Option<Money>> {
    let mut paid = postings
        .iter()
        .filter(|posting| matches!(posting.measure, Measure::Disbursed | Measure::Received));
    let whole = paid.try_fold(
        (0, None),
        |(amount, sum): (i128, Option<Money>), posting| {
            let functional = posting.functional?;
            let sum = match sum {
                None => functional,
                Some(sum) => sum.checked_add(functional).ok()?,
            };
            Some((amount + posting.minor_units, Some(sum)))
        },
    );
    let drawn = postings
        .iter()
        .filter(|posting| posting.measure == Measure::Drawn)
        .map(|posting| -posting.minor_units);
    let (amount, functional) = whole.unwrap_or_default();
    of_draws(amount, functional, drawn)
}

/// An amount in proportion to these weights; none where they sum to nothing.
fn divided(whole: Money, own: &[i128]) -> Vec<Option<Money>> {
    let parts = divide_minor(whole.minor_units(), own).unwrap_or_default();
    let part = |part| Money::from_minor(part, whole.currency()).ok();
    parts.into_iter().map(part).collect()
}
