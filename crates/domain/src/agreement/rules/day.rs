//! The rules that judge the day of an entry: signature, end, suspension, conditions, what was sent.

use jiff::civil::Date;

use crate::agreement::state::Entry;
use crate::agreement::{Agreement, Status, TrancheDraw, Turn};
use crate::ledger::Tolerance;
use crate::log::EventId;
use crate::money::sum_text;
use crate::rule::{Breach, Rule};
/// R11: a payment before the signature. Without a published signature the first commitment entry stands for
/// it; where none is recorded yet, nothing says that the money was promised by then, so that is a breach too.
pub(crate) fn not_before_signature(
    agreement: &Agreement,
    subject: &str,
    effective_on: Date,
) -> Option<Breach> {
    let (name, promised_on) = match agreement.terms().signed_on {
        Some(signed_on) => ("signed_on", Some(signed_on)),
        None => ("first_commitment_on", agreement.first_commitment_on()),
    };
    if promised_on.is_some_and(|promised_on| promised_on <= effective_on) {
        return None;
    }
    let promised = promised_on.map_or_else(|| "none recorded".to_owned(), |on| on.to_string());
    Some(Breach::new(
        Rule::NotBeforeSignature,
        subject,
        &[(name, &promised), ("effective_on", &effective_on)],
    ))
}

/// R12: a payment after the last day as it is now.
pub(crate) fn not_after_end(
    agreement: &Agreement,
    subject: &str,
    effective_on: Date,
) -> Option<Breach> {
    let ends_on = agreement
        .ends_on()
        .filter(|&ends_on| ends_on < effective_on)?;
    Some(Breach::new(
        Rule::NotAfterEnd,
        subject,
        &[("ends_on", &ends_on), ("effective_on", &effective_on)],
    ))
}

/// R19: a payment on a day on which the agreement is suspended.
pub(crate) fn not_while_suspended(
    agreement: &Agreement,
    subject: &str,
    effective_on: Date,
) -> Option<Breach> {
    if agreement.status_as_of(effective_on) != Status::Suspended {
        return None;
    }
    let suspensions = agreement.milestones().iter();
    let since = suspensions
        .filter(|milestone| milestone.turn == Turn::Suspended && milestone.on <= effective_on)
        .map(|milestone| milestone.on)
        .next_back()?;
    Some(Breach::new(
        Rule::NotWhileSuspended,
        subject,
        &[("suspended_on", &since), ("effective_on", &effective_on)],
    ))
}

/// How many earlier entries the flag of a back-dated fact names; the others are counted.
const NAMED_ENTRIES: usize = 16;

/// R19 for a suspension that is recorded after payments of its time: they are its subjects.
pub(crate) fn paid_while_suspended(
    agreement: &Agreement,
    subject: &str,
    suspended_on: Date,
) -> Option<Breach> {
    let payments: Vec<EventId> = agreement.payments_suspended_from(suspended_on).collect();
    already_paid(subject, ("suspended_on", suspended_on), &payments)
}

/// R19 for an end that is recorded after later payments: they are its subjects. What was paid on its day, and is recorded
/// before it, was paid before it.
pub(crate) fn paid_after(
    agreement: &Agreement,
    subject: &str,
    (turn, on): (Turn, Date),
) -> Option<Breach> {
    let name = match turn {
        Turn::Terminated => "terminated_on",
        Turn::Cancelled => "cancelled_on",
        Turn::Closed => "closed_on",
        // Payments go on after an operational end.
        Turn::Suspended | Turn::Resumed | Turn::Ended => return None,
    };
    let later = |entry: &Entry| on < entry.effective_on && entry.is_standing_payment();
    let payments = agreement.entries().filter(|(_, entry)| later(entry));
    let payments: Vec<EventId> = payments.map(|(event_id, _)| event_id).collect();
    already_paid(subject, (name, on), &payments)
}

fn already_paid(
    subject: &str,
    (name, since): (&str, Date),
    payments: &[EventId],
) -> Option<Breach> {
    if payments.is_empty() {
        return None;
    }
    let (count, named) = (payments.len(), payments.iter().take(NAMED_ENTRIES));
    let mut figures: Vec<(&str, &dyn std::fmt::Display)> =
        vec![(name, &since), ("payments", &count)];
    figures.extend(named.map(|event_id| {
        let event_id: &dyn std::fmt::Display = event_id;
        ("payment", event_id)
    }));
    Some(Breach::new(Rule::NotWhileSuspended, subject, &figures))
}

/// R20: a payment draws on a tranche of which a condition is neither met nor waived; the first such tranche.
pub(crate) fn conditions_met(
    agreement: &Agreement,
    subject: &str,
    effective_on: Date,
    draws: &[TrancheDraw],
) -> Option<Breach> {
    draws.iter().find_map(|draw| {
        let tranche = agreement.tranche(&draw.tranche_id)?;
        let unmet: Vec<&str> = tranche
            .unmet_on(effective_on)
            .map(crate::ids::ConditionId::as_str)
            .collect();
        if unmet.is_empty() {
            return None;
        }
        let attempted = sum_text(draw.minor_units, agreement.currency());
        Some(Breach::new(
            Rule::ConditionsMet,
            format!("{subject}/{}", draw.tranche_id),
            &[
                ("unmet", &unmet.join(" ")),
                ("attempted", &attempted),
                ("effective_on", &effective_on),
            ],
        ))
    })
}

/// R26: what arrived of a disbursement, by this receipt and those before it, is not what was sent.
pub(crate) fn receipt_matches_sent(
    agreement: &Agreement,
    subject: &str,
    (sent, received): (i128, i128),
    tolerance: Tolerance,
) -> Option<Breach> {
    let allowed = tolerance.limit(sent).saturating_sub(sent);
    let difference = received.saturating_sub(sent);
    if difference.saturating_abs() <= allowed {
        return None;
    }
    let text = |minor_units| sum_text(minor_units, agreement.currency());
    Some(Breach::new(
        Rule::ReceiptMatchesSent,
        subject,
        &[
            ("sent", &text(sent)),
            ("received", &text(received)),
            ("difference", &text(difference)),
        ],
    ))
}
