//! What the committed money that an event moves or gives up is carried at: the part of the functional commitment that
//! stands for it, and all of it where all the money goes.

use std::collections::BTreeMap;

use crate::agreement::carrying::{CarryingValue, Place, Worth, add, place_of};
use crate::agreement::decide::Case;
use crate::agreement::{AgreementEvent, TransferDirection, YearShare};
use crate::exchange::half_even;
use crate::finding::Findings;
use crate::money::{Money, divide_minor};

/// What a transfer brings to its receiving half.
#[derive(Clone, Debug)]
pub(super) struct Brought {
    /// What the giving half gave, in minor units of its currency.
    pub(super) given: i128,
    /// What of that is in the functional currency.
    pub(super) worths: Vec<Worth>,
}

impl Brought {
    /// What the giving half of a transfer takes along. Money in the functional currency itself is its own value.
    pub(super) fn of(case: &Case<'_>, amount: Money, carrying: &[CarryingValue]) -> Self {
        let mut worths = Vec::new();
        for carried in carrying {
            let worth = Worth {
                currency: carried.functional.currency(),
                minor_units: carried.minor_units.saturating_neg(),
                functional: carried.functional.minor_units().saturating_neg(),
            };
            add(&mut worths, worth);
        }
        let given = amount.minor_units();
        if case.context.policy.functional_currency == Some(amount.currency()) {
            worths = vec![Worth {
                currency: amount.currency(),
                minor_units: given,
                functional: given,
            }];
        }
        Self { given, worths }
    }

    /// The same of what arrives, which may be in another currency.
    fn arriving(&self, case: &Case<'_>, arrives: i128) -> Vec<Worth> {
        let worths = self.worths.iter();
        worths
            .filter(|worth| worth.currency != case.currency())
            .map(|worth| Worth {
                minor_units: part(arrives, (worth.minor_units, self.given)),
                ..*worth
            })
            .collect()
    }
}

/// What the money of an event is carried at, by its parts, ascending.
pub(super) fn decide(
    case: &Case<'_>,
    findings: &mut Findings,
    fact: &AgreementEvent,
) -> Vec<CarryingValue> {
    let parts = fact.carried_parts();
    let mut carried = Carried::default();
    let mut brought: Vec<(Option<usize>, Vec<Worth>)> = Vec::new();
    let mut pools: BTreeMap<usize, Pool> = BTreeMap::new();
    for (at, (line_id, share)) in parts.iter().enumerate() {
        let Some(line) = case.agreement.place_of(line_id) else {
            continue;
        };
        if 0 <= share.minor_units {
            continue;
        }
        let pool = pools
            .entry(line)
            .or_insert_with(|| Pool::of(case.agreement, line));
        let worths = pool.take(share);
        carried.take(at, &worths);
        pool.given.push(at);
    }
    for pool in pools.values() {
        carried.take_rest(pool);
    }
    for (line, pool) in &pools {
        let scope = scope(fact, *line);
        let known = brought.iter().position(|(known, _)| *known == scope);
        let known = known.unwrap_or_else(|| {
            brought.push((scope, Vec::new()));
            brought.len().saturating_sub(1)
        });
        if let Some((_, sum)) = brought.get_mut(known) {
            carried.sum(pool, sum);
        }
    }
    if let AgreementEvent::FundsTransferred(transfer) = fact
        && transfer.direction == TransferDirection::In
        && let Some(from) = case.brought
    {
        brought = vec![(None, from.arriving(case, transfer.amount.minor_units()))];
    }
    for (of, worths) in &brought {
        let receiving = parts
            .iter()
            .enumerate()
            .filter_map(|(at, (line_id, share))| {
                let line = case.agreement.place_of(line_id)?;
                let receives = 0 < share.minor_units && scope(fact, line) == *of;
                receives.then_some((at, share.minor_units))
            });
        let receiving: Vec<(usize, i128)> = receiving.collect();
        if !receiving.is_empty() {
            let pools = pools.iter().filter(|(line, _)| scope(fact, **line) == *of);
            pools.for_each(|(_, pool)| carried.keep_differences(pool, worths));
        }
        carried.bring(&receiving, worths);
    }
    carried.finish(case, findings)
}

/// Within what given money is received: moves between periods stay on their line, reallocations between lines do not.
fn scope(fact: &AgreementEvent, line: usize) -> Option<usize> {
    let on_line = matches!(
        fact,
        AgreementEvent::PeriodExtended { .. } | AgreementEvent::FundsCarriedOver(_)
    );
    on_line.then_some(line)
}

/// `whole` times `of` by `all`, rounded half to even.
fn part(whole: i128, (of, all): (i128, i128)) -> i128 {
    if of == all {
        return whole;
    }
    let product = whole.checked_mul(of);
    let part = product.and_then(|product| half_even(product, all));
    part.unwrap_or_default()
}

/// Values by part of the event, signed.
#[derive(Default)]
struct Carried(BTreeMap<usize, Vec<Worth>>);

impl Carried {
    fn take(&mut self, at: usize, worths: &[Worth]) {
        for worth in worths {
            let negated = Worth {
                minor_units: worth.minor_units.saturating_neg(),
                functional: worth.functional.saturating_neg(),
                ..*worth
            };
            add(self.0.entry(at).or_default(), negated);
        }
    }

    /// Where all the money of a line goes, what rounding left of its value goes with the last part.
    fn take_rest(&mut self, pool: &Pool) {
        let last = pool.given.last().filter(|_| pool.whole.committed == 0);
        let Some(&last) = last else {
            return;
        };
        for rest in &pool.whole.worths {
            let has = |at: &&usize| {
                let worths = self.0.get(at);
                let mut worths = worths.into_iter().flatten();
                worths.any(|worth| {
                    worth.currency == rest.currency && worth.minor_units != rest.minor_units
                })
            };
            let valued = pool.given.iter().rev().find(has).copied();
            let at = valued.or_else(|| (rest.minor_units != 0).then_some(last));
            if let Some(at) = at {
                self.take(at, &[*rest]);
            }
        }
    }

    /// Adds what was taken out of a line.
    fn sum(&self, pool: &Pool, sum: &mut Vec<Worth>) {
        for worth in pool.given.iter().filter_map(|at| self.0.get(at)).flatten() {
            let taken = Worth {
                minor_units: worth.minor_units.saturating_neg(),
                functional: worth.functional.saturating_neg(),
                ..*worth
            };
            add(sum, taken);
        }
    }

    /// A value that none of the given money has, an exchange difference, could come to nowhere: it stays.
    fn keep_differences(&mut self, pool: &Pool, given: &[Worth]) {
        for difference in given.iter().filter(|worth| worth.minor_units == 0) {
            for at in &pool.given {
                if let Some(worths) = self.0.get_mut(at) {
                    worths.retain(|worth| worth.currency != difference.currency);
                }
            }
        }
    }

    /// Divides what was given over the parts that receive it, in proportion to their amounts: nothing is lost.
    fn bring(&mut self, receiving: &[(usize, i128)], worths: &[Worth]) {
        let amounts: Vec<i128> = receiving.iter().map(|&(_, amount)| amount).collect();
        for worth in worths {
            let own = divide_minor(worth.minor_units, &amounts).unwrap_or_default();
            // A line that gave more value away than it had takes the difference back: all parts are below 0 then.
            let weights: Vec<i128> = own.iter().map(|own| own.saturating_abs()).collect();
            let functional = divide_minor(worth.functional, &weights).unwrap_or_default();
            let parts = own.into_iter().zip(functional);
            for (&(at, _), (minor_units, functional)) in receiving.iter().zip(parts) {
                let brought = Worth {
                    minor_units,
                    functional,
                    ..*worth
                };
                add(self.0.entry(at).or_default(), brought);
            }
        }
    }

    fn finish(self, case: &Case<'_>, findings: &mut Findings) -> Vec<CarryingValue> {
        let mut values = Vec::new();
        for (at, worths) in self.0 {
            for worth in worths.iter().filter(|worth| worth.minor_units != 0) {
                let functional = Money::from_minor(worth.functional, worth.currency);
                let own = case.money(findings, worth.minor_units);
                if let (Ok(functional), Some(_), Ok(part)) = (functional, own, u32::try_from(at)) {
                    values.push(CarryingValue {
                        part,
                        minor_units: worth.minor_units,
                        functional,
                    });
                } else {
                    let stream = crate::event::Stream::Agreement(case.id.clone());
                    findings.reject(crate::rejection::Rejection::TotalOutOfRange { stream });
                }
            }
        }
        values
    }
}

/// Committed money, and what of it is in functional currencies.
#[derive(Clone, Debug, Default)]
struct Stock {
    committed: i128,
    worths: Vec<Worth>,
}

impl Stock {
    fn add(&mut self, committed: i128, worths: &[Worth]) {
        self.committed = self.committed.saturating_add(committed);
        for worth in worths {
            add(&mut self.worths, *worth);
        }
    }

    fn remove(&mut self, committed: i128, worths: &[Worth]) {
        self.committed = self.committed.saturating_sub(committed);
        for worth in worths {
            let taken = Worth {
                minor_units: worth.minor_units.saturating_neg(),
                functional: worth.functional.saturating_neg(),
                ..*worth
            };
            add(&mut self.worths, taken);
        }
    }

    /// What so much of the money is carried at: all of it where that is all the money or more.
    fn worth_of(&self, minor_units: i128) -> Vec<Worth> {
        let valued = self.worths.iter().filter(|worth| 0 < worth.minor_units);
        valued
            .map(|worth| {
                if self.committed <= minor_units {
                    return *worth;
                }
                let own = part(worth.minor_units, (minor_units, self.committed));
                Worth {
                    minor_units: own,
                    functional: part(worth.functional, (own, worth.minor_units)),
                    ..*worth
                }
            })
            .filter(|worth| worth.minor_units != 0)
            .collect()
    }
}

/// A line's committed money by what it is for, with what the event has already taken of it.
struct Pool {
    whole: Stock,
    places: Vec<(Place, Stock)>,
    /// The event's parts that are taken out of it.
    given: Vec<usize>,
}

impl Pool {
    fn of(agreement: &crate::agreement::Agreement, line: usize) -> Self {
        let mut all: BTreeMap<Place, Stock> = BTreeMap::new();
        for (place, committed) in agreement.shares_of(line) {
            all.entry(place).or_default().add(committed, &[]);
        }
        for (place, worths) in agreement.worths_of(line) {
            all.entry(place).or_default().add(0, &worths);
        }
        let mut whole = Stock::default();
        for stock in all.values() {
            whole.add(stock.committed, &stock.worths);
        }
        let mut pool = Self {
            whole,
            places: all.into_iter().collect(),
            given: Vec::new(),
        };
        pool.take_out_of_periods();
        pool
    }

    /// What was taken out of a part of a period is out of the period: out of the narrowest one around it that has money,
    /// and where that had less, out of the next one around. The shortest periods first, so that each is whole when it is
    /// its turn.
    fn take_out_of_periods(&mut self) {
        self.places.sort_by_key(|(place, _)| place.0.days());
        for at in 0..self.places.len() {
            let taken = self.places.get(at).filter(|(_, stock)| stock.committed < 0);
            let Some((place, stock)) = taken.cloned() else {
                continue;
            };
            if let Some(from) = self.narrowest(place) {
                from.add(stock.committed, &stock.worths);
                if let Some((_, stock)) = self.places.get_mut(at) {
                    *stock = Stock::default();
                }
            }
        }
    }

    /// The money that a place's is a part of: of the narrowest period around it.
    fn narrowest(&mut self, (period, basis, firmness): Place) -> Option<&mut Stock> {
        let around = |place: &Place| {
            (place.1, place.2) == (basis, firmness) && place.0.intersection(period) == Some(period)
        };
        let places = self.places.iter_mut();
        places
            .filter(|(place, stock)| around(place) && 0 < stock.committed)
            .min_by_key(|(place, _)| place.0.days())
            .map(|(_, stock)| stock)
    }

    /// What a share that leaves the line is carried at: that of its own place first, then of the periods around it, and
    /// where none of them has money, of the whole line.
    fn take(&mut self, share: &YearShare) -> Vec<Worth> {
        let mut left = share.minor_units.saturating_neg();
        let mut taken = Vec::new();
        while 0 < left
            && let Some(stock) = self.narrowest(place_of(share))
        {
            let minor_units = left.min(stock.committed);
            let worths = stock.worth_of(minor_units);
            stock.remove(minor_units, &worths);
            self.leave(minor_units, worths, &mut taken);
            left = left.saturating_sub(minor_units);
        }
        if 0 < left {
            let has_money = 0 < self.whole.committed;
            let worths = has_money.then(|| self.whole.worth_of(left));
            self.leave(left, worths.unwrap_or_default(), &mut taken);
        }
        taken
    }

    fn leave(&mut self, minor_units: i128, worths: Vec<Worth>, taken: &mut Vec<Worth>) {
        self.whole.remove(minor_units, &worths);
        for worth in worths {
            add(taken, worth);
        }
    }
}
