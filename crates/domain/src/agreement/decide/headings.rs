//! What a reallocation moves by heading, and whether the agreement's policy allows it without an amendment (R18).
//!
//! Readings (ADR-0010): a move inside a heading counts for nothing. What moves back and forth counts each time. A move
//! by amendment counts for nothing, and is not limited. A heading is new if nothing was signed for it; where new
//! headings are free, what they receive has no limit.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::agreement::decide::Case;
use crate::agreement::{
    Agreement, CountedSide, HeadingCount, Leg, LegDirection, LegPlace, LimitBase, Line,
    MoveDimension, NewHeading, ReallocationPolicy, ReallocationScope,
};
use crate::classification::{Code, Split, WHOLE_PPM};
use crate::finding::Findings;
use crate::money::sum_text;
use crate::rule::{Breach, Rule};

/// The counts of resolved legs, ascending by heading; what breaks the policy is found against.
pub(super) fn counts(
    case: &Case<'_>,
    findings: &mut Findings,
    effective_on: Date,
    (legs, amendment): (&[Leg], Option<&str>),
) -> Vec<HeadingCount> {
    let agreement = case.agreement;
    let policy = agreement.reallocation_policy_as_of(effective_on);
    let scope = policy.map_or(ReallocationScope::Heading, |policy| policy.scope);
    if let (Some(policy), None) = (policy, amendment) {
        forbidden(case, findings, policy, (legs, effective_on));
    }
    let mut moved: BTreeMap<String, i128> = BTreeMap::new();
    let mut leaves_lines: i128 = 0;
    for (at, sum) in by_line(agreement, legs) {
        leaves_lines = leaves_lines.saturating_add(sum.saturating_neg().max(0));
        let line = agreement.lines().nth(at);
        let heading = line.map_or_else(String::new, |line| heading(scope, &line));
        let total = moved.entry(heading).or_default();
        *total = total.saturating_add(sum);
    }
    moved
        .into_iter()
        .filter(|&(_, sum)| {
            sum != 0 || (scope == ReallocationScope::Agreement && leaves_lines != 0)
        })
        .map(|(heading, sum)| {
            let asked = match (
                scope,
                policy.map_or(CountedSide::Giving, |policy| policy.counted),
            ) {
                (ReallocationScope::Agreement, _) => leaves_lines,
                (_, CountedSide::Giving) => sum.saturating_neg().max(0),
                (_, CountedSide::Receiving) => sum.max(0),
            };
            let entry = Entry {
                scope,
                heading,
                moved: sum,
                asked,
            };
            count(case, findings, effective_on, (policy, amendment, entry))
        })
        .collect()
}

/// One heading of one reallocation.
struct Entry {
    scope: ReallocationScope,
    heading: String,
    moved: i128,
    /// What would count against the limit.
    asked: i128,
}

fn count(
    case: &Case<'_>,
    findings: &mut Findings,
    effective_on: Date,
    (policy, amendment, entry): (Option<&ReallocationPolicy>, Option<&str>, Entry),
) -> HeadingCount {
    let agreement = case.agreement;
    let original = amount(agreement, &entry, None);
    let base = match policy.map(|policy| policy.base) {
        Some(LimitBase::Current) => amount(agreement, &entry, Some(effective_on)),
        Some(LimitBase::Original) | None => original,
    };
    let used = agreement.counted(&entry.heading);
    let counted = if amendment.is_some() { 0 } else { entry.asked };
    let limit = policy.map(|policy| limit(policy, base));
    let result = HeadingCount {
        heading: entry.heading.clone(),
        moved: entry.moved,
        counted,
        cumulative: used.saturating_add(counted),
        base,
        limit,
    };
    let (Some(policy), Some(limit), None) = (policy, limit, amendment) else {
        return result;
    };
    let is_new = original == 0 && 0 < entry.moved;
    if is_new && policy.new_heading == NewHeading::ByAmendment {
        findings.breach(Some(Breach::new(
            Rule::ReallocationWithinPolicy,
            case.subject,
            &[
                ("heading", &entry.heading),
                ("new_heading", &NewHeading::ByAmendment.name()),
            ],
        )));
        return result;
    }
    let free = is_new && policy.counted == CountedSide::Receiving;
    let used = if policy.cumulative { used } else { 0 };
    if !free && 0 < counted && limit < used.saturating_add(counted) {
        let text = |minor_units: i128| sum_text(minor_units, case.currency());
        findings.breach(Some(Breach::new(
            Rule::ReallocationWithinPolicy,
            case.subject,
            &[
                ("heading", &entry.heading),
                ("limit", &text(limit)),
                ("used", &text(used)),
                ("asked", &text(counted)),
                ("room", &text(limit.saturating_sub(used).max(0))),
            ],
        )));
    }
    result
}

/// The part of a heading's amount that may be moved, rounded down.
fn limit(policy: &ReallocationPolicy, base: i128) -> i128 {
    base.max(0)
        .saturating_mul(i128::from(policy.limit_ppm))
        .checked_div(i128::from(WHOLE_PPM))
        .unwrap_or_default()
}

/// A heading's signed amount, or what is committed for it on a day.
fn amount(agreement: &Agreement, entry: &Entry, on: Option<Date>) -> i128 {
    let lines = agreement.lines().enumerate();
    lines
        .filter(|(_, line)| heading(entry.scope, line) == entry.heading)
        .map(|(at, line)| match on {
            None => line.amount.minor_units(),
            Some(on) => {
                let state = agreement.lines.get(at);
                state.map_or(0, |state| state.balances.as_of(on).committed)
            }
        })
        .fold(0, i128::saturating_add)
}

/// What a line belongs to.
fn heading(scope: ReallocationScope, line: &Line) -> String {
    match scope {
        ReallocationScope::Heading => {
            let named = line.dims.budget_heading.as_deref();
            named.unwrap_or(line.line_id.as_str()).to_owned()
        }
        ReallocationScope::Line => line.line_id.to_string(),
        ReallocationScope::Counterparty => line
            .counterparty
            .as_ref()
            .map_or_else(|| "unspecified".to_owned(), |org| org.key().to_owned()),
        ReallocationScope::Agreement => "agreement".to_owned(),
    }
}

fn signed(leg: &Leg) -> i128 {
    match leg.direction {
        LegDirection::From => leg.amount.minor_units().saturating_neg(),
        LegDirection::To => leg.amount.minor_units(),
    }
}

/// What legs move by line.
fn by_line(agreement: &Agreement, legs: &[Leg]) -> BTreeMap<usize, i128> {
    net(legs, |place| {
        let at = agreement.place_of(&place.line_id);
        at.unwrap_or(usize::MAX)
    })
}

fn net<K: Ord>(legs: &[Leg], key: impl Fn(&LegPlace) -> K) -> BTreeMap<K, i128> {
    let mut sums = BTreeMap::new();
    for leg in legs {
        let sum: &mut i128 = sums.entry(key(&leg.place)).or_default();
        *sum = sum.saturating_add(signed(leg));
    }
    sums
}

/// R18: the policy forbids what the legs move money between.
fn forbidden(
    case: &Case<'_>,
    findings: &mut Findings,
    policy: &ReallocationPolicy,
    (legs, on): (&[Leg], Date),
) {
    let moves = |sums: Vec<i128>| sums.into_iter().any(|sum| sum != 0);
    let splits = |place: &LegPlace| {
        let at = case.agreement.place_of(&place.line_id);
        at.map(|at| case.agreement.splits_on(at, on))
            .unwrap_or_default()
    };
    for &dimension in &policy.forbidden {
        let crosses = match dimension {
            MoveDimension::Period => moves(net(legs, |place| place.period).into_values().collect()),
            MoveDimension::Line => moves(
                net(legs, |place| place.line_id.clone())
                    .into_values()
                    .collect(),
            ),
            MoveDimension::Pillar => {
                let pillar = |place: &LegPlace| place.pillar.or_else(|| splits(place).pillar);
                moves(net(legs, pillar).into_values().collect())
            }
            MoveDimension::Purpose => {
                let purposes =
                    |place: &LegPlace| codes(place.purpose.as_ref(), &splits(place).purposes);
                moves(net(legs, purposes).into_values().collect())
            }
            MoveDimension::Country => {
                let places =
                    |place: &LegPlace| codes(place.country.as_ref(), &splits(place).places);
                moves(net(legs, places).into_values().collect())
            }
        };
        if crosses {
            findings.breach(Some(Breach::new(
                Rule::ReallocationWithinPolicy,
                case.subject,
                &[("forbidden", &format!("between {}", plural(dimension)))],
            )));
        }
    }
}

/// What a leg's money is classified as: its own code, else its line's split.
fn codes(named: Option<&Code>, split: &Split) -> Vec<(Code, u32)> {
    if let Some(code) = named {
        return vec![(code.clone(), WHOLE_PPM)];
    }
    let code = |share: &crate::classification::Share| Code {
        vocabulary: share.vocabulary,
        code: share.code.clone(),
    };
    split
        .shares()
        .iter()
        .map(|share| (code(share), share.share_ppm))
        .collect()
}

const fn plural(dimension: MoveDimension) -> &'static str {
    match dimension {
        MoveDimension::Period => "periods",
        MoveDimension::Pillar => "pillars",
        MoveDimension::Line => "lines",
        MoveDimension::Purpose => "purposes",
        MoveDimension::Country => "countries",
    }
}
