use super::Class;
use crate::rule::Rule;

impl Class {
    /// An amount that its currency cannot hold is never valid; the other rules depend on state or day.
    pub(super) const fn of(rule: Rule) -> Self {
        match rule {
            Rule::MinorDigits => Self::Invalid,
            Rule::ReallocationBalances
            | Rule::SplitExact
            | Rule::ReversalTarget
            | Rule::DateNotFuture
            | Rule::PeriodOrdered
            | Rule::RateEvidence
            | Rule::ClosedPeriod
            | Rule::WithinCommitment
            | Rule::NotBeforeSignature
            | Rule::NotAfterEnd
            | Rule::CommitmentAboveDisbursed
            | Rule::DisbursedNotNegative
            | Rule::ConversionWithinPledge
            | Rule::ScheduledWithinUndisbursed
            | Rule::AllocationWithinParked
            | Rule::ReallocationWithinPolicy
            | Rule::NotWhileSuspended
            | Rule::ConditionsMet
            | Rule::OnwardWithinReceived
            | Rule::RefundWithinDisbursed
            | Rule::ExpenditureWithinReceived
            | Rule::ReceiptMatchesSent => Self::Precondition,
        }
    }
}
