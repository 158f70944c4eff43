//! Suspensions, ends, closing, and receivables.

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Decommitment, EarlyEnd, Receivable, ReceivableEntry,
    Termination,
};
use perennial_domain::ids::LineId;
use perennial_domain::money::Money;
use perennial_domain::rule::Rule;

use super::super::deal::{Balance, Deal};
use super::super::findings::Findings;
use super::super::fraction::split;
use super::super::life::{Stage, alternates, claimed_back, is_paid_from, payments, written_off};
use super::payment::{By, parts};
use super::{Desk, explicit, line, released};

pub(super) fn life(
    desk: Desk<'_>,
    findings: &mut Findings,
    deal: &Deal,
    (on, command): (Date, &AgreementCommand),
) -> Option<AgreementEvent> {
    use AgreementCommand as C;
    match command {
        C::Suspend { reason } => {
            alternates(findings, deal, (on, Some(Stage::Suspended)));
            show(desk, findings, is_paid_from(deal, on));
            let reason = reason.clone();
            Some(AgreementEvent::AgreementSuspended { reason })
        }
        C::Resume { reason } => {
            alternates(findings, deal, (on, None));
            let reason = reason.clone();
            Some(AgreementEvent::AgreementResumed { reason })
        }
        C::Terminate(end) => {
            show(desk, findings, is_paid_after(deal, on));
            terminate(desk, findings, deal, (on, end))
        }
        C::Cancel { reason } => {
            show(desk, findings, is_paid_after(deal, on));
            if paid(deal) != 0 {
                findings.reject("AGREEMENT_ALREADY_PAID");
            }
            Some(AgreementEvent::AgreementCancelled {
                reason: reason.clone(),
                decommitments: everything(desk, findings, deal, on)?,
            })
        }
        C::End { reason } => {
            let reason = reason.clone();
            Some(AgreementEvent::AgreementOperationallyEnded { reason })
        }
        C::Close { reason } => {
            show(desk, findings, is_paid_after(deal, on));
            let open = deal.tranches().iter().any(|tranche| 0 < tranche.open);
            let left = undisbursed(deal, None) + claimed_back(deal);
            if open || left != written_off(deal) {
                findings.reject("AGREEMENT_NOT_SETTLED");
            }
            let reason = reason.clone();
            Some(AgreementEvent::AgreementFinanciallyClosed { reason })
        }
        C::WriteOffReceivable(wish) => {
            let entry = receivable(findings, deal, wish)?;
            let left = lowest_undisbursed(deal, on).max(0);
            let expected = left + claimed_back(deal) - written_off(deal);
            if expected < entry.amount.minor_units() {
                findings.reject("WRITE_OFF_EXCEEDS_RECEIVABLE");
            }
            Some(AgreementEvent::ReceivableWrittenOff(entry))
        }
        C::RecoverReceivable(wish) => {
            let entry = receivable(findings, deal, wish)?;
            if written_off(deal) < entry.amount.minor_units() {
                findings.reject("RECOVERY_EXCEEDS_WRITTEN_OFF");
            }
            Some(AgreementEvent::ReceivableRecovered(entry))
        }
        _ => None,
    }
}

/// R19 of a status that is recorded late is shown, whatever the profile.
fn show(desk: Desk<'_>, findings: &mut Findings, broken: bool) {
    if broken {
        let shown = (Rule::NotWhileSuspended, desk.subject.to_owned());
        findings.shown.push(shown);
    }
}

/// Whether something was paid on a later day.
fn is_paid_after(deal: &Deal, on: Date) -> bool {
    payments(deal).any(|(day, _)| on < day)
}

fn paid(deal: &Deal) -> i128 {
    deal.balance(None).paid(deal.perspective())
}

fn undisbursed(deal: &Deal, line: Option<&LineId>) -> i128 {
    deal.balance(line).undisbursed(deal.perspective())
}

/// The least that is undisbursed at the end of a day or of any later one.
fn lowest_undisbursed(deal: &Deal, on: Date) -> i128 {
    let later = deal.items.iter().map(|item| item.on);
    let days = later.filter(|day| on < *day).chain([on]);
    let left = days.map(|day| {
        let until = deal.items.iter().filter(|item| item.on <= day);
        Balance::of(until).undisbursed(deal.perspective())
    });
    left.min().unwrap_or(0)
}

/// What is given up: everything that is undisbursed, unless something of the payments is claimed back.
fn terminate(
    desk: Desk<'_>,
    findings: &mut Findings,
    deal: &Deal,
    (on, end): (Date, &EarlyEnd),
) -> Option<AgreementEvent> {
    let decommitments = if end.decommitments.is_empty() {
        everything(desk, findings, deal, on)?
    } else {
        named(desk, findings, deal, (on, end))?
    };
    let asked: i128 = decommitments
        .iter()
        .map(|given_up| given_up.amount.minor_units())
        .sum();
    let left = undisbursed(deal, None).max(0);
    if left < asked || (asked < left && end.recovery.is_none()) {
        findings.reject("DECOMMITMENT_DIFFERS");
    }
    if let Some(claim) = end.recovery {
        findings.positive(claim, deal.currency());
        if paid(deal) < claim.minor_units() {
            findings.reject("RECOVERY_EXCEEDS_PAID");
        }
    }
    Some(AgreementEvent::AgreementTerminated(Termination {
        reason: end.reason.clone(),
        decommitments,
        recovery: end.recovery,
    }))
}

/// All of U, of each line in proportion to what is undisbursed of it.
fn everything(
    desk: Desk<'_>,
    findings: &mut Findings,
    deal: &Deal,
    on: Date,
) -> Option<Vec<Decommitment>> {
    let left = undisbursed(deal, None);
    if left <= 0 {
        return Some(Vec::new());
    }
    let lines = deal.lines().into_iter().map(|line| line.line_id.clone());
    let lines: Vec<LineId> = lines.collect();
    let weights = lines
        .iter()
        .map(|line| undisbursed(deal, Some(line)).max(0));
    let parts = split(left, &weights.collect::<Vec<_>>())?;
    let parts = lines.into_iter().zip(parts).filter(|(_, part)| *part != 0);
    parts
        .map(|(line_id, part)| {
            let Ok(amount) = Money::from_minor(part, deal.currency()) else {
                findings.reject("TOTAL_OUT_OF_RANGE");
                return None;
            };
            Some(Decommitment {
                year_shares: released(desk, deal, (&line_id, amount), on),
                line_id,
                amount,
            })
        })
        .collect()
}

fn named(
    desk: Desk<'_>,
    findings: &mut Findings,
    deal: &Deal,
    (on, end): (Date, &EarlyEnd),
) -> Option<Vec<Decommitment>> {
    let mut decommitments: Vec<Decommitment> = Vec::new();
    for (index, wish) in end.decommitments.iter().enumerate() {
        findings.positive(wish.amount, deal.currency());
        let mut earlier = end.decommitments.iter().take(index);
        if earlier.any(|other| other.line_id == wish.line_id) {
            findings.reject("INVALID_FIELD");
        }
        let Some(line_id) = line(findings, deal, Some(&wish.line_id)) else {
            continue;
        };
        let year_shares = if wish.year_shares.is_empty() {
            released(desk, deal, (&line_id, wish.amount), on)
        } else {
            explicit(findings, wish.amount, &wish.year_shares)
        };
        decommitments.push(Decommitment {
            line_id,
            amount: wish.amount,
            year_shares,
        });
    }
    findings.reasons.is_empty().then_some(decommitments)
}

fn receivable(findings: &mut Findings, deal: &Deal, wish: &Receivable) -> Option<ReceivableEntry> {
    let known = findings.reasons.len();
    findings.positive(wish.amount, deal.currency());
    let by = By::undisbursed(deal.perspective());
    let parts = parts(findings, deal, (wish.amount, &wish.lines), by);
    if wish.approver.trim().is_empty() {
        findings.reject("INVALID_FIELD");
    }
    (findings.reasons.len() == known).then(|| ReceivableEntry {
        amount: wish.amount,
        parts,
        reason: wish.reason.clone(),
        approver: wish.approver.clone(),
    })
}
