//! `command.proto`: one command.

use perennial_domain::agreement::{AgreementCommand, ReversalReason};
use perennial_domain::command::{Action, Command};
use perennial_domain::ids::{AgreementId, PledgeId};
use perennial_domain::pledge::PledgeCommand;
use perennial_domain::rule::{Override, Rule};

use super::cash::Asked;
use super::check::Check;
use super::path::Path;
use crate::pb::ledger as pb;
use crate::pb::ledger::command::Action as Message;
use crate::pb::ledger::reverse_entry::Owner;

/// The checks of one command's message, by the name of its field.
macro_rules! actions {
    ($check:ident, $path:ident, $message:ident, {
        $($variant:ident = $field:literal => $asked:ident via $function:ident,)+
    }, reference {
        $($reference:ident = $name:literal via $publish:ident,)+
    }) => {
        match $message {
            Message::ChangeLedgerPolicy(message) => $check
                .change_ledger_policy($path.field("change_ledger_policy"), message)
                .map(Action::Ledger),
            Message::AcknowledgeException(message) => $check
                .acknowledge_exception($path.field("acknowledge_exception"), message)
                .map(Action::Ledger),
            Message::ResolveException(message) => $check
                .resolve_exception($path.field("resolve_exception"), message)
                .map(Action::Ledger),
            $(Message::$variant(message) => {
                let path = $path.field($field);
                $check.$function(path, message).map(|(id, command)| Action::$asked(id, command))
            })+
            Message::ReplaceTagSet(message) => $check.replace_tag_set($path.field("replace_tag_set"), message),
            $(Message::$reference(message) => $check.$publish($path.field($name), message),)+
            Message::ReverseEntry(message) => $check.reverse_entry($path.field("reverse_entry"), message),
            Message::AdjustPriorPeriod(message) => $check
                .adjust_prior_period($path.field("adjust_prior_period"), *message),
            Message::ReplaceEntry(message) => $check
                .replace_entry($path.field("replace_entry"), *message)
                .map(|(id, command)| Action::Agreement(id, command)),
        }
    };
}

impl Check<'_> {
    pub(super) fn command(&mut self, path: Path<'_>, message: pb::Command) -> Option<Command> {
        let at = path.field("effective_on");
        let effective_date = message.effective_on;
        let effective_on = self.required(at, effective_date, Self::date);
        let at = path.field("external_reference");
        let reference = message.external_reference;
        let external_reference = self.optional(at, reference, Self::external_reference);
        let (at, max) = (path.field("evidence"), self.limits.evidence_max);
        let evidence = self.list(at, message.evidence, max, Self::document);
        let overrides = self.overrides(path.field("overrides"), message.overrides);
        let Some(mut action) = message.action else {
            return self.invalid(path, "names no action");
        };
        if let Message::AdjustPriorPeriod(adjustment) = &mut action
            && let Some(command) = adjustment.command.as_deref_mut()
        {
            let own = command
                .effective_on
                .get_or_insert_with(|| effective_date.unwrap_or_default());
            if Some(*own) != effective_date {
                let at = path.field("adjust_prior_period");
                return self.invalid(
                    at.field("command.effective_on"),
                    "is another date than the adjustment's",
                );
            }
        }
        let action = self.action(path, action);
        Some(Command {
            effective_on: effective_on?,
            external_reference: external_reference?,
            evidence: evidence?,
            overrides: overrides?,
            functional_from_table: message.functional_from_table,
            action: action?,
        })
    }

    fn overrides(&mut self, path: Path<'_>, messages: Vec<pb::Override>) -> Option<Vec<Override>> {
        let max = self.limits.overrides_max;
        let mut overrides = self.list(path, messages, max, Self::permitted)?;
        overrides.sort_by_key(|permitted| permitted.rule);
        if overrides
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.rule == b.rule))
        {
            return self.invalid(path, "names a rule twice");
        }
        Some(overrides)
    }

    fn permitted(&mut self, path: Path<'_>, message: pb::Override) -> Option<Override> {
        let rule = self.rule(path.field("rule"), &message.rule);
        let (reason_max, name_max) = (self.limits.reason_chars_max, self.limits.short_chars_max);
        let reason = self.text(path.field("reason"), message.reason, reason_max);
        let approver = self.text_opt(path.field("approver"), message.approver, name_max);
        Some(Override {
            rule: rule?,
            reason: reason?,
            approver: approver?,
        })
    }

    /// The number of a rule, as in `R10`.
    pub(super) fn rule(&mut self, path: Path<'_>, code: &str) -> Option<Rule> {
        if code.is_empty() {
            return self.invalid(path, "is required");
        }
        match Rule::parse(code) {
            Some(rule) => Some(rule),
            None => self.invalid(path, "is no rule, as in R10"),
        }
    }

    fn action(&mut self, path: Path<'_>, message: Message) -> Option<Action> {
        actions!(self, path, message, {
            AnnouncePledge = "announce_pledge" => Pledge via announce_pledge,
            RevisePledge = "revise_pledge" => Pledge via revise_pledge,
            ConvertPledge = "convert_pledge" => Pledge via convert_pledge,
            WithdrawPledge = "withdraw_pledge" => Pledge via withdraw_pledge,
            LapsePledge = "lapse_pledge" => Pledge via lapse_pledge,
            SignAgreement = "sign_agreement" => Agreement via sign_agreement,
            DescribeAgreement = "describe_agreement" => Agreement via describe_agreement,
            OpenLine = "open_line" => Agreement via open_line,
            IncreaseCommitment = "increase_commitment" => Agreement via increase_commitment,
            DecreaseCommitment = "decrease_commitment" => Agreement via decrease_commitment,
            ExtendPeriod = "extend_period" => Agreement via extend_period,
            ShortenPeriod = "shorten_period" => Agreement via shorten_period,
            ScheduleTranche = "schedule_tranche" => Agreement via schedule_tranche,
            RescheduleTranche = "reschedule_tranche" => Agreement via reschedule_tranche,
            CancelTranche = "cancel_tranche" => Agreement via cancel_tranche,
            ReplaceForecast = "replace_forecast" => Agreement via replace_forecast,
            ReallocateFunds = "reallocate_funds" => Agreement via reallocate_funds,
            ReviseTerms = "revise_terms" => Agreement via revise_terms,
            Allocate = "allocate" => Agreement via allocate,
            ReleaseAllocation = "release_allocation" => Agreement via release_allocation,
            CarryOverFunds = "carry_over_funds" => Agreement via carry_over_funds,
            SuspendAgreement = "suspend_agreement" => Agreement via suspend_agreement,
            ResumeAgreement = "resume_agreement" => Agreement via resume_agreement,
            TerminateAgreement = "terminate_agreement" => Agreement via terminate_agreement,
            CancelAgreement = "cancel_agreement" => Agreement via cancel_agreement,
            EndAgreement = "end_agreement" => Agreement via end_agreement,
            CloseAgreement = "close_agreement" => Agreement via close_agreement,
            TransferFunds = "transfer_funds" => Agreement via transfer_funds,
            LinkOnwardGrant = "link_onward_grant" => Agreement via link_onward_grant,
            Disburse = "disburse" => Agreement via disburse,
            Reimburse = "reimburse" => Agreement via reimburse,
            Refund = "refund" => Agreement via refund,
            ConfirmReceipt = "confirm_receipt" => Agreement via confirm_receipt,
            ConfirmRefund = "confirm_refund" => Agreement via confirm_refund,
            ReportExpenditure = "report_expenditure" => Agreement via report_expenditure,
            ReduceExpenditure = "reduce_expenditure" => Agreement via reduce_expenditure,
            RecordOtherFlow = "record_other_flow" => Agreement via record_other_flow,
            WriteOffReceivable = "write_off_receivable" => Agreement via write_off_receivable,
            RecoverReceivable = "recover_receivable" => Agreement via recover_receivable,
            StartImport = "start_import" => Import via start_import,
            CompleteImport = "complete_import" => Import via complete_import,
            MeetTrancheCondition = "meet_tranche_condition" => Agreement via meet_tranche_condition,
            WaiveTrancheCondition = "waive_tranche_condition" => Agreement via waive_tranche_condition,
            ReclassifySplits = "reclassify_splits" => Agreement via reclassify_splits,
            PublishRequirement = "publish_requirement" => Requirement via publish_requirement,
            OpenFiscalPeriod = "open_fiscal_period" => Calendar via open_fiscal_period,
            CloseFiscalPeriod = "close_fiscal_period" => Calendar via close_fiscal_period,
            ReopenFiscalPeriod = "reopen_fiscal_period" => Calendar via reopen_fiscal_period,
        }, reference {
            PublishRateTable = "publish_rate_table" via publish_rate_table,
            PublishCodelist = "publish_codelist" via publish_codelist,
            PublishPillarMapping = "publish_pillar_mapping" via publish_pillar_mapping,
            PublishScheme = "publish_scheme" via publish_scheme,
            RegisterOrganisation = "register_organisation" via register_organisation,
            MergeOrganisation = "merge_organisation" via merge_organisation,
            AssessLocalActor = "assess_local_actor" via assess_local_actor,
        })
    }

    fn reverse_entry(&mut self, path: Path<'_>, message: pb::ReverseEntry) -> Option<Action> {
        let target = self.event_id(path.field("target"), &message.target);
        let reason = self.enumeration_or::<pb::ReversalReason>(
            path.field("reason"),
            message.reason,
            ReversalReason::Error,
        );
        match message.owner {
            Some(Owner::AgreementId(id)) => {
                let agreement_id = self.id(path.field("agreement_id"), &id, AgreementId::parse)?;
                let (target, reason) = (target?, reason?);
                let command = AgreementCommand::ReverseEntry { target, reason };
                Some(Action::Agreement(agreement_id, command))
            }
            Some(Owner::PledgeId(id)) => {
                let pledge_id = self.id(path.field("pledge_id"), &id, PledgeId::parse)?;
                let (target, reason) = (target?, reason?);
                let command = PledgeCommand::ReverseEntry { target, reason };
                Some(Action::Pledge(pledge_id, command))
            }
            None => self.invalid(path, "needs an agreement_id or a pledge_id"),
        }
    }

    fn replace_entry(&mut self, path: Path<'_>, message: pb::ReplaceEntry) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let target = self.event_id(path.field("target"), &message.target);
        let at = path.field("replacement");
        let replacement = match message.replacement.map(|command| *command) {
            // Not descended into: a replacement of a replacement has no meaning, however deep it goes.
            Some(pb::Command {
                action:
                    Some(
                        Message::ReverseEntry(_)
                        | Message::ReplaceEntry(_)
                        | Message::AdjustPriorPeriod(_),
                    ),
                ..
            }) => self.invalid(at, "is itself a reversal, a replacement or an adjustment"),
            replacement => self.required(at, replacement, Self::command),
        };
        let (agreement_id, target, replacement) = (agreement_id?, target?, replacement?);
        if replacement.external_reference.is_some()
            || !replacement.evidence.is_empty()
            || !replacement.overrides.is_empty()
            || replacement.functional_from_table
        {
            return self.invalid(
                at,
                "has a reference, evidence, overrides or functional_from_table: give them to the replacing command",
            );
        }
        match replacement.action {
            Action::Agreement(id, command) if id == agreement_id => Some((
                agreement_id,
                AgreementCommand::ReplaceEntry {
                    target,
                    replacement: Box::new(command),
                    replacement_effective_on: replacement.effective_on,
                },
            )),
            Action::Ledger(_)
            | Action::Agreement(..)
            | Action::Pledge(..)
            | Action::Import(..)
            | Action::Reference(_)
            | Action::Requirement(..)
            | Action::Calendar(..)
            | Action::Adjust(..) => self.invalid(at, "is not for the same agreement"),
        }
    }
}
