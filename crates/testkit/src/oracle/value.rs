//! What amounts are in the functional currency, from ADR-0013: divided over an event's amounts in proportion, carried as the
//! event says, and summed in place of the own amounts where that basis is asked for.

use perennial_domain::agreement::{CashEntry, Rate, TrancheDraw};
use perennial_domain::event::{Event, Fact};
use perennial_domain::exchange::Functional;
use perennial_domain::money::{Currency, Money};
use perennial_domain::reference::ReferenceEvent;
use perennial_domain::rule::{Profile, Rule};

use super::draft::Desk;
use super::findings::Findings;
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

/// What an amount is worth on the desk's day: as it is given, else by the tables if they are asked for.
pub(super) fn worth(
    desk: Desk<'_>,
    findings: &mut Findings,
    amount: Money,
    given: Option<&Functional>,
) -> Option<Box<Functional>> {
    let Some(given) = given else {
        return desk.from_table.then(|| looked_up(desk, findings, amount))?;
    };
    if amount.minor_units() == 0 || desk.policy.functional_currency.is_none() {
        findings.reject("INVALID_FIELD");
        return None;
    }
    let own = Some(amount.currency());
    if desk.policy.functional_currency == own || given.money.minor_units() < 0 {
        findings.reject("INVALID_FIELD");
        return None;
    }
    if desk.policy.functional_currency != Some(given.money.currency()) {
        findings.reject("CURRENCY_MISMATCH");
        return None;
    }
    let exact = given
        .rate
        .as_ref()
        .and_then(|rate| exchanged(amount, given.money.currency(), rate));
    match exact {
        None => findings.breaks(Rule::RateEvidence, desk.subject),
        Some(exact) if (exact - given.money.minor_units()).abs() <= 1 => {}
        Some(_) if desk.profile == Profile::Strict => findings.reject("FUNCTIONAL_DIFFERS"),
        Some(_) => findings
            .shown
            .push((Rule::RateEvidence, desk.subject.to_owned())),
    }
    Some(Box::new(given.clone()))
}

fn looked_up(desk: Desk<'_>, findings: &mut Findings, amount: Money) -> Option<Box<Functional>> {
    let Some(currency) = desk.policy.functional_currency else {
        findings.reject("INVALID_FIELD");
        return None;
    };
    if desk.policy.rate_source.is_none() {
        findings.reject("INVALID_FIELD");
        return None;
    }
    if amount.currency() == currency || amount.minor_units() == 0 {
        return None;
    }
    let Some(rate) = in_force(desk, (amount.currency(), currency)) else {
        findings.reject("UNKNOWN_RATE");
        return None;
    };
    let exact = exchanged(amount, currency, &rate)?;
    let Ok(money) = Money::from_minor(exact, currency) else {
        findings.reject("INVALID_FIELD");
        return None;
    };
    Some(Box::new(Functional {
        money,
        rate: Some(rate),
    }))
}

/// The newest rate up to the day between two currencies; of one day the pair from the first to the second, and of that the
/// table that came last.
fn in_force(desk: Desk<'_>, (from, to): (Currency, Currency)) -> Option<Rate> {
    let tables = desk.log.iter().filter_map(|it| match &it.event.fact {
        Fact::Reference(ReferenceEvent::RateTablePublished(table)) => Some(table),
        _ => None,
    });
    let mut best: Option<Rate> = None;
    for table in tables.filter(|table| Some(table.source) == desk.policy.rate_source) {
        for rate in &table.rates {
            let direct = (rate.base, rate.quote) == (from, to);
            let joins = direct || (rate.base, rate.quote) == (to, from);
            let newer = best.as_ref().is_none_or(|best| {
                let own = (rate.rate_on, direct);
                (best.rate_on, best.base == from) <= own
            });
            if joins && newer && rate.rate_on <= desk.on {
                best = Some(Rate {
                    base: rate.base,
                    quote: rate.quote,
                    value: rate.value,
                    rate_on: rate.rate_on,
                    source: table.source,
                    table_version: Some(table.table_version.to_string()),
                });
            }
        }
    }
    best
}

/// Minor units of another currency, half to even; nothing if the rate is none between the two.
fn exchanged(amount: Money, to: Currency, rate: &Rate) -> Option<i128> {
    let from = amount.currency();
    let mantissa = rate.value.mantissa();
    let power = |digits: u32| 10_i128.pow(digits);
    let scale = power(rate.value.scale());
    let digits = |currency: Currency| power(u32::from(currency.minor_digits()));
    let (above, below) = if (rate.base, rate.quote) == (from, to) {
        (mantissa * digits(to), scale * digits(from))
    } else if (rate.base, rate.quote) == (to, from) {
        (scale * digits(to), mantissa * digits(from))
    } else {
        return None;
    };
    Some(even(amount.minor_units() * above, below))
}

/// A quotient rounded half to even.
pub(super) fn even(above: i128, below: i128) -> i128 {
    let (floor, rest) = (above.div_euclid(below), above.rem_euclid(below));
    let up = 2 * rest > below || (2 * rest == below && floor.rem_euclid(2) == 1);
    floor + i128::from(up)
}
