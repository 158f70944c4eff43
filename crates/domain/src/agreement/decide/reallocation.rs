//! Moving committed money between lines, periods, pillars, purposes and countries at constant total.

use jiff::civil::Date;

use crate::agreement::coded::CodedLeg;
use crate::agreement::decide::sources::{Reach, Sources};
use crate::agreement::decide::{Case, headings};
use crate::agreement::{
    AgreementEvent, Firmness, Leg, LegDirection, LegPlace, ReallocatedFunds, Reallocation,
    YearBasis, YearShare,
};
use crate::classification::{Code, Split};
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
        check_pillar(case, findings, (at, effective_on), &leg.place);
        if leg.direction == LegDirection::From {
            check_codes(case, findings, (at, effective_on), &leg.place);
        }
        places.extend(at);
    }
    findings.breach(balances(case, legs));
    if findings.unusable() || places.len() != legs.len() {
        return None;
    }
    let mut sources = Sources::new(case, effective_on);
    let mut given = Vec::new();
    let mut earlier: Vec<CodedLeg> = Vec::new();
    for (leg, &at) in legs.iter().zip(&places) {
        if leg.direction == LegDirection::From {
            let asked = (leg, at, effective_on);
            given.extend(give(case, &mut sources, findings, (asked, &earlier)));
            earlier.extend(CodedLeg::of(at, leg));
        }
    }
    if findings.unusable() {
        return None;
    }
    let resolved = resolved(case, findings, effective_on, (legs, &given));
    let amendment = reallocation.amendment.as_deref();
    let counts = headings::counts(case, findings, effective_on, (&resolved, amendment));
    Some(AgreementEvent::FundsReallocated(Box::new(
        ReallocatedFunds {
            legs: resolved,
            legal_basis: reallocation.legal_basis.clone(),
            amendment: reallocation.amendment.clone(),
            counts,
        },
    )))
}

/// A giving leg and a share that it takes.
type Given<'a> = (&'a Leg, YearShare);

fn resolved(
    case: &Case<'_>,
    findings: &mut Findings,
    effective_on: Date,
    (legs, given): (&[Leg], &[Given<'_>]),
) -> Vec<Leg> {
    let shares: Vec<YearShare> = given.iter().map(|&(_, share)| share).collect();
    let mut resolved = Vec::new();
    for (index, leg) in legs.iter().enumerate() {
        let of_leg: Vec<YearShare> = match leg.direction {
            LegDirection::From => given
                .iter()
                .filter(|(from, _)| std::ptr::eq(*from, leg))
                .map(|&(_, share)| share)
                .collect(),
            LegDirection::To => receive(leg, &shares, effective_on),
        };
        let of_leg = of_leg.into_iter();
        resolved.extend(of_leg.filter_map(|share| resolve(case, leg, share)));
        if resolved.is_empty() {
            findings.malformed(format!("legs[{index}]"), "must move something");
        }
    }
    resolved
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

fn check_pillar(
    case: &Case<'_>,
    findings: &mut Findings,
    (at, on): (Option<usize>, Date),
    place: &LegPlace,
) {
    let (Some(pillar), Some(at)) = (place.pillar, at) else {
        return;
    };
    let declared = case.agreement.splits_on(at, on).pillar;
    if declared != Some(pillar) {
        findings.reject(Rejection::PillarNotDeclared {
            line_id: place.line_id.clone(),
            pillar,
            declared,
        });
    }
}

/// A line gives only money that is classified as it is asked for.
fn check_codes(
    case: &Case<'_>,
    findings: &mut Findings,
    (at, on): (Option<usize>, Date),
    place: &LegPlace,
) {
    let Some(at) = at else { return };
    let splits = case.agreement.splits_on(at, on);
    let mut check = |code: &Option<Code>, split: &Split| {
        let Some(code) = code else { return };
        let has = |share: &crate::classification::Share| {
            share.vocabulary == code.vocabulary && share.code == code.code
        };
        if !split.shares().iter().any(has) {
            findings.reject(Rejection::CodeNotOnLine {
                line_id: place.line_id.clone(),
                code: code.code.to_string(),
            });
        }
    };
    check(&place.purpose, &splits.purposes);
    check(&place.country, &splits.places);
}

/// The shares that a giving leg takes, if the place has them undisbursed.
fn give<'b>(
    case: &Case<'_>,
    sources: &mut Sources<'_>,
    findings: &mut Findings,
    ((leg, at, on), earlier): ((&'b Leg, usize, Date), &[CodedLeg]),
) -> Vec<Given<'b>> {
    let wanted = leg.amount.minor_units();
    let Some(source) = sources.source(at) else {
        return Vec::new();
    };
    let reach = Reach::of(&leg.place);
    let available = source.available(reach);
    let agreement = case.agreement;
    let available = agreement.left_for((at, on), &leg.place, available, earlier);
    if available < wanted {
        findings.reject(Rejection::LegExceedsUndisbursed {
            line_id: leg.place.line_id.clone(),
            period: leg.place.period,
            undisbursed: available,
            requested: wanted,
            currency: case.currency(),
        });
        return Vec::new();
    }
    let shares = source.take(reach, wanted);
    shares.into_iter().map(|share| (leg, share)).collect()
}

/// The shares of a receiving leg: its own period as scheduled, else the periods that were given, in proportion.
fn receive(leg: &Leg, given: &[YearShare], effective_on: Date) -> Vec<YearShare> {
    let minor_units = leg.amount.minor_units();
    if let Some(period) = leg.place.period {
        return vec![YearShare {
            period,
            minor_units,
            basis: leg.place.basis.unwrap_or(YearBasis::Scheduled),
            firmness: leg.place.firmness.unwrap_or_else(|| common(given)),
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
            firmness: Firmness::default(),
        }];
    };
    let parts = given.iter().zip(parts);
    parts
        .filter(|&(_, part)| part != 0)
        .map(|(share, minor_units)| YearShare {
            minor_units,
            firmness: leg.place.firmness.unwrap_or(share.firmness),
            ..*share
        })
        .collect()
}

/// The firmness that all given shares have, else the least firm of them: a move makes nothing firmer.
fn common(given: &[YearShare]) -> Firmness {
    let firmness = given.iter().map(|share| share.firmness);
    firmness.max().unwrap_or_default()
}

fn resolve(case: &Case<'_>, leg: &Leg, share: YearShare) -> Option<Leg> {
    Some(Leg {
        direction: leg.direction,
        place: LegPlace {
            period: Some(share.period),
            basis: Some(share.basis),
            // What is not said is firm.
            firmness: Some(share.firmness).filter(|&firmness| firmness != Firmness::Firm),
            ..leg.place.clone()
        },
        amount: Money::from_minor(share.minor_units, case.currency()).ok()?,
    })
}
