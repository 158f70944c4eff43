use perennial_domain::agreement::{
    AgreementEvent, CashEntry, OtherFlow, Rescheduling, Termination,
};
use perennial_domain::calendar::{AdjustedPeriod, CalendarEvent};
use perennial_domain::event::{Event, Fact};
use perennial_domain::ids::PaymentId;
use perennial_domain::import::ImportEvent;
use perennial_domain::ledger::LedgerEvent;
use perennial_domain::log::EventId;
use perennial_domain::party::ExternalReference;
use perennial_domain::pledge::PledgeEvent;
use perennial_domain::reference::ReferenceEvent;
use perennial_domain::requirement::RequirementEvent;

use crate::day::Day;
use crate::expand::named_event;

macro_rules! kinds {
    ($($name:ident = $code:literal;)+) => {
        /// An event's kind.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $(
            #[doc = stringify!($name)]
            $name,
        )+ }

        impl Kind {
            /// All of this version.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The number in digests and stores: never reused.
            pub const fn code(self) -> u8 {
                match self { $(Self::$name => $code,)+ }
            }

            /// Finds a kind by its number.
            pub const fn of_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$name),)+ _ => None }
            }

            /// The event's name, as [`Fact::kind`].
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }
        }
    };
}

kinds! {
    LedgerCreated = 0;
    PledgeAnnounced = 1;
    PledgeRevised = 2;
    PledgeConverted = 3;
    PledgeWithdrawn = 4;
    AgreementSigned = 5;
    AgreementDescribed = 6;
    LineOpened = 7;
    CommitmentIncreased = 8;
    CommitmentDecreased = 9;
    PeriodExtended = 10;
    PeriodShortened = 11;
    TrancheScheduled = 12;
    TrancheRescheduled = 13;
    TrancheCancelled = 14;
    ForecastReplaced = 15;
    DisbursementMade = 16;
    ReimbursementMade = 17;
    RefundMade = 18;
    ReceiptConfirmed = 19;
    RefundReceived = 20;
    ExpenditureReported = 21;
    ExpenditureReduced = 22;
    FundsReallocated = 23;
    OtherFlowRecorded = 24;
    EntryReversed = 25;
    EntryReplaced = 26;
    ImportStarted = 27;
    ImportCompleted = 28;
    LedgerPolicyChanged = 121;
    ExceptionAcknowledged = 122;
    ExceptionResolved = 123;
    PledgeLapsed = 134;
    TermsRevised = 160;
    AgreementSuspended = 161;
    AgreementResumed = 162;
    AgreementTerminated = 163;
    AgreementCancelled = 164;
    AgreementOperationallyEnded = 165;
    AgreementFinanciallyClosed = 166;
    TrancheConditionMet = 167;
    TrancheConditionWaived = 168;
    ReceivableWrittenOff = 169;
    ReceivableRecovered = 200;
    PriorPeriodAdjusted = 172;
    AllocationMade = 201;
    AllocationReleased = 202;
    FundsCarriedOver = 203;
    FundsTransferred = 204;
    OnwardGrantLinked = 205;
    SplitsReclassified = 206;
    TagSetReplaced = 207;
    FiscalPeriodOpened = 210;
    FiscalPeriodClosed = 211;
    FiscalPeriodReopened = 212;
    RateTablePublished = 220;
    CodelistPublished = 221;
    PillarMappingPublished = 222;
    SchemePublished = 223;
    OrganisationRegistered = 224;
    OrganisationMerged = 225;
    LocalActorAssessed = 226;
    RequirementPublished = 230;
}

impl Kind {
    /// The kind of `fact`.
    pub const fn of(fact: &Fact) -> Self {
        match fact {
            Fact::Ledger(event) => Self::of_ledger(event),
            Fact::Import(ImportEvent::ImportStarted(_)) => Self::ImportStarted,
            Fact::Import(ImportEvent::ImportCompleted { .. }) => Self::ImportCompleted,
            Fact::Reference(event) => Self::of_reference(event),
            Fact::Requirement(RequirementEvent::RequirementPublished(_)) => {
                Self::RequirementPublished
            }
            Fact::Pledge(event) => Self::of_pledge(event),
            Fact::Agreement(event) => Self::of_agreement(event),
            Fact::Calendar(event) => Self::of_calendar(event),
        }
    }

    const fn of_calendar(event: &CalendarEvent) -> Self {
        match event {
            CalendarEvent::FiscalPeriodOpened { .. } => Self::FiscalPeriodOpened,
            CalendarEvent::FiscalPeriodClosed { .. } => Self::FiscalPeriodClosed,
            CalendarEvent::FiscalPeriodReopened { .. } => Self::FiscalPeriodReopened,
        }
    }

    const fn of_ledger(event: &LedgerEvent) -> Self {
        match event {
            LedgerEvent::LedgerCreated { .. } => Self::LedgerCreated,
            LedgerEvent::LedgerPolicyChanged { .. } => Self::LedgerPolicyChanged,
            LedgerEvent::ExceptionAcknowledged { .. } => Self::ExceptionAcknowledged,
            LedgerEvent::ExceptionResolved { .. } => Self::ExceptionResolved,
        }
    }

    const fn of_reference(event: &ReferenceEvent) -> Self {
        match event {
            ReferenceEvent::RateTablePublished(_) => Self::RateTablePublished,
            ReferenceEvent::CodelistPublished(_) => Self::CodelistPublished,
            ReferenceEvent::PillarMappingPublished(_) => Self::PillarMappingPublished,
            ReferenceEvent::SchemePublished(_) => Self::SchemePublished,
            ReferenceEvent::OrganisationRegistered(_) => Self::OrganisationRegistered,
            ReferenceEvent::OrganisationMerged(_) => Self::OrganisationMerged,
            ReferenceEvent::LocalActorAssessed(_) => Self::LocalActorAssessed,
        }
    }

    const fn of_pledge(event: &PledgeEvent) -> Self {
        match event {
            PledgeEvent::PledgeAnnounced(_) => Self::PledgeAnnounced,
            PledgeEvent::PledgeRevised { .. } => Self::PledgeRevised,
            PledgeEvent::PledgeConverted { .. } => Self::PledgeConverted,
            PledgeEvent::PledgeWithdrawn { .. } => Self::PledgeWithdrawn,
            PledgeEvent::PledgeLapsed { .. } => Self::PledgeLapsed,
            PledgeEvent::TagSetReplaced(_) => Self::TagSetReplaced,
            PledgeEvent::PriorPeriodAdjusted(_) => Self::PriorPeriodAdjusted,
            PledgeEvent::EntryReversed { .. } => Self::EntryReversed,
        }
    }

    const fn of_agreement(event: &AgreementEvent) -> Self {
        match event {
            AgreementEvent::AgreementSigned(_) => Self::AgreementSigned,
            AgreementEvent::AgreementDescribed(_) => Self::AgreementDescribed,
            AgreementEvent::LineOpened { .. } => Self::LineOpened,
            AgreementEvent::CommitmentIncreased { .. } => Self::CommitmentIncreased,
            AgreementEvent::CommitmentDecreased { .. } => Self::CommitmentDecreased,
            AgreementEvent::PeriodExtended { .. } => Self::PeriodExtended,
            AgreementEvent::PeriodShortened { .. } => Self::PeriodShortened,
            AgreementEvent::TrancheScheduled { .. } => Self::TrancheScheduled,
            AgreementEvent::TrancheRescheduled { .. } => Self::TrancheRescheduled,
            AgreementEvent::TrancheCancelled { .. } => Self::TrancheCancelled,
            AgreementEvent::ForecastReplaced { .. } => Self::ForecastReplaced,
            AgreementEvent::DisbursementMade { .. } => Self::DisbursementMade,
            AgreementEvent::ReimbursementMade { .. } => Self::ReimbursementMade,
            AgreementEvent::RefundMade { .. } => Self::RefundMade,
            AgreementEvent::ReceiptConfirmed { .. } => Self::ReceiptConfirmed,
            AgreementEvent::RefundReceived { .. } => Self::RefundReceived,
            AgreementEvent::ExpenditureReported { .. } => Self::ExpenditureReported,
            AgreementEvent::ExpenditureReduced { .. } => Self::ExpenditureReduced,
            AgreementEvent::FundsReallocated(_) => Self::FundsReallocated,
            AgreementEvent::TermsRevised(_) => Self::TermsRevised,
            AgreementEvent::AllocationMade(_) => Self::AllocationMade,
            AgreementEvent::AllocationReleased(_) => Self::AllocationReleased,
            AgreementEvent::FundsCarriedOver(_) => Self::FundsCarriedOver,
            AgreementEvent::FundsTransferred(_) => Self::FundsTransferred,
            AgreementEvent::OnwardGrantLinked(_) => Self::OnwardGrantLinked,
            AgreementEvent::OtherFlowRecorded(_) => Self::OtherFlowRecorded,
            AgreementEvent::AgreementSuspended { .. } => Self::AgreementSuspended,
            AgreementEvent::AgreementResumed { .. } => Self::AgreementResumed,
            AgreementEvent::AgreementTerminated(_) => Self::AgreementTerminated,
            AgreementEvent::AgreementCancelled { .. } => Self::AgreementCancelled,
            AgreementEvent::AgreementOperationallyEnded { .. } => Self::AgreementOperationallyEnded,
            AgreementEvent::AgreementFinanciallyClosed { .. } => Self::AgreementFinanciallyClosed,
            AgreementEvent::TrancheConditionMet(_) => Self::TrancheConditionMet,
            AgreementEvent::TrancheConditionWaived(_) => Self::TrancheConditionWaived,
            AgreementEvent::ReceivableWrittenOff(_) => Self::ReceivableWrittenOff,
            AgreementEvent::ReceivableRecovered(_) => Self::ReceivableRecovered,
            AgreementEvent::SplitsReclassified { .. } => Self::SplitsReclassified,
            AgreementEvent::TagSetReplaced(_) => Self::TagSetReplaced,
            AgreementEvent::PriorPeriodAdjusted(_) => Self::PriorPeriodAdjusted,
            AgreementEvent::EntryReversed { .. } => Self::EntryReversed,
            AgreementEvent::EntryReplaced { .. } => Self::EntryReplaced,
        }
    }
}

/// One event in its stream's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The event.
    pub event_id: EventId,
    /// What happened.
    pub kind: Kind,
    /// When it is true in the world.
    pub effective: Day,
}

/// What was said with an event beside its amounts. Most events of an import say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// The submitter's own number for it.
    pub external_reference: Option<ExternalReference>,
    /// The payment's id or the submitter's reference text.
    pub reference: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The entry that it cancels.
    pub target: Option<EventId>,
    /// How many documents support it.
    pub documents: u32,
}

/// Returns what `event` says beside its amounts, if anything.
pub fn note_of(event: &Event) -> Option<Note> {
    let (reference, reason) = match &event.fact {
        Fact::Import(_) => (None, None),
        Fact::Ledger(ledger) => (None, ledger_reason(ledger)),
        Fact::Requirement(RequirementEvent::RequirementPublished(asked)) => {
            (Some(&*asked.version), None)
        }
        Fact::Reference(reference) => reference_words(reference),
        Fact::Calendar(calendar) => calendar_words(calendar),
        Fact::Pledge(PledgeEvent::PriorPeriodAdjusted(adjusted)) => adjusted_words(adjusted),
        Fact::Pledge(pledge) => (None, pledge_reason(pledge)),
        Fact::Agreement(agreement) => agreement_words(agreement),
    };
    let note = Note {
        external_reference: event.external_reference.clone(),
        reference: reference.map(str::to_owned),
        reason: reason.map(str::to_owned),
        target: named_event(event),
        documents: u32::try_from(event.evidence.len()).unwrap_or(u32::MAX),
    };
    (note != Note::default()).then_some(note)
}

fn ledger_reason(event: &LedgerEvent) -> Option<&str> {
    match event {
        LedgerEvent::LedgerCreated { .. } => None,
        LedgerEvent::LedgerPolicyChanged { reason, .. } => Some(reason),
        LedgerEvent::ExceptionAcknowledged { disposition, .. }
        | LedgerEvent::ExceptionResolved { disposition, .. } => Some(disposition),
    }
}

fn reference_words(event: &ReferenceEvent) -> (Option<&str>, Option<&str>) {
    match event {
        ReferenceEvent::RateTablePublished(table) => (Some(&table.table_version), None),
        ReferenceEvent::CodelistPublished(list) => (Some(&list.list.name), None),
        ReferenceEvent::PillarMappingPublished(table) => (Some(&table.list.name), None),
        ReferenceEvent::SchemePublished(scheme) => (Some(&scheme.list.name), None),
        ReferenceEvent::OrganisationRegistered(org) => (Some(org.key()), None),
        ReferenceEvent::OrganisationMerged(merge) => {
            (Some(merge.merged.key()), Some(&merge.reason))
        }
        ReferenceEvent::LocalActorAssessed(actor) => (Some(actor.org.key()), Some(&actor.reason)),
    }
}

fn pledge_reason(event: &PledgeEvent) -> Option<&str> {
    match event {
        PledgeEvent::PledgeRevised { reason, .. }
        | PledgeEvent::PledgeWithdrawn { reason, .. }
        | PledgeEvent::PledgeLapsed { reason, .. } => Some(reason),
        PledgeEvent::PledgeAnnounced(announced) => announced.forum.as_deref(),
        PledgeEvent::PledgeConverted { agreement_id, .. } => Some(agreement_id.as_str()),
        PledgeEvent::TagSetReplaced(set) => Some(&set.reason),
        PledgeEvent::EntryReversed { reason, .. } => Some(reversal_word(*reason)),
        PledgeEvent::PriorPeriodAdjusted(_) => None,
    }
}

fn calendar_words(event: &CalendarEvent) -> (Option<&str>, Option<&str>) {
    match event {
        CalendarEvent::FiscalPeriodOpened {
            label, gap_reason, ..
        } => (Some(label), gap_reason.as_deref()),
        CalendarEvent::FiscalPeriodClosed { label, .. } => (Some(label), None),
        CalendarEvent::FiscalPeriodReopened { label, reason, .. } => (Some(label), Some(reason)),
    }
}

fn adjusted_words(adjusted: &AdjustedPeriod) -> (Option<&str>, Option<&str>) {
    let name = &adjusted.name;
    (Some(&name.label), Some(name.calendar_id.as_str()))
}

fn agreement_words(event: &AgreementEvent) -> (Option<&str>, Option<&str>) {
    match event {
        AgreementEvent::AgreementSigned(_)
        | AgreementEvent::AgreementDescribed(_)
        | AgreementEvent::LineOpened { .. }
        | AgreementEvent::CommitmentDecreased { .. }
        | AgreementEvent::ForecastReplaced { .. } => (None, None),
        AgreementEvent::CommitmentIncreased { amendment, .. }
        | AgreementEvent::PeriodExtended { amendment, .. } => (amendment.as_deref(), None),
        AgreementEvent::PeriodShortened { reason, .. } => (None, Some(reason)),
        AgreementEvent::TrancheScheduled { tranche_id, .. } => (Some(tranche_id.as_str()), None),
        AgreementEvent::TrancheRescheduled(Rescheduling {
            tranche_id, reason, ..
        })
        | AgreementEvent::TrancheCancelled {
            tranche_id, reason, ..
        } => (Some(tranche_id.as_str()), Some(reason)),
        AgreementEvent::FundsReallocated(reallocated) => (
            reallocated.amendment.as_deref(),
            Some(&reallocated.legal_basis),
        ),
        AgreementEvent::TermsRevised(revision) => {
            (revision.amendment.as_deref(), said(&revision.reason))
        }
        AgreementEvent::AllocationMade(allocation) => {
            (Some(allocation.allocation_id.as_str()), None)
        }
        AgreementEvent::AllocationReleased(release) => (
            Some(release.allocation.allocation_id.as_str()),
            said(&release.reason),
        ),
        AgreementEvent::FundsTransferred(transfer) => (
            Some(transfer.other_agreement_id.as_str()),
            said(&transfer.reason).or(said(&transfer.consent)),
        ),
        AgreementEvent::OnwardGrantLinked(link) => {
            (Some(link.upstream_agreement_id.as_str()), None)
        }
        AgreementEvent::FundsCarriedOver(carried) => (None, said(&carried.reason)),
        AgreementEvent::AgreementSuspended { reason }
        | AgreementEvent::AgreementResumed { reason }
        | AgreementEvent::AgreementTerminated(Termination { reason, .. })
        | AgreementEvent::AgreementCancelled { reason, .. }
        | AgreementEvent::AgreementOperationallyEnded { reason }
        | AgreementEvent::AgreementFinanciallyClosed { reason } => (None, said(reason)),
        AgreementEvent::TrancheConditionMet(entry)
        | AgreementEvent::TrancheConditionWaived(entry) => {
            (Some(entry.condition_id.as_str()), said(&entry.reason))
        }
        AgreementEvent::ReceivableWrittenOff(entry)
        | AgreementEvent::ReceivableRecovered(entry) => {
            (Some(&entry.approver), said(&entry.reason))
        }
        AgreementEvent::SplitsReclassified {
            line_id, reason, ..
        } => (Some(line_id.as_str()), Some(reason)),
        AgreementEvent::TagSetReplaced(set) => (Some(&*set.list.name), Some(&set.reason)),
        AgreementEvent::PriorPeriodAdjusted(adjusted) => adjusted_words(adjusted),
        AgreementEvent::EntryReversed { reason, .. } => (None, Some(reversal_word(*reason))),
        AgreementEvent::EntryReplaced { .. } => (None, Some("replaced")),
        AgreementEvent::DisbursementMade { cash, .. }
        | AgreementEvent::ReimbursementMade { cash }
        | AgreementEvent::ReceiptConfirmed { cash, .. }
        | AgreementEvent::ExpenditureReported { cash, .. }
        | AgreementEvent::OtherFlowRecorded(OtherFlow { cash, .. }) => (payment(cash), None),
        AgreementEvent::RefundMade { cash, reason }
        | AgreementEvent::RefundReceived { cash, reason }
        | AgreementEvent::ExpenditureReduced { cash, reason, .. } => (payment(cash), Some(reason)),
    }
}

/// A text that may be empty.
fn said(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn payment(cash: &CashEntry) -> Option<&str> {
    let id = cash.payment_id.as_ref().map(PaymentId::as_str);
    id.or(cash.reference.as_deref())
}

const fn reversal_word(reason: perennial_domain::agreement::ReversalReason) -> &'static str {
    use perennial_domain::agreement::ReversalReason;
    match reason {
        ReversalReason::Error => "error",
        ReversalReason::Replaced => "replaced",
        ReversalReason::Withdrawn => "withdrawn",
        ReversalReason::Returned => "returned",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_comes_back_from_its_number() {
        for &kind in Kind::ALL {
            assert_eq!(Kind::of_code(kind.code()), Some(kind));
        }
        assert_eq!(Kind::of_code(29), None);
        assert_eq!(Kind::of_code(255), None);
    }
}
