//! Views whose every figure is a sum of weighted postings: one fold, and the entries behind each figure.

use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};

use perennial_domain::Date;
use perennial_domain::agreement::YearBasis;
use perennial_domain::classification::{Pillar, WHOLE_PPM};
use perennial_domain::log::EventId;
use perennial_domain::money::Currency;
use perennial_domain::period::FiscalYear;

use crate::columns::{Block, Total};
use crate::cube::Class;
use crate::day::{Day, Month};
use crate::dictionary::{EntityNo, FacetNo, OrgNo, PeriodNo, SeriesKind, SeriesNo, Table};
use crate::exact::{Exact, Weight, round_partition};
use crate::history::{DimsNo, PlaceNo};
use crate::lens::Lens;
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

/// A place in a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Not said.
    Unspecified,
    /// This one.
    Known(PlaceNo),
}

impl Place {
    fn of(place: Option<PlaceNo>) -> Self {
        place.map_or(Self::Unspecified, Self::Known)
    }

    /// Its number, if it has one.
    pub const fn number(self) -> Option<PlaceNo> {
        match self {
            Self::Unspecified => None,
            Self::Known(place) => Some(place),
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
    pub country: Option<Place>,
    /// The year.
    pub year: Option<FiscalYear>,
    /// The pillar.
    pub pillar: Option<Pillar>,
}

impl CellKey {
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

/// What a fold still distinguishes of an agreement and class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Subject {
    direction: Direction,
    agreement: Option<EntityNo>,
    donor: Who,
    recipient: Who,
    dims: Option<DimsNo>,
    pillar: Option<Pillar>,
}

/// When an amount is, as far as a fold still distinguishes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Any,
    Month(Month),
    Period(PeriodNo),
}

/// Everything that a fold still distinguishes of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    subject: u32,
    measure: Measure,
    currency: Currency,
    basis: Option<YearBasis>,
    when: When,
}

impl Hash for Part {
    /// Two numbers instead of a dozen: this is hashed once for each cell or row of a question.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (kind, when) = match self.when {
            When::Any => (0_u64, 0),
            When::Month(Month(month)) => (1, u64::from(month)),
            When::Period(PeriodNo(period)) => (2, u64::from(period)),
        };
        let basis = self.basis.map_or(0, |basis| 1 + basis as u64);
        let mut currency = 0_u64;
        for byte in self.currency.code().bytes() {
            currency = currency << 8 | u64::from(byte);
        }
        state.write_u64(u64::from(self.subject) << 32 | when);
        state.write_u64(currency << 24 | u64::from(self.measure.code()) << 16 | basis << 8 | kind);
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
                partition.sort_by_key(|(key, _)| self.code(key));
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

    /// Ties are broken by code; a pillar's code is its word.
    fn code(&self, key: &CellKey) -> (Option<&'a str>, Option<FiscalYear>, &'static str) {
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
        let mut subjects: Table<Subject, NumberHash> = Table::default();
        let mut parts: HashMap<Part, i128, NumberHash> = HashMap::default();
        if self.kept.has(Dimension::Agreement) || self.lens.asks_for_agreements() {
            // Rows of one agreement stand together, so the last subject is mostly the next one too.
            let mut last: Option<(FacetNo, u32)> = None;
            self.lens.each_posted(|posted| {
                if self.sums(posted.series.kind.measure) {
                    let facet = posted.series.facet;
                    let subject = match last {
                        Some((known, subject)) if known == facet => subject,
                        _ => {
                            subjects.intern(&self.subject(Some(posted.facet.entity), posted.class))
                        }
                    };
                    last = Some((facet, subject));
                    let part = self.part(subject, &posted.series.kind);
                    *parts.entry(part).or_default() += posted.total.minor_units;
                }
            });
            return (subjects, parts);
        }
        let mut by_class: Vec<Option<u32>> = vec![None; self.lens.facts.cube().classes()];
        for (cell, total) in self.lens.cells().iter() {
            if !self.sums(cell.kind.measure) {
                continue;
            }
            let Some(class) = self.lens.passing(cell.class, cell.kind.currency) else {
                continue;
            };
            let Some(known) = by_class.get_mut(cell.class.index()) else {
                continue;
            };
            let subject = *known.get_or_insert_with(|| subjects.intern(&self.subject(None, class)));
            let part = self.part(subject, &cell.kind);
            *parts.entry(part).or_default() += total.minor_units;
        }
        (subjects, parts)
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
            donor: Who::of(self.kept.has(Dimension::Donor), class.donor),
            recipient: Who::of(self.kept.has(Dimension::Recipient), class.recipient),
            dims: class.dims.filter(|_| by_dims),
            pillar: class.pillar.filter(|_| self.divided.has(Dimension::Pillar)),
        }
    }

    fn part(&self, subject: u32, series: &SeriesKind) -> Part {
        let by_basis = self.kept.has(Dimension::YearBasis);
        let by_year = self.divided.has(Dimension::Year);
        Part {
            subject,
            measure: series.measure,
            currency: series.currency,
            basis: series.basis.filter(|_| by_basis),
            when: match series.period {
                Some(period) if by_year || by_basis => When::Period(period),
                None if by_year => When::Month(series.month),
                Some(_) | None => When::Any,
            },
        }
    }

    /// The entries behind one figure, in order of recording. `matches` picks the cells that the figure sums.
    pub fn contributions(
        &self,
        figure: &str,
        matches: impl Fn(&CellKey) -> bool,
    ) -> Vec<Contribution> {
        let mut weights: HashMap<SeriesNo, Vec<Weight>, NumberHash> = HashMap::default();
        let all = self.lens.facts.dictionary().series.items();
        for (number, _) in (0_u32..).map(SeriesNo).zip(all) {
            let Some(posted) = self.lens.posted(number, Total::default()) else {
                continue;
            };
            let part = self.part(0, &posted.series.kind);
            let subject = self.subject(Some(posted.facet.entity), posted.class);
            self.spread(&subject, &part, |at, key, weight| {
                let named = self.declaration.figures.get(at);
                if named.is_some_and(|named| named.name == figure) && matches(&key) {
                    weights.entry(number).or_default().push(weight);
                }
            });
        }
        let cut = self.lens.effective().map(Day::of);
        let mut contributions = Vec::new();
        let blocks = self.lens.facts.columns().blocks_until(self.lens.at);
        let rows = blocks.flat_map(Block::rows);
        for (position, row) in rows.take_while(|(position, _)| *position <= self.lens.at) {
            let Some(weights) = weights.get(&row.series) else {
                continue;
            };
            let posted = self.lens.posted(row.series, Total::default());
            let Some(posted) = posted.filter(|posted| self.lens.lets_pass(posted)) else {
                continue;
            };
            if cut.is_some_and(|cut| cut < row.day) {
                continue;
            }
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
        contributions
    }

    /// Calls `each` with every figure, key and weight that a part counts under.
    fn spread(&self, subject: &Subject, part: &Part, mut each: impl FnMut(usize, CellKey, Weight)) {
        let Some(figures) = self.figures.get(part.measure.index()) else {
            return;
        };
        let years = match part.when {
            When::Any => Vec::new(),
            When::Month(month) => vec![(self.lens.year(month), Weight::ALL)],
            When::Period(period) => {
                let years = self.lens.years(period).into_iter();
                years
                    .map(|part| (part.year, Weight::ALL.days(part.days, part.of_days)))
                    .collect()
            }
        };
        for &at in figures {
            let Some(figure) = self.declaration.figures.get(at) else {
                continue;
            };
            if !figure.has_donor && self.lens.question.filter.donor.is_some() {
                continue;
            }
            let key = self.key(subject, part, figure, years.len());
            self.spread_years(key, &years, |key, weight| {
                self.spread_line(subject, key, weight, |key, weight| {
                    if self.counted(&key) {
                        each(at, self.keep(key), weight);
                    }
                });
            });
        }
    }

    fn key(&self, subject: &Subject, part: &Part, figure: &Figure, years: usize) -> CellKey {
        let basis = match part.basis {
            Some(basis) if figure.committed => Basis::Share(Lens::basis(basis, years)),
            Some(_) | None => Basis::Actual,
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
            country: None,
            year: None,
            pillar: None,
        }
    }

    fn spread_years(
        &self,
        key: CellKey,
        years: &[(FiscalYear, Weight)],
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
    fn keep(&self, key: CellKey) -> CellKey {
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
