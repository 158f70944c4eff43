//! `exceptions`: what stood out when it was recorded, and what stands.
//!
//! A flag is history: it names the rule, what broke it and the figures of then. `standing` is the same rule evaluated at
//! (P, E), for the rules of [`standing`]: each flag says whether it stands, and with the filter
//! `standing` there is one row for each agreement that breaks a rule at (P, E), flagged or not, with the figures of
//! (P, E). Items that an import refused have no event; they come from the run's end.

use std::collections::HashMap;

use perennial_domain::Date;
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::import::ImportEvent;
use perennial_domain::ledger::{Disposition, ExceptionId, LedgerEvent};
use perennial_domain::log::{EventId, Recorded, RecordedAt};
use perennial_domain::rule::{Breach, Rule};

use crate::dictionary::EntityNo;
use crate::exception::{Exception, Finding};
use crate::lens::Lens;
use crate::posting::{Direction, Measure};
use crate::rows::RowKey;
use crate::view::balances;
use crate::view::standing::{self, Subject};

/// A row of `exceptions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionRow {
    /// The rule's number, as in `R10`; none for remarks and refused items.
    pub rule: Option<&'static str>,
    /// The reason, as in `DISBURSEMENT_EXCEEDS_COMMITMENT` or `ZERO_AMOUNT`.
    pub reason: String,
    /// What broke it: a stream, or a line of it.
    pub subject: String,
    /// The event that carries it; for refused items the end of the import run; for what stands the first event that was
    /// flagged and is not resolved, if there is one.
    pub event_id: Option<EventId>,
    /// The event's date.
    pub effective_on: Option<Date>,
    /// When it was first seen.
    pub first_seen: Option<RecordedAt>,
    /// The figures that showed it then; of what stands, those of (P, E): name and value.
    pub values: Vec<(String, String)>,
    /// How many: refused items, or of what stands the events that were flagged, maybe 0. Else 1.
    pub count: u64,
    /// Where refused items stand in their file: the first ones.
    pub locators: Vec<String>,
    /// Whether the rule is broken at (P, E); `None` where that is no question of what stands.
    pub standing: Option<bool>,
    /// How far people are with it; `None` for what no event carries as a flag.
    pub disposed: Option<Disposed>,
}

/// How far people are with an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disposed {
    /// How far.
    pub disposition: Disposition,
    /// What they say.
    pub text: String,
    /// Who says it; the empty text where that is not known.
    pub by: String,
    /// When it was recorded.
    pub recorded_at: Option<RecordedAt>,
}

impl ExceptionRow {
    /// Its key: event, reason and subject.
    pub fn key(&self) -> RowKey {
        RowKey::of(&[&event_text(self.event_id), &self.reason, &self.subject])
    }

    fn is_open(&self) -> bool {
        let disposed = self.disposed.as_ref();
        disposed.is_none_or(|disposed| disposed.disposition != Disposition::Resolved)
    }
}

fn event_text(event_id: Option<EventId>) -> String {
    event_id.map(|id| id.to_string()).unwrap_or_default()
}

/// The rows: flags, remarks and refused items in order of recording; with the filter `standing` what stands, by subject
/// and rule.
pub fn evaluate(lens: &Lens<'_>) -> Vec<ExceptionRow> {
    let dispositions = Dispositions::at(lens);
    let mut rows = if lens.question.filter.standing {
        standing_rows(lens, &dispositions)
    } else {
        recorded_rows(lens, &dispositions)
    };
    let filter = &lens.question.filter;
    rows.retain(|row| passes(lens, row) && (!filter.open || row.is_open()));
    rows
}

fn recorded_rows(lens: &Lens<'_>, dispositions: &Dispositions<'_>) -> Vec<ExceptionRow> {
    let cut = lens.effective().map(crate::day::Day::of);
    let known = lens
        .facts
        .exceptions()
        .partition_point(|exception| exception.event_id.position <= lens.at);
    let mut rows: Vec<ExceptionRow> = lens
        .facts
        .exceptions()
        .iter()
        .take(known)
        .filter(|exception| cut.is_none_or(|cut| exception.effective <= cut))
        .filter(|exception| of_party(lens, exception.entity))
        .map(|exception| row(lens, exception, dispositions))
        .collect();
    if lens.question.filter.direction.is_none() && lens.question.filter.currency.is_none() {
        refused_items(lens, &mut rows);
    }
    rows.sort_by(|a, b| (a.event_id, &a.reason).cmp(&(b.event_id, &b.reason)));
    rows
}

/// Whether the filter on direction and currency lets a stream pass.
fn of_party(lens: &Lens<'_>, entity: EntityNo) -> bool {
    let filter = &lens.question.filter;
    if filter.direction.is_none() && filter.currency.is_none() {
        return true;
    }
    let head = lens
        .facts
        .histories()
        .entity(entity)
        .and_then(|history| history.head);
    head.is_some_and(|head| {
        filter.direction.is_none_or(|asked| asked == head.direction)
            && filter.currency.is_none_or(|asked| asked == head.currency)
    })
}

/// How many exceptions an agreement's events carry at (P, E), and how many of them still stand.
pub fn open_exceptions(lens: &Lens<'_>, entity: EntityNo) -> (u64, u64) {
    let cut = lens.effective().map(crate::day::Day::of);
    let (mut all, mut standing) = (0, 0);
    for exception in lens.facts.exceptions_of(entity) {
        let known = exception.event_id.position <= lens.at;
        if !known || cut.is_some_and(|cut| cut < exception.effective) {
            continue;
        }
        all += 1;
        if stands(lens, exception) == Some(true) {
            standing += 1;
        }
    }
    (all, standing)
}

fn passes(lens: &Lens<'_>, row: &ExceptionRow) -> bool {
    let filter = &lens.question.filter;
    let rule = filter.rule.as_ref();
    let of_agreement = || {
        filter.agreements.iter().any(|id| {
            let stream = Stream::Agreement(id.clone()).to_string();
            let rest = row.subject.strip_prefix(&stream);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    rule.is_none_or(|asked| row.rule == Some(asked.as_str()) || row.reason == *asked)
        && (filter.agreements.is_empty() || of_agreement())
}

fn row(lens: &Lens<'_>, exception: &Exception, dispositions: &Dispositions<'_>) -> ExceptionRow {
    let recorded = lens.facts.record(exception.event_id.position);
    let blank = ExceptionRow {
        rule: None,
        reason: String::new(),
        subject: String::new(),
        event_id: Some(exception.event_id),
        effective_on: Some(exception.effective.date()),
        first_seen: recorded.map(|record| record.recorded_at),
        values: Vec::new(),
        count: 1,
        locators: Vec::new(),
        standing: stands(lens, exception),
        disposed: None,
    };
    match &exception.finding {
        Finding::Breach(breach) => ExceptionRow {
            rule: Some(breach.rule.code()),
            reason: breach.rule.reason().to_owned(),
            subject: breach.subject.clone(),
            values: values(breach),
            disposed: Some(dispositions.of(exception.event_id, breach.rule)),
            ..blank
        },
        Finding::Remark(remark) => ExceptionRow {
            reason: remark.as_ref().to_owned(),
            subject: lens
                .facts
                .dictionary()
                .entities
                .get(exception.entity.index())
                .map(ToString::to_string)
                .unwrap_or_default(),
            ..blank
        },
    }
}

/// The figures of a breach.
pub(crate) fn values(breach: &Breach) -> Vec<(String, String)> {
    let figures = breach.figures.iter();
    figures
        .map(|figure| (figure.name.clone(), figure.value.clone()))
        .collect()
}

/// Adds what import runs left out.
fn refused_items(lens: &Lens<'_>, rows: &mut Vec<ExceptionRow>) {
    for (_, history) in lens.facts.histories().entities() {
        for recorded in &history.facts {
            let Fact::Import(ImportEvent::ImportCompleted { reasons, .. }) = &recorded.event.fact
            else {
                continue;
            };
            let in_force = lens
                .effective()
                .is_none_or(|cut| recorded.event.effective_on <= cut);
            if lens.at < recorded.event_id.position || !in_force {
                continue;
            }
            rows.extend(reasons.iter().map(|reason| ExceptionRow {
                rule: None,
                reason: reason.reason.clone(),
                subject: recorded.event.stream.to_string(),
                event_id: Some(recorded.event_id),
                effective_on: Some(recorded.event.effective_on),
                first_seen: Some(recorded.recorded_at),
                values: Vec::new(),
                count: reason.count,
                locators: reason.locators.clone(),
                standing: None,
                disposed: None,
            }));
        }
    }
}

/// Whether what was flagged then is broken at (P, E).
fn stands(lens: &Lens<'_>, exception: &Exception) -> Option<bool> {
    let Finding::Breach(breach) = &exception.finding else {
        return None;
    };
    if !standing::can_stand(breach.rule) {
        return None;
    }
    // R22 is about the upstream agreement, which its subject names.
    let entity = if breach.rule == Rule::OnwardWithinReceived {
        let upstream = Stream::parse(&breach.subject)?;
        lens.facts.dictionary().find_entity(&upstream)?
    } else {
        exception.entity
    };
    let subject = Subject::of(lens, entity)?;
    let subject = subject.of_flag(exception.event_id, &breach.subject);
    Some(subject.breach(breach.rule).is_some())
}

/// What breaks a rule at (P, E), by subject and rule.
fn standing_rows(lens: &Lens<'_>, dispositions: &Dispositions<'_>) -> Vec<ExceptionRow> {
    let mut rows = Vec::new();
    each_subject(lens, |subject| {
        for breach in subject.breaches(|rule| is_asked(lens, rule)) {
            rows.push(standing_row(lens, subject, &breach, dispositions));
        }
    });
    rows.sort_by(|a, b| (&a.subject, a.rule).cmp(&(&b.subject, b.rule)));
    rows
}

fn is_asked(lens: &Lens<'_>, rule: Rule) -> bool {
    let asked = lens.question.filter.rule.as_ref();
    asked.is_none_or(|asked| rule.code() == asked || rule.reason() == asked)
}

/// Calls `each` with every agreement that is known at P and passes the filter, its balances at hand.
fn each_subject(lens: &Lens<'_>, mut each: impl FnMut(&Subject<'_>)) {
    let measures = [
        &Measure::COMMITTED[..],
        &Measure::DISBURSED[..],
        &Measure::RECEIVED[..],
        &Measure::SCHEDULED[..],
        &[Measure::Expended],
        &[Measure::Allocated],
    ]
    .concat();
    let mut all = balances::all(lens, &measures);
    let asked = &lens.question.filter.agreements;
    for (entity, _) in lens.facts.histories().entities() {
        let stream = lens.facts.dictionary().entities.get(entity.index());
        let wanted =
            matches!(stream, Some(Stream::Agreement(id)) if asked.is_empty() || asked.contains(id));
        if !wanted || !lens.facts.known(entity, lens.at) || !of_party(lens, entity) {
            continue;
        }
        let Some(subject) = Subject::of(lens, entity) else {
            continue;
        };
        let balances = all.remove(&(entity, subject.currency()));
        each(&subject.with_balances(balances.unwrap_or_default()));
    }
}

fn standing_row(
    lens: &Lens<'_>,
    subject: &Subject<'_>,
    breach: &Breach,
    dispositions: &Dispositions<'_>,
) -> ExceptionRow {
    let flags: Vec<(&Exception, Disposed)> = subject
        .flags(breach.rule)
        .map(|flag| (flag, dispositions.of(flag.event_id, breach.rule)))
        .collect();
    let is_open =
        |(_, disposed): &&(&Exception, Disposed)| disposed.disposition != Disposition::Resolved;
    let shown = flags.iter().find(is_open).or(flags.first());
    let record = shown.and_then(|(flag, _)| lens.facts.record(flag.event_id.position));
    ExceptionRow {
        rule: Some(breach.rule.code()),
        reason: breach.rule.reason().to_owned(),
        subject: breach.subject.clone(),
        event_id: shown.map(|(flag, _)| flag.event_id),
        effective_on: shown.map(|(flag, _)| flag.effective.date()),
        first_seen: record.map(|record| record.recorded_at),
        values: values(breach),
        count: u64::try_from(flags.len()).unwrap_or(u64::MAX),
        locators: Vec::new(),
        standing: Some(true),
        disposed: shown.map(|(_, disposed)| disposed.clone()),
    }
}

/// What R10 finds at (P, E) beside what breaks it, in words: one sentence for each direction.
pub(crate) fn overpaid_in_words(lens: &Lens<'_>) -> Vec<String> {
    let filter = &lens.question.filter;
    if !filter.standing || !is_asked(lens, Rule::WithinCommitment) {
        return Vec::new();
    }
    // By direction: both sides, of them broken, paid without a commitment.
    let mut counts: HashMap<Direction, [u64; 3]> = HashMap::new();
    each_subject(lens, |subject| {
        let balances = subject.balances();
        if balances.payment_entries <= 0 {
            return;
        }
        let [both, broken, without] = counts.entry(subject.direction()).or_default();
        let breaks = u64::from(subject.breach(Rule::WithinCommitment).is_some());
        if balances.commitment_entries <= 0 {
            *without += breaks;
            return;
        }
        *both += 1;
        *broken += breaks;
    });
    [Direction::Outgoing, Direction::Incoming]
        .into_iter()
        .filter_map(|direction| {
            let [both, broken, without] = counts.get(&direction)?;
            Some(format!(
                "R10, {}: {broken} of {both} agreements with both commitments and payments exceed what is committed; \
                 {without} more are paid without any commitment",
                direction.name()
            ))
        })
        .collect()
}

/// What people said of exceptions, as known at P and true at E.
pub(crate) struct Dispositions<'a> {
    lens: &'a Lens<'a>,
    said: HashMap<ExceptionId, &'a Recorded<Event>>,
}

impl<'a> Dispositions<'a> {
    pub(crate) fn at(lens: &'a Lens<'a>) -> Self {
        Self {
            lens,
            said: lens.facts.dispositions_at(lens.at, lens.effective()),
        }
    }

    pub(crate) fn of(&self, event_id: EventId, rule: Rule) -> Disposed {
        let said = self.said.get(&ExceptionId { event_id, rule }).copied();
        let told = said.and_then(|recorded| match &recorded.event.fact {
            Fact::Ledger(
                event @ (LedgerEvent::ExceptionAcknowledged { disposition, .. }
                | LedgerEvent::ExceptionResolved { disposition, .. }),
            ) => Some((event.disposition()?.1, disposition.clone(), recorded)),
            Fact::Ledger(_)
            | Fact::Agreement(_)
            | Fact::Pledge(_)
            | Fact::Import(_)
            | Fact::Reference(_)
            | Fact::Requirement(_)
            | Fact::Calendar(_) => None,
        });
        let Some((disposition, text, recorded)) = told else {
            return Disposed {
                disposition: Disposition::Open,
                text: String::new(),
                by: String::new(),
                recorded_at: None,
            };
        };
        Disposed {
            disposition,
            text,
            by: self.lens.facts.maker(recorded.event_id.position).to_owned(),
            recorded_at: Some(recorded.recorded_at),
        }
    }
}
