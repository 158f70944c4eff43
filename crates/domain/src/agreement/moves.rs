//! What few agreements have, kept apart so that the others cost nothing: revised terms and classification, what counts
//! against limits on reallocations, allocations, transfers and links.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::agreement::coded::CodedLeg;
use crate::agreement::{
    Agreement, Allocation, Conditionality, FurtherTerms, LineSplits, OnwardGrant,
    ReallocationPolicy, RevisableTerm, TermsRevision, Transfer, TransferDirection,
};
use crate::book::Impossible;
use crate::ids::{AgreementId, AllocationId, TransferId};
use crate::log::EventId;
use crate::series::Series;

/// The part of an agreement's state that is absent until something of it happens.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Moves {
    /// Standing revisions of terms, in order of recording.
    pub(crate) revisions: Vec<(EventId, Date, TermsRevision)>,
    /// What standing reallocations moved, by heading, in minor units; none is 0.
    pub(crate) counted: BTreeMap<Arc<str>, i128>,
    /// What standing reallocations moved between purposes and places, in order of recording.
    pub(crate) coded: Vec<(EventId, Date, Vec<CodedLeg>)>,
    /// Allocations of parked money, those that are all released included.
    pub(crate) allocations: BTreeMap<AllocationId, AllocationState>,
    /// What is allocated, by line.
    pub(crate) allocated: BTreeMap<usize, Series<i128>>,
    /// Halves of standing transfers, in order of recording: the other agreement and which half this one is.
    pub(crate) transfers: Vec<(EventId, TransferId, (AgreementId, TransferDirection))>,
    /// Standing links with the agreements that the money comes from, in order of recording.
    pub(crate) onward: Vec<(EventId, Date, OnwardGrant)>,
    /// What lines were reclassified to, with their place and day, in order of recording.
    pub(crate) reclassified: Vec<(usize, Date, LineSplits)>,
}

/// What is known of one allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllocationState {
    pub(crate) made: Allocation,
    /// What is allocated by it now, in minor units.
    pub(crate) open: i128,
    /// Standing events about it, oldest first.
    pub(crate) touched_by: Vec<EventId>,
}

impl AllocationState {
    /// As it was made.
    pub fn made(&self) -> &Allocation {
        &self.made
    }

    /// What is allocated by it now, in minor units: releases are taken out.
    pub fn open(&self) -> i128 {
        self.open
    }
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

    /// Adds to what is allocated of a line and by an allocation.
    pub(crate) fn allocate(
        &mut self,
        on: Date,
        (line, allocation_id): (usize, &AllocationId),
        minor_units: i128,
    ) {
        self.allocated.entry(line).or_default().add(on, minor_units);
        if let Some(known) = self.allocations.get_mut(allocation_id) {
            known.open = known.open.saturating_add(minor_units);
        }
    }

    /// Takes a new allocation up; its amount is already added to its line.
    pub(crate) fn made(&mut self, event_id: EventId, allocation: &Allocation) {
        let state = AllocationState {
            made: allocation.clone(),
            open: allocation.amount.minor_units(),
            touched_by: vec![event_id],
        };
        self.allocations
            .insert(allocation.allocation_id.clone(), state);
    }

    pub(crate) fn released(
        &mut self,
        event_id: EventId,
        allocation_id: &AllocationId,
    ) -> Result<(), Impossible> {
        let known = self.allocations.get_mut(allocation_id);
        let known = known.ok_or(Impossible::UnknownAllocation)?;
        known.touched_by.push(event_id);
        Ok(())
    }

    pub(crate) fn transferred(&mut self, event_id: EventId, transfer: &Transfer) {
        let other = (transfer.other_agreement_id.clone(), transfer.direction);
        self.transfers
            .push((event_id, transfer.transfer_id.clone(), other));
    }

    /// Takes a reversed event out.
    pub(crate) fn untouch(&mut self, target: EventId) {
        self.revisions
            .retain(|(event_id, _, _)| *event_id != target);
        self.transfers
            .retain(|(event_id, _, _)| *event_id != target);
        self.onward.retain(|(event_id, _, _)| *event_id != target);
        self.coded.retain(|(event_id, _, _)| *event_id != target);
        for state in self.allocations.values_mut() {
            state.touched_by.retain(|&event_id| event_id != target);
        }
        // One whose making is reversed is gone.
        self.allocations
            .retain(|_, state| !state.touched_by.is_empty());
    }
}

impl Agreement {
    /// The further terms as they stood at the end of a day, as far as it is recorded.
    pub fn further_as_of(&self, effective_as_of: Date) -> FurtherTerms {
        let signed = self.further.as_deref().cloned();
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
        let signed = self.further.as_deref();
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

    /// An allocation, released or not.
    pub fn allocation(&self, allocation_id: &AllocationId) -> Option<&AllocationState> {
        self.moves.as_deref()?.allocations.get(allocation_id)
    }

    /// What is allocated of a line, by day.
    pub(crate) fn allocated(&self, line: usize) -> Option<&Series<i128>> {
        self.moves.as_deref()?.allocated.get(&line)
    }

    /// Whether a standing transfer has this id.
    pub(crate) fn has_transfer(&self, transfer_id: &TransferId) -> bool {
        let moves = self.moves.as_deref();
        moves.is_some_and(|moves| {
            let mut transfers = moves.transfers.iter();
            transfers.any(|(_, known, _)| known == transfer_id)
        })
    }

    /// The other half of a standing transfer, by the event of this agreement's half.
    pub(crate) fn other_half(&self, event_id: EventId) -> Option<(AgreementId, EventId)> {
        let transfers = &self.moves.as_deref()?.transfers;
        let (_, _, (other, direction)) = transfers.iter().find(|(own, _, _)| *own == event_id)?;
        let index = match direction {
            TransferDirection::Out => event_id.index.checked_add(1)?,
            TransferDirection::In => event_id.index.checked_sub(1)?,
        };
        Some((other.clone(), EventId { index, ..event_id }))
    }

    /// Standing links with the agreements that its money comes from, in order of recording.
    pub fn onward_links(&self) -> impl Iterator<Item = (EventId, Date, &OnwardGrant)> {
        let moves = self.moves.as_deref();
        moves
            .into_iter()
            .flat_map(|moves| &moves.onward)
            .map(|(event_id, on, link)| (*event_id, *on, link))
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
