//! Where an agreement is in its life: which facts turn it, and what each status forbids (DOMAIN.md 2.1).

use jiff::civil::Date;

use crate::agreement::{AgreementCommand, AgreementEvent};
use crate::log::EventId;

/// Where an agreement is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Signed; its term has not begun.
    Signed,
    /// In its term, or without a published one.
    Effective,
    /// Payments stop for a while.
    Suspended,
    /// Its activities ended.
    OperationallyEnded,
    /// It ended before its term.
    Terminated,
    /// It ended before anything was paid.
    Cancelled,
    /// Its books are closed.
    FinanciallyClosed,
}

impl Status {
    /// All, in the order of an agreement's life.
    pub const ALL: [Self; 7] = [
        Self::Signed,
        Self::Effective,
        Self::Suspended,
        Self::OperationallyEnded,
        Self::Terminated,
        Self::Cancelled,
        Self::FinanciallyClosed,
    ];

    /// The word in documents, as in `financially_closed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Effective => "effective",
            Self::Suspended => "suspended",
            Self::OperationallyEnded => "operationally_ended",
            Self::Terminated => "terminated",
            Self::Cancelled => "cancelled",
            Self::FinanciallyClosed => "financially_closed",
        }
    }

    /// The status that facts make, given ascending by date and then by event; `begun` says whether the term has.
    /// An end outlasts a suspension, and of two ends the later stage counts. Source: DOMAIN.md 2.1.
    pub fn of(turns: impl IntoIterator<Item = Turn>, begun: bool) -> Self {
        let start = if begun { Self::Effective } else { Self::Signed };
        turns.into_iter().fold(start, |status, turn| match turn {
            Turn::Suspended if status < Self::OperationallyEnded => Self::Suspended,
            Turn::Resumed if status == Self::Suspended => start,
            Turn::Suspended | Turn::Resumed => status,
            Turn::Ended => status.max(Self::OperationallyEnded),
            Turn::Terminated => status.max(Self::Terminated),
            Turn::Cancelled => status.max(Self::Cancelled),
            Turn::Closed => Self::FinanciallyClosed,
        })
    }
}

/// A fact that turns an agreement from one status to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It was suspended.
    Suspended,
    /// It was resumed.
    Resumed,
    /// Its activities ended.
    Ended,
    /// It was terminated.
    Terminated,
    /// It was cancelled.
    Cancelled,
    /// Its books were closed.
    Closed,
}

impl Turn {
    /// The turn that an event makes, if it makes one.
    pub const fn of(event: &AgreementEvent) -> Option<Self> {
        match event {
            AgreementEvent::AgreementSuspended { .. } => Some(Self::Suspended),
            AgreementEvent::AgreementResumed { .. } => Some(Self::Resumed),
            AgreementEvent::AgreementOperationallyEnded { .. } => Some(Self::Ended),
            AgreementEvent::AgreementTerminated(_) => Some(Self::Terminated),
            AgreementEvent::AgreementCancelled { .. } => Some(Self::Cancelled),
            AgreementEvent::AgreementFinanciallyClosed { .. } => Some(Self::Closed),
            AgreementEvent::AgreementSigned(_)
            | AgreementEvent::AgreementDescribed(_)
            | AgreementEvent::LineOpened { .. }
            | AgreementEvent::CommitmentIncreased { .. }
            | AgreementEvent::CommitmentDecreased { .. }
            | AgreementEvent::PeriodExtended { .. }
            | AgreementEvent::PeriodShortened { .. }
            | AgreementEvent::TrancheScheduled { .. }
            | AgreementEvent::TrancheRescheduled { .. }
            | AgreementEvent::TrancheCancelled { .. }
            | AgreementEvent::ForecastReplaced { .. }
            | AgreementEvent::DisbursementMade { .. }
            | AgreementEvent::ReimbursementMade { .. }
            | AgreementEvent::RefundMade { .. }
            | AgreementEvent::ReceiptConfirmed { .. }
            | AgreementEvent::RefundReceived { .. }
            | AgreementEvent::ExpenditureReported { .. }
            | AgreementEvent::ExpenditureReduced { .. }
            | AgreementEvent::FundsReallocated { .. }
            | AgreementEvent::OtherFlowRecorded(_)
            | AgreementEvent::TermsRevised(_)
            | AgreementEvent::AllocationMade(_)
            | AgreementEvent::AllocationReleased(_)
            | AgreementEvent::FundsCarriedOver(_)
            | AgreementEvent::FundsTransferred(_)
            | AgreementEvent::OnwardGrantLinked(_)
            | AgreementEvent::TrancheConditionMet(_)
            | AgreementEvent::TrancheConditionWaived(_)
            | AgreementEvent::ReceivableWrittenOff(_)
            | AgreementEvent::ReceivableRecovered(_)
            | AgreementEvent::SplitsReclassified { .. }
            | AgreementEvent::TagSetReplaced(_)
            | AgreementEvent::PriorPeriodAdjusted(_)
            | AgreementEvent::EntryReversed { .. }
            | AgreementEvent::EntryReplaced { .. } => None,
        }
    }
}

/// A standing fact that turned an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Milestone {
    pub(crate) on: Date,
    pub(crate) event_id: EventId,
    pub(crate) turn: Turn,
}

/// What a command does, as far as a status may forbid it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Words; they are never forbidden.
    Describe,
    /// The term or other terms change.
    Term,
    /// More is committed, or a line is opened for it.
    Commit,
    /// Less is committed or allocated.
    Release,
    /// Committed money moves or is allocated.
    Move,
    /// A portion or plan is made or moved.
    Plan,
    /// A portion is given up.
    Unplan,
    /// A condition is met or waived.
    Condition,
    /// The provider pays. While it is suspended R19 judges it.
    Pay,
    /// Money that arrived or came back is booked, spending is reported, its origin is said.
    Settle,
    /// A receivable is given up or expected again.
    Receivable,
    /// It is suspended.
    Suspend,
    /// It is resumed.
    Resume,
    /// Its activities end.
    End,
    /// It ends before its term.
    Terminate,
    /// It ends before anything was paid.
    Cancel,
    /// Its books are closed.
    Close,
    /// An entry is cancelled or replaced; the closing itself may be.
    Correct,
}

impl Deed {
    pub(crate) const fn of(command: &AgreementCommand) -> Self {
        match command {
            AgreementCommand::Sign(_)
            | AgreementCommand::Describe(_)
            | AgreementCommand::ReclassifySplits { .. }
            | AgreementCommand::ReplaceTagSet(_) => Self::Describe,
            AgreementCommand::ExtendPeriod { .. }
            | AgreementCommand::ShortenPeriod { .. }
            | AgreementCommand::ReviseTerms(_) => Self::Term,
            AgreementCommand::OpenLine(_) | AgreementCommand::IncreaseCommitment { .. } => {
                Self::Commit
            }
            AgreementCommand::DecreaseCommitment { .. }
            | AgreementCommand::ReleaseAllocation { .. } => Self::Release,
            AgreementCommand::ReallocateFunds(_)
            | AgreementCommand::CarryOverFunds(_)
            | AgreementCommand::Allocate(_)
            | AgreementCommand::TransferFunds(_) => Self::Move,
            AgreementCommand::ScheduleTranche(_)
            | AgreementCommand::RescheduleTranche { .. }
            | AgreementCommand::ReplaceForecast(_) => Self::Plan,
            AgreementCommand::CancelTranche { .. } => Self::Unplan,
            AgreementCommand::MeetCondition(_) | AgreementCommand::WaiveCondition(_) => {
                Self::Condition
            }
            AgreementCommand::Disburse { .. } | AgreementCommand::Reimburse(_) => Self::Pay,
            AgreementCommand::LinkOnwardGrant(_)
            | AgreementCommand::Refund { .. }
            | AgreementCommand::ConfirmReceipt { .. }
            | AgreementCommand::ConfirmRefund { .. }
            | AgreementCommand::ReportExpenditure { .. }
            | AgreementCommand::ReduceExpenditure { .. }
            | AgreementCommand::RecordOtherFlow { .. } => Self::Settle,
            AgreementCommand::WriteOffReceivable(_) | AgreementCommand::RecoverReceivable(_) => {
                Self::Receivable
            }
            AgreementCommand::Suspend { .. } => Self::Suspend,
            AgreementCommand::Resume { .. } => Self::Resume,
            AgreementCommand::End { .. } => Self::End,
            AgreementCommand::Terminate(_) => Self::Terminate,
            AgreementCommand::Cancel { .. } => Self::Cancel,
            AgreementCommand::Close { .. } => Self::Close,
            AgreementCommand::ReverseEntry { .. } | AgreementCommand::ReplaceEntry { .. } => {
                Self::Correct
            }
        }
    }

    /// The table: what a status forbids. `docs/errors/STATUS_FORBIDS.md` prints it.
    ///
    /// Suspension forbids one thing only, by rule R19, which a mirror flags; the other rows bind both profiles.
    #[expect(
        clippy::match_same_arms,
        reason = "a table: one row for each deed, whatever the others say"
    )]
    pub(crate) const fn is_forbidden(self, status: Status) -> bool {
        let [suspended, ended, terminated, cancelled, closed] = match self {
            //                    suspended ended  termin. cancel. closed
            Self::Describe => [false, false, false, false, false],
            Self::Term => [false, true, true, true, true],
            Self::Commit => [false, true, true, true, true],
            Self::Release => [false, false, false, true, true],
            Self::Move => [false, false, true, true, true],
            Self::Plan => [false, true, true, true, true],
            Self::Unplan => [false, false, false, false, true],
            Self::Condition => [false, false, false, true, true],
            Self::Pay => [false, false, true, true, true],
            Self::Settle => [false, false, false, true, true],
            Self::Receivable => [false, false, false, true, true],
            Self::Suspend => [true, true, true, true, true],
            Self::Resume => [false, true, true, true, true],
            Self::End => [false, true, true, true, true],
            Self::Terminate => [false, false, true, true, true],
            Self::Cancel => [false, true, true, true, true],
            Self::Close => [false, false, false, false, true],
            Self::Correct => [false, false, false, false, true],
        };
        match status {
            Status::Signed | Status::Effective => matches!(self, Self::Resume),
            Status::Suspended => suspended,
            Status::OperationallyEnded => ended,
            Status::Terminated => terminated,
            Status::Cancelled => cancelled,
            Status::FinanciallyClosed => closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(turns: &[Turn], begun: bool, expected: Status) {
        assert_eq!(Status::of(turns.iter().copied(), begun), expected);
    }

    #[test]
    fn an_agreement_goes_through_its_life_by_the_facts_about_it() {
        use Turn::{Cancelled, Closed, Ended, Resumed, Suspended, Terminated};
        check(&[], false, Status::Signed);
        check(&[], true, Status::Effective);
        check(&[Suspended], true, Status::Suspended);
        check(&[Suspended, Resumed], true, Status::Effective);
        check(&[Suspended, Resumed], false, Status::Signed);
        check(&[Suspended, Ended], true, Status::OperationallyEnded);
        check(&[Ended, Suspended], true, Status::OperationallyEnded);
        check(&[Suspended, Terminated, Resumed], true, Status::Terminated);
        check(&[Ended, Terminated], true, Status::Terminated);
        check(&[Cancelled], false, Status::Cancelled);
        check(&[Terminated, Closed], true, Status::FinanciallyClosed);
    }

    #[test]
    fn every_status_has_a_word_of_its_own() {
        let mut names: Vec<&str> = Status::ALL.iter().map(|status| status.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 7);
    }
}
