//! `reallocations`: what was moved by heading, and how much of each limit it used.
//!
//! The counters were made when the entry was decided and are shown as recorded: `cumulative` is what counted in all with
//! it then. Reallocations that count nothing (inside one heading) are shown in `timeline` and `by-year` alone.

use perennial_domain::Date;
use perennial_domain::agreement::{HeadingCount, ReallocatedFunds};
use perennial_domain::classification::WHOLE_PPM;
use perennial_domain::event::{Event, Stream};
use perennial_domain::log::{EventId, Recorded, RecordedAt};
use perennial_domain::money::Currency;

use crate::dictionary::EntityNo;
use crate::history::Head;
use crate::lens::Lens;
use crate::posting::Direction;
use crate::rows::RowKey;
use crate::view::additive::party;
use crate::view::by_year::agreement_id;

/// A row of `reallocations`: one heading of one reallocation. Amounts are minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReallocationRow {
    /// The agreement.
    pub agreement_id: String,
    /// Incoming or outgoing.
    pub direction: Direction,
    /// The heading: a budget heading, a line, a counterparty, or the agreement, as the policy says.
    pub heading: String,
    /// The reallocation.
    pub event_id: EventId,
    /// When it is true in the world.
    pub effective_on: Date,
    /// When it was recorded.
    pub recorded_at: RecordedAt,
    /// The currency of the amounts.
    pub currency: Currency,
    /// Net: above 0 where money came to the heading, below 0 where money left it.
    pub moved: i128,
    /// What of it counts against the limit.
    pub counted: i128,
    /// What counted in all with it, as recorded then.
    pub cumulative: i128,
    /// The amount that the limit is a part of; without a policy the signed amount.
    pub base: i128,
    /// The most that may count; `None` without a policy.
    pub limit: Option<i128>,
    /// `cumulative` in parts per million of `limit`, rounded down; `None` without a limit above 0.
    pub used_ppm: Option<u64>,
    /// The clause that permits it.
    pub legal_basis: Option<String>,
    /// The amendment that permits it.
    pub amendment: Option<String>,
    /// Whether it was cancelled.
    pub reversed: bool,
}

impl ReallocationRow {
    /// Its key: event and heading.
    pub fn key(&self) -> RowKey {
        RowKey::of(&[&self.event_id.to_string(), &self.heading])
    }
}

/// The rows, by agreement id, then in order of recording, then by heading.
pub fn evaluate(lens: &Lens<'_>) -> Vec<ReallocationRow> {
    let asked = &lens.question.filter.agreements;
    let streams = (0_u32..)
        .map(EntityNo)
        .zip(lens.facts.dictionary().entities.items());
    let mut agreements: Vec<(&Stream, EntityNo)> = streams
        .filter_map(|(entity, stream)| match stream {
            Stream::Agreement(id) if asked.is_empty() || asked.contains(id) => {
                Some((stream, entity))
            }
            Stream::Agreement(_)
            | Stream::Pledge(_)
            | Stream::Import(_)
            | Stream::Ledger
            | Stream::Reference(_)
            | Stream::Requirement(_)
            | Stream::Calendar(_) => None,
        })
        .collect();
    agreements.sort_unstable();
    agreements
        .into_iter()
        .flat_map(|(_, entity)| of_agreement(lens, entity))
        .collect()
}

fn of_agreement(lens: &Lens<'_>, entity: EntityNo) -> Vec<ReallocationRow> {
    let Some(history) = lens.facts.histories().entity(entity) else {
        return Vec::new();
    };
    let Some(head) = history.head.filter(|head| passes(lens, head)) else {
        return Vec::new();
    };
    let agreement_id = agreement_id(lens, entity);
    let mut rows = Vec::new();
    for (recorded, reallocated, stands) in history.reallocations_at(lens.at, lens.effective()) {
        for count in &reallocated.counts {
            let reversed = !stands;
            let entry = (recorded, reallocated, count);
            rows.push(ReallocationRow {
                agreement_id: agreement_id.clone(),
                reversed,
                ..row(&head, entry)
            });
        }
    }
    rows
}

fn row(
    head: &Head,
    (recorded, reallocated, count): (&Recorded<Event>, &ReallocatedFunds, &HeadingCount),
) -> ReallocationRow {
    let used_ppm = count.limit.and_then(|limit| {
        let used = count.cumulative.checked_mul(i128::from(WHOLE_PPM))?;
        u64::try_from(used.checked_div(limit)?).ok()
    });
    let legal_basis = &reallocated.legal_basis;
    ReallocationRow {
        agreement_id: String::new(),
        direction: head.direction,
        heading: count.heading.clone(),
        event_id: recorded.event_id,
        effective_on: recorded.event.effective_on,
        recorded_at: recorded.recorded_at,
        currency: head.currency,
        moved: count.moved,
        counted: count.counted,
        cumulative: count.cumulative,
        base: count.base,
        limit: count.limit,
        used_ppm,
        legal_basis: (!legal_basis.is_empty()).then(|| legal_basis.clone()),
        amendment: reallocated.amendment.clone(),
        reversed: false,
    }
}

/// Whether an agreement passes the filter, by its own parties.
fn passes(lens: &Lens<'_>, head: &Head) -> bool {
    let filter = &lens.question.filter;
    let named = |asked: &Option<String>, org| {
        let asked = asked.as_ref();
        asked.is_none_or(|asked| *asked == party(lens, org).id)
    };
    filter.direction.is_none_or(|asked| asked == head.direction)
        && filter.currency.is_none_or(|asked| asked == head.currency)
        && named(&filter.donor, head.provider)
        && named(&filter.recipient, head.recipient)
}

/// Whether a recorded breach of R18 still stands: the entry stands, and what counts for its heading is above its limit,
/// or the move itself is forbidden.
pub(crate) fn stands(
    lens: &Lens<'_>,
    entity: EntityNo,
    event_id: EventId,
    heading: Option<&str>,
) -> Option<bool> {
    let history = lens.facts.histories().entity(entity)?;
    let reallocations = history.reallocations_at(lens.at, lens.effective());
    // A move inside one heading counts for nothing, and is not kept with those that do; it may be forbidden all the same.
    let kept = reallocations
        .iter()
        .find(|(recorded, _, _)| recorded.event_id == event_id);
    let Some((_, own, standing)) = kept else {
        let reversed = history.reversed_at(lens.at, lens.effective());
        return Some(!reversed.contains(&event_id));
    };
    if !standing {
        return Some(false);
    }
    let of_heading = |reallocated: &ReallocatedFunds| {
        let count = reallocated.counts.iter();
        count
            .filter(|count| Some(count.heading.as_str()) == heading)
            .map(|count| count.counted)
            .sum::<i128>()
    };
    let limit = own
        .counts
        .iter()
        .find(|count| Some(count.heading.as_str()) == heading)
        .and_then(|count| count.limit);
    let Some(limit) = limit else {
        return Some(true);
    };
    let used: i128 = reallocations
        .iter()
        .filter(|(_, _, standing)| *standing)
        .map(|(_, reallocated, _)| of_heading(reallocated))
        .sum();
    Some(limit < used)
}
