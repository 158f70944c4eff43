//! Tranches and their conditions.

use std::collections::BTreeSet;

use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, ConditionEntry, Rescheduling, Tranche as TrancheWish,
};
use perennial_domain::ids::TrancheId;
use perennial_domain::money::Money;
use perennial_domain::period::Period;

use super::super::deal::Deal;
use super::super::findings::Findings;
use super::super::tranches::Tranche;

/// What is planned, moved or given up, and what becomes of conditions.
pub(super) fn plans(
    findings: &mut Findings,
    deal: &Deal,
    command: &AgreementCommand,
) -> Option<AgreementEvent> {
    use AgreementCommand as C;
    match command {
        C::ScheduleTranche(wish) => schedule(findings, deal, wish),
        C::MeetCondition(entry) => settles(findings, deal, entry)
            .then(|| AgreementEvent::TrancheConditionMet(entry.clone())),
        C::WaiveCondition(entry) => settles(findings, deal, entry)
            .then(|| AgreementEvent::TrancheConditionWaived(entry.clone())),
        C::ReplaceForecast(entries) => {
            for entry in entries {
                findings.currency(entry.amount, deal.currency());
            }
            Some(AgreementEvent::ForecastReplaced {
                previous: deal.forecast(),
                entries: entries.clone(),
            })
        }
        _ => reschedule(findings, deal, command),
    }
}

fn schedule(findings: &mut Findings, deal: &Deal, wish: &TrancheWish) -> Option<AgreementEvent> {
    findings.positive(wish.amount, deal.currency());
    if deal
        .tranches()
        .iter()
        .any(|known| known.id == wish.tranche_id)
    {
        findings.reject("TRANCHE_EXISTS");
    }
    let first_day = wish.period.map(Period::starts_on);
    let Some(due_on) = wish.due_on.or(first_day) else {
        findings.reject("INVALID_FIELD");
        return None;
    };
    findings.date(due_on);
    let ids: BTreeSet<_> = wish
        .conditions
        .iter()
        .map(|condition| &condition.condition_id)
        .collect();
    if ids.len() != wish.conditions.len() {
        findings.reject("INVALID_FIELD");
    }
    Some(AgreementEvent::TrancheScheduled {
        tranche_id: wish.tranche_id.clone(),
        amount: wish.amount,
        due_on,
        period: wish.period.unwrap_or(Period::day(due_on)),
        conditions: wish.conditions.clone(),
    })
}

/// Whether a condition of a tranche is there, and neither met nor waived on any day.
fn settles(findings: &mut Findings, deal: &Deal, entry: &ConditionEntry) -> bool {
    let tranches = deal.tranches().into_iter();
    let mut tranches = tranches.filter(|known| known.id == entry.tranche_id);
    let Some(tranche) = tranches.next() else {
        findings.reject("UNKNOWN_TRANCHE");
        return false;
    };
    let mut conditions = tranche.conditions.iter();
    if !conditions.any(|known| known.condition_id == entry.condition_id) {
        findings.reject("UNKNOWN_CONDITION");
        return false;
    }
    let unmet = deal.unmet(&entry.tranche_id, None);
    let mut unmet = unmet.into_iter();
    let is_unmet = unmet.any(|known| known.condition_id == entry.condition_id);
    if !is_unmet {
        findings.reject("CONDITION_SETTLED");
    }
    is_unmet
}

/// A tranche of which something is open.
pub(super) fn open_tranche(
    findings: &mut Findings,
    deal: &Deal,
    tranche_id: &TrancheId,
) -> Option<Tranche> {
    let tranches = deal.tranches().into_iter();
    match tranches.into_iter().find(|known| known.id == *tranche_id) {
        None => findings.reject("UNKNOWN_TRANCHE"),
        Some(tranche) if tranche.open <= 0 => findings.reject("TRANCHE_NOT_OPEN"),
        Some(tranche) => return Some(tranche),
    }
    None
}

fn reschedule(
    findings: &mut Findings,
    deal: &Deal,
    command: &AgreementCommand,
) -> Option<AgreementEvent> {
    use AgreementCommand as C;
    match command {
        C::RescheduleTranche {
            tranche_id,
            new_due_on,
            reason,
        } => {
            findings.date(*new_due_on);
            let tranche = open_tranche(findings, deal, tranche_id)?;
            // A period that was only the due day moves along.
            let was_the_day = tranche.period == Period::day(tranche.due_on);
            Some(AgreementEvent::TrancheRescheduled(Rescheduling {
                tranche_id: tranche_id.clone(),
                open: Money::from_minor(tranche.open, deal.currency()).ok()?,
                previous_due_on: tranche.due_on,
                new_due_on: *new_due_on,
                period: if was_the_day {
                    Period::day(*new_due_on)
                } else {
                    tranche.period
                },
                reason: reason.clone(),
            }))
        }
        C::CancelTranche { tranche_id, reason } => {
            let tranche = open_tranche(findings, deal, tranche_id)?;
            Some(AgreementEvent::TrancheCancelled {
                tranche_id: tranche_id.clone(),
                open: Money::from_minor(tranche.open, deal.currency()).ok()?,
                due_on: tranche.due_on,
                reason: reason.clone(),
            })
        }
        _ => None,
    }
}
