//! `scheme`: money by the elements of a scheme (ADR-0011).

use std::collections::{BTreeMap, BTreeSet};

use perennial_domain::Date;
use perennial_domain::agreement::{AgreementEvent, Perspective, YearBasis};
use perennial_domain::event::Fact;
use perennial_domain::ids::{AgreementId, LineId};
use perennial_domain::log::EventId;
use perennial_domain::pledge::PledgeEvent;
use perennial_domain::reference::{ListVersion, Scheme};
use perennial_domain::tag::{TagBasis, TagSet, TagSubject};
use perennial_views::Dimension;

use super::super::calendar;
use super::super::deal::Deal;
use super::super::fraction::{Sum, round_to, round_together};
use super::super::item::Item;
use super::super::predict::registry::{above, scheme};
use super::additive::years_of_item;
use super::totals::is_multi_year;
use super::{Read, WHOLE};

/// What money is for: an element by its place in the scheme, any of them, none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Element(usize),
    AnyTag,
    Untagged,
}

/// What amounts are summed under; what is not asked for is `None`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) direction: &'static str,
    pub(super) currency: String,
    pub(super) agreement: Option<String>,
    pub(super) donor: Option<String>,
    pub(super) recipient: Option<String>,
    pub(super) part: Part,
    pub(super) year: Option<i16>,
    pub(super) basis: Option<Grade>,
}

/// How a commitment came to its year; cash is `actual`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grade {
    Committed(YearBasis),
    Actual,
}

impl Grade {
    const fn name(self) -> &'static str {
        match self {
            Self::Committed(basis) => basis.name(),
            Self::Actual => "actual",
        }
    }
}

/// A cell's key, the sum of its parts, and the parts.
type Total<'a> = (&'a Key, Sum, &'a [Sum; 6]);

/// An amount, what of it is multi-year, and by who says so.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figure {
    pub(super) amount: i128,
    pub(super) multi_year: i128,
    pub(super) by_basis: [i128; 3],
}

impl Figure {
    fn add(&mut self, other: &Self) {
        self.amount += other.amount;
        self.multi_year += other.multi_year;
        for (sum, part) in self.by_basis.iter_mut().zip(other.by_basis) {
            *sum += part;
        }
    }
}

/// Committed, paid, and whether a period was cut.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Amounts {
    pub(super) committed: Figure,
    pub(super) paid: Figure,
    pub(super) cut: bool,
}

/// What is asked of a scheme.
pub(super) struct Asked<'a> {
    pub(super) scheme: &'a Scheme,
    pub(super) places: &'a [std::sync::Arc<str>],
    pub(super) direction: Option<&'static str>,
    pub(super) kept: BTreeSet<Dimension>,
}

impl Asked<'_> {
    fn keeps(&self, dimension: Dimension) -> bool {
        self.kept.contains(&dimension)
    }
}

/// The set of a subject that is in force: the newest of those that are known and true; an empty one is none.
fn in_force<'b>(sets: impl Iterator<Item = (Date, EventId, &'b TagSet)>) -> Option<&'b TagSet> {
    let newest = sets.max_by_key(|(on, event_id, _)| (*on, *event_id));
    newest
        .map(|(.., set)| set)
        .filter(|set| !set.tags.is_empty())
}

fn own_set<'b>(
    read: &'b Read<'_>,
    deal: &'b Deal,
    (list, subject): (&ListVersion, &TagSubject),
) -> Option<&'b TagSet> {
    in_force(deal.facts().filter_map(|(recorded, event)| {
        let AgreementEvent::TagSetReplaced(set) = event else {
            return None;
        };
        let on = recorded.event.effective_on;
        let own = set.list == *list && set.subject == *subject && read.holds(on);
        own.then_some((on, recorded.event_id, set))
    }))
}

/// That of the tagged pledge that was converted into the agreement first.
fn pledged_set<'b>(read: &'b Read<'_>, id: &AgreementId, list: &ListVersion) -> Option<&'b TagSet> {
    let mut found: Vec<(EventId, &TagSet)> = Vec::new();
    for pledge in read.pledges.values() {
        let set = in_force(pledge.facts().filter_map(|(recorded, event)| {
            let PledgeEvent::TagSetReplaced(set) = event else {
                return None;
            };
            let on = recorded.event.effective_on;
            (set.list == *list && read.holds(on)).then_some((on, recorded.event_id, set))
        }));
        let standing = pledge.standing().into_iter();
        let mut into = standing.filter(|(recorded, event)| {
            let PledgeEvent::PledgeConverted { agreement_id, .. } = event else {
                return false;
            };
            agreement_id == id && read.holds(recorded.event.effective_on)
        });
        let converted = into.next().map(|(recorded, _)| recorded.event_id);
        found.extend(converted.zip(set));
    }
    found.sort_by_key(|(event_id, _)| *event_id);
    found.first().map(|(_, set)| *set)
}

/// The set that money of a line reads under: the line's, else the agreement's, else that of the pledge.
fn set<'b>(
    read: &'b Read<'_>,
    deal: &'b Deal,
    (line, list): (Option<&LineId>, &ListVersion),
) -> Option<&'b TagSet> {
    let of_line =
        line.and_then(|line| own_set(read, deal, (list, &TagSubject::Line(line.clone()))));
    of_line
        .or_else(|| own_set(read, deal, (list, &TagSubject::Whole)))
        .or_else(|| pledged_set(read, &deal.id, list))
}

/// What money is for, in parts per million, and who says so.
fn spread(scheme: &Scheme, set: Option<&TagSet>) -> Vec<(Part, u32, usize)> {
    let Some(set) = set else {
        return vec![(Part::Untagged, WHOLE, 0)];
    };
    let place = |basis: TagBasis| {
        TagBasis::ALL
            .iter()
            .position(|it| *it == basis)
            .unwrap_or(0)
    };
    let mut parts = Vec::new();
    let mut left = WHOLE;
    for tag in &set.tags {
        let mut elements = scheme.elements.iter();
        if let Some(at) = elements.position(|element| element.code == tag.element) {
            parts.push((Part::Element(at), tag.share_ppm, place(tag.basis)));
            left = left.saturating_sub(tag.share_ppm);
        }
    }
    if scheme.partition {
        parts.push((Part::Untagged, left, 0));
    } else {
        let surest = set.tags.iter().map(|tag| place(tag.basis)).min();
        parts.push((Part::AnyTag, WHOLE, surest.unwrap_or(0)));
    }
    parts.retain(|(_, ppm, _)| *ppm != 0);
    parts
}

/// The years of an amount with their parts of its days; one without a year where years do not matter.
fn years(read: &Read<'_>, asked: &Asked<'_>, item: &Item) -> Vec<(Option<i16>, (i128, i128))> {
    let wanted = &read.question.filter.year;
    let by_years = asked.keeps(Dimension::Year);
    if !by_years && wanted.is_none() {
        return vec![(None, (1, 1))];
    }
    let mut years = years_of_item(read, item);
    let is_wanted = |year: i16| {
        wanted
            .as_ref()
            .is_none_or(|it| *it == calendar::label(read.calendar, year))
    };
    years.retain(|(year, _)| by_years || is_wanted(*year));
    let years = years.into_iter();
    years
        .map(|(year, days)| (by_years.then_some(year), days))
        .collect()
}

/// Six exact parts of each of the two figures: by who says so, and by whether the agreement is multi-year.
type Cell = [[Sum; 6]; 2];

fn cells(read: &Read<'_>, asked: &Asked<'_>) -> BTreeMap<Key, Cell> {
    let mut cells: BTreeMap<Key, Cell> = BTreeMap::new();
    for (deal, item, side) in read.amounts() {
        let incoming = deal.perspective() == Perspective::Recipient;
        let pays = (incoming && item.what.is_received()) || (!incoming && item.what.is_disbursed());
        let figure = match (item.what.is_committed(), pays) {
            (true, _) => 0,
            (_, true) => 1,
            _ => continue,
        };
        if asked.direction.is_some_and(|it| it != side.direction) {
            continue;
        }
        let shares = side.dims.as_ref().map(|dims| dims.places.shares());
        let shares = shares.unwrap_or_default().iter();
        let within = shares.filter(|share| asked.places.contains(&share.code));
        let place_ppm = if asked.places.is_empty() {
            WHOLE
        } else {
            within.map(|share| share.share_ppm).sum()
        };
        let set = set(read, deal, (item.line.as_ref(), &asked.scheme.list));
        let multi_year = usize::from(is_multi_year(read, deal) == "yes");
        let kept = |dimension, text: &str| asked.keeps(dimension).then(|| text.to_owned());
        let key = Key {
            direction: side.direction,
            currency: item.currency.code().to_owned(),
            agreement: kept(Dimension::Agreement, deal.id.as_str()),
            donor: kept(Dimension::Donor, &side.donor),
            recipient: kept(Dimension::Recipient, &side.recipient),
            part: Part::Untagged,
            year: None,
            basis: asked.keeps(Dimension::YearBasis).then(|| {
                let committed = item.basis.filter(|_| figure == 0);
                committed.map_or(Grade::Actual, Grade::Committed)
            }),
        };
        for (year, days) in years(read, asked, item) {
            for (part, ppm, basis) in spread(asked.scheme, set) {
                let cell = cells
                    .entry(Key {
                        part,
                        year,
                        ..key.clone()
                    })
                    .or_default();
                let parts = cell.get_mut(figure);
                if let Some(sum) = parts.and_then(|parts| parts.get_mut(2 * basis + multi_year)) {
                    let trillionths = i128::from(ppm) * i128::from(place_ppm);
                    sum.add(item.amount, trillionths, days);
                }
            }
        }
    }
    cells
}

/// What is rounded to one sum: in a scheme that divides money its elements and the rest, in another each element alone;
/// and the years among which a period was cut.
fn rounded(asked: &Asked<'_>, cells: &BTreeMap<Key, Cell>) -> BTreeMap<Key, Amounts> {
    let mut rows: BTreeMap<Key, Amounts> = BTreeMap::new();
    for figure in 0..2 {
        let mut totals: Vec<Total<'_>> = Vec::new();
        for (key, cell) in cells {
            if let Some(parts) = cell.get(figure) {
                let mut total = Sum::default();
                for part in parts {
                    total.add_all(part);
                }
                totals.push((key, total, parts));
            }
        }
        let group = |key: &Key| match key.part {
            Part::Element(_) if !asked.scheme.partition => key.clone(),
            _ => Key {
                part: Part::Untagged,
                ..key.clone()
            },
        };
        let cut: BTreeSet<Key> = totals
            .iter()
            .filter(|(_, total, _)| total.is_cut())
            .map(|(key, ..)| group(key))
            .collect();
        let mut partitions: BTreeMap<Key, Vec<Total<'_>>> = BTreeMap::new();
        for (key, total, parts) in totals {
            let mut own = group(key);
            if cut.contains(&own) {
                own.year = None;
            }
            partitions.entry(own).or_default().push((key, total, parts));
        }
        for mut partition in partitions.into_values() {
            partition.sort_by_key(|(key, ..)| (code(asked.scheme, key.part), key.year));
            let sums: Vec<&Sum> = partition.iter().map(|(_, total, _)| total).collect();
            for ((key, _, parts), amount) in partition.iter().zip(round_together(&sums)) {
                let row = rows.entry((*key).clone()).or_default();
                row.cut |= parts.iter().any(Sum::is_cut);
                let divided = divided(parts, amount);
                if figure == 0 {
                    row.committed = divided;
                } else {
                    row.paid = divided;
                }
            }
        }
    }
    rows
}

pub(super) fn code(scheme: &Scheme, part: Part) -> String {
    match part {
        Part::Element(at) => {
            let element = scheme.elements.get(at);
            element
                .map(|element| element.code.to_string())
                .unwrap_or_default()
        }
        Part::AnyTag => "any_tag".to_owned(),
        Part::Untagged => "untagged".to_owned(),
    }
}

/// By each basis in turn: what is of a single year, then what is multi-year.
fn divided(parts: &[Sum; 6], amount: i128) -> Figure {
    let rounded = round_to(&parts.iter().collect::<Vec<_>>(), amount);
    let of_basis = |at: usize| rounded.iter().skip(2 * at).take(2).sum();
    Figure {
        amount,
        multi_year: rounded.iter().skip(1).step_by(2).sum(),
        by_basis: [of_basis(0), of_basis(1), of_basis(2)],
    }
}

/// Elements with what is tagged below them, any tag, and the rest.
pub(super) fn summed(read: &Read<'_>, asked: &Asked<'_>) -> BTreeMap<Key, Amounts> {
    let scheme = asked.scheme;
    let mut rows: BTreeMap<Key, Amounts> = BTreeMap::new();
    let mut add = |key: Key, amounts: &Amounts| {
        let row = rows.entry(key).or_default();
        row.committed.add(&amounts.committed);
        row.paid.add(&amounts.paid);
        row.cut |= amounts.cut;
    };
    for (key, amounts) in rounded(asked, &cells(read, asked)) {
        add(key.clone(), &amounts);
        let Part::Element(_) = key.part else { continue };
        for code in above(scheme, &code(scheme, key.part)) {
            let mut elements = scheme.elements.iter();
            if let Some(at) = elements.position(|element| *element.code == *code) {
                let part = Part::Element(at);
                add(
                    Key {
                        part,
                        ..key.clone()
                    },
                    &amounts,
                );
            }
        }
        if scheme.partition {
            let part = Part::AnyTag;
            add(
                Key {
                    part,
                    ..key.clone()
                },
                &amounts,
            );
        }
    }
    rows.retain(|_, row| row.committed.amount != 0 || row.paid.amount != 0);
    rows
}

/// Every scheme in which anything was ever tagged.
pub(super) fn schemes(read: &Read<'_>) -> Vec<String> {
    let lists: BTreeSet<ListVersion> = read
        .known
        .iter()
        .filter_map(|recorded| match &recorded.event.fact {
            Fact::Agreement(AgreementEvent::TagSetReplaced(set))
            | Fact::Pledge(PledgeEvent::TagSetReplaced(set)) => Some(set.list.clone()),
            _ => None,
        })
        .collect();
    let kept = match &read.question.group_by {
        Some(kept) => kept.iter().copied().collect(),
        None => BTreeSet::from([Dimension::Element, Dimension::Year, Dimension::YearBasis]),
    };
    let mut rows = Vec::new();
    for scheme in lists.iter().filter_map(|list| scheme(&read.known, list)) {
        let asked = Asked {
            scheme,
            places: &[],
            direction: None,
            kept: BTreeSet::clone(&kept),
        };
        for (key, amounts) in summed(read, &asked) {
            let element = matches!(key.part, Part::Element(_)).then(|| code(scheme, key.part));
            if element.is_some() && !asked.keeps(Dimension::Element) {
                continue;
            }
            let filter = &read.question.filter;
            let year = key.year.map(|it| calendar::label(read.calendar, it));
            let of_year = year.is_none() || filter.year.is_none() || year == filter.year;
            let of_element = filter.element.is_none() || filter.element == element;
            if of_year && of_element {
                rows.push(row(scheme, (&key, element, year), &amounts));
            }
        }
    }
    rows
}

fn row(
    scheme: &Scheme,
    (key, element, year): (&Key, Option<String>, Option<String>),
    amounts: &Amounts,
) -> String {
    let part = match key.part {
        Part::Element(_) => "element",
        Part::AnyTag => "any_tag",
        Part::Untagged => "untagged",
    };
    let basis = key.basis.map(Grade::name);
    let figure = |figure: &Figure| {
        let said = if key.part == Part::Untagged {
            [0; 3]
        } else {
            figure.by_basis
        };
        format!("{} ({} {said:?})", figure.amount, figure.multi_year)
    };
    format!(
        "{} {} {} {:?} {:?} {:?} {part} {element:?} {year:?} {} {basis:?} prorated {}: {} paid {}",
        scheme.list,
        scheme.partition,
        key.direction,
        key.agreement,
        key.donor,
        key.recipient,
        key.currency,
        amounts.cut,
        figure(&amounts.committed),
        figure(&amounts.paid),
    )
}
