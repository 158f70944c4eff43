//! `exceptions`: what stood out when it was recorded, and whether it still stands.
//!
//! A flag is history: it names the rule, what broke it and the figures of then. `standing` is the same rule evaluated
//! at (P, E), for rules that are balances of an agreement (R10, R13, R14, R17, R23) or its counters
//! (R18). Items that an import refused have no
//! event; they come from the run's end.

use perennial_domain::Date;
use perennial_domain::event::{Fact, Stream};
use perennial_domain::import::ImportEvent;
use perennial_domain::log::{EventId, RecordedAt};
use perennial_domain::rule::{Breach, Rule};

use crate::dictionary::EntityNo;
use crate::exception::{Exception, Finding};
use crate::lens::Lens;
use crate::posting::{Direction, Measure};
use crate::rows::RowKey;
use crate::view::balances::{self, Balances};
use crate::view::reallocations;

/// A row of `exceptions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionRow {
    /// The rule's number, as in `R10`; none for remarks and refused items.
    pub rule: Option<&'static str>,
    /// The reason, as in `DISBURSEMENT_EXCEEDS_COMMITMENT` or `ZERO_AMOUNT`.
    pub reason: String,
    /// What broke it: a stream, or a line of it.
    pub subject: String,
    /// The event that carries it; for refused items the end of the import run.
    pub event_id: EventId,
    /// The event's date.
    pub effective_on: Date,
    /// When it was first seen.
    pub first_seen: RecordedAt,
    /// The figures that showed it then: name and value.
    pub values: Vec<(String, String)>,
    /// How many items; above 1 for refused items only.
    pub count: u64,
    /// Where refused items stand in their file: the first ones.
    pub locators: Vec<String>,
    /// Whether the rule is broken at (P, E); `None` where that is no question of balances.
    pub standing: Option<bool>,
}

impl ExceptionRow {
    /// Its key: event, reason and subject.
    pub fn key(&self) -> RowKey {
        RowKey::of(&[&self.event_id.to_string(), &self.reason, &self.subject])
    }
}

/// The rows, in order of recording.
pub fn evaluate(lens: &Lens<'_>) -> Vec<ExceptionRow> {
    let cut = lens.effective().map(crate::day::Day::of);
    let known = lens
        .facts
        .exceptions()
        .partition_point(|exception| exception.event_id.position <= lens.at);
    let mut standings = Standings::default();
    let mut rows: Vec<ExceptionRow> = lens
        .facts
        .exceptions()
        .iter()
        .take(known)
        .filter(|exception| cut.is_none_or(|cut| exception.effective <= cut))
        .map(|exception| row(lens, exception, &mut standings))
        .collect();
    refused_items(lens, &mut rows);
    rows.retain(|row| passes(lens, row));
    rows.sort_by(|a, b| (a.event_id, &a.reason).cmp(&(b.event_id, &b.reason)));
    rows
}

/// How many exceptions an agreement's events carry at (P, E), and how many of them still stand.
pub fn open_exceptions(lens: &Lens<'_>, entity: EntityNo) -> (u64, u64) {
    let cut = lens.effective().map(crate::day::Day::of);
    let mut standings = Standings::default();
    let (mut all, mut standing) = (0, 0);
    for exception in lens.facts.exceptions_of(entity) {
        let known = exception.event_id.position <= lens.at;
        if !known || cut.is_some_and(|cut| cut < exception.effective) {
            continue;
        }
        all += 1;
        if standings.of(lens, exception) == Some(true) {
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

fn row(lens: &Lens<'_>, exception: &Exception, standings: &mut Standings) -> ExceptionRow {
    let recorded = lens.facts.record(exception.event_id.position);
    let blank = ExceptionRow {
        rule: None,
        reason: String::new(),
        subject: String::new(),
        event_id: exception.event_id,
        effective_on: exception.effective.date(),
        first_seen: recorded
            .map(|record| record.recorded_at)
            .unwrap_or_default(),
        values: Vec::new(),
        count: 1,
        locators: Vec::new(),
        standing: standings.of(lens, exception),
    };
    match &exception.finding {
        Finding::Breach(breach) => ExceptionRow {
            rule: Some(breach.rule.code()),
            reason: breach.rule.reason().to_owned(),
            subject: breach.subject.clone(),
            values: breach
                .figures
                .iter()
                .map(|figure| (figure.name.clone(), figure.value.clone()))
                .collect(),
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
                event_id: recorded.event_id,
                effective_on: recorded.event.effective_on,
                first_seen: recorded.recorded_at,
                values: Vec::new(),
                count: reason.count,
                locators: reason.locators.clone(),
                standing: None,
            }));
        }
    }
}

/// Balances looked up for standing rules, kept for the next exception of the same stream.
#[derive(Debug, Default)]
struct Standings {
    last: Option<(EntityNo, Option<String>, Balances)>,
}

impl Standings {
    fn of(&mut self, lens: &Lens<'_>, exception: &Exception) -> Option<bool> {
        let Finding::Breach(breach) = &exception.finding else {
            return None;
        };
        let stream = lens
            .facts
            .dictionary()
            .entities
            .get(exception.entity.index())?;
        let direction = lens
            .facts
            .histories()
            .entity(exception.entity)?
            .head?
            .direction;
        if breach.rule == Rule::ReallocationWithinPolicy {
            return reallocation_stands(lens, exception, breach);
        }
        if !matches!(stream, Stream::Agreement(_)) || !is_of_balances(breach.rule) {
            return None;
        }
        let line = breach
            .subject
            .strip_prefix(&stream.to_string())
            .and_then(|rest| rest.strip_prefix('/'))
            .map(str::to_owned);
        let same = |(entity, of, _): &(EntityNo, Option<String>, Balances)| {
            *entity == exception.entity && *of == line
        };
        if !self.last.as_ref().is_some_and(same) {
            let balances = match &line {
                None => balances::of_entity(lens, exception.entity),
                Some(line) => balances::of_line(lens, exception.entity, line),
            };
            self.last = Some((exception.entity, line, balances));
        }
        let (_, _, balances) = self.last.as_ref()?;
        Some(stands(lens, breach.rule, direction, balances))
    }
}

/// R18 by limit names its heading and limit; a forbidden move or a new heading is broken as long as the entry stands.
fn reallocation_stands(lens: &Lens<'_>, exception: &Exception, breach: &Breach) -> Option<bool> {
    let figure = |name: &str| {
        let mut figures = breach.figures.iter();
        figures.find(|figure| figure.name == name)
    };
    let limited = figure("limit").and_then(|_| figure("heading"));
    let heading = limited.map(|heading| heading.value.as_str());
    reallocations::stands(lens, exception.entity, exception.event_id, heading)
}

const fn is_of_balances(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::WithinCommitment
            | Rule::CommitmentAboveDisbursed
            | Rule::DisbursedNotNegative
            | Rule::ScheduledWithinUndisbursed
            | Rule::ExpenditureWithinReceived
    )
}

/// Evaluates a rule of balances (SEMANTICS.md 2; ADR-0005: R13 knows no tolerance, R17 needs an open portion).
fn stands(lens: &Lens<'_>, rule: Rule, direction: Direction, balances: &Balances) -> bool {
    let committed = balances.committed();
    let paid = balances.paid(direction);
    if rule == Rule::WithinCommitment {
        let tolerance = lens.facts.ledger().map(|(_, policy)| policy.tolerance);
        let tolerance = tolerance.unwrap_or_default();
        let absolute = i128::from(tolerance.absolute_minor);
        let relative = committed.max(0) * i128::from(tolerance.relative_ppm) / 1_000_000;
        return committed + absolute.max(relative) < paid;
    }
    if rule == Rule::DisbursedNotNegative {
        return paid < 0;
    }
    if rule == Rule::ScheduledWithinUndisbursed {
        let scheduled = balances.scheduled();
        return 0 < scheduled && balances.undisbursed(direction) < scheduled;
    }
    if rule == Rule::ExpenditureWithinReceived {
        let expended = balances.of(Measure::Expended);
        return 0 < expended && balances.received() < expended;
    }
    rule == Rule::CommitmentAboveDisbursed && committed < paid
}
