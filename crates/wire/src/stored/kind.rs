//! The kind of a stored event without decoding it, for readers that pass events through.

use crate::pb::log as pb;
use crate::pb::log::stored_event::Kind;

/// Returns the kind of a stored event, as in `DisbursementMade`; the empty text if this version knows none.
pub const fn kind(event: &pb::StoredEvent) -> &'static str {
    match &event.kind {
        None => "",
        Some(Kind::LedgerCreated(_)) => "LedgerCreated",
        Some(Kind::PledgeAnnounced(_)) => "PledgeAnnounced",
        Some(Kind::PledgeRevised(_)) => "PledgeRevised",
        Some(Kind::PledgeConverted(_)) => "PledgeConverted",
        Some(Kind::PledgeWithdrawn(_)) => "PledgeWithdrawn",
        Some(Kind::PledgeLapsed(_)) => "PledgeLapsed",
        Some(Kind::AgreementSigned(_)) => "AgreementSigned",
        Some(Kind::AgreementDescribed(_)) => "AgreementDescribed",
        Some(Kind::LineOpened(_)) => "LineOpened",
        Some(Kind::CommitmentIncreased(_)) => "CommitmentIncreased",
        Some(Kind::CommitmentDecreased(_)) => "CommitmentDecreased",
        Some(Kind::PeriodExtended(_)) => "PeriodExtended",
        Some(Kind::PeriodShortened(_)) => "PeriodShortened",
        Some(Kind::TrancheScheduled(_)) => "TrancheScheduled",
        Some(Kind::TrancheRescheduled(_)) => "TrancheRescheduled",
        Some(Kind::TrancheCancelled(_)) => "TrancheCancelled",
        Some(Kind::ForecastReplaced(_)) => "ForecastReplaced",
        Some(Kind::DisbursementMade(_)) => "DisbursementMade",
        Some(Kind::ReimbursementMade(_)) => "ReimbursementMade",
        Some(Kind::RefundMade(_)) => "RefundMade",
        Some(Kind::ReceiptConfirmed(_)) => "ReceiptConfirmed",
        Some(Kind::RefundReceived(_)) => "RefundReceived",
        Some(Kind::ExpenditureReported(_)) => "ExpenditureReported",
        Some(Kind::ExpenditureReduced(_)) => "ExpenditureReduced",
        Some(Kind::FundsReallocated(_)) => "FundsReallocated",
        Some(Kind::OtherFlowRecorded(_)) => "OtherFlowRecorded",
        Some(Kind::TermsRevised(_)) => "TermsRevised",
        Some(Kind::FundsCarriedOver(_)) => "FundsCarriedOver",
        Some(Kind::AgreementSuspended(_)) => "AgreementSuspended",
        Some(Kind::AgreementResumed(_)) => "AgreementResumed",
        Some(Kind::AgreementTerminated(_)) => "AgreementTerminated",
        Some(Kind::AgreementCancelled(_)) => "AgreementCancelled",
        Some(Kind::AgreementOperationallyEnded(_)) => "AgreementOperationallyEnded",
        Some(Kind::AgreementFinanciallyClosed(_)) => "AgreementFinanciallyClosed",
        Some(Kind::TrancheConditionMet(_)) => "TrancheConditionMet",
        Some(Kind::TrancheConditionWaived(_)) => "TrancheConditionWaived",
        Some(Kind::ReceivableWrittenOff(_)) => "ReceivableWrittenOff",
        Some(Kind::ReceivableRecovered(_)) => "ReceivableRecovered",
        Some(Kind::EntryReversed(_)) => "EntryReversed",
        Some(Kind::EntryReplaced(_)) => "EntryReplaced",
        Some(Kind::ImportStarted(_)) => "ImportStarted",
        Some(Kind::ImportCompleted(_)) => "ImportCompleted",
    }
}
