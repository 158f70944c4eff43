//! What stands on an entry, so that it is not cancelled before them.

use perennial_domain::agreement::AgreementEvent;
use perennial_domain::log::EventId;

use super::deal::Deal;
use super::{item, life};

impl Deal {
    /// Whether later entries stand on one: a plan after a plan, anything after something about the same tranche.
    pub(super) fn has_dependents(&self, target: EventId, event: &AgreementEvent) -> bool {
        match event {
            AgreementEvent::ForecastReplaced { .. } => {
                self.standing().into_iter().any(|(recorded, event)| {
                    let plan = matches!(event, AgreementEvent::ForecastReplaced { .. });
                    plan && target < recorded.event_id
                })
            }
            AgreementEvent::TrancheScheduled { tranche_id, .. }
            | AgreementEvent::TrancheCancelled { tranche_id, .. } => {
                self.about_tranche(tranche_id).last() != Some(&target)
            }
            AgreementEvent::TrancheRescheduled(moved) => {
                self.about_tranche(&moved.tranche_id).last() != Some(&target)
            }
            // What was paid after a condition stands on it.
            AgreementEvent::TrancheConditionMet(entry)
            | AgreementEvent::TrancheConditionWaived(entry) => {
                let about = self.about_tranche(&entry.tranche_id);
                self.standing().into_iter().any(|(recorded, event)| {
                    let later = target < recorded.event_id && about.contains(&recorded.event_id);
                    later && item::cash(event).is_some()
                })
            }
            AgreementEvent::ReceivableWrittenOff(entry) => {
                life::written_off(self) < entry.amount.minor_units()
                    && self.standing().into_iter().any(|(recorded, event)| {
                        let recovers = matches!(event, AgreementEvent::ReceivableRecovered(_));
                        recovers && target < recorded.event_id
                    })
            }
            AgreementEvent::AgreementSuspended { .. } | AgreementEvent::AgreementResumed { .. } => {
                self.has_later_turn(target)
            }
            AgreementEvent::AllocationMade(made) => {
                self.standing().into_iter().any(|(_, event)| match event {
                    AgreementEvent::AllocationReleased(release) => {
                        release.allocation.allocation_id == made.allocation_id
                    }
                    _ => false,
                })
            }
            _ => false,
        }
    }

    /// Whether a later suspension or resumption follows one of them by day; after the last resumption, a payment that it
    /// made possible.
    fn has_later_turn(&self, target: EventId) -> bool {
        let turns = life::turns(self);
        let own = turns.iter().find(|(_, event_id, _)| *event_id == target);
        let Some(&(on, _, to)) = own else {
            return false;
        };
        let is_later = turns.iter().any(|&(day, event_id, other)| {
            let alternates = matches!(other, None | Some(life::Stage::Suspended));
            alternates && (on, target) < (day, event_id)
        });
        let paid_after = life::payments(self).any(|(day, event_id)| target < event_id && on <= day);
        is_later || (to.is_none() && paid_after)
    }
}
