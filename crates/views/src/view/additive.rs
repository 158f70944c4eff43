//! Views whose every figure is a sum of weighted postings: one fold, and the entries behind each figure.

use std::collections::{BTreeMap, HashMap};

use perennial_domain::Date;
use perennial_domain::agreement::YearBasis;
use perennial_domain::classification::Pillar;
use perennial_domain::log::EventId;
use perennial_domain::money::Currency;
use perennial_domain::period::FiscalYear;

use crate::day::Day;
use crate::dictionary::{EntityNo, OrgNo, Series, SeriesNo};
use crate::exact::{Exact, Weight, round_partition};
use crate::lens::{FacetRead, Lens, PlaceNo, Years};
use crate::numbers::NumberHash;
use crate::posting::{Direction, Measure};
use crate::question::Dimension;
use crate::rows::Party;

/// The largest number of figures in one declaration.
pub const FIGURES_MAX: usize = 8;

/// One figure of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its name in rows.
    pub name: &'static str,
    /// The measures that it sums.
    pub measures: &'static [Measure],
    /// Whether it is by the period of a commitment, so that its basis says how it came to its year. The others
    /// have the basis `actual`.
    pub committed: bool,
    /// Whether it has a donor. Expenditure has none (SEMANTICS.md 1).
    pub has_donor: bool,
}

/// What an additive view shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// Its figures, at most [`FIGURES_MAX`].
    pub figures: &'static [Figure],
    /// Its keys, in order.
    pub keys: &'static [Dimension],
}

/// How an amount came to its year, as rows show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// A commitment's share.
    Share(YearBasis),
    /// Cash, schedules and plans: by their own date or period.
    Actual,
}

impl Basis {
    /// The word in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Share(basis) => basis.name(),
            Self::Actual => "actual",
        }
    }
}

/// A party in a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// Grouped away.
    Anyone,
    /// The amount has none.
    Nobody,
    /// This one.
    Org(OrgNo),
}

impl Who {
    fn of(kept: bool, org: Option<OrgNo>) -> Self {
        match (kept, org) {
            (false, _) => Self::Anyone,
            (true, None) => Self::Nobody,
            (true, Some(org)) => Self::Org(org),
        }
    }

    /// In words, as known in the lens's question; `None` if grouped away.
    pub fn words(self, lens: &Lens<'_>) -> Option<Party> {
        match self {
            Self::Anyone => None,
            Self::Nobody => Some(Party::default()),
            Self::Org(org) => Some(party(lens, Some(org))),
        }
    }
}

/// What one amount is summed under. `None`: grouped away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellKey {
    /// Always kept.
    pub direction: Direction,
    /// Always kept.
    pub currency: Currency,
    /// The agreement.
    pub agreement: Option<EntityNo>,
    /// The donor.
    pub donor: Who,
    /// The recipient.
    pub recipient: Who,
    /// The basis.
    pub basis: Option<Basis>,
    /// The place.
    pub country: Option<PlaceNo>,
    /// The year.
    pub year: Option<FiscalYear>,
    /// The pillar.
    pub pillar: Option<Pillar>,
}

impl CellKey {
    /// Ties are broken by code; a pillar's code is its word.
    fn code(&self) -> (Option<PlaceNo>, Option<FiscalYear>, &'static str) {
        (
            self.country,
            self.year,
            self.pillar.map_or("", Pillar::name),
        )
    }

    /// The printed partition that a cell is rounded in: cells that agree in all that an amount has one value of
    /// (ADR-0001). An amount has several countries and pillars and, where a period is cut by days, several years.
    fn partition(&self, figure: &Figure) -> Self {
        let several_years = match self.basis {
            Some(Basis::Share(YearBasis::Prorated)) | None => true,
            Some(Basis::Share(_)) => false,
            Some(Basis::Actual) => figure.measures.contains(&Measure::Expended),
        };
        Self {
            country: None,
            pillar: None,
            year: if several_years { None } else { self.year },
            ..*self
        }
    }
}

/// An entry behind a figure. The weighted amounts of all of them sum to the figure before rounding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// The event.
    pub event_id: EventId,
    /// Its stream.
    pub entity: EntityNo,
    /// When its amount is true in the world.
    pub effective_on: Date,
    /// The whole amount, in minor units.
    pub minor_units: i128,
    /// The part of it that counts here.
    pub weight: Weight,
}

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

/// A set of keys, one bit each.
#[derive(Clone, Copy, Debug, Default)]
struct Keys(u16);

impl Keys {
    const fn bit(dimension: Dimension) -> u16 {
        1 << (dimension as u16)
    }

    fn of(dimensions: impl Iterator<Item = Dimension>) -> Self {
        Self(dimensions.fold(0, |bits, dimension| bits | Self::bit(dimension)))
    }

    const fn has(self, dimension: Dimension) -> bool {
        self.0 & Self::bit(dimension) != 0
    }
}

type Cells = HashMap<CellKey, Vec<Exact>, NumberHash>;

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
    pub fn rows(&self) -> BTreeMap<CellKey, Vec<i128>> {
        let cells = self.cells();
        let mut rows: BTreeMap<CellKey, Vec<i128>> = BTreeMap::new();
        for (at, figure) in self.declaration.figures.iter().enumerate() {
            let mut partitions: HashMap<CellKey, Vec<(CellKey, &Exact)>, NumberHash> =
                HashMap::default();
            for (key, sums) in &cells {
                if let Some(sum) = sums.get(at) {
                    let partition = partitions.entry(key.partition(figure)).or_default();
                    partition.push((*key, sum));
                }
            }
            for mut partition in partitions.into_values() {
                partition.sort_by_key(|(key, _)| key.code());
                let sums: Vec<&Exact> = partition.iter().map(|(_, sum)| *sum).collect();
                for ((key, _), rounded) in partition.iter().zip(round_partition(&sums)) {
                    let row = rows
                        .entry(*key)
                        .or_insert_with(|| vec![0; self.declaration.figures.len()]);
                    if let Some(figure) = row.get_mut(at) {
                        *figure = rounded;
                    }
                }
            }
        }
        rows.retain(|key, figures| self.shown(key) && figures.iter().any(|&figure| figure != 0));
        rows
    }

    fn cells(&self) -> Cells {
        let sums = self.lens.sums();
        let series = self.lens.facts.dictionary().series.items();
        let figures = self.declaration.figures.len();
        let mut cells = Cells::default();
        for (_, series, total) in sums.series(series) {
            if total.minor_units == 0 {
                continue;
            }
            self.spread(series, |figure, key, weight| {
                let row = cells
                    .entry(key)
                    .or_insert_with(|| vec![Exact::default(); figures]);
                if let Some(sum) = row.get_mut(figure) {
                    sum.add(total.minor_units, weight);
                }
            });
        }
        cells
    }

    /// The entries behind one figure, in order of recording. `matches` picks the cells that the figure sums.
    pub fn contributions(
        &self,
        figure: &str,
        matches: impl Fn(&CellKey) -> bool,
    ) -> Vec<Contribution> {
        let mut weights: HashMap<SeriesNo, Vec<Weight>, NumberHash> = HashMap::default();
        let series = self.lens.facts.dictionary().series.items();
        for (number, series) in (0_u32..).map(SeriesNo).zip(series) {
            self.spread(series, |at, key, weight| {
                let named = self.declaration.figures.get(at);
                if named.is_some_and(|named| named.name == figure) && matches(&key) {
                    weights.entry(number).or_default().push(weight);
                }
            });
        }
        let cut = self.lens.effective().map(Day::of);
        let mut contributions = Vec::new();
        let blocks = self.lens.facts.columns().blocks();
        let rows = blocks.flat_map(crate::columns::Block::rows);
        for (position, row) in rows.take_while(|(position, _)| *position <= self.lens.at) {
            if cut.is_some_and(|cut| cut < row.day) {
                continue;
            }
            let Some(weights) = weights.get(&row.series) else {
                continue;
            };
            let dictionary = self.lens.facts.dictionary();
            let facet = dictionary
                .series
                .get(row.series.index())
                .and_then(|series| dictionary.facets.get(series.facet.index()));
            let Some(facet) = facet else {
                continue;
            };
            contributions.extend(weights.iter().map(|&weight| Contribution {
                event_id: EventId {
                    position,
                    index: row.index,
                },
                entity: facet.entity,
                effective_on: row.day.date(),
                minor_units: row.minor_units,
                weight,
            }));
        }
        contributions
    }

    /// Calls `each` with every figure, key and weight that a series' amounts count under.
    fn spread(&self, series: &Series, mut each: impl FnMut(usize, CellKey, Weight)) {
        let Some(figures) = self.figures.get(series.measure.index()) else {
            return;
        };
        if figures.is_empty() {
            return;
        }
        let Some(facet) = self.lens.facet(series) else {
            return;
        };
        for &at in figures {
            let Some(figure) = self.declaration.figures.get(at) else {
                continue;
            };
            if !figure.has_donor && self.lens.question.filter.donor.is_some() {
                continue;
            }
            self.spread_years(series, facet, figure, |key, weight| {
                self.spread_line(facet, key, weight, |key, weight| {
                    if self.counted(&key) {
                        each(at, self.kept(key), weight);
                    }
                });
            });
        }
    }

    fn spread_years(
        &self,
        series: &Series,
        facet: &FacetRead,
        figure: &Figure,
        mut each: impl FnMut(CellKey, Weight),
    ) {
        let years = self.lens.years(series);
        let basis = match series.basis {
            Some(basis) if figure.committed => Basis::Share(years.basis(basis)),
            Some(_) | None => Basis::Actual,
        };
        let donor = if figure.has_donor { facet.donor } else { None };
        let key = CellKey {
            direction: facet.direction,
            currency: series.currency,
            agreement: self.kept.has(Dimension::Agreement).then_some(facet.entity),
            donor: Who::of(self.kept.has(Dimension::Donor), donor),
            recipient: Who::of(self.kept.has(Dimension::Recipient), facet.recipient),
            basis: self.kept.has(Dimension::YearBasis).then_some(basis),
            country: None,
            year: None,
            pillar: None,
        };
        if !self.divided.has(Dimension::Year) {
            each(key, Weight::ALL);
            return;
        }
        let mut in_year = |year, weight| {
            let year = Some(year);
            each(CellKey { year, ..key }, weight);
        };
        match years {
            Years::One(year) => in_year(year, Weight::ALL),
            Years::Cut(read) => {
                for &(year, days) in &read.years {
                    in_year(year, Weight::ALL.days(days, read.days));
                }
            }
        }
    }

    fn spread_line(
        &self,
        facet: &FacetRead,
        key: CellKey,
        weight: Weight,
        mut each: impl FnMut(CellKey, Weight),
    ) {
        let whole = perennial_domain::classification::WHOLE_PPM;
        let dims = self.lens.dims(facet);
        let declared = facet.pillar.map(|pillar| [(pillar, whole)]);
        let pillars = declared.as_ref().map_or(dims.pillars.as_slice(), |one| one);
        let mut by_pillar = |key: CellKey, place_ppm: u32| {
            if !self.divided.has(Dimension::Pillar) {
                each(key, weight.split(place_ppm, whole));
                return;
            }
            for &(pillar, ppm) in pillars {
                let key = CellKey {
                    pillar: Some(pillar),
                    ..key
                };
                each(key, weight.split(place_ppm, ppm));
            }
        };
        if !self.divided.has(Dimension::Country) {
            by_pillar(key, whole);
            return;
        }
        for &(place, ppm) in &dims.places {
            by_pillar(
                CellKey {
                    country: Some(place),
                    ..key
                },
                ppm,
            );
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
        let country = || key.country.map(|place| self.lens.place(place).to_owned());
        let year = || key.year.map(FiscalYear::label);
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
    fn kept(&self, key: CellKey) -> CellKey {
        CellKey {
            country: key.country.filter(|_| self.kept.has(Dimension::Country)),
            year: key.year.filter(|_| self.kept.has(Dimension::Year)),
            pillar: key.pillar.filter(|_| self.kept.has(Dimension::Pillar)),
            ..key
        }
    }
}

/// An organisation in words, as known in the lens's question.
pub fn party(lens: &Lens<'_>, org: Option<OrgNo>) -> Party {
    let Some(org) = org else {
        return Party::default();
    };
    let dictionary = lens.facts.dictionary();
    let (id, name) = dictionary.org_words(dictionary.identity(org), lens.at);
    Party {
        id: id.to_owned(),
        name: name.to_owned(),
    }
}
