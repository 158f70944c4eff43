//! `timeline`: every event of agreements with running balances, in effective order and in recorded order.

use perennial_domain::Date;
use perennial_domain::event::Stream;
use perennial_domain::log::{EventId, RecordedAt, Revision};
use perennial_domain::money::Currency;

use crate::dictionary::EntityNo;
use crate::history::{Kind, Note};
use crate::lens::Lens;
use crate::posting::{Direction, Valued};
use crate::rows::RowKey;
use crate::view::balances::Balances;
use crate::view::by_year::agreement_id;

/// Running balances of an agreement, in minor units of its currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Running {
    /// C after the event.
    pub committed: i128,
    /// D after the event.
    pub disbursed: i128,
    /// Net receipts after the event.
    pub received: i128,
    /// U after the event.
    pub undisbursed: i128,
}

/// A row of `timeline`: one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineRow {
    /// The agreement.
    pub agreement_id: String,
    /// The event.
    pub event_id: EventId,
    /// Its place in the agreement's stream.
    pub revision: Revision,
    /// What happened.
    pub kind: Kind,
    /// When it is true in the world.
    pub effective_on: Date,
    /// From when on it changes the balances: `effective_on`, but for a reversal by `error` its target's date.
    pub counts_on: Date,
    /// When it was recorded.
    pub recorded_at: RecordedAt,
    /// The currency of the amounts.
    pub currency: Currency,
    /// What it changes, by itself.
    pub change: Running,
    /// Its place in effective order, from 1: by `counts_on`, then by event id.
    pub effective_order: u64,
    /// Balances after it in effective order.
    pub effective_running: Running,
    /// Its place in recorded order, from 1.
    pub recorded_order: u64,
    /// Balances after it in recorded order: what was believed then about all dates up to the cut-off.
    pub recorded_running: Running,
    /// What was said with it.
    pub note: Note,
}

impl TimelineRow {
    /// Its key: the event.
    pub fn key(&self) -> RowKey {
        RowKey::of(&[&self.event_id.to_string()])
    }
}

/// The rows of the asked agreements (without a filter: of all), by agreement id and then in recorded order.
///
/// A reversal by `error` changes the balances from its target's date on: in effective order it stands there.
pub fn evaluate(lens: &Lens<'_>) -> Vec<TimelineRow> {
    let asked = &lens.question.filter.agreements;
    let mut streams: Vec<(EntityNo, &Stream)> = (0_u32..)
        .map(EntityNo)
        .zip(lens.facts.dictionary().entities.items())
        .filter(|(entity, stream)| match stream {
            Stream::Agreement(id) => {
                (asked.is_empty() || asked.contains(id)) && lens.facts.known(*entity, lens.at)
            }
            Stream::Pledge(_)
            | Stream::Import(_)
            | Stream::Ledger
            | Stream::Reference(_)
            | Stream::Requirement(_)
            | Stream::Calendar(_) => false,
        })
        .collect();
    streams.sort_by_key(|(_, stream)| *stream);
    streams
        .into_iter()
        .flat_map(|(entity, _)| timeline(lens, entity))
        .collect()
}

/// The rows of one agreement, in recorded order.
pub fn timeline(lens: &Lens<'_>, entity: EntityNo) -> Vec<TimelineRow> {
    let Some(history) = lens.facts.histories().entity(entity) else {
        return Vec::new();
    };
    let Some(head) = history.head else {
        return Vec::new();
    };
    let cut = lens.effective().map(crate::day::Day::of);
    let mut rows: Vec<TimelineRow> = Vec::new();
    let mut running = Balances::default();
    for (revision, entry) in (1_u64..).zip(history.entries.known(lens.at)) {
        let mut own = Balances::default();
        let mut counts_on = entry.effective;
        let mut counts = cut.is_none_or(|cut| entry.effective <= cut);
        for row in lens.facts.columns().of_event(entry.event_id) {
            let dictionary = lens.facts.dictionary();
            let Some(kind) = dictionary.kinds.get(row.kind.index()) else {
                continue;
            };
            if kind.valued != Valued::Functional
                && kind.currency == head.currency
                && cut.is_none_or(|cut| row.day <= cut)
            {
                own.add_row(kind.measure, kind.register, &row);
                running.add_row(kind.measure, kind.register, &row);
                counts_on = row.day;
                counts = true;
            }
        }
        if !counts {
            continue;
        }
        rows.push(TimelineRow {
            agreement_id: agreement_id(lens, entity),
            event_id: entry.event_id,
            revision: Revision(revision),
            kind: entry.kind,
            effective_on: entry.effective.date(),
            counts_on: counts_on.date(),
            recorded_at: lens
                .facts
                .record(entry.event_id.position)
                .map(|record| record.recorded_at)
                .unwrap_or_default(),
            currency: head.currency,
            change: of_balances(&own, head.direction),
            effective_order: 0,
            effective_running: Running::default(),
            recorded_order: u64::try_from(rows.len())
                .unwrap_or(u64::MAX)
                .saturating_add(1),
            recorded_running: of_balances(&running, head.direction),
            note: lens.facts.note(entry.event_id).unwrap_or_default(),
        });
    }
    order_effectively(&mut rows);
    rows
}

fn of_balances(balances: &Balances, direction: Direction) -> Running {
    Running {
        committed: balances.committed(),
        disbursed: balances.disbursed(),
        received: balances.received(),
        undisbursed: balances.undisbursed(direction),
    }
}

fn order_effectively(rows: &mut [TimelineRow]) {
    let mut order: Vec<&mut TimelineRow> = rows.iter_mut().collect();
    order.sort_by_key(|row| (row.counts_on, row.event_id));
    let mut running = Running::default();
    for (place, row) in (1_u64..).zip(order) {
        running.committed += row.change.committed;
        running.disbursed += row.change.disbursed;
        running.received += row.change.received;
        running.undisbursed += row.change.undisbursed;
        row.effective_order = place;
        row.effective_running = running;
    }
}
