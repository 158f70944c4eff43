//! `event.proto`: one event to its stored form and back.

use perennial_domain::agreement::AgreementEvent;
use perennial_domain::calendar::CalendarEvent;
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::import::ImportEvent;
use perennial_domain::ledger::LedgerEvent;
use perennial_domain::log::Revision;
use perennial_domain::pledge::PledgeEvent;
use perennial_domain::reference::ReferenceEvent;
use perennial_domain::requirement::RequirementEvent;
use perennial_domain::rule::{Breach, Override, Rule};
use prost::Message;

use super::error::{At, DecodeError, Problem, list, optional};
use super::exchange::carrying;
use super::value::{day, document, external_reference, figure, period};
use super::{
    agreement, calendar, cash, classification, import, ledger, life, pledge, reference, requirement,
};
use crate::date;
use crate::pb::log as pb;
use crate::pb::log::stored_event::Kind;

/// The version of stored events that this software writes, and the newest that it reads.
pub const SCHEMA_VERSION: u32 = 1;

/// Returns the stored bytes of `event`.
pub fn encode_event(event: &Event) -> Vec<u8> {
    event_to_message(event).encode_to_vec()
}

/// Decodes an event from its stored bytes.
///
/// # Errors
/// [`DecodeError`] with the path of the first field that is not as this version writes it.
pub fn decode_event(bytes: &[u8]) -> Result<Event, DecodeError> {
    event_from_message(pb::StoredEvent::decode(bytes).map_err(Problem::Bytes)?)
}

/// Returns the stored message of `event`, as [`crate::pb::audit`] carries it too.
pub fn event_to_message(event: &Event) -> pb::StoredEvent {
    let kind = match &event.fact {
        Fact::Ledger(event) => ledger::to_kind(event),
        Fact::Agreement(event) => agreement::to_kind(event),
        Fact::Pledge(event) => pledge::to_kind(event),
        Fact::Import(event) => import::to_kind(event),
        Fact::Reference(event) => reference::to_kind(event),
        Fact::Requirement(event) => requirement::to_kind(event),
        Fact::Calendar(event) => calendar::to_kind(event),
    };
    pb::StoredEvent {
        schema_version: SCHEMA_VERSION,
        stream: event.stream.to_string(),
        revision: event.revision.0,
        effective_on: date::number(event.effective_on),
        external_reference: event.external_reference.as_ref().map(Into::into),
        flags: event.flags.iter().map(Into::into).collect(),
        evidence: event.evidence.iter().map(Into::into).collect(),
        overrides: event.overrides.iter().map(Into::into).collect(),
        concerns: event.concerns.map(Into::into),
        carrying: event.carrying.iter().map(Into::into).collect(),
        kind: Some(kind),
    }
}

/// Decodes an event from its message.
///
/// # Errors
/// As [`decode_event`].
pub fn event_from_message(message: pb::StoredEvent) -> Result<Event, DecodeError> {
    if message.schema_version != SCHEMA_VERSION {
        return Err(Problem::Version(message.schema_version)).at("schema_version");
    }
    let stream = Stream::parse(&message.stream).ok_or(Problem::Stream);
    let stream = stream.at("stream")?;
    if message.revision == 0 {
        return Err(Problem::Range(0)).at("revision");
    }
    let fact = fact(&stream, message.kind.ok_or(Problem::Kind)?)?;
    Ok(Event {
        stream,
        revision: Revision(message.revision),
        effective_on: day(message.effective_on).at("effective_on")?,
        external_reference: optional(
            "external_reference",
            message.external_reference,
            external_reference,
        )?,
        evidence: list("evidence", message.evidence, document)?,
        flags: list("flags", message.flags, flag)?,
        overrides: list("overrides", message.overrides, permitted)?,
        concerns: optional("concerns", message.concerns, period)?,
        carrying: list("carrying", message.carrying, carrying)?,
        fact,
    })
}

fn fact(stream: &Stream, kind: Kind) -> Result<Fact, DecodeError> {
    match stream {
        Stream::Ledger => ledger_fact(kind).map(Fact::Ledger),
        Stream::Agreement(_) => agreement_fact(kind).map(Fact::Agreement),
        Stream::Pledge(_) => pledge_fact(kind).map(Fact::Pledge),
        Stream::Import(_) => import_fact(kind).map(Fact::Import),
        Stream::Reference(of) => match reference_fact(kind)? {
            event if event.of() == *of => Ok(Fact::Reference(event)),
            _of_another => Err(Problem::KindOfStream.into()),
        },
        Stream::Requirement(_) => requirement_fact(kind).map(Fact::Requirement),
        Stream::Calendar(_) => calendar_fact(kind).map(Fact::Calendar),
    }
}

macro_rules! facts {
    ($($name:ident -> $event:ty { $($variant:ident = $field:literal => $decode:path,)+ })+) => { $(
        fn $name(kind: Kind) -> Result<$event, DecodeError> {
            match kind {
                $(Kind::$variant(message) => $decode(message).at($field),)+
                // Every other kind belongs to other streams.
                _ => Err(Problem::KindOfStream.into()),
            }
        }
    )+ };
}

facts! {
    ledger_fact -> LedgerEvent {
        LedgerCreated = "ledger_created" => ledger::created,
        LedgerPolicyChanged = "ledger_policy_changed" => ledger::policy_changed,
        ExceptionAcknowledged = "exception_acknowledged" => ledger::acknowledged,
        ExceptionResolved = "exception_resolved" => ledger::resolved,
    }
    pledge_fact -> PledgeEvent {
        PledgeAnnounced = "pledge_announced" => pledge::announced,
        PledgeRevised = "pledge_revised" => pledge::revised,
        PledgeConverted = "pledge_converted" => pledge::converted,
        PledgeWithdrawn = "pledge_withdrawn" => pledge::withdrawn,
        PledgeLapsed = "pledge_lapsed" => pledge::lapsed,
        TagSetReplaced = "tag_set_replaced" => classification::pledge_tagged,
        EntryReversed = "entry_reversed" => pledge::reversed,
        PriorPeriodAdjusted = "prior_period_adjusted" => pledge::adjusted,
    }
    agreement_fact -> AgreementEvent {
        AgreementSigned = "agreement_signed" => agreement::signed,
        AgreementDescribed = "agreement_described" => agreement::described,
        LineOpened = "line_opened" => agreement::line_opened,
        CommitmentIncreased = "commitment_increased" => agreement::increased,
        CommitmentDecreased = "commitment_decreased" => agreement::decreased,
        PeriodExtended = "period_extended" => agreement::extended,
        PeriodShortened = "period_shortened" => agreement::shortened,
        TrancheScheduled = "tranche_scheduled" => agreement::scheduled,
        TrancheRescheduled = "tranche_rescheduled" => agreement::rescheduled,
        TrancheCancelled = "tranche_cancelled" => agreement::cancelled,
        ForecastReplaced = "forecast_replaced" => agreement::forecast,
        DisbursementMade = "disbursement_made" => cash::disbursement,
        ReimbursementMade = "reimbursement_made" => cash::reimbursement,
        RefundMade = "refund_made" => cash::refund,
        ReceiptConfirmed = "receipt_confirmed" => cash::receipt,
        RefundReceived = "refund_received" => cash::refund_received,
        ExpenditureReported = "expenditure_reported" => cash::expenditure,
        ExpenditureReduced = "expenditure_reduced" => cash::reduction,
        FundsReallocated = "funds_reallocated" => agreement::reallocated,
        OtherFlowRecorded = "other_flow_recorded" => cash::other_flow,
        TermsRevised = "terms_revised" => agreement::revised,
        AllocationMade = "allocation_made" => agreement::allocated,
        AllocationReleased = "allocation_released" => agreement::allocation_released,
        FundsCarriedOver = "funds_carried_over" => agreement::carried_over,
        AgreementSuspended = "agreement_suspended" => life::suspension,
        AgreementResumed = "agreement_resumed" => life::resumption,
        AgreementTerminated = "agreement_terminated" => life::termination,
        AgreementCancelled = "agreement_cancelled" => life::cancellation,
        AgreementOperationallyEnded = "agreement_operationally_ended" => life::end,
        AgreementFinanciallyClosed = "agreement_financially_closed" => life::closing,
        TrancheConditionMet = "tranche_condition_met" => life::condition_met,
        TrancheConditionWaived = "tranche_condition_waived" => life::condition_waived,
        ReceivableWrittenOff = "receivable_written_off" => life::written_off,
        ReceivableRecovered = "receivable_recovered" => life::recovered,
        FundsTransferred = "funds_transferred" => agreement::transferred,
        OnwardGrantLinked = "onward_grant_linked" => agreement::onward_linked,
        SplitsReclassified = "splits_reclassified" => classification::reclassified,
        TagSetReplaced = "tag_set_replaced" => classification::tagged,
        EntryReversed = "entry_reversed" => agreement::reversed,
        EntryReplaced = "entry_replaced" => agreement::replaced,
        PriorPeriodAdjusted = "prior_period_adjusted" => agreement::adjusted,
    }
    import_fact -> ImportEvent {
        ImportStarted = "import_started" => import::started,
        ImportCompleted = "import_completed" => import::completed,
    }
    reference_fact -> ReferenceEvent {
        RateTablePublished = "rate_table_published" => reference::rate_table,
        CodelistPublished = "codelist_published" => reference::codelist,
        PillarMappingPublished = "pillar_mapping_published" => reference::pillar_mapping,
        SchemePublished = "scheme_published" => reference::scheme,
        OrganisationRegistered = "organisation_registered" => reference::registered,
        OrganisationMerged = "organisation_merged" => reference::merged,
        LocalActorAssessed = "local_actor_assessed" => reference::assessed,
    }
    requirement_fact -> RequirementEvent {
        RequirementPublished = "requirement_published" => requirement::published,
    }
    calendar_fact -> CalendarEvent {
        FiscalPeriodOpened = "fiscal_period_opened" => calendar::opened,
        FiscalPeriodClosed = "fiscal_period_closed" => calendar::closed,
        FiscalPeriodReopened = "fiscal_period_reopened" => calendar::reopened,
    }
}

impl From<&Breach> for pb::Flag {
    fn from(breach: &Breach) -> Self {
        Self {
            rule: breach.rule.code().to_owned(),
            subject: breach.subject.clone(),
            figures: breach.figures.iter().map(Into::into).collect(),
        }
    }
}

fn flag(message: pb::Flag) -> Result<Breach, DecodeError> {
    Ok(Breach {
        rule: rule(&message.rule).at("rule")?,
        subject: message.subject,
        figures: list("figures", message.figures, figure)?,
    })
}

impl From<&Override> for pb::Override {
    fn from(permitted: &Override) -> Self {
        Self {
            rule: permitted.rule.code().to_owned(),
            reason: permitted.reason.clone(),
            approver: permitted.approver.clone(),
        }
    }
}

fn permitted(message: pb::Override) -> Result<Override, DecodeError> {
    Ok(Override {
        rule: rule(&message.rule).at("rule")?,
        reason: message.reason,
        approver: message.approver,
    })
}

/// Finds a rule by its number, as in `R10`.
pub(super) fn rule(code: &str) -> Result<Rule, Problem> {
    Rule::parse(code).ok_or(Problem::Rule)
}
