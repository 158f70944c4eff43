//! Tranches and their conditions, and the published plan.

use jiff::civil::Date;

use crate::agreement::decide::Case;
use crate::agreement::{
    AgreementCommand, AgreementEvent, Condition, ConditionEntry, ConditionState, Rescheduling,
    Tranche, TrancheState,
};
use crate::finding::Findings;
use crate::ids::TrancheId;
use crate::period::Period;
use crate::rejection::{LifeRejection, Rejection};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "`Case::draft` names every command and sends only this family here"
)]
pub(super) fn draft(
    case: &Case<'_>,
    findings: &mut Findings,
    command: &AgreementCommand,
) -> Option<AgreementEvent> {
    match command {
        AgreementCommand::ScheduleTranche(tranche) => schedule(case, findings, tranche),
        AgreementCommand::RescheduleTranche {
            tranche_id,
            new_due_on,
            reason,
        } => {
            findings.date("new_due_on", *new_due_on);
            let tranche = open(case, findings, tranche_id)?;
            Some(AgreementEvent::TrancheRescheduled(Rescheduling {
                tranche_id: tranche_id.clone(),
                open: case.money(findings, tranche.open)?,
                previous_due_on: tranche.due_on(),
                new_due_on: *new_due_on,
                period: moved(&tranche, *new_due_on),
                reason: reason.clone(),
            }))
        }
        AgreementCommand::CancelTranche { tranche_id, reason } => {
            let tranche = open(case, findings, tranche_id)?;
            Some(AgreementEvent::TrancheCancelled {
                tranche_id: tranche_id.clone(),
                open: case.money(findings, tranche.open)?,
                due_on: tranche.due_on(),
                reason: reason.clone(),
            })
        }
        AgreementCommand::MeetCondition(entry) => condition(case, findings, entry)
            .then(|| AgreementEvent::TrancheConditionMet(entry.clone())),
        AgreementCommand::WaiveCondition(entry) => condition(case, findings, entry)
            .then(|| AgreementEvent::TrancheConditionWaived(entry.clone())),
        AgreementCommand::ReplaceForecast(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                let field = format!("entries[{index}].amount");
                findings.currency(&field, entry.amount, case.currency());
            }
            Some(AgreementEvent::ForecastReplaced {
                previous: case.agreement.forecast().to_vec(),
                entries: entries.clone(),
            })
        }
        _ => None,
    }
}

fn schedule(case: &Case<'_>, findings: &mut Findings, tranche: &Tranche) -> Option<AgreementEvent> {
    findings.positive("amount", tranche.amount, case.currency());
    if case.agreement.tranche(&tranche.tranche_id).is_some() {
        findings.reject(Rejection::TrancheExists {
            agreement_id: case.id.clone(),
            tranche_id: tranche.tranche_id.clone(),
        });
    }
    let (due_on, period) = match (tranche.due_on, tranche.period) {
        (Some(due_on), Some(period)) => (due_on, period),
        (Some(due_on), None) => (due_on, Period::day(due_on)),
        (None, Some(period)) => (period.starts_on(), period),
        (None, None) => {
            findings.malformed("due_on", "must be given where no period is");
            return None;
        }
    };
    findings.date("due_on", due_on);
    for (index, condition) in tranche.conditions.iter().enumerate() {
        let earlier = tranche.conditions.iter().take(index);
        let twice = |other: &Condition| other.condition_id == condition.condition_id;
        if earlier.into_iter().any(twice) {
            let field = format!("conditions[{index}].condition_id");
            findings.malformed(field, "must be named once");
        }
    }
    Some(AgreementEvent::TrancheScheduled {
        tranche_id: tranche.tranche_id.clone(),
        amount: tranche.amount,
        due_on,
        period,
        conditions: tranche.conditions.clone(),
    })
}

/// Whether a condition is there and not yet settled.
fn condition(case: &Case<'_>, findings: &mut Findings, entry: &ConditionEntry) -> bool {
    let (tranche_id, condition_id) = (&entry.tranche_id, &entry.condition_id);
    let Some(tranche) = case.agreement.tranche(tranche_id) else {
        findings.reject(Rejection::UnknownTranche {
            agreement_id: case.id.clone(),
            tranche_id: tranche_id.clone(),
        });
        return false;
    };
    let mut conditions = tranche.conditions().iter();
    match conditions.find(|condition| condition.condition_id == *condition_id) {
        None => findings.life(LifeRejection::UnknownCondition {
            agreement_id: case.id.clone(),
            tranche_id: tranche_id.clone(),
            condition_id: condition_id.clone(),
        }),
        Some(ConditionState {
            settled: Some((by, _)),
            ..
        }) => findings.life(LifeRejection::ConditionSettled {
            agreement_id: case.id.clone(),
            tranche_id: tranche_id.clone(),
            condition_id: condition_id.clone(),
            by: *by,
        }),
        Some(ConditionState { settled: None, .. }) => return true,
    }
    false
}

/// A tranche of which something is open.
pub(super) fn open(
    case: &Case<'_>,
    findings: &mut Findings,
    tranche_id: &TrancheId,
) -> Option<TrancheState> {
    let (agreement_id, tranche_id) = (case.id.clone(), tranche_id.clone());
    match case.agreement.tranche(&tranche_id) {
        None => findings.reject(Rejection::UnknownTranche {
            agreement_id,
            tranche_id,
        }),
        Some(tranche) if tranche.open <= 0 => findings.reject(Rejection::TrancheNotOpen {
            agreement_id,
            tranche_id,
        }),
        Some(tranche) => return Some(tranche),
    }
    None
}

/// The period a tranche is for after it moved: a period that was only the due day moves with it, one that the
/// agreement names stays.
fn moved(tranche: &TrancheState, new_due_on: Date) -> Period {
    if tranche.period() == Period::day(tranche.due_on()) {
        Period::day(new_due_on)
    } else {
        tranche.period()
    }
}
