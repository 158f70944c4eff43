//! `pledges`: intentions beside what became of them. They never enter totals.

use std::collections::HashMap;

use perennial_domain::Date;
use perennial_domain::event::Stream;
use perennial_domain::log::EventId;
use perennial_domain::money::Currency;
use perennial_domain::party::OrgRef;

use crate::dictionary::EntityNo;
use crate::lens::Lens;
use crate::posting::{Direction, Measure};
use crate::rows::{Party, RowKey};
use crate::view::additive::party;
use crate::view::balances;
use crate::view::by_year::agreement_id;

/// A row of `pledges`. Amounts are minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PledgeRow {
    /// The pledge.
    pub pledge_id: String,
    /// Incoming or outgoing.
    pub direction: Direction,
    /// Who intends to give.
    pub donor: Party,
    /// To whom; nobody (empty id) if it was not said.
    pub recipient: Party,
    /// The currency.
    pub currency: Currency,
    /// When it was announced.
    pub announced_on: Date,
    /// The whole amount now, withdrawals not yet taken off.
    pub pledged: i128,
    /// What became agreements.
    pub converted: i128,
    /// What was taken back; above 0.
    pub withdrawn: i128,
    /// pledged - converted - withdrawn.
    pub outstanding: i128,
    /// What the agreements paid, up to what was converted into each. Where several pledges became one agreement, its
    /// payments count for the conversions in order of recording. Other currencies than the pledge's do not count.
    pub disbursed: i128,
    /// The agreements that it became, in order of conversion, each once.
    pub agreement_ids: Vec<String>,
    /// Days from the announcement to the question's date; `None` without a date.
    pub age_days: Option<i64>,
}

impl PledgeRow {
    /// Its key: the pledge.
    pub fn key(&self) -> RowKey {
        RowKey::of(&[&self.pledge_id])
    }
}

/// The rows, by pledge id.
pub fn evaluate(lens: &Lens<'_>) -> Vec<PledgeRow> {
    let paid = payments(lens);
    let pledges = lens.facts.histories().entities();
    let mut rows: Vec<PledgeRow> = pledges
        .map(|(entity, _)| entity)
        .filter(|entity| is_pledge(lens, *entity))
        .filter_map(|entity| row(lens, entity, &paid))
        .filter(|row| passes(lens, row))
        .collect();
    rows.sort_by(|a, b| a.pledge_id.cmp(&b.pledge_id));
    rows
}

/// Whether a row is asked for, by the parties of the announcement that stands: an earlier one may have named others.
fn passes(lens: &Lens<'_>, row: &PledgeRow) -> bool {
    let filter = &lens.question.filter;
    let named = |asked: &Option<String>, party: &Party| {
        let asked = asked.as_ref();
        asked.is_none_or(|asked| *asked == party.id)
    };
    filter.direction.is_none_or(|asked| asked == row.direction)
        && filter.currency.is_none_or(|asked| asked == row.currency)
        && named(&filter.donor, &row.donor)
        && named(&filter.recipient, &row.recipient)
}

fn is_pledge(lens: &Lens<'_>, entity: EntityNo) -> bool {
    let stream = lens.facts.dictionary().entities.get(entity.index());
    matches!(stream, Some(Stream::Pledge(_)))
}

fn row(lens: &Lens<'_>, entity: EntityNo, paid: &HashMap<EntityNo, i128>) -> Option<PledgeRow> {
    let history = lens.facts.histories().entity(entity)?;
    let currency = history.head?.currency;
    let state = history.pledge_at(lens.at, lens.effective())?;
    let mut is_true = false;
    lens.each_posted_of(entity, |_| is_true = true);
    if !is_true {
        return None;
    }
    let balances = balances::of_entity(lens, entity);
    let announced = state.announced;
    let named = |org: &OrgRef| party(lens, lens.facts.dictionary().find_org(org.key()));
    let mut agreement_ids: Vec<String> = Vec::new();
    for (_, agreement, _) in &state.conversions {
        if agreement_ids
            .iter()
            .all(|known| known != agreement.as_str())
        {
            agreement_ids.push(agreement.as_str().to_owned());
        }
    }
    let pledged = balances.of(Measure::Pledged);
    let converted = balances.of(Measure::Converted);
    let withdrawn = -balances.of(Measure::Withdrawn);
    Some(PledgeRow {
        pledge_id: agreement_id(lens, entity),
        direction: Direction::of(announced.perspective),
        donor: named(&announced.donor),
        recipient: announced.recipient.as_ref().map(named).unwrap_or_default(),
        currency,
        announced_on: state.announced_on,
        pledged,
        converted,
        withdrawn,
        outstanding: pledged - converted - withdrawn,
        disbursed: paid.get(&entity).copied().unwrap_or_default(),
        agreement_ids,
        age_days: lens.effective().map(|cut| {
            i64::from(crate::day::Day::of(cut).0)
                - i64::from(crate::day::Day::of(state.announced_on).0)
        }),
    })
}

/// By pledge: what its agreements paid of what was converted into them.
fn payments(lens: &Lens<'_>) -> HashMap<EntityNo, i128> {
    let mut conversions: Vec<(EventId, EntityNo, EntityNo, Currency, i128)> = Vec::new();
    for (entity, history) in lens.facts.histories().entities() {
        if !is_pledge(lens, entity) {
            continue;
        }
        for (event_id, agreement, amount) in history.conversions_at(lens.at, lens.effective()) {
            let stream = Stream::Agreement(agreement.clone());
            if let Some(agreement) = lens.facts.dictionary().find_entity(&stream) {
                let currency = amount.currency();
                conversions.push((event_id, entity, agreement, currency, amount.minor_units()));
            }
        }
    }
    conversions.sort_unstable_by_key(|(event_id, ..)| *event_id);
    let mut left: HashMap<EntityNo, i128> = HashMap::new();
    let mut paid: HashMap<EntityNo, i128> = HashMap::new();
    for (_, pledge, agreement, currency, converted) in conversions {
        let head = lens
            .facts
            .histories()
            .entity(agreement)
            .and_then(|history| history.head);
        let Some(head) = head.filter(|head| head.currency == currency) else {
            continue;
        };
        let left = left.entry(agreement).or_insert_with(|| {
            balances::of_entity(lens, agreement)
                .paid(head.direction)
                .max(0)
        });
        let part = converted.min(*left);
        *left -= part;
        *paid.entry(pledge).or_default() += part;
    }
    paid
}
