//! Commands become submissions: as few as fit under the limits of a record, each atomic.

use std::collections::HashSet;

use perennial_domain::agreement::{
    AgreementCommand, Cash, Description, ForecastEntry, Line, Published, Terms, YearShare,
};
use perennial_domain::classification::{LineDims, Split};
use perennial_domain::command::{Action, Command, Expected, Submission};
use perennial_domain::event::Stream;
use perennial_domain::import::ImportCommand;
use perennial_domain::party::OrgRef;
use perennial_domain::pledge::PledgeCommand;

use super::{PlanLimits, PlannedSubmission, PlannedTransaction};

/// The most streams whose revision one submission names.
const EXPECTED_MAX: usize = 256;

/// A command, and the published transaction behind it if it books one.
pub(super) struct Step {
    pub(super) command: Command,
    pub(super) transaction: Option<(String, bool)>,
}

/// Packs steps in order. The first submission that touches a stream names the revision it was planned on, so
/// that a plan made on old knowledge is refused instead of booked twice (R2).
pub(super) fn pack(
    steps: Vec<Step>,
    revision: impl Fn(&Stream) -> Expected,
    limits: &PlanLimits,
    locator: &str,
) -> Vec<PlannedSubmission> {
    let mut packed = Vec::new();
    let mut open = PlannedSubmission::empty(locator);
    let mut bytes = 0_usize;
    let mut seen: HashSet<Stream> = HashSet::new();
    for step in steps {
        let size = size(&step.command);
        let full = limits.commands_max <= open.submission.commands.len()
            || limits.bytes_max < bytes.saturating_add(size);
        if full && !open.submission.commands.is_empty() {
            packed.push(std::mem::replace(
                &mut open,
                PlannedSubmission::empty(locator),
            ));
            bytes = 0;
        }
        bytes = bytes.saturating_add(size);
        let stream = step.command.action.stream();
        if !seen.contains(&stream) {
            if open.submission.expected.len() < EXPECTED_MAX {
                let expected = revision(&stream);
                open.submission.expected.push((stream.clone(), expected));
            }
            seen.insert(stream);
        }
        if let Some((locator, noted)) = step.transaction {
            let command = open.submission.commands.len();
            open.transactions.push(PlannedTransaction {
                command,
                locator,
                noted,
            });
        }
        open.submission.commands.push(step.command);
    }
    if !open.submission.commands.is_empty() {
        packed.push(open);
    }
    packed
}

impl PlannedSubmission {
    fn empty(locator: &str) -> Self {
        Self {
            submission: Submission {
                commands: Vec::new(),
                expected: Vec::new(),
            },
            transactions: Vec::new(),
            locator: locator.to_owned(),
            starts_import: false,
        }
    }
}

/// What an event takes besides its own texts: its header, and the flags it may get (in real files 166 bytes on
/// average where there are any, 490 at most).
const EVENT: usize = 320;

/// Estimates the bytes that the event of a command takes in a record's body, rather too many than too few.
fn size(command: &Command) -> usize {
    let own = match &command.action {
        Action::Import(_, command) => match command {
            ImportCommand::Start(source) => source.dataset.len(),
            ImportCommand::Complete { reasons, .. } => sum(reasons, |reason| {
                sum(&reason.locators, |locator| locator.len().saturating_add(8))
            }),
        },
        Action::Pledge(_, command) => pledge(command),
        Action::Agreement(_, command) => agreement(command),
        // No import makes these.
        Action::Ledger(_)
        | Action::Reference(_)
        | Action::Requirement(..)
        | Action::Calendar(..)
        | Action::Adjust(..) => 0,
    };
    EVENT.saturating_add(own)
}

fn pledge(command: &PledgeCommand) -> usize {
    match command {
        PledgeCommand::Announce(announcement) => org(Some(&announcement.donor))
            .saturating_add(org(announcement.recipient.as_ref()))
            .saturating_add(split(&announcement.purposes))
            .saturating_add(split(&announcement.places))
            .saturating_add(published(announcement.published.as_ref())),
        PledgeCommand::Withdraw {
            published: entry, ..
        } => published(entry.as_ref()),
        PledgeCommand::Revise { .. }
        | PledgeCommand::Convert { .. }
        | PledgeCommand::Lapse { .. }
        | PledgeCommand::ReplaceTagSet(_)
        | PledgeCommand::ReverseEntry { .. } => 0,
    }
}

fn agreement(command: &AgreementCommand) -> usize {
    match command {
        AgreementCommand::Sign(terms) => signed(terms),
        AgreementCommand::Describe(description) => described(description),
        AgreementCommand::OpenLine(line) => opened(line),
        AgreementCommand::IncreaseCommitment {
            year_shares,
            published: entry,
            ..
        }
        | AgreementCommand::DecreaseCommitment {
            year_shares,
            published: entry,
            ..
        } => shares(year_shares).saturating_add(published(entry.as_ref())),
        // The event repeats the plan before: the planner plans as if that were as long.
        AgreementCommand::ReplaceForecast(entries) => forecast(entries).saturating_mul(2),
        AgreementCommand::Disburse { cash, .. }
        | AgreementCommand::Reimburse(cash)
        | AgreementCommand::ConfirmReceipt { cash, .. }
        | AgreementCommand::Refund { cash, .. }
        | AgreementCommand::ConfirmRefund { cash, .. }
        | AgreementCommand::ReportExpenditure { cash, .. }
        | AgreementCommand::ReduceExpenditure { cash, .. }
        | AgreementCommand::RecordOtherFlow { cash, .. } => paid(cash),
        AgreementCommand::ExtendPeriod { .. }
        | AgreementCommand::ShortenPeriod { .. }
        | AgreementCommand::ScheduleTranche(_)
        | AgreementCommand::RescheduleTranche { .. }
        | AgreementCommand::CancelTranche { .. }
        | AgreementCommand::ReallocateFunds(_)
        | AgreementCommand::ReviseTerms(_)
        | AgreementCommand::CarryOverFunds(_)
        | AgreementCommand::Suspend { .. }
        | AgreementCommand::Resume { .. }
        | AgreementCommand::Terminate(_)
        | AgreementCommand::Cancel { .. }
        | AgreementCommand::End { .. }
        | AgreementCommand::Close { .. }
        | AgreementCommand::MeetCondition(_)
        | AgreementCommand::WaiveCondition(_)
        | AgreementCommand::WriteOffReceivable(_)
        | AgreementCommand::RecoverReceivable(_)
        | AgreementCommand::Allocate(_)
        | AgreementCommand::ReleaseAllocation { .. }
        | AgreementCommand::TransferFunds(_)
        | AgreementCommand::LinkOnwardGrant(_)
        | AgreementCommand::ReclassifySplits { .. }
        | AgreementCommand::ReplaceTagSet(_)
        | AgreementCommand::ReverseEntry { .. }
        | AgreementCommand::ReplaceEntry { .. } => 256,
    }
}

fn sum<T>(items: &[T], size: impl Fn(&T) -> usize) -> usize {
    items
        .iter()
        .fold(0, |total: usize, item| total.saturating_add(size(item)))
}

fn org(org: Option<&OrgRef>) -> usize {
    org.map_or(0, |org| {
        let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map_or(0, str::len);
        16_usize
            .saturating_add(text(&org.id))
            .saturating_add(text(&org.name))
    })
}

fn split(split: &Split) -> usize {
    sum(split.shares(), |share| share.code.len().saturating_add(16))
}

fn dims(dims: &LineDims) -> usize {
    split(&dims.purposes)
        .saturating_add(split(&dims.places))
        .saturating_add(8)
}

fn opened(line: &Line) -> usize {
    48_usize
        .saturating_add(org(line.counterparty.as_ref()))
        .saturating_add(dims(&line.dims))
}

fn signed(terms: &Terms) -> usize {
    org(Some(&terms.provider))
        .saturating_add(org(Some(&terms.recipient)))
        .saturating_add(sum(&terms.lines, opened))
        .saturating_add(64)
}

fn described(description: &Description) -> usize {
    let text = |text: &Option<String>| text.as_deref().map_or(0, str::len);
    text(&description.title)
        .saturating_add(text(&description.description))
        .saturating_add(text(&description.parent))
        .saturating_add(org(description.reporting_org.as_ref()))
        .saturating_add(sum(&description.participating, |part| {
            org(Some(&part.org)).saturating_add(8)
        }))
        .saturating_add(sum(&description.identifiers, |identifier| {
            identifier
                .system
                .len()
                .saturating_add(identifier.reference.len())
                .saturating_add(8)
        }))
}

fn shares(shares: &[YearShare]) -> usize {
    shares.len().saturating_mul(48)
}

fn forecast(entries: &[ForecastEntry]) -> usize {
    sum(entries, |entry| {
        org(entry.receiver.as_ref()).saturating_add(64)
    })
}

fn published(published: Option<&Published>) -> usize {
    published.map_or(0, |published| {
        published
            .value_text
            .len()
            .saturating_add(published.type_code.len())
            .saturating_add(published.date_text.as_deref().map_or(0, str::len))
            .saturating_add(sum(&published.notes, |note| note.len().saturating_add(2)))
            .saturating_add(40)
    })
}

fn paid(cash: &Cash) -> usize {
    org(cash.provider.as_ref())
        .saturating_add(org(cash.receiver.as_ref()))
        .saturating_add(cash.reference.as_deref().map_or(0, str::len))
        .saturating_add(published(cash.published.as_ref()))
        .saturating_add(96)
}
