//! Moving committed money between lines, periods and pillars at constant total.

use jiff::civil::Date;

use crate::agreement::decide::Case;
use crate::agreement::shares::{Portion, portions, take_from_last};
use crate::agreement::{
    AgreementEvent, Leg, LegDirection, LegPlace, Reallocation, YearBasis, YearShare,
};
use crate::finding::Findings;
use crate::money::{Money, allocate_minor, sum_text};
use crate::period::Period;
use crate::rejection::Rejection;
use crate::rule::{Breach, Rule};

pub(super) fn draft(
    case: &Case<'_>,
    findings: &mut Findings,
    effective_on: Date,
    reallocation: &Reallocation,
) -> Option<AgreementEvent> {
    let legs = &reallocation.legs;
    if legs.len() < 2 {
        findings.malformed("legs", "must hold at least two legs");
    }
    let mut places = Vec::with_capacity(legs.len());
    for (index, leg) in legs.iter().enumerate() {
        let field = format!("legs[{index}]");
        findings.positive(&format!("{field}.amount"), leg.amount, case.currency());
        let at = case.line(findings, Some(&leg.place.line_id));
        check_pillar(case, findings, at, &leg.place);
        places.extend(at);
    }
    findings.breach(balances(case, legs));
    if findings.unusable() || places.len() != legs.len() {
        return None;
    }
    let mut sources = Sources::new(case, effective_on);
    let mut given = Vec::new();
    for (leg, &at) in legs.iter().zip(&places) {
        if leg.direction == LegDirection::From {
            given.extend(sources.give(findings, leg, at));
        }
    }
    if findings.unusable() {
        return None;
    }
    let shares: Vec<YearShare> = given.iter().map(|&(_, share)| share).collect();
    let mut resolved = Vec::new();
    for (index, leg) in legs.iter().enumerate() {
        match leg.direction {
            LegDirection::From => {
                let of_leg = given.iter().filter(|(from, _)| std::ptr::eq(*from, leg));
                resolved.extend(of_leg.filter_map(|(_, share)| resolve(case, leg, *share)));
            }
            LegDirection::To => {
                let received = receive(leg, &shares, effective_on);
                resolved.extend(
                    received
                        .into_iter()
                        .filter_map(|share| resolve(case, leg, share)),
                );
            }
        }
        if resolved.is_empty() {
            findings.malformed(format!("legs[{index}]"), "must move something");
        }
    }
    Some(AgreementEvent::FundsReallocated {
        legs: resolved,
        legal_basis: reallocation.legal_basis.clone(),
    })
}

/// R3. All legs are in the agreement's one currency, so one sum is enough.
fn balances(case: &Case<'_>, legs: &[Leg]) -> Option<Breach> {
    let sum = |direction: LegDirection| {
        legs.iter()
            .filter(|leg| leg.direction == direction)
            .fold(0_i128, |sum, leg| {
                sum.saturating_add(leg.amount.minor_units())
            })
    };
    let (from, to) = (sum(LegDirection::From), sum(LegDirection::To));
    if from == to {
        return None;
    }
    Some(Breach::new(
        Rule::ReallocationBalances,
        case.subject,
        &[
            ("from", &sum_text(from, case.currency())),
            ("to", &sum_text(to, case.currency())),
        ],
    ))
}

fn check_pillar(case: &Case<'_>, findings: &mut Findings, at: Option<usize>, place: &LegPlace) {
    let Some(pillar) = place.pillar else { return };
    let line = at.and_then(|at| case.agreement.line_at(at));
    let Some(line) = line else { return };
    if line.dims.pillar != Some(pillar) {
        findings.reject(Rejection::PillarNotDeclared {
            line_id: place.line_id.clone(),
            pillar,
            declared: line.dims.pillar,
        });
    }
}

/// The lines that give, with what earlier legs of the same reallocation already took.
struct Sources<'a> {
    case: &'a Case<'a>,
    effective_on: Date,
    lines: Vec<Source>,
}

struct Source {
    at: usize,
    portions: Vec<Portion>,
    undisbursed: i128,
    taken: i128,
}

impl<'a> Sources<'a> {
    const fn new(case: &'a Case<'a>, effective_on: Date) -> Self {
        Self {
            case,
            effective_on,
            lines: Vec::new(),
        }
    }

    fn source(&mut self, at: usize) -> Option<&mut Source> {
        if let Some(known) = self.lines.iter().position(|source| source.at == at) {
            return self.lines.get_mut(known);
        }
        let agreement = self.case.agreement;
        let perspective = agreement.perspective();
        let calendar = self.case.context.policy.fiscal_calendar;
        let balances = &agreement.lines.get(at)?.balances;
        // What stays undisbursed from the day of the move on, whatever is dated later.
        let undisbursed = balances.lowest_from(self.effective_on, |balance| {
            balance.undisbursed(perspective)
        });
        self.lines.push(Source {
            at,
            portions: portions(agreement, at, calendar),
            undisbursed: undisbursed.max(0),
            taken: 0,
        });
        self.lines.last_mut()
    }

    /// The shares that a giving leg takes, if the place has them undisbursed.
    fn give<'b>(
        &mut self,
        findings: &mut Findings,
        leg: &'b Leg,
        at: usize,
    ) -> Vec<(&'b Leg, YearShare)> {
        let currency = self.case.currency();
        let wanted = leg.amount.minor_units();
        let Some(source) = self.source(at) else {
            return Vec::new();
        };
        let (period, basis) = (leg.place.period, leg.place.basis);
        let in_place = source.undisbursed_in(period, basis);
        let left = source.undisbursed.saturating_sub(source.taken);
        let available = in_place.min(left).max(0);
        if available < wanted {
            findings.reject(Rejection::LegExceedsUndisbursed {
                line_id: leg.place.line_id.clone(),
                period,
                undisbursed: available,
                requested: wanted,
                currency,
            });
            return Vec::new();
        }
        source.taken = source.taken.saturating_add(wanted);
        let shares = source.take(period, basis, wanted);
        shares.into_iter().map(|share| (leg, share)).collect()
    }
}

impl Source {
    /// What is undisbursed of the portions of a place; by days where a portion lies only partly in its period.
    fn undisbursed_in(&self, period: Option<Period>, basis: Option<YearBasis>) -> i128 {
        self.portions
            .iter()
            .map(|portion| part_in(portion, period, basis))
            .sum()
    }

    /// Takes from the portions of a place, the last first, and remembers it.
    fn take(
        &mut self,
        period: Option<Period>,
        basis: Option<YearBasis>,
        wanted: i128,
    ) -> Vec<YearShare> {
        let reachable: Vec<Portion> = self
            .portions
            .iter()
            .map(|portion| Portion {
                committed: part_in(portion, period, basis),
                paid: 0,
                ..*portion
            })
            .collect();
        let shares = take_from_last(&reachable, wanted);
        for share in &shares {
            let same = |portion: &&mut Portion| {
                (portion.period, portion.basis) == (share.period, share.basis)
            };
            if let Some(portion) = self.portions.iter_mut().find(same) {
                portion.committed = portion.committed.saturating_sub(share.minor_units);
            }
        }
        shares
            .into_iter()
            .map(|share| YearShare {
                period: period
                    .and_then(|period| period.intersection(share.period))
                    .unwrap_or(share.period),
                ..share
            })
            .collect()
    }
}

fn part_in(portion: &Portion, period: Option<Period>, basis: Option<YearBasis>) -> i128 {
    if basis.is_some_and(|basis| basis != portion.basis) {
        return 0;
    }
    let Some(period) = period else {
        return portion.undisbursed();
    };
    let Some(shared) = portion.period.intersection(period) else {
        return 0;
    };
    portion
        .undisbursed()
        .saturating_mul(i128::from(shared.days()))
        .checked_div(i128::from(portion.period.days()))
        .unwrap_or_default()
}

/// The shares of a receiving leg: its own period as scheduled, else the periods that were given, in proportion.
fn receive(leg: &Leg, given: &[YearShare], effective_on: Date) -> Vec<YearShare> {
    let minor_units = leg.amount.minor_units();
    if let Some(period) = leg.place.period {
        return vec![YearShare {
            period,
            minor_units,
            basis: leg.place.basis.unwrap_or(YearBasis::Scheduled),
        }];
    }
    let weights: Vec<u64> = given
        .iter()
        .map(|share| u64::try_from(share.minor_units).unwrap_or_default())
        .collect();
    let Ok(parts) = allocate_minor(minor_units, &weights) else {
        return vec![YearShare {
            period: Period::day(effective_on),
            minor_units,
            basis: YearBasis::SigningYear,
        }];
    };
    let parts = given.iter().zip(parts);
    parts
        .filter(|&(_, part)| part != 0)
        .map(|(share, minor_units)| YearShare {
            minor_units,
            ..*share
        })
        .collect()
}

fn resolve(case: &Case<'_>, leg: &Leg, share: YearShare) -> Option<Leg> {
    Some(Leg {
        direction: leg.direction,
        place: LegPlace {
            line_id: leg.place.line_id.clone(),
            period: Some(share.period),
            basis: Some(share.basis),
            pillar: leg.place.pillar,
        },
        amount: Money::from_minor(share.minor_units, case.currency()).ok()?,
    })
}
