//! `life.proto`: status, conditions and receivables of agreements.

use perennial_domain::agreement::{
    AgreementCommand, Condition, ConditionEntry, EarlyEnd, LineDecommitment, Receivable,
};
use perennial_domain::ids::{ConditionId, LineId};

use super::cash::Asked;
use super::check::Check;
use super::path::Path;
use crate::pb::google::r#type as google;
use crate::pb::ledger as pb;

/// Checks a command that says no more than a reason.
macro_rules! reason_alone {
    ($($function:ident: $message:ident => $command:ident;)+) => { $(
        pub(super) fn $function(&mut self, path: Path<'_>, message: pb::$message) -> Option<Asked> {
            let agreement_id = self.agreement_id(path, &message.agreement_id);
            let reason = self.reason(path, message.reason);
            let command = AgreementCommand::$command { reason: reason? };
            Some((agreement_id?, command))
        }
    )+ };
}

impl Check<'_> {
    reason_alone! {
        suspend_agreement: SuspendAgreement => Suspend;
        resume_agreement: ResumeAgreement => Resume;
        cancel_agreement: CancelAgreement => Cancel;
        end_agreement: EndAgreement => End;
        close_agreement: CloseAgreement => Close;
    }

    pub(super) fn terminate_agreement(
        &mut self,
        path: Path<'_>,
        message: pb::TerminateAgreement,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let reason = self.reason(path, message.reason);
        let (at, max) = (path.field("decommitments"), self.limits.lines_max);
        let decommitments = self.list(at, message.decommitments, max, Self::decommitment);
        let recovery = self.optional(path.field("recovery"), message.recovery, Self::positive);
        let end = EarlyEnd {
            reason: reason?,
            decommitments: decommitments?,
            recovery: recovery?,
        };
        Some((agreement_id?, AgreementCommand::Terminate(end)))
    }

    fn decommitment(
        &mut self,
        path: Path<'_>,
        message: pb::Decommitment,
    ) -> Option<LineDecommitment> {
        let line_id = self.id(path.field("line_id"), &message.line_id, LineId::parse);
        let amount = self.required(path.field("amount"), message.amount, Self::positive);
        let currency = amount.map(perennial_domain::money::Money::currency);
        let year_shares = self.year_shares(path, message.year_shares, currency);
        Some(LineDecommitment {
            line_id: line_id?,
            amount: amount?,
            year_shares: year_shares?,
        })
    }

    pub(super) fn condition(
        &mut self,
        path: Path<'_>,
        message: pb::TrancheCondition,
    ) -> Option<Condition> {
        let condition_id = self.condition_id(path, &message.condition_id);
        let (at, max) = (path.field("text"), self.limits.reason_chars_max);
        let text = self.text(at, message.text, max);
        Some(Condition {
            condition_id: condition_id?,
            text: text?,
        })
    }

    fn condition_id(&mut self, path: Path<'_>, text: &str) -> Option<ConditionId> {
        self.id(path.field("condition_id"), text, ConditionId::parse)
    }

    pub(super) fn meet_tranche_condition(
        &mut self,
        path: Path<'_>,
        message: pb::MeetTrancheCondition,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let ids = (&*message.tranche_id, &*message.condition_id);
        let entry = self.condition_entry(path, ids, message.reason)?;
        Some((agreement_id?, AgreementCommand::MeetCondition(entry)))
    }

    pub(super) fn waive_tranche_condition(
        &mut self,
        path: Path<'_>,
        message: pb::WaiveTrancheCondition,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let ids = (&*message.tranche_id, &*message.condition_id);
        let entry = self.condition_entry(path, ids, message.reason)?;
        Some((agreement_id?, AgreementCommand::WaiveCondition(entry)))
    }

    fn condition_entry(
        &mut self,
        path: Path<'_>,
        (tranche_id, condition_id): (&str, &str),
        reason: String,
    ) -> Option<ConditionEntry> {
        let tranche_id = self.tranche_id(path, tranche_id);
        let condition_id = self.condition_id(path, condition_id);
        let reason = self.reason(path, reason);
        Some(ConditionEntry {
            tranche_id: tranche_id?,
            condition_id: condition_id?,
            reason: reason?,
        })
    }

    pub(super) fn write_off_receivable(
        &mut self,
        path: Path<'_>,
        message: pb::WriteOffReceivable,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let words = (message.reason, message.approver);
        let receivable = self.receivable(path, message.amount, message.lines, words)?;
        let command = AgreementCommand::WriteOffReceivable(receivable);
        Some((agreement_id?, command))
    }

    pub(super) fn recover_receivable(
        &mut self,
        path: Path<'_>,
        message: pb::RecoverReceivable,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let words = (message.reason, message.approver);
        let receivable = self.receivable(path, message.amount, message.lines, words)?;
        let command = AgreementCommand::RecoverReceivable(receivable);
        Some((agreement_id?, command))
    }

    fn receivable(
        &mut self,
        path: Path<'_>,
        amount: Option<google::Money>,
        lines: Vec<pb::LineAmount>,
        (reason, approver): (String, String),
    ) -> Option<Receivable> {
        let amount = self.required(path.field("amount"), amount, Self::positive);
        let (at, max) = (path.field("lines"), self.limits.lines_max);
        let lines = self.list(at, lines, max, Self::line_amount);
        let reason = self.reason(path, reason);
        let (at, max) = (path.field("approver"), self.limits.short_chars_max);
        let approver = self.text(at, approver, max);
        Some(Receivable {
            amount: amount?,
            lines: lines?,
            reason: reason?,
            approver: approver?,
        })
    }
}
