//! Reversals and replacements (R5).

use jiff::civil::Date;

use crate::agreement::decide::{Case, Draft, Drafts, OtherHalf, life, reversal_target};
use crate::agreement::state::Entry;
use crate::agreement::status::Deed;
use crate::agreement::{
    Agreement, AgreementCommand, AgreementEvent, EntryKind, ReversalReason, Status, Turn,
};
use crate::event::Stream;
use crate::finding::{Findings, Verdict};
use crate::log::EventId;
use crate::period::Period;
use crate::rejection::{LifeRejection, Rejection};
use crate::rule::Breach;

/// What the two corrections are called where commands are written.
const REVERSE: &str = "reverse_entry";
const REPLACE: &str = "replace_entry";

pub(super) fn reverse(
    case: &Case<'_>,
    effective_on: Date,
    target: EventId,
    reason: ReversalReason,
) -> Drafts<AgreementEvent> {
    let mut findings = Findings::new(case.context.profile);
    let Some(entry) = standing(case, &mut findings, target) else {
        return case.conclude(findings, effective_on, None);
    };
    let booked_on = entry.effective_on;
    correctable(case, &mut findings, target, REVERSE);
    let effective_on = match reason {
        ReversalReason::Error | ReversalReason::Replaced | ReversalReason::Withdrawn => {
            match case.context.concerns {
                None => booked_on,
                Some(concerns) => {
                    case.own_date(&mut findings, effective_on);
                    findings.breach(outside(case.subject, target, booked_on, concerns));
                    effective_on
                }
            }
        }
        ReversalReason::Returned => {
            case.own_date(&mut findings, effective_on);
            if entry.kind != EntryKind::Cash {
                let problem = "only a payment can be returned";
                findings.breach(Some(reversal_target(case.subject, target, problem)));
            } else if effective_on <= booked_on {
                let problem = format!("a return lies after the payment of {booked_on}");
                findings.breach(Some(reversal_target(case.subject, target, &problem)));
            }
            effective_on
        }
    };
    let fact = AgreementEvent::EntryReversed { target, reason };
    case.conclude(findings, effective_on, Some(fact))
}

/// The target's reversal and the new event, judged together: what only moves from the one to the other breaks
/// no rule in between.
pub(super) fn replace(
    case: &Case<'_>,
    target: EventId,
    effective_on: Date,
    replacement: &AgreementCommand,
) -> Drafts<AgreementEvent> {
    let mut findings = Findings::new(case.context.profile);
    let Some(entry) = standing(case, &mut findings, target) else {
        return case.conclude(findings, effective_on, None);
    };
    let booked_on = entry.effective_on;
    correctable(case, &mut findings, target, REPLACE);
    let fact = AgreementEvent::EntryReplaced { target };
    let taken_out = (
        booked_on,
        entry
            .effects
            .iter()
            .map(crate::agreement::state::Effect::negated)
            .collect(),
    );
    let mut without = case.agreement.clone();
    // Only its order among the events matters here; it is dropped with the copy.
    let after_all = EventId {
        position: crate::log::Position(u64::MAX),
        index: u32::MAX,
    };
    if without.evolve(after_all, booked_on, &fact, &[]).is_err() {
        let problem = "it cannot be taken out";
        findings.breach(Some(reversal_target(case.subject, target, problem)));
        return case.conclude(findings, effective_on, None);
    }
    let within = Case {
        agreement: &without,
        taken_out: Some(&taken_out),
        ..*case
    };
    within.own_date(&mut findings, effective_on);
    if case.is_of_the_books(&fact) {
        let open = crate::rules::period_open(&case.context, case.subject, booked_on);
        findings.breach(open);
    }
    let new = within.draft(&mut findings, effective_on, replacement);
    let mut drafts = within.conclude(findings, effective_on, new)?;
    let reversal = Draft {
        effective_on: booked_on,
        fact,
        verdict: Verdict::default(),
    };
    drafts.insert(0, reversal);
    Ok(drafts)
}

/// An adjustment corrects what is dated in the period that it concerns.
pub(crate) fn outside(
    subject: &str,
    target: EventId,
    booked_on: Date,
    concerns: Period,
) -> Option<Breach> {
    if concerns.contains(booked_on) {
        return None;
    }
    let problem = format!(
        "it is dated {booked_on}, outside the period that the adjustment concerns, {} to {}",
        concerns.starts_on(),
        concerns.ends_on()
    );
    Some(reversal_target(subject, target, &problem))
}

/// The entry, if it exists in this stream, stands, is of a kind that can be reversed whole, and nothing stands
/// on it.
fn standing(case: &Case<'_>, findings: &mut Findings, target: EventId) -> Option<Entry> {
    let Some(entry) = case.agreement.entry(target) else {
        findings.reject(Rejection::UnknownEvent {
            stream: Stream::Agreement(case.id.clone()),
            event_id: target,
        });
        return None;
    };
    let problem = if let Some(by) = entry.reversed_by {
        format!("{by} already reversed it")
    } else {
        match entry.kind {
            EntryKind::Reversal => "a reversal cannot be reversed: book again".to_owned(),
            EntryKind::Fixed => {
                "signature, words, lines, term, splits and tags stay: correct them by a later event, and leave a line that is not wanted at 0".to_owned()
            }
            EntryKind::Transfer if case.other_half != OtherHalf::Reversed => {
                "a transfer is reversed in both agreements: reverse it, and book again".to_owned()
            }
            EntryKind::Commitment
            | EntryKind::Cash
            | EntryKind::Reallocation
            | EntryKind::Terms
            | EntryKind::Allocation
            | EntryKind::Transfer
            | EntryKind::Link
            | EntryKind::Schedule
            | EntryKind::Forecast
            | EntryKind::Status
            | EntryKind::Condition
            | EntryKind::Receivable => {
                let dependents = dependents(case, target, &entry);
                if dependents.is_empty() {
                    return Some(entry);
                }
                findings.reject(Rejection::EntryHasDependents { target, dependents });
                return None;
            }
        }
    };
    findings.breach(Some(reversal_target(case.subject, target, &problem)));
    None
}

/// After the closing of its books only the closing itself can be cancelled.
fn correctable(case: &Case<'_>, findings: &mut Findings, target: EventId, asked: &'static str) {
    let milestones = case.agreement.milestones().iter();
    let Some(closing) = milestones
        .into_iter()
        .find(|milestone| milestone.turn == Turn::Closed)
    else {
        return;
    };
    if Deed::Correct.is_forbidden(Status::FinanciallyClosed)
        && (closing.event_id != target || asked == REPLACE)
    {
        findings.life(LifeRejection::StatusForbids {
            agreement_id: case.id.clone(),
            status: Status::FinanciallyClosed,
            on: closing.on,
            since: Some((closing.event_id, closing.on)),
            asked,
        });
    }
}

/// The later entries that stand on one: they are reversed before it. Ascending.
fn dependents(case: &Case<'_>, target: EventId, entry: &Entry) -> Vec<EventId> {
    let agreement = case.agreement;
    match entry.kind {
        EntryKind::Status => life::dependents(case, target),
        EntryKind::Forecast => {
            let plans = agreement.forecasts().iter().map(|&(event_id, _)| event_id);
            plans.filter(|event_id| target < *event_id).collect()
        }
        EntryKind::Schedule => touches_after(agreement, target).collect(),
        EntryKind::Condition => touches_after(agreement, target)
            .filter(|&event_id| {
                agreement
                    .entry(event_id)
                    .is_some_and(|later| later.kind == EntryKind::Cash)
            })
            .collect(),
        EntryKind::Receivable => {
            if entry.written_off() <= agreement.written_off() {
                return Vec::new();
            }
            let later = agreement.entries().filter(|(event_id, later)| {
                target < *event_id && later.reversed_by.is_none() && later.written_off() < 0
            });
            later.map(|(event_id, _)| event_id).collect()
        }
        EntryKind::Allocation => releases(agreement, target).collect(),
        EntryKind::Commitment
        | EntryKind::Cash
        | EntryKind::Reallocation
        | EntryKind::Terms
        | EntryKind::Transfer
        | EntryKind::Link
        | EntryKind::Reversal
        | EntryKind::Fixed => Vec::new(),
    }
}

/// What happened to a tranche after an event about it.
fn touches_after(agreement: &Agreement, target: EventId) -> impl Iterator<Item = EventId> {
    let events = agreement.events_about_same_tranche(target).into_iter();
    events.filter(move |&event_id| target < event_id)
}

/// The releases of the allocation that an event made, oldest first.
fn releases(agreement: &Agreement, target: EventId) -> impl Iterator<Item = EventId> {
    let moves = agreement.moves.as_deref();
    let mut allocations = moves
        .into_iter()
        .flat_map(|moves| moves.allocations.values());
    let made_by = allocations.find(move |state| state.touched_by.first() == Some(&target));
    let touched = made_by.map(|state| state.touched_by.iter().skip(1));
    touched.into_iter().flatten().copied()
}
