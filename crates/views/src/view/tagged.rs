//! Money by the elements of one scheme: the fold behind `scheme` and `coverage`.
//!
//! Each posted amount counts under the tags of its line, agreement or pledge, what was paid of a tranche under the
//! tranche's, whatever its own date. Weights are summed
//! exactly and rounded once per printed partition (SEMANTICS.md 1 "Rounding"): in a scheme that divides money the
//! elements and what is untagged are one partition, in another each element is one of its own.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use perennial_domain::agreement::YearBasis;
use perennial_domain::classification::WHOLE_PPM;
use perennial_domain::money::{Currency, divide_minor};
use perennial_domain::reference::Scheme;
use perennial_domain::tag::{TagBasis, TagSet};

use crate::columns::Row;
use crate::cube::Class;
use crate::dictionary::{EntityNo, Facet, FacetNo, Table};
use crate::exact::{Exact, Weight, round_partition, round_to};
use crate::lens::{Dating, Lens, Posted, When};
use crate::numbers::NumberHash;
use crate::posting::{Direction, Measure, Measures};
use crate::view::additive::{Basis, Who};
use crate::view::agreement::MultiYear;
use crate::view::multi_year::original_term;
use crate::view::tags::{Tagged, Tranches};
use crate::years::YearNo;

/// What is asked of a scheme.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one for each key, which are kept in any combination"
)]
pub(super) struct Asked<'a> {
    pub(super) scheme: &'a Scheme,
    /// Only money for these countries or regions; `None`: all of it.
    pub(super) places: Option<&'a [Arc<str>]>,
    /// Only this direction.
    pub(super) direction: Option<Direction>,
    pub(super) by_agreement: bool,
    pub(super) by_donor: bool,
    pub(super) by_recipient: bool,
    pub(super) by_year: bool,
    pub(super) by_basis: bool,
}

/// What money is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Part {
    /// An element, by its place in the scheme.
    Element(usize),
    /// Any element; each line once.
    AnyTag,
    /// None.
    Untagged,
}

/// What one amount is summed under. `None`: not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) direction: Direction,
    pub(super) currency: Currency,
    pub(super) agreement: Option<EntityNo>,
    pub(super) donor: Who,
    pub(super) recipient: Who,
    pub(super) part: Part,
    pub(super) year: Option<YearNo>,
    pub(super) basis: Option<Basis>,
}

/// One of the two figures: committed, and paid (outgoing: net payments; incoming: net receipts).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figure {
    pub(super) amount: i128,
    /// Of it: of agreements that run for the multi-year threshold or longer.
    pub(super) multi_year: i128,
    /// Of it, by who says that it is for the element; in the order of [`TagBasis::ALL`].
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

/// A row's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amounts {
    pub(super) committed: Figure,
    pub(super) paid: Figure,
    /// Whether a period that crosses a year boundary was cut by days for any of them.
    pub(super) prorated: bool,
}

impl Amounts {
    pub(super) fn add(&mut self, other: &Self) {
        self.committed.add(&other.committed);
        self.paid.add(&other.paid);
        self.prorated |= other.prorated;
    }

    pub(super) const fn is_zero(&self) -> bool {
        self.committed.amount == 0 && self.paid.amount == 0
    }

    fn figure_mut(&mut self, at: usize) -> &mut Figure {
        if at == COMMITTED {
            &mut self.committed
        } else {
            &mut self.paid
        }
    }
}

const COMMITTED: usize = 0;
const PAID: usize = 1;
const FIGURES: usize = 2;

/// Who says so, and whether the agreement is multi-year.
const PARTS: usize = 6;

/// The exact parts of both figures, as rounded together.
type Cell = [[Exact; PARTS]; FIGURES];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Subject {
    direction: Direction,
    agreement: Option<EntityNo>,
    donor: Who,
    recipient: Who,
    multi_year: bool,
    /// The place of its set among those that were met.
    set: Option<usize>,
    place_ppm: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Sum {
    subject: u32,
    currency: Currency,
    figure: usize,
    basis: Option<YearBasis>,
    when: When,
}

/// The rounded figures by key: elements with what is tagged with them or below them, then any tag and untagged.
pub(super) fn rows(lens: &Lens<'_>, asked: &Asked<'_>) -> BTreeMap<Key, Amounts> {
    let direct = Fold::new(lens, asked).rows();
    let mut rows: BTreeMap<Key, Amounts> = BTreeMap::new();
    let above = above(asked.scheme);
    for (key, amounts) in &direct {
        rows.entry(*key).or_default().add(amounts);
        let Part::Element(element) = key.part else {
            continue;
        };
        for &ancestor in above.get(element).into_iter().flatten() {
            let part = Part::Element(ancestor);
            rows.entry(Key { part, ..*key }).or_default().add(amounts);
        }
        if asked.scheme.partition {
            let part = Part::AnyTag;
            rows.entry(Key { part, ..*key }).or_default().add(amounts);
        }
    }
    rows.retain(|_, amounts| !amounts.is_zero());
    rows
}

/// By element: the places of the elements above it. A chain that leads back to where it was ends there.
fn above(scheme: &Scheme) -> Vec<Vec<usize>> {
    let place = |code: &str| {
        let mut elements = scheme.elements.iter();
        elements.position(|element| *element.code == *code)
    };
    let parents: Vec<Option<usize>> = scheme
        .elements
        .iter()
        .map(|element| element.parent.as_deref().and_then(place))
        .collect();
    (0..parents.len())
        .map(|element| {
            let mut above = Vec::new();
            let mut at = element;
            while let Some(parent) = parents.get(at).copied().flatten() {
                if parent == element || above.contains(&parent) {
                    break;
                }
                above.push(parent);
                at = parent;
            }
            above
        })
        .collect()
}

struct Fold<'l, 'a> {
    lens: &'l Lens<'a>,
    asked: &'l Asked<'l>,
    places: HashMap<&'l str, usize>,
    sets: Vec<&'a TagSet>,
    subjects: Table<Subject, NumberHash>,
    sums: HashMap<Sum, i128, NumberHash>,
}

impl<'l, 'a> Fold<'l, 'a> {
    fn new(lens: &'l Lens<'a>, asked: &'l Asked<'l>) -> Self {
        let codes = asked.scheme.elements.iter().map(|element| &*element.code);
        Self {
            lens,
            asked,
            places: codes.zip(0..).collect(),
            sets: Vec::new(),
            subjects: Table::default(),
            sums: HashMap::default(),
        }
    }

    fn rows(mut self) -> BTreeMap<Key, Amounts> {
        self.collect();
        let cells = self.cells();
        let mut rows: BTreeMap<Key, Amounts> = BTreeMap::new();
        for figure in 0..FIGURES {
            for mut partition in self.partitions(&cells, figure) {
                partition.sort_by_key(|(key, _)| (self.code(key.part), key.year));
                let totals: Vec<&Exact> = partition.iter().map(|(_, total)| total).collect();
                for ((key, _), amount) in partition.iter().zip(round_partition(&totals)) {
                    let Some(parts) = cells.get(key).and_then(|cell| cell.get(figure)) else {
                        continue;
                    };
                    let row = rows.entry(*key).or_default();
                    row.prorated |= parts.iter().any(Exact::is_cut);
                    *row.figure_mut(figure) = divided(parts, amount);
                }
            }
        }
        rows
    }

    /// Sums what is not distinguished first, so that tags and years are worked out once for each of them.
    fn collect(&mut self) {
        let tagged = Tagged::of(self.lens, &self.asked.scheme.list);
        let mut by_facet: HashMap<FacetNo, Option<u32>, NumberHash> = HashMap::default();
        let wanted = [
            &Measure::COMMITTED[..],
            &Measure::DISBURSED,
            &Measure::RECEIVED,
        ]
        .concat();
        let lens = self.lens;
        lens.each_posted(Measures::of(&wanted), |posted| {
            let Some(figure) = self.figure(&posted) else {
                return;
            };
            let facet = posted.series.facet;
            let subject = if let Some(known) = by_facet.get(&facet) {
                *known
            } else {
                let set = tagged.set(posted.facet.entity, posted.facet.line);
                let subject = self.subject(set, posted.facet, &posted.class);
                by_facet.insert(facet, subject);
                subject
            };
            if let Some(subject) = subject {
                let sum = self.sum(subject, figure, &posted);
                *self.sums.entry(sum).or_default() += posted.total.minor_units;
            }
        });
        for (entity, tranches) in tagged.by_tranche() {
            self.move_drawn(&tagged, entity, tranches);
        }
    }

    /// Moves what was paid of an agreement's tagged tranches to the tranches' own sets.
    fn move_drawn(&mut self, tagged: &Tagged<'a>, entity: EntityNo, tranches: &Tranches<'a>) {
        let lens = self.lens;
        let history = lens.facts.histories().entity(entity);
        let Some(history) = history.filter(|_| lens.asks_for(entity)) else {
            return;
        };
        for drawing in history.drawings_at(lens.at, lens.effective()) {
            let mut sets: Vec<&'a TagSet> = Vec::new();
            let mut drawn: Vec<i128> = Vec::new();
            for draw in drawing.draws {
                if let Some(set) = tranches.get(&draw.tranche_id) {
                    sets.push(set);
                    drawn.push(draw.minor_units);
                }
            }
            if sets.is_empty() {
                continue;
            }
            drawn.push(drawing.minor_units - drawn.iter().sum::<i128>());
            for row in lens.facts.columns().of_event(drawing.event_id) {
                self.move_row(tagged, &row, (&sets, &drawn));
            }
        }
    }

    /// Moves the parts of a payment's row to these sets, in proportion; the last part stays where it is.
    fn move_row(
        &mut self,
        tagged: &Tagged<'a>,
        row: &Row,
        (sets, drawn): (&[&'a TagSet], &[i128]),
    ) {
        let Some(posted) = self.lens.posted(row) else {
            return;
        };
        let basis = self.lens.question.basis;
        let counts = basis.counts(posted.series.kind.valued) && self.lens.lets_pass(&posted);
        if !counts || self.figure(&posted) != Some(PAID) {
            return;
        }
        let parts = divide_minor(row.minor_units, drawn).unwrap_or_default();
        let own = tagged.set(posted.facet.entity, posted.facet.line);
        for (&set, part) in sets.iter().zip(parts) {
            let from = self.subject(own, posted.facet, &posted.class);
            let to = self.subject(Some(set), posted.facet, &posted.class);
            for (subject, part) in [(from, -part), (to, part)] {
                if let Some(subject) = subject {
                    let sum = self.sum(subject, PAID, &posted);
                    *self.sums.entry(sum).or_default() += part;
                }
            }
        }
    }

    /// Which figure an amount counts in, if any.
    fn figure(&self, posted: &Posted<'_>) -> Option<usize> {
        let direction = posted.class.direction;
        if self.asked.direction.is_some_and(|asked| asked != direction) {
            return None;
        }
        let measure = posted.series.kind.measure;
        if Measure::COMMITTED.contains(&measure) {
            return Some(COMMITTED);
        }
        let pays = match direction {
            Direction::Outgoing => Measure::DISBURSED.contains(&measure),
            Direction::Incoming => Measure::RECEIVED.contains(&measure),
        };
        pays.then_some(PAID)
    }

    /// What is distinguished of an agreement's or line's money; `None`: it is for other places.
    fn subject(&mut self, set: Option<&'a TagSet>, facet: &Facet, class: &Class) -> Option<u32> {
        let lens = self.lens;
        let place_ppm = match self.asked.places {
            None => WHOLE_PPM,
            Some(places) => lens
                .places(class.dims)
                .into_iter()
                .filter(|(place, _)| places.iter().any(|asked| **asked == *lens.place(*place)))
                .map(|(_, ppm)| ppm)
                .sum(),
        };
        if place_ppm == 0 {
            return None;
        }
        let set = set.map(|set| {
            let known = self.sets.iter().position(|other| std::ptr::eq(*other, set));
            known.unwrap_or_else(|| {
                self.sets.push(set);
                self.sets.len() - 1
            })
        });
        let who = |kept: bool, org: Option<crate::dictionary::OrgNo>| match (kept, org) {
            (false, _) => Who::Anyone,
            (true, None) => Who::Nobody,
            (true, Some(org)) => Who::Org(lens.shown(org)),
        };
        let subject = Subject {
            direction: class.direction,
            agreement: self.asked.by_agreement.then_some(facet.entity),
            donor: who(self.asked.by_donor, class.donor),
            recipient: who(self.asked.by_recipient, class.recipient),
            multi_year: original_term(lens, facet.entity).1 == MultiYear::Yes,
            set,
            place_ppm,
        };
        Some(self.subjects.intern(&subject))
    }

    fn sum(&self, subject: u32, figure: usize, posted: &Posted<'_>) -> Sum {
        let kind = &posted.series.kind;
        let divides_years = self.asked.by_year || self.lens.question.filter.year.is_some();
        Sum {
            subject,
            currency: kind.currency,
            figure,
            basis: kind.basis.filter(|_| self.asked.by_basis),
            when: if divides_years {
                self.lens.when(posted, Dating::For)
            } else {
                When::Any
            },
        }
    }

    fn cells(&self) -> HashMap<Key, Cell> {
        let mut cells: HashMap<Key, Cell> = HashMap::new();
        for (sum, &minor_units) in &self.sums {
            let subject = usize::try_from(sum.subject).ok();
            let Some(subject) = subject.and_then(|at| self.subjects.get(at)) else {
                continue;
            };
            if minor_units == 0 {
                continue;
            }
            for (year, weight) in self.years(sum.when) {
                let key = Key {
                    direction: subject.direction,
                    currency: sum.currency,
                    agreement: subject.agreement,
                    donor: subject.donor,
                    recipient: subject.recipient,
                    part: Part::Untagged,
                    year: year.filter(|_| self.asked.by_year),
                    basis: self.asked.by_basis.then_some(match sum.basis {
                        Some(basis) if sum.figure == COMMITTED => Basis::Share(basis),
                        Some(_) | None => Basis::Actual,
                    }),
                };
                self.spread(subject, |part, ppm, basis| {
                    let cell = cells.entry(Key { part, ..key }).or_default();
                    let place = 2 * basis + usize::from(subject.multi_year);
                    let exact = cell.get_mut(sum.figure).and_then(|row| row.get_mut(place));
                    if let Some(exact) = exact {
                        exact.add(minor_units, weight.split(ppm, subject.place_ppm));
                    }
                });
            }
        }
        cells
    }

    /// The years of an amount that the filter lets pass, unless rows show years and are picked when they are rounded.
    fn years(&self, when: When) -> Vec<(Option<YearNo>, Weight)> {
        if when == When::Any {
            return vec![(None, Weight::ALL)];
        }
        let years = self.lens.years(when).into_iter();
        let asked = &self.lens.question.filter.year;
        let counted = |year: YearNo| {
            let label = || self.lens.label(year);
            self.asked.by_year || asked.as_ref().is_none_or(|asked| *asked == label())
        };
        years
            .filter(|part| counted(part.year))
            .map(|part| (Some(part.year), Weight::ALL.days(part.days, part.of_days)))
            .collect()
    }

    /// Calls `each` with every part that money of a subject is for, its parts per million, and who says so.
    fn spread(&self, subject: &Subject, mut each: impl FnMut(Part, u32, usize)) {
        let set = subject.set.and_then(|at| self.sets.get(at));
        let Some(set) = set else {
            each(Part::Untagged, WHOLE_PPM, 0);
            return;
        };
        let mut left = WHOLE_PPM;
        for tag in &set.tags {
            if let Some(&element) = self.places.get(&*tag.element) {
                left = left.saturating_sub(tag.share_ppm);
                each(
                    Part::Element(element),
                    tag.share_ppm,
                    basis_place(tag.basis),
                );
            }
        }
        if self.asked.scheme.partition {
            if 0 < left {
                each(Part::Untagged, left, 0);
            }
            return;
        }
        let surest = set.tags.iter().map(|tag| tag.basis).min();
        each(Part::AnyTag, WHOLE_PPM, surest.map_or(0, basis_place));
    }

    /// One figure's cells by printed partition: those that agree in every key that an amount has one value of. Years
    /// in which a period is cut by days are one together.
    fn partitions(&self, cells: &HashMap<Key, Cell>, figure: usize) -> Vec<Vec<(Key, Exact)>> {
        let group = |key: &Key| Key {
            part: match key.part {
                Part::Element(element) if !self.asked.scheme.partition => Part::Element(element),
                Part::Element(_) | Part::AnyTag | Part::Untagged => Part::Untagged,
            },
            ..*key
        };
        let mut cut_years: HashSet<Key> = HashSet::new();
        let mut totals: Vec<(Key, Exact)> = Vec::with_capacity(cells.len());
        for (key, cell) in cells {
            let mut total = Exact::default();
            for part in cell.get(figure).into_iter().flatten() {
                total.add_all(part);
            }
            if total.is_cut() {
                cut_years.insert(group(key));
            }
            totals.push((*key, total));
        }
        let mut partitions: HashMap<Key, Vec<(Key, Exact)>> = HashMap::new();
        for (key, total) in totals {
            let own = group(&key);
            let partition = if cut_years.contains(&own) {
                Key { year: None, ..own }
            } else {
                own
            };
            partitions.entry(partition).or_default().push((key, total));
        }
        partitions.into_values().collect()
    }

    /// Ties are broken by code.
    fn code(&self, part: Part) -> &'l str {
        match part {
            Part::Element(element) => self
                .asked
                .scheme
                .elements
                .get(element)
                .map_or("", |element| &*element.code),
            Part::AnyTag => "any_tag",
            Part::Untagged => "untagged",
        }
    }
}

/// A rounded amount in its parts.
fn divided(parts: &[Exact; PARTS], amount: i128) -> Figure {
    let exact: Vec<&Exact> = parts.iter().collect();
    let mut figure = Figure {
        amount,
        ..Figure::default()
    };
    for (place, part) in round_to(&exact, amount).into_iter().enumerate() {
        if place % 2 == 1 {
            figure.multi_year += part;
        }
        if let Some(sum) = figure.by_basis.get_mut(place / 2) {
            *sum += part;
        }
    }
    figure
}

const fn basis_place(basis: TagBasis) -> usize {
    match basis {
        TagBasis::Declared => 0,
        TagBasis::Mapped => 1,
        TagBasis::Inferred => 2,
    }
}
