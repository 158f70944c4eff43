//! The life of an agreement: what its status allows, suspensions, ends, closing, receivables.

use jiff::civil::Date;

use crate::agreement::decide::{Case, cash, commitment};
use crate::agreement::status::{Deed, Milestone, Status, Turn};
use crate::agreement::{
    AgreementCommand, AgreementEvent, Decommitment, EarlyEnd, LineDecommitment, Receivable,
    ReceivableEntry, Termination, rules, shares,
};
use crate::finding::Findings;
use crate::ids::LineId;
use crate::log::EventId;
use crate::money::allocate_minor;
use crate::rejection::LifeRejection;

impl Case<'_> {
    /// Holds a command against the table of [`Deed::is_forbidden`]. A suspension, an operational end and a
    /// termination forbid from their own day on; a cancellation and a closing whatever the day, because they say
    /// that nothing is left.
    pub(super) fn permit(&self, findings: &mut Findings, on: Date, command: &AgreementCommand) {
        self.permit_deed(findings, on, (Deed::of(command), command.name()));
    }

    /// The same for what another agreement's command does to this one.
    pub(super) fn permit_deed(
        &self,
        findings: &mut Findings,
        on: Date,
        (deed, asked): (Deed, &'static str),
    ) {
        let milestones = self.agreement.milestones();
        if milestones.is_empty() && deed != Deed::Resume {
            return;
        }
        let for_ever = milestones
            .iter()
            .filter(|milestone| matches!(milestone.turn, Turn::Cancelled | Turn::Closed))
            .map(|milestone| milestone.on)
            .max();
        let on = for_ever.map_or(on, |settled_on| settled_on.max(on));
        let status = self.agreement.status_as_of(on);
        if !deed.is_forbidden(status) {
            return;
        }
        findings.life(LifeRejection::StatusForbids {
            agreement_id: self.id.clone(),
            status,
            on,
            since: maker(milestones, status, on),
            asked,
        });
    }
}

/// The fact that made a status, and its date.
fn maker(milestones: &[Milestone], status: Status, on: Date) -> Option<(EventId, Date)> {
    let turn = match status {
        Status::Signed | Status::Effective => return None,
        Status::Suspended => Turn::Suspended,
        Status::OperationallyEnded => Turn::Ended,
        Status::Terminated => Turn::Terminated,
        Status::Cancelled => Turn::Cancelled,
        Status::FinanciallyClosed => Turn::Closed,
    };
    milestones
        .iter()
        .rfind(|milestone| milestone.turn == turn && milestone.on <= on)
        .map(|milestone| (milestone.event_id, milestone.on))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "`Case::draft` names every command and sends only this family here"
)]
pub(super) fn draft(
    case: &Case<'_>,
    findings: &mut Findings,
    on: Date,
    command: &AgreementCommand,
) -> Option<AgreementEvent> {
    match command {
        AgreementCommand::Suspend { reason } => {
            alternates(case, findings, on, Turn::Suspended);
            findings.flag(rules::paid_while_suspended(
                case.agreement,
                case.subject,
                on,
            ));
            let reason = reason.clone();
            Some(AgreementEvent::AgreementSuspended { reason })
        }
        AgreementCommand::Resume { reason } => {
            alternates(case, findings, on, Turn::Resumed);
            let reason = reason.clone();
            Some(AgreementEvent::AgreementResumed { reason })
        }
        AgreementCommand::Terminate(end) => {
            not_paid_since(case, findings, Turn::Terminated, on);
            terminate(case, findings, on, end)
        }
        AgreementCommand::Cancel { reason } => {
            not_paid_since(case, findings, Turn::Cancelled, on);
            let paid = case.agreement.balance().paid(case.agreement.perspective());
            if paid != 0 {
                findings.life(LifeRejection::AlreadyPaid {
                    agreement_id: case.id.clone(),
                    paid,
                    currency: case.currency(),
                });
            }
            Some(AgreementEvent::AgreementCancelled {
                reason: reason.clone(),
                decommitments: everything(case, findings, on)?,
            })
        }
        AgreementCommand::End { reason } => {
            let reason = reason.clone();
            Some(AgreementEvent::AgreementOperationallyEnded { reason })
        }
        AgreementCommand::Close { reason } => {
            not_paid_since(case, findings, Turn::Closed, on);
            settled(case, findings);
            let reason = reason.clone();
            Some(AgreementEvent::AgreementFinanciallyClosed { reason })
        }
        AgreementCommand::WriteOffReceivable(receivable) => {
            write_off(case, findings, on, receivable)
        }
        AgreementCommand::RecoverReceivable(receivable) => recover(case, findings, receivable),
        _ => None,
    }
}

/// R19 for an end that is recorded late: a later status fact flags what was paid before it was known (SEMANTICS.md 2).
fn not_paid_since(case: &Case<'_>, findings: &mut Findings, turn: Turn, on: Date) {
    let (agreement, subject) = (case.agreement, case.subject);
    findings.flag(rules::paid_after(agreement, subject, (turn, on)));
}

/// The fact that already makes what `turn` would make, where suspensions and resumptions would not alternate:
/// the next one after it. The one before it is the status, which the table judges.
fn alternates(case: &Case<'_>, findings: &mut Findings, on: Date, turn: Turn) {
    let milestones = case.agreement.milestones().iter();
    let next = milestones
        .filter(|milestone| matches!(milestone.turn, Turn::Suspended | Turn::Resumed))
        .find(|milestone| on < milestone.on);
    if let Some(next) = next.filter(|next| next.turn == turn) {
        findings.life(LifeRejection::NotAlternating {
            agreement_id: case.id.clone(),
            status: match turn {
                Turn::Suspended => Status::Suspended,
                Turn::Resumed | Turn::Ended | Turn::Terminated | Turn::Cancelled | Turn::Closed => {
                    Status::Effective
                }
            },
            by: next.event_id,
        });
    }
}

fn terminate(
    case: &Case<'_>,
    findings: &mut Findings,
    on: Date,
    end: &EarlyEnd,
) -> Option<AgreementEvent> {
    let undisbursed = case.agreement.undisbursed().max(0);
    let decommitments = if end.decommitments.is_empty() {
        everything(case, findings, on)?
    } else {
        given_up(case, findings, on, &end.decommitments)?
    };
    let requested = sum(&decommitments);
    let fits = match end.recovery {
        None => requested == undisbursed,
        Some(_) => requested <= undisbursed,
    };
    if !fits {
        findings.life(LifeRejection::DecommitmentDiffers {
            undisbursed,
            requested,
            currency: case.currency(),
        });
    }
    if let Some(recovery) = end.recovery {
        findings.positive("recovery", recovery, case.currency());
        let paid = case.agreement.balance().paid(case.agreement.perspective());
        if paid < recovery.minor_units() {
            findings.life(LifeRejection::RecoveryExceedsPaid {
                paid,
                requested: recovery.minor_units(),
                currency: case.currency(),
            });
        }
    }
    Some(AgreementEvent::AgreementTerminated(Termination {
        reason: end.reason.clone(),
        decommitments,
        recovery: end.recovery,
    }))
}

fn sum(decommitments: &[Decommitment]) -> i128 {
    let amounts = decommitments
        .iter()
        .map(|given_up| given_up.amount.minor_units());
    amounts.fold(0, i128::saturating_add)
}

/// All that is undisbursed, from the lines that have any: where some lines are overdrawn, in proportion.
fn everything(case: &Case<'_>, findings: &mut Findings, on: Date) -> Option<Vec<Decommitment>> {
    let agreement = case.agreement;
    let undisbursed = agreement.undisbursed();
    if undisbursed <= 0 {
        return Some(Vec::new());
    }
    let of_lines = agreement.lines.iter().map(|line| {
        let left = line.balances.total().undisbursed(agreement.perspective());
        // Totals are kept below 10^18, so the conversion only drops what is negative.
        u64::try_from(left).unwrap_or_default()
    });
    let parts = allocate_minor(undisbursed, &of_lines.collect::<Vec<_>>());
    let parts = parts.unwrap_or_else(|_| vec![undisbursed]);
    let mut decommitments = Vec::new();
    for (at, minor_units) in parts.into_iter().enumerate() {
        if minor_units == 0 {
            continue;
        }
        let amount = case.money(findings, minor_units)?;
        decommitments.push(Decommitment {
            line_id: case.line_id(at)?,
            amount,
            year_shares: commitment::released(case, at, on, amount),
        });
    }
    Some(decommitments)
}

/// What the command names, each line once, its periods worked out where it names none.
fn given_up(
    case: &Case<'_>,
    findings: &mut Findings,
    on: Date,
    named: &[LineDecommitment],
) -> Option<Vec<Decommitment>> {
    let mut lines: Vec<&LineId> = Vec::with_capacity(named.len());
    let mut decommitments = Vec::with_capacity(named.len());
    for (index, given_up) in named.iter().enumerate() {
        let field = format!("decommitments[{index}]");
        findings.positive(&format!("{field}.amount"), given_up.amount, case.currency());
        if lines.contains(&&given_up.line_id) {
            findings.malformed(format!("{field}.line_id"), "must be named once");
        }
        lines.push(&given_up.line_id);
        let Some(at) = case.line(findings, Some(&given_up.line_id)) else {
            continue;
        };
        let year_shares = if given_up.year_shares.is_empty() {
            commitment::released(case, at, on, given_up.amount)
        } else {
            let field = format!("{field}.year_shares");
            shares::explicit(findings, &field, given_up.amount, &given_up.year_shares)
        };
        decommitments.push(Decommitment {
            line_id: given_up.line_id.clone(),
            amount: given_up.amount,
            year_shares,
        });
    }
    (!findings.unusable()).then_some(decommitments)
}

/// Books are closed only when nothing is open: U, and what is claimed back, equals W, and no tranche is open.
fn settled(case: &Case<'_>, findings: &mut Findings) {
    let agreement = case.agreement;
    let undisbursed = agreement.undisbursed();
    let (recoverable, written_off) = (agreement.recoverable(), agreement.written_off());
    let open_tranche = agreement.open_tranches().next();
    if undisbursed.saturating_add(recoverable) == written_off && open_tranche.is_none() {
        return;
    }
    findings.life(LifeRejection::NotSettled {
        agreement_id: case.id.clone(),
        undisbursed,
        recoverable,
        written_off,
        open_tranche: open_tranche.map(|(tranche_id, _)| tranche_id),
        currency: case.currency(),
    });
}

fn write_off(
    case: &Case<'_>,
    findings: &mut Findings,
    on: Date,
    receivable: &Receivable,
) -> Option<AgreementEvent> {
    let agreement = case.agreement;
    let entry = receivable_entry(case, findings, receivable)?;
    let perspective = agreement.perspective();
    let undisbursed = agreement
        .balances
        .lowest_from(on, |balance| balance.undisbursed(perspective));
    let expected = undisbursed
        .max(0)
        .saturating_add(agreement.recoverable())
        .saturating_sub(agreement.written_off())
        .max(0);
    if expected < entry.amount.minor_units() {
        findings.life(LifeRejection::WriteOffExceedsReceivable {
            receivable: expected,
            requested: entry.amount.minor_units(),
            currency: case.currency(),
        });
    }
    Some(AgreementEvent::ReceivableWrittenOff(entry))
}

fn recover(
    case: &Case<'_>,
    findings: &mut Findings,
    receivable: &Receivable,
) -> Option<AgreementEvent> {
    let entry = receivable_entry(case, findings, receivable)?;
    let written_off = case.agreement.written_off();
    if written_off < entry.amount.minor_units() {
        findings.life(LifeRejection::RecoveryExceedsWrittenOff {
            written_off,
            requested: entry.amount.minor_units(),
            currency: case.currency(),
        });
    }
    Some(AgreementEvent::ReceivableRecovered(entry))
}

fn receivable_entry(
    case: &Case<'_>,
    findings: &mut Findings,
    receivable: &Receivable,
) -> Option<ReceivableEntry> {
    let known = findings.count();
    findings.positive("amount", receivable.amount, case.currency());
    let (amount, lines) = (receivable.amount, &receivable.lines);
    let parts = cash::parts(case, findings, amount, lines, cash::Weights::Undisbursed);
    if receivable.approver.trim().is_empty() {
        findings.malformed("approver", "must say who approved it");
    }
    (findings.count() == known).then(|| ReceivableEntry {
        amount: receivable.amount,
        parts,
        reason: receivable.reason.clone(),
        approver: receivable.approver.clone(),
    })
}

/// What stands on a fact of the agreement's life, so that it cannot be cancelled before them; ascending.
pub(super) fn dependents(case: &Case<'_>, target: EventId) -> Vec<EventId> {
    let milestones = case.agreement.milestones();
    let Some(milestone) = milestones
        .iter()
        .find(|milestone| milestone.event_id == target)
    else {
        return Vec::new();
    };
    let (on, turn) = (milestone.on, milestone.turn);
    let mut found: Vec<EventId> = match turn {
        Turn::Suspended | Turn::Resumed => milestones
            .iter()
            .filter(|other| matches!(other.turn, Turn::Suspended | Turn::Resumed))
            .skip_while(|other| other.event_id != target)
            .skip(1)
            .map(|other| other.event_id)
            .collect(),
        Turn::Ended | Turn::Terminated | Turn::Cancelled | Turn::Closed => Vec::new(),
    };
    if turn == Turn::Resumed && found.is_empty() {
        found.extend(case.agreement.payments_after_resumption(on, target));
    }
    found.sort_unstable();
    found
}
