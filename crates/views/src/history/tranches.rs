use perennial_domain::Date;
use perennial_domain::agreement::{AgreementEvent, Condition, TrancheDraw};
use perennial_domain::event::Fact;
use perennial_domain::ids::{ConditionId, TrancheId};
use perennial_domain::log::{EventId, Position};
use perennial_domain::period::Period;

use crate::history::EntityHistory;

/// A tranche at (P, E), as its facts tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrancheAt<'a> {
    /// Its id.
    pub tranche_id: &'a TrancheId,
    /// What was scheduled, in minor units.
    pub scheduled: i128,
    /// What is neither paid nor given up of it, in minor units.
    pub open: i128,
    /// The day it is due now.
    pub due_on: Date,
    /// The period it is for now.
    pub period: Period,
    /// The conditions that are neither met nor waived, in the order in which they were given.
    pub outstanding: Vec<&'a Condition>,
}

impl TrancheAt<'_> {
    fn settle(&mut self, condition_id: &ConditionId) {
        self.outstanding
            .retain(|condition| condition.condition_id != *condition_id);
    }
}

impl EntityHistory {
    /// The tranches of an agreement as known at `at` and true at `effective`, in order of scheduling.
    pub fn tranches_at(&self, at: Position, effective: Option<Date>) -> Vec<TrancheAt<'_>> {
        let mut tranches: Vec<TrancheAt<'_>> = Vec::new();
        for recorded in self.standing(at, effective) {
            let in_force = effective.is_none_or(|cut| recorded.event.effective_on <= cut);
            let (true, Fact::Agreement(event)) = (in_force, &recorded.event.fact) else {
                continue;
            };
            take_up(&mut tranches, event);
        }
        tranches
    }
}

impl EntityHistory {
    /// The disbursements that drew on tranches, as known at `at` and true at `effective`, in order of recording, each
    /// with its draws; reversed ones are left out.
    pub fn drawing_payments_at(
        &self,
        at: Position,
        effective: Option<Date>,
    ) -> impl Iterator<Item = (EventId, &[TrancheDraw])> {
        self.standing(at, effective)
            .filter(move |recorded| effective.is_none_or(|cut| recorded.event.effective_on <= cut))
            .filter_map(|recorded| {
                let Fact::Agreement(AgreementEvent::DisbursementMade { draws, .. }) =
                    &recorded.event.fact
                else {
                    return None;
                };
                Some((recorded.event_id, draws.as_slice()))
            })
    }
}

/// A payment or receipt that drew on tranches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawing<'a> {
    /// Its event.
    pub event_id: EventId,
    /// All of it, in minor units of its agreement's currency; above 0.
    pub minor_units: i128,
    /// What it drew; at most all of it.
    pub draws: &'a [TrancheDraw],
}

impl EntityHistory {
    /// The payments and receipts that drew on tranches, as known at `at` and true at `effective`, in order of recording;
    /// reversed ones are left out.
    pub fn drawings_at(
        &self,
        at: Position,
        effective: Option<Date>,
    ) -> impl Iterator<Item = Drawing<'_>> {
        self.standing(at, effective)
            .filter(move |recorded| effective.is_none_or(|cut| recorded.event.effective_on <= cut))
            .filter_map(|recorded| {
                let Fact::Agreement(
                    AgreementEvent::DisbursementMade { cash, draws }
                    | AgreementEvent::ReceiptConfirmed { cash, draws, .. },
                ) = &recorded.event.fact
                else {
                    return None;
                };
                Some(Drawing {
                    event_id: recorded.event_id,
                    minor_units: cash.amount.minor_units(),
                    draws,
                })
            })
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other kind of event leaves tranches as they are"
)]
fn take_up<'a>(tranches: &mut Vec<TrancheAt<'a>>, event: &'a AgreementEvent) {
    match event {
        AgreementEvent::TrancheScheduled {
            tranche_id,
            amount,
            due_on,
            period,
            conditions,
        } => tranches.push(TrancheAt {
            tranche_id,
            scheduled: amount.minor_units(),
            open: amount.minor_units(),
            due_on: *due_on,
            period: *period,
            outstanding: conditions.iter().collect(),
        }),
        AgreementEvent::TrancheRescheduled(moved) => {
            of(tranches, &moved.tranche_id, |tranche| {
                tranche.due_on = moved.new_due_on;
                tranche.period = moved.period;
            });
        }
        AgreementEvent::TrancheCancelled {
            tranche_id, open, ..
        } => of(tranches, tranche_id, |tranche| {
            tranche.open -= open.minor_units();
        }),
        AgreementEvent::TrancheConditionMet(entry)
        | AgreementEvent::TrancheConditionWaived(entry) => {
            of(tranches, &entry.tranche_id, |tranche| {
                tranche.settle(&entry.condition_id);
            });
        }
        AgreementEvent::DisbursementMade { draws, .. }
        | AgreementEvent::ReceiptConfirmed { draws, .. } => drawn(tranches, draws),
        _ => {}
    }
}

fn drawn(tranches: &mut [TrancheAt<'_>], draws: &[TrancheDraw]) {
    for draw in draws {
        of(tranches, &draw.tranche_id, |tranche| {
            tranche.open -= draw.minor_units;
        });
    }
}

/// Changes the tranche of an id: the last scheduled one, where an earlier one was taken out.
fn of<'a>(
    tranches: &mut [TrancheAt<'a>],
    tranche_id: &TrancheId,
    change: impl FnOnce(&mut TrancheAt<'a>),
) {
    let mut known = tranches.iter_mut();
    if let Some(tranche) = known.rfind(|tranche| tranche.tranche_id == tranche_id) {
        change(tranche);
    }
}
