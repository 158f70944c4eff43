//! `handing.proto`: allocations, transfers and links.

use perennial_domain::agreement::{
    AgreementCommand, AllocationDims, AllocationWish, OnwardWish, TransferWish,
};
use perennial_domain::ids::{AgreementId, AllocationId, LineId, TransferId};
use perennial_domain::money::Money;

use super::cash::Asked;
use super::check::Check;
use super::path::Path;
use crate::pb::ledger as pb;

impl Check<'_> {
    pub(super) fn allocate(&mut self, path: Path<'_>, message: pb::Allocate) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let allocation_id = self.allocation_id(path, &message.allocation_id);
        let line_id = self.id_opt(path.field("line_id"), &message.line_id, LineId::parse);
        let amount = self.required(path.field("amount"), message.amount, Self::positive);
        let pillar = self.enumeration_opt::<pb::Pillar>(path.field("pillar"), message.pillar);
        let purpose = self.optional(path.field("purpose"), message.purpose, Self::purpose);
        let country = self.optional(path.field("country"), message.country, Self::place);
        let receiver = self.optional(path.field("receiver"), message.receiver, Self::organisation);
        let dims = AllocationDims {
            pillar: pillar?,
            purpose: purpose?,
            country: country?,
            receiver: receiver?,
        };
        if dims == AllocationDims::default() {
            return self.invalid(path, "needs a pillar, purpose, country or receiver");
        }
        let command = AgreementCommand::Allocate(Box::new(AllocationWish {
            allocation_id: allocation_id?,
            line_id: line_id?,
            amount: amount?,
            dims,
        }));
        Some((agreement_id?, command))
    }

    fn allocation_id(&mut self, path: Path<'_>, text: &str) -> Option<AllocationId> {
        self.id(path.field("allocation_id"), text, AllocationId::parse)
    }

    pub(super) fn release_allocation(
        &mut self,
        path: Path<'_>,
        message: pb::ReleaseAllocation,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let allocation_id = self.allocation_id(path, &message.allocation_id);
        let amount = self.required(path.field("amount"), message.amount, Self::positive);
        let reason = self.reason(path, message.reason);
        let command = AgreementCommand::ReleaseAllocation {
            allocation_id: allocation_id?,
            amount: amount?,
            reason: reason?,
        };
        Some((agreement_id?, command))
    }

    pub(super) fn transfer_funds(
        &mut self,
        path: Path<'_>,
        message: pb::TransferFunds,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let at = path.field("transfer_id");
        let transfer_id = self.id(at, &message.transfer_id, TransferId::parse);
        let at = path.field("to_agreement_id");
        let to_agreement_id = self.id(at, &message.to_agreement_id, AgreementId::parse);
        let line_id = self.id_opt(path.field("line_id"), &message.line_id, LineId::parse);
        let to_line_id = self.id_opt(path.field("to_line_id"), &message.to_line_id, LineId::parse);
        let amount = self.required(path.field("amount"), message.amount, Self::positive);
        let at = path.field("conversion");
        let conversion = self.optional(at, message.conversion, Self::conversion)?;
        let given_in = amount.map(Money::currency);
        let arrives_in = conversion
            .as_ref()
            .map(|conversion| conversion.original.currency())
            .or(given_in);
        let year_shares = self.shares_of(path.field("year_shares"), message.year_shares, given_in);
        let at = path.field("to_year_shares");
        let to_year_shares = self.shares_of(at, message.to_year_shares, arrives_in);
        let (at, max) = (path.field("consent"), self.limits.reason_chars_max);
        let consent = self.text(at, message.consent, max);
        let reason = self.reason(path, message.reason);
        let command = AgreementCommand::TransferFunds(Box::new(TransferWish {
            transfer_id: transfer_id?,
            to_agreement_id: to_agreement_id?,
            line_id: line_id?,
            to_line_id: to_line_id?,
            amount: amount?,
            conversion,
            year_shares: year_shares?,
            to_year_shares: to_year_shares?,
            consent: consent?,
            reason: reason?,
        }));
        Some((agreement_id?, command))
    }

    pub(super) fn link_onward_grant(
        &mut self,
        path: Path<'_>,
        message: pb::LinkOnwardGrant,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let at = path.field("upstream_agreement_id");
        let upstream_agreement_id = self.id(at, &message.upstream_agreement_id, AgreementId::parse);
        let amount = self.required(path.field("amount"), message.amount, Self::positive);
        let at = path.field("conversion");
        let conversion = self.optional(at, message.conversion, Self::conversion);
        if message.level == Some(0) {
            return self.invalid(path.field("level"), "counts from 1");
        }
        let command = AgreementCommand::LinkOnwardGrant(Box::new(OnwardWish {
            upstream_agreement_id: upstream_agreement_id?,
            amount: amount?,
            level: message.level,
            conversion: conversion?,
        }));
        Some((agreement_id?, command))
    }
}
