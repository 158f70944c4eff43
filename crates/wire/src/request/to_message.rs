//! Outwards: domain submissions to API messages, for clients and for the digest of a command.

mod agreement;
mod calendar;
mod cash;
mod further;
mod handing;
mod life;
mod reference;
mod value;

use perennial_domain::command::{Action, Command, Expected, Submission};
use perennial_domain::event::Stream;
use perennial_domain::ids::{AgreementId, ImportId, PledgeId};
use perennial_domain::import::{ImportCommand, RefusedReason};
use perennial_domain::ledger::LedgerCommand;
use perennial_domain::pledge::{PledgeAnnouncement, PledgeCommand};
use perennial_domain::requirement::RequirementCommand;
use perennial_domain::rule::Override;

use super::submission::SubmitInput;
use crate::date::to_google;
use crate::pb::ledger as pb;
use crate::pb::ledger::command::Action as Message;
use crate::pb::ledger::expected_revision::Expectation;
use crate::pb::ledger::replace_tag_set;
use crate::pb::ledger::reverse_entry::Owner;

impl From<&SubmitInput> for pb::SubmitRequest {
    fn from(input: &SubmitInput) -> Self {
        Self {
            ledger_id: input.ledger_id.to_string(),
            request_id: input.request_id.to_string(),
            validate_only: input.validate_only,
            ..Self::from(&input.submission)
        }
    }
}

impl From<&Submission> for pb::SubmitRequest {
    /// Leaves ledger and request id empty.
    fn from(submission: &Submission) -> Self {
        Self {
            commands: submission.commands.iter().map(Into::into).collect(),
            expected_revisions: submission.expected.iter().map(expected).collect(),
            ..Self::default()
        }
    }
}

fn expected((stream, expected): &(Stream, Expected)) -> pb::ExpectedRevision {
    pb::ExpectedRevision {
        stream: stream.to_string(),
        expectation: Some(match expected {
            Expected::Exactly(revision) => Expectation::ExpectedRevision(revision.0),
            Expected::NoStream => Expectation::NoStream(true),
        }),
    }
}

impl From<&Command> for pb::Command {
    fn from(command: &Command) -> Self {
        Self {
            effective_on: Some(to_google(command.effective_on)),
            external_reference: command.external_reference.as_ref().map(Into::into),
            evidence: command.evidence.iter().map(Into::into).collect(),
            overrides: command.overrides.iter().map(permitted).collect(),
            functional_from_table: command.functional_from_table,
            action: Some(action(&command.action)),
        }
    }
}

fn action(asked: &Action) -> Message {
    match asked {
        Action::Ledger(command) => ledger_action(command),
        Action::Agreement(id, command) => agreement::action(id, command),
        Action::Pledge(id, command) => pledge_action(id, command),
        Action::Import(id, command) => import_action(id, command),
        Action::Reference(command) => reference::action(command),
        Action::Requirement(id, RequirementCommand::Publish(requirement)) => {
            reference::publish_requirement(id.to_string(), requirement)
        }
        Action::Calendar(id, command) => calendar::action(id, command),
        Action::Adjust(name, adjusting) => calendar::adjust(name, action(adjusting)),
    }
}

fn permitted(permitted: &Override) -> pb::Override {
    pb::Override {
        rule: permitted.rule.code().to_owned(),
        reason: permitted.reason.clone(),
        approver: permitted.approver.clone().unwrap_or_default(),
    }
}

fn ledger_action(command: &LedgerCommand) -> Message {
    match command {
        LedgerCommand::ChangePolicy { policy, reason } => {
            Message::ChangeLedgerPolicy(pb::ChangeLedgerPolicy {
                policy: Some(policy.into()),
                reason: reason.clone(),
            })
        }
        LedgerCommand::AcknowledgeException {
            exception,
            disposition,
        } => Message::AcknowledgeException(pb::AcknowledgeException {
            event_id: exception.event_id.to_string(),
            rule: exception.rule.code().to_owned(),
            disposition: disposition.clone(),
        }),
        LedgerCommand::ResolveException {
            exception,
            disposition,
        } => Message::ResolveException(pb::ResolveException {
            event_id: exception.event_id.to_string(),
            rule: exception.rule.code().to_owned(),
            disposition: disposition.clone(),
        }),
    }
}

fn pledge_action(id: &PledgeId, command: &PledgeCommand) -> Message {
    let pledge_id = id.to_string();
    match command {
        PledgeCommand::Announce(announcement) => {
            Message::AnnouncePledge(announce(pledge_id, announcement))
        }
        PledgeCommand::Revise { new_amount, reason } => Message::RevisePledge(pb::RevisePledge {
            pledge_id,
            new_amount: Some((*new_amount).into()),
            reason: reason.clone(),
        }),
        PledgeCommand::Convert {
            agreement_id,
            amount,
        } => Message::ConvertPledge(pb::ConvertPledge {
            pledge_id,
            agreement_id: agreement_id.to_string(),
            amount: Some((*amount).into()),
        }),
        PledgeCommand::Withdraw {
            amount,
            reason,
            published,
        } => Message::WithdrawPledge(pb::WithdrawPledge {
            pledge_id,
            amount: Some((*amount).into()),
            reason: reason.clone(),
            published: published.as_ref().map(Into::into),
        }),
        PledgeCommand::Lapse { amount, reason } => Message::LapsePledge(pb::LapsePledge {
            pledge_id,
            amount: Some((*amount).into()),
            reason: reason.clone(),
        }),
        PledgeCommand::ReplaceTagSet(set) => {
            reference::replace_tag_set(replace_tag_set::Owner::PledgeId(pledge_id), set)
        }
        PledgeCommand::ReverseEntry { target, reason } => Message::ReverseEntry(pb::ReverseEntry {
            owner: Some(Owner::PledgeId(pledge_id)),
            target: target.to_string(),
            reason: pb::ReversalReason::from(*reason).into(),
        }),
    }
}

fn announce(pledge_id: String, announcement: &PledgeAnnouncement) -> pb::AnnouncePledge {
    pb::AnnouncePledge {
        pledge_id,
        perspective: pb::Perspective::from(announcement.perspective).into(),
        donor: Some((&announcement.donor).into()),
        recipient: announcement.recipient.as_ref().map(Into::into),
        amount: Some(announcement.amount.into()),
        forum: announcement.forum.clone().unwrap_or_default(),
        intended_period: announcement.intended_period.map(Into::into),
        purposes: value::split(&announcement.purposes),
        places: value::split(&announcement.places),
        published: announcement.published.as_ref().map(Into::into),
        functional: announcement.functional.as_deref().map(Into::into),
    }
}

fn import_action(id: &ImportId, command: &ImportCommand) -> Message {
    let import_id = id.to_string();
    match command {
        ImportCommand::Start(source) => Message::StartImport(pb::StartImport {
            import_id,
            dataset: source.dataset.clone(),
            file_sha256: source.file_sha256.to_vec(),
            published_on: Some(to_google(source.published_on)),
        }),
        ImportCommand::Complete { counts, reasons } => {
            Message::CompleteImport(pb::CompleteImport {
                import_id,
                counts: Some(pb::ImportCounts {
                    activities: counts.activities,
                    transactions: counts.transactions,
                    booked: counts.booked,
                    flagged: counts.flagged,
                    refused: counts.refused,
                    unchanged: counts.unchanged,
                }),
                reasons: reasons.iter().map(refused_reason).collect(),
            })
        }
    }
}

fn refused_reason(reason: &RefusedReason) -> pb::RefusedReason {
    pb::RefusedReason {
        reason: reason.reason.clone(),
        count: reason.count,
        locators: reason.locators.clone(),
    }
}

/// The owner of an agreement's entry.
fn agreement_owner(id: &AgreementId) -> Owner {
    Owner::AgreementId(id.to_string())
}
