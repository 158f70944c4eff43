//! Increases and decreases of the commitment, and the periods they are for.

use jiff::civil::Date;

use crate::agreement::decide::Case;
use crate::agreement::{
    AgreementCommand, AgreementEvent, Firmness, Published, YearBasis, YearShare, shares,
};
use crate::exchange::Functional;
use crate::finding::Findings;
use crate::ids::LineId;
use crate::money::Money;
use crate::rules;

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "`Case::draft` names every command and sends only this family here"
)]
pub(super) fn draft(
    case: &Case<'_>,
    findings: &mut Findings,
    effective_on: Date,
    command: &AgreementCommand,
) -> Option<AgreementEvent> {
    match command {
        AgreementCommand::IncreaseCommitment {
            line_id,
            amount,
            year_shares,
            amendment,
            published,
            functional,
        } => {
            let wish = (line_id.as_ref(), *amount, published.as_ref());
            let at = check(case, findings, wish)?;
            let year_shares = if year_shares.is_empty() {
                for_what(case, *amount, || {
                    let term = shares::remaining_term(case.agreement, effective_on);
                    shares::implied(*amount, term, effective_on)
                })
            } else {
                shares::explicit(findings, "year_shares", *amount, year_shares)
            };
            let worth = (*amount, functional.as_deref());
            let functional = valued(case, findings, effective_on, worth);
            Some(AgreementEvent::CommitmentIncreased {
                line_id: case.line_id(at)?,
                amount: *amount,
                year_shares,
                amendment: amendment.clone(),
                published: published.clone(),
                functional,
            })
        }
        AgreementCommand::DecreaseCommitment {
            line_id,
            amount,
            year_shares,
            reason,
            published,
            functional,
        } => {
            let wish = (line_id.as_ref(), *amount, published.as_ref());
            let at = check(case, findings, wish)?;
            let year_shares = if year_shares.is_empty() {
                for_what(case, *amount, || released(case, at, effective_on, *amount))
            } else {
                shares::explicit(findings, "year_shares", *amount, year_shares)
            };
            let worth = (*amount, functional.as_deref());
            let functional = valued(case, findings, effective_on, worth);
            Some(AgreementEvent::CommitmentDecreased {
                line_id: case.line_id(at)?,
                amount: *amount,
                year_shares,
                reason: *reason,
                published: published.clone(),
                functional,
            })
        }
        _ => None,
    }
}

/// What a commitment is worth in the functional currency on its day.
fn valued(
    case: &Case<'_>,
    findings: &mut Findings,
    on: Date,
    (amount, given): (Money, Option<&Functional>),
) -> Option<Box<Functional>> {
    case.functional(findings, ("functional", amount), given, on)
}

/// Checks line and amount; the line's place if both are usable.
fn check(
    case: &Case<'_>,
    findings: &mut Findings,
    (line_id, amount, published): (Option<&LineId>, Money, Option<&Published>),
) -> Option<usize> {
    findings.breach(rules::minor_digits(case.subject, amount, published));
    findings.positive("amount", amount, case.currency());
    let at = case.line(findings, line_id)?;
    (!findings.unusable()).then_some(at)
}

/// The shares of a change that names none: of an adjustment one for the period that it concerns.
fn for_what(
    case: &Case<'_>,
    amount: Money,
    otherwise: impl FnOnce() -> Vec<YearShare>,
) -> Vec<YearShare> {
    let Some(period) = case.context.concerns else {
        return otherwise();
    };
    vec![YearShare {
        period,
        minor_units: amount.minor_units(),
        basis: YearBasis::Scheduled,
        firmness: Firmness::default(),
    }]
}

/// From which periods a decrease takes that names none: undisbursed portions, the last first. A line without
/// any commitment gives it up for the periods that an increase of that day would have been for.
pub(super) fn released(
    case: &Case<'_>,
    at: usize,
    effective_on: Date,
    amount: Money,
) -> Vec<YearShare> {
    let calendar = case.context.policy.fiscal_calendar;
    let portions = shares::portions(case.agreement, at, calendar);
    if portions.is_empty() {
        let term = shares::remaining_term(case.agreement, effective_on);
        return shares::implied(amount, term, effective_on);
    }
    shares::take_from_last(&portions, amount.minor_units())
}
