//! The state of one ledger in memory, where submissions are decided and events folded.
//!
//! It is not a store: the log is. A book is the fold of a log prefix, and two books of the same prefix are
//! equal, whether they were replayed or grew decision by decision.

mod blocking;
mod corrupt;
mod decide;
mod fold;
mod snapshot;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::civil::Date;

use crate::agreement::{Agreement, AgreementEvent};
use crate::calendar::Calendar;
use crate::command::Submission;
use crate::event::{Event, Fact, Stream};
use crate::ids::{AgreementId, CalendarId, ImportId, LedgerId, PlanId, PledgeId};
use crate::import::{Import, ImportEvent};
use crate::ledger::state::{Exceptions, LedgerState};
use crate::ledger::{Disposition, ExceptionId, LedgerEvent, LedgerPolicy};
use crate::log::{EventId, Position, Recorded, Revision};
use crate::party::ExternalReference;
use crate::pledge::{Pledge, PledgeEvent};
use crate::reference::{Reference, ReferenceKind};
use crate::rejection::Refusal;
use crate::requirement::Plan;
use crate::rule::Profile;

use blocking::Blocking;

pub use corrupt::{CorruptStream, Impossible};
pub use decide::{COMMANDS_MAX, EXPECTED_MAX};
pub use snapshot::{MalformedSnapshot, SNAPSHOT_FORMAT, SnapshotLoader, Sweep};

/// What a submission adds, decided on one state of a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The position of the record it will be.
    pub at: Position,
    /// Its events in order; never empty.
    pub events: Vec<Event>,
}

impl Decision {
    /// The events with the ids they will have.
    pub fn events(&self) -> impl Iterator<Item = (EventId, &Event)> {
        let ids = (0_u32..).map(|index| EventId {
            position: self.at,
            index,
        });
        ids.zip(&self.events)
    }
}

/// A submitter's own number as a strict ledger keeps it unique: system, event kind, number.
type ReferenceKey = (Arc<str>, &'static str, Arc<str>);

/// The state of one ledger: what `decide` needs to know of its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    ledger_id: LedgerId,
    profile: Profile,
    ledger: LedgerState,
    exceptions: Exceptions,
    /// Boxed: a third of the places of a hash map are empty.
    agreements: HashMap<AgreementId, Box<Agreement>>,
    pledges: HashMap<PledgeId, Pledge>,
    imports: HashMap<ImportId, Import>,
    registry: BTreeMap<ReferenceKind, Reference>,
    plans: HashMap<PlanId, Plan>,
    calendars: BTreeMap<CalendarId, Calendar>,
    blocking: Blocking,
    /// Standing events by their submitter's number; only kept in a strict ledger, where it is unique.
    references: HashMap<ReferenceKey, EventId>,
    /// The same the other way round, ascending, so that a snapshot can be taken in steps.
    referenced: BTreeMap<EventId, ReferenceKey>,
    newest_published_on: Option<Date>,
    /// By upstream agreement: those that are linked with it.
    onward: BTreeMap<AgreementId, BTreeSet<AgreementId>>,
}

impl Book {
    /// Returns the one event of position 0, from which a ledger begins.
    pub fn ledger_created(
        ledger_id: LedgerId,
        profile: Profile,
        policy: LedgerPolicy,
        effective_on: Date,
    ) -> Event {
        Event {
            stream: Stream::Ledger,
            revision: Revision(1),
            effective_on,
            external_reference: None,
            evidence: Vec::new(),
            flags: Vec::new(),
            overrides: Vec::new(),
            concerns: None,
            carrying: Vec::new(),
            fact: Fact::Ledger(LedgerEvent::LedgerCreated {
                ledger_id,
                profile,
                policy,
            }),
        }
    }

    /// Begins a book from the event of position 0.
    ///
    /// # Errors
    /// [`CorruptStream`] unless it is a `LedgerCreated`, alone at the start.
    pub fn created(recorded: &Recorded<Event>) -> Result<Self, CorruptStream> {
        let event = &recorded.event;
        let start = EventId {
            position: Position(0),
            index: 0,
        };
        match &event.fact {
            Fact::Ledger(LedgerEvent::LedgerCreated {
                ledger_id,
                profile,
                policy,
            }) if recorded.event_id == start
                && event.stream == Stream::Ledger
                && event.revision == Revision(1) =>
            {
                Ok(Self {
                    ledger_id: ledger_id.clone(),
                    profile: *profile,
                    ledger: LedgerState::created(event.effective_on, policy),
                    exceptions: Exceptions::default(),
                    agreements: HashMap::new(),
                    pledges: HashMap::new(),
                    imports: HashMap::new(),
                    registry: BTreeMap::new(),
                    plans: HashMap::new(),
                    calendars: BTreeMap::new(),
                    blocking: Blocking::default(),
                    references: HashMap::new(),
                    referenced: BTreeMap::new(),
                    newest_published_on: None,
                    onward: BTreeMap::new(),
                })
            }
            Fact::Ledger(_)
            | Fact::Agreement(_)
            | Fact::Pledge(_)
            | Fact::Import(_)
            | Fact::Reference(_)
            | Fact::Requirement(_)
            | Fact::Calendar(_) => Err(CorruptStream::new(
                recorded.event_id,
                event,
                Impossible::NotTheBeginning,
            )),
        }
    }

    /// Decides which events `submission` adds as the record at position `at`, recorded on the UTC date `today`.
    /// Pure; the book does not change.
    ///
    /// # Errors
    /// [`Refusal`] with every reason, in a stable order.
    pub fn decide(
        &self,
        submission: &Submission,
        at: Position,
        today: Date,
    ) -> Result<Decision, Refusal> {
        decide::decide(self, submission, at, today)
    }

    /// Takes a decision's events up, so that the next submission is decided on them.
    ///
    /// # Panics
    /// If the decision was not made on this very state: that is a fault of the writer, and going on would
    /// break INV-2.
    pub fn apply(&mut self, decision: &Decision) {
        for (event_id, event) in decision.events() {
            if let Err(corrupt) = self.fold(event_id, event) {
                panic!("INV-2: a decision is applied to the state it was made on: {corrupt}");
            }
        }
    }

    /// Folds one recorded event. Re-checks no rule: what happened, happened.
    ///
    /// # Errors
    /// [`CorruptStream`] for an impossible order; the book must then be thrown away.
    pub fn evolve(&mut self, recorded: &Recorded<Event>) -> Result<(), CorruptStream> {
        self.fold(recorded.event_id, &recorded.event)
    }

    /// The ledger's id.
    pub fn ledger_id(&self) -> &LedgerId {
        &self.ledger_id
    }

    /// Refuse or flag; fixed for ever.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The settings in force.
    pub fn policy(&self) -> &LedgerPolicy {
        &self.ledger.policy
    }

    /// How far people are with an exception; absent if no recorded event carries this flag.
    pub fn disposition(&self, exception: ExceptionId) -> Option<Disposition> {
        self.exceptions.get(exception)
    }

    /// One agreement.
    pub fn agreement(&self, id: &AgreementId) -> Option<&Agreement> {
        self.agreements.get(id).map(Box::as_ref)
    }

    /// One pledge.
    pub fn pledge(&self, id: &PledgeId) -> Option<&Pledge> {
        self.pledges.get(id)
    }

    /// One import run.
    pub fn import(&self, id: &ImportId) -> Option<&Import> {
        self.imports.get(id)
    }

    /// One reference stream.
    pub fn reference(&self, kind: ReferenceKind) -> Option<&Reference> {
        self.registry.get(&kind)
    }

    /// One plan.
    pub fn plan(&self, id: &PlanId) -> Option<&Plan> {
        self.plans.get(id)
    }

    /// One fiscal calendar.
    pub fn calendar(&self, id: &CalendarId) -> Option<&Calendar> {
        self.calendars.get(id)
    }

    /// The fiscal calendars, ascending by id.
    pub fn calendars(&self) -> impl Iterator<Item = (&CalendarId, &Calendar)> {
        self.calendars.iter()
    }

    /// The standing event that carries a submitter's number. Only a strict ledger, which keeps them unique per
    /// system and kind, knows.
    pub fn by_external_reference(
        &self,
        external_reference: &ExternalReference,
        kind: &'static str,
    ) -> Option<EventId> {
        let key = reference_key(external_reference, kind);
        self.references.get(&key).copied()
    }

    /// The newest publication date among the imports started so far.
    pub fn newest_published_on(&self) -> Option<Date> {
        self.newest_published_on
    }

    /// How many events a stream holds; absent if it does not exist.
    pub fn revision(&self, stream: &Stream) -> Option<Revision> {
        match stream {
            Stream::Ledger => Some(self.ledger.revision),
            Stream::Agreement(id) => self.agreement(id).map(Agreement::revision),
            Stream::Pledge(id) => self.pledges.get(id).map(Pledge::revision),
            Stream::Import(id) => self.imports.get(id).map(|import| import.revision),
            Stream::Reference(kind) => self.registry.get(kind).map(Reference::revision),
            Stream::Requirement(id) => self.plans.get(id).map(Plan::revision),
            Stream::Calendar(id) => self.calendars.get(id).map(Calendar::revision),
        }
    }

    /// A text that says the whole state, the same for equal books: what a test or a digest compares.
    pub fn digest_input(&self) -> String {
        let agreements: BTreeMap<_, _> = self.agreements.iter().collect();
        let pledges: BTreeMap<_, _> = self.pledges.iter().collect();
        let imports: BTreeMap<_, _> = self.imports.iter().collect();
        let plans: BTreeMap<_, _> = self.plans.iter().collect();
        let references: BTreeMap<_, _> = self.references.iter().collect();
        format!(
            "{:?}\n{:?}\n{:?}\n{agreements:?}\n{pledges:?}\n{imports:?}\n{:?}\n{plans:?}\n{references:?}\n{:?}\n{:?}\n{:?}\n{:?}",
            self.ledger_id,
            self.profile,
            self.ledger,
            self.registry,
            self.newest_published_on,
            self.exceptions,
            self.calendars,
            self.blocking
        )
    }

    fn fold(&mut self, event_id: EventId, event: &Event) -> Result<(), CorruptStream> {
        let corrupt = |problem| CorruptStream::new(event_id, event, problem);
        let before = self.revision(&event.stream).unwrap_or_default();
        if before.0.checked_add(1) != Some(event.revision.0) {
            return Err(corrupt(Impossible::RevisionGap { before }));
        }
        self.fold_fact(event_id, event).map_err(corrupt)?;
        self.note_reference(event_id, event);
        self.exceptions.note(event_id, event);
        self.blocking.note(event_id, event);
        Ok(())
    }

    fn fold_fact(&mut self, event_id: EventId, event: &Event) -> Result<(), Impossible> {
        let at = (event_id, event.effective_on);
        match (&event.stream, &event.fact) {
            (Stream::Agreement(id), Fact::Agreement(fact)) => {
                let unlinked = self.upstream_of(id, fact);
                let fact_at = (fact, event.carrying.as_slice());
                fold::agreement(&mut self.agreements, id, at, fact_at)?;
                if let AgreementEvent::OnwardGrantLinked(link) = fact {
                    self.note_link(&link.upstream_agreement_id, id);
                }
                if let Some(upstream) = unlinked {
                    self.note_unlinked(&upstream, id);
                }
                Ok(())
            }
            (Stream::Pledge(id), Fact::Pledge(fact)) => {
                fold::pledge(&mut self.pledges, id, at, fact)
            }
            (Stream::Import(id), Fact::Import(fact)) => {
                fold::import(&mut self.imports, id, fact)?;
                if let ImportEvent::ImportStarted(source) = fact {
                    self.newest_published_on =
                        self.newest_published_on.max(Some(source.published_on));
                }
                Ok(())
            }
            (Stream::Calendar(id), Fact::Calendar(fact)) => {
                fold::calendar(&mut self.calendars, id, fact)
            }
            (Stream::Ledger, Fact::Ledger(fact)) => {
                self.ledger.evolve(event.effective_on, fact)?;
                self.exceptions.evolve(fact)
            }
            (Stream::Reference(kind), Fact::Reference(fact)) => {
                fold::reference(&mut self.registry, *kind, fact)
            }
            (Stream::Requirement(id), Fact::Requirement(fact)) => {
                fold::requirement(&mut self.plans, id, fact)
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

    /// The upstream agreement of the link that a fact cancels, if it cancels one.
    fn upstream_of(&self, id: &AgreementId, fact: &AgreementEvent) -> Option<AgreementId> {
        let (AgreementEvent::EntryReversed { target, .. }
        | AgreementEvent::EntryReplaced { target }) = fact
        else {
            return None;
        };
        let mut links = self.agreements.get(id)?.onward_links();
        let (_, _, link) = links.find(|(event_id, _, _)| event_id == target)?;
        Some(link.upstream_agreement_id.clone())
    }

    /// Forgets a pair of which no link stands any more.
    fn note_unlinked(&mut self, upstream: &AgreementId, downstream: &AgreementId) {
        let agreement = self.agreements.get(downstream).map(Box::as_ref);
        let mut links = agreement.into_iter().flat_map(Agreement::onward_links);
        if links.any(|(_, _, link)| link.upstream_agreement_id == *upstream) {
            return;
        }
        if let Some(linked) = self.onward.get_mut(upstream) {
            linked.remove(downstream);
            if linked.is_empty() {
                self.onward.remove(upstream);
            }
        }
    }

    /// Keeps which agreements are linked with an upstream one.
    fn note_link(&mut self, upstream: &AgreementId, downstream: &AgreementId) {
        let linked = self.onward.entry(upstream.clone()).or_default();
        linked.insert(downstream.clone());
    }

    /// Keeps the submitter's numbers of standing events; a reversed one gives its number free.
    fn note_reference(&mut self, event_id: EventId, event: &Event) {
        if self.profile != Profile::Strict {
            return;
        }
        if let Some(target) = reversed(&event.fact)
            && let Some(key) = self.referenced.remove(&target)
        {
            self.references.remove(&key);
        }
        if let Some(external_reference) = &event.external_reference {
            let key = reference_key(external_reference, event.fact.kind());
            self.references.insert(key.clone(), event_id);
            self.referenced.insert(event_id, key);
        }
    }
}

fn reference_key(external_reference: &ExternalReference, kind: &'static str) -> ReferenceKey {
    let ExternalReference { system, reference } = external_reference;
    (system.clone(), kind, reference.clone())
}

/// The entry that a fact cancels, if it does.
fn reversed(fact: &Fact) -> Option<EventId> {
    if let Fact::Agreement(
        AgreementEvent::EntryReversed { target, .. } | AgreementEvent::EntryReplaced { target },
    )
    | Fact::Pledge(PledgeEvent::EntryReversed { target, .. }) = fact
    {
        return Some(*target);
    }
    None
}
