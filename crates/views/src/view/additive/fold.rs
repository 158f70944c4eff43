use std::collections::{BTreeMap, HashMap, HashSet};

use perennial_domain::agreement::Firmness;
use perennial_domain::classification::{Pillar, WHOLE_PPM};
use perennial_domain::log::EventId;

use crate::cube::Class;
use crate::day::Day;
use crate::dictionary::{EntityNo, FacetNo, KindNo, SeriesKind, Table};
use crate::exact::{Exact, Weight, round_partition};
use crate::history::DueElsewhere;
use crate::lens::{Dating, Lens, Posted, When};
use crate::numbers::NumberHash;
use crate::posting::{Measure, Measures};
use crate::question::Dimension;
use crate::view::additive::parts::{Keys, Part, Subject};
use crate::view::additive::{Basis, CellKey, Contribution, Declaration, Figure, Firm, Place, Who};
use crate::years::YearNo;

/// An additive view's fold over one question.
#[derive(Debug)]
pub struct Fold<'l, 'a> {
    lens: &'l Lens<'a>,
    declaration: Declaration,
    /// The keys that rows keep.
    kept: Keys,
    /// The keys that amounts are divided by: those kept, and those that a filter asks for.
    divided: Keys,
    /// By measure: the figures that sum it.
    figures: Vec<Vec<usize>>,
}

type Cells = HashMap<CellKey, Vec<Exact>, NumberHash>;

/// One row's figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldRow {
    /// In the order of the declaration, rounded.
    pub figures: Vec<i128>,
    /// Whether a period that crosses a year boundary was cut by days for any of them.
    pub prorated: bool,
}

impl<'l, 'a> Fold<'l, 'a> {
    /// Prepares the fold of `declaration` over the lens's question.
    pub fn new(lens: &'l Lens<'a>, declaration: Declaration) -> Self {
        let asked = lens.question.group_by.as_deref();
        let keys = declaration.keys.iter().copied();
        let kept = Keys::of(keys.filter(|key| asked.is_none_or(|asked| asked.contains(key))));
        let filter = &lens.question.filter;
        let filtered = [
            (Dimension::Country, filter.country.is_some()),
            (Dimension::Year, filter.year.is_some()),
            (Dimension::Pillar, filter.pillar.is_some()),
        ];
        let filtered = filtered.into_iter().filter(|(_, asked)| *asked);
        let divided = Keys(kept.0 | Keys::of(filtered.map(|(key, _)| key)).0);
        let figures = Measure::ALL
            .iter()
            .map(|measure| {
                let summing = declaration.figures.iter().enumerate();
                summing
                    .filter(|(_, figure)| figure.measures.contains(measure))
                    .map(|(at, _)| at)
                    .collect()
            })
            .collect();
        Self {
            lens,
            declaration,
            kept,
            divided,
            figures,
        }
    }

    /// The rounded figures by key, ascending; rows without any amount are left out.
    pub fn rows(&self) -> BTreeMap<CellKey, FoldRow> {
        let cells = self.cells();
        let mut rows: BTreeMap<CellKey, FoldRow> = cells
            .iter()
            .map(|(key, sums)| {
                let row = FoldRow {
                    figures: sums
                        .iter()
                        .map(|sum| sum.whole().unwrap_or_default())
                        .collect(),
                    prorated: sums.iter().any(Exact::is_cut),
                };
                (*key, row)
            })
            .collect();
        for at in 0..self.declaration.figures.len() {
            for mut partition in partitions(&cells, at) {
                partition.sort_by_key(|(key, _)| self.code(key));
                let sums: Vec<&Exact> = partition.iter().map(|(_, sum)| *sum).collect();
                for ((key, _), rounded) in partition.iter().zip(round_partition(&sums)) {
                    let figures = rows.get_mut(key).map(|row| &mut row.figures);
                    if let Some(figure) = figures.and_then(|figures| figures.get_mut(at)) {
                        *figure = rounded;
                    }
                }
            }
        }
        rows.retain(|key, row| self.shown(key) && row.figures.iter().any(|&figure| figure != 0));
        rows
    }

    /// Ties are broken by code; a pillar's code is its word.
    fn code(&self, key: &CellKey) -> (Option<&'a str>, Option<YearNo>, &'static str) {
        (
            key.country.map(|place| self.lens.place(place.number())),
            key.year,
            key.pillar.map_or("", Pillar::name),
        )
    }

    fn cells(&self) -> Cells {
        let (subjects, parts) = self.parts();
        let figures = self.declaration.figures.len();
        let mut cells = Cells::default();
        for (part, minor_units) in parts {
            let subject = usize::try_from(part.subject).ok();
            let Some(subject) = subject.and_then(|index| subjects.get(index)) else {
                continue;
            };
            if minor_units == 0 {
                continue;
            }
            self.spread(subject, &part, |figure, key, weight| {
                let row = cells
                    .entry(key)
                    .or_insert_with(|| vec![Exact::default(); figures]);
                if let Some(sum) = row.get_mut(figure) {
                    sum.add(minor_units, weight);
                }
            });
        }
        cells
    }

    /// First sums what this fold does not distinguish, so that splits and years are worked out once for each part.
    fn parts(&self) -> (Table<Subject, NumberHash>, HashMap<Part, i128, NumberHash>) {
        let (mut subjects, mut parts) = self.posted_parts();
        self.each_due_elsewhere(|_, subject, part, due| {
            let subject = subjects.intern(subject);
            *parts.entry(Part { subject, ..part }).or_default() += due.minor_units;
        });
        (subjects, parts)
    }

    /// The parts as postings say when they count.
    fn posted_parts(&self) -> (Table<Subject, NumberHash>, HashMap<Part, i128, NumberHash>) {
        let mut subjects: Table<Subject, NumberHash> = Table::default();
        let mut parts: HashMap<Part, i128, NumberHash> = HashMap::default();
        let wanted = self.wanted();
        if self.kept.has(Dimension::Agreement) || self.lens.asks_for_agreements() {
            // Rows of one agreement stand together, so the last subject is mostly the next one too.
            let mut last: Option<(FacetNo, u32)> = None;
            self.lens.each_posted(wanted, |posted| {
                let facet = posted.series.facet;
                let subject = match last {
                    Some((known, subject)) if known == facet => subject,
                    _ => subjects.intern(&self.subject(Some(posted.facet.entity), &posted.class)),
                };
                last = Some((facet, subject));
                let part = self.part(subject, &posted.series.kind, self.when(&posted));
                *parts.entry(part).or_default() += posted.total.minor_units;
            });
            return (subjects, parts);
        }
        if self.divided.has(Dimension::Year) {
            self.lens.each_told_by_row(wanted, Dating::For, |posted| {
                let subject = subjects.intern(&self.subject(None, &posted.class));
                let part = self.part(subject, &posted.series.kind, self.when(&posted));
                *parts.entry(part).or_default() += posted.total.minor_units;
            });
        }
        let mut by_class: Vec<Option<u32>> = vec![None; self.lens.facts.cube().classes()];
        for (cell, total) in self.lens.cells().iter() {
            if !self.sums(cell.kind.measure) {
                continue;
            }
            let class = self.lens.passing(cell.class, cell.kind.currency);
            let (Some(class), Some(when)) = (class, self.when_of(&cell.kind)) else {
                continue;
            };
            let Some(known) = by_class.get_mut(cell.class.index()) else {
                continue;
            };
            let subject = *known.get_or_insert_with(|| subjects.intern(&self.subject(None, class)));
            let part = self.part(subject, &cell.kind, when);
            *parts.entry(part).or_default() += total.minor_units;
        }
        self.lens
            .each_reclassified(|of_cell, reads_as, kind, total| {
                let when = self.when_of(kind).filter(|_| self.sums(kind.measure));
                let Some(when) = when else {
                    return;
                };
                for (class, sign) in [(of_cell, -1), (reads_as, 1)] {
                    let subject = subjects.intern(&self.subject(None, class));
                    let part = self.part(subject, kind, when);
                    *parts.entry(part).or_default() += sign * total.minor_units;
                }
            });
        (subjects, parts)
    }

    /// Calls `each` with what schedules owe in other years than their postings say. Without years nothing moves.
    fn each_due_elsewhere(&self, mut each: impl FnMut(EntityNo, &Subject, Part, &DueElsewhere)) {
        if !self.sums(Measure::Scheduled) || !self.divided.has(Dimension::Year) {
            return;
        }
        self.lens
            .each_due_elsewhere(|entity, class, currency, due| {
                let by_firmness = self.kept.has(Dimension::Firmness);
                let part = Part {
                    subject: 0,
                    measure: Measure::Scheduled,
                    currency,
                    basis: None,
                    firmness: by_firmness.then_some(Firmness::Firm),
                    when: self.lens.on_day(due.due_on),
                };
                each(entity, &self.subject(Some(entity), class), part, due);
            });
    }

    /// The measures of the figures.
    fn wanted(&self) -> Measures {
        let figures = self.declaration.figures.iter();
        let measures: Vec<Measure> = figures
            .flat_map(|figure| figure.measures)
            .copied()
            .collect();
        Measures::of(&measures)
    }

    /// When an amount counts, as far as the fold divides by years.
    fn when(&self, posted: &Posted<'_>) -> When {
        if self.divided.has(Dimension::Year) {
            return self.lens.when(posted, Dating::For);
        }
        When::Any
    }

    /// The same of a whole series; `None` where only its rows tell.
    fn when_of(&self, kind: &SeriesKind) -> Option<When> {
        if self.divided.has(Dimension::Year) {
            return self.lens.when_of(kind, Dating::For);
        }
        Some(When::Any)
    }

    fn sums(&self, measure: Measure) -> bool {
        let figures = self.figures.get(measure.index());
        figures.is_some_and(|figures| !figures.is_empty())
    }

    fn subject(&self, entity: Option<EntityNo>, class: &Class) -> Subject {
        let by_dims = self.divided.has(Dimension::Country) || self.divided.has(Dimension::Pillar);
        Subject {
            direction: class.direction,
            agreement: entity.filter(|_| self.kept.has(Dimension::Agreement)),
            donor: Who::of(
                self.kept.has(Dimension::Donor),
                class.donor.map(|org| self.lens.shown(org)),
            ),
            recipient: Who::of(
                self.kept.has(Dimension::Recipient),
                class.recipient.map(|org| self.lens.shown(org)),
            ),
            dims: class.dims.filter(|_| by_dims),
            pillar: class.pillar.filter(|_| self.divided.has(Dimension::Pillar)),
        }
    }

    fn part(&self, subject: u32, series: &SeriesKind, when: When) -> Part {
        let by_basis = self.kept.has(Dimension::YearBasis);
        let by_firmness = self.kept.has(Dimension::Firmness);
        Part {
            subject,
            measure: series.measure,
            currency: series.currency,
            basis: series.basis.filter(|_| by_basis),
            firmness: Some(series.firmness).filter(|_| by_firmness),
            when,
        }
    }

    /// The entries behind one figure, in order of recording. `matches` picks the cells that the figure sums.
    pub fn contributions(
        &self,
        figure: &str,
        matches: impl Fn(&CellKey) -> bool,
    ) -> Vec<Contribution> {
        let mut known: HashMap<(FacetNo, KindNo, When), Vec<Weight>, NumberHash> =
            HashMap::default();
        let cut = self.lens.effective().map(Day::of);
        let mut contributions = Vec::new();
        for block in self.lens.facts.columns().blocks_until(self.lens.at) {
            let rows = block.rows();
            for (position, row) in rows.take_while(|(position, _)| *position <= self.lens.at) {
                let posted = self.lens.posted(&row);
                let basis = self.lens.question.basis;
                let posted = posted.filter(|posted| basis.counts(posted.series.kind.valued));
                let asked = |posted: &Posted<'_>| self.lens.asks_for(posted.facet.entity);
                let posted = posted.filter(asked);
                let Some(posted) = posted.filter(|posted| self.lens.lets_pass(posted)) else {
                    continue;
                };
                if cut.is_some_and(|cut| cut < row.day) {
                    continue;
                }
                let weights = known
                    .entry((row.facet, row.kind, self.when(&posted)))
                    .or_insert_with(|| {
                        let part = self.part(0, &posted.series.kind, self.when(&posted));
                        let entity = Some(posted.facet.entity);
                        let subject = self.subject(entity, &posted.class);
                        self.weights(&subject, &part, figure, &matches)
                    });
                contributions.extend(weights.iter().map(|&weight| Contribution {
                    event_id: EventId {
                        position,
                        index: row.index,
                    },
                    entity: posted.facet.entity,
                    effective_on: row.day.date(),
                    minor_units: row.minor_units,
                    weight,
                }));
            }
        }
        contributions.extend(self.contributed_elsewhere(figure, matches));
        contributions.sort_by_key(|contribution| contribution.event_id);
        contributions
    }

    /// What schedules owe in other years than their postings say, as entries behind one figure.
    fn contributed_elsewhere(
        &self,
        figure: &str,
        matches: impl Fn(&CellKey) -> bool,
    ) -> Vec<Contribution> {
        let mut contributions = Vec::new();
        self.each_due_elsewhere(|entity, subject, part, due| {
            let weights = self.weights(subject, &part, figure, &matches);
            contributions.extend(weights.into_iter().map(|weight| Contribution {
                event_id: due.event_id,
                entity,
                effective_on: due.effective_on,
                minor_units: due.minor_units,
                weight,
            }));
        });
        contributions
    }

    /// Under which weights a part counts in one figure of the cells that `matches` picks.
    fn weights(
        &self,
        subject: &Subject,
        part: &Part,
        figure: &str,
        matches: impl Fn(&CellKey) -> bool,
    ) -> Vec<Weight> {
        let mut weights = Vec::new();
        self.spread(subject, part, |at, key, weight| {
            let named = self.declaration.figures.get(at);
            if named.is_some_and(|named| named.name == figure) && matches(&key) {
                weights.push(weight);
            }
        });
        weights
    }

    /// Calls `each` with every figure, key and weight that a part counts under.
    fn spread(&self, subject: &Subject, part: &Part, mut each: impl FnMut(usize, CellKey, Weight)) {
        let Some(figures) = self.figures.get(part.measure.index()) else {
            return;
        };
        let years = self.lens.years(part.when).into_iter();
        let years: Vec<(YearNo, Weight)> = years
            .map(|part| (part.year, Weight::ALL.days(part.days, part.of_days)))
            .collect();
        for &at in figures {
            let Some(figure) = self.declaration.figures.get(at) else {
                continue;
            };
            if !figure.has_donor && self.lens.question.filter.donor.is_some() {
                continue;
            }
            let key = self.key(subject, part, figure);
            self.spread_years(key, &years, |key, weight| {
                self.spread_line(subject, key, weight, |key, weight| {
                    if self.counted(&key) {
                        each(at, self.keep(key), weight);
                    }
                });
            });
        }
    }

    fn key(&self, subject: &Subject, part: &Part, figure: &Figure) -> CellKey {
        let basis = match part.basis {
            Some(basis) if figure.committed => Basis::Share(basis),
            Some(_) | None => Basis::Actual,
        };
        let firmness = match part.firmness {
            Some(firmness) if figure.committed => Firm::Share(firmness),
            Some(_) | None => Firm::Actual,
        };
        let donor = match subject.donor {
            Who::Anyone => Who::Anyone,
            Who::Nobody | Who::Org(_) if !figure.has_donor => Who::Nobody,
            Who::Nobody | Who::Org(_) => subject.donor,
        };
        CellKey {
            direction: subject.direction,
            currency: part.currency,
            agreement: subject.agreement,
            donor,
            recipient: subject.recipient,
            basis: self.kept.has(Dimension::YearBasis).then_some(basis),
            firmness: self.kept.has(Dimension::Firmness).then_some(firmness),
            country: None,
            year: None,
            pillar: None,
        }
    }

    fn spread_years(
        &self,
        key: CellKey,
        years: &[(YearNo, Weight)],
        mut each: impl FnMut(CellKey, Weight),
    ) {
        if !self.divided.has(Dimension::Year) {
            each(key, Weight::ALL);
            return;
        }
        for &(year, weight) in years {
            let year = Some(year);
            each(CellKey { year, ..key }, weight);
        }
    }

    fn spread_line(
        &self,
        subject: &Subject,
        key: CellKey,
        weight: Weight,
        mut each: impl FnMut(CellKey, Weight),
    ) {
        let places = if self.divided.has(Dimension::Country) {
            let places = self.lens.places(subject.dims).into_iter();
            places
                .map(|(place, ppm)| (Some(Place::of(place)), ppm))
                .collect()
        } else {
            vec![(None, WHOLE_PPM)]
        };
        let pillars = match (self.divided.has(Dimension::Pillar), subject.pillar) {
            (false, _) => vec![(None, WHOLE_PPM)],
            (true, Some(pillar)) => vec![(Some(pillar), WHOLE_PPM)],
            (true, None) => {
                let pillars = self.lens.pillars(subject.dims).into_iter();
                pillars.map(|(pillar, ppm)| (Some(pillar), ppm)).collect()
            }
        };
        for &(country, place_ppm) in &places {
            for &(pillar, pillar_ppm) in &pillars {
                let key = CellKey {
                    country,
                    pillar,
                    ..key
                };
                each(key, weight.split(place_ppm, pillar_ppm));
            }
        }
    }

    /// Whether a part passes the filters on keys that rows do not keep: it must not reach the sum.
    fn counted(&self, key: &CellKey) -> bool {
        self.passes(key, |dimension| !self.kept.has(dimension))
    }

    /// Whether a row passes the filters on keys that it keeps: rounded with its partition, then picked, so that a
    /// filter changes no figure.
    fn shown(&self, key: &CellKey) -> bool {
        self.passes(key, |dimension| self.kept.has(dimension))
    }

    fn passes(&self, key: &CellKey, looks: impl Fn(Dimension) -> bool) -> bool {
        let filter = &self.lens.question.filter;
        let country = || {
            let place = key.country?;
            Some(self.lens.place(place.number()).to_owned())
        };
        let year = || key.year.map(|year| self.lens.label(year).to_owned());
        let pillar = || key.pillar.map(|pillar| pillar.name().to_owned());
        // The words are made only where a filter asks for them.
        let holds = |dimension, asked: &Option<String>, is: &dyn Fn() -> Option<String>| {
            asked.is_none() || !looks(dimension) || *asked == is()
        };
        holds(Dimension::Country, &filter.country, &country)
            && holds(Dimension::Year, &filter.year, &year)
            && holds(Dimension::Pillar, &filter.pillar, &pillar)
    }

    /// Drops the parts of a key that were only looked at for a filter.
    fn keep(&self, key: CellKey) -> CellKey {
        CellKey {
            country: key.country.filter(|_| self.kept.has(Dimension::Country)),
            year: key.year.filter(|_| self.kept.has(Dimension::Year)),
            pillar: key.pillar.filter(|_| self.kept.has(Dimension::Pillar)),
            ..key
        }
    }
}

/// One figure's cells by printed partition (ADR-0001): the cells that agree in every key that an amount has one value
/// of. An amount has several countries and pillars. It has several years where its period is cut by days: the years
/// in which that happens are one partition, every other year is one of its own. Whole sums are left out: they have no
/// remainder, so they never get a unit.
fn partitions(cells: &Cells, at: usize) -> Vec<Vec<(CellKey, &Exact)>> {
    let mut cut_years: HashSet<CellKey, NumberHash> = HashSet::default();
    let of_year = |key: &CellKey| CellKey {
        country: None,
        pillar: None,
        ..*key
    };
    for (key, sums) in cells {
        if sums.get(at).is_some_and(Exact::is_cut) {
            cut_years.insert(of_year(key));
        }
    }
    let mut partitions: HashMap<CellKey, Vec<(CellKey, &Exact)>, NumberHash> = HashMap::default();
    for (key, sums) in cells {
        let Some(sum) = sums.get(at).filter(|sum| sum.whole().is_none()) else {
            continue;
        };
        let year = of_year(key);
        let partition = if cut_years.contains(&year) {
            CellKey { year: None, ..year }
        } else {
            year
        };
        partitions.entry(partition).or_default().push((*key, sum));
    }
    partitions.into_values().collect()
}
