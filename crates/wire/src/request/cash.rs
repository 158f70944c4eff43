//! `cash.proto`: payments. Their fields 2 to 12 are the same in every message.

use perennial_domain::agreement::{AgreementCommand, Cash, EvidenceLevel, LineAmount};
use perennial_domain::ids::{AgreementId, LineId, PaymentId, TrancheId};

use super::check::Check;
use super::path::Path;
use crate::pb::google::r#type as google;
use crate::pb::ledger as pb;

/// A command and the agreement it is for.
pub(super) type Asked = (AgreementId, AgreementCommand);

/// The fields that all payments share, named as in the proto file.
#[expect(
    clippy::struct_field_names,
    reason = "the names of the fields on the wire"
)]
struct Payment {
    amount: Option<google::Money>,
    lines: Vec<pb::LineAmount>,
    payment_id: String,
    provider: Option<pb::OrganisationReference>,
    receiver: Option<pb::OrganisationReference>,
    value_on: Option<google::Date>,
    conversion: Option<pb::Conversion>,
    reference: String,
    published: Option<pb::Published>,
    functional: Option<pb::Functional>,
    modality: i32,
}

/// Takes the shared fields out of a payment's message.
macro_rules! payment {
    ($message:ident) => {
        Payment {
            amount: $message.amount,
            lines: $message.lines,
            payment_id: $message.payment_id,
            provider: $message.provider,
            receiver: $message.receiver,
            value_on: $message.value_on,
            conversion: $message.conversion,
            reference: $message.reference,
            published: $message.published,
            functional: $message.functional,
            modality: $message.modality,
        }
    };
}

impl Check<'_> {
    pub(super) fn agreement_id(&mut self, path: Path<'_>, text: &str) -> Option<AgreementId> {
        self.id(path.field("agreement_id"), text, AgreementId::parse)
    }

    fn cash(&mut self, path: Path<'_>, payment: Payment) -> Option<Cash> {
        let amount = self.required(path.field("amount"), payment.amount, Self::positive);
        let (at, max) = (path.field("lines"), self.limits.lines_max);
        let lines = self.list(at, payment.lines, max, Self::line_amount);
        let at = path.field("payment_id");
        let payment_id = self.id_opt(at, &payment.payment_id, PaymentId::parse);
        let provider = self.optional(path.field("provider"), payment.provider, Self::organisation);
        let receiver = self.optional(path.field("receiver"), payment.receiver, Self::organisation);
        let value_on = self.optional(path.field("value_on"), payment.value_on, Self::date);
        let at = path.field("conversion");
        let conversion = self.optional(at, payment.conversion, Self::conversion);
        let max = self.limits.name_chars_max;
        let reference = self.text_opt(path.field("reference"), payment.reference, max);
        let published = self.optional(path.field("published"), payment.published, Self::published);
        let at = path.field("functional");
        let functional = self.optional(at, payment.functional, Self::functional);
        let at = path.field("modality");
        let modality = self.enumeration_opt::<pb::CashModality>(at, payment.modality);
        Some(Cash {
            amount: amount?,
            lines: lines?,
            payment_id: payment_id?,
            provider: provider?,
            receiver: receiver?,
            value_on: value_on?,
            conversion: conversion?,
            reference: reference?,
            published: published?,
            functional: functional?,
            modality: modality?,
        })
    }

    pub(super) fn line_amount(
        &mut self,
        path: Path<'_>,
        message: pb::LineAmount,
    ) -> Option<LineAmount> {
        let line_id = self.id(path.field("line_id"), &message.line_id, LineId::parse);
        let amount = self.required(path.field("amount"), message.amount, Self::positive);
        Some(LineAmount {
            line_id: line_id?,
            amount: amount?,
        })
    }

    pub(super) fn disburse(&mut self, path: Path<'_>, message: pb::Disburse) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let cash = self.cash(path, payment!(message));
        let at = path.field("tranche_id");
        let tranche_id = self.id_opt(at, &message.tranche_id, TrancheId::parse);
        let command = AgreementCommand::Disburse {
            cash: cash?,
            tranche_id: tranche_id?,
        };
        Some((agreement_id?, command))
    }

    pub(super) fn reimburse(&mut self, path: Path<'_>, message: pb::Reimburse) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let cash = self.cash(path, payment!(message));
        Some((agreement_id?, AgreementCommand::Reimburse(cash?)))
    }

    pub(super) fn refund(&mut self, path: Path<'_>, message: pb::Refund) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let cash = self.cash(path, payment!(message));
        let reason = self.reason(path, message.reason);
        let command = AgreementCommand::Refund {
            cash: cash?,
            reason: reason?,
        };
        Some((agreement_id?, command))
    }

    pub(super) fn confirm_receipt(
        &mut self,
        path: Path<'_>,
        message: pb::ConfirmReceipt,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let cash = self.cash(path, payment!(message));
        let at = path.field("tranche_id");
        let tranche_id = self.id_opt(at, &message.tranche_id, TrancheId::parse);
        let at = path.field("disbursement_id");
        let disbursement_id = self.id_opt(at, &message.disbursement_id, PaymentId::parse);
        let command = AgreementCommand::ConfirmReceipt {
            cash: cash?,
            tranche_id: tranche_id?,
            disbursement_id: disbursement_id?,
        };
        Some((agreement_id?, command))
    }

    pub(super) fn confirm_refund(
        &mut self,
        path: Path<'_>,
        message: pb::ConfirmRefund,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let cash = self.cash(path, payment!(message));
        let reason = self.reason(path, message.reason);
        let command = AgreementCommand::ConfirmRefund {
            cash: cash?,
            reason: reason?,
        };
        Some((agreement_id?, command))
    }

    pub(super) fn report_expenditure(
        &mut self,
        path: Path<'_>,
        message: pb::ReportExpenditure,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let cash = self.cash(path, payment!(message));
        let period = self.optional(path.field("period"), message.period, Self::period);
        let evidence_level = self.enumeration_or::<pb::EvidenceLevel>(
            path.field("evidence_level"),
            message.evidence_level,
            EvidenceLevel::Claimed,
        );
        let command = AgreementCommand::ReportExpenditure {
            cash: cash?,
            period: period?,
            evidence_level: evidence_level?,
        };
        Some((agreement_id?, command))
    }

    pub(super) fn reduce_expenditure(
        &mut self,
        path: Path<'_>,
        message: pb::ReduceExpenditure,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let cash = self.cash(path, payment!(message));
        let period = self.optional(path.field("period"), message.period, Self::period);
        let reason = self.reason(path, message.reason);
        let command = AgreementCommand::ReduceExpenditure {
            cash: cash?,
            period: period?,
            reason: reason?,
        };
        Some((agreement_id?, command))
    }

    pub(super) fn record_other_flow(
        &mut self,
        path: Path<'_>,
        message: pb::RecordOtherFlow,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let cash = self.cash(path, payment!(message));
        let kind = self.enumeration::<pb::OtherFlowKind>(path.field("kind"), message.kind);
        let command = AgreementCommand::RecordOtherFlow {
            kind: kind?,
            negative: message.negative,
            cash: cash?,
        };
        Some((agreement_id?, command))
    }
}
