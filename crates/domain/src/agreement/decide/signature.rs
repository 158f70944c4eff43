//! Signing, and opening lines of 0 afterwards.

use jiff::civil::Date;

use crate::agreement::decide::{Case, Draft, Drafts, terms as further_terms};
use crate::agreement::{AgreementEvent, Line, Terms, shares};
use crate::exchange::Functional;
use crate::exchange::decide::{Asked, without_amount};
use crate::finding::{Context, Findings};
use crate::money::Money;
use crate::rejection::Rejection;
use crate::rule::Profile;
use crate::rules;

/// The most own codes that a line carries (DOMAIN.md 5.2).
const OWN_CODES_MAX: usize = 8;

pub(super) fn sign(
    context: Context<'_>,
    subject: &str,
    effective_on: Date,
    terms: &Terms,
) -> Drafts<AgreementEvent> {
    let mut findings = Findings::new(context.profile);
    check_dates(&mut findings, context, subject, effective_on, terms);
    if terms.lines.is_empty() {
        findings.malformed("lines", "must hold at least one line");
    }
    let mut signed = terms.clone();
    for (index, line) in signed.lines.iter_mut().enumerate() {
        let field = format!("lines[{index}]");
        let earlier = terms.lines.get(..index).unwrap_or_default();
        if earlier.iter().any(|other| other.line_id == line.line_id) {
            findings.malformed(format!("{field}.line_id"), "must be unique");
        }
        check_line(&mut findings, context, &field, terms, line);
        line.functional = functional(
            &mut findings,
            context,
            (subject, &field),
            effective_on,
            line,
        );
        line.year_shares = if line.year_shares.is_empty() {
            let signed_on = terms.signed_on.unwrap_or(effective_on);
            shares::implied(line.amount, shares::signed_term(terms), signed_on)
        } else {
            let field = format!("{field}.year_shares");
            shares::explicit(&mut findings, &field, line.amount, &line.year_shares)
        };
    }
    if let Some(further) = terms.further.as_deref() {
        further_terms::check(&mut findings, "", further);
    }
    let total = terms.lines.iter().fold(0_i128, |sum, line| {
        sum.saturating_add(line.amount.minor_units())
    });
    if Money::from_minor(total, terms.currency).is_err() {
        findings.malformed("lines", "must sum to less than 10^18 minor units");
    }
    findings.breach(rules::terms_split_exact(subject, terms));
    findings.breach(rules::period_open(&context, subject, effective_on));
    let verdict = findings.finish(&context)?;
    Ok(vec![Draft {
        effective_on,
        fact: AgreementEvent::AgreementSigned(signed),
        verdict,
    }])
}

fn check_dates(
    findings: &mut Findings,
    context: Context<'_>,
    subject: &str,
    effective_on: Date,
    terms: &Terms,
) {
    findings.date("effective_on", effective_on);
    for (field, date) in [
        ("signed_on", terms.signed_on),
        ("starts_on", terms.starts_on),
        ("ends_on", terms.ends_on),
    ] {
        if let Some(date) = date {
            findings.date(field, date);
        }
    }
    if terms.signed_on.is_none() && context.profile == Profile::Strict {
        findings.malformed("signed_on", "must be given");
    }
    let today = context.today;
    findings.breach(
        rules::date_not_future(subject, "effective_on", effective_on, today)
            .or_else(|| rules::date_not_future(subject, "signed_on", terms.signed_on?, today)),
    );
    let ordered = rules::period_ordered(subject, terms.starts_on, terms.ends_on);
    findings.breach(ordered);
}

fn check_line(
    findings: &mut Findings,
    context: Context<'_>,
    field: &str,
    terms: &Terms,
    line: &Line,
) {
    let amount = format!("{field}.amount");
    match (line.amount.is_zero(), context.profile) {
        (true, Profile::Mirror) => findings.currency(&amount, line.amount, terms.currency),
        (true, Profile::Strict) | (false, _) => {
            findings.positive(&amount, line.amount, terms.currency);
        }
    }
    check_own_codes(findings, field, line);
}

/// What a line's signed amount is in the functional currency, at the day of the signature's entry.
fn functional(
    findings: &mut Findings,
    context: Context<'_>,
    (subject, field): (&str, &str),
    effective_on: Date,
    line: &Line,
) -> Option<Box<Functional>> {
    let field = format!("{field}.functional");
    if line.amount.is_zero() {
        without_amount(findings, &field, line.functional.as_deref());
        return None;
    }
    let asked = Asked {
        subject: &format!("{subject}/{}", line.line_id),
        field: &field,
        amount: line.amount,
        given: line.functional.as_deref(),
        on: effective_on,
    };
    asked.decide(&context, findings)
}

fn check_own_codes(findings: &mut Findings, field: &str, line: &Line) {
    if OWN_CODES_MAX < line.dims.own_codes.len() {
        findings.malformed(
            format!("{field}.own_codes"),
            format!("must hold at most {OWN_CODES_MAX} codes"),
        );
    }
}

pub(super) fn open_line(case: &Case<'_>, findings: &mut Findings, line: &Line) -> AgreementEvent {
    findings.currency("line.amount", line.amount, case.currency());
    if !line.amount.is_zero() {
        findings.malformed(
            "line.amount",
            "must be 0: commit money to the line by an increase",
        );
    }
    if !line.year_shares.is_empty() {
        findings.malformed("line.year_shares", "must be empty on a line of 0");
    }
    check_own_codes(findings, "line", line);
    without_amount(findings, "line.functional", line.functional.as_deref());
    if case.agreement.place_of(&line.line_id).is_some() {
        findings.reject(Rejection::LineExists {
            agreement_id: case.id.clone(),
            line_id: line.line_id.clone(),
        });
    }
    let subject = format!("{}/{}", case.subject, line.line_id);
    findings.breach(rules::split_exact(&subject, &line.dims));
    AgreementEvent::LineOpened { line: line.clone() }
}
