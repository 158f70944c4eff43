//! The stored forms of payments. Their cash entries, and the way back, are in [`crate::stored::cash`].

use perennial_domain::agreement::{CashEntry, EvidenceLevel, OtherFlow, TrancheDraw};
use perennial_domain::ids::PaymentId;
use perennial_domain::period::Period;

use crate::pb::log as pb;
use crate::pb::log::stored_event::Kind;

pub(super) fn disbursed(cash: &CashEntry, draws: &[TrancheDraw]) -> Kind {
    Kind::DisbursementMade(pb::DisbursementMade {
        cash: Some(cash.into()),
        draws: draws.iter().map(Into::into).collect(),
    })
}

pub(super) fn reimbursed(cash: &CashEntry) -> Kind {
    Kind::ReimbursementMade(pb::ReimbursementMade {
        cash: Some(cash.into()),
    })
}

pub(super) fn refunded(cash: &CashEntry, reason: &str) -> Kind {
    Kind::RefundMade(pb::RefundMade {
        cash: Some(cash.into()),
        reason: reason.to_owned(),
    })
}

pub(super) fn receipt_confirmed(
    cash: &CashEntry,
    draws: &[TrancheDraw],
    disbursement_id: Option<&PaymentId>,
) -> Kind {
    Kind::ReceiptConfirmed(pb::ReceiptConfirmed {
        cash: Some(cash.into()),
        draws: draws.iter().map(Into::into).collect(),
        disbursement_id: disbursement_id.map(ToString::to_string),
    })
}

pub(super) fn refund_received(cash: &CashEntry, reason: &str) -> Kind {
    Kind::RefundReceived(pb::RefundReceived {
        cash: Some(cash.into()),
        reason: reason.to_owned(),
    })
}

pub(super) fn expended(cash: &CashEntry, period: Period, evidence_level: EvidenceLevel) -> Kind {
    Kind::ExpenditureReported(pb::ExpenditureReported {
        cash: Some(cash.into()),
        period: Some(period.into()),
        evidence_level: pb::EvidenceLevel::from(evidence_level).into(),
    })
}

pub(super) fn expenditure_reduced(cash: &CashEntry, period: Period, reason: &str) -> Kind {
    Kind::ExpenditureReduced(pb::ExpenditureReduced {
        cash: Some(cash.into()),
        period: Some(period.into()),
        reason: reason.to_owned(),
    })
}

impl From<&OtherFlow> for pb::OtherFlowRecorded {
    fn from(flow: &OtherFlow) -> Self {
        Self {
            kind: pb::OtherFlowKind::from(flow.kind).into(),
            negative: flow.negative,
            cash: Some((&flow.cash).into()),
        }
    }
}
