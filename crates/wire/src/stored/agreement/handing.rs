//! `handing.proto`: allocations, transfers and links, both ways.

use perennial_domain::agreement::{
    AgreementEvent, Allocation, AllocationDims, AllocationRelease, OnwardGrant, Transfer,
};
use perennial_domain::ids::{AgreementId, AllocationId, TransferId};

use super::from_message::year_share;
use super::further::code;
use crate::pb::log as pb;
use crate::stored::cash::{conversion, line_id};
use crate::stored::error::{At, DecodeError, Problem, enumeration, list, optional, required};
use crate::stored::value::{amount, organisation};

impl From<&Allocation> for pb::Allocation {
    fn from(allocation: &Allocation) -> Self {
        let dims = &allocation.dims;
        Self {
            allocation_id: allocation.allocation_id.to_string(),
            line_id: allocation.line_id.to_string(),
            amount: Some(allocation.amount.into()),
            pillar: dims.pillar.map(|pillar| pb::Pillar::from(pillar).into()),
            purpose: dims.purpose.as_ref().map(Into::into),
            country: dims.country.as_ref().map(Into::into),
            receiver: dims.receiver.as_ref().map(Into::into),
            shares: allocation.shares.iter().map(Into::into).collect(),
        }
    }
}

fn allocation(message: pb::Allocation) -> Result<Allocation, DecodeError> {
    Ok(Allocation {
        allocation_id: AllocationId::parse(&message.allocation_id)
            .map_err(Problem::from)
            .at("allocation_id")?,
        line_id: line_id(&message.line_id)?,
        amount: required("amount", message.amount, amount)?,
        dims: AllocationDims {
            pillar: optional("pillar", message.pillar, enumeration::<pb::Pillar>)?,
            purpose: optional("purpose", message.purpose, code)?,
            country: optional("country", message.country, code)?,
            receiver: optional("receiver", message.receiver, organisation)?,
        },
        shares: list("shares", message.shares, year_share)?,
    })
}

impl From<&Allocation> for pb::AllocationMade {
    fn from(allocation: &Allocation) -> Self {
        Self {
            allocation: Some(allocation.into()),
        }
    }
}

pub(in crate::stored) fn allocated(
    message: pb::AllocationMade,
) -> Result<AgreementEvent, DecodeError> {
    let allocation = required("allocation", message.allocation, allocation)?;
    Ok(AgreementEvent::AllocationMade(Box::new(allocation)))
}

impl From<&AllocationRelease> for pb::AllocationReleased {
    fn from(release: &AllocationRelease) -> Self {
        Self {
            allocation: Some((&release.allocation).into()),
            reason: release.reason.clone(),
        }
    }
}

pub(in crate::stored) fn allocation_released(
    message: pb::AllocationReleased,
) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::AllocationReleased(Box::new(
        AllocationRelease {
            allocation: required("allocation", message.allocation, allocation)?,
            reason: message.reason,
        },
    )))
}

impl From<&Transfer> for pb::FundsTransferred {
    fn from(transfer: &Transfer) -> Self {
        Self {
            transfer_id: transfer.transfer_id.to_string(),
            direction: pb::TransferDirection::from(transfer.direction).into(),
            other_agreement_id: transfer.other_agreement_id.to_string(),
            line_id: transfer.line_id.to_string(),
            amount: Some(transfer.amount.into()),
            year_shares: transfer.year_shares.iter().map(Into::into).collect(),
            conversion: transfer.conversion.as_ref().map(Into::into),
            consent: transfer.consent.clone(),
            reason: transfer.reason.clone(),
        }
    }
}

fn agreement_id(field: &str, text: &str) -> Result<AgreementId, DecodeError> {
    AgreementId::parse(text).map_err(Problem::from).at(field)
}

pub(in crate::stored) fn transferred(
    message: pb::FundsTransferred,
) -> Result<AgreementEvent, DecodeError> {
    let direction = enumeration::<pb::TransferDirection>(message.direction);
    Ok(AgreementEvent::FundsTransferred(Box::new(Transfer {
        transfer_id: TransferId::parse(&message.transfer_id)
            .map_err(Problem::from)
            .at("transfer_id")?,
        direction: direction.at("direction")?,
        other_agreement_id: agreement_id("other_agreement_id", &message.other_agreement_id)?,
        line_id: line_id(&message.line_id)?,
        amount: required("amount", message.amount, amount)?,
        year_shares: list("year_shares", message.year_shares, year_share)?,
        conversion: optional("conversion", message.conversion, conversion)?,
        consent: message.consent,
        reason: message.reason,
    })))
}

impl From<&OnwardGrant> for pb::OnwardGrantLinked {
    fn from(link: &OnwardGrant) -> Self {
        Self {
            upstream_agreement_id: link.upstream_agreement_id.to_string(),
            amount: Some(link.amount.into()),
            level: link.level,
            conversion: link.conversion.as_ref().map(Into::into),
        }
    }
}

pub(in crate::stored) fn onward_linked(
    message: pb::OnwardGrantLinked,
) -> Result<AgreementEvent, DecodeError> {
    let upstream = &message.upstream_agreement_id;
    if message.level == 0 {
        return Err(Problem::Range(0)).at("level");
    }
    Ok(AgreementEvent::OnwardGrantLinked(Box::new(OnwardGrant {
        upstream_agreement_id: agreement_id("upstream_agreement_id", upstream)?,
        amount: required("amount", message.amount, amount)?,
        level: message.level,
        conversion: optional("conversion", message.conversion, conversion)?,
    })))
}
