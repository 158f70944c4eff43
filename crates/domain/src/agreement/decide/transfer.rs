//! Transfers between two agreements of one ledger: two events in one record, or none.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::agreement::decide::carrying::Brought;
use crate::agreement::decide::commitment::released;
use crate::agreement::decide::{Case, Draft};
use crate::agreement::state::Agreement;
use crate::agreement::status::Deed;
use crate::agreement::{
    AgreementEvent, Conversion, Rate, Transfer, TransferDirection, TransferWish, shares,
};
use crate::finding::{Context, Findings};
use crate::ids::AgreementId;
use crate::money::{Currency, Money};
use crate::rejection::Rejection;

/// What it is called where commands are written.
const ASKED: &str = "transfer_funds";

/// An agreement of a transfer, if it is signed.
#[derive(Clone, Copy)]
pub(crate) struct Party<'a> {
    pub(crate) id: &'a AgreementId,
    pub(crate) agreement: Option<&'a Agreement>,
}

/// The giving and the receiving half, or every reason against the transfer.
pub(crate) type Halves = Result<(Draft<AgreementEvent>, Draft<AgreementEvent>), Vec<Rejection>>;

/// Decides both halves; a failing one refuses the whole.
pub(crate) fn decide(
    context: Context<'_>,
    (giver, receiver): (Party<'_>, Party<'_>),
    effective_on: Date,
    wish: &TransferWish,
) -> Halves {
    let mut unknown = Vec::new();
    for party in [giver, receiver] {
        if party.agreement.is_none() {
            unknown.push(Rejection::UnknownAgreement(party.id.clone()));
        }
    }
    let (Some(from), Some(to)) = (giver.agreement, receiver.agreement) else {
        return Err(unknown);
    };
    let (from_subject, to_subject) = (
        Agreement::subject(giver.id),
        Agreement::subject(receiver.id),
    );
    let out_case = Case::of(context, giver.id, &from_subject, from);
    let in_case = Case::of(context, receiver.id, &to_subject, to);
    let mut findings = Findings::new(context.profile);
    out_case.own_date(&mut findings, effective_on);
    out_case.permit_deed(&mut findings, effective_on, (Deed::Move, ASKED));
    check(&out_case, &in_case, &mut findings, wish);
    let conversion = wish.conversion.as_ref();
    let arrives = conversion.map_or(wish.amount, |conversion| conversion.original);
    let fact = out_half(&out_case, &mut findings, effective_on, wish);
    let first = out_case.conclude(findings, effective_on, fact);
    let mut findings = Findings::new(context.profile);
    in_case.permit_deed(&mut findings, effective_on, (Deed::Commit, ASKED));
    let half = first.iter().flatten().next();
    let carrying = half.map_or(&[][..], |draft| draft.verdict.carrying.as_slice());
    let brought = Brought::of(&out_case, wish.amount, carrying);
    let in_case = Case {
        brought: Some(&brought),
        ..in_case
    };
    let asked = (wish, giver.id, arrives);
    let fact = in_half(&in_case, &mut findings, effective_on, asked);
    let second = in_case.conclude(findings, effective_on, fact);
    match (first, second) {
        (Ok(first), Ok(second)) => {
            let halves = first.into_iter().zip(second).next();
            halves.ok_or_else(Vec::new)
        }
        (Err(mut reasons), Err(more)) => {
            reasons.extend(more);
            Err(reasons)
        }
        (Err(reasons), Ok(_)) | (Ok(_), Err(reasons)) => Err(reasons),
    }
}

/// What can be said of both agreements at once.
fn check(gives: &Case<'_>, receives: &Case<'_>, findings: &mut Findings, wish: &TransferWish) {
    findings.positive("amount", wish.amount, gives.currency());
    if gives.id == receives.id {
        findings.malformed("to_agreement_id", "must be another agreement");
    }
    if gives.agreement.perspective() != receives.agreement.perspective() {
        findings.malformed("to_agreement_id", "must be of the same direction");
    }
    if wish.consent.trim().is_empty() {
        findings.malformed("consent", "must say who consented");
    }
    for case in [gives, receives] {
        if case.agreement.has_transfer(&wish.transfer_id) {
            findings.reject(Rejection::TransferExists {
                agreement_id: case.id.clone(),
                transfer_id: wish.transfer_id.clone(),
            });
        }
    }
    let (from, to) = (gives.currency(), receives.currency());
    match &wish.conversion {
        None if from != to => {
            findings.malformed(
                "conversion",
                format!("must be given: what arrives is in {to}"),
            );
        }
        None => {}
        Some(_) if from == to => {
            findings.malformed("conversion", "must be left out: both are in one currency");
        }
        Some(conversion) => {
            findings.positive("conversion.original", conversion.original, to);
            let breach = crate::rules::rate_evidence(gives.subject, from, Some(conversion));
            findings.breach(breach);
            if let Some(rate) = &conversion.rate
                && !agrees(wish.amount, conversion.original, rate)
            {
                findings.malformed("conversion.original", "must be the amount at the rate");
            }
        }
    }
}

/// Whether an amount at a rate is another one, to the last minor unit.
fn agrees(amount: Money, other: Money, rate: &Rate) -> bool {
    let decimal = |money: Money| {
        let digits = u32::from(money.currency().minor_digits());
        Decimal::try_from_i128_with_scale(money.minor_units(), digits).ok()
    };
    let exchanged = |amount: Money, to: Currency| {
        let (of, base, quote) = (amount.currency(), rate.base, rate.quote);
        let amount = decimal(amount)?;
        let exact = if (of, to) == (base, quote) {
            amount.checked_mul(rate.value)?
        } else if (of, to) == (quote, base) {
            amount.checked_div(rate.value)?
        } else {
            return None;
        };
        Money::round_decimal(&exact.to_string(), to).ok()
    };
    // A rate between other currencies is what R8 is about.
    exchanged(amount, other.currency()).is_none_or(|said| {
        let difference = said.money.minor_units().saturating_sub(other.minor_units());
        difference.saturating_abs() <= 1
    })
}

fn out_half(
    gives: &Case<'_>,
    findings: &mut Findings,
    effective_on: Date,
    wish: &TransferWish,
) -> Option<AgreementEvent> {
    let at = gives.line(findings, wish.line_id.as_ref())?;
    if findings.unusable() {
        return None;
    }
    let year_shares = if wish.year_shares.is_empty() {
        released(gives, at, effective_on, wish.amount)
    } else {
        shares::explicit(findings, "year_shares", wish.amount, &wish.year_shares)
    };
    Some(AgreementEvent::FundsTransferred(Box::new(Transfer {
        transfer_id: wish.transfer_id.clone(),
        direction: TransferDirection::Out,
        other_agreement_id: wish.to_agreement_id.clone(),
        line_id: gives.line_id(at)?,
        amount: wish.amount,
        year_shares,
        conversion: wish.conversion.clone(),
        consent: wish.consent.clone(),
        reason: wish.reason.clone(),
    })))
}

fn in_half(
    receives: &Case<'_>,
    findings: &mut Findings,
    effective_on: Date,
    (wish, giver, arrives): (&TransferWish, &AgreementId, Money),
) -> Option<AgreementEvent> {
    let at = receives.line(findings, wish.to_line_id.as_ref())?;
    let year_shares = if wish.to_year_shares.is_empty() {
        let term = shares::remaining_term(receives.agreement, effective_on);
        shares::implied(arrives, term, effective_on)
    } else {
        shares::explicit(findings, "to_year_shares", arrives, &wish.to_year_shares)
    };
    let conversion = wish.conversion.as_ref().map(|conversion| Conversion {
        original: wish.amount,
        rate: conversion.rate.clone(),
    });
    Some(AgreementEvent::FundsTransferred(Box::new(Transfer {
        transfer_id: wish.transfer_id.clone(),
        direction: TransferDirection::In,
        other_agreement_id: giver.clone(),
        line_id: receives.line_id(at)?,
        amount: arrives,
        year_shares,
        conversion,
        consent: wish.consent.clone(),
        reason: wish.reason.clone(),
    })))
}
