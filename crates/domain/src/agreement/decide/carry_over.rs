//! Carrying undisbursed money to a later fiscal period.

use jiff::civil::Date;

use crate::agreement::decide::Case;
use crate::agreement::decide::sources::{Reach, Sources};
use crate::agreement::{AgreementEvent, CarriedFunds, CarryOver, ShareMove, YearBasis, YearShare};
use crate::finding::Findings;
use crate::money::allocate_minor;
use crate::rejection::Rejection;

pub(super) fn draft(
    case: &Case<'_>,
    findings: &mut Findings,
    effective_on: Date,
    wish: &CarryOver,
) -> Option<AgreementEvent> {
    findings.positive("amount", wish.amount, case.currency());
    if wish.to_period.ends_on() <= wish.from_period.ends_on() {
        findings.malformed("to_period", "must end after from_period");
    }
    let lines: Vec<usize> = match &wish.line_id {
        Some(line_id) => case.line(findings, Some(line_id)).into_iter().collect(),
        None => (0..case.agreement.lines.len()).collect(),
    };
    if findings.unusable() {
        return None;
    }
    let reach = Reach::period(wish.from_period);
    let mut sources = Sources::new(case, effective_on);
    let mut available = Vec::with_capacity(lines.len());
    for &at in &lines {
        let source = sources.source(at);
        available.push(source.map_or(0, |source| source.available(reach)));
    }
    let wanted = wish.amount.minor_units();
    let undisbursed = available.iter().copied().fold(0, i128::saturating_add);
    if undisbursed < wanted {
        findings.reject(Rejection::CarryOverExceedsUndisbursed {
            agreement_id: case.id.clone(),
            period: wish.from_period,
            undisbursed,
            requested: wanted,
            currency: case.currency(),
        });
        return None;
    }
    let mut moves = Vec::new();
    for (&at, part) in lines.iter().zip(parts(wanted, &available)) {
        if part == 0 {
            continue;
        }
        let given = sources.source(at)?.take(reach, part);
        moves.extend(pairs(&case.line_id(at)?, wish, &given));
    }
    Some(AgreementEvent::FundsCarriedOver(Box::new(CarriedFunds {
        from_period: wish.from_period,
        to_period: wish.to_period,
        amount: wish.amount,
        moves,
        reason: wish.reason.clone(),
    })))
}

/// An amount over lines, in proportion to what they have: never more than that, because it is no more in all.
fn parts(wanted: i128, available: &[i128]) -> Vec<i128> {
    if let [_] = available {
        return vec![wanted];
    }
    let weights: Vec<u64> = available
        .iter()
        .map(|&available| u64::try_from(available).unwrap_or_default())
        .collect();
    allocate_minor(wanted, &weights).unwrap_or_default()
}

/// What leaves the periods that were given, and what comes to the later one, as firm as it was.
fn pairs(
    line_id: &crate::ids::LineId,
    wish: &CarryOver,
    given: &[YearShare],
) -> impl Iterator<Item = ShareMove> {
    let out = given.iter().map(|share| YearShare {
        minor_units: share.minor_units.saturating_neg(),
        ..*share
    });
    let mut into: Vec<YearShare> = Vec::new();
    for share in given {
        let same = |known: &&mut YearShare| known.firmness == share.firmness;
        if let Some(known) = into.iter_mut().find(same) {
            known.minor_units = known.minor_units.saturating_add(share.minor_units);
        } else {
            into.push(YearShare {
                period: wish.to_period,
                basis: YearBasis::Scheduled,
                ..*share
            });
        }
    }
    let shares: Vec<YearShare> = out.chain(into).collect();
    shares.into_iter().map(move |share| ShareMove {
        line_id: line_id.clone(),
        share,
    })
}
