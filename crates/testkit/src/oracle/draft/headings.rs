//! R18: what a reallocation moves by heading, and whether the policy of its day lets it (ADR-0010).

use std::collections::{BTreeMap, BTreeSet};

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementEvent, CountedSide, HeadingCount, Leg, LegDirection, LegPlace, LimitBase, Line,
    MoveDimension, NewHeading, ReallocationPolicy, ReallocationScope,
};
use perennial_domain::classification::{Code, Split};
use perennial_domain::rule::Rule;

use super::super::deal::{Balance, Deal, key};
use super::super::findings::Findings;
use super::Desk;

/// What a line's money counts for.
fn heading(scope: ReallocationScope, line: &Line) -> String {
    match scope {
        ReallocationScope::Agreement => "agreement".to_owned(),
        ReallocationScope::Line => line.line_id.to_string(),
        ReallocationScope::Counterparty => {
            let counterparty = line.counterparty.as_ref();
            counterparty.map_or_else(|| "unspecified".to_owned(), key)
        }
        ReallocationScope::Heading => {
            let named = line.dims.budget_heading.as_ref();
            named.map_or_else(|| line.line_id.to_string(), ToString::to_string)
        }
    }
}

const fn signed(leg: &Leg) -> i128 {
    match leg.direction {
        LegDirection::From => -leg.amount.minor_units(),
        LegDirection::To => leg.amount.minor_units(),
    }
}

/// What legs bring to a line.
fn net(legs: &[Leg], line: &Line) -> i128 {
    let own = legs.iter().filter(|leg| leg.place.line_id == line.line_id);
    own.map(signed).sum()
}

/// What every heading gets or gives, ascending, and the breaches of the policy on the way.
pub(super) fn counts(
    desk: Desk<'_>,
    findings: &mut Findings,
    deal: &Deal,
    (on, legs, by_amendment): (Date, &[Leg], bool),
) -> Vec<HeadingCount> {
    let policy = deal.further_on(Some(on)).reallocation_policy;
    let scope = policy.as_ref();
    let scope = scope.map_or(ReallocationScope::Heading, |policy| policy.scope);
    let mut breaks = |broken: bool| {
        findings.breaks_if(broken, Rule::ReallocationWithinPolicy, desk.subject);
    };
    if let (Some(policy), false) = (&policy, by_amendment) {
        breaks(is_forbidden(deal, policy, (on, legs)));
    }
    let lines = deal.lines();
    let of_line = |line: &Line| net(legs, line);
    let leaves_lines: i128 = lines.iter().map(|line| (-of_line(line)).max(0)).sum();
    let touched: BTreeSet<String> = lines
        .iter()
        .filter(|line| legs.iter().any(|leg| leg.place.line_id == line.line_id))
        .map(|line| heading(scope, line))
        .collect();
    let mut counts = Vec::new();
    for name in touched {
        let of_heading = lines
            .iter()
            .copied()
            .filter(|line| heading(scope, line) == name);
        let of_heading: Vec<&Line> = of_heading.collect();
        let moved: i128 = of_heading.iter().map(|line| of_line(line)).sum();
        let whole = scope == ReallocationScope::Agreement;
        if moved == 0 && (!whole || leaves_lines == 0) {
            continue;
        }
        let counted_side = policy.as_ref().map(|policy| policy.counted);
        let asked = match (whole, counted_side) {
            (true, _) => leaves_lines,
            (false, Some(CountedSide::Receiving)) => moved.max(0),
            (false, _) => (-moved).max(0),
        };
        let original: i128 = of_heading
            .iter()
            .map(|line| line.amount.minor_units())
            .sum();
        let base = match policy.as_ref().map(|policy| policy.base) {
            Some(LimitBase::Current) => committed_on(deal, &of_heading, on),
            _ => original,
        };
        let limit = policy
            .as_ref()
            .map(|policy| base.max(0) * i128::from(policy.limit_ppm) / 1_000_000);
        let used = used(deal, &name);
        let counted = if by_amendment { 0 } else { asked };
        if let (Some(policy), Some(limit), false) = (&policy, limit, by_amendment) {
            let is_new = original == 0 && 0 < moved;
            breaks(goes_beyond(policy, is_new, (limit, used, counted)));
        }
        counts.push(HeadingCount {
            heading: name,
            moved,
            counted,
            cumulative: used + counted,
            base,
            limit,
        });
    }
    counts
}

/// Whether a heading gets more than the policy lets it.
fn goes_beyond(
    policy: &ReallocationPolicy,
    is_new: bool,
    (limit, used, counted): (i128, i128, i128),
) -> bool {
    let by_amendment_only = is_new && policy.new_heading == NewHeading::ByAmendment;
    let free = is_new && policy.counted == CountedSide::Receiving;
    let before = if policy.cumulative { used } else { 0 };
    let above = 0 < counted && limit < before + counted;
    by_amendment_only || (above && !free)
}

fn committed_on(deal: &Deal, lines: &[&Line], on: Date) -> i128 {
    let counts = |line_id| lines.iter().any(|line| Some(&line.line_id) == line_id);
    let until = deal.items.iter();
    let until = until.filter(|item| item.on <= on && counts(item.line.as_ref()));
    Balance::of(until).committed
}

/// What standing moves count for a heading so far, whatever their date.
fn used(deal: &Deal, name: &str) -> i128 {
    let standing = deal.standing().into_iter();
    let counts = standing.flat_map(|(_, event)| match event {
        AgreementEvent::FundsReallocated(moved) => moved.counts.clone(),
        _ => Vec::new(),
    });
    let of_heading = counts.filter(|count| count.heading == name);
    of_heading.map(|count| count.counted).sum()
}

/// Whether money crosses between what the policy forbids.
fn is_forbidden(deal: &Deal, policy: &ReallocationPolicy, (on, legs): (Date, &[Leg])) -> bool {
    let splits = |place: &LegPlace| deal.splits_on(&place.line_id, on);
    let crosses = |key: &dyn Fn(&LegPlace) -> String| {
        let mut sums: BTreeMap<String, i128> = BTreeMap::new();
        for leg in legs {
            *sums.entry(key(&leg.place)).or_default() += signed(leg);
        }
        sums.values().any(|sum| *sum != 0)
    };
    policy.forbidden.iter().any(|dimension| match dimension {
        MoveDimension::Period => crosses(&|place| format!("{:?}", place.period)),
        MoveDimension::Line => crosses(&|place| place.line_id.to_string()),
        MoveDimension::Pillar => {
            crosses(&|place| format!("{:?}", place.pillar.or(splits(place).pillar)))
        }
        MoveDimension::Purpose => {
            crosses(&|place| read_as(place.purpose.as_ref(), &splits(place).purposes))
        }
        MoveDimension::Country => {
            crosses(&|place| read_as(place.country.as_ref(), &splits(place).places))
        }
    })
}

/// What a leg's money is classified as, in words: its own code, else its line's split.
fn read_as(named: Option<&Code>, split: &Split) -> String {
    if let Some(code) = named {
        return format!("{:?} {} 1000000", code.vocabulary, code.code);
    }
    let shares = split.shares().iter();
    let words = shares.map(|it| format!("{:?} {} {}", it.vocabulary, it.code, it.share_ppm));
    words.collect::<Vec<_>>().join(";")
}
