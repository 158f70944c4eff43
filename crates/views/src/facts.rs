//! All that is known of one ledger up to a position, and how a record is added to it.

use std::collections::HashMap;
use std::sync::Arc;

use perennial_domain::Date;
use perennial_domain::event::Event;
use perennial_domain::ids::AgreementId;
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::{EventId, Position, Recorded, RecordedAt};
use perennial_domain::rule::Profile;

use crate::canonical::Canonical;
use crate::columns::{Columns, Row};
use crate::cube::Cube;
use crate::day::Day;
use crate::delta::{Delta, RecordMeta};
use crate::dictionary::{Dictionary, EntityNo};
use crate::digest::{StateDigest, chained};
use crate::exception::{Exception, exceptions_of};
use crate::expand::{Beside, expand, named_event};
use crate::history::{Entry, Histories, Kind, is_history, note_of};
use crate::posting::Posting;
use crate::question::{AsOf, QuestionError};

/// A record came whose predecessor was never seen. The caller reads the log again from `expected` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {found} came where {expected} was expected")]
pub struct Gap {
    /// The next position.
    pub expected: Position,
    /// What came.
    pub found: Position,
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
    records: Vec<(RecordMeta, StateDigest)>,
    buffer: Canonical,
}

impl Facts {
    /// The position that comes next: the number of records.
    pub fn next(&self) -> Position {
        Position(u64::try_from(self.records.len()).unwrap_or(u64::MAX))
    }

    /// The last record; `None` in an empty ledger.
    pub fn head(&self) -> Option<RecordMeta> {
        self.records.last().map(|(record, _)| *record)
    }

    /// The record at `position`.
    pub fn record(&self, position: Position) -> Option<RecordMeta> {
        self.record_row(position).map(|(record, _)| *record)
    }

    /// The state digest after the record at `position`.
    pub fn digest(&self, position: Position) -> Option<StateDigest> {
        self.record_row(position).map(|(_, digest)| *digest)
    }

    fn record_row(&self, position: Position) -> Option<&(RecordMeta, StateDigest)> {
        self.records.get(usize::try_from(position.0).ok()?)
    }

    /// Adds one record with its events, in order; a refusal kept as a record has none.
    ///
    /// # Errors
    /// [`Gap`] if an earlier record was never seen; nothing changed then.
    pub fn apply(
        &mut self,
        record: RecordMeta,
        events: &[Recorded<Event>],
    ) -> Result<Applied, Gap> {
        if !self.expects(record.position)? {
            return Ok(Applied::Before);
        }
        let postings = self.expand_all(events);
        let before = self.records.last().map(|(_, digest)| *digest);
        let digest = chained(
            before.unwrap_or_default(),
            record.position,
            events,
            &postings,
            &mut self.buffer,
        );
        let delta = self.delta(record, digest, events, &postings);
        self.add(&delta);
        Ok(Applied::Now(Box::new(delta)))
    }

    /// Adds a record from its delta, as a store gives it back.
    ///
    /// # Errors
    /// As [`Facts::apply`].
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
        let rows = postings
            .iter()
            .map(|posting| Row {
                index: posting.event_id.index,
                series: self.dictionary.series_of(posting),
                day: Day::of(posting.effective_on),
                minor_units: posting.minor_units,
                entries: posting.entries,
            })
            .collect();
        Delta {
            record,
            digest,
            names: self.dictionary.since(then),
            rows,
            entries,
            history,
            exceptions,
        }
    }

    /// Adds what applying and restoring have in common; names and history facts are there already.
    fn add(&mut self, delta: &Delta) {
        self.cube.extend(&self.dictionary, &mut self.histories);
        self.columns
            .add_record(delta.record.position, &delta.rows, &self.cube);
        for (entity, entry, note) in &delta.entries {
            self.histories.add_entry(*entity, *entry, note.as_ref());
        }
        for exception in &delta.exceptions {
            let own = self
                .exceptions_by_entity
                .entry(exception.entity)
                .or_default();
            own.push(self.exceptions.len());
            self.exceptions.push(exception.clone());
        }
        self.records.push((delta.record, delta.digest));
    }

    /// The postings of one event, as [`expand`] gave them.
    pub fn postings_of(&self, event_id: EventId) -> Vec<Posting> {
        self.columns
            .of_event(event_id)
            .filter_map(|row| self.posting(event_id.position, &row))
            .collect()
    }

    /// A row's posting in words; `None` only for a row of other facts.
    pub fn posting(&self, position: Position, row: &Row) -> Option<Posting> {
        let dictionary = &self.dictionary;
        let series = dictionary.series.get(row.series.index())?;
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
            effective_on: row.day.date(),
            period: series
                .kind
                .period
                .and_then(|period| dictionary.periods.get(period.index()).copied()),
            basis: series.kind.basis,
            firmness: series.kind.firmness,
            provider: facet.provider.and_then(org),
            receiver: facet.receiver.and_then(org),
            pillar: facet.pillar,
            purpose: facet.purpose.and_then(code),
            place: facet.place.and_then(code),
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
        let records = self
            .records
            .partition_point(|(record, _)| record.recorded_at <= time);
        let last = records.checked_sub(1)?;
        self.records.get(last).map(|(record, _)| record.position)
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

    /// The ledger's profile and policy, once it is created.
    pub fn ledger(&self) -> Option<(Profile, &LedgerPolicy)> {
        self.histories.ledger(&self.dictionary)
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
            .and_then(|history| history.entries.first())
            .is_some_and(|first| first.event_id.position <= at)
    }

    /// The rows of one stream known at `at` and true at `effective`, in order of recording.
    pub fn rows_of(
        &self,
        entity: EntityNo,
        at: Position,
        effective: Option<Date>,
    ) -> impl Iterator<Item = (EventId, Row)> {
        let entries = self
            .histories
            .entity(entity)
            .map(|history| history.entries.as_slice())
            .unwrap_or_default();
        let cut = effective.map(Day::of);
        entries
            .iter()
            .take_while(move |entry| entry.event_id.position <= at)
            .flat_map(move |entry| {
                self.columns
                    .of_event(entry.event_id)
                    .map(move |row| (entry.event_id, row))
            })
            .filter(move |(_, row)| cut.is_none_or(|cut| row.day <= cut))
    }
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
            Fact::Agreement(_) | Fact::Pledge(_) | Fact::Ledger(_) | Fact::Import(_) => None,
        })
}
