//! `agreement.proto`, payments: cash entries, tranche draws, conversions and the events that carry them.

use perennial_domain::agreement::{
    AgreementEvent, CashEntry, Conversion, LinePart, OtherFlow, TrancheDraw,
};
use perennial_domain::ids::{LineId, PaymentId, TrancheId};

use super::error::{At, DecodeError, Problem, enumeration, list, optional, required};
use super::exchange::{functional, rate};
use super::value::{amount, day, minor_units, organisation, period, published};
use crate::pb::log as pb;
use crate::{date, money};

impl From<&CashEntry> for pb::CashEntry {
    fn from(cash: &CashEntry) -> Self {
        Self {
            amount: Some(cash.amount.into()),
            parts: cash.parts.iter().map(Into::into).collect(),
            payment_id: cash.payment_id.as_ref().map(ToString::to_string),
            provider: cash.provider.as_ref().map(Into::into),
            receiver: cash.receiver.as_ref().map(Into::into),
            value_on: cash.value_on.map(date::number),
            conversion: cash.conversion.as_ref().map(Into::into),
            reference: cash.reference.clone(),
            published: cash.published.as_ref().map(Into::into),
            functional: cash.functional.as_deref().map(Into::into),
            modality: cash
                .modality
                .map(|modality| pb::CashModality::from(modality).into()),
        }
    }
}

fn entry(message: Option<pb::CashEntry>) -> Result<CashEntry, DecodeError> {
    required("cash", message, cash)
}

fn cash(message: pb::CashEntry) -> Result<CashEntry, DecodeError> {
    let payment_id = message.payment_id.as_deref();
    Ok(CashEntry {
        amount: required("amount", message.amount, amount)?,
        parts: list("parts", message.parts, part)?,
        payment_id: optional("payment_id", payment_id, |id| {
            PaymentId::parse(id).map_err(Problem::from)
        })?,
        provider: optional("provider", message.provider, organisation)?,
        receiver: optional("receiver", message.receiver, organisation)?,
        value_on: optional("value_on", message.value_on, day)?,
        conversion: optional("conversion", message.conversion, conversion)?,
        reference: message.reference,
        published: optional("published", message.published, published)?,
        functional: optional("functional", message.functional, functional)?,
        modality: optional(
            "modality",
            message.modality,
            enumeration::<pb::CashModality>,
        )?,
    })
}

impl From<&LinePart> for pb::LinePart {
    fn from(part: &LinePart) -> Self {
        Self {
            line_id: part.line_id.to_string(),
            minor_units: money::minor(part.minor_units),
        }
    }
}

pub(super) fn part(message: pb::LinePart) -> Result<LinePart, DecodeError> {
    Ok(LinePart {
        line_id: line_id(&message.line_id)?,
        minor_units: minor_units(message.minor_units).at("minor_units")?,
    })
}

pub(super) fn line_id(text: &str) -> Result<LineId, DecodeError> {
    LineId::parse(text).map_err(Problem::from).at("line_id")
}

pub(super) fn tranche_id(text: &str) -> Result<TrancheId, DecodeError> {
    TrancheId::parse(text)
        .map_err(Problem::from)
        .at("tranche_id")
}

impl From<&TrancheDraw> for pb::TrancheDraw {
    fn from(draw: &TrancheDraw) -> Self {
        Self {
            tranche_id: draw.tranche_id.to_string(),
            period: Some(draw.period.into()),
            minor_units: money::minor(draw.minor_units),
            due_on: draw.due_on.map(date::number),
        }
    }
}

fn draw(message: pb::TrancheDraw) -> Result<TrancheDraw, DecodeError> {
    Ok(TrancheDraw {
        tranche_id: tranche_id(&message.tranche_id)?,
        period: required("period", message.period, period)?,
        minor_units: minor_units(message.minor_units).at("minor_units")?,
        due_on: optional("due_on", message.due_on, day)?,
    })
}

impl From<&Conversion> for pb::Conversion {
    fn from(conversion: &Conversion) -> Self {
        Self {
            original: Some(conversion.original.into()),
            rate: conversion.rate.as_ref().map(Into::into),
        }
    }
}

pub(super) fn conversion(message: pb::Conversion) -> Result<Conversion, DecodeError> {
    Ok(Conversion {
        original: required("original", message.original, amount)?,
        rate: optional("rate", message.rate, rate)?,
    })
}

pub(super) fn disbursement(message: pb::DisbursementMade) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::DisbursementMade {
        cash: entry(message.cash)?,
        draws: list("draws", message.draws, draw)?,
    })
}

pub(super) fn reimbursement(message: pb::ReimbursementMade) -> Result<AgreementEvent, DecodeError> {
    let cash = entry(message.cash)?;
    Ok(AgreementEvent::ReimbursementMade { cash })
}

pub(super) fn refund(message: pb::RefundMade) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::RefundMade {
        cash: entry(message.cash)?,
        reason: message.reason,
    })
}

pub(super) fn receipt(message: pb::ReceiptConfirmed) -> Result<AgreementEvent, DecodeError> {
    let disbursement_id = message.disbursement_id.as_deref();
    Ok(AgreementEvent::ReceiptConfirmed {
        cash: entry(message.cash)?,
        draws: list("draws", message.draws, draw)?,
        disbursement_id: optional("disbursement_id", disbursement_id, |id| {
            PaymentId::parse(id).map_err(Problem::from)
        })?,
    })
}

pub(super) fn refund_received(message: pb::RefundReceived) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::RefundReceived {
        cash: entry(message.cash)?,
        reason: message.reason,
    })
}

pub(super) fn expenditure(message: pb::ExpenditureReported) -> Result<AgreementEvent, DecodeError> {
    let level = enumeration::<pb::EvidenceLevel>(message.evidence_level);
    Ok(AgreementEvent::ExpenditureReported {
        cash: entry(message.cash)?,
        period: required("period", message.period, period)?,
        evidence_level: level.at("evidence_level")?,
    })
}

pub(super) fn reduction(message: pb::ExpenditureReduced) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::ExpenditureReduced {
        cash: entry(message.cash)?,
        period: required("period", message.period, period)?,
        reason: message.reason,
    })
}

pub(super) fn other_flow(message: pb::OtherFlowRecorded) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::OtherFlowRecorded(OtherFlow {
        kind: enumeration::<pb::OtherFlowKind>(message.kind).at("kind")?,
        negative: message.negative,
        cash: entry(message.cash)?,
    }))
}
