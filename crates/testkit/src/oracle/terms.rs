//! What an agreement says beside parties, dates and money, and how its lines are classified: as of a day.

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementEvent, Allocation, Conditionality, FurtherTerms, LineSplits, RevisableTerm,
    TermsRevision,
};
use perennial_domain::ids::{AllocationId, LineId};
use perennial_domain::log::EventId;

use super::deal::Deal;

impl Deal {
    /// Standing revisions in the order in which they come into force.
    pub(super) fn revisions_on(&self, on: Option<Date>) -> Vec<&TermsRevision> {
        let standing = self.standing().into_iter();
        let mut revisions: Vec<(Date, EventId, &TermsRevision)> = standing
            .filter_map(|(recorded, event)| match event {
                AgreementEvent::TermsRevised(revision) => Some((
                    recorded.event.effective_on,
                    recorded.event_id,
                    revision.as_ref(),
                )),
                _ => None,
            })
            .filter(|(day, ..)| on.is_none_or(|on| *day <= on))
            .collect();
        revisions.sort_by_key(|&(day, event_id, _)| (day, event_id));
        revisions
            .into_iter()
            .map(|(.., revision)| revision)
            .collect()
    }

    /// The further terms on a day: what a revision says replaces, what it clears is not said any more.
    pub(super) fn further_on(&self, on: Option<Date>) -> FurtherTerms {
        let mut further = self.terms.further.as_deref().cloned().unwrap_or_default();
        for revision in self.revisions_on(on) {
            let said = &revision.further;
            let cleared = |term| revision.cleared.contains(&term);
            if said.reallocation_policy.is_some() || cleared(RevisableTerm::ReallocationPolicy) {
                further
                    .reallocation_policy
                    .clone_from(&said.reallocation_policy);
            }
            if said.earmarking.is_some() || cleared(RevisableTerm::Earmarking) {
                further.earmarking = said.earmarking;
            }
            if !said.flexibility.is_empty() || cleared(RevisableTerm::FlexibilityFeatures) {
                further.flexibility.clone_from(&said.flexibility);
            }
        }
        further
    }

    /// Whether the money is conditional on a day.
    pub(super) fn conditionality_on(&self, on: Option<Date>) -> Conditionality {
        let revisions = self.revisions_on(on).into_iter();
        let mut said = revisions.filter_map(|revision| revision.conditionality);
        said.next_back().unwrap_or(self.terms.conditionality)
    }

    /// How a line is classified on a day: as it was opened, until it was reclassified; of one day the last recorded.
    pub(super) fn splits_on(&self, line_id: &LineId, on: Date) -> LineSplits {
        let as_opened = self.line(line_id).map(|line| LineSplits {
            purposes: line.dims.purposes.clone(),
            places: line.dims.places.clone(),
            pillar: line.dims.pillar,
        });
        self.reclassified_on(line_id, Some(on))
            .or(as_opened)
            .unwrap_or_default()
    }

    /// The day since which a line is classified as on this day, if it was ever reclassified by then.
    pub(super) fn split_since(&self, line: &LineId, on: Date) -> Option<Date> {
        let facts = self.facts().filter_map(|(recorded, event)| match event {
            AgreementEvent::SplitsReclassified { line_id, .. } if line_id == line => {
                Some(recorded.event.effective_on)
            }
            _ => None,
        });
        facts.filter(|day| *day <= on).max()
    }

    /// The newest reclassification of a line that is in force on a day.
    pub(super) fn reclassified_on(&self, line: &LineId, on: Option<Date>) -> Option<LineSplits> {
        let facts = self.facts().filter_map(|(recorded, event)| match event {
            AgreementEvent::SplitsReclassified {
                line_id, splits, ..
            } if line_id == line => Some((recorded.event.effective_on, recorded.event_id, splits)),
            _ => None,
        });
        let in_force = facts.filter(|(day, ..)| on.is_none_or(|on| *day <= on));
        let newest = in_force.max_by_key(|(day, event_id, _)| (*day, *event_id));
        newest.map(|(.., splits)| splits.clone())
    }

    /// An allocation as it was made, and what is allocated by it now.
    pub(super) fn allocation(&self, id: &AllocationId) -> Option<(Allocation, i128)> {
        let mut made = None;
        let mut open = 0;
        for (_, event) in self.standing() {
            match event {
                AgreementEvent::AllocationMade(allocation) if allocation.allocation_id == *id => {
                    made = Some(allocation.as_ref().clone());
                    open = allocation.amount.minor_units();
                }
                AgreementEvent::AllocationReleased(release)
                    if release.allocation.allocation_id == *id =>
                {
                    open -= release.allocation.amount.minor_units();
                }
                _ => {}
            }
        }
        Some((made?, open))
    }
}
