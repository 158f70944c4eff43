//! Allocations, transfers and links, outwards.

use perennial_domain::agreement::{AllocationWish, OnwardWish, TransferWish};
use perennial_domain::ids::AllocationId;
use perennial_domain::money::Money;

use super::value::year_shares;
use crate::pb::ledger as pb;
use crate::pb::ledger::command::Action as Message;

fn optional(id: Option<&impl ToString>) -> String {
    id.map(ToString::to_string).unwrap_or_default()
}

pub(super) fn release(
    agreement_id: String,
    allocation_id: &AllocationId,
    amount: Money,
    reason: &str,
) -> Message {
    Message::ReleaseAllocation(pb::ReleaseAllocation {
        agreement_id,
        allocation_id: allocation_id.to_string(),
        amount: Some(amount.into()),
        reason: reason.to_owned(),
    })
}

pub(super) fn allocate(agreement_id: String, wish: &AllocationWish) -> Message {
    let dims = &wish.dims;
    let pillar = dims.pillar.map(|pillar| pb::Pillar::from(pillar).into());
    Message::Allocate(pb::Allocate {
        agreement_id,
        allocation_id: wish.allocation_id.to_string(),
        line_id: optional(wish.line_id.as_ref()),
        amount: Some(wish.amount.into()),
        pillar: pillar.unwrap_or_default(),
        purpose: dims.purpose.as_ref().map(Into::into),
        country: dims.country.as_ref().map(Into::into),
        receiver: dims.receiver.as_ref().map(Into::into),
    })
}

pub(super) fn transfer(agreement_id: String, wish: &TransferWish) -> Message {
    let conversion = wish.conversion.as_ref();
    let arrives = conversion.map_or(wish.amount, |conversion| conversion.original);
    Message::TransferFunds(pb::TransferFunds {
        agreement_id,
        transfer_id: wish.transfer_id.to_string(),
        to_agreement_id: wish.to_agreement_id.to_string(),
        line_id: optional(wish.line_id.as_ref()),
        to_line_id: optional(wish.to_line_id.as_ref()),
        amount: Some(wish.amount.into()),
        conversion: conversion.map(Into::into),
        year_shares: year_shares(&wish.year_shares, wish.amount.currency()),
        to_year_shares: year_shares(&wish.to_year_shares, arrives.currency()),
        consent: wish.consent.clone(),
        reason: wish.reason.clone(),
    })
}

pub(super) fn link(agreement_id: String, wish: &OnwardWish) -> Message {
    Message::LinkOnwardGrant(pb::LinkOnwardGrant {
        agreement_id,
        upstream_agreement_id: wish.upstream_agreement_id.to_string(),
        amount: Some(wish.amount.into()),
        level: wish.level,
        conversion: wish.conversion.as_ref().map(Into::into),
    })
}
