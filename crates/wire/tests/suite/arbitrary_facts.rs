//! Random valid events and submissions.

use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Allocation, AllocationDims, AllocationWish, CarriedFunds,
    CarryOver, DecreaseReason, EarlyEnd, EvidenceLevel, ExtensionKind, LineDecommitment,
    LineSplits, OtherFlow, ReallocatedFunds, Reallocation, ReceivableEntry, Tranche, TrancheDraw,
    Transfer, TransferDirection, TransferWish,
};
use perennial_domain::calendar::{
    AdjustedPeriod, CalendarCommand, CalendarEvent, NewPeriod, PeriodName,
};
use perennial_domain::classification::Pillar;
use perennial_domain::command::{Action, Command, Expected, Submission};
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ids::{CalendarId, ImportId, PledgeId};
use perennial_domain::import::{ImportCommand, ImportEvent};
use perennial_domain::log::Revision;
use perennial_domain::period::FiscalCalendar;
use perennial_domain::pledge::{PledgeCommand, PledgeEvent};
use perennial_domain::rule::{Breach, Figure, Override, Rule};
use perennial_domain::tag::{Tag, TagBasis, TagSet, TagSubject};

use crate::{command_samples, event_samples, values};

use crate::arbitrary::Random;

impl Random {
    /// A random event of a random kind.
    pub(crate) fn event(&mut self) -> Event {
        let kinds = event_samples::events();
        let (_, sample) = self.one(&kinds);
        let fact = match sample.fact {
            Fact::Agreement(event) => Fact::Agreement(self.agreement_event(event)),
            Fact::Pledge(PledgeEvent::PledgeAnnounced(_)) => {
                Fact::Pledge(PledgeEvent::PledgeAnnounced(self.announcement()))
            }
            Fact::Import(ImportEvent::ImportCompleted {
                counts,
                mut reasons,
            }) => {
                for reason in &mut reasons {
                    reason.count = self.next();
                }
                Fact::Import(ImportEvent::ImportCompleted { counts, reasons })
            }
            Fact::Calendar(event) => Fact::Calendar(self.calendar_event(&event)),
            fact @ (Fact::Ledger(_)
            | Fact::Pledge(_)
            | Fact::Import(_)
            | Fact::Reference(_)
            | Fact::Requirement(_)) => fact,
        };
        let figure = |random: &mut Self| Figure {
            name: random.text(),
            value: random.text(),
        };
        let breach = |random: &mut Self| Breach {
            rule: random.one(Rule::ALL),
            subject: random.text(),
            figures: random.some(0, 3, figure),
        };
        Event {
            revision: Revision(self.next().max(1)),
            effective_on: self.date(),
            external_reference: self.maybe(Self::reference),
            evidence: self.some(0, 2, Self::document),
            flags: self.some(0, 2, breach),
            overrides: self.some(0, 2, Self::permitted),
            concerns: self.maybe(Self::period),
            carrying: self.some(0, 2, Self::carrying),
            stream: sample.stream,
            fact,
        }
    }

    /// The same kind with random content.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "kinds that are not named have no random content"
    )]
    fn agreement_event(&mut self, like: AgreementEvent) -> AgreementEvent {
        use AgreementEvent as E;
        match like {
            E::AgreementSigned(_) => E::AgreementSigned(self.terms()),
            E::AgreementDescribed(_) => E::AgreementDescribed(self.description()),
            E::CommitmentIncreased { .. } => E::CommitmentIncreased {
                line_id: self.line_id(),
                amount: self.positive(),
                year_shares: self.some(0, 4, Self::share),
                amendment: self.maybe(Self::text),
                published: self.maybe(Self::published),
                functional: self.maybe(Self::functional),
            },
            E::PeriodExtended { kind, .. } => E::PeriodExtended {
                previous_ends_on: self.maybe(Self::date),
                new_ends_on: self.date(),
                kind,
                moves: self.some(0, 4, Self::share_move),
                amendment: self.maybe(Self::text),
            },
            E::ForecastReplaced { .. } => E::ForecastReplaced {
                previous: self.some(0, 3, Self::forecast),
                entries: self.some(0, 3, Self::forecast),
            },
            E::FundsReallocated(_) => E::FundsReallocated(Box::new(self.reallocated())),
            E::TermsRevised(_) => E::TermsRevised(Box::new(self.terms_revision())),
            E::FundsCarriedOver(_) => E::FundsCarriedOver(Box::new(self.carried())),
            E::AllocationMade(_) => E::AllocationMade(Box::new(self.allocation())),
            E::FundsTransferred(like) => E::FundsTransferred(Box::new(self.transferred(*like))),
            E::EntryReversed { .. } => E::EntryReversed {
                target: self.event_id(),
                reason: self.reversal_reason(),
            },
            E::EntryReplaced { .. } => E::EntryReplaced {
                target: self.event_id(),
            },
            E::SplitsReclassified { .. } => E::SplitsReclassified {
                line_id: self.line_id(),
                splits: LineSplits {
                    purposes: self.purposes(),
                    places: self.places(),
                    pillar: None,
                },
                reason: self.text(),
            },
            E::TagSetReplaced(set) => E::TagSetReplaced(self.tag_set(set)),
            E::PriorPeriodAdjusted(_) => E::PriorPeriodAdjusted(Box::new(AdjustedPeriod {
                name: self.period_name(),
                period: self.period(),
            })),
            other => self.cash_event(other),
        }
    }

    fn period_name(&mut self) -> PeriodName {
        PeriodName {
            calendar_id: CalendarId::parse(&self.id()).unwrap(),
            label: self.text(),
        }
    }

    /// The same kind with random content.
    fn calendar_event(&mut self, like: &CalendarEvent) -> CalendarEvent {
        let (label, period) = (self.text(), self.period());
        match like {
            CalendarEvent::FiscalPeriodOpened { .. } => CalendarEvent::FiscalPeriodOpened {
                label,
                period,
                pattern: self.maybe(|random| random.one(&FiscalCalendar::ALL)),
                gap_reason: self.maybe(Self::text),
            },
            CalendarEvent::FiscalPeriodClosed { .. } => CalendarEvent::FiscalPeriodClosed {
                label,
                period,
                grace_days: u32::try_from(self.below(366)).unwrap(),
                closed_from: self.date(),
            },
            CalendarEvent::FiscalPeriodReopened { .. } => CalendarEvent::FiscalPeriodReopened {
                label,
                period,
                reason: self.text(),
                approver: self.text(),
            },
        }
    }

    fn calendar_command(&mut self) -> CalendarCommand {
        match self.below(3) {
            0 => CalendarCommand::Open(NewPeriod {
                label: self.maybe(Self::label),
                period: self.period(),
                pattern: self.maybe(|random| random.one(&FiscalCalendar::ALL)),
                gap_reason: self.maybe(Self::text),
            }),
            1 => CalendarCommand::Close {
                label: self.label(),
                grace_days: u32::try_from(self.below(366)).unwrap(),
            },
            _ => CalendarCommand::Reopen {
                label: self.label(),
                reason: self.text(),
                approver: self.text(),
            },
        }
    }

    fn label(&mut self) -> String {
        format!("period {}", self.below(100))
    }

    /// Money that is paid, received, spent or given up.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "kinds that are not named have no random content"
    )]
    fn cash_event(&mut self, like: AgreementEvent) -> AgreementEvent {
        use AgreementEvent as E;
        match like {
            E::DisbursementMade { .. } => E::DisbursementMade {
                cash: self.cash(),
                draws: self.some(0, 3, Self::draw),
            },
            E::ReceiptConfirmed { .. } => E::ReceiptConfirmed {
                cash: self.cash(),
                draws: self.some(0, 3, Self::draw),
                disbursement_id: self.maybe(Self::payment_id),
            },
            E::ReceivableWrittenOff(_) => E::ReceivableWrittenOff(ReceivableEntry {
                amount: self.positive(),
                parts: self.cash().parts,
                reason: self.text(),
                approver: self.text(),
            }),
            E::RefundMade { .. } => E::RefundMade {
                cash: self.cash(),
                reason: self.text(),
            },
            E::ExpenditureReported { .. } => E::ExpenditureReported {
                cash: self.cash(),
                period: self.period(),
                evidence_level: self.one(&[EvidenceLevel::Claimed, EvidenceLevel::Audited]),
            },
            E::OtherFlowRecorded(_) => E::OtherFlowRecorded(OtherFlow {
                kind: self.flow_kind(),
                negative: self.flip(),
                cash: self.cash(),
            }),
            other => other,
        }
    }

    fn reallocated(&mut self) -> ReallocatedFunds {
        let Reallocation {
            legs,
            legal_basis,
            amendment,
        } = self.reallocation();
        ReallocatedFunds {
            legs,
            legal_basis,
            amendment,
            counts: self.some(0, 3, Self::heading_count),
        }
    }

    fn reallocation(&mut self) -> Reallocation {
        Reallocation {
            legs: self.some(2, 5, Self::leg),
            legal_basis: self.text(),
            amendment: self.maybe(Self::text),
        }
    }

    fn carried(&mut self) -> CarriedFunds {
        CarriedFunds {
            from_period: self.period(),
            to_period: self.period(),
            amount: self.positive(),
            moves: self.some(0, 4, Self::share_move),
            reason: self.text(),
        }
    }

    fn carry_over(&mut self) -> CarryOver {
        CarryOver {
            line_id: self.maybe(Self::line_id),
            from_period: self.period(),
            to_period: self.period(),
            amount: self.positive(),
            reason: self.text(),
        }
    }

    /// At least one is said.
    fn allocation_dims(&mut self) -> AllocationDims {
        AllocationDims {
            pillar: Some(self.one(&Pillar::ALL)),
            receiver: self.maybe(Self::organisation),
            ..values::allocation_dims()
        }
    }

    fn allocation(&mut self) -> Allocation {
        Allocation {
            line_id: self.line_id(),
            amount: self.positive(),
            dims: self.allocation_dims(),
            shares: self.some(0, 4, Self::share),
            ..values::allocation()
        }
    }

    fn allocation_wish(&mut self) -> AllocationWish {
        AllocationWish {
            allocation_id: values::allocation_id(),
            line_id: self.maybe(Self::line_id),
            amount: self.positive(),
            dims: self.allocation_dims(),
        }
    }

    fn transferred(&mut self, like: Transfer) -> Transfer {
        Transfer {
            direction: self.one(&[TransferDirection::Out, TransferDirection::In]),
            other_agreement_id: self.agreement_id(),
            amount: self.positive(),
            year_shares: self.some(0, 4, Self::share),
            conversion: self.maybe(Self::conversion),
            consent: self.text(),
            ..like
        }
    }

    fn transfer_wish(&mut self, like: TransferWish) -> TransferWish {
        TransferWish {
            to_agreement_id: self.agreement_id(),
            line_id: self.maybe(Self::line_id),
            to_line_id: self.maybe(Self::line_id),
            amount: self.positive(),
            conversion: self.maybe(Self::conversion),
            year_shares: self.some(0, 4, Self::share),
            to_year_shares: self.some(0, 4, Self::share),
            consent: self.text(),
            ..like
        }
    }

    fn tag_set(&mut self, like: TagSet) -> TagSet {
        let mut tags = self.some(0, 4, |random| Tag {
            element: random.id().into(),
            share_ppm: 1 + u32::try_from(random.below(1_000_000)).unwrap(),
            basis: random.one(&TagBasis::ALL),
        });
        tags.sort_by(|a, b| a.element.cmp(&b.element));
        let line_id = self.line_id();
        let tranche_id = self.tranche_id();
        TagSet {
            subject: self.one(&[
                TagSubject::Whole,
                TagSubject::Line(line_id),
                TagSubject::Tranche(tranche_id),
            ]),
            tags,
            reason: self.text(),
            ..like
        }
    }

    fn draw(&mut self) -> TrancheDraw {
        TrancheDraw {
            tranche_id: self.tranche_id(),
            period: self.period(),
            minor_units: self.minor(),
            due_on: self.maybe(Self::date),
        }
    }

    /// A random submission of one to four commands of random kinds, its beliefs ascending by stream.
    pub(crate) fn submission(&mut self) -> Submission {
        let commands = self.some(1, 4, Self::command);
        let mut expected = self.some(0, 3, |random| {
            let stream = match random.below(4) {
                0 => Stream::Agreement(random.agreement_id()),
                1 => Stream::Pledge(PledgeId::parse(&random.id()).unwrap()),
                2 => Stream::Calendar(CalendarId::parse(&random.id()).unwrap()),
                _ => Stream::Import(ImportId::parse(&random.id()).unwrap()),
            };
            let revision = Revision(random.next().max(1));
            (
                stream,
                random.one(&[Expected::NoStream, Expected::Exactly(revision)]),
            )
        });
        expected.sort_by(|(a, _), (b, _)| a.cmp(b));
        Submission { commands, expected }
    }

    fn permitted(&mut self) -> Override {
        Override {
            rule: self.one(Rule::ALL),
            reason: self.text(),
            approver: self.maybe(Self::text),
        }
    }

    fn command(&mut self) -> Command {
        let kinds = command_samples::commands();
        let (_, sample) = self.one(&kinds);
        let action = match sample.commands[0].action.clone() {
            Action::Agreement(_, command) => {
                Action::Agreement(self.agreement_id(), self.agreement_command(command))
            }
            Action::Pledge(id, PledgeCommand::Announce(_)) => {
                Action::Pledge(id, PledgeCommand::Announce(self.announcement()))
            }
            Action::Import(
                id,
                ImportCommand::Complete {
                    counts,
                    mut reasons,
                },
            ) => {
                for reason in &mut reasons {
                    reason.locators = self.some(0, 100, Self::text);
                }
                Action::Import(id, ImportCommand::Complete { counts, reasons })
            }
            Action::Calendar(id, _) => Action::Calendar(id, self.calendar_command()),
            action @ (Action::Ledger(_)
            | Action::Pledge(..)
            | Action::Import(..)
            | Action::Reference(_)
            | Action::Requirement(..)
            | Action::Adjust(..)) => action,
        };
        Command {
            effective_on: self.date(),
            external_reference: self.maybe(Self::reference),
            evidence: self.some(0, 2, Self::document),
            overrides: self.some(0, 1, Self::permitted),
            action,
            functional_from_table: self.flip(),
        }
    }

    fn receipt(&mut self) -> AgreementCommand {
        AgreementCommand::ConfirmReceipt {
            cash: self.payment(),
            tranche_id: self.maybe(Self::tranche_id),
            disbursement_id: self.maybe(Self::payment_id),
        }
    }

    fn early_end(&mut self) -> EarlyEnd {
        let given_up = |random: &mut Self| LineDecommitment {
            line_id: random.line_id(),
            amount: random.positive(),
            year_shares: Vec::new(),
        };
        EarlyEnd {
            reason: self.text(),
            decommitments: self.some(0, 3, given_up),
            recovery: self.maybe(Self::positive),
        }
    }

    fn decrease(&mut self) -> AgreementCommand {
        use DecreaseReason::{Decommitment, DonorCut, FxCap, Savings, Unknown};
        AgreementCommand::DecreaseCommitment {
            line_id: self.maybe(Self::line_id),
            amount: self.positive(),
            year_shares: self.some(0, 4, Self::share),
            reason: self.one(&[Decommitment, DonorCut, Savings, FxCap, Unknown]),
            published: self.maybe(Self::published),
            functional: self.maybe(Self::functional),
        }
    }

    /// The same kind with random content.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "kinds that are not named have no random content"
    )]
    fn agreement_command(&mut self, like: AgreementCommand) -> AgreementCommand {
        use AgreementCommand as C;
        match like {
            C::Sign(_) => C::Sign(self.terms()),
            C::Describe(_) => C::Describe(self.description()),
            C::IncreaseCommitment { .. } => C::IncreaseCommitment {
                line_id: self.maybe(Self::line_id),
                amount: self.positive(),
                year_shares: Vec::new(),
                amendment: self.maybe(Self::text),
                published: self.maybe(Self::published),
                functional: self.maybe(Self::functional),
            },
            C::DecreaseCommitment { .. } => self.decrease(),
            C::ExtendPeriod { .. } => C::ExtendPeriod {
                new_ends_on: self.date(),
                kind: self.one(&[
                    ExtensionKind::NoCost,
                    ExtensionKind::Cost,
                    ExtensionKind::Unknown,
                ]),
                moves: self.some(0, 4, Self::share_move),
                amendment: self.maybe(Self::text),
            },
            C::ScheduleTranche(_) => C::ScheduleTranche(Tranche {
                tranche_id: self.tranche_id(),
                amount: self.positive(),
                due_on: Some(self.date()),
                period: self.maybe(Self::period),
                conditions: Vec::new(),
            }),
            C::ReplaceForecast(_) => C::ReplaceForecast(self.some(0, 4, Self::forecast)),
            C::Terminate(_) => C::Terminate(self.early_end()),
            C::ReallocateFunds(_) => C::ReallocateFunds(self.reallocation()),
            C::ReviseTerms(_) => C::ReviseTerms(Box::new(self.terms_revision())),
            C::CarryOverFunds(_) => C::CarryOverFunds(self.carry_over()),
            C::Allocate(_) => C::Allocate(Box::new(self.allocation_wish())),
            C::TransferFunds(like) => C::TransferFunds(Box::new(self.transfer_wish(*like))),
            C::ReverseEntry { .. } => C::ReverseEntry {
                target: self.event_id(),
                reason: self.reversal_reason(),
            },
            C::ReplaceEntry { .. } => C::ReplaceEntry {
                target: self.event_id(),
                replacement: Box::new(C::ConfirmReceipt {
                    cash: self.payment(),
                    tranche_id: None,
                    disbursement_id: None,
                }),
                replacement_effective_on: self.date(),
            },
            C::ReclassifySplits { .. } => C::ReclassifySplits {
                line_id: self.maybe(Self::line_id),
                splits: LineSplits {
                    purposes: self.purposes(),
                    places: self.places(),
                    pillar: None,
                },
                reason: format!("because {}", self.text()),
            },
            C::ReplaceTagSet(set) => C::ReplaceTagSet(self.tag_set(set)),
            other => self.cash_command(other),
        }
    }

    /// Money that is paid, received or spent.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "kinds that are not named have no random content"
    )]
    fn cash_command(&mut self, like: AgreementCommand) -> AgreementCommand {
        use AgreementCommand as C;
        match like {
            C::Disburse { .. } => C::Disburse {
                cash: self.payment(),
                tranche_id: self.maybe(Self::tranche_id),
            },
            C::ConfirmReceipt { .. } => self.receipt(),
            C::ReportExpenditure { evidence_level, .. } => C::ReportExpenditure {
                cash: self.payment(),
                period: self.maybe(Self::period),
                evidence_level,
            },
            C::RecordOtherFlow { .. } => C::RecordOtherFlow {
                kind: self.flow_kind(),
                negative: self.flip(),
                cash: self.payment(),
            },
            other => other,
        }
    }
}
