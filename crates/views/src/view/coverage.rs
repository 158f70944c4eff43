//! `coverage`: what plans ask for by objective and year, beside what is committed and paid for it.
//!
//! Money counts for an objective by its tags in the plan's scheme, as in `scheme`; only money of the direction that
//! the plan names, and for the plan's places (ADR-0011). Currencies are never added: what is committed in another one
//! than is asked for stands in rows of its own.

use std::collections::BTreeMap;

use perennial_domain::money::Currency;
use perennial_domain::reference::Scheme;
use perennial_domain::requirement::Requirement;

use crate::dictionary::EntityNo;
use crate::exact::{Exact, Weight, round_partition};
use crate::lens::Lens;
use crate::posting::Direction;
use crate::rows::RowKey;
use crate::view::by_year::agreement_id;
use crate::view::tagged::{Amounts, Asked, Part, rows};
use crate::years::YearNo;

/// A row of `coverage`. Amounts are minor units of `currency`. `disbursed` is what was paid: net payments of outgoing
/// money, net receipts of incoming money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverageRow {
    /// The plan.
    pub plan_id: String,
    /// Its title.
    pub title: String,
    /// The version of the requirement in force.
    pub version: String,
    /// The scheme of the objectives, as `name@version`.
    pub scheme: String,
    /// Code of the objective; `None`: the plan as a whole.
    pub objective: Option<String>,
    /// Its title.
    pub objective_title: Option<String>,
    /// The fiscal year's label.
    pub year: String,
    /// Whose money covers it.
    pub direction: Direction,
    /// The currency.
    pub currency: Currency,
    /// Whether a period crosses a year boundary and was cut by days for an amount of this row.
    pub prorated: bool,
    /// What is asked for; `None`: nothing, in this year and currency.
    pub required: Option<i128>,
    /// Net commitments.
    pub committed: i128,
    /// Net payments or receipts.
    pub disbursed: i128,
    /// What is asked for and not committed; never below 0. `None` where nothing is asked for.
    pub gap: Option<i128>,
    /// By how much what is committed exceeds what is asked for; never below 0.
    pub over: Option<i128>,
    /// Committed as parts per million of what is asked for, rounded down; above 1,000,000 where more is committed.
    pub covered_ppm: Option<i64>,
}

impl CoverageRow {
    /// Its key: plan, objective, year and currency.
    pub fn key(&self) -> RowKey {
        RowKey::of(&[
            &self.plan_id,
            self.objective.as_deref().unwrap_or_default(),
            &self.year,
            self.currency.code(),
        ])
    }
}

/// Objective (the whole plan after all others), year, currency.
type Place = (Part, YearNo, Currency);

/// The rows: plan by plan, objectives in the order of the framework, the plan as a whole after them; then by year and
/// currency.
pub fn evaluate(lens: &Lens<'_>) -> Vec<CoverageRow> {
    let registry = lens.facts.histories().registry();
    let mut plans: Vec<(String, EntityNo, &Requirement)> = registry
        .requirements(lens.at, lens.effective())
        .map(|(plan, asked)| (agreement_id(lens, plan), plan, asked))
        .collect();
    plans.sort_by(|a, b| a.0.cmp(&b.0));
    let filter = &lens.question.filter;
    let mut found = Vec::new();
    for (plan_id, _, requirement) in plans {
        let direction = Direction::of(requirement.perspective);
        let is_asked = filter.plan.as_ref().is_none_or(|asked| *asked == plan_id)
            && filter.direction.is_none_or(|asked| asked == direction);
        let scheme = registry.scheme(&requirement.list.to_string(), lens.at, None);
        if let (true, Some(scheme)) = (is_asked, scheme) {
            of_plan(lens, &plan_id, (requirement, scheme), &mut found);
        }
    }
    found
}

fn of_plan(
    lens: &Lens<'_>,
    plan_id: &str,
    (requirement, scheme): (&Requirement, &Scheme),
    found: &mut Vec<CoverageRow>,
) {
    let direction = Direction::of(requirement.perspective);
    let required = required(lens, requirement, scheme);
    let money = money(lens, requirement, scheme);
    let asks_for_whole = requirement.asks.iter().any(|ask| ask.objective.is_none());
    let mut places: Vec<&Place> = required.keys().chain(money.keys()).collect();
    places.sort_unstable();
    places.dedup();
    let filter = &lens.question.filter;
    for place @ (part, year, currency) in places {
        let label = lens.label(*year).to_owned();
        let is_asked = filter.year.as_ref().is_none_or(|asked| *asked == label)
            && filter.currency.is_none_or(|asked| asked == *currency);
        // Money with any tag is the plan as a whole; it is shown where that is asked for.
        if !is_asked || (*part == Part::AnyTag && !asks_for_whole) {
            continue;
        }
        let element = match part {
            Part::Element(element) => scheme.elements.get(*element),
            Part::AnyTag | Part::Untagged => None,
        };
        let (asked, cut) = required
            .get(place)
            .map_or((None, false), |(amount, cut)| (Some(*amount), *cut));
        let amounts = money.get(place).copied().unwrap_or_default();
        let committed = amounts.committed.amount;
        found.push(CoverageRow {
            plan_id: plan_id.to_owned(),
            title: requirement.title.clone(),
            version: requirement.version.as_ref().to_owned(),
            scheme: scheme.list.to_string(),
            objective: element.map(|element| element.code.as_ref().to_owned()),
            objective_title: element.map(|element| element.title.clone()),
            year: label,
            direction,
            currency: *currency,
            prorated: cut || amounts.prorated,
            required: asked,
            committed,
            disbursed: amounts.paid.amount,
            gap: asked.map(|asked| (asked - committed).max(0)),
            over: asked.map(|asked| (committed - asked).max(0)),
            covered_ppm: asked.and_then(|asked| covered_ppm(committed, asked)),
        });
    }
}

fn covered_ppm(committed: i128, required: i128) -> Option<i64> {
    let ppm = committed.checked_mul(1_000_000)?;
    let ppm = ppm.checked_div_euclid(required)?;
    i64::try_from(ppm).ok()
}

/// What is asked for by place, and whether a period was cut by days for it. The years of one objective are rounded
/// together where any was cut.
fn required(
    lens: &Lens<'_>,
    requirement: &Requirement,
    scheme: &Scheme,
) -> BTreeMap<Place, (i128, bool)> {
    let mut exact: BTreeMap<Part, BTreeMap<(YearNo, Currency), Exact>> = BTreeMap::new();
    for ask in &requirement.asks {
        let part = match &ask.objective {
            None => Part::AnyTag,
            Some(code) => {
                let mut elements = scheme.elements.iter();
                match elements.position(|element| element.code == *code) {
                    Some(element) => Part::Element(element),
                    // A requirement names elements of its scheme only.
                    None => continue,
                }
            }
        };
        let of_part = exact.entry(part).or_default();
        for year in lens.years_of(ask.period) {
            let weight = Weight::ALL.days(year.days, year.of_days);
            let sum = of_part
                .entry((year.year, ask.amount.currency()))
                .or_default();
            sum.add(ask.amount.minor_units(), weight);
        }
    }
    let mut required = BTreeMap::new();
    for (part, years) in &exact {
        let sums: Vec<&Exact> = years.values().collect();
        for ((&(year, currency), sum), amount) in years.iter().zip(round_partition(&sums)) {
            required.insert((*part, year, currency), (amount, sum.is_cut()));
        }
    }
    required
}

/// What is committed and paid by place.
fn money(lens: &Lens<'_>, requirement: &Requirement, scheme: &Scheme) -> BTreeMap<Place, Amounts> {
    let places = (!requirement.places.is_empty()).then_some(requirement.places.as_slice());
    let asked = Asked {
        scheme,
        places,
        direction: Some(Direction::of(requirement.perspective)),
        by_agreement: false,
        by_donor: false,
        by_recipient: false,
        by_year: true,
        by_basis: false,
    };
    let mut money: BTreeMap<Place, Amounts> = BTreeMap::new();
    for (key, amounts) in rows(lens, &asked) {
        if let (Part::Element(_) | Part::AnyTag, Some(year)) = (key.part, key.year) {
            let place = (key.part, year, key.currency);
            money.entry(place).or_default().add(&amounts);
        }
    }
    money
}
