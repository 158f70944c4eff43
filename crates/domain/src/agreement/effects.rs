//! What each event changes in the amounts of its agreement, as a pure function: `decide` holds it against the
//! rules, `evolve` posts it, and a reversal posts it with the other sign.

use crate::agreement::carrying::worth_of_shares;
use crate::agreement::state::{Effect, EntryKind, Measure};
use crate::agreement::{
    Agreement, AgreementEvent, Allocation, CashEntry, Decommitment, HeadingCount, Leg,
    LegDirection, ShareMove, Termination, Terms, Transfer, TransferDirection, YearShare,
};
use crate::book::Impossible;
use crate::ids::{LineId, TrancheId};
use crate::log::EventId;
use crate::money::Money;
use crate::party::OrgRef;
use crate::period::Period;

impl Agreement {
    /// What an event changes in the amounts. Pure; a reversal changes what its target did, negated.
    pub(crate) fn effects(&self, event: &AgreementEvent) -> Result<Vec<Effect>, Impossible> {
        match event {
            AgreementEvent::CommitmentIncreased { .. }
            | AgreementEvent::CommitmentDecreased { .. } => self.changed_effects(event),
            AgreementEvent::PeriodExtended { moves, .. } => self.move_effects(moves),
            AgreementEvent::FundsCarriedOver(carried) => self.move_effects(&carried.moves),
            AgreementEvent::TrancheScheduled {
                tranche_id,
                amount,
                period,
                ..
            } => Ok(vec![tranche(tranche_id, *period, amount.minor_units())]),
            AgreementEvent::TrancheCancelled {
                tranche_id, open, ..
            } => self.cancelled_effects(tranche_id, *open),
            AgreementEvent::FundsReallocated(reallocated) => {
                let mut effects = self.leg_effects(&reallocated.legs)?;
                effects.extend(reallocated.counts.iter().filter_map(counted));
                Ok(effects)
            }
            AgreementEvent::AgreementTerminated(Termination { decommitments, .. })
            | AgreementEvent::AgreementCancelled { decommitments, .. } => {
                self.decommitment_effects(decommitments)
            }
            AgreementEvent::ReceivableWrittenOff(entry) => Ok(written_off(entry.amount, 1)),
            AgreementEvent::ReceivableRecovered(entry) => Ok(written_off(entry.amount, -1)),
            AgreementEvent::AllocationMade(allocation) => self.allocation_effects(allocation, 1),
            AgreementEvent::AllocationReleased(release) => {
                self.allocation_effects(&release.allocation, -1)
            }
            AgreementEvent::FundsTransferred(transfer) => self.transfer_effects(transfer),
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
            | AgreementEvent::TermsRevised(_)
            | AgreementEvent::OnwardGrantLinked(_)
            | AgreementEvent::PriorPeriodAdjusted(_)
            | AgreementEvent::OtherFlowRecorded(_)
            | AgreementEvent::AgreementSuspended { .. }
            | AgreementEvent::AgreementResumed { .. }
            | AgreementEvent::AgreementOperationallyEnded { .. }
            | AgreementEvent::AgreementFinanciallyClosed { .. }
            | AgreementEvent::TrancheConditionMet(_)
            | AgreementEvent::TrancheConditionWaived(_)
            | AgreementEvent::SplitsReclassified { .. }
            | AgreementEvent::TagSetReplaced(_) => Ok(Vec::new()),
        }
    }

    fn cancelled_effects(
        &self,
        tranche_id: &TrancheId,
        open: Money,
    ) -> Result<Vec<Effect>, Impossible> {
        let known = self.tranche(tranche_id);
        let period = known.ok_or(Impossible::UnknownTranche)?.period();
        let open = open.minor_units().saturating_neg();
        Ok(vec![tranche(tranche_id, period, open)])
    }

    /// What a reversal of `target` changes.
    pub(crate) fn reversal_effects(&self, target: EventId) -> Result<Vec<Effect>, Impossible> {
        let target = self.entry(target).ok_or(Impossible::UnknownTarget)?;
        Ok(target.effects.iter().map(Effect::negated).collect())
    }

    /// What a signature on these terms changes.
    pub(super) fn signed_effects(terms: &Terms) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (line, terms) in terms.lines.iter().enumerate() {
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

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`effects` names every event and sends only these here"
    )]
    fn changed_effects(&self, event: &AgreementEvent) -> Result<Vec<Effect>, Impossible> {
        let ((line_id, amount), year_shares, functional, sign) = match event {
            AgreementEvent::CommitmentIncreased {
                line_id,
                amount,
                year_shares,
                functional,
                ..
            } => ((line_id, amount), year_shares, functional, 1),
            AgreementEvent::CommitmentDecreased {
                line_id,
                amount,
                year_shares,
                functional,
                ..
            } => ((line_id, amount), year_shares, functional, -1),
            _ => return Ok(Vec::new()),
        };
        let mut effects = self.commitment_effects(line_id, *amount, year_shares, sign)?;
        let line = self.place(line_id)?;
        let worths = worth_of_shares(functional.as_deref(), year_shares, sign).into_iter();
        effects.extend(worths.map(|(share, functional)| Effect::Worth {
            line,
            share,
            functional,
        }));
        Ok(effects)
    }

    fn move_effects(&self, moves: &[ShareMove]) -> Result<Vec<Effect>, Impossible> {
        moves
            .iter()
            .map(|entry| {
                let line = self.place(&entry.line_id)?;
                let share = entry.share;
                Ok(Effect::Share { line, share })
            })
            .collect()
    }

    fn decommitment_effects(
        &self,
        decommitments: &[Decommitment],
    ) -> Result<Vec<Effect>, Impossible> {
        let mut effects = Vec::new();
        for given_up in decommitments {
            let (amount, shares) = (given_up.amount, &given_up.year_shares);
            effects.extend(self.commitment_effects(&given_up.line_id, amount, shares, -1)?);
        }
        Ok(effects)
    }

    fn allocation_effects(
        &self,
        allocation: &Allocation,
        sign: i128,
    ) -> Result<Vec<Effect>, Impossible> {
        Ok(vec![Effect::Allocated {
            line: self.place(&allocation.line_id)?,
            allocation_id: allocation.allocation_id.clone(),
            minor_units: allocation.amount.minor_units().saturating_mul(sign),
        }])
    }

    fn transfer_effects(&self, transfer: &Transfer) -> Result<Vec<Effect>, Impossible> {
        let sign = match transfer.direction {
            TransferDirection::Out => -1,
            TransferDirection::In => 1,
        };
        let (line_id, shares) = (&transfer.line_id, &transfer.year_shares);
        self.commitment_effects(line_id, transfer.amount, shares, sign)
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
                    firmness: leg.place.firmness.unwrap_or_default(),
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
        if let AgreementEvent::DisbursementMade { draws, .. }
        | AgreementEvent::ReceiptConfirmed { draws, .. } = event
        {
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

    fn place(&self, line_id: &LineId) -> Result<usize, Impossible> {
        self.place_of(line_id).ok_or(Impossible::UnknownLine)
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

fn counted(count: &HeadingCount) -> Option<Effect> {
    (count.counted != 0).then(|| Effect::Counted {
        heading: count.heading.as_str().into(),
        minor_units: count.counted,
    })
}

fn written_off(amount: Money, sign: i128) -> Vec<Effect> {
    let minor_units = amount.minor_units().saturating_mul(sign);
    vec![Effect::WrittenOff { minor_units }]
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
            Self::ReceiptConfirmed { cash, .. } => Some((cash, Measure::Received, 1)),
            Self::RefundReceived { cash, .. } => Some((cash, Measure::Received, -1)),
            Self::ExpenditureReported { cash, .. } => Some((cash, Measure::Expended, 1)),
            Self::ExpenditureReduced { cash, .. } => Some((cash, Measure::Expended, -1)),
            Self::AgreementSuspended { .. }
            | Self::AgreementResumed { .. }
            | Self::AgreementTerminated(_)
            | Self::AgreementCancelled { .. }
            | Self::AgreementOperationallyEnded { .. }
            | Self::AgreementFinanciallyClosed { .. }
            | Self::TrancheConditionMet(_)
            | Self::TrancheConditionWaived(_)
            | Self::ReceivableWrittenOff(_)
            | Self::ReceivableRecovered(_)
            | Self::AgreementSigned(_)
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
            | Self::FundsReallocated(_)
            | Self::TermsRevised(_)
            | Self::AllocationMade(_)
            | Self::AllocationReleased(_)
            | Self::FundsCarriedOver(_)
            | Self::FundsTransferred(_)
            | Self::OnwardGrantLinked(_)
            | Self::PriorPeriodAdjusted(_)
            | Self::OtherFlowRecorded(_)
            | Self::SplitsReclassified { .. }
            | Self::TagSetReplaced(_)
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
            Self::FundsReallocated(_) | Self::FundsCarriedOver(_) => EntryKind::Reallocation,
            Self::TermsRevised(_) => EntryKind::Terms,
            Self::AllocationMade(_) | Self::AllocationReleased(_) => EntryKind::Allocation,
            Self::FundsTransferred(_) => EntryKind::Transfer,
            Self::OnwardGrantLinked(_) => EntryKind::Link,
            Self::TrancheScheduled { .. }
            | Self::TrancheRescheduled { .. }
            | Self::TrancheCancelled { .. } => EntryKind::Schedule,
            Self::ForecastReplaced { .. } => EntryKind::Forecast,
            Self::AgreementSuspended { .. }
            | Self::AgreementResumed { .. }
            | Self::AgreementTerminated(_)
            | Self::AgreementCancelled { .. }
            | Self::AgreementOperationallyEnded { .. }
            | Self::AgreementFinanciallyClosed { .. } => EntryKind::Status,
            Self::TrancheConditionMet(_) | Self::TrancheConditionWaived(_) => EntryKind::Condition,
            Self::ReceivableWrittenOff(_) | Self::ReceivableRecovered(_) => EntryKind::Receivable,
            Self::EntryReversed { .. } | Self::EntryReplaced { .. } => EntryKind::Reversal,
            Self::AgreementSigned(_)
            | Self::AgreementDescribed(_)
            | Self::LineOpened { .. }
            | Self::PeriodExtended { .. }
            | Self::PeriodShortened { .. }
            | Self::PriorPeriodAdjusted(_)
            | Self::SplitsReclassified { .. }
            | Self::TagSetReplaced(_) => EntryKind::Fixed,
        }
    }
}
