//! What moved money is carried at, a second time from ADR-0013 "Carrying value": a list of what a line's money is for, looked
//! through anew for every amount that leaves.

use std::collections::BTreeMap;

use perennial_domain::agreement::{
    AgreementEvent, CarryingValue, Firmness, LegDirection, TransferDirection, YearBasis, YearShare,
};
use perennial_domain::event::Fact;
use perennial_domain::ids::LineId;
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::money::{Currency, Money};
use perennial_domain::period::Period;

use super::deal::Deal;
use super::fraction::split;
use super::predict::Foreseen;
use super::value::even;

/// Own and functional minor units by currency.
type Values = BTreeMap<Currency, (i128, i128)>;

/// Money for one period, basis and firmness: own minor units, and what of them has functional amounts.
#[derive(Clone, Default)]
struct Heap {
    own: i128,
    values: Values,
}

fn put(values: &mut Values, currency: Currency, (own, functional): (i128, i128)) {
    let sum = values.entry(currency).or_default();
    *sum = (sum.0 + own, sum.1 + functional);
}

impl Heap {
    fn put(&mut self, own: i128, values: &Values) {
        self.own += own;
        for (currency, value) in values {
            put(&mut self.values, *currency, *value);
        }
    }

    /// What so much of it is carried at.
    fn part(&self, wanted: i128) -> Values {
        let mut part = Values::new();
        for (currency, (own, functional)) in &self.values {
            let value = if self.own <= wanted {
                (*own, *functional)
            } else if *own <= 0 {
                continue;
            } else {
                let some = even(own * wanted, self.own);
                (some, even(functional * some, *own))
            };
            if 0 < *own && value.0 != 0 {
                part.insert(*currency, value);
            }
        }
        part
    }
}

type Key = (Period, YearBasis, Firmness);

/// A line's money as its events say.
fn heaps(deal: &Deal, line: &LineId) -> BTreeMap<Key, Heap> {
    let mut heaps: BTreeMap<Key, Heap> = BTreeMap::new();
    let own = deal
        .items
        .iter()
        .filter(|item| item.line.as_ref() == Some(line));
    for item in own.filter(|item| item.what.is_committed()) {
        let (Some(period), Some(basis)) = (item.period, item.basis) else {
            continue;
        };
        let heap = heaps.entry((period, basis, item.firmness)).or_default();
        heap.own += item.amount;
        if let Some(functional) = item.functional {
            let value = (item.amount, functional.minor_units());
            put(&mut heap.values, functional.currency(), value);
        }
    }
    // What left a part of a period left the narrowest period around it that has money; what that had too little of, the
    // next one. A longer period is looked at once all shorter ones are.
    let mut keys: Vec<Key> = heaps.keys().copied().collect();
    keys.sort_by_key(|key| (key.0.days(), *key));
    for key in keys {
        if heaps.get(&key).is_some_and(|heap| heap.own < 0)
            && let Some(around) = around(&heaps, key)
            && let Some(gone) = heaps.remove(&key)
            && let Some(heap) = heaps.get_mut(&around)
        {
            heap.put(gone.own, &gone.values);
        }
    }
    heaps
}

fn around(heaps: &BTreeMap<Key, Heap>, (period, basis, firmness): Key) -> Option<Key> {
    let holds = |key: &Key| {
        let whole = key.0.starts_on() <= period.starts_on() && period.ends_on() <= key.0.ends_on();
        whole && (key.1, key.2) == (basis, firmness)
    };
    let with_money = heaps
        .iter()
        .filter(|(key, heap)| holds(key) && 0 < heap.own);
    let narrowest = with_money.min_by_key(|(key, _)| key.0.days());
    narrowest.map(|(key, _)| *key)
}

/// A line under way.
struct Line {
    whole: Heap,
    heaps: BTreeMap<Key, Heap>,
    given: Vec<usize>,
}

fn negated(values: &Values) -> Values {
    let values = values.iter();
    values
        .map(|(currency, (own, functional))| (*currency, (-own, -functional)))
        .collect()
}

impl Line {
    fn of(deal: &Deal, line: &LineId) -> Self {
        let heaps = heaps(deal, line);
        let mut whole = Heap::default();
        for heap in heaps.values() {
            whole.put(heap.own, &heap.values);
        }
        Self {
            whole,
            heaps,
            given: Vec::new(),
        }
    }

    fn give(&mut self, at: usize, share: &YearShare) -> Values {
        let mut given = Values::new();
        let mut wanted = -share.minor_units;
        while wanted != 0 {
            let key = around(&self.heaps, (share.period, share.basis, share.firmness));
            let (some, values) = match key.and_then(|key| self.heaps.get_mut(&key)) {
                Some(heap) => {
                    let some = wanted.min(heap.own);
                    let values = heap.part(some);
                    heap.put(-some, &negated(&values));
                    (some, values)
                }
                None if 0 < self.whole.own => (wanted, self.whole.part(wanted)),
                None => (wanted, Values::new()),
            };
            self.whole.put(-some, &negated(&values));
            for (currency, (own, functional)) in values {
                put(&mut given, currency, (-own, -functional));
            }
            wanted -= some;
        }
        self.given.push(at);
        given
    }
}

/// The amounts of an event that carry something, with their lines.
fn parts(event: &AgreementEvent) -> Vec<(LineId, YearShare)> {
    use AgreementEvent as E;
    let of = |line: &LineId, shares: &[YearShare], sign: i128| -> Vec<(LineId, YearShare)> {
        let shares = shares.iter().map(|share| YearShare {
            minor_units: sign * share.minor_units,
            ..*share
        });
        shares.map(|share| (line.clone(), share)).collect()
    };
    match event {
        E::CommitmentDecreased {
            line_id,
            year_shares,
            functional: None,
            ..
        } => of(line_id, year_shares, -1),
        E::FundsCarriedOver(carried) => {
            let moves = carried.moves.iter();
            moves.map(|it| (it.line_id.clone(), it.share)).collect()
        }
        E::PeriodExtended { moves, .. } => {
            let moves = moves.iter();
            moves.map(|it| (it.line_id.clone(), it.share)).collect()
        }
        E::FundsReallocated(moved) => {
            let legs = moved.legs.iter().filter_map(|leg| {
                let sign = if leg.direction == LegDirection::To {
                    1
                } else {
                    -1
                };
                let share = YearShare {
                    period: leg.place.period?,
                    minor_units: sign * leg.amount.minor_units(),
                    basis: leg.place.basis?,
                    firmness: leg.place.firmness.unwrap_or_default(),
                };
                Some((leg.place.line_id.clone(), share))
            });
            legs.collect()
        }
        E::AgreementTerminated(end) => {
            let given_up = end.decommitments.iter();
            given_up
                .flat_map(|it| of(&it.line_id, &it.year_shares, -1))
                .collect()
        }
        E::AgreementCancelled { decommitments, .. } => {
            let given_up = decommitments.iter();
            given_up
                .flat_map(|it| of(&it.line_id, &it.year_shares, -1))
                .collect()
        }
        E::FundsTransferred(it) if it.direction == TransferDirection::Out => {
            of(&it.line_id, &it.year_shares, -1)
        }
        E::FundsTransferred(it) => of(&it.line_id, &it.year_shares, 1),
        _ => Vec::new(),
    }
}

/// What each amount of an event is carried at, on what stands before it.
pub(super) fn of(deal: &Deal, event: &AgreementEvent) -> Vec<CarryingValue> {
    let parts = parts(event);
    let mut lines: BTreeMap<LineId, Line> = BTreeMap::new();
    let mut all: BTreeMap<usize, Values> = BTreeMap::new();
    for (at, (line_id, share)) in parts.iter().enumerate() {
        if share.minor_units < 0 {
            let line = lines
                .entry(line_id.clone())
                .or_insert_with(|| Line::of(deal, line_id));
            all.insert(at, line.give(at, share));
        }
    }
    for line in lines.values().filter(|line| line.whole.own == 0) {
        rest(line, &mut all);
    }
    let on_line = matches!(
        event,
        AgreementEvent::PeriodExtended { .. } | AgreementEvent::FundsCarriedOver(_)
    );
    let scopes: Vec<Option<&LineId>> = if on_line {
        lines.keys().map(Some).collect()
    } else {
        vec![None]
    };
    for scope in scopes {
        let mut sum = Values::new();
        let mut receiving = Vec::new();
        for (at, (line_id, share)) in parts.iter().enumerate() {
            if scope.is_some_and(|scope| scope != line_id) {
                continue;
            }
            if 0 < share.minor_units {
                receiving.push((at, share.minor_units));
            }
            for (currency, value) in all.get(&at).map(negated).unwrap_or_default() {
                put(&mut sum, currency, value);
            }
        }
        if !receiving.is_empty() {
            // What has no money left to come with stays.
            for (at, (line_id, share)) in parts.iter().enumerate() {
                let gives = share.minor_units < 0 && scope.is_none_or(|scope| scope == line_id);
                if let Some(values) = all.get_mut(&at).filter(|_| gives) {
                    values.retain(|currency, _| sum.get(currency).is_none_or(|sum| sum.0 != 0));
                }
            }
        }
        bring(&mut all, &receiving, &sum);
    }
    written(all)
}

/// What rounding left on a line whose money is all gone goes with the last part that has a value.
fn rest(line: &Line, all: &mut BTreeMap<usize, Values>) {
    for (currency, (own, functional)) in &line.whole.values {
        let valued = line.given.iter().rev().find(|at| {
            let value = all.get(at).and_then(|values| values.get(currency));
            value.is_some_and(|value| value.0 != *own)
        });
        let at = valued.or_else(|| line.given.last().filter(|_| *own != 0));
        if let Some(values) = at.and_then(|at| all.get_mut(at)) {
            put(values, *currency, (-own, -functional));
        }
    }
}

fn bring(all: &mut BTreeMap<usize, Values>, receiving: &[(usize, i128)], sum: &Values) {
    let amounts: Vec<i128> = receiving.iter().map(|(_, amount)| *amount).collect();
    for (currency, (own, functional)) in sum {
        let own = split(*own, &amounts).unwrap_or_default();
        let weights: Vec<i128> = own.iter().map(|own| own.abs()).collect();
        let functional = split(*functional, &weights).unwrap_or_default();
        for ((at, _), value) in receiving.iter().zip(own.into_iter().zip(functional)) {
            put(all.entry(*at).or_default(), *currency, value);
        }
    }
}

fn written(all: BTreeMap<usize, Values>) -> Vec<CarryingValue> {
    let mut written = Vec::new();
    for (at, values) in all {
        for (currency, (minor_units, functional)) in values {
            let money = Money::from_minor(functional, currency);
            if let (Ok(functional), Ok(part), true) = (money, u32::try_from(at), minor_units != 0) {
                written.push(CarryingValue {
                    part,
                    minor_units,
                    functional,
                });
            }
        }
    }
    written
}

/// What a transfer takes along to its receiving half.
pub(super) fn handed(
    policy: &LedgerPolicy,
    (from, to): (Currency, Currency),
    (gives, gets): (&[Foreseen], &mut [Foreseen]),
) {
    let amount = |foreseen: &Foreseen| match &foreseen.fact {
        Fact::Agreement(AgreementEvent::FundsTransferred(it)) => Some(it.amount.minor_units()),
        _ => None,
    };
    let (Some(out), Some(into)) = (gives.last(), gets.last_mut()) else {
        return;
    };
    let (Some(whole), Some(arrives)) = (amount(out), amount(into)) else {
        return;
    };
    let mut sum = Values::new();
    for value in &out.carrying {
        let amounts = (-value.minor_units, -value.functional.minor_units());
        put(&mut sum, value.functional.currency(), amounts);
    }
    if policy.functional_currency == Some(from) {
        sum = Values::from([(from, (whole, whole))]);
    }
    sum.remove(&to);
    for (own, _) in sum.values_mut() {
        *own = even(*own * arrives, whole);
    }
    if let Fact::Agreement(event) = &into.fact {
        let shares = parts(event).into_iter().enumerate();
        let receiving: Vec<(usize, i128)> = shares
            .map(|(at, (_, share))| (at, share.minor_units))
            .collect();
        let mut all = BTreeMap::new();
        bring(&mut all, &receiving, &sum);
        into.carrying = written(all);
    }
}
