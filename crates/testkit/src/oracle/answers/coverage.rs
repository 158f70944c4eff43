//! `coverage`: what plans ask for beside what came (ADR-0011).

use std::collections::{BTreeMap, BTreeSet};

use perennial_domain::Date;
use perennial_domain::event::Fact;
use perennial_domain::log::EventId;
use perennial_domain::reference::Scheme;
use perennial_domain::requirement::{Requirement, RequirementEvent};
use perennial_views::Dimension;

use super::super::calendar::{self, by_year};
use super::super::fraction::{Sum, round_together};
use super::super::predict::registry::scheme;
use super::tagged::{Amounts, Asked, Part, code, summed};
use super::{Read, WHOLE, direction};

/// What plans ask for beside what came.
pub(super) fn rows(read: &Read<'_>) -> Vec<String> {
    let mut plans: BTreeMap<String, Vec<(Date, EventId, &Requirement)>> = BTreeMap::new();
    for recorded in &read.known {
        let on = recorded.event.effective_on;
        if let Fact::Requirement(RequirementEvent::RequirementPublished(asked)) =
            &recorded.event.fact
            && read.holds(on)
        {
            let id = recorded.event.stream.to_string();
            let id = id.trim_start_matches("requirement/").to_owned();
            plans
                .entry(id)
                .or_default()
                .push((on, recorded.event_id, asked));
        }
    }
    let filter = &read.question.filter;
    let mut rows = Vec::new();
    for (id, versions) in plans {
        let newest = versions
            .iter()
            .max_by_key(|(on, event_id, _)| (*on, *event_id));
        let Some((.., plan)) = newest else { continue };
        let Some(scheme) = scheme(&read.known, &plan.list) else {
            continue;
        };
        let way = direction(plan.perspective);
        let asked_for = filter.plan.as_ref().is_none_or(|it| *it == id)
            && filter.direction.is_none_or(|it| it.name() == way);
        if asked_for {
            rows.extend(of_plan(read, (&id, plan), scheme));
        }
    }
    rows
}

fn of_plan(read: &Read<'_>, (id, plan): (&str, &Requirement), scheme: &Scheme) -> Vec<String> {
    let asked = Asked {
        scheme,
        places: &plan.places,
        direction: Some(direction(plan.perspective)),
        kept: BTreeSet::from([Dimension::Year]),
    };
    let required = required(read, plan, scheme);
    let mut places: BTreeMap<(Part, Option<i16>, String), Amounts> = BTreeMap::new();
    for (key, amounts) in summed(read, &asked) {
        if key.part != Part::Untagged {
            places.insert((key.part, key.year, key.currency), amounts);
        }
    }
    for place in required.keys() {
        places.entry(place.clone()).or_default();
    }
    let whole = plan.asks.iter().any(|ask| ask.objective.is_none());
    let filter = &read.question.filter;
    let mut rows = Vec::new();
    for (place, amounts) in places {
        let asked = required.get(&place);
        let (part, year, currency) = place;
        let year = calendar::label(read.calendar, year.unwrap_or_default());
        let shown = filter.year.as_ref().is_none_or(|it| *it == year)
            && filter.currency.is_none_or(|it| it.code() == currency);
        if !shown || (part == Part::AnyTag && !whole) {
            continue;
        }
        let element = matches!(part, Part::Element(_)).then(|| code(scheme, part));
        let committed = amounts.committed.amount;
        let amount = asked.map(|(amount, _)| *amount);
        let cut = amounts.cut || asked.is_some_and(|(_, cut)| *cut);
        rows.push(format!(
            "{id} {} {} {element:?} {year} {} {currency} prorated {cut}: {amount:?} committed {committed} \
             paid {} gap {:?} over {:?} {:?}",
            plan.version,
            scheme.list,
            direction(plan.perspective),
            amounts.paid.amount,
            amount.map(|it| (it - committed).max(0)),
            amount.map(|it| (committed - it).max(0)),
            amount.filter(|it| *it != 0).and_then(|it| i64::try_from((committed * 1_000_000).div_euclid(it)).ok()),
        ));
    }
    rows
}

/// What is asked for by objective, year and currency, and whether a period was cut for it.
type Required = BTreeMap<(Part, Option<i16>, String), (i128, bool)>;

fn required(read: &Read<'_>, plan: &Requirement, scheme: &Scheme) -> Required {
    let mut exact: BTreeMap<Part, BTreeMap<(i16, String), Sum>> = BTreeMap::new();
    for ask in &plan.asks {
        let part = match &ask.objective {
            None => Part::AnyTag,
            Some(code) => {
                let mut elements = scheme.elements.iter();
                let at = elements.position(|element| element.code == *code);
                Part::Element(at.unwrap_or_default())
            }
        };
        let all = calendar::days(ask.period.starts_on(), ask.period.ends_on());
        for (year, days) in by_year(read.calendar, ask.period) {
            let days = calendar::days(days.starts_on(), days.ends_on());
            let currency = ask.amount.currency().code().to_owned();
            let sum = exact.entry(part).or_default().entry((year, currency));
            let trillionths = i128::from(WHOLE) * i128::from(WHOLE);
            sum.or_default()
                .add(ask.amount.minor_units(), trillionths, (days, all));
        }
    }
    let mut required = Required::new();
    for (part, years) in exact {
        let sums: Vec<&Sum> = years.values().collect();
        let amounts = round_together(&sums);
        for (((year, currency), sum), amount) in years.iter().zip(amounts) {
            let place = (part, Some(*year), currency.clone());
            required.insert(place, (amount, sum.is_cut()));
        }
    }
    required
}
