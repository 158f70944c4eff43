//! What amounts are in the functional currency, from ADR-0013: divided over an event's amounts in proportion, carried as the
//! event says, and summed in place of the own amounts where that basis is asked for.

use perennial_domain::agreement::{CashEntry, TrancheDraw};
use perennial_domain::event::Event;
use perennial_domain::exchange::Functional;
use perennial_domain::money::Money;

use super::fraction::split;
use super::item::Item;

pub(super) fn signed(money: Money, sign: i128) -> Money {
    if sign < 0 { money.negated() } else { money }
}

fn parts(whole: Money, weights: &[i128]) -> Vec<Option<Money>> {
    let parts = split(whole.minor_units(), weights).unwrap_or_default();
    let part = |part| Money::from_minor(part, whole.currency()).ok();
    parts.into_iter().map(part).collect()
}

/// Each of an entry's amounts gets its part of the entry's functional amount, with its own sign.
pub(super) fn divide(items: &mut [Item], functional: Option<&Functional>) {
    let Some(functional) = functional else { return };
    let weights: Vec<i128> = items.iter().map(|item| item.amount.abs()).collect();
    for (item, part) in items.iter_mut().zip(parts(functional.money, &weights)) {
        item.functional = part.map(|part| signed(part, item.amount.signum()));
    }
}

/// What the parts of a payment that portions take are in the functional currency; the rest of it is from no portion.
pub(super) fn of_draws(draws: &[TrancheDraw], cash: &CashEntry) -> Vec<Option<Money>> {
    let Some(functional) = cash.functional.as_deref() else {
        return vec![None; draws.len()];
    };
    let mut weights: Vec<i128> = draws.iter().map(|draw| draw.minor_units).collect();
    weights.push(cash.amount.minor_units() - weights.iter().sum::<i128>());
    let mut parts = parts(functional.money, &weights);
    parts.resize(draws.len(), None);
    parts
}

/// An event's amounts, each with what the event carries of it apart from what it does not.
pub(super) fn carried(event: &Event, items: Vec<Item>) -> Vec<Item> {
    if event.carrying.is_empty() {
        return items;
    }
    let mut all = Vec::new();
    for (part, item) in (0_u32..).zip(items) {
        let mut rest = item.clone();
        for value in event.carrying.iter().filter(|value| value.part == part) {
            rest.amount -= value.minor_units;
            all.push(Item {
                amount: value.minor_units,
                functional: Some(value.functional),
                ..item.clone()
            });
        }
        all.push(rest);
    }
    all
}

/// What an amount is where functional amounts are asked for: its own, if nobody said so.
pub(super) fn in_functional(item: &mut Item) {
    if let Some(functional) = item.functional {
        item.amount = functional.minor_units();
        item.currency = functional.currency();
    }
}
