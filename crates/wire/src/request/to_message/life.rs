use perennial_domain::agreement::{
    Condition, ConditionEntry, EarlyEnd, LineDecommitment, Receivable,
};

use super::value::year_shares;
use crate::pb::ledger as pb;
use crate::pb::ledger::command::Action as Message;

/// Makes the message of a command that says no more than a reason.
macro_rules! reason_alone {
    ($($function:ident => $message:ident;)+) => { $(
        pub(super) fn $function(agreement_id: String, reason: &str) -> Message {
            Message::$message(pb::$message { agreement_id, reason: reason.to_owned() })
        }
    )+ };
}

reason_alone! {
    suspend => SuspendAgreement;
    resume => ResumeAgreement;
    cancel => CancelAgreement;
    end => EndAgreement;
    close => CloseAgreement;
}

pub(super) fn terminate(agreement_id: String, end: &EarlyEnd) -> Message {
    Message::TerminateAgreement(pb::TerminateAgreement {
        agreement_id,
        reason: end.reason.clone(),
        decommitments: end.decommitments.iter().map(Into::into).collect(),
        recovery: end.recovery.map(Into::into),
    })
}

impl From<&LineDecommitment> for pb::Decommitment {
    fn from(given_up: &LineDecommitment) -> Self {
        Self {
            line_id: given_up.line_id.to_string(),
            amount: Some(given_up.amount.into()),
            year_shares: year_shares(&given_up.year_shares, given_up.amount.currency()),
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

pub(super) fn meet_condition(agreement_id: String, entry: &ConditionEntry) -> Message {
    Message::MeetTrancheCondition(pb::MeetTrancheCondition {
        agreement_id,
        tranche_id: entry.tranche_id.to_string(),
        condition_id: entry.condition_id.to_string(),
        reason: entry.reason.clone(),
    })
}

pub(super) fn waive_condition(agreement_id: String, entry: &ConditionEntry) -> Message {
    Message::WaiveTrancheCondition(pb::WaiveTrancheCondition {
        agreement_id,
        tranche_id: entry.tranche_id.to_string(),
        condition_id: entry.condition_id.to_string(),
        reason: entry.reason.clone(),
    })
}

pub(super) fn write_off(agreement_id: String, receivable: &Receivable) -> Message {
    Message::WriteOffReceivable(pb::WriteOffReceivable {
        agreement_id,
        amount: Some(receivable.amount.into()),
        lines: receivable.lines.iter().map(Into::into).collect(),
        reason: receivable.reason.clone(),
        approver: receivable.approver.clone(),
    })
}

pub(super) fn recover(agreement_id: String, receivable: &Receivable) -> Message {
    Message::RecoverReceivable(pb::RecoverReceivable {
        agreement_id,
        amount: Some(receivable.amount.into()),
        lines: receivable.lines.iter().map(Into::into).collect(),
        reason: receivable.reason.clone(),
        approver: receivable.approver.clone(),
    })
}
