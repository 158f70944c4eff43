//! Why a command is not recorded: values with their figures, never failures of the machine.

mod class;
mod evidence;
mod exchange;
mod life;
mod not_overridden;
mod periods;
mod refusal;
mod words;

use jiff::civil::Date;

use crate::classification::Pillar;
use crate::command::Expected;
use crate::event::Stream;
use crate::ids::{
    AgreementId, AllocationId, ImportId, LineId, PaymentId, PledgeId, TrancheId, TransferId,
};
use crate::import::ImportCounts;
use crate::ledger::ExceptionId;
use crate::log::{EventId, Revision};
use crate::money::{Currency, sum_text};
use crate::party::ExternalReference;
use crate::period::Period;
use crate::reference::ListVersion;
use crate::rule::Breach;

pub use exchange::ExchangeRejection;
pub use life::LifeRejection;
pub use not_overridden::NotOverridden;
pub use periods::PeriodRejection;
pub use refusal::{Refusal, Refused};
use words::{
    actual_text, event_text, events_text, expected_text, period_text, pillar_text, stand_text,
};

/// What a submitter can do about a rejection; ascending by precedence in a mixed refusal (CONVENTIONS.md 2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Never valid: fix the command.
    Invalid,
    /// The submitter may not do it: somebody else has to.
    NotPermitted,
    /// Names something that is not there: check the id.
    NotFound,
    /// The stream moved on: read again and decide again.
    Conflict,
    /// The state does not allow it: correct the state or the command.
    Precondition,
}

/// One reason against one command or submission.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// A field's value can never be right. Paths are relative to the command.
    #[error("{field} {problem}")]
    Malformed {
        /// Dotted path, as in `lines[1].amount`.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An amount is 0 where an entry needs money.
    #[error("{field} is 0: leave the entry out")]
    ZeroAmount {
        /// Dotted path.
        field: String,
    },
    /// An amount is in another currency than its agreement or pledge.
    #[error("{field} is in {actual} instead of {expected}")]
    CurrencyMismatch {
        /// Dotted path.
        field: String,
        /// The agreement's or pledge's.
        expected: Currency,
        /// The amount's.
        actual: Currency,
    },
    /// No line is named, and the agreement has several.
    #[error("agreement \"{agreement_id}\" has {lines} lines: name one")]
    LineRequired {
        /// The agreement.
        agreement_id: AgreementId,
        /// How many lines it has.
        lines: usize,
    },
    /// A total would not stay below 10^18 minor units.
    #[error("a total of \"{stream}\" leaves the range of 10^18 minor units")]
    TotalOutOfRange {
        /// Which stream's.
        stream: Stream,
    },
    /// The counts of a completed import do not add up.
    #[error("{} transactions are not {} booked + {} flagged + {} refused + {} unchanged", counts.transactions, counts.booked, counts.flagged, counts.refused, counts.unchanged)]
    CountsUnreconciled {
        /// The counts.
        counts: ImportCounts,
    },
    /// No such agreement in this ledger.
    #[error("there is no agreement \"{0}\"")]
    UnknownAgreement(AgreementId),
    /// No such pledge in this ledger.
    #[error("there is no pledge \"{0}\"")]
    UnknownPledge(PledgeId),
    /// No such line in the agreement.
    #[error("agreement \"{agreement_id}\" has no line \"{line_id}\"")]
    UnknownLine {
        /// The agreement.
        agreement_id: AgreementId,
        /// The line.
        line_id: LineId,
    },
    /// No such tranche in the agreement.
    #[error("agreement \"{agreement_id}\" has no tranche \"{tranche_id}\"")]
    UnknownTranche {
        /// The agreement.
        agreement_id: AgreementId,
        /// The tranche.
        tranche_id: TrancheId,
    },
    /// No such allocation in the agreement.
    #[error("agreement \"{agreement_id}\" has no allocation \"{allocation_id}\"")]
    UnknownAllocation {
        /// The agreement.
        agreement_id: AgreementId,
        /// The allocation.
        allocation_id: AllocationId,
    },
    /// No such event in the stream.
    #[error("\"{stream}\" has no event {event_id}")]
    UnknownEvent {
        /// The stream.
        stream: Stream,
        /// The event.
        event_id: EventId,
    },
    /// No such import run in this ledger.
    #[error("there is no import \"{0}\"")]
    UnknownImport(ImportId),
    /// No event carries this flag.
    #[error("there is no exception {0}")]
    UnknownException(ExceptionId),
    /// The submitter's belief about a stream is wrong (R2).
    #[error("expect \"{stream}\" {}, it {}", expected_text(*expected), actual_text(*actual))]
    RevisionConflict {
        /// The stream.
        stream: Stream,
        /// The belief.
        expected: Expected,
        /// The truth; absent if the stream does not exist.
        actual: Option<Revision>,
    },
    /// The agreement is already signed.
    #[error("agreement \"{0}\" is already signed")]
    AgreementExists(AgreementId),
    /// The pledge is already announced.
    #[error("pledge \"{0}\" is already announced")]
    PledgeExists(PledgeId),
    /// The agreement already has this line.
    #[error("agreement \"{agreement_id}\" already has a line \"{line_id}\"")]
    LineExists {
        /// The agreement.
        agreement_id: AgreementId,
        /// The line.
        line_id: LineId,
    },
    /// The agreement already has this tranche.
    #[error("agreement \"{agreement_id}\" already has a tranche \"{tranche_id}\"")]
    TrancheExists {
        /// The agreement.
        agreement_id: AgreementId,
        /// The tranche.
        tranche_id: TrancheId,
    },
    /// The agreement already has a payment of this id.
    #[error("agreement \"{agreement_id}\" already has a payment \"{payment_id}\"")]
    PaymentExists {
        /// The agreement.
        agreement_id: AgreementId,
        /// The payment.
        payment_id: PaymentId,
    },
    /// The import run has already started.
    #[error("import \"{0}\" has already started")]
    ImportExists(ImportId),
    /// The import run has already ended.
    #[error("import \"{0}\" has already ended")]
    ImportCompleted(ImportId),
    /// A standing event of the same kind already carries this number of the submitter's system.
    #[error("a {kind} already carries \"{}\" of \"{}\"{}", external_reference.reference, external_reference.system, event_text(*event_id))]
    ReferenceExists {
        /// The number.
        external_reference: ExternalReference,
        /// The event's kind, as in `DisbursementMade`.
        kind: &'static str,
        /// The event; absent if it is an earlier command of the same submission.
        event_id: Option<EventId>,
    },
    /// Nothing is open of the tranche any more.
    #[error("nothing is open of tranche \"{tranche_id}\" of agreement \"{agreement_id}\"")]
    TrancheNotOpen {
        /// The agreement.
        agreement_id: AgreementId,
        /// The tranche.
        tranche_id: TrancheId,
    },
    /// A giving leg asks for more than is undisbursed where it takes from (SEMANTICS.md 1 "Changes by year").
    #[error("a leg takes {} from line \"{line_id}\"{}, {} is undisbursed there", sum_text(*requested, *currency), period_text(*period), sum_text(*undisbursed, *currency))]
    LegExceedsUndisbursed {
        /// The line.
        line_id: LineId,
        /// The period, if the leg names one.
        period: Option<Period>,
        /// What could be given, in minor units; never below 0.
        undisbursed: i128,
        /// What the legs of this place ask for together, in minor units.
        requested: i128,
        /// Their currency.
        currency: Currency,
    },
    /// A leg moves money of a pillar that its line does not declare.
    #[error("line \"{line_id}\" declares {} and cannot move money of the pillar {}", pillar_text(*declared), pillar.name())]
    PillarNotDeclared {
        /// The line.
        line_id: LineId,
        /// The leg's.
        pillar: Pillar,
        /// The line's.
        declared: Option<Pillar>,
    },
    /// A giving leg names a purpose or country that its line is not classified by.
    #[error("line \"{line_id}\" is not for {code} and cannot give money of it")]
    CodeNotOnLine {
        /// The line.
        line_id: LineId,
        /// The code.
        code: String,
    },
    /// More is to be carried over than is undisbursed in the period.
    #[error("{} are to be carried over{}, {} is undisbursed there", sum_text(*requested, *currency), period_text(Some(*period)), sum_text(*undisbursed, *currency))]
    CarryOverExceedsUndisbursed {
        /// The agreement.
        agreement_id: AgreementId,
        /// The period that gives.
        period: Period,
        /// What could be given, in minor units; never below 0.
        undisbursed: i128,
        /// What is asked for, in minor units.
        requested: i128,
        /// Their currency.
        currency: Currency,
    },
    /// The agreement already has an allocation of this id.
    #[error("agreement \"{agreement_id}\" already has an allocation \"{allocation_id}\"")]
    AllocationExists {
        /// The agreement.
        agreement_id: AgreementId,
        /// The allocation.
        allocation_id: AllocationId,
    },
    /// More is to be released than is allocated.
    #[error("{} are to be released of allocation \"{allocation_id}\", {} are allocated by it", sum_text(*requested, *currency), sum_text(*allocated, *currency))]
    ReleaseExceedsAllocated {
        /// The allocation.
        allocation_id: AllocationId,
        /// What is allocated by it, in minor units.
        allocated: i128,
        /// What is asked for, in minor units.
        requested: i128,
        /// Their currency.
        currency: Currency,
    },
    /// The agreement already has a transfer of this id.
    #[error("agreement \"{agreement_id}\" already has a transfer \"{transfer_id}\"")]
    TransferExists {
        /// The agreement.
        agreement_id: AgreementId,
        /// The transfer.
        transfer_id: TransferId,
    },
    /// A link would let money come out of itself.
    #[error(
        "agreement \"{agreement_id}\" cannot be paid out of \"{upstream_agreement_id}\": that is paid out of it"
    )]
    OnwardCycle {
        /// The downstream agreement.
        agreement_id: AgreementId,
        /// The one that the money is said to come from.
        upstream_agreement_id: AgreementId,
    },
    /// An extension does not end later.
    #[error("an extension to {new_ends_on} does not end after {ends_on}")]
    EndNotLater {
        /// The end now.
        ends_on: Date,
        /// The end asked for.
        new_ends_on: Date,
    },
    /// A shortening does not end earlier.
    #[error("a shortening to {new_ends_on} does not end before {ends_on}")]
    EndNotEarlier {
        /// The end now.
        ends_on: Date,
        /// The end asked for.
        new_ends_on: Date,
    },
    /// An import reads a file published before one that was imported earlier.
    #[error(
        "the file was published on {published_on}, before one of {newest} that is already imported"
    )]
    PublishedBeforeNewest {
        /// The newest publication so far.
        newest: Date,
        /// The file's.
        published_on: Date,
    },
    /// A policy is dated before the one that it follows.
    #[error("a policy of {effective_on} cannot follow the one of {changed_on}")]
    PolicyChangedLater {
        /// The date of the policy in force.
        changed_on: Date,
        /// The date asked for.
        effective_on: Date,
    },
    /// The exception is settled, and stays so.
    #[error("exception {0} is already resolved")]
    ExceptionResolved(ExceptionId),
    /// Who submits a command is also who is said to have approved it.
    #[error("\"{approver}\" submits this and cannot be its approver: another person has to be")]
    SelfApproval {
        /// Who.
        approver: String,
    },
    /// Other entries stand on the one that is to be cancelled.
    #[error("{} on {target}: reverse {} first", stand_text(dependents.len()), events_text(dependents))]
    EntryHasDependents {
        /// The entry.
        target: EventId,
        /// Those that stand on it, ascending; at least one.
        dependents: Vec<EventId>,
    },
    /// The life of the agreement does not allow it.
    #[error("{0}")]
    Life(LifeRejection),
    /// Exactly this is already published, registered or assessed.
    #[error("{what} is already published in \"{stream}\", with this content")]
    AlreadyPublished {
        /// Where.
        stream: Stream,
        /// The version or the organisation.
        what: String,
    },
    /// The version is published with other content. A correction is a new version.
    #[error(
        "{what} is already published in \"{stream}\", with other content: publish a new version"
    )]
    PublishedDifferently {
        /// Where.
        stream: Stream,
        /// The version.
        what: String,
        /// Content hashes of what is published and of what was to be published, where there are such.
        hashes: Option<[[u8; 32]; 2]>,
    },
    /// The surviving organisation is itself shown as the one that is to be merged into it.
    #[error("\"{surviving}\" is itself shown as \"{merged}\"")]
    MergeCycle {
        /// Key of the one to be merged.
        merged: String,
        /// Key of the one to survive.
        surviving: String,
    },
    /// No such scheme is published in this ledger.
    #[error("no scheme {0} is published in this ledger")]
    UnknownScheme(ListVersion),
    /// The scheme has no such element.
    #[error("the scheme {list} has no element \"{element}\"")]
    UnknownElement {
        /// The scheme.
        list: ListVersion,
        /// The element's code.
        element: String,
    },
    /// The tags of one subject in a scheme that divides money sum to more than all of it.
    #[error("the tags sum to {sum_ppm} ppm, more than the whole of 1000000: {list} divides money")]
    TagsExceedWhole {
        /// The scheme.
        list: ListVersion,
        /// Their sum.
        sum_ppm: u64,
    },
    /// An element and one that it is a part of are both tagged.
    #[error("\"{element}\" is a part of \"{ancestor}\" in {list}: tag one of them")]
    AncestorTagged {
        /// The scheme.
        list: ListVersion,
        /// The part.
        element: String,
        /// What it is a part of.
        ancestor: String,
    },
    /// A calendar or a period does not allow it.
    #[error("{0}")]
    Period(Box<PeriodRejection>),
    /// Money across currencies does not allow it.
    #[error("{0}")]
    Exchange(ExchangeRejection),
    /// A numbered rule is broken that this ledger's profile refuses.
    #[error("{0}")]
    Breach(Breach),
    /// A numbered rule is broken, and the command's override of it does not count.
    #[error("{breach}; {why}")]
    NotOverridden {
        /// How it is broken.
        breach: Breach,
        /// Why the override does not count.
        why: NotOverridden,
    },
}

impl Rejection {
    /// The reason on the wire: `UPPER_SNAKE`, never renamed (CONVENTIONS.md 2.4).
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "INVALID_FIELD",
            Self::ZeroAmount { .. } => "ZERO_AMOUNT",
            Self::CurrencyMismatch { .. } => "CURRENCY_MISMATCH",
            Self::LineRequired { .. } => "LINE_REQUIRED",
            Self::TotalOutOfRange { .. } => "TOTAL_OUT_OF_RANGE",
            Self::CountsUnreconciled { .. } => "COUNTS_UNRECONCILED",
            Self::UnknownAgreement(_) => "UNKNOWN_AGREEMENT",
            Self::UnknownPledge(_) => "UNKNOWN_PLEDGE",
            Self::UnknownLine { .. } => "UNKNOWN_LINE",
            Self::UnknownTranche { .. } => "UNKNOWN_TRANCHE",
            Self::UnknownAllocation { .. } => "UNKNOWN_ALLOCATION",
            Self::UnknownEvent { .. } => "UNKNOWN_EVENT",
            Self::UnknownImport(_) => "UNKNOWN_IMPORT",
            Self::UnknownException(_) => "UNKNOWN_EXCEPTION",
            Self::RevisionConflict { .. } => "REVISION_CONFLICT",
            Self::AgreementExists(_) => "AGREEMENT_EXISTS",
            Self::PledgeExists(_) => "PLEDGE_EXISTS",
            Self::LineExists { .. } => "LINE_EXISTS",
            Self::TrancheExists { .. } => "TRANCHE_EXISTS",
            Self::PaymentExists { .. } => "PAYMENT_EXISTS",
            Self::ImportExists(_) => "IMPORT_EXISTS",
            Self::ImportCompleted(_) => "IMPORT_COMPLETED",
            Self::ReferenceExists { .. } => "EXTERNAL_REFERENCE_EXISTS",
            Self::TrancheNotOpen { .. } => "TRANCHE_NOT_OPEN",
            Self::LegExceedsUndisbursed { .. } => "LEG_EXCEEDS_UNDISBURSED",
            Self::PillarNotDeclared { .. } => "PILLAR_NOT_DECLARED",
            Self::CodeNotOnLine { .. } => "CODE_NOT_ON_LINE",
            Self::CarryOverExceedsUndisbursed { .. } => "CARRY_OVER_EXCEEDS_UNDISBURSED",
            Self::AllocationExists { .. } => "ALLOCATION_EXISTS",
            Self::ReleaseExceedsAllocated { .. } => "RELEASE_EXCEEDS_ALLOCATED",
            Self::TransferExists { .. } => "TRANSFER_EXISTS",
            Self::OnwardCycle { .. } => "ONWARD_CYCLE",
            Self::EndNotLater { .. } => "END_NOT_LATER",
            Self::EndNotEarlier { .. } => "END_NOT_EARLIER",
            Self::PublishedBeforeNewest { .. } => "PUBLISHED_BEFORE_NEWEST",
            Self::PolicyChangedLater { .. } => "POLICY_CHANGED_LATER",
            Self::ExceptionResolved(_) => "EXCEPTION_RESOLVED",
            Self::SelfApproval { .. } => "SELF_APPROVAL",
            Self::EntryHasDependents { .. } => "ENTRY_HAS_DEPENDENTS",
            Self::Life(life) => life.reason(),
            Self::AlreadyPublished { .. } => "ALREADY_PUBLISHED",
            Self::PublishedDifferently { .. } => "PUBLISHED_DIFFERENTLY",
            Self::MergeCycle { .. } => "MERGE_CYCLE",
            Self::UnknownScheme(_) => "UNKNOWN_SCHEME",
            Self::UnknownElement { .. } => "UNKNOWN_ELEMENT",
            Self::TagsExceedWhole { .. } => "TAGS_EXCEED_WHOLE",
            Self::AncestorTagged { .. } => "ANCESTOR_TAGGED",
            Self::Period(rejection) => rejection.reason(),
            Self::Exchange(rejection) => rejection.reason(),
            Self::Breach(breach) | Self::NotOverridden { breach, .. } => breach.rule.reason(),
        }
    }

    /// What the submitter can do about it.
    pub fn class(&self) -> Class {
        match self {
            Self::Malformed { .. }
            | Self::ZeroAmount { .. }
            | Self::CurrencyMismatch { .. }
            | Self::LineRequired { .. }
            | Self::TotalOutOfRange { .. }
            | Self::CountsUnreconciled { .. } => Class::Invalid,
            Self::SelfApproval { .. } => Class::NotPermitted,
            Self::UnknownAgreement(_)
            | Self::UnknownPledge(_)
            | Self::UnknownLine { .. }
            | Self::UnknownTranche { .. }
            | Self::UnknownAllocation { .. }
            | Self::UnknownEvent { .. }
            | Self::UnknownImport(_)
            | Self::UnknownException(_)
            | Self::UnknownScheme(_)
            | Self::UnknownElement { .. } => Class::NotFound,
            Self::RevisionConflict { .. } => Class::Conflict,
            Self::AgreementExists(_)
            | Self::PledgeExists(_)
            | Self::LineExists { .. }
            | Self::TrancheExists { .. }
            | Self::PaymentExists { .. }
            | Self::ImportExists(_)
            | Self::ImportCompleted(_)
            | Self::ReferenceExists { .. }
            | Self::TrancheNotOpen { .. }
            | Self::LegExceedsUndisbursed { .. }
            | Self::PillarNotDeclared { .. }
            | Self::CodeNotOnLine { .. }
            | Self::CarryOverExceedsUndisbursed { .. }
            | Self::AllocationExists { .. }
            | Self::ReleaseExceedsAllocated { .. }
            | Self::TransferExists { .. }
            | Self::OnwardCycle { .. }
            | Self::EndNotLater { .. }
            | Self::EndNotEarlier { .. }
            | Self::PublishedBeforeNewest { .. }
            | Self::PolicyChangedLater { .. }
            | Self::ExceptionResolved(_)
            | Self::EntryHasDependents { .. }
            | Self::AlreadyPublished { .. }
            | Self::PublishedDifferently { .. }
            | Self::MergeCycle { .. }
            | Self::TagsExceedWhole { .. }
            | Self::AncestorTagged { .. } => Class::Precondition,
            Self::Life(life) => life.class(),
            Self::Period(rejection) => rejection.class(),
            Self::Exchange(rejection) => rejection.class(),
            Self::Breach(breach) | Self::NotOverridden { breach, .. } => Class::of(breach.rule),
        }
    }

    /// The broken rule, if that is what it is.
    pub fn breach(&self) -> Option<&Breach> {
        if let Self::Breach(breach) | Self::NotOverridden { breach, .. } = self {
            return Some(breach);
        }
        None
    }

    /// The dotted path of the field at fault, relative to the command; absent if no single field is.
    pub fn field(&self) -> Option<&str> {
        if let Self::Malformed { field, .. }
        | Self::ZeroAmount { field }
        | Self::CurrencyMismatch { field, .. } = self
        {
            return Some(field);
        }
        if let Self::Exchange(rejection) = self {
            return rejection.field();
        }
        None
    }
}
