//! Ending later or earlier, and what an extension moves.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::agreement::decide::Case;
use crate::agreement::shares::{Portion, portions, take_from_last};
use crate::agreement::{AgreementCommand, AgreementEvent, ShareMove, YearBasis, YearShare};
use crate::finding::Findings;
use crate::ids::LineId;
use crate::period::Period;
use crate::rejection::Rejection;
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
    let previous_ends_on = case.agreement.ends_on();
    match command {
        AgreementCommand::ExtendPeriod {
            new_ends_on,
            kind,
            moves,
            amendment,
        } => {
            check_end(case, findings, *new_ends_on);
            if let Some(ends_on) = previous_ends_on.filter(|ends_on| new_ends_on <= ends_on) {
                findings.reject(Rejection::EndNotLater {
                    ends_on,
                    new_ends_on: *new_ends_on,
                });
            }
            let moves = if moves.is_empty() {
                prorated_anew(case, effective_on, *new_ends_on)
            } else {
                check_moves(case, findings, moves);
                moves.clone()
            };
            Some(AgreementEvent::PeriodExtended {
                previous_ends_on,
                new_ends_on: *new_ends_on,
                kind: *kind,
                moves,
                amendment: amendment.clone(),
            })
        }
        AgreementCommand::ShortenPeriod {
            new_ends_on,
            reason,
        } => {
            check_end(case, findings, *new_ends_on);
            if let Some(ends_on) = previous_ends_on.filter(|ends_on| ends_on <= new_ends_on) {
                findings.reject(Rejection::EndNotEarlier {
                    ends_on,
                    new_ends_on: *new_ends_on,
                });
            }
            Some(AgreementEvent::PeriodShortened {
                previous_ends_on,
                new_ends_on: *new_ends_on,
                reason: reason.clone(),
            })
        }
        _ => None,
    }
}

fn check_end(case: &Case<'_>, findings: &mut Findings, new_ends_on: Date) {
    findings.date("new_ends_on", new_ends_on);
    let starts_on = case.agreement.terms().starts_on;
    let breach = rules::period_ordered(case.subject, starts_on, Some(new_ends_on));
    findings.breach(breach);
}

/// Moves that a command gives: of known lines, none of 0, summing to zero per line.
fn check_moves(case: &Case<'_>, findings: &mut Findings, moves: &[ShareMove]) {
    let mut sums: BTreeMap<&LineId, i128> = BTreeMap::new();
    for (index, entry) in moves.iter().enumerate() {
        case.line(findings, Some(&entry.line_id));
        if entry.share.minor_units == 0 {
            findings.malformed(format!("moves[{index}].amount"), "must not be 0");
        }
        let sum = sums.entry(&entry.line_id).or_default();
        *sum = sum.saturating_add(entry.share.minor_units);
    }
    for (line_id, sum) in sums {
        if sum != 0 {
            findings.malformed("moves", format!("must sum to 0 for line \"{line_id}\""));
        }
    }
}

/// The undisbursed rest of prorated lines, prorated again from the extension on (SEMANTICS.md 1).
fn prorated_anew(case: &Case<'_>, effective_on: Date, new_ends_on: Date) -> Vec<ShareMove> {
    let agreement = case.agreement;
    let starts_on = agreement.terms().starts_on.unwrap_or(effective_on);
    let Ok(rest_of_term) = Period::new(effective_on.max(starts_on), new_ends_on) else {
        return Vec::new();
    };
    let calendar = case.context.policy.fiscal_calendar;
    let mut moves = Vec::new();
    for (at, line) in agreement.lines.iter().enumerate() {
        let shares = agreement.shares_of(at);
        if !shares
            .keys()
            .any(|(_, basis, _)| *basis == YearBasis::Prorated)
        {
            continue;
        }
        let Some(line_id) = case.line_id(at) else {
            continue;
        };
        let undisbursed = line.balances.total().undisbursed(agreement.perspective());
        let mut portions = portions(agreement, at, calendar);
        portions.retain(|portion| portion.basis == YearBasis::Prorated);
        let rest: i128 = portions.iter().map(Portion::undisbursed).sum();
        let rest = rest.min(undisbursed);
        if rest <= 0 {
            continue;
        }
        let given = take_from_last(&portions, rest);
        let mut received: Vec<YearShare> = Vec::new();
        for share in &given {
            let same = |known: &&mut YearShare| known.firmness == share.firmness;
            if let Some(known) = received.iter_mut().find(same) {
                known.minor_units = known.minor_units.saturating_add(share.minor_units);
            } else {
                received.push(YearShare {
                    period: rest_of_term,
                    ..*share
                });
            }
        }
        let given = given.into_iter().map(|share| YearShare {
            minor_units: share.minor_units.saturating_neg(),
            ..share
        });
        moves.extend(given.chain(received).map(|share| ShareMove {
            line_id: line_id.clone(),
            share,
        }));
    }
    moves
}
