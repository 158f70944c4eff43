use jiff::civil::Date;

use crate::agreement::{
    AllocationWish, CashModality, Condition, ConditionEntry, Conversion, DecreaseReason,
    Description, EvidenceLevel, ExtensionKind, ForecastEntry, Leg, Line, LineSplits, OnwardWish,
    OtherFlowKind, Published, ReversalReason, Terms, TermsRevision, TransferWish, YearShare,
};
use crate::exchange::Functional;
use crate::ids::{AllocationId, LineId, PaymentId, TrancheId};
use crate::log::EventId;
use crate::money::Money;
use crate::party::OrgRef;
use crate::period::Period;
use crate::tag::TagSet;

/// A wish for one line's part of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineAmount {
    /// The line.
    pub line_id: LineId,
    /// Its part: above 0, in the agreement's currency.
    pub amount: Money,
}

/// A payment as it is asked for. Where no lines are named, `decide` splits it over lines by their undisbursed
/// amounts (SEMANTICS.md 1 "Draw").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cash {
    /// In the agreement's currency: above 0.
    pub amount: Money,
    /// Its division over lines, summing to `amount`; may be empty.
    pub lines: Vec<LineAmount>,
    /// The client's own id of it; unique in its agreement.
    pub payment_id: Option<PaymentId>,
    /// Who pays, where it is not the agreement's provider.
    pub provider: Option<OrgRef>,
    /// Who is paid, where it is not the agreement's or line's recipient.
    pub receiver: Option<OrgRef>,
    /// The date of the exchange rate or of the money's arrival.
    pub value_on: Option<Date>,
    /// What is really paid, if in another currency.
    pub conversion: Option<Conversion>,
    /// The submitter's reference text.
    pub reference: Option<String>,
    /// The published entry behind it, for imports.
    pub published: Option<Published>,
    /// What `amount` is in the functional currency.
    pub functional: Option<Box<Functional>>,
    /// Money or goods, if it was said.
    pub modality: Option<CashModality>,
}

/// A receivable to give up, or to expect again. Where no lines are named, `decide` splits it over lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receivable {
    /// In the agreement's currency: above 0.
    pub amount: Money,
    /// Its division over lines, summing to `amount`; may be empty.
    pub lines: Vec<LineAmount>,
    /// Why.
    pub reason: String,
    /// Who approved it.
    pub approver: String,
}

/// What a line is to give up; without shares its undisbursed portions, the last first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineDecommitment {
    /// The line.
    pub line_id: LineId,
    /// How much: above 0.
    pub amount: Money,
    /// From which periods, summing to `amount`; may be empty.
    pub year_shares: Vec<YearShare>,
}

/// An end before the term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlyEnd {
    /// Why.
    pub reason: String,
    /// What is given up; without: everything that is undisbursed.
    pub decommitments: Vec<LineDecommitment>,
    /// What of the payments is claimed back; only then less than what is undisbursed may be given up.
    pub recovery: Option<Money>,
}

/// A portion to schedule. Of `due_on` and `period` at least one is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tranche {
    /// Unique in its agreement.
    pub tranche_id: TrancheId,
    /// Above 0.
    pub amount: Money,
    /// The day it is due; the period's first day where absent.
    pub due_on: Option<Date>,
    /// The period it is for; the due day where absent.
    pub period: Option<Period>,
    /// What must be so before it is paid; ids unique.
    pub conditions: Vec<Condition>,
}

/// A move of committed money at constant total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reallocation {
    /// At least two.
    pub legs: Vec<Leg>,
    /// The clause that permits it; may be empty.
    pub legal_basis: String,
    /// The amendment's number, where one permits it.
    pub amendment: Option<String>,
}

/// A wish to carry undisbursed money to a later fiscal period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarryOver {
    /// The line; without one, all lines in proportion to what is undisbursed of them in the period.
    pub line_id: Option<LineId>,
    /// The period it was for.
    pub from_period: Period,
    /// The period it is for from now on; it ends later.
    pub to_period: Period,
    /// Above 0.
    pub amount: Money,
    /// Why; may be empty.
    pub reason: String,
}

/// What is asked of an agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgreementCommand {
    /// Sign it.
    Sign(Terms),
    /// Say it in words, replacing all earlier words.
    Describe(Description),
    /// Add a line of 0.
    OpenLine(Line),
    /// Commit more.
    IncreaseCommitment {
        /// The line; may be left out where the agreement has one.
        line_id: Option<LineId>,
        /// How much more.
        amount: Money,
        /// For which periods, summing to `amount`; empty: by day over what is left of the term.
        year_shares: Vec<YearShare>,
        /// The amendment's number.
        amendment: Option<String>,
        /// The published entry behind it, for imports.
        published: Option<Published>,
        /// What `amount` is in the functional currency.
        functional: Option<Box<Functional>>,
    },
    /// Commit less.
    DecreaseCommitment {
        /// The line; may be left out where the agreement has one.
        line_id: Option<LineId>,
        /// How much less.
        amount: Money,
        /// From which periods, summing to `amount`; empty: undisbursed portions, the last first.
        year_shares: Vec<YearShare>,
        /// Why.
        reason: DecreaseReason,
        /// The published entry behind it, for imports.
        published: Option<Published>,
        /// What `amount` is in the functional currency.
        functional: Option<Box<Functional>>,
    },
    /// End later.
    ExtendPeriod {
        /// The new last day, included.
        new_ends_on: Date,
        /// Whether it costs.
        kind: ExtensionKind,
        /// Shares of the moved money by line; empty: prorated lines are prorated anew.
        moves: Vec<crate::agreement::ShareMove>,
        /// The amendment's number.
        amendment: Option<String>,
    },
    /// End earlier.
    ShortenPeriod {
        /// The new last day, included.
        new_ends_on: Date,
        /// Why.
        reason: String,
    },
    /// Schedule a portion.
    ScheduleTranche(Tranche),
    /// Make it due on another day.
    RescheduleTranche {
        /// The tranche.
        tranche_id: TrancheId,
        /// The new day.
        new_due_on: Date,
        /// Why.
        reason: String,
    },
    /// Give a portion up.
    CancelTranche {
        /// The tranche.
        tranche_id: TrancheId,
        /// Why.
        reason: String,
    },
    /// Replace the published plan whole.
    ReplaceForecast(Vec<ForecastEntry>),
    /// Pay.
    Disburse {
        /// The payment.
        cash: Cash,
        /// The tranche it pays; the oldest open one where absent.
        tranche_id: Option<TrancheId>,
    },
    /// Pay what was already spent.
    Reimburse(Cash),
    /// Book money that came back to the provider.
    Refund {
        /// The payment.
        cash: Cash,
        /// Why.
        reason: String,
    },
    /// Book money that arrived.
    ConfirmReceipt {
        /// The payment.
        cash: Cash,
        /// The tranche it pays, where the ledger books the recipient's view; the oldest open one where absent.
        tranche_id: Option<TrancheId>,
        /// The disbursement whose arrival it confirms.
        disbursement_id: Option<PaymentId>,
    },
    /// Book money that the recipient gave back.
    ConfirmRefund {
        /// The payment.
        cash: Cash,
        /// Why.
        reason: String,
    },
    /// Report spending.
    ReportExpenditure {
        /// The payment.
        cash: Cash,
        /// The reported period; the effective day where absent.
        period: Option<Period>,
        /// How far it was checked.
        evidence_level: EvidenceLevel,
    },
    /// Report less spending.
    ReduceExpenditure {
        /// The payment.
        cash: Cash,
        /// The reported period; the effective day where absent.
        period: Option<Period>,
        /// Why.
        reason: String,
    },
    /// Move committed money.
    ReallocateFunds(Reallocation),
    /// Revise terms beside parties, dates and money.
    ReviseTerms(Box<TermsRevision>),
    /// Say what parked money is for.
    Allocate(Box<AllocationWish>),
    /// Park allocated money again.
    ReleaseAllocation {
        /// The allocation.
        allocation_id: AllocationId,
        /// How much goes back: above 0, at most what is allocated by it.
        amount: Money,
        /// Why; may be empty.
        reason: String,
    },
    /// Carry undisbursed money to a later fiscal period.
    CarryOverFunds(CarryOver),
    /// Transfer committed money to another agreement; asked of the one that gives.
    TransferFunds(Box<TransferWish>),
    /// Say which agreement the money comes out of; asked of the one that receives.
    LinkOnwardGrant(Box<OnwardWish>),
    /// Book interest, a loan repayment, equity or a guarantee.
    RecordOtherFlow {
        /// Which.
        kind: OtherFlowKind,
        /// Whether it was published with a minus.
        negative: bool,
        /// The payment.
        cash: Cash,
    },
    /// Stop payments for a while.
    Suspend {
        /// Why.
        reason: String,
    },
    /// Let payments go on.
    Resume {
        /// Why.
        reason: String,
    },
    /// End it before its term.
    Terminate(EarlyEnd),
    /// End it before anything was paid.
    Cancel {
        /// Why.
        reason: String,
    },
    /// End its activities.
    End {
        /// What to say with it; may be empty.
        reason: String,
    },
    /// Close its books.
    Close {
        /// What to say with it; may be empty.
        reason: String,
    },
    /// Say that a condition of a tranche is met.
    MeetCondition(ConditionEntry),
    /// Give a condition of a tranche up.
    WaiveCondition(ConditionEntry),
    /// Give a receivable up.
    WriteOffReceivable(Receivable),
    /// Expect a receivable again that was given up.
    RecoverReceivable(Receivable),
    /// Read all money of a line under other splits.
    ReclassifySplits {
        /// The line; may be left out where the agreement has one.
        line_id: Option<LineId>,
        /// The splits, which replace the line's own whole.
        splits: LineSplits,
        /// Why.
        reason: String,
    },
    /// Tag the agreement, a line or a tranche, replacing all its tags in the scheme.
    ReplaceTagSet(TagSet),
    /// Cancel an entry.
    ReverseEntry {
        /// The entry.
        target: EventId,
        /// Why.
        reason: ReversalReason,
    },
    /// Cancel an entry and put another command's event in its place.
    ReplaceEntry {
        /// The entry.
        target: EventId,
        /// The command that follows in its place; neither a reversal nor a replacement.
        replacement: Box<AgreementCommand>,
        /// The replacement's own date.
        replacement_effective_on: Date,
    },
}

impl AgreementCommand {
    /// The kind of the event it makes, as in `DisbursementMade`; of a replacement, the kind of what takes the
    /// place.
    pub fn makes(&self) -> &'static str {
        match self {
            Self::Sign(_) => "AgreementSigned",
            Self::Describe(_) => "AgreementDescribed",
            Self::OpenLine(_) => "LineOpened",
            Self::IncreaseCommitment { .. } => "CommitmentIncreased",
            Self::DecreaseCommitment { .. } => "CommitmentDecreased",
            Self::ExtendPeriod { .. } => "PeriodExtended",
            Self::ShortenPeriod { .. } => "PeriodShortened",
            Self::ScheduleTranche(_) => "TrancheScheduled",
            Self::RescheduleTranche { .. } => "TrancheRescheduled",
            Self::CancelTranche { .. } => "TrancheCancelled",
            Self::ReplaceForecast(_) => "ForecastReplaced",
            Self::Disburse { .. } => "DisbursementMade",
            Self::Reimburse(_) => "ReimbursementMade",
            Self::Refund { .. } => "RefundMade",
            Self::ConfirmReceipt { .. } => "ReceiptConfirmed",
            Self::ConfirmRefund { .. } => "RefundReceived",
            Self::ReportExpenditure { .. } => "ExpenditureReported",
            Self::ReduceExpenditure { .. } => "ExpenditureReduced",
            Self::ReallocateFunds(_) => "FundsReallocated",
            Self::ReviseTerms(_) => "TermsRevised",
            Self::Allocate(_) => "AllocationMade",
            Self::ReleaseAllocation { .. } => "AllocationReleased",
            Self::CarryOverFunds(_) => "FundsCarriedOver",
            Self::TransferFunds(_) => "FundsTransferred",
            Self::LinkOnwardGrant(_) => "OnwardGrantLinked",
            Self::RecordOtherFlow { .. } => "OtherFlowRecorded",
            Self::Suspend { .. } => "AgreementSuspended",
            Self::Resume { .. } => "AgreementResumed",
            Self::Terminate(_) => "AgreementTerminated",
            Self::Cancel { .. } => "AgreementCancelled",
            Self::End { .. } => "AgreementOperationallyEnded",
            Self::Close { .. } => "AgreementFinanciallyClosed",
            Self::MeetCondition(_) => "TrancheConditionMet",
            Self::WaiveCondition(_) => "TrancheConditionWaived",
            Self::WriteOffReceivable(_) => "ReceivableWrittenOff",
            Self::RecoverReceivable(_) => "ReceivableRecovered",
            Self::ReclassifySplits { .. } => "SplitsReclassified",
            Self::ReplaceTagSet(_) => "TagSetReplaced",
            Self::ReverseEntry { .. } => "EntryReversed",
            Self::ReplaceEntry { replacement, .. } => replacement.makes(),
        }
    }

    /// Who is said to have approved it, or what takes the place of what it cancels; only what gives up a receivable or
    /// expects it again needs somebody.
    pub fn approver(&self) -> Option<&str> {
        if let Self::ReplaceEntry { replacement, .. } = self {
            return replacement.approver();
        }
        if let Self::WriteOffReceivable(receivable) | Self::RecoverReceivable(receivable) = self {
            return Some(&receivable.approver);
        }
        None
    }

    /// What it is called where commands are written, as in `disburse`: the start of its field paths.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sign(_) => "sign_agreement",
            Self::Describe(_) => "describe_agreement",
            Self::OpenLine(_) => "open_line",
            Self::IncreaseCommitment { .. } => "increase_commitment",
            Self::DecreaseCommitment { .. } => "decrease_commitment",
            Self::ExtendPeriod { .. } => "extend_period",
            Self::ShortenPeriod { .. } => "shorten_period",
            Self::ScheduleTranche(_) => "schedule_tranche",
            Self::RescheduleTranche { .. } => "reschedule_tranche",
            Self::CancelTranche { .. } => "cancel_tranche",
            Self::ReplaceForecast(_) => "replace_forecast",
            Self::Disburse { .. } => "disburse",
            Self::Reimburse(_) => "reimburse",
            Self::Refund { .. } => "refund",
            Self::ConfirmReceipt { .. } => "confirm_receipt",
            Self::ConfirmRefund { .. } => "confirm_refund",
            Self::ReportExpenditure { .. } => "report_expenditure",
            Self::ReduceExpenditure { .. } => "reduce_expenditure",
            Self::ReallocateFunds(_) => "reallocate_funds",
            Self::ReviseTerms(_) => "revise_terms",
            Self::Allocate(_) => "allocate",
            Self::ReleaseAllocation { .. } => "release_allocation",
            Self::CarryOverFunds(_) => "carry_over_funds",
            Self::TransferFunds(_) => "transfer_funds",
            Self::LinkOnwardGrant(_) => "link_onward_grant",
            Self::RecordOtherFlow { .. } => "record_other_flow",
            Self::Suspend { .. } => "suspend_agreement",
            Self::Resume { .. } => "resume_agreement",
            Self::Terminate(_) => "terminate_agreement",
            Self::Cancel { .. } => "cancel_agreement",
            Self::End { .. } => "end_agreement",
            Self::Close { .. } => "close_agreement",
            Self::MeetCondition(_) => "meet_tranche_condition",
            Self::WaiveCondition(_) => "waive_tranche_condition",
            Self::WriteOffReceivable(_) => "write_off_receivable",
            Self::RecoverReceivable(_) => "recover_receivable",
            Self::ReclassifySplits { .. } => "reclassify_splits",
            Self::ReplaceTagSet(_) => "replace_tag_set",
            Self::ReverseEntry { .. } => "reverse_entry",
            Self::ReplaceEntry { .. } => "replace_entry",
        }
    }
}
