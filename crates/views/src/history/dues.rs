//! Where schedules owe. A posting stays in the month that its event stored, for ever; what a tranche owes is due when the
//! tranche is due at (P, E). The two differ where the event did not know what counts now: a rescheduling, a payment that
//! was reversed after it; a payment, a rescheduling of a later day (ADR-0015).

use std::collections::BTreeMap;

use perennial_domain::Date;
use perennial_domain::agreement::{AgreementEvent, TrancheDraw};
use perennial_domain::event::{Event, Fact};
use perennial_domain::ids::TrancheId;
use perennial_domain::log::{EventId, Position, Recorded};

use crate::history::EntityHistory;

/// A part of what postings schedule for a day that is to be read on another one: added where it is due at (P, E), above
/// 0 or below, and the same amount taken away elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueElsewhere {
    /// The event that stored another day.
    pub event_id: EventId,
    /// When that is true in the world.
    pub effective_on: Date,
    /// The day of this part.
    pub due_on: Date,
    /// What it changes on that day, in minor units; never 0. Those of one event sum to 0.
    pub minor_units: i128,
}

/// A tranche on the way through its agreement's facts.
#[derive(Debug)]
struct Walked<'a> {
    tranche_id: &'a TrancheId,
    open: i128,
    due_on: Date,
}

/// Invariant: what the postings of the facts so far schedule and what was found sum, by day, to what is open.
#[derive(Debug, Default)]
struct Walk<'a> {
    tranches: Vec<Walked<'a>>,
    found: Vec<DueElsewhere>,
}

impl EntityHistory {
    /// What postings schedule for other days than [`EntityHistory::tranches_at`] says, in order of recording: with it,
    /// `by-year` owes in the same months as `cash-forecast`. Only agreements with a rescheduled tranche have any.
    ///
    /// Payments from before their due days were stored stay in the tranche's period.
    pub fn due_elsewhere(&self, at: Position, effective: Option<Date>) -> Vec<DueElsewhere> {
        let mut walk = Walk::default();
        for recorded in self.standing(at, effective) {
            if effective.is_none_or(|cut| recorded.event.effective_on <= cut)
                && let Fact::Agreement(event) = &recorded.event.fact
            {
                walk.take_up(recorded, event);
            }
        }
        walk.found
    }
}

impl<'a> Walk<'a> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other kind of event leaves open where it is due"
    )]
    fn take_up(&mut self, recorded: &Recorded<Event>, event: &'a AgreementEvent) {
        match event {
            AgreementEvent::TrancheScheduled {
                tranche_id,
                amount,
                due_on,
                ..
            } => self.tranches.push(Walked {
                tranche_id,
                open: amount.minor_units(),
                due_on: *due_on,
            }),
            AgreementEvent::TrancheRescheduled(moved) => {
                let (stored, to) = (moved.open.minor_units(), moved.new_due_on);
                let Some(tranche) = self.tranche(&moved.tranche_id) else {
                    return;
                };
                let (open, from) = (tranche.open, tranche.due_on);
                tranche.due_on = to;
                let parts = [
                    (moved.previous_due_on, stored),
                    (from, -open),
                    (to, open - stored),
                ];
                self.find(recorded, parts);
            }
            AgreementEvent::TrancheCancelled {
                tranche_id,
                open,
                due_on,
                ..
            } => self.leave(recorded, tranche_id, (open.minor_units(), Some(*due_on))),
            AgreementEvent::DisbursementMade { draws, .. }
            | AgreementEvent::ReceiptConfirmed { draws, .. } => {
                for draw in draws {
                    let TrancheDraw {
                        minor_units,
                        due_on,
                        ..
                    } = *draw;
                    self.leave(recorded, &draw.tranche_id, (minor_units, due_on));
                }
            }
            _ => {}
        }
    }

    /// What is paid or given up leaves the day on which the tranche is due, not the stored one.
    fn leave(
        &mut self,
        recorded: &Recorded<Event>,
        tranche_id: &TrancheId,
        (minor_units, stored): (i128, Option<Date>),
    ) {
        let Some(tranche) = self.tranche(tranche_id) else {
            return;
        };
        tranche.open -= minor_units;
        let due_on = tranche.due_on;
        if let Some(stored) = stored {
            self.find(recorded, [(stored, minor_units), (due_on, -minor_units)]);
        }
    }

    fn find(&mut self, recorded: &Recorded<Event>, parts: impl IntoIterator<Item = (Date, i128)>) {
        let mut by_day: BTreeMap<Date, i128> = BTreeMap::new();
        for (day, minor_units) in parts {
            *by_day.entry(day).or_default() += minor_units;
        }
        by_day.retain(|_, minor_units| *minor_units != 0);
        let found = by_day
            .into_iter()
            .map(|(due_on, minor_units)| DueElsewhere {
                event_id: recorded.event_id,
                effective_on: recorded.event.effective_on,
                due_on,
                minor_units,
            });
        self.found.extend(found);
    }

    /// The tranche of an id: the last scheduled one, where an earlier one was taken out.
    fn tranche(&mut self, tranche_id: &TrancheId) -> Option<&mut Walked<'a>> {
        let mut known = self.tranches.iter_mut();
        known.rfind(|tranche| tranche.tranche_id == tranche_id)
    }
}
