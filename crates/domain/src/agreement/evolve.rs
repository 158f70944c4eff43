//! The fold: what each recorded event changes. No rule is checked here; what happened, happened.

use jiff::civil::Date;

use crate::agreement::entries::Entries;
use crate::agreement::state::{Claim, Effect, Entry, EntryKind, Life, LineState, TrancheState};
use crate::agreement::status::Milestone;
use crate::agreement::{
    Agreement, AgreementEvent, ConditionEntry, Rescheduling, Terms, TrancheDraw, TransferDirection,
    Turn,
};
use crate::book::Impossible;
use crate::ids::{LineId, TrancheId};
use crate::log::{EventId, Revision};
use crate::packed::Sorted;
use crate::series::Series;

impl Agreement {
    /// The agreement as its signature, the first event of its stream, makes it.
    pub(crate) fn signed(
        event_id: EventId,
        effective_on: Date,
        terms: &Terms,
    ) -> Result<Self, Impossible> {
        let mut agreement = Self {
            terms: terms.clone(),
            ends_on: terms.ends_on,
            revision: Revision(1),
            opened: Vec::new(),
            places: Sorted::default(),
            lines: Vec::new(),
            balances: Series::default(),
            parties: Sorted::default(),
            tranches: Sorted::default(),
            open_tranches: Sorted::default(),
            forecasts: Vec::new(),
            committed_on: Sorted::default(),
            reclassified: Vec::new(),
            entries: Entries::default(),
            moves: None,
            life: None,
        };
        for line in &terms.lines {
            agreement.add_line(&line.line_id)?;
        }
        // The lines' states have what the shares became since.
        for line in &mut agreement.terms.lines {
            line.year_shares = Vec::new();
        }
        let effects = Self::signed_effects(terms);
        if terms.lines.iter().any(|line| line.amount.is_positive()) {
            agreement.count_commitment(effective_on, true);
        }
        agreement.post(effective_on, &effects)?;
        let entry = Entry::new(effective_on, EntryKind::Fixed, effects);
        agreement.entries.push(event_id, &entry);
        Ok(agreement)
    }

    /// Folds one later event.
    pub(crate) fn evolve(
        &mut self,
        event_id: EventId,
        effective_on: Date,
        event: &AgreementEvent,
    ) -> Result<(), Impossible> {
        if let AgreementEvent::EntryReversed { target, .. }
        | AgreementEvent::EntryReplaced { target } = event
        {
            self.reverse(event_id, effective_on, *target)?;
        } else {
            let effects = self.effects(event)?;
            self.post(effective_on, &effects)?;
            let entry = Entry {
                payment_id: event.payment_id().cloned(),
                ..Entry::new(effective_on, event.entry_kind(), effects)
            };
            self.entries.push(event_id, &entry);
            self.note(event_id, effective_on, event)?;
        }
        self.revision = Revision(self.revision.0.saturating_add(1));
        Ok(())
    }

    /// Adds effects to the amounts, all on one day.
    fn post(&mut self, on: Date, effects: &[Effect]) -> Result<(), Impossible> {
        self.post_draws(on, effects);
        for effect in effects {
            match effect {
                Effect::Amount {
                    line,
                    measure,
                    party,
                    minor_units,
                } => {
                    let change = super::Balance::of(*measure, *minor_units);
                    let line = self.lines.get_mut(*line).ok_or(Impossible::UnknownLine)?;
                    line.balances.add(on, change);
                    self.balances.add(on, change);
                    if let Some(party) = party {
                        let key = (*measure, party.clone());
                        self.parties
                            .change(key, |series| series.add(on, *minor_units));
                    }
                }
                Effect::Share { line, share } => {
                    let line = self.lines.get_mut(*line).ok_or(Impossible::UnknownLine)?;
                    let key = (share.period, share.basis, share.firmness);
                    let known = line.shares.get(&key).copied().unwrap_or_default();
                    match known.saturating_add(share.minor_units) {
                        0 => line.shares.remove(&key),
                        sum => line.shares.insert(key, sum),
                    };
                }
                Effect::Tranche {
                    tranche_id,
                    minor_units,
                    ..
                } => {
                    let change = super::Balance {
                        scheduled: *minor_units,
                        ..super::Balance::default()
                    };
                    self.balances.add(on, change);
                    if let Some(tranche) = self.tranches.get_mut(tranche_id) {
                        tranche.open = tranche.open.saturating_add(*minor_units);
                    }
                    self.index_tranche(tranche_id);
                }
                Effect::Counted {
                    heading,
                    minor_units,
                } => self.moves_mut().count(heading, *minor_units),
                Effect::WrittenOff { minor_units } => {
                    self.life_mut().written_off.add(on, *minor_units);
                }
                Effect::Allocated {
                    line,
                    allocation_id,
                    minor_units,
                } => {
                    let moves = self.moves_mut();
                    moves.allocate(on, (*line, allocation_id), *minor_units);
                }
            }
        }
        Ok(())
    }

    fn life_mut(&mut self) -> &mut Life {
        self.life.get_or_insert_default()
    }

    /// A draw pays its tranche's period with the lines' parts of the payment, the first line first, as far as it goes.
    fn post_draws(&mut self, on: Date, effects: &[Effect]) {
        let paid = self.paid_measure();
        let draws = effects.iter().filter_map(|effect| match effect {
            Effect::Tranche {
                period,
                minor_units,
                ..
            } => Some((period.starts_on(), minor_units.saturating_neg())),
            Effect::Amount { .. }
            | Effect::Share { .. }
            | Effect::Allocated { .. }
            | Effect::Counted { .. }
            | Effect::WrittenOff { .. } => None,
        });
        let mut draws: Vec<(Date, i128)> = draws.collect();
        for effect in effects {
            let Effect::Amount {
                line,
                measure,
                minor_units,
                ..
            } = effect
            else {
                continue;
            };
            let Some(line) = self.lines.get_mut(*line).filter(|_| *measure == paid) else {
                continue;
            };
            let mut left = *minor_units;
            for (starts_on, drawn) in &mut draws {
                let part = if 0 <= left {
                    left.min(*drawn)
                } else {
                    left.max(*drawn)
                };
                line.drawn.add(*starts_on, part);
                line.drawn.add(on, part.saturating_neg());
                *drawn = drawn.saturating_sub(part);
                left = left.saturating_sub(part);
            }
        }
    }

    /// Takes up what an event says beyond amounts.
    fn note(
        &mut self,
        event_id: EventId,
        effective_on: Date,
        event: &AgreementEvent,
    ) -> Result<(), Impossible> {
        match event {
            AgreementEvent::LineOpened { line } => {
                self.add_line(&line.line_id)?;
                self.opened.push(line.clone());
            }
            AgreementEvent::CommitmentIncreased { .. } => self.count_commitment(effective_on, true),
            AgreementEvent::PeriodExtended { new_ends_on, .. }
            | AgreementEvent::PeriodShortened { new_ends_on, .. } => {
                self.ends_on = Some(*new_ends_on);
            }
            AgreementEvent::TrancheScheduled { .. } => self.schedule(event_id, event),
            AgreementEvent::TrancheRescheduled(moved) => self.reschedule(event_id, moved)?,
            AgreementEvent::TrancheCancelled { tranche_id, .. } => {
                self.touch(event_id, tranche_id)?;
            }
            AgreementEvent::ForecastReplaced { entries, .. } => {
                self.forecasts.push((event_id, entries.clone()));
            }
            AgreementEvent::SplitsReclassified {
                line_id, splits, ..
            } => {
                let line = *self.places.get(line_id).ok_or(Impossible::UnknownLine)?;
                self.reclassified.push((line, effective_on, splits.clone()));
            }
            AgreementEvent::DisbursementMade { draws, .. }
            | AgreementEvent::ReceiptConfirmed { draws, .. } => {
                self.touch_drawn(event_id, draws)?;
            }
            AgreementEvent::AllocationMade(_)
            | AgreementEvent::AllocationReleased(_)
            | AgreementEvent::FundsTransferred(_)
            | AgreementEvent::OnwardGrantLinked(_)
            | AgreementEvent::TermsRevised(_) => self.note_moves(event_id, effective_on, event)?,
            AgreementEvent::TrancheConditionMet(entry)
            | AgreementEvent::TrancheConditionWaived(entry) => {
                self.settle(event_id, effective_on, entry)?;
            }
            AgreementEvent::AgreementSigned(_)
            | AgreementEvent::AgreementDescribed(_)
            | AgreementEvent::CommitmentDecreased { .. }
            | AgreementEvent::ReimbursementMade { .. }
            | AgreementEvent::RefundMade { .. }
            | AgreementEvent::RefundReceived { .. }
            | AgreementEvent::ExpenditureReported { .. }
            | AgreementEvent::ExpenditureReduced { .. }
            | AgreementEvent::FundsReallocated(_)
            | AgreementEvent::FundsCarriedOver(_)
            | AgreementEvent::OtherFlowRecorded(_)
            | AgreementEvent::AgreementSuspended { .. }
            | AgreementEvent::AgreementResumed { .. }
            | AgreementEvent::AgreementTerminated(_)
            | AgreementEvent::AgreementCancelled { .. }
            | AgreementEvent::AgreementOperationallyEnded { .. }
            | AgreementEvent::AgreementFinanciallyClosed { .. }
            | AgreementEvent::ReceivableWrittenOff(_)
            | AgreementEvent::ReceivableRecovered(_)
            | AgreementEvent::TagSetReplaced(_)
            | AgreementEvent::PriorPeriodAdjusted(_)
            | AgreementEvent::EntryReversed { .. }
            | AgreementEvent::EntryReplaced { .. } => {}
        }
        self.note_life(event_id, effective_on, event);
        Ok(())
    }

    fn touch_drawn(&mut self, event_id: EventId, draws: &[TrancheDraw]) -> Result<(), Impossible> {
        for draw in draws {
            self.touch(event_id, &draw.tranche_id)?;
        }
        Ok(())
    }

    /// Takes up allocations, transfers, links and changes of terms.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`note` names every event and sends only these here"
    )]
    fn note_moves(
        &mut self,
        event_id: EventId,
        effective_on: Date,
        event: &AgreementEvent,
    ) -> Result<(), Impossible> {
        match event {
            AgreementEvent::AllocationMade(allocation) => {
                self.moves_mut().made(event_id, allocation);
            }
            AgreementEvent::AllocationReleased(release) => {
                let allocation_id = &release.allocation.allocation_id;
                self.moves_mut().released(event_id, allocation_id)?;
            }
            AgreementEvent::FundsTransferred(transfer) => {
                self.moves_mut().transferred(event_id, transfer);
                if transfer.direction == TransferDirection::In {
                    self.count_commitment(effective_on, true);
                }
            }
            AgreementEvent::OnwardGrantLinked(link) => {
                let linked = (event_id, effective_on, (**link).clone());
                self.moves_mut().onward.push(linked);
            }
            AgreementEvent::TermsRevised(revision) => {
                let revised = (event_id, effective_on, (**revision).clone());
                self.moves_mut().revisions.push(revised);
            }
            _ => {}
        }
        Ok(())
    }

    fn schedule(&mut self, event_id: EventId, event: &AgreementEvent) {
        if let AgreementEvent::TrancheScheduled {
            tranche_id,
            amount,
            due_on,
            period,
            conditions,
        } = event
        {
            let due = (*due_on, *period);
            let tranche = TrancheState::scheduled(event_id, *amount, due, conditions);
            self.tranches.insert(tranche_id.clone(), tranche);
            self.index_tranche(tranche_id);
        }
    }

    /// Takes up what turns the agreement, and what is kept with it.
    fn note_life(&mut self, event_id: EventId, on: Date, event: &AgreementEvent) {
        if let Some(turn) = Turn::of(event) {
            let milestone = Milestone { on, event_id, turn };
            let milestones = &mut self.life_mut().milestones;
            let at =
                milestones.partition_point(|other| (other.on, other.event_id) < (on, event_id));
            milestones.insert(at, milestone);
        }
        if let AgreementEvent::AgreementTerminated(termination) = event
            && let Some(recovery) = termination.recovery
        {
            let claim = Claim {
                event_id,
                minor_units: recovery.minor_units(),
                paid_then: self.balance().paid(self.perspective()),
            };
            self.life_mut().claims.push(claim);
        }
        if let AgreementEvent::ReceiptConfirmed {
            cash,
            disbursement_id: Some(disbursement_id),
            ..
        } = event
        {
            let confirmed = (event_id, disbursement_id.clone(), cash.amount.minor_units());
            self.life_mut().confirmed.push(confirmed);
        }
    }

    /// Takes a reversed event out of what turned the agreement, and its conditions back to what they were.
    fn forget_life(&mut self, target: EventId) {
        for tranche in self.tranches.values_mut() {
            for condition in &mut tranche.conditions {
                condition.settled.take_if(|(by, _)| *by == target);
            }
        }
        if let Some(life) = &mut self.life {
            life.milestones
                .retain(|milestone| milestone.event_id != target);
            life.claims.retain(|claim| claim.event_id != target);
            life.confirmed.retain(|&(event_id, ..)| event_id != target);
        }
    }

    fn settle(
        &mut self,
        event_id: EventId,
        on: Date,
        entry: &ConditionEntry,
    ) -> Result<(), Impossible> {
        let tranche = self.touch(event_id, &entry.tranche_id)?;
        let mut conditions = tranche.conditions.iter_mut();
        let condition = conditions
            .find(|condition| condition.condition_id == entry.condition_id)
            .ok_or(Impossible::UnknownCondition)?;
        if condition.settled.is_some() {
            return Err(Impossible::SettledTwice);
        }
        condition.settled = Some((event_id, on));
        Ok(())
    }

    fn reschedule(&mut self, event_id: EventId, moved: &Rescheduling) -> Result<(), Impossible> {
        let tranche = self.touch(event_id, &moved.tranche_id)?;
        let previous = tranche.due_on();
        let due = (event_id, moved.new_due_on, moved.period);
        tranche.dues.push(due);
        self.open_tranches
            .remove(&(previous, moved.tranche_id.clone()));
        self.index_tranche(&moved.tranche_id);
        Ok(())
    }

    fn reverse(
        &mut self,
        event_id: EventId,
        effective_on: Date,
        target: EventId,
    ) -> Result<(), Impossible> {
        let effects = self.reversal_effects(target)?;
        self.post(effective_on, &effects)?;
        let entry = self.entries.cancel(target, event_id)?;
        let committed = matches!(entry.kind, EntryKind::Commitment | EntryKind::Transfer)
            && entry.effects.iter().any(
                |effect| matches!(effect, Effect::Amount { minor_units, .. } if 0 < *minor_units),
            );
        if committed {
            self.count_commitment(entry.effective_on, false);
        }
        self.forecasts.retain(|&(event_id, _)| event_id != target);
        if let Some(moves) = &mut self.moves {
            moves.untouch(target);
        }
        self.untouch(target);
        self.forget_life(target);
        let reversal = Entry::new(effective_on, EntryKind::Reversal, effects);
        self.entries.push(event_id, &reversal);
        Ok(())
    }

    /// Takes a reversed event out of what is known of tranches. One whose scheduling is reversed is gone.
    fn untouch(&mut self, target: EventId) {
        let tranches = self.tranches.iter_mut();
        let Some((tranche_id, tranche)) = tranches
            .into_iter()
            .find(|(_, tranche)| tranche.touched_by.contains(&target))
        else {
            return;
        };
        let tranche_id = tranche_id.clone();
        let previous = tranche.due_on();
        tranche.touched_by.retain(|&event_id| event_id != target);
        tranche.dues.retain(|&(event_id, _, _)| event_id != target);
        self.open_tranches.remove(&(previous, tranche_id.clone()));
        if tranche.dues.is_empty() {
            self.tranches.remove(&tranche_id);
        }
        self.index_tranche(&tranche_id);
        // A payment may have drawn on several tranches.
        self.untouch(target);
    }

    fn touch(
        &mut self,
        event_id: EventId,
        tranche_id: &TrancheId,
    ) -> Result<&mut TrancheState, Impossible> {
        let tranche = self.tranches.get_mut(tranche_id);
        let tranche = tranche.ok_or(Impossible::UnknownTranche)?;
        if tranche.touched_by.last() != Some(&event_id) {
            tranche.touched_by.push(event_id);
        }
        Ok(tranche)
    }

    fn index_tranche(&mut self, tranche_id: &TrancheId) {
        let Some(tranche) = self.tranches.get(tranche_id) else {
            return;
        };
        let key = (tranche.due_on(), tranche_id.clone());
        if 0 < tranche.open {
            self.open_tranches.insert(key, ());
        } else {
            self.open_tranches.remove(&key);
        }
    }

    fn count_commitment(&mut self, on: Date, stands: bool) {
        let known = self.committed_on.get(&on).copied().unwrap_or_default();
        let count = if stands {
            known.saturating_add(1)
        } else {
            known.saturating_sub(1)
        };
        match count {
            0 => self.committed_on.remove(&on),
            count => self.committed_on.insert(on, count),
        };
    }

    fn add_line(&mut self, line_id: &LineId) -> Result<(), Impossible> {
        let at = self.lines.len();
        if self.places.insert(line_id.clone(), at).is_some() {
            return Err(Impossible::LineTwice);
        }
        self.lines.push(LineState::default());
        Ok(())
    }
}
