//! Reversals and replacements (R5).

use jiff::civil::Date;

use crate::agreement::decide::{Case, Draft, Drafts, reversal_target};
use crate::agreement::state::Entry;
use crate::agreement::{AgreementCommand, AgreementEvent, EntryKind, ReversalReason};
use crate::event::Stream;
use crate::finding::{Findings, Verdict};
use crate::log::EventId;
use crate::rejection::Rejection;

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
    let effective_on = match reason {
        ReversalReason::Error | ReversalReason::Replaced | ReversalReason::Withdrawn => booked_on,
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
    if without.evolve(after_all, booked_on, &fact).is_err() {
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

/// The entry, if it exists in this stream, stands, and is of a kind that can be reversed whole.
fn standing<'a>(case: &Case<'a>, findings: &mut Findings, target: EventId) -> Option<&'a Entry> {
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
                "signature, words, lines and term are corrected by a later event".to_owned()
            }
            EntryKind::Forecast | EntryKind::Schedule if !is_latest(case, target) => {
                "a later entry stands on it: reverse that first".to_owned()
            }
            EntryKind::Commitment
            | EntryKind::Cash
            | EntryKind::Reallocation
            | EntryKind::Terms
            | EntryKind::Schedule
            | EntryKind::Forecast => return Some(entry),
        }
    };
    findings.breach(Some(reversal_target(case.subject, target, &problem)));
    None
}

/// Whether no later plan replaced this one, and nothing happened to the tranche since.
fn is_latest(case: &Case<'_>, target: EventId) -> bool {
    let forecast = case
        .agreement
        .forecasts
        .last()
        .map(|&(event_id, _)| event_id);
    forecast == Some(target)
        || case
            .agreement
            .tranches
            .values()
            .any(|tranche| tranche.touched_by.last() == Some(&target))
}
