//! All that is known of one ledger up to a position, and how a record is added to it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use perennial_domain::Date;
use perennial_domain::event::Event;
use perennial_domain::ids::AgreementId;
use perennial_domain::ledger::{ExceptionId, LedgerEvent, LedgerPolicy};
use perennial_domain::log::{EventId, Position, Recorded, RecordedAt};
use perennial_domain::money::Money;
use perennial_domain::rule::Profile;

use crate::canonical::Canonical;
use crate::columns::{Columns, Row};
use crate::committed::Commitments;
use crate::cube::Cube;
use crate::day::Day;
use crate::delta::{Delta, RecordMeta};
use crate::dictionary::{Dictionary, EntityNo};
use crate::digest::{StateDigest, chained};
use crate::exception::{Exception, exceptions_of};
use crate::expand::{Beside, expand, named_event};
use crate::history::{Entry, Histories, Kind, Note, is_history, note_of};
use crate::pages::{PageError, PageMemory, PageStore, Paging};
use crate::posting::{Posting, Valued};
use crate::question::{AsOf, QuestionError};
use crate::records::Records;

/// A record came whose predecessor was never seen. The caller reads the log again from `expected` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {found} came where {expected} was expected")]
pub struct Gap {
    /// The next position.
    pub expected: Position,
    /// What came.
    pub found: Position,
}

/// Why a record was not added. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// It came too early.
    #[error(transparent)]
    Gap(#[from] Gap),
    /// The postings that it reverses cannot be read back.
    #[error(transparent)]
    Page(#[from] PageError),
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was added.
    Now(Box<Delta>),
    /// It had been added before; nothing changed.
    Before,
}

/// Everything that answers are computed from. A pure function of the records 0 to head (INV-6).
#[derive(Clone, Debug, Default)]
pub struct Facts {
    dictionary: Dictionary,
    columns: Columns,
    cube: Cube,
    histories: Histories,
    exceptions: Vec<Exception>,
    exceptions_by_entity: HashMap<EntityNo, Vec<usize>>,
    records: Records,
    commitments: Commitments,
    makers: BTreeMap<Position, Arc<str>>,
    buffer: Canonical,
    paging: Option<Paging>,
}

impl Facts {
    /// Nothing yet; pages go to `store` and stay in memory as far as `memory` has room. The default keeps everything.
    pub fn paged(memory: Arc<PageMemory>, store: Arc<dyn PageStore>) -> Self {
        let paging = Paging::new(memory, store);
        Self {
            columns: Columns::paged(paging.clone()),
            records: Records::paged(paging.clone()),
            paging: Some(paging),
            ..Self::default()
        }
    }

    /// Why pages stay in memory beyond the limit, if one could not be kept in the store.
    pub fn unkept_page(&self) -> Option<&PageError> {
        self.paging.as_ref()?.unkept()
    }

    /// Why nothing is answered any more, if a page could not be read back: what was computed since may lack its rows.
    pub fn lost_page(&self) -> Option<&PageError> {
        self.paging.as_ref()?.lost()
    }

    /// The position that comes next: the number of records.
    pub fn next(&self) -> Position {
        self.records.next()
    }

    /// The last record; `None` in an empty ledger.
    pub fn head(&self) -> Option<RecordMeta> {
        self.records.head().map(|(record, _)| record)
    }

    /// The record at `position`.
    pub fn record(&self, position: Position) -> Option<RecordMeta> {
        self.records.get(position).map(|(record, _)| record)
    }

    /// The state digest after the record at `position`.
    pub fn digest(&self, position: Position) -> Option<StateDigest> {
        match self.records.head() {
            Some((head, digest)) if head.position == position => Some(digest),
            Some(_) | None => self.records.get(position).map(|(_, digest)| digest),
        }
    }

    /// What was said with an event beside its amounts.
    pub fn note(&self, event_id: EventId) -> Option<Note> {
        self.records.note(event_id)
    }

    /// Adds one record with its events, in order; a refusal kept as a record has none.
    ///
    /// # Errors
    /// [`ApplyError`] if an earlier record was never seen, or a page of postings cannot be read back; nothing changed
    /// then.
    pub fn apply(
        &mut self,
        record: RecordMeta,
        events: &[Recorded<Event>],
    ) -> Result<Applied, ApplyError> {
        self.apply_by(record, "", events)
    }

    /// As [`Facts::apply`], saying who submitted the record: opaque subject of the credential.
    ///
    /// # Errors
    /// As [`Facts::apply`].
    pub fn apply_by(
        &mut self,
        record: RecordMeta,
        maker: &str,
        events: &[Recorded<Event>],
    ) -> Result<Applied, ApplyError> {
        if !self.expects(record.position)? {
            return Ok(Applied::Before);
        }
        let postings = self.expand_all(events);
        if let Some(lost) = self.lost_page() {
            return Err(lost.clone().into());
        }
        let before = self.records.head().map(|(_, digest)| digest);
        let maker = maker_told(maker, events);
        let digest = chained(
            before.unwrap_or_default(),
            (record.position, maker.as_deref()),
            events,
            &postings,
            &mut self.buffer,
        );
        let delta = Delta {
            maker,
            ..self.delta(record, digest, events, &postings)
        };
        self.add(&delta);
        Ok(Applied::Now(Box::new(delta)))
    }

    /// Adds a record from its delta, as a store gives it back.
    ///
    /// # Errors
    /// [`Gap`] if an earlier record was never seen; nothing changed then.
    pub fn restore(&mut self, delta: &Delta) -> Result<bool, Gap> {
        if !self.expects(delta.record.position)? {
            return Ok(false);
        }
        self.dictionary.begin(delta.record.position);
        self.dictionary.extend(&delta.names);
        for recorded in &delta.history {
            self.histories.add_fact(&mut self.dictionary, recorded);
        }
        self.add(delta);
        Ok(true)
    }

    /// Whether `position` is the next one; `false` if it was added before.
    fn expects(&self, position: Position) -> Result<bool, Gap> {
        let expected = self.next();
        match position.cmp(&expected) {
            std::cmp::Ordering::Less => Ok(false),
            std::cmp::Ordering::Equal => Ok(true),
            std::cmp::Ordering::Greater => Err(Gap {
                expected,
                found: position,
            }),
        }
    }

    /// Expands a record's events. An event may name one that stands earlier in the same record.
    fn expand_all(&self, events: &[Recorded<Event>]) -> Vec<Posting> {
        let mut postings: Vec<Posting> = Vec::with_capacity(events.len() * 2);
        for recorded in events {
            let named = match named_event(&recorded.event) {
                None => Vec::new(),
                Some(target) if target.position == recorded.event_id.position => postings
                    .iter()
                    .filter(|posting| posting.event_id == target)
                    .cloned()
                    .collect(),
                Some(target) => self.postings_of(target),
            };
            let beside = Beside {
                named: &named,
                currency: self
                    .dictionary
                    .find_entity(&recorded.event.stream)
                    .and_then(|entity| self.histories.entity(entity)?.head)
                    .map(|head| head.currency)
                    .or_else(|| signed_currency(events, recorded)),
            };
            postings.extend(expand(recorded, beside));
        }
        postings
    }

    fn delta(
        &mut self,
        record: RecordMeta,
        digest: StateDigest,
        events: &[Recorded<Event>],
        postings: &[Posting],
    ) -> Delta {
        let then = self.dictionary.lengths();
        self.dictionary.begin(record.position);
        let mut entries = Vec::with_capacity(events.len());
        let mut history = Vec::new();
        let mut exceptions = Vec::new();
        for recorded in events {
            let entity = EntityNo(self.dictionary.entities.intern(&recorded.event.stream));
            let entry = Entry {
                event_id: recorded.event_id,
                kind: Kind::of(&recorded.event.fact),
                effective: Day::of(recorded.event.effective_on),
            };
            entries.push((entity, entry, note_of(&recorded.event)));
            if is_history(&recorded.event.fact) {
                let kept = Arc::new(recorded.clone());
                self.histories.add_fact(&mut self.dictionary, &kept);
                history.push(kept);
            }
            exceptions.extend(exceptions_of(recorded, entity));
        }
        let mut rows = Vec::with_capacity(postings.len());
        for posting in postings {
            let numbers = self.dictionary.numbers_of(posting);
            let row = Row {
                index: posting.event_id.index,
                facet: numbers.facet,
                kind: numbers.kind,
                day: Day::of(posting.effective_on),
                minor_units: posting.minor_units,
                entries: posting.entries,
                period: numbers.period,
            };
            rows.push(row);
            if let (Some(kind), Some(functional)) = (numbers.functional, posting.functional) {
                rows.push(Row {
                    kind,
                    minor_units: functional.minor_units(),
                    ..row
                });
            }
        }
        Delta {
            record,
            digest,
            names: self.dictionary.since(then),
            rows,
            entries,
            history,
            exceptions,
            maker: None,
        }
    }

    /// Adds what applying and restoring have in common; names and history facts are there already.
    fn add(&mut self, delta: &Delta) {
        self.cube.extend(&self.dictionary, &mut self.histories);
        self.columns
            .add_record(delta.record.position, &delta.rows, &mut self.cube);
        for row in &delta.rows {
            self.commitments
                .add(&self.dictionary, &mut self.histories, row);
        }
        for (entity, entry, _) in &delta.entries {
            self.histories.add_entry(*entity, *entry);
        }
        for exception in &delta.exceptions {
            let own = self
                .exceptions_by_entity
                .entry(exception.entity)
                .or_default();
            own.push(self.exceptions.len());
            self.exceptions.push(exception.clone());
        }
        let notes = delta.entries.iter();
        let notes = notes.filter_map(|(_, entry, note)| Some((entry.event_id, note.as_ref()?)));
        self.records.add(delta.record, delta.digest, notes);
        if let Some(maker) = &delta.maker {
            self.makers.insert(delta.record.position, Arc::clone(maker));
        }
    }

    /// Who submitted a record that holds an override, a change of policy, or something that is said of an exception;
    /// the empty text where that is not known.
    pub fn maker(&self, position: Position) -> &str {
        let maker = self.makers.get(&position);
        maker.map(AsRef::as_ref).unwrap_or_default()
    }

    /// The postings of one event, as [`expand`] gave them.
    pub fn postings_of(&self, event_id: EventId) -> Vec<Posting> {
        let mut postings: Vec<Posting> = Vec::new();
        for row in self.columns.of_event(event_id) {
            match self.dictionary.kinds.get(row.kind.index()) {
                Some(kind) if kind.valued == Valued::Functional => {
                    if let Some(own) = postings.last_mut() {
                        own.functional = Money::from_minor(row.minor_units, kind.currency).ok();
                    }
                }
                Some(_) | None => postings.extend(self.posting(event_id.position, &row)),
            }
        }
        postings
    }

    /// A row's posting in words, without its functional amount, which is a row of its own; `None` only for a row of other
    /// facts.
    fn posting(&self, position: Position, row: &Row) -> Option<Posting> {
        let dictionary = &self.dictionary;
        let series = dictionary.series(row.facet, row.kind)?;
        let facet = dictionary.facets.get(series.facet.index())?;
        let org = |org: crate::dictionary::OrgNo| dictionary.orgs().get(org.index()).cloned();
        let code = |code: crate::dictionary::CodeNo| dictionary.codes.get(code.index()).cloned();
        let line = facet
            .line
            .and_then(|line| dictionary.lines.get(line.index()));
        Some(Posting {
            event_id: EventId {
                position,
                index: row.index,
            },
            entity: dictionary.entities.get(facet.entity.index())?.clone(),
            line_id: line.map(|(_, line_id)| line_id.clone()),
            measure: series.kind.measure,
            currency: series.kind.currency,
            minor_units: row.minor_units,
            functional: None,
            effective_on: row.day.date(),
            period: row
                .period
                .or(series.kind.period)
                .and_then(|period| dictionary.periods.get(period.index()).copied()),
            basis: series.kind.basis,
            firmness: series.kind.firmness,
            provider: facet.provider.and_then(org),
            receiver: facet.receiver.and_then(org),
            pillar: facet.pillar,
            purpose: facet.purpose.and_then(code),
            place: facet.place.and_then(code),
            concerns: series
                .kind
                .concerns
                .and_then(|period| dictionary.periods.get(period.index()).copied()),
            register: series.kind.register,
            entries: row.entries,
        })
    }

    /// Resolves what a question asks as known then.
    ///
    /// # Errors
    /// [`QuestionError`] if nothing was recorded until then, or the position is beyond the head.
    pub fn resolve(&self, at: AsOf) -> Result<Position, QuestionError> {
        let head = self.head().ok_or(QuestionError::NothingRecorded)?.position;
        match at {
            AsOf::Head => Ok(head),
            AsOf::Position(position) if position <= head => Ok(position),
            AsOf::Position(position) => Err(QuestionError::BeyondHead { position, head }),
            AsOf::RecordedAt(time) => self.position_at(time).ok_or(QuestionError::NothingRecorded),
            AsOf::PublishedOn(date) => self
                .position_published(date)
                .ok_or(QuestionError::NothingRecorded),
        }
    }

    /// The last record with `recorded_at` at most `time`.
    pub fn position_at(&self, time: RecordedAt) -> Option<Position> {
        self.records.position_at(time)
    }

    /// The last position before any import run that was published after `date` (SEMANTICS.md 3).
    pub fn position_published(&self, date: Date) -> Option<Position> {
        let imports = self.histories.imports();
        let later = imports
            .iter()
            .find(|(_, published_on)| date < *published_on);
        match later {
            None => self.head().map(|record| record.position),
            Some((event_id, _)) => event_id.position.0.checked_sub(1).map(Position),
        }
    }

    /// The dictionary.
    pub const fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// The postings.
    pub const fn columns(&self) -> &Columns {
        &self.columns
    }

    /// What is committed, by facet.
    pub const fn commitments(&self) -> &Commitments {
        &self.commitments
    }

    /// Cells and classes.
    pub const fn cube(&self) -> &Cube {
        &self.cube
    }

    /// The histories.
    pub const fn histories(&self) -> &Histories {
        &self.histories
    }

    /// What stood out, in order of recording.
    pub fn exceptions(&self) -> &[Exception] {
        &self.exceptions
    }

    /// What stood out in one stream, in order of recording.
    pub fn exceptions_of(&self, entity: EntityNo) -> impl Iterator<Item = &Exception> {
        let own = self.exceptions_by_entity.get(&entity);
        own.into_iter()
            .flatten()
            .filter_map(|&at| self.exceptions.get(at))
    }

    /// The ledger's profile and newest policy, once it is created.
    pub fn ledger(&self) -> Option<(Profile, &LedgerPolicy)> {
        self.histories.ledger(&self.dictionary)
    }

    /// The policy as known at `at` and in force at `effective`; without a date the newest known.
    pub fn policy_at(&self, at: Position, effective: Option<Date>) -> Option<&LedgerPolicy> {
        self.histories.policy_at(&self.dictionary, at, effective)
    }

    /// What was said of exceptions, as known at `at` and true at `effective`: the newest event about each.
    pub fn dispositions_at(
        &self,
        at: Position,
        effective: Option<Date>,
    ) -> HashMap<ExceptionId, &Recorded<Event>> {
        self.histories
            .dispositions_at(&self.dictionary, at, effective)
    }

    /// The agreements known at `at` that a text names: by id, or by an external reference.
    pub fn agreements_named(&self, text: &str, at: Position) -> Vec<EntityNo> {
        let stream = AgreementId::parse(text).map(perennial_domain::event::Stream::Agreement);
        let own = stream
            .ok()
            .and_then(|stream| self.dictionary.find_entity(&stream))
            .filter(|entity| self.known(*entity, at));
        match own {
            Some(entity) => vec![entity],
            None => self.histories.referred(text, at),
        }
    }

    /// Whether a stream has an event at or before `at`.
    pub fn known(&self, entity: EntityNo, at: Position) -> bool {
        self.histories
            .entity(entity)
            .and_then(|history| history.entries.first_position())
            .is_some_and(|first| first <= at)
    }

    /// Calls `each` with the rows of one stream known at `at` and true at `effective`, in order of recording.
    pub fn each_row_of(
        &self,
        entity: EntityNo,
        at: Position,
        effective: Option<Date>,
        mut each: impl FnMut(&Row),
    ) {
        let Some(history) = self.histories.entity(entity) else {
            return;
        };
        let cut = effective.map(Day::of);
        let mut reader = self.columns.reader();
        for entry in history.entries.known(at) {
            reader.each_of(entry.event_id, |row| {
                if cut.is_none_or(|cut| row.day <= cut) {
                    each(row);
                }
            });
        }
    }
}

/// Who submitted a record, if its events are such that an answer tells.
fn maker_told(maker: &str, events: &[Recorded<Event>]) -> Option<Arc<str>> {
    use perennial_domain::event::Fact;
    let told = events.iter().any(|recorded| {
        let created = |event: &LedgerEvent| matches!(event, LedgerEvent::LedgerCreated { .. });
        let of_ledger = matches!(&recorded.event.fact, Fact::Ledger(event) if !created(event));
        of_ledger || !recorded.event.overrides.is_empty()
    });
    (told && !maker.is_empty()).then(|| maker.into())
}

/// The currency of an agreement that was signed earlier in the same record.
fn signed_currency(
    events: &[Recorded<Event>],
    of: &Recorded<Event>,
) -> Option<perennial_domain::money::Currency> {
    use perennial_domain::agreement::AgreementEvent;
    use perennial_domain::event::Fact;
    events
        .iter()
        .take_while(|recorded| recorded.event_id < of.event_id)
        .filter(|recorded| recorded.event.stream == of.event.stream)
        .find_map(|recorded| match &recorded.event.fact {
            Fact::Agreement(AgreementEvent::AgreementSigned(terms)) => Some(terms.currency),
            Fact::Agreement(_)
            | Fact::Pledge(_)
            | Fact::Ledger(_)
            | Fact::Import(_)
            | Fact::Reference(_)
            | Fact::Requirement(_)
            | Fact::Calendar(_) => None,
        })
}
