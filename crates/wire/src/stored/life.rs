//! `life.proto`: status, conditions and receivables of agreements, to their stored forms and back.

use perennial_domain::agreement::{
    AgreementEvent, Condition, ConditionEntry, Decommitment, ReceivableEntry, Termination,
};
use perennial_domain::ids::ConditionId;

use super::agreement::year_share;
use super::cash::{line_id, part, tranche_id};
use super::error::{At, DecodeError, Problem, list, optional, required};
use super::value::amount;
use crate::pb::log as pb;
use crate::pb::log::stored_event::Kind;

pub(super) fn suspended(reason: &str) -> Kind {
    Kind::AgreementSuspended(pb::AgreementSuspended {
        reason: reason.to_owned(),
    })
}

pub(super) fn resumed(reason: &str) -> Kind {
    Kind::AgreementResumed(pb::AgreementResumed {
        reason: reason.to_owned(),
    })
}

pub(super) fn cancelled(reason: &str, decommitments: &[Decommitment]) -> Kind {
    Kind::AgreementCancelled(pb::AgreementCancelled {
        reason: reason.to_owned(),
        decommitments: decommitments.iter().map(Into::into).collect(),
    })
}

pub(super) fn ended(reason: &str) -> Kind {
    Kind::AgreementOperationallyEnded(pb::AgreementOperationallyEnded {
        reason: reason.to_owned(),
    })
}

pub(super) fn closed(reason: &str) -> Kind {
    Kind::AgreementFinanciallyClosed(pb::AgreementFinanciallyClosed {
        reason: reason.to_owned(),
    })
}

impl From<&Termination> for pb::AgreementTerminated {
    fn from(termination: &Termination) -> Self {
        Self {
            reason: termination.reason.clone(),
            decommitments: termination.decommitments.iter().map(Into::into).collect(),
            recovery: termination.recovery.map(Into::into),
        }
    }
}

impl From<&Decommitment> for pb::Decommitment {
    fn from(given_up: &Decommitment) -> Self {
        Self {
            line_id: given_up.line_id.to_string(),
            amount: Some(given_up.amount.into()),
            year_shares: given_up.year_shares.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Condition> for pb::TrancheCondition {
    fn from(condition: &Condition) -> Self {
        Self {
            condition_id: condition.condition_id.to_string(),
            text: condition.text.clone(),
        }
    }
}

impl From<&ConditionEntry> for pb::TrancheConditionMet {
    fn from(entry: &ConditionEntry) -> Self {
        Self {
            tranche_id: entry.tranche_id.to_string(),
            condition_id: entry.condition_id.to_string(),
            reason: entry.reason.clone(),
        }
    }
}

impl From<&ConditionEntry> for pb::TrancheConditionWaived {
    fn from(entry: &ConditionEntry) -> Self {
        Self {
            tranche_id: entry.tranche_id.to_string(),
            condition_id: entry.condition_id.to_string(),
            reason: entry.reason.clone(),
        }
    }
}

impl From<&ReceivableEntry> for pb::ReceivableWrittenOff {
    fn from(entry: &ReceivableEntry) -> Self {
        Self {
            amount: Some(entry.amount.into()),
            parts: entry.parts.iter().map(Into::into).collect(),
            reason: entry.reason.clone(),
            approver: entry.approver.clone(),
        }
    }
}

impl From<&ReceivableEntry> for pb::ReceivableRecovered {
    fn from(entry: &ReceivableEntry) -> Self {
        Self {
            amount: Some(entry.amount.into()),
            parts: entry.parts.iter().map(Into::into).collect(),
            reason: entry.reason.clone(),
            approver: entry.approver.clone(),
        }
    }
}

pub(super) fn suspension(message: pb::AgreementSuspended) -> Result<AgreementEvent, DecodeError> {
    let reason = message.reason;
    Ok(AgreementEvent::AgreementSuspended { reason })
}

pub(super) fn resumption(message: pb::AgreementResumed) -> Result<AgreementEvent, DecodeError> {
    let reason = message.reason;
    Ok(AgreementEvent::AgreementResumed { reason })
}

pub(super) fn termination(message: pb::AgreementTerminated) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::AgreementTerminated(Termination {
        reason: message.reason,
        decommitments: list("decommitments", message.decommitments, decommitment)?,
        recovery: optional("recovery", message.recovery, amount)?,
    }))
}

pub(super) fn cancellation(message: pb::AgreementCancelled) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::AgreementCancelled {
        reason: message.reason,
        decommitments: list("decommitments", message.decommitments, decommitment)?,
    })
}

fn decommitment(message: pb::Decommitment) -> Result<Decommitment, DecodeError> {
    Ok(Decommitment {
        line_id: line_id(&message.line_id)?,
        amount: required("amount", message.amount, amount)?,
        year_shares: list("year_shares", message.year_shares, year_share)?,
    })
}

pub(super) fn end(message: pb::AgreementOperationallyEnded) -> Result<AgreementEvent, DecodeError> {
    let reason = message.reason;
    Ok(AgreementEvent::AgreementOperationallyEnded { reason })
}

pub(super) fn closing(
    message: pb::AgreementFinanciallyClosed,
) -> Result<AgreementEvent, DecodeError> {
    let reason = message.reason;
    Ok(AgreementEvent::AgreementFinanciallyClosed { reason })
}

pub(super) fn condition(message: pb::TrancheCondition) -> Result<Condition, DecodeError> {
    Ok(Condition {
        condition_id: condition_id(&message.condition_id)?,
        text: message.text,
    })
}

fn condition_id(text: &str) -> Result<ConditionId, DecodeError> {
    ConditionId::parse(text)
        .map_err(Problem::from)
        .at("condition_id")
}

pub(super) fn condition_met(
    message: pb::TrancheConditionMet,
) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::TrancheConditionMet(ConditionEntry {
        tranche_id: tranche_id(&message.tranche_id)?,
        condition_id: condition_id(&message.condition_id)?,
        reason: message.reason,
    }))
}

pub(super) fn condition_waived(
    message: pb::TrancheConditionWaived,
) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::TrancheConditionWaived(ConditionEntry {
        tranche_id: tranche_id(&message.tranche_id)?,
        condition_id: condition_id(&message.condition_id)?,
        reason: message.reason,
    }))
}

pub(super) fn written_off(
    message: pb::ReceivableWrittenOff,
) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::ReceivableWrittenOff(ReceivableEntry {
        amount: required("amount", message.amount, amount)?,
        parts: list("parts", message.parts, part)?,
        reason: message.reason,
        approver: message.approver,
    }))
}

pub(super) fn recovered(message: pb::ReceivableRecovered) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::ReceivableRecovered(ReceivableEntry {
        amount: required("amount", message.amount, amount)?,
        parts: list("parts", message.parts, part)?,
        reason: message.reason,
        approver: message.approver,
    }))
}
