//! `ledger.proto`: commands to the ledger itself.

use perennial_domain::ledger::{ExceptionId, LedgerCommand};

use super::check::Check;
use super::path::Path;
use crate::pb::ledger as pb;

impl Check<'_> {
    pub(super) fn change_ledger_policy(
        &mut self,
        path: Path<'_>,
        message: pb::ChangeLedgerPolicy,
    ) -> Option<LedgerCommand> {
        let policy = self.required(path.field("policy"), message.policy, Self::policy);
        let max = self.limits.reason_chars_max;
        let reason = self.text(path.field("reason"), message.reason, max);
        Some(LedgerCommand::ChangePolicy {
            policy: policy?,
            reason: reason?,
        })
    }

    pub(super) fn acknowledge_exception(
        &mut self,
        path: Path<'_>,
        message: pb::AcknowledgeException,
    ) -> Option<LedgerCommand> {
        let exception = self.exception(path, &message.event_id, &message.rule);
        let max = self.limits.reason_chars_max;
        let disposition = self.text(path.field("disposition"), message.disposition, max);
        Some(LedgerCommand::AcknowledgeException {
            exception: exception?,
            disposition: disposition?,
        })
    }

    pub(super) fn resolve_exception(
        &mut self,
        path: Path<'_>,
        message: pb::ResolveException,
    ) -> Option<LedgerCommand> {
        let exception = self.exception(path, &message.event_id, &message.rule);
        let max = self.limits.reason_chars_max;
        let disposition = self.text(path.field("disposition"), message.disposition, max);
        Some(LedgerCommand::ResolveException {
            exception: exception?,
            disposition: disposition?,
        })
    }

    fn exception(&mut self, path: Path<'_>, event_id: &str, rule: &str) -> Option<ExceptionId> {
        let event_id = self.event_id(path.field("event_id"), event_id);
        let rule = self.rule(path.field("rule"), rule);
        Some(ExceptionId {
            event_id: event_id?,
            rule: rule?,
        })
    }
}
