use jiff::civil::Date;

use crate::agreement::{
    Allocation, AllocationRelease, CarriedFunds, CashEntry, Condition, ForecastEntry, Line,
    LinePart, OnwardGrant, OtherFlow, Published, ReallocatedFunds, ShareMove, Terms, TermsRevision,
    TrancheDraw, Transfer, YearShare,
};
use crate::calendar::AdjustedPeriod;
use crate::classification::{Pillar, Split};
use crate::exchange::Functional;
use crate::ids::{ConditionId, LineId, PaymentId, TrancheId};
use crate::log::EventId;
use crate::money::Money;
use crate::party::{DocRef, ExternalReference, OrgRef};
use crate::period::Period;
use crate::tag::TagSet;

/// Why a commitment became smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DecreaseReason {
    /// What was not used is released.
    Decommitment,
    /// The donor cut it.
    DonorCut,
    /// It cost less.
    Savings,
    /// An exchange-rate ceiling applies.
    FxCap,
    /// Not said (imports).
    Unknown,
}

/// Whether an extension costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExtensionKind {
    /// The amount stays.
    NoCost,
    /// An increase belongs to it.
    Cost,
    /// Not said (imports).
    Unknown,
}

/// Why an entry is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReversalReason {
    /// It was wrong: negated at its own date.
    Error,
    /// Another entry follows it: negated at its own date.
    Replaced,
    /// Its source took it back: negated at its own date.
    Withdrawn,
    /// The payment came back, later: negated at the reversal's date.
    Returned,
}

/// How far a report of expenditure was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EvidenceLevel {
    /// Claimed by who spent it.
    Claimed,
    /// Verified by who paid.
    Verified,
    /// Audited.
    Audited,
}

/// An organisation that takes part, in a published role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParticipatingOrg {
    /// The organisation.
    pub org: OrgRef,
    /// IATI `OrganisationRole` code: 1 funding, 2 accountable, 3 extending, 4 implementing.
    pub role_code: u8,
}

/// Words about an agreement: replaced whole, never driving its life cycle.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Description {
    /// Title.
    pub title: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Numbers that other systems gave it.
    pub identifiers: Vec<ExternalReference>,
    /// Who takes part.
    pub participating: Vec<ParticipatingOrg>,
    /// Who published it.
    pub reporting_org: Option<OrgRef>,
    /// IATI `ActivityStatus` code as published.
    pub published_status: Option<u8>,
    /// IATI hierarchy level as published; 1 where nothing is said.
    pub hierarchy: Option<u8>,
    /// Identifier of the published parent.
    pub parent: Option<String>,
    /// Documents.
    pub documents: Vec<DocRef>,
}

/// How a tranche became due on another day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rescheduling {
    /// The tranche.
    pub tranche_id: TrancheId,
    /// What is open of it, so that the event expands alone.
    pub open: Money,
    /// The day before.
    pub previous_due_on: Date,
    /// The new day.
    pub new_due_on: Date,
    /// The period it is for now.
    pub period: Period,
    /// Why.
    pub reason: String,
}

/// What one line gives up when its agreement ends early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decommitment {
    /// The line.
    pub line_id: LineId,
    /// How much: above 0.
    pub amount: Money,
    /// From which periods; they sum to `amount`.
    pub year_shares: Vec<YearShare>,
}

/// How an agreement ended before its term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Termination {
    /// Why.
    pub reason: String,
    /// What is given up, by line and period, so that the event expands alone: U, unless there is a recovery.
    pub decommitments: Vec<Decommitment>,
    /// What of the payments is claimed back.
    pub recovery: Option<Money>,
}

/// A receivable given up, or one that was given up and is expected again after all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivableEntry {
    /// How much: above 0.
    pub amount: Money,
    /// Its division over lines: at least one, summing to `amount`.
    pub parts: Vec<LinePart>,
    /// Why.
    pub reason: String,
    /// Who approved it.
    pub approver: String,
}

/// What became of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionEntry {
    /// The tranche.
    pub tranche_id: TrancheId,
    /// The condition.
    pub condition_id: ConditionId,
    /// What shows it, or why it is waived.
    pub reason: String,
}

/// How all money of a line is classified from a day on, whatever its own date (SEMANTICS.md 1 "Reclassification").
/// Its published humanitarian flag, budget heading and own codes stay.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct LineSplits {
    /// Purposes; empty: not classified.
    pub purposes: Split,
    /// Countries, else regions; empty: not classified.
    pub places: Split,
    /// The pillar that the agreement itself declares.
    pub pillar: Option<Pillar>,
}

impl LineSplits {
    /// As a line was opened.
    pub(crate) fn of(line: &Line) -> Self {
        Self {
            purposes: line.dims.purposes.clone(),
            places: line.dims.places.clone(),
            pillar: line.dims.pillar,
        }
    }
}

/// A fact about an agreement. Amounts are above 0 unless said otherwise; the kind gives the direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgreementEvent {
    /// It was signed, or a mirror opened it with lines of 0.
    AgreementSigned(Terms),
    /// Words about it.
    AgreementDescribed(Description),
    /// A line of 0 was added after signature (ADR-0002).
    LineOpened {
        /// The line; its amount is 0 and its shares are empty.
        line: Line,
    },
    /// More is committed.
    CommitmentIncreased {
        /// The line.
        line_id: LineId,
        /// How much more.
        amount: Money,
        /// For which periods; they sum to `amount`.
        year_shares: Vec<YearShare>,
        /// The amendment's number.
        amendment: Option<String>,
        /// The published entry behind it, for imports.
        published: Option<Published>,
        /// What `amount` is in the functional currency.
        functional: Option<Box<Functional>>,
    },
    /// Less is committed.
    CommitmentDecreased {
        /// The line.
        line_id: LineId,
        /// How much less.
        amount: Money,
        /// From which periods; they sum to `amount`.
        year_shares: Vec<YearShare>,
        /// Why.
        reason: DecreaseReason,
        /// The published entry behind it, for imports.
        published: Option<Published>,
        /// What `amount` is in the functional currency.
        functional: Option<Box<Functional>>,
    },
    /// It ends later.
    PeriodExtended {
        /// The end before.
        previous_ends_on: Option<Date>,
        /// The new last day, included.
        new_ends_on: Date,
        /// Whether it costs.
        kind: ExtensionKind,
        /// Shares that move with it; pairs that sum to zero per line.
        moves: Vec<ShareMove>,
        /// The amendment's number.
        amendment: Option<String>,
    },
    /// It ends earlier.
    PeriodShortened {
        /// The end before.
        previous_ends_on: Option<Date>,
        /// The new last day, included.
        new_ends_on: Date,
        /// Why.
        reason: String,
    },
    /// A portion is due.
    TrancheScheduled {
        /// Unique in its agreement.
        tranche_id: TrancheId,
        /// How much.
        amount: Money,
        /// The day it is due.
        due_on: Date,
        /// The period it is for.
        period: Period,
        /// What must be so before it is paid; ids unique.
        conditions: Vec<Condition>,
    },
    /// It is due on another day.
    TrancheRescheduled(Rescheduling),
    /// It will not be paid.
    TrancheCancelled {
        /// The tranche.
        tranche_id: TrancheId,
        /// What was open of it.
        open: Money,
        /// The day it was due.
        due_on: Date,
        /// Why.
        reason: String,
    },
    /// The published plan is replaced whole. No tranche, no R17.
    ForecastReplaced {
        /// The plan before, so that the event expands alone.
        previous: Vec<ForecastEntry>,
        /// The plan now.
        entries: Vec<ForecastEntry>,
    },
    /// The provider paid.
    DisbursementMade {
        /// The payment.
        cash: CashEntry,
        /// The tranches it pays, oldest first; may be less than the amount.
        draws: Vec<TrancheDraw>,
    },
    /// The provider paid what the recipient had already spent.
    ReimbursementMade {
        /// The payment.
        cash: CashEntry,
    },
    /// Money came back to the provider.
    RefundMade {
        /// The payment.
        cash: CashEntry,
        /// Why.
        reason: String,
    },
    /// The recipient has the money.
    ReceiptConfirmed {
        /// The payment.
        cash: CashEntry,
        /// The tranches it pays, oldest first, where the ledger books the recipient's view; may be less than the
        /// amount.
        draws: Vec<TrancheDraw>,
        /// The disbursement whose arrival it confirms.
        disbursement_id: Option<PaymentId>,
    },
    /// The recipient gave money back.
    RefundReceived {
        /// The payment.
        cash: CashEntry,
        /// Why.
        reason: String,
    },
    /// Money was spent on goods and services.
    ExpenditureReported {
        /// The payment.
        cash: CashEntry,
        /// The reported period.
        period: Period,
        /// How far it was checked.
        evidence_level: EvidenceLevel,
    },
    /// Less was spent than reported.
    ExpenditureReduced {
        /// The payment.
        cash: CashEntry,
        /// The reported period.
        period: Period,
        /// Why.
        reason: String,
    },
    /// Committed money moved between lines, periods, pillars, purposes and countries at constant total.
    FundsReallocated(Box<ReallocatedFunds>),
    /// Interest, loan repayments, equity, guarantees.
    OtherFlowRecorded(OtherFlow),
    /// Terms beside parties, dates and money changed: only what changed is in it.
    TermsRevised(Box<TermsRevision>),
    /// Parked money of a line is for something now.
    AllocationMade(Box<Allocation>),
    /// Allocated money is parked again.
    AllocationReleased(Box<AllocationRelease>),
    /// Undisbursed money of one fiscal period is for a later one.
    FundsCarriedOver(Box<CarriedFunds>),
    /// Payments stop for a while (R19).
    AgreementSuspended {
        /// Why.
        reason: String,
    },
    /// Payments go on.
    AgreementResumed {
        /// Why.
        reason: String,
    },
    /// It ends before its term.
    AgreementTerminated(Termination),
    /// It ends before anything was paid; all of it is given up.
    AgreementCancelled {
        /// Why.
        reason: String,
        /// What is given up, by line and period: all of C.
        decommitments: Vec<Decommitment>,
    },
    /// Its activities ended; final payments and reports may follow.
    AgreementOperationallyEnded {
        /// What was said with it; may be empty.
        reason: String,
    },
    /// Its books are closed: nothing is open any more.
    AgreementFinanciallyClosed {
        /// What was said with it; may be empty.
        reason: String,
    },
    /// A condition of a tranche is met.
    TrancheConditionMet(ConditionEntry),
    /// A condition of a tranche is given up.
    TrancheConditionWaived(ConditionEntry),
    /// A receivable is given up: changes neither C nor D, adds to W.
    ReceivableWrittenOff(ReceivableEntry),
    /// A receivable that was given up is expected again: takes out of W. The money itself is an entry of its own.
    ReceivableRecovered(ReceivableEntry),
    /// Committed money left for another agreement, or came from one: one half of a transfer.
    FundsTransferred(Box<Transfer>),
    /// The agreement's money comes out of another agreement.
    OnwardGrantLinked(Box<OnwardGrant>),
    /// All money of a line reads under other splits. No amount changes.
    SplitsReclassified {
        /// The line.
        line_id: LineId,
        /// The splits, which replace the line's own whole.
        splits: LineSplits,
        /// Why.
        reason: String,
    },
    /// The agreement, a line or a tranche is tagged, replacing all its tags in the scheme.
    TagSetReplaced(TagSet),
    /// A closed period is adjusted: the event that follows in the same record is dated in an open one.
    PriorPeriodAdjusted(Box<AdjustedPeriod>),
    /// An entry is cancelled whole.
    EntryReversed {
        /// The entry.
        target: EventId,
        /// Why; it decides the date.
        reason: ReversalReason,
    },
    /// An entry is cancelled because the event that follows in the same record takes its place.
    EntryReplaced {
        /// The entry.
        target: EventId,
    },
}

impl AgreementEvent {
    /// The event's kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::AgreementSigned(_) => "AgreementSigned",
            Self::AgreementDescribed(_) => "AgreementDescribed",
            Self::LineOpened { .. } => "LineOpened",
            Self::CommitmentIncreased { .. } => "CommitmentIncreased",
            Self::CommitmentDecreased { .. } => "CommitmentDecreased",
            Self::PeriodExtended { .. } => "PeriodExtended",
            Self::PeriodShortened { .. } => "PeriodShortened",
            Self::TrancheScheduled { .. } => "TrancheScheduled",
            Self::TrancheRescheduled { .. } => "TrancheRescheduled",
            Self::TrancheCancelled { .. } => "TrancheCancelled",
            Self::ForecastReplaced { .. } => "ForecastReplaced",
            Self::DisbursementMade { .. } => "DisbursementMade",
            Self::ReimbursementMade { .. } => "ReimbursementMade",
            Self::RefundMade { .. } => "RefundMade",
            Self::ReceiptConfirmed { .. } => "ReceiptConfirmed",
            Self::RefundReceived { .. } => "RefundReceived",
            Self::ExpenditureReported { .. } => "ExpenditureReported",
            Self::ExpenditureReduced { .. } => "ExpenditureReduced",
            Self::FundsReallocated(_) => "FundsReallocated",
            Self::OtherFlowRecorded(_) => "OtherFlowRecorded",
            Self::TermsRevised(_) => "TermsRevised",
            Self::AllocationMade(_) => "AllocationMade",
            Self::AllocationReleased(_) => "AllocationReleased",
            Self::FundsCarriedOver(_) => "FundsCarriedOver",
            Self::AgreementSuspended { .. } => "AgreementSuspended",
            Self::AgreementResumed { .. } => "AgreementResumed",
            Self::AgreementTerminated(_) => "AgreementTerminated",
            Self::AgreementCancelled { .. } => "AgreementCancelled",
            Self::AgreementOperationallyEnded { .. } => "AgreementOperationallyEnded",
            Self::AgreementFinanciallyClosed { .. } => "AgreementFinanciallyClosed",
            Self::TrancheConditionMet(_) => "TrancheConditionMet",
            Self::TrancheConditionWaived(_) => "TrancheConditionWaived",
            Self::ReceivableWrittenOff(_) => "ReceivableWrittenOff",
            Self::ReceivableRecovered(_) => "ReceivableRecovered",
            Self::FundsTransferred(_) => "FundsTransferred",
            Self::OnwardGrantLinked(_) => "OnwardGrantLinked",
            Self::SplitsReclassified { .. } => "SplitsReclassified",
            Self::TagSetReplaced(_) => "TagSetReplaced",
            Self::PriorPeriodAdjusted(_) => "PriorPeriodAdjusted",
            Self::EntryReversed { .. } => "EntryReversed",
            Self::EntryReplaced { .. } => "EntryReplaced",
        }
    }
}
