//! How a submission is decided as a whole: beliefs first, then command by command, all or nothing.

mod closing;
mod handing;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::civil::Date;

use crate::agreement::decide::{Draft, Drafts};
use crate::agreement::{self, Agreement, AgreementCommand, AgreementEvent};
use crate::book::{Book, Decision, Impossible, ReferenceKey, fold, reference_key, reversed};
use crate::calendar::{self, Calendar};
use crate::command::{Action, Command, Expected, Submission};
use crate::event::{Event, Fact, Stream};
use crate::finding::Context;
use crate::ids::{AgreementId, CalendarId, ImportId, PlanId, PledgeId};
use crate::import::{self, Import, ImportEvent};
use crate::ledger::state::{Exceptions, LedgerState};
use crate::ledger::{self, LedgerEvent};
use crate::log::{EventId, Position, Revision};
use crate::pledge::{self, Pledge, PledgeCommand};
use crate::reference::{self, Reference, ReferenceKind};
use crate::rejection::{Refusal, Refused, Rejection};
use crate::requirement::{self, Plan};
use crate::rule::Profile;

/// What a command makes, each event with its stream; or every reason against it.
type Streamed = Result<Vec<(Stream, Draft<Fact>)>, Vec<Rejection>>;

/// The most commands of one submission (CONVENTIONS.md 8 "Limits").
pub const COMMANDS_MAX: usize = 1_000;
/// The most streams that a submission may hold beliefs about.
pub const EXPECTED_MAX: usize = 256;

pub(super) fn decide(
    book: &Book,
    submission: &Submission,
    at: Position,
    today: Date,
) -> Result<Decision, Refusal> {
    let mut reasons = of_submission(book, submission);
    let mut working = Working::new(book, submission, at, today);
    for (index, command) in submission.commands.iter().enumerate() {
        let streams = command.needs();
        if streams.iter().any(|stream| working.failed.contains(stream)) {
            // What it would have changed is not as a later command expects it either.
            working.failed.extend(command.action.changes());
            continue;
        }
        if let Err(rejections) = working.take(command) {
            working.failed.extend(command.action.changes());
            reasons.extend(rejections.into_iter().map(|rejection| Refused {
                command_index: Some(index),
                rejection,
            }));
        }
    }
    match Refusal::of(reasons) {
        Some(refusal) => Err(refusal),
        None => Ok(Decision {
            at,
            events: working.events,
        }),
    }
}

/// What is wrong with the submission itself: its size, and every wrong belief (R2).
fn of_submission(book: &Book, submission: &Submission) -> Vec<Refused> {
    let mut rejections = Vec::new();
    let commands = submission.commands.len();
    if !(1..=COMMANDS_MAX).contains(&commands) {
        rejections.push(Rejection::Malformed {
            field: "commands".to_owned(),
            problem: format!("must hold 1 to {COMMANDS_MAX} commands, holds {commands}"),
        });
    }
    if EXPECTED_MAX < submission.expected.len() {
        rejections.push(Rejection::Malformed {
            field: "expected_revisions".to_owned(),
            problem: format!("must name at most {EXPECTED_MAX} streams"),
        });
    }
    for (stream, expected) in &submission.expected {
        let actual = book.revision(stream);
        let holds = match expected {
            Expected::Exactly(revision) => actual == Some(*revision),
            Expected::NoStream => actual.is_none(),
        };
        if !holds {
            rejections.push(Rejection::RevisionConflict {
                stream: stream.clone(),
                expected: *expected,
                actual,
            });
        }
    }
    let refused = |rejection| Refused {
        command_index: None,
        rejection,
    };
    rejections.into_iter().map(refused).collect()
}

/// The book as the commands so far would leave it. A stream is copied only if a later command of the same
/// submission needs to see what an earlier one did.
struct Working<'a> {
    book: &'a Book,
    today: Date,
    at: Position,
    /// Commands still to come, by stream; left empty where there is only one command.
    to_come: HashMap<Stream, usize>,
    /// Whether a command is about an event of this very submission: then only its state knows which streams that is.
    names_own: bool,
    /// The ledger's own stream, once an earlier command changed it.
    ledger: Option<LedgerState>,
    /// What earlier commands said of exceptions.
    dispositions: Exceptions,
    agreements: HashMap<AgreementId, Box<Agreement>>,
    pledges: HashMap<PledgeId, Pledge>,
    imports: HashMap<ImportId, Import>,
    registry: BTreeMap<ReferenceKind, Reference>,
    plans: HashMap<PlanId, Plan>,
    /// Those that earlier commands changed.
    calendars: BTreeMap<CalendarId, Calendar>,
    signed: HashSet<AgreementId>,
    references: HashSet<ReferenceKey>,
    freed: HashSet<EventId>,
    newest_published_on: Option<Date>,
    /// Links of this submission: upstream and downstream.
    linked: BTreeSet<(AgreementId, AgreementId)>,
    failed: HashSet<Stream>,
    events: Vec<Event>,
}

impl<'a> Working<'a> {
    fn new(book: &'a Book, submission: &Submission, at: Position, today: Date) -> Self {
        let mut to_come: HashMap<Stream, usize> = HashMap::new();
        if 1 < submission.commands.len() {
            for command in &submission.commands {
                for stream in needed(book, command) {
                    let count = to_come.entry(stream).or_default();
                    *count = count.saturating_add(1);
                }
            }
        }
        Self {
            book,
            today,
            at,
            to_come,
            names_own: submission
                .commands
                .iter()
                .any(|command| target(&command.action).is_some_and(|entry| entry.position == at)),
            ledger: None,
            dispositions: Exceptions::default(),
            agreements: HashMap::new(),
            pledges: HashMap::new(),
            imports: HashMap::new(),
            registry: BTreeMap::new(),
            plans: HashMap::new(),
            calendars: BTreeMap::new(),
            signed: HashSet::new(),
            references: HashSet::new(),
            freed: HashSet::new(),
            newest_published_on: book.newest_published_on,
            linked: BTreeSet::new(),
            failed: HashSet::new(),
            events: Vec::new(),
        }
    }

    /// Decides one command and takes its events up.
    fn take(&mut self, command: &Command) -> Result<(), Vec<Rejection>> {
        let drafts = self.drafts(command);
        let drafts = match (self.reference_exists(command), drafts) {
            (None, drafts) => drafts?,
            (Some(exists), Ok(_)) => return Err(vec![exists]),
            (Some(exists), Err(mut rejections)) => {
                rejections.insert(0, exists);
                return Err(rejections);
            }
        };
        self.count_off(command);
        let asked = command.action.stream();
        let last = drafts.iter().rposition(|(stream, _)| *stream == asked);
        let concerns = drafts
            .first()
            .and_then(|(_, draft)| closing::adjusted(&draft.fact));
        let mut revisions: Vec<(Stream, Revision)> = Vec::new();
        for (index, (stream, draft)) in drafts.into_iter().enumerate() {
            let revision = self.next_revision(&mut revisions, &stream);
            let copied = self.is_needed_later(&stream, &draft.fact);
            let event = Event {
                stream,
                revision,
                effective_on: draft.effective_on,
                // A replacement's number belongs to the event that takes the place, a transfer's to the giving half.
                external_reference: command
                    .external_reference
                    .clone()
                    .filter(|_| Some(index) == last),
                evidence: command.evidence.clone(),
                flags: draft.verdict.flags,
                overrides: draft.verdict.overrides,
                // The first event says what is adjusted; what follows adjusts it.
                concerns: concerns.filter(|_| 0 < index),
                carrying: draft.verdict.carrying,
                fact: draft.fact,
            };
            self.take_up(event, copied)
                .map_err(|impossible| vec![unusable(impossible)])?;
        }
        Ok(())
    }

    /// The revision of the next event of a stream; one that is copied knows its earlier ones of this command itself.
    fn next_revision(&self, revisions: &mut Vec<(Stream, Revision)>, stream: &Stream) -> Revision {
        let known = revisions.iter_mut().find(|(known, _)| known == stream);
        if let Some((_, revision)) = known {
            *revision = Revision(revision.0.saturating_add(1));
            return *revision;
        }
        let revision = Revision(self.revision(stream).0.saturating_add(1));
        revisions.push((stream.clone(), revision));
        revision
    }

    fn drafts(&self, command: &Command) -> Streamed {
        let context = self.context(command);
        if let Action::Agreement(id, action) = &command.action
            && let Some(drafts) = self.of_two(context, (id, action), command.effective_on)
        {
            return drafts;
        }
        let stream = command.action.stream();
        let asked = (command.effective_on, &command.action);
        let drafts = self.of_one(context, asked)?.into_iter();
        Ok(drafts.map(|draft| (stream.clone(), draft)).collect())
    }

    /// What a command makes that one stream is enough for.
    fn of_one(&self, context: Context<'_>, (on, action): (Date, &Action)) -> Drafts<Fact> {
        match action {
            Action::Ledger(action) => {
                let disposition = |exception| {
                    let earlier = self.dispositions.get(exception);
                    earlier.or_else(|| self.book.exceptions.get(exception))
                };
                let drafts =
                    ledger::decide::decide(context, self.ledger(), disposition, (on, action))?;
                Ok(facts(drafts, Fact::Ledger))
            }
            Action::Agreement(id, action) => {
                let agreement = self.agreement(id);
                let drafts = agreement::decide::decide(context, id, agreement, on, action)?;
                Ok(facts(drafts, Fact::Agreement))
            }
            Action::Pledge(id, action) => {
                let pledge = self.pledges.get(id).or_else(|| self.book.pledge(id));
                // An agreement whose own commands failed is not judged a second time.
                let has_agreement = |id: &AgreementId| {
                    self.signed.contains(id)
                        || self.book.agreement(id).is_some()
                        || self.failed.contains(&Stream::Agreement(id.clone()))
                };
                let drafts =
                    pledge::decide::decide(context, id, pledge, (on, action), &has_agreement)?;
                Ok(facts(drafts, Fact::Pledge))
            }
            Action::Import(id, action) => {
                let import = self.imports.get(id).or_else(|| self.book.import(id));
                let newest = self.newest_published_on;
                let drafts = import::decide::decide(context, id, import, newest, (on, action))?;
                Ok(facts(drafts, Fact::Import))
            }
            Action::Requirement(id, action) => {
                let plan = self.plans.get(id).or_else(|| self.book.plan(id));
                let drafts = requirement::decide::decide(context, (id, plan), (on, action))?;
                Ok(facts(drafts, Fact::Requirement))
            }
            Action::Reference(action) => {
                let reference = self.reference(action.of());
                let drafts = reference::decide::decide(context, reference, (on, action))?;
                Ok(facts(drafts, Fact::Reference))
            }
            Action::Calendar(id, action) => {
                let calendar = self.closings().calendar(id);
                let blocking = |period| self.blocking(period);
                let drafts =
                    calendar::decide::decide(context, id, calendar, (on, action), &blocking)?;
                Ok(facts(drafts, Fact::Calendar))
            }
            Action::Adjust(name, action) => self.adjustment(context, name, (on, action)),
        }
    }

    fn ledger(&self) -> &LedgerState {
        self.ledger.as_ref().unwrap_or(&self.book.ledger)
    }

    /// What a command is decided by beside the state that it asks.
    fn context<'c>(&'c self, command: &'c Command) -> Context<'c> {
        Context {
            profile: self.book.profile,
            policy: &self.ledger().policy,
            today: self.today,
            overrides: &command.overrides,
            schemes: self.schemes(),
            closings: self.closings(),
            concerns: None,
            from_table: command.functional_from_table,
            rates: self.reference(ReferenceKind::Rates).map(Reference::rates),
        }
    }

    /// The schemes that tags may name: published before, or earlier in the same submission.
    fn schemes(&self) -> Option<&Reference> {
        self.reference(ReferenceKind::Schemes)
    }

    fn reference(&self, kind: ReferenceKind) -> Option<&Reference> {
        self.registry
            .get(&kind)
            .or_else(|| self.book.reference(kind))
    }

    fn agreement(&self, id: &AgreementId) -> Option<&Agreement> {
        let copied = self.agreements.get(id).map(Box::as_ref);
        copied.or_else(|| self.book.agreement(id))
    }

    fn revision(&self, stream: &Stream) -> Revision {
        let copied = match stream {
            Stream::Ledger => self.ledger.as_ref().map(|ledger| ledger.revision),
            Stream::Agreement(id) => self.agreements.get(id).map(|copied| copied.revision()),
            Stream::Pledge(id) => self.pledges.get(id).map(Pledge::revision),
            Stream::Import(id) => self.imports.get(id).map(|import| import.revision),
            Stream::Reference(kind) => self.registry.get(kind).map(Reference::revision),
            Stream::Requirement(id) => self.plans.get(id).map(Plan::revision),
            Stream::Calendar(id) => self.calendars.get(id).map(Calendar::revision),
        };
        let revision = copied.or_else(|| self.book.revision(stream));
        revision.unwrap_or_default()
    }

    /// Counts a command off the streams that it needed.
    fn count_off(&mut self, command: &Command) {
        if self.to_come.is_empty() {
            return;
        }
        for stream in needed(self.book, command) {
            if let Some(count) = self.to_come.get_mut(&stream) {
                *count = count.saturating_sub(1);
            }
        }
    }

    /// Whether a later command needs the stream as this fact leaves it. Links, and what cancels one, concern every
    /// link with the same upstream agreement.
    fn is_needed_later(&self, stream: &Stream, fact: &Fact) -> bool {
        if self.to_come.is_empty() {
            return false;
        }
        let links = match (stream, fact) {
            (_, Fact::Agreement(AgreementEvent::OnwardGrantLinked(_))) => true,
            (Stream::Agreement(id), _) if reversed(fact).is_some() => self
                .agreement(id)
                .is_some_and(|agreement| agreement.onward_links().next().is_some()),
            // Which days are closed matters to every later command.
            (_, Fact::Calendar(_)) => true,
            (
                Stream::Ledger
                | Stream::Agreement(_)
                | Stream::Pledge(_)
                | Stream::Import(_)
                | Stream::Reference(_)
                | Stream::Requirement(_)
                | Stream::Calendar(_),
                Fact::Ledger(_)
                | Fact::Agreement(_)
                | Fact::Pledge(_)
                | Fact::Import(_)
                | Fact::Reference(_)
                | Fact::Requirement(_),
            ) => false,
        };
        links || self.names_own || self.to_come.get(stream).is_some_and(|&count| 0 < count)
    }

    /// Strict: a standing event of the same kind already carries the command's number.
    fn reference_exists(&self, command: &Command) -> Option<Rejection> {
        if self.book.profile != Profile::Strict {
            return None;
        }
        let external_reference = command.external_reference.as_ref()?;
        let kind = command.action.makes();
        let key = reference_key(external_reference, kind);
        let exists = |event_id| Rejection::ReferenceExists {
            external_reference: external_reference.clone(),
            kind,
            event_id,
        };
        if self.references.contains(&key) {
            return Some(exists(None));
        }
        let standing = self.book.references.get(&key)?;
        if self.freed.contains(standing) || target(&command.action) == Some(*standing) {
            return None;
        }
        Some(exists(Some(*standing)))
    }

    fn take_up(&mut self, event: Event, copied: bool) -> Result<(), Impossible> {
        let event_id = EventId {
            position: self.at,
            index: u32::try_from(self.events.len()).unwrap_or(u32::MAX),
        };
        self.freed.extend(reversed(&event.fact));
        if let Some(external_reference) = &event.external_reference {
            let key = reference_key(external_reference, event.fact.kind());
            self.references.insert(key);
        }
        if let (Stream::Agreement(id), Fact::Agreement(AgreementEvent::AgreementSigned(_))) =
            (&event.stream, &event.fact)
        {
            self.signed.insert(id.clone());
        }
        if let (Stream::Agreement(id), Fact::Agreement(AgreementEvent::OnwardGrantLinked(link))) =
            (&event.stream, &event.fact)
        {
            let linked = (link.upstream_agreement_id.clone(), id.clone());
            self.linked.insert(linked);
        }
        if let Fact::Import(ImportEvent::ImportStarted(source)) = &event.fact {
            self.newest_published_on = self.newest_published_on.max(Some(source.published_on));
        }
        if let Fact::Ledger(fact) = &event.fact {
            self.evolve_ledger(event.effective_on, fact)?;
        } else if copied {
            self.evolve_copy(event_id, &event)?;
        }
        self.events.push(event);
        Ok(())
    }

    /// The ledger's policy holds for every later command, whatever its stream.
    fn evolve_ledger(&mut self, on: Date, fact: &LedgerEvent) -> Result<(), Impossible> {
        let before = &self.book.ledger;
        self.ledger
            .get_or_insert_with(|| before.clone())
            .evolve(on, fact)?;
        if let Some((exception, disposition)) = fact.disposition() {
            self.dispositions.0.insert(exception, disposition);
        }
        Ok(())
    }

    fn evolve_copy(&mut self, event_id: EventId, event: &Event) -> Result<(), Impossible> {
        let (book, on) = (self.book, event.effective_on);
        match (&event.stream, &event.fact) {
            (Stream::Agreement(id), Fact::Agreement(fact)) => {
                let known = self.agreements.contains_key(id);
                self.agreements
                    .extend(copied(known, id, book.agreements.get(id)));
                let carried = (fact, event.carrying.as_slice());
                fold::agreement(&mut self.agreements, id, (event_id, on), carried)
            }
            (Stream::Pledge(id), Fact::Pledge(fact)) => {
                let known = self.pledges.contains_key(id);
                self.pledges.extend(copied(known, id, book.pledges.get(id)));
                fold::pledge(&mut self.pledges, id, (event_id, on), fact)
            }
            (Stream::Import(id), Fact::Import(fact)) => {
                let known = self.imports.contains_key(id);
                self.imports.extend(copied(known, id, book.imports.get(id)));
                fold::import(&mut self.imports, id, fact)
            }
            (Stream::Reference(kind), Fact::Reference(fact)) => {
                let known = self.registry.contains_key(kind);
                self.registry
                    .extend(copied(known, kind, book.registry.get(kind)));
                fold::reference(&mut self.registry, *kind, fact)
            }
            (Stream::Requirement(id), Fact::Requirement(fact)) => {
                let known = self.plans.contains_key(id);
                self.plans.extend(copied(known, id, book.plans.get(id)));
                fold::requirement(&mut self.plans, id, fact)
            }
            (Stream::Calendar(id), Fact::Calendar(fact)) => {
                let known = self.calendars.contains_key(id);
                self.calendars
                    .extend(copied(known, id, book.calendars.get(id)));
                fold::calendar(&mut self.calendars, id, fact)
            }
            (
                Stream::Ledger
                | Stream::Agreement(_)
                | Stream::Pledge(_)
                | Stream::Import(_)
                | Stream::Reference(_)
                | Stream::Requirement(_)
                | Stream::Calendar(_),
                Fact::Ledger(_)
                | Fact::Agreement(_)
                | Fact::Pledge(_)
                | Fact::Import(_)
                | Fact::Reference(_)
                | Fact::Requirement(_)
                | Fact::Calendar(_),
            ) => Err(Impossible::WrongStream),
        }
    }
}

/// A stream's state as the book has it, unless an earlier command took it over.
fn copied<K: Clone, V: Clone>(known: bool, id: &K, state: Option<&V>) -> Option<(K, V)> {
    let state = state.filter(|_| !known)?;
    Some((id.clone(), state.clone()))
}

/// Every stream whose state a command is decided on: those that it names, and the other agreement's where it reverses
/// a half of a transfer.
fn needed(book: &Book, command: &Command) -> Vec<Stream> {
    let mut streams = command.needs();
    if let Action::Agreement(id, AgreementCommand::ReverseEntry { target, .. }) = &command.action {
        let agreement = book.agreement(id);
        let half = agreement.and_then(|agreement| agreement.other_half(*target));
        streams.extend(half.map(|(other, _)| Stream::Agreement(other)));
    }
    streams
}

/// The entry that a command asks to cancel.
fn target(action: &Action) -> Option<EventId> {
    if let Action::Adjust(_, action) = action {
        return target(action);
    }
    if let Action::Agreement(
        _,
        AgreementCommand::ReverseEntry { target, .. }
        | AgreementCommand::ReplaceEntry { target, .. },
    )
    | Action::Pledge(_, PledgeCommand::ReverseEntry { target, .. }) = action
    {
        return Some(*target);
    }
    None
}

/// What `decide` makes can be folded; should that ever fail, the command is refused, not the process ended.
fn unusable(impossible: Impossible) -> Rejection {
    Rejection::Malformed {
        field: "command".to_owned(),
        problem: format!("makes no event that can stand: {impossible}"),
    }
}

fn facts<Of>(drafts: Vec<Draft<Of>>, fact: fn(Of) -> Fact) -> Vec<Draft<Fact>> {
    let drafts = drafts.into_iter();
    drafts.map(|draft| draft.map(fact)).collect()
}
