//! What is asked for: one command makes one event (DOMAIN.md 5.2).

use jiff::civil::Date;

use crate::agreement::AgreementCommand;
use crate::calendar::{CalendarCommand, PeriodName};
use crate::event::Stream;
use crate::ids::{AgreementId, CalendarId, ImportId, PlanId, PledgeId};
use crate::import::ImportCommand;
use crate::ledger::LedgerCommand;
use crate::log::Revision;
use crate::party::{DocRef, ExternalReference};
use crate::pledge::PledgeCommand;
use crate::reference::{ReferenceCommand, ReferenceKind};
use crate::rejection::{Refused, Rejection};
use crate::requirement::RequirementCommand;
use crate::rule::Override;

/// One wish, with the date it is to be true from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// When the fact is true in the world.
    pub effective_on: Date,
    /// The submitter's own number for it.
    pub external_reference: Option<ExternalReference>,
    /// Documents that support it.
    pub evidence: Vec<DocRef>,
    /// Rules that it may break, each named once.
    pub overrides: Vec<Override>,
    /// Whether amounts that bring no functional amount get one from the newest published table of the policy's rate
    /// source.
    pub functional_from_table: bool,
    /// What is asked for.
    pub action: Action,
}

/// What is asked for, and of which stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Of the ledger itself.
    Ledger(LedgerCommand),
    /// Of an agreement.
    Agreement(AgreementId, AgreementCommand),
    /// Of a pledge.
    Pledge(PledgeId, PledgeCommand),
    /// Of an import run.
    Import(ImportId, ImportCommand),
    /// Of a reference stream, which the command names.
    Reference(ReferenceCommand),
    /// Of a plan.
    Requirement(PlanId, RequirementCommand),
    /// Of a fiscal calendar.
    Calendar(CalendarId, CalendarCommand),
    /// Of an agreement or pledge, as the adjustment of a closed period: dated in an open one.
    Adjust(PeriodName, Box<Action>),
}

impl Command {
    /// The streams that it looks at: of its action, and the rates if it asks for them.
    pub(crate) fn needs(&self) -> Vec<Stream> {
        let mut streams = self.action.needs();
        if self.functional_from_table {
            streams.push(Stream::Reference(ReferenceKind::Rates));
        }
        streams
    }

    /// Who is said to have approved something in it, in order.
    pub fn approvers(&self) -> impl Iterator<Item = &str> {
        let overrides = self.overrides.iter();
        let overrides = overrides.filter_map(|permitted| permitted.approver.as_deref());
        overrides.chain(self.action.approver())
    }
}

impl Action {
    /// The kind of the event it makes, as in `DisbursementMade`; of a replacement or an adjustment, the kind of
    /// what is booked.
    pub fn makes(&self) -> &'static str {
        match self {
            Self::Ledger(command) => command.makes(),
            Self::Agreement(_, command) => command.makes(),
            Self::Pledge(_, command) => command.makes(),
            Self::Import(_, ImportCommand::Start(_)) => "ImportStarted",
            Self::Import(_, ImportCommand::Complete { .. }) => "ImportCompleted",
            Self::Reference(command) => command.makes(),
            Self::Requirement(_, RequirementCommand::Publish(_)) => "RequirementPublished",
            Self::Calendar(_, command) => command.makes(),
            Self::Adjust(_, action) => action.makes(),
        }
    }

    /// What the command is called where commands are written, as in `disburse`: the start of its field paths.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ledger(command) => command.name(),
            Self::Agreement(_, command) => command.name(),
            Self::Pledge(_, command) => command.name(),
            Self::Import(_, ImportCommand::Start(_)) => "start_import",
            Self::Import(_, ImportCommand::Complete { .. }) => "complete_import",
            Self::Reference(command) => command.name(),
            Self::Requirement(_, RequirementCommand::Publish(_)) => "publish_requirement",
            Self::Calendar(_, command) => command.name(),
            Self::Adjust(..) => "adjust_prior_period",
        }
    }

    /// Every stream that it may change: the asked one first. Reversing a half of a transfer changes the other
    /// agreement too, which only the state knows.
    pub(crate) fn changes(&self) -> Vec<Stream> {
        let mut streams = vec![self.stream()];
        if let Self::Agreement(_, AgreementCommand::TransferFunds(wish)) = self {
            streams.push(Stream::Agreement(wish.to_agreement_id.clone()));
        }
        streams
    }

    /// Every stream whose state it is decided on: what it changes, and what it only looks at.
    pub(crate) fn needs(&self) -> Vec<Stream> {
        let mut streams = self.changes();
        if let Self::Agreement(_, AgreementCommand::LinkOnwardGrant(wish)) = self {
            streams.push(Stream::Agreement(wish.upstream_agreement_id.clone()));
        }
        // Tags and requirements name elements of published schemes.
        if matches!(
            self,
            Self::Agreement(_, AgreementCommand::ReplaceTagSet(_))
                | Self::Pledge(_, PledgeCommand::ReplaceTagSet(_))
                | Self::Requirement(..)
        ) {
            streams.push(Stream::Reference(ReferenceKind::Schemes));
        }
        streams
    }

    /// The stream that is asked.
    pub fn stream(&self) -> Stream {
        match self {
            Self::Ledger(_) => Stream::Ledger,
            Self::Agreement(id, _) => Stream::Agreement(id.clone()),
            Self::Pledge(id, _) => Stream::Pledge(id.clone()),
            Self::Import(id, _) => Stream::Import(id.clone()),
            Self::Reference(command) => Stream::Reference(command.of()),
            Self::Requirement(id, _) => Stream::Requirement(id.clone()),
            Self::Calendar(id, _) => Stream::Calendar(id.clone()),
            Self::Adjust(_, action) => action.stream(),
        }
    }

    /// Who is said to have approved it, where the command itself asks for somebody.
    fn approver(&self) -> Option<&str> {
        match self {
            Self::Agreement(_, command) => command.approver(),
            Self::Calendar(_, CalendarCommand::Reopen { approver, .. }) => Some(approver),
            Self::Adjust(_, action) => action.approver(),
            Self::Ledger(_)
            | Self::Pledge(..)
            | Self::Import(..)
            | Self::Reference(_)
            | Self::Requirement(..)
            | Self::Calendar(..) => None,
        }
    }
}

/// What a submitter believes about a stream before its commands (R2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It holds exactly this many events.
    Exactly(Revision),
    /// It does not exist.
    NoStream,
}

/// One atomic list of commands: all of it is recorded, as one record, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// At least one, at most 1,000; judged in order.
    pub commands: Vec<Command>,
    /// Beliefs to check first, at most 256; streams not named are not checked.
    pub expected: Vec<(Stream, Expected)>,
}

impl Submission {
    /// The commands that name `actor`, who submits them, as their own approver: each is a reason to refuse, whatever
    /// else is decided.
    pub fn self_approvals(&self, actor: &str) -> Vec<Refused> {
        let commands = self.commands.iter().enumerate();
        commands
            .filter(|(_, command)| command.approvers().any(|approver| approver.trim() == actor))
            .map(|(index, _)| Refused {
                command_index: Some(index),
                rejection: Rejection::SelfApproval {
                    approver: actor.to_owned(),
                },
            })
            .collect()
    }
}
