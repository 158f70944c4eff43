//! What few agreements have, kept apart so that the others cost nothing: revised terms and what counts against limits
//! on reallocations.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::agreement::{
    Agreement, Conditionality, FurtherTerms, ReallocationPolicy, RevisableTerm, TermsRevision,
};
use crate::log::EventId;

/// The part of an agreement's state that is absent until something of it happens.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Moves {
    /// Standing revisions of terms, in order of recording.
    pub(crate) revisions: Vec<(EventId, Date, TermsRevision)>,
    /// What standing reallocations moved, by heading, in minor units; none is 0.
    pub(crate) counted: BTreeMap<Arc<str>, i128>,
}

impl Moves {
    /// Adds to what counts against a heading's limit.
    pub(crate) fn count(&mut self, heading: &Arc<str>, minor_units: i128) {
        let sum = self.counted.entry(Arc::clone(heading)).or_default();
        *sum = sum.saturating_add(minor_units);
        if *sum == 0 {
            self.counted.remove(heading);
        }
    }

    /// Takes a reversed event out.
    pub(crate) fn untouch(&mut self, target: EventId) {
        self.revisions
            .retain(|(event_id, _, _)| *event_id != target);
    }
}

impl Agreement {
    /// The further terms as they stood at the end of a day, as far as it is recorded.
    pub fn further_as_of(&self, effective_as_of: Date) -> FurtherTerms {
        let signed = self.terms.further.as_deref().cloned();
        let mut further = signed.unwrap_or_default();
        for revision in self.revisions_until(effective_as_of) {
            further.revise(revision);
        }
        further
    }

    /// Whether the money was conditional at the end of a day, as far as it is recorded.
    pub fn conditionality_as_of(&self, effective_as_of: Date) -> Conditionality {
        let revisions = self.revisions_until(effective_as_of);
        let newest = revisions
            .iter()
            .filter_map(|revision| revision.conditionality)
            .next_back();
        newest.unwrap_or(self.terms.conditionality)
    }

    /// The policy on reallocations in force at the end of a day.
    pub(crate) fn reallocation_policy_as_of(&self, on: Date) -> Option<&ReallocationPolicy> {
        let signed = self.terms.further.as_deref();
        let mut policy = signed.and_then(|further| further.reallocation_policy.as_ref());
        for revision in self.revisions_until(on) {
            if let Some(revised) = &revision.further.reallocation_policy {
                policy = Some(revised);
            } else if revision
                .cleared
                .contains(&RevisableTerm::ReallocationPolicy)
            {
                policy = None;
            }
        }
        policy
    }

    /// What counts against a heading's limit so far, in minor units.
    pub(crate) fn counted(&self, heading: &str) -> i128 {
        let moves = self.moves.as_deref();
        let counted = moves.and_then(|moves| moves.counted.get(heading));
        counted.copied().unwrap_or_default()
    }

    pub(crate) fn moves_mut(&mut self) -> &mut Moves {
        self.moves.get_or_insert_default()
    }

    /// Revisions up to a day, in the order in which they come into force.
    fn revisions_until(&self, on: Date) -> Vec<&TermsRevision> {
        let moves = self.moves.as_deref();
        let mut revisions: Vec<_> = moves
            .into_iter()
            .flat_map(|moves| &moves.revisions)
            .filter(|(_, effective_on, _)| *effective_on <= on)
            .collect();
        revisions.sort_by_key(|(event_id, effective_on, _)| (*effective_on, *event_id));
        revisions
            .into_iter()
            .map(|(_, _, revision)| revision)
            .collect()
    }
}
