//! What is not additive: parties, dates, lines, words, imports, each with the event that said it.
//!
//! Every stream has the list of its events ([`Entry`]) and the facts that are no amounts ([`is_history`]), both in
//! order of recording. What an answer shows is folded from the facts known at P and true at E; the few attributes
//! that every posting needs (direction, parties, classification of a line) are kept compiled.

mod calendars;
mod compiled;
mod dues;
mod entries;
mod entry;
mod registry;
mod state;
mod tranches;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use perennial_domain::Date;
use perennial_domain::agreement::{AgreementEvent, Description, Line, LineSplits, Terms};
use perennial_domain::classification::LineDims;
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ids::AgreementId;
use perennial_domain::import::ImportEvent;
use perennial_domain::ledger::{ExceptionId, LedgerEvent, LedgerPolicy};
use perennial_domain::log::{EventId, Position, Recorded};
use perennial_domain::party::OrgRef;
use perennial_domain::pledge::{PledgeAnnouncement, PledgeEvent};
use perennial_domain::rule::Profile;

pub use calendars::{BooksAt, CalendarAt, ClosingAt, PeriodAt, ReopeningAt};
pub use compiled::{DimsNo, DimsVersion, Head, LineHead, PlaceNo};
pub use dues::DueElsewhere;
pub use entries::Entries;
pub use entry::{Entry, Kind, Note, note_of};
pub use registry::Registry;
pub use state::{AgreementState, PledgeState};
pub use tranches::TrancheAt;

use crate::day::Day;
use crate::dictionary::{Dictionary, EntityNo, LineNo, Table};
use crate::posting::Direction;

/// A recorded event that is kept whole, because answers read it.
pub type HistoryFact = Arc<Recorded<Event>>;

/// Whether an event is kept as a fact of its stream's history. The others are amounts alone.
pub fn is_history(fact: &Fact) -> bool {
    match fact {
        Fact::Ledger(_)
        | Fact::Import(ImportEvent::ImportStarted(_) | ImportEvent::ImportCompleted { .. })
        | Fact::Reference(_)
        | Fact::Requirement(_)
        | Fact::Calendar(_)
        | Fact::Pledge(
            PledgeEvent::PledgeAnnounced(_)
            | PledgeEvent::PledgeConverted { .. }
            | PledgeEvent::PriorPeriodAdjusted(_)
            | PledgeEvent::TagSetReplaced(_)
            | PledgeEvent::EntryReversed { .. },
        ) => true,
        Fact::Agreement(event) => is_history_of_agreement(event),
        Fact::Pledge(
            PledgeEvent::PledgeRevised { .. }
            | PledgeEvent::PledgeWithdrawn { .. }
            | PledgeEvent::PledgeLapsed { .. },
        ) => false,
    }
}

/// Whether a fact names the closed period that the next one adjusts.
const fn adjusts(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Agreement(AgreementEvent::PriorPeriodAdjusted(_))
            | Fact::Pledge(PledgeEvent::PriorPeriodAdjusted(_))
    )
}

fn is_history_of_agreement(event: &AgreementEvent) -> bool {
    match event {
        AgreementEvent::AgreementSigned(_)
        | AgreementEvent::AgreementDescribed(_)
        | AgreementEvent::LineOpened { .. }
        | AgreementEvent::PeriodExtended { .. }
        | AgreementEvent::PeriodShortened { .. }
        | AgreementEvent::TermsRevised(_)
        | AgreementEvent::OnwardGrantLinked(_)
        | AgreementEvent::TrancheScheduled { .. }
        | AgreementEvent::TrancheRescheduled { .. }
        | AgreementEvent::TrancheCancelled { .. }
        | AgreementEvent::AgreementSuspended { .. }
        | AgreementEvent::AgreementResumed { .. }
        | AgreementEvent::AgreementTerminated(_)
        | AgreementEvent::AgreementCancelled { .. }
        | AgreementEvent::AgreementOperationallyEnded { .. }
        | AgreementEvent::AgreementFinanciallyClosed { .. }
        | AgreementEvent::TrancheConditionMet(_)
        | AgreementEvent::TrancheConditionWaived(_)
        | AgreementEvent::SplitsReclassified { .. }
        | AgreementEvent::TagSetReplaced(_)
        | AgreementEvent::PriorPeriodAdjusted(_)
        | AgreementEvent::EntryReversed { .. }
        | AgreementEvent::EntryReplaced { .. } => true,
        // One that counts nothing was recorded before policies, or moves inside a heading: its postings say all.
        AgreementEvent::FundsReallocated(reallocated) => {
            !reallocated.counts.is_empty() || reallocated.amendment.is_some()
        }
        // What is open of each tranche is read from the payments that drew on it.
        AgreementEvent::DisbursementMade { draws, .. }
        | AgreementEvent::ReceiptConfirmed { draws, .. } => !draws.is_empty(),
        AgreementEvent::CommitmentIncreased { .. }
        | AgreementEvent::CommitmentDecreased { .. }
        | AgreementEvent::ForecastReplaced { .. }
        | AgreementEvent::ReimbursementMade { .. }
        | AgreementEvent::RefundMade { .. }
        | AgreementEvent::RefundReceived { .. }
        | AgreementEvent::ExpenditureReported { .. }
        | AgreementEvent::ExpenditureReduced { .. }
        | AgreementEvent::AllocationMade(_)
        | AgreementEvent::AllocationReleased(_)
        | AgreementEvent::FundsCarriedOver(_)
        | AgreementEvent::FundsTransferred(_)
        | AgreementEvent::OtherFlowRecorded(_)
        | AgreementEvent::ReceivableWrittenOff(_)
        | AgreementEvent::ReceivableRecovered(_) => false,
    }
}

/// What is known of one stream.
#[derive(Clone, Debug, Default)]
pub struct EntityHistory {
    /// All its events, in order: the first has revision 1 (INV-9).
    pub entries: Entries,
    /// The facts among them that are kept whole, in order.
    pub facts: Vec<HistoryFact>,
    /// What every posting of it needs, from its first event.
    pub head: Option<Head>,
    /// The earliest effective date of an amount in its commitment register, reversals included.
    pub first_commitment: Option<Day>,
    /// Whether an entry of its commitment register was reversed: the earliest date may not stand then.
    pub commitment_reversed: bool,
}

/// The histories of all streams of a ledger.
#[derive(Clone, Debug, Default)]
pub struct Histories {
    entities: Vec<EntityHistory>,
    lines: Vec<Option<LineHead>>,
    dims: Table<LineDims>,
    /// By classification: its places.
    dims_places: Vec<Vec<(PlaceNo, u32)>>,
    places: Table<Arc<str>>,
    references: HashMap<Arc<str>, Vec<(EntityNo, EventId)>>,
    imports: Vec<(EventId, Date)>,
    children: Vec<EntityNo>,
    /// By upstream agreement: those that were ever linked with it, each once.
    linked: HashMap<AgreementId, Vec<EntityNo>>,
    rescheduled: BTreeSet<EntityNo>,
    registry: Registry,
    /// The first record that adjusts a closed period.
    first_adjustment: Option<Position>,
}

impl Histories {
    /// Adds an event to its stream's list.
    pub fn add_entry(&mut self, entity: EntityNo, entry: Entry) {
        self.entity_mut(entity).entries.push(entry);
    }

    /// Takes notice of an amount in a stream's commitment register.
    pub fn note_commitment(&mut self, entity: EntityNo, day: Day, entries: i8) {
        let history = self.entity_mut(entity);
        let first = history.first_commitment;
        history.first_commitment = Some(first.map_or(day, |first| first.min(day)));
        history.commitment_reversed |= entries < 0;
    }

    /// Adds a fact, and gives numbers to the parties and lines in it.
    pub fn add_fact(&mut self, dictionary: &mut Dictionary, recorded: &HistoryFact) {
        let entity = EntityNo(dictionary.entities.intern(&recorded.event.stream));
        match &recorded.event.fact {
            Fact::Agreement(AgreementEvent::AgreementSigned(terms)) => {
                self.signed(dictionary, entity, recorded, terms);
            }
            Fact::Agreement(AgreementEvent::LineOpened { line }) => {
                self.line_opened(dictionary, entity, recorded, line);
            }
            Fact::Agreement(AgreementEvent::AgreementDescribed(description)) => {
                self.described(entity, recorded, description);
            }
            Fact::Agreement(AgreementEvent::OnwardGrantLinked(link)) => {
                let upstream = link.upstream_agreement_id.clone();
                let linked = self.linked.entry(upstream).or_default();
                if !linked.contains(&entity) {
                    linked.push(entity);
                }
            }
            Fact::Agreement(AgreementEvent::TrancheRescheduled(_)) => {
                self.rescheduled.insert(entity);
            }
            Fact::Pledge(PledgeEvent::PledgeAnnounced(announced)) => {
                self.announced(dictionary, entity, recorded, announced);
            }
            Fact::Agreement(AgreementEvent::SplitsReclassified {
                line_id, splits, ..
            }) => {
                let line = dictionary.line(entity, line_id);
                self.reclassified(line, recorded, splits);
            }
            Fact::Import(ImportEvent::ImportStarted(source)) => {
                self.imports.push((recorded.event_id, source.published_on));
            }
            Fact::Ledger(_)
            | Fact::Import(ImportEvent::ImportCompleted { .. })
            | Fact::Calendar(_)
            | Fact::Pledge(_)
            | Fact::Agreement(_)
            | Fact::Reference(_)
            | Fact::Requirement(_) => {}
        }
        if adjusts(&recorded.event.fact) {
            let position = recorded.event_id.position;
            self.first_adjustment.get_or_insert(position);
        }
        self.registry.add(dictionary, entity, recorded);
        let facts = &mut self.entity_mut(entity).facts;
        // Most streams have one such fact, or a few.
        facts.reserve_exact(usize::from(facts.len() < 4));
        facts.push(Arc::clone(recorded));
    }

    /// One stream's history.
    pub fn entity(&self, entity: EntityNo) -> Option<&EntityHistory> {
        self.entities.get(entity.index())
    }

    /// All histories, by entity number.
    pub fn entities(&self) -> impl Iterator<Item = (EntityNo, &EntityHistory)> {
        (0_u32..).map(EntityNo).zip(&self.entities)
    }

    /// The line with this number, if an event opened it.
    pub fn line(&self, line: LineNo) -> Option<&LineHead> {
        self.lines.get(line.index())?.as_ref()
    }

    /// What is published and registered, tags, requirements, and what was reclassified.
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The first record that adjusts a closed period.
    pub const fn first_adjustment(&self) -> Option<Position> {
        self.first_adjustment
    }

    /// A classification.
    pub fn dims_of(&self, dims: DimsNo) -> Option<&LineDims> {
        self.dims.get(dims.index())
    }

    /// The places of a classification with their parts per million, ascending by code; empty: not said.
    pub fn places_of(&self, dims: DimsNo) -> &[(PlaceNo, u32)] {
        let places = self.dims_places.get(dims.index());
        places.map(Vec::as_slice).unwrap_or_default()
    }

    /// The code of a place.
    pub fn place(&self, place: PlaceNo) -> Option<&str> {
        self.places.get(place.index()).map(AsRef::as_ref)
    }

    /// Returns the number of a classification, a new one if it is new.
    pub(crate) fn intern_dims(&mut self, dims: &LineDims) -> DimsNo {
        let number = DimsNo(self.dims.intern(dims));
        if self.dims_places.len() < self.dims.len() {
            let shares = dims.places.shares().iter();
            let places = shares
                .map(|share| (PlaceNo(self.places.intern(&share.code)), share.share_ppm))
                .collect();
            self.dims_places.push(places);
        }
        number
    }

    /// The agreements that carried this external reference at `at`, ascending.
    pub fn referred(&self, reference: &str, at: Position) -> Vec<EntityNo> {
        let mut entities: Vec<EntityNo> = self
            .references
            .get(reference)
            .into_iter()
            .flatten()
            .filter(|(_, event_id)| event_id.position <= at)
            .map(|&(entity, _)| entity)
            .collect();
        entities.sort_unstable();
        entities.dedup();
        entities
    }

    /// The import runs that began, in order, each with its publication date.
    pub fn imports(&self) -> &[(EventId, Date)] {
        &self.imports
    }

    /// The agreements whose words ever named a published parent, each once, in order of the first time.
    pub fn ever_children(&self) -> &[EntityNo] {
        &self.children
    }

    /// The agreements whose money was ever said to come out of another one, in order of the first time.
    pub fn ever_linked(&self, upstream: &AgreementId) -> &[EntityNo] {
        self.linked.get(upstream).map_or(&[], Vec::as_slice)
    }

    /// The agreements of which a tranche was ever rescheduled, ascending by number.
    pub fn ever_rescheduled(&self) -> impl Iterator<Item = EntityNo> {
        self.rescheduled.iter().copied()
    }

    fn entity_mut(&mut self, entity: EntityNo) -> &mut EntityHistory {
        let index = entity.index();
        if self.entities.len() <= index {
            self.entities.resize_with(index + 1, EntityHistory::default);
        }
        // The table was just made long enough.
        match self.entities.get_mut(index) {
            Some(history) => history,
            None => unreachable!("the table holds index {index}"),
        }
    }

    fn refer(&mut self, reference: &Arc<str>, entity: EntityNo, event_id: EventId) {
        let named = self.references.entry(Arc::clone(reference)).or_default();
        if named.iter().all(|&(known, _)| known != entity) {
            named.push((entity, event_id));
        }
    }

    fn signed(
        &mut self,
        dictionary: &mut Dictionary,
        entity: EntityNo,
        recorded: &HistoryFact,
        terms: &Terms,
    ) {
        let head = Head {
            event_id: recorded.event_id,
            direction: Direction::of(terms.perspective),
            provider: Some(dictionary.org(&terms.provider)),
            recipient: Some(dictionary.org(&terms.recipient)),
            currency: terms.currency,
            starts_on: terms.starts_on,
            ends_on: terms.ends_on,
        };
        self.entity_mut(entity).head.get_or_insert(head);
        for line in &terms.lines {
            self.line_opened(dictionary, entity, recorded, line);
        }
        if let Some(external) = &recorded.event.external_reference {
            self.refer(&external.reference, entity, recorded.event_id);
        }
    }

    fn line_opened(
        &mut self,
        dictionary: &mut Dictionary,
        entity: EntityNo,
        recorded: &HistoryFact,
        line: &Line,
    ) {
        let number = dictionary.line(entity, &line.line_id);
        let counterparty: Option<&OrgRef> = line.counterparty.as_ref();
        let version = DimsVersion {
            event_id: recorded.event_id,
            effective: Day::of(recorded.event.effective_on),
            dims: self.intern_dims(&line.dims),
        };
        let head = LineHead {
            counterparty: counterparty.map(|org| dictionary.org(org)),
            versions: vec![version],
        };
        if self.lines.len() <= number.index() {
            self.lines.resize(number.index() + 1, None);
        }
        if let Some(line) = self.lines.get_mut(number.index()) {
            line.get_or_insert(head);
        }
    }

    /// A line gets another classification; what its splits do not say stays as it was opened with.
    fn reclassified(&mut self, line: LineNo, recorded: &HistoryFact, splits: &LineSplits) {
        let Some(Some(head)) = self.lines.get(line.index()) else {
            return;
        };
        let opened = head.dims().and_then(|dims| self.dims_of(dims)).cloned();
        let dims = self.intern_dims(&LineDims {
            purposes: splits.purposes.clone(),
            places: splits.places.clone(),
            pillar: splits.pillar,
            ..opened.unwrap_or_default()
        });
        let version = DimsVersion {
            event_id: recorded.event_id,
            effective: Day::of(recorded.event.effective_on),
            dims,
        };
        if let Some(Some(head)) = self.lines.get_mut(line.index()) {
            head.versions.push(version);
        }
    }

    fn described(&mut self, entity: EntityNo, recorded: &HistoryFact, description: &Description) {
        let own = recorded.event.external_reference.as_ref();
        for external in own.into_iter().chain(&description.identifiers) {
            self.refer(&external.reference, entity, recorded.event_id);
        }
        let named_before = |recorded: &HistoryFact| match &recorded.event.fact {
            Fact::Agreement(AgreementEvent::AgreementDescribed(earlier)) => {
                earlier.parent.is_some()
            }
            Fact::Agreement(_)
            | Fact::Pledge(_)
            | Fact::Import(_)
            | Fact::Ledger(_)
            | Fact::Reference(_)
            | Fact::Requirement(_)
            | Fact::Calendar(_) => false,
        };
        if description.parent.is_some() && !self.entity_mut(entity).facts.iter().any(named_before) {
            self.children.push(entity);
        }
    }

    fn announced(
        &mut self,
        dictionary: &mut Dictionary,
        entity: EntityNo,
        recorded: &HistoryFact,
        announced: &PledgeAnnouncement,
    ) {
        let head = Head {
            event_id: recorded.event_id,
            direction: Direction::of(announced.perspective),
            provider: Some(dictionary.org(&announced.donor)),
            recipient: announced.recipient.as_ref().map(|org| dictionary.org(org)),
            currency: announced.amount.currency(),
            starts_on: None,
            ends_on: None,
        };
        self.entity_mut(entity).head.get_or_insert(head);
    }

    /// The ledger's profile and newest policy, once it is created.
    pub fn ledger(&self, dictionary: &Dictionary) -> Option<(Profile, &LedgerPolicy)> {
        let profile =
            self.of_ledger(dictionary)
                .find_map(|recorded| match &recorded.event.fact {
                    Fact::Ledger(LedgerEvent::LedgerCreated { profile, .. }) => Some(*profile),
                    Fact::Ledger(_)
                    | Fact::Agreement(_)
                    | Fact::Pledge(_)
                    | Fact::Import(_)
                    | Fact::Reference(_)
                    | Fact::Requirement(_)
                    | Fact::Calendar(_) => None,
                })?;
        let newest = self.policy_at(dictionary, Position(u64::MAX), None)?;
        Some((profile, newest))
    }

    /// The policy as known at `at` and in force at `effective` (without a date: the newest known). The first one is
    /// in force on every day before the first change. Changes are dated in the order of their recording.
    pub fn policy_at(
        &self,
        dictionary: &Dictionary,
        at: Position,
        effective: Option<Date>,
    ) -> Option<&LedgerPolicy> {
        let known = self
            .of_ledger(dictionary)
            .take_while(|recorded| recorded.event_id.position <= at);
        known
            .filter_map(|recorded| match &recorded.event.fact {
                Fact::Ledger(LedgerEvent::LedgerCreated { policy, .. }) => Some(policy),
                Fact::Ledger(LedgerEvent::LedgerPolicyChanged { policy, .. }) => {
                    let on = recorded.event.effective_on;
                    effective.is_none_or(|cut| on <= cut).then_some(policy)
                }
                Fact::Ledger(_)
                | Fact::Agreement(_)
                | Fact::Pledge(_)
                | Fact::Import(_)
                | Fact::Reference(_)
                | Fact::Requirement(_)
                | Fact::Calendar(_) => None,
            })
            .last()
    }

    /// What was said of exceptions, as known at `at` and true at `effective`: the newest event about each.
    pub fn dispositions_at(
        &self,
        dictionary: &Dictionary,
        at: Position,
        effective: Option<Date>,
    ) -> HashMap<ExceptionId, &Recorded<Event>> {
        let known = self
            .of_ledger(dictionary)
            .take_while(|recorded| recorded.event_id.position <= at)
            .filter(|recorded| effective.is_none_or(|cut| recorded.event.effective_on <= cut));
        known
            .filter_map(|recorded| match &recorded.event.fact {
                Fact::Ledger(event) => Some((event.disposition()?.0, recorded.as_ref())),
                Fact::Agreement(_)
                | Fact::Pledge(_)
                | Fact::Import(_)
                | Fact::Reference(_)
                | Fact::Requirement(_)
                | Fact::Calendar(_) => None,
            })
            .collect()
    }

    /// The facts of the stream `ledger`, in order.
    fn of_ledger(&self, dictionary: &Dictionary) -> impl Iterator<Item = &HistoryFact> {
        let history = dictionary
            .find_entity(&Stream::Ledger)
            .and_then(|entity| self.entity(entity));
        history.into_iter().flat_map(|history| &history.facts)
    }
}
