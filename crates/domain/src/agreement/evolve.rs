//! The fold: what each recorded event changes. No rule is checked here; what happened, happened.

use jiff::civil::Date;

use crate::agreement::entries::Entries;
use crate::agreement::parties::Parties;
use crate::agreement::schedule::TrancheState;
use crate::agreement::state::{Claim, Effect, Entry, EntryKind, Life, LineState};
use crate::agreement::status::Milestone;
use crate::agreement::{
    Agreement, AgreementEvent, CarryingValue, ConditionEntry, Line, Rescheduling, SignedTerms,
    Terms, TrancheDraw, TransferDirection, Turn,
};
use crate::book::Impossible;
use crate::log::{EventId, Revision};
use crate::packed::{Encoder, Names, Sorted, Stored as _};
use crate::party::OrgRef;
use crate::series::Series;

impl Agreement {
    /// The agreement as its signature, the first event of its stream, makes it.
    pub(crate) fn signed(
        event_id: EventId,
        effective_on: Date,
        terms: &Terms,
    ) -> Result<Self, Impossible> {
        let mut names = Names::default();
        let mut agreement = Self {
            terms: SignedTerms {
                perspective: terms.perspective,
                signed_on: terms.signed_on,
                starts_on: terms.starts_on,
                ends_on: terms.ends_on,
                currency: terms.currency,
                conditionality: terms.conditionality,
            },
            ends_on: terms.ends_on,
            revision: Revision(1),
            provider: names.number(terms.provider.key()),
            recipient: names.number(terms.recipient.key()),
            names,
            packed: Box::default(),
            further: terms.further.clone(),
            lines: Vec::with_capacity(terms.lines.len()),
            balances: Series::default(),
            parties: Parties::default(),
            schedule: None,
            committed_on: Sorted::default(),
            entries: Entries::default(),
            moves: None,
            life: None,
        };
        for line in &terms.lines {
            agreement.add_line(line)?;
        }
        let effects = Self::signed_effects(terms);
        if terms.lines.iter().any(|line| line.amount.is_positive()) {
            agreement.count_commitment(effective_on, true);
        }
        agreement.post(effective_on, &effects)?;
        // What it changed is in the lines, and it cannot be reversed.
        let entry = Entry::new(effective_on, EntryKind::Fixed, Vec::new());
        let names = &mut agreement.names;
        agreement.entries.push(names, event_id, &entry);
        Ok(agreement)
    }

    /// Folds one later event, with what its money is carried at.
    pub(crate) fn evolve(
        &mut self,
        event_id: EventId,
        effective_on: Date,
        event: &AgreementEvent,
        carrying: &[CarryingValue],
    ) -> Result<(), Impossible> {
        if let AgreementEvent::EntryReversed { target, .. }
        | AgreementEvent::EntryReplaced { target } = event
        {
            self.reverse(event_id, effective_on, *target)?;
        } else {
            let mut effects = self.effects(event)?;
            effects.extend(self.carrying_effects(event, carrying)?);
            self.post(effective_on, &effects)?;
            let entry = Entry {
                payment_id: event.payment_id().cloned(),
                ..Entry::new(effective_on, event.entry_kind(), effects)
            };
            self.entries.push(&mut self.names, event_id, &entry);
            self.note(event_id, effective_on, event)?;
        }
        self.revision = Revision(self.revision.0.saturating_add(1));
        Ok(())
    }

    /// Adds effects to the amounts, all on one day.
    fn post(&mut self, on: Date, effects: &[Effect]) -> Result<(), Impossible> {
        self.count_parties(on, effects);
        for effect in effects {
            match effect {
                Effect::Amount {
                    line,
                    measure,
                    minor_units,
                    party: _,
                } => {
                    let change = super::Balance::of(*measure, *minor_units);
                    let line = self.lines.get_mut(*line).ok_or(Impossible::UnknownLine)?;
                    line.balances.add(on, change);
                    self.balances.add(on, change);
                }
                // It follows from the entries.
                Effect::Share { line, .. } | Effect::Worth { line, .. } => {
                    self.lines.get(*line).ok_or(Impossible::UnknownLine)?;
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
                    self.change_tranche(tranche_id, |tranche| {
                        tranche.open = tranche.open.saturating_add(*minor_units);
                    });
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

    /// Takes up what an event says beyond amounts.
    fn note(
        &mut self,
        event_id: EventId,
        effective_on: Date,
        event: &AgreementEvent,
    ) -> Result<(), Impossible> {
        match event {
            AgreementEvent::LineOpened { line } => {
                // Its money comes later, and so does what that is for.
                let mut line = line.clone();
                line.year_shares = Vec::new();
                self.add_line(&line)?;
            }
            AgreementEvent::CommitmentIncreased { .. } => self.count_commitment(effective_on, true),
            AgreementEvent::PeriodExtended { new_ends_on, .. }
            | AgreementEvent::PeriodShortened { new_ends_on, .. } => {
                self.ends_on = Some(*new_ends_on);
            }
            AgreementEvent::TrancheScheduled { .. } => self.schedule(event_id, event),
            AgreementEvent::TrancheRescheduled(moved) => self.reschedule(event_id, moved)?,
            AgreementEvent::TrancheCancelled { tranche_id, .. } => {
                self.touch_tranche(event_id, tranche_id)?;
            }
            AgreementEvent::ForecastReplaced { entries, .. } => {
                let schedule = self.schedule.get_or_insert_default();
                schedule.forecasts.push((event_id, entries.clone()));
            }
            AgreementEvent::DisbursementMade { draws, .. }
            | AgreementEvent::ReceiptConfirmed { draws, .. } => {
                self.touch_drawn(event_id, draws)?;
            }
            AgreementEvent::FundsReallocated(_)
            | AgreementEvent::AllocationMade(_)
            | AgreementEvent::AllocationReleased(_)
            | AgreementEvent::FundsTransferred(_)
            | AgreementEvent::OnwardGrantLinked(_)
            | AgreementEvent::SplitsReclassified { .. }
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
            self.touch_tranche(event_id, &draw.tranche_id)?;
        }
        Ok(())
    }

    /// Takes up reallocations, allocations, transfers, links and changes of terms and classification.
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
            AgreementEvent::FundsReallocated(moved) => {
                self.note_coded((event_id, effective_on), moved)?;
            }
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
            AgreementEvent::SplitsReclassified {
                line_id, splits, ..
            } => {
                let line = self.place_of(line_id).ok_or(Impossible::UnknownLine)?;
                let reclassified = &mut self.moves_mut().reclassified;
                reclassified.push((line, effective_on, splits.clone()));
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
            self.add_tranche(event_id, tranche_id, &tranche);
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

    /// Takes a reversed event out of what turned the agreement.
    fn forget_life(&mut self, target: EventId) {
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
        let tranche_id = &entry.tranche_id;
        self.touch_tranche(event_id, tranche_id)?;
        let mut settled = Err(Impossible::UnknownCondition);
        self.change_tranche(tranche_id, |tranche| {
            let mut conditions = tranche.conditions.iter_mut();
            let condition =
                conditions.find(|condition| condition.condition_id == entry.condition_id);
            settled = match condition {
                None => Err(Impossible::UnknownCondition),
                Some(condition) if condition.settled.is_some() => Err(Impossible::SettledTwice),
                Some(condition) => {
                    condition.settled = Some((event_id, on));
                    Ok(())
                }
            };
        });
        settled
    }

    fn reschedule(&mut self, event_id: EventId, moved: &Rescheduling) -> Result<(), Impossible> {
        self.touch_tranche(event_id, &moved.tranche_id)?;
        let due = (event_id, moved.new_due_on, moved.period);
        self.change_tranche(&moved.tranche_id, |tranche| tranche.dues.push(due));
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
        let entry = self.entries.cancel(&self.names, target, event_id)?;
        let committed = matches!(entry.kind, EntryKind::Commitment | EntryKind::Transfer)
            && entry.effects.iter().any(
                |effect| matches!(effect, Effect::Amount { minor_units, .. } if 0 < *minor_units),
            );
        if committed {
            self.count_commitment(entry.effective_on, false);
        }
        if let Some(moves) = &mut self.moves {
            moves.untouch(target);
        }
        self.untouch_schedule(target);
        self.forget_life(target);
        let reversal = Entry::new(effective_on, EntryKind::Reversal, effects);
        self.entries.push(&mut self.names, event_id, &reversal);
        Ok(())
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

    fn add_line(&mut self, line: &Line) -> Result<(), Impossible> {
        let name = self.names.number(line.line_id.as_str());
        if self.lines.iter().any(|known| known.name == name) {
            return Err(Impossible::LineTwice);
        }
        let counterparty = line.counterparty.as_ref().map(OrgRef::key);
        self.lines.push(LineState {
            name,
            counterparty: counterparty.map_or(0, |party| self.names.number(party)),
            balances: Series::default(),
        });
        let packed = std::mem::take(&mut self.packed).into_vec();
        let mut out = Encoder::beside(packed, std::mem::take(&mut self.names));
        line.put(&mut out);
        let (packed, names) = out.into_parts();
        (self.packed, self.names) = (packed.into(), names);
        Ok(())
    }
}
