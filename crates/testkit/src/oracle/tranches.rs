//! Tranches and their conditions as events tell them.

use std::collections::BTreeMap;

use perennial_domain::Date;
use perennial_domain::agreement::{AgreementEvent, Condition};
use perennial_domain::ids::{ConditionId, TrancheId};
use perennial_domain::log::EventId;
use perennial_domain::period::Period;

use super::deal::Deal;
use super::item::{Item, What};

/// A scheduled portion now.
#[derive(Clone, Debug)]
pub(super) struct Tranche {
    pub(super) id: TrancheId,
    pub(super) due_on: Date,
    pub(super) period: Period,
    pub(super) scheduled: i128,
    pub(super) open: i128,
    pub(super) conditions: Vec<Condition>,
}

impl Deal {
    /// The standing events about a tranche, in order.
    pub(super) fn about_tranche(&self, tranche_id: &TrancheId) -> Vec<EventId> {
        let about = |event: &AgreementEvent| match event {
            AgreementEvent::TrancheScheduled { tranche_id: id, .. }
            | AgreementEvent::TrancheCancelled { tranche_id: id, .. } => id == tranche_id,
            AgreementEvent::TrancheRescheduled(moved) => moved.tranche_id == *tranche_id,
            AgreementEvent::TrancheConditionMet(entry)
            | AgreementEvent::TrancheConditionWaived(entry) => entry.tranche_id == *tranche_id,
            AgreementEvent::DisbursementMade { draws, .. }
            | AgreementEvent::ReceiptConfirmed { draws, .. } => {
                draws.iter().any(|draw| draw.tranche_id == *tranche_id)
            }
            _ => false,
        };
        let standing = self.standing().into_iter();
        let found = standing.filter(|(_, event)| about(event));
        found.map(|(recorded, _)| recorded.event_id).collect()
    }

    /// The conditions of a tranche that are neither met nor waived by a day, or at all.
    pub(super) fn unmet(&self, tranche_id: &TrancheId, on: Option<Date>) -> Vec<Condition> {
        let tranches = self.tranches().into_iter();
        let tranche = tranches.filter(|known| known.id == *tranche_id).last();
        let settled: Vec<&ConditionId> = self
            .standing()
            .into_iter()
            .filter(|(recorded, _)| on.is_none_or(|on| recorded.event.effective_on <= on))
            .filter_map(|(_, event)| match event {
                AgreementEvent::TrancheConditionMet(entry)
                | AgreementEvent::TrancheConditionWaived(entry) => Some(entry),
                _ => None,
            })
            .filter(|entry| entry.tranche_id == *tranche_id)
            .map(|entry| &entry.condition_id)
            .collect();
        let mut conditions = tranche
            .map(|tranche| tranche.conditions)
            .unwrap_or_default();
        conditions.retain(|condition| !settled.contains(&&condition.condition_id));
        conditions
    }

    /// Every tranche whose scheduling stands, the first due first.
    pub(super) fn tranches(&self) -> Vec<Tranche> {
        let mut tranches: BTreeMap<TrancheId, Tranche> = BTreeMap::new();
        for (_, event) in self.standing() {
            match event {
                AgreementEvent::TrancheScheduled {
                    tranche_id,
                    amount,
                    due_on,
                    period,
                    conditions,
                } => {
                    let tranche = Tranche {
                        conditions: conditions.clone(),
                        id: tranche_id.clone(),
                        due_on: *due_on,
                        period: *period,
                        scheduled: amount.minor_units(),
                        open: 0,
                    };
                    tranches.insert(tranche_id.clone(), tranche);
                }
                AgreementEvent::TrancheRescheduled(moved) => {
                    if let Some(tranche) = tranches.get_mut(&moved.tranche_id) {
                        tranche.due_on = moved.new_due_on;
                        tranche.period = moved.period;
                    }
                }
                _ => {}
            }
        }
        let mut tranches: Vec<Tranche> = tranches.into_values().collect();
        for tranche in &mut tranches {
            let scheduled = |item: &&Item| {
                item.what == What::Scheduled && item.tranche.as_ref() == Some(&tranche.id)
            };
            tranche.open = self
                .items
                .iter()
                .filter(scheduled)
                .map(|item| item.amount)
                .sum();
        }
        tranches.sort_by(|a, b| (a.due_on, &a.id).cmp(&(b.due_on, &b.id)));
        tranches
    }
}
