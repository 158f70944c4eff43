//! The fold: what each recorded event changes. No rule is checked here; what happened, happened.

use jiff::civil::Date;

use crate::agreement::state::{Effect, Entry, EntryKind, LineState, Measure, TrancheState};
use crate::agreement::{Agreement, AgreementEvent, CashEntry, Leg, LegDirection, Terms, YearShare};
use crate::book::Impossible;
use crate::ids::{LineId, TrancheId};
use crate::log::{EventId, Revision};
use crate::money::Money;
use crate::party::OrgRef;
use crate::period::Period;
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
            places: std::collections::BTreeMap::new(),
            lines: Vec::new(),
            balances: Series::default(),
            parties: std::collections::BTreeMap::new(),
            tranches: std::collections::BTreeMap::new(),
            open_tranches: std::collections::BTreeSet::new(),
            forecasts: Vec::new(),
            payments: std::collections::BTreeSet::new(),
            committed_on: std::collections::BTreeMap::new(),
            entries: Vec::new(),
        };
        for line in &terms.lines {
            agreement.add_line(&line.line_id)?;
        }
        let effects = agreement.signed_effects();
        if terms.lines.iter().any(|line| line.amount.is_positive()) {
            agreement.count_commitment(effective_on, true);
        }
        agreement.post(effective_on, &effects)?;
        agreement.remember(event_id, effective_on, EntryKind::Fixed, effects);
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
            self.remember(event_id, effective_on, event.entry_kind(), effects);
            self.note(event_id, effective_on, event)?;
        }
        self.revision = Revision(self.revision.0.saturating_add(1));
        Ok(())
    }

    /// What an event changes in the amounts. Pure; a reversal changes what its target did, negated.
    pub(crate) fn effects(&self, event: &AgreementEvent) -> Result<Vec<Effect>, Impossible> {
        match event {
            AgreementEvent::CommitmentIncreased {
                line_id,
                amount,
                year_shares,
                ..
            } => self.commitment_effects(line_id, *amount, year_shares, 1),
            AgreementEvent::CommitmentDecreased {
                line_id,
                amount,
                year_shares,
                ..
            } => self.commitment_effects(line_id, *amount, year_shares, -1),
            AgreementEvent::PeriodExtended { moves, .. } => moves
                .iter()
                .map(|entry| {
                    let line = self.place(&entry.line_id)?;
                    let share = entry.share;
                    Ok(Effect::Share { line, share })
                })
                .collect(),
            AgreementEvent::TrancheScheduled {
                tranche_id,
                amount,
                period,
                ..
            } => Ok(vec![tranche(tranche_id, *period, amount.minor_units())]),
            AgreementEvent::TrancheCancelled {
                tranche_id, open, ..
            } => {
                let known = self.tranches.get(tranche_id);
                let period = known.ok_or(Impossible::UnknownTranche)?.period();
                let open = open.minor_units().saturating_neg();
                Ok(vec![tranche(tranche_id, period, open)])
            }
            AgreementEvent::FundsReallocated { legs, .. } => self.leg_effects(legs),
            AgreementEvent::EntryReversed { target, .. }
            | AgreementEvent::EntryReplaced { target } => self.reversal_effects(*target),
            AgreementEvent::DisbursementMade { .. }
            | AgreementEvent::ReimbursementMade { .. }
            | AgreementEvent::RefundMade { .. }
            | AgreementEvent::ReceiptConfirmed { .. }
            | AgreementEvent::RefundReceived { .. }
            | AgreementEvent::ExpenditureReported { .. }
            | AgreementEvent::ExpenditureReduced { .. } => self.cash_effects(event),
            AgreementEvent::AgreementSigned(_) => Err(Impossible::SignedTwice),
            AgreementEvent::AgreementDescribed(_)
            | AgreementEvent::LineOpened { .. }
            | AgreementEvent::PeriodShortened { .. }
            | AgreementEvent::TrancheRescheduled { .. }
            | AgreementEvent::ForecastReplaced { .. }
            | AgreementEvent::OtherFlowRecorded(_) => Ok(Vec::new()),
        }
    }

    /// What a reversal of `target` changes.
    pub(crate) fn reversal_effects(&self, target: EventId) -> Result<Vec<Effect>, Impossible> {
        let target = self.entry(target).ok_or(Impossible::UnknownTarget)?;
        Ok(target.effects.iter().map(Effect::negated).collect())
    }

    fn signed_effects(&self) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (line, terms) in self.terms.lines.iter().enumerate() {
            if !terms.amount.is_zero() {
                effects.push(amount(line, Measure::Committed, terms.amount.minor_units()));
            }
            effects.extend(shares(line, &terms.year_shares, 1));
        }
        effects
    }

    fn commitment_effects(
        &self,
        line_id: &LineId,
        money: Money,
        year_shares: &[YearShare],
        sign: i128,
    ) -> Result<Vec<Effect>, Impossible> {
        let line = self.place(line_id)?;
        let minor_units = money.minor_units().saturating_mul(sign);
        let mut effects = vec![amount(line, Measure::Committed, minor_units)];
        effects.extend(shares(line, year_shares, sign));
        Ok(effects)
    }

    fn leg_effects(&self, legs: &[Leg]) -> Result<Vec<Effect>, Impossible> {
        let mut effects = Vec::new();
        for leg in legs {
            let line = self.place(&leg.place.line_id)?;
            let minor_units = match leg.direction {
                LegDirection::From => leg.amount.minor_units().saturating_neg(),
                LegDirection::To => leg.amount.minor_units(),
            };
            effects.push(amount(line, Measure::Committed, minor_units));
            if let (Some(period), Some(basis)) = (leg.place.period, leg.place.basis) {
                let share = YearShare {
                    period,
                    minor_units,
                    basis,
                };
                effects.push(Effect::Share { line, share });
            }
        }
        Ok(effects)
    }

    fn cash_effects(&self, event: &AgreementEvent) -> Result<Vec<Effect>, Impossible> {
        let Some((cash, measure, sign)) = event.cash() else {
            return Ok(Vec::new());
        };
        let named = match measure {
            Measure::Received => cash.provider.as_ref(),
            Measure::Disbursed | Measure::Committed | Measure::Expended => cash.receiver.as_ref(),
        };
        let mut effects = self.part_effects(cash, measure, sign, named)?;
        if let AgreementEvent::DisbursementMade { draws, .. } = event {
            effects.extend(draws.iter().map(|draw| {
                tranche(
                    &draw.tranche_id,
                    draw.period,
                    draw.minor_units.saturating_neg(),
                )
            }));
        }
        Ok(effects)
    }

    fn part_effects(
        &self,
        cash: &CashEntry,
        measure: Measure,
        sign: i128,
        named: Option<&OrgRef>,
    ) -> Result<Vec<Effect>, Impossible> {
        cash.parts
            .iter()
            .map(|part| {
                let line = self.place(&part.line_id)?;
                let other_side = match measure {
                    Measure::Disbursed | Measure::Received => {
                        Some(self.party(line, measure, named))
                    }
                    Measure::Committed | Measure::Expended => None,
                };
                Ok(Effect::Amount {
                    line,
                    measure,
                    party: other_side,
                    minor_units: part.minor_units.saturating_mul(sign),
                })
            })
            .collect()
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
                        self.parties.entry(key).or_default().add(on, *minor_units);
                    }
                }
                Effect::Share { line, share } => {
                    let line = self.lines.get_mut(*line).ok_or(Impossible::UnknownLine)?;
                    let key = (share.period, share.basis);
                    let sum = line.shares.entry(key).or_default();
                    *sum = sum.saturating_add(share.minor_units);
                    if *sum == 0 {
                        line.shares.remove(&key);
                    }
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
            }
        }
        Ok(())
    }

    /// A draw pays its tranche's period with each line's part of the payment, as far as it goes.
    fn post_draws(&mut self, on: Date, effects: &[Effect]) {
        let paid = self.paid_measure();
        let draws = effects.iter().filter_map(|effect| match effect {
            Effect::Tranche {
                period,
                minor_units,
                ..
            } => Some((period.starts_on(), minor_units.saturating_neg())),
            Effect::Amount { .. } | Effect::Share { .. } => None,
        });
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
            for (starts_on, drawn) in draws.clone() {
                let part = if 0 <= left {
                    drawn.min(left)
                } else {
                    drawn.max(left)
                };
                line.drawn.add(starts_on, part);
                line.drawn.add(on, part.saturating_neg());
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
            AgreementEvent::TrancheScheduled {
                tranche_id,
                amount,
                due_on,
                period,
            } => {
                let minor_units = amount.minor_units();
                let tranche = TrancheState {
                    scheduled: minor_units,
                    open: minor_units,
                    dues: vec![(event_id, *due_on, *period)],
                    touched_by: vec![event_id],
                };
                self.tranches.insert(tranche_id.clone(), tranche);
                self.index_tranche(tranche_id);
            }
            AgreementEvent::TrancheRescheduled {
                tranche_id,
                new_due_on,
                period,
                ..
            } => {
                let tranche = self.touch(event_id, tranche_id)?;
                let previous = tranche.due_on();
                tranche.dues.push((event_id, *new_due_on, *period));
                self.open_tranches.remove(&(previous, tranche_id.clone()));
                self.index_tranche(tranche_id);
            }
            AgreementEvent::TrancheCancelled { tranche_id, .. } => {
                self.touch(event_id, tranche_id)?;
            }
            AgreementEvent::ForecastReplaced { entries, .. } => {
                self.forecasts.push((event_id, entries.clone()));
            }
            AgreementEvent::DisbursementMade { draws, .. } => {
                for draw in draws {
                    self.touch(event_id, &draw.tranche_id)?;
                }
            }
            AgreementEvent::AgreementSigned(_)
            | AgreementEvent::AgreementDescribed(_)
            | AgreementEvent::CommitmentDecreased { .. }
            | AgreementEvent::ReimbursementMade { .. }
            | AgreementEvent::RefundMade { .. }
            | AgreementEvent::ReceiptConfirmed { .. }
            | AgreementEvent::RefundReceived { .. }
            | AgreementEvent::ExpenditureReported { .. }
            | AgreementEvent::ExpenditureReduced { .. }
            | AgreementEvent::FundsReallocated { .. }
            | AgreementEvent::OtherFlowRecorded(_)
            | AgreementEvent::EntryReversed { .. }
            | AgreementEvent::EntryReplaced { .. } => {}
        }
        self.note_payment(event);
        Ok(())
    }

    fn note_payment(&mut self, event: &AgreementEvent) {
        let Some(payment_id) = event.payment_id() else {
            return;
        };
        self.payments.insert(payment_id.clone());
        if let Some((_, entry)) = self.entries.last_mut() {
            entry.payment_id = Some(payment_id.clone());
        }
    }

    fn reverse(
        &mut self,
        event_id: EventId,
        effective_on: Date,
        target: EventId,
    ) -> Result<(), Impossible> {
        let effects = self.reversal_effects(target)?;
        self.post(effective_on, &effects)?;
        let at = self.entry_place(target).ok_or(Impossible::UnknownTarget)?;
        let (_, entry) = self.entries.get_mut(at).ok_or(Impossible::UnknownTarget)?;
        if entry.reversed_by.is_some() {
            return Err(Impossible::ReversedTwice);
        }
        entry.reversed_by = Some(event_id);
        let (kind, booked_on) = (entry.kind, entry.effective_on);
        let committed = kind == EntryKind::Commitment
            && entry.effects.iter().any(
                |effect| matches!(effect, Effect::Amount { minor_units, .. } if 0 < *minor_units),
            );
        if let Some(payment_id) = entry.payment_id.take() {
            self.payments.remove(&payment_id);
        }
        if committed {
            self.count_commitment(booked_on, false);
        }
        self.forecasts.retain(|&(event_id, _)| event_id != target);
        self.untouch(target);
        self.remember(event_id, effective_on, EntryKind::Reversal, effects);
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
            self.open_tranches.insert(key);
        } else {
            self.open_tranches.remove(&key);
        }
    }

    fn count_commitment(&mut self, on: Date, stands: bool) {
        let count = self.committed_on.entry(on).or_default();
        *count = if stands {
            count.saturating_add(1)
        } else {
            count.saturating_sub(1)
        };
        if *count == 0 {
            self.committed_on.remove(&on);
        }
    }

    fn add_line(&mut self, line_id: &LineId) -> Result<(), Impossible> {
        let at = self.lines.len();
        if self.places.insert(line_id.clone(), at).is_some() {
            return Err(Impossible::LineTwice);
        }
        self.lines.push(LineState::default());
        Ok(())
    }

    fn place(&self, line_id: &LineId) -> Result<usize, Impossible> {
        let place = self.places.get(line_id);
        place.copied().ok_or(Impossible::UnknownLine)
    }

    fn remember(
        &mut self,
        event_id: EventId,
        effective_on: Date,
        kind: EntryKind,
        effects: Vec<Effect>,
    ) {
        let entry = Entry {
            effective_on,
            kind,
            reversed_by: None,
            payment_id: None,
            effects,
        };
        self.entries.push((event_id, entry));
    }
}

fn amount(line: usize, measure: Measure, minor_units: i128) -> Effect {
    Effect::Amount {
        line,
        measure,
        party: None,
        minor_units,
    }
}

fn shares(line: usize, year_shares: &[YearShare], sign: i128) -> impl Iterator<Item = Effect> {
    year_shares.iter().map(move |share| {
        let minor_units = share.minor_units.saturating_mul(sign);
        let share = YearShare {
            minor_units,
            ..*share
        };
        Effect::Share { line, share }
    })
}

fn tranche(tranche_id: &TrancheId, period: Period, minor_units: i128) -> Effect {
    Effect::Tranche {
        tranche_id: tranche_id.clone(),
        period,
        minor_units,
    }
}

impl AgreementEvent {
    /// The payment, which amount it changes and in which direction; absent if it is none, or another flow.
    pub(crate) fn cash(&self) -> Option<(&CashEntry, Measure, i128)> {
        match self {
            Self::DisbursementMade { cash, .. } | Self::ReimbursementMade { cash } => {
                Some((cash, Measure::Disbursed, 1))
            }
            Self::RefundMade { cash, .. } => Some((cash, Measure::Disbursed, -1)),
            Self::ReceiptConfirmed { cash } => Some((cash, Measure::Received, 1)),
            Self::RefundReceived { cash, .. } => Some((cash, Measure::Received, -1)),
            Self::ExpenditureReported { cash, .. } => Some((cash, Measure::Expended, 1)),
            Self::ExpenditureReduced { cash, .. } => Some((cash, Measure::Expended, -1)),
            Self::AgreementSigned(_)
            | Self::AgreementDescribed(_)
            | Self::LineOpened { .. }
            | Self::CommitmentIncreased { .. }
            | Self::CommitmentDecreased { .. }
            | Self::PeriodExtended { .. }
            | Self::PeriodShortened { .. }
            | Self::TrancheScheduled { .. }
            | Self::TrancheRescheduled { .. }
            | Self::TrancheCancelled { .. }
            | Self::ForecastReplaced { .. }
            | Self::FundsReallocated { .. }
            | Self::OtherFlowRecorded(_)
            | Self::EntryReversed { .. }
            | Self::EntryReplaced { .. } => None,
        }
    }

    /// The client's own id of the payment, if it is one.
    pub(crate) fn payment_id(&self) -> Option<&crate::ids::PaymentId> {
        if let Self::OtherFlowRecorded(flow) = self {
            return flow.cash.payment_id.as_ref();
        }
        self.cash()?.0.payment_id.as_ref()
    }

    /// What sort of entry it is.
    pub(crate) const fn entry_kind(&self) -> EntryKind {
        match self {
            Self::CommitmentIncreased { .. } | Self::CommitmentDecreased { .. } => {
                EntryKind::Commitment
            }
            Self::DisbursementMade { .. }
            | Self::ReimbursementMade { .. }
            | Self::RefundMade { .. }
            | Self::ReceiptConfirmed { .. }
            | Self::RefundReceived { .. }
            | Self::ExpenditureReported { .. }
            | Self::ExpenditureReduced { .. }
            | Self::OtherFlowRecorded(_) => EntryKind::Cash,
            Self::FundsReallocated { .. } => EntryKind::Reallocation,
            Self::TrancheScheduled { .. }
            | Self::TrancheRescheduled { .. }
            | Self::TrancheCancelled { .. } => EntryKind::Schedule,
            Self::ForecastReplaced { .. } => EntryKind::Forecast,
            Self::EntryReversed { .. } | Self::EntryReplaced { .. } => EntryKind::Reversal,
            Self::AgreementSigned(_)
            | Self::AgreementDescribed(_)
            | Self::LineOpened { .. }
            | Self::PeriodExtended { .. }
            | Self::PeriodShortened { .. } => EntryKind::Fixed,
        }
    }
}
