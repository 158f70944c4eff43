//! One question's way of reading the facts: its position resolved, its filter looked up, its years cut.

mod dues;
mod when;

use std::collections::HashMap;
use std::sync::Arc;

use perennial_domain::Date;
use perennial_domain::classification::{Pillar, WHOLE_PPM};
use perennial_domain::event::Stream;
use perennial_domain::ids::CalendarId;
use perennial_domain::log::Position;
use perennial_domain::money::Currency;
use perennial_domain::period::FiscalCalendar;

use crate::columns::{Row, Total};
use crate::cube::{Class, ClassNo};
use crate::day::Day;
use crate::dictionary::{EntityNo, Facet, FacetNo, KindNo, OrgNo, PeriodNo, Series, SeriesKind};
use crate::facts::Facts;
use crate::history::{DimsNo, PlaceNo};
use crate::mapping::PillarMapping;
use crate::posting::{Direction, Measures};
use crate::question::{CalendarChoice, CurrencyBasis, MappingChoice, Question, QuestionError};
use crate::sums::CellSums;
use crate::years::{YearNo, Years};

pub use when::{Dating, When};

/// Stands where a place was not said.
pub const UNSPECIFIED: &str = "unspecified";

/// One series' amount with everything that is read of its facet.
#[derive(Clone, Copy, Debug)]
pub struct Posted<'a> {
    /// The series.
    pub series: Series,
    /// Its facet.
    pub facet: &'a Facet,
    /// The facet's class, with the classification that its line reads under at (P, E).
    pub class: Class,
    /// Its amount and entries.
    pub total: Total,
    /// When it is true in the world.
    pub day: Day,
    /// The period it is for, where that is shorter than the month that the series says.
    pub period: Option<PeriodNo>,
}

/// One question's way of reading the facts.
#[derive(Debug)]
pub struct Lens<'a> {
    /// What is read.
    pub facts: &'a Facts,
    /// What is asked.
    pub question: &'a Question,
    /// As known up to this record, included.
    pub at: Position,
    /// The pillar mapping, as known and in force.
    pub mapping: PillarMapping,
    /// By organisation: the one that it is shown as.
    survivors: HashMap<OrgNo, OrgNo>,
    /// By organisation: its registered name.
    names: HashMap<OrgNo, Arc<str>>,
    filter: PartyFilter,
    years: Years,
}

impl<'a> Lens<'a> {
    /// Prepares to read; looks at no posting.
    ///
    /// # Errors
    /// [`QuestionError`] if the question's position cannot be resolved.
    pub fn new(facts: &'a Facts, question: &'a Question) -> Result<Self, QuestionError> {
        let at = facts.resolve(question.at)?;
        let effective = question.effective.date();
        let registry = facts.histories().registry();
        let survivors = registry.survivors(facts.dictionary(), at, effective);
        Ok(Self {
            facts,
            question,
            at,
            mapping: mapping(facts, question, at)?,
            filter: PartyFilter::new(facts, question, &survivors),
            survivors,
            names: registry.names(facts.dictionary(), at, effective),
            years: years(facts, question, at)?,
        })
    }

    /// The cut-off; `None` without one.
    pub const fn effective(&self) -> Option<Date> {
        self.question.effective.date()
    }

    /// Whether everything recorded is asked for.
    pub fn is_at_head(&self) -> bool {
        self.facts.next().0.checked_sub(1) == Some(self.at.0)
    }

    /// The totals of all cells at (P, E), whatever the filter.
    pub fn cells(&self) -> CellSums<'a> {
        let head = self.facts.head().map(|record| record.position);
        CellSums::new(
            (self.facts.columns(), self.facts.cube()),
            head.unwrap_or_default(),
            self.at,
            (self.effective(), self.question.basis),
        )
    }

    /// Whether the filter lets a facet's amounts in this currency pass, whatever agreements are asked for.
    pub fn lets_facet_pass(&self, facet: FacetNo, currency: Currency) -> bool {
        let class = self.facts.cube().class_of(facet);
        class.is_some_and(|class| self.passing(class, currency).is_some())
    }

    /// Whether the filter is about a party or a currency, so that parts of one entry may not pass it.
    pub const fn asks_for_parts(&self) -> bool {
        let filter = &self.question.filter;
        filter.donor.is_some() || filter.recipient.is_some() || filter.currency.is_some()
    }

    /// Whether a stream is asked for, as far as the filter is about single agreements.
    pub fn asks_for(&self, entity: EntityNo) -> bool {
        let agreements = self.filter.agreements.as_ref();
        agreements.is_none_or(|asked| asked.binary_search(&entity).is_ok())
    }

    /// Whether the filter is about single agreements: then cells cannot answer.
    pub fn asks_for_agreements(&self) -> bool {
        self.filter.agreements.is_some()
    }

    /// A cell's or facet's class, if the filter on direction, currency and parties lets it pass.
    pub fn passing(&self, class: ClassNo, currency: Currency) -> Option<&'a Class> {
        let asked = self.question.filter.currency;
        if asked.is_some_and(|asked| asked != currency) {
            return None;
        }
        let class = self.facts.cube().class(class)?;
        self.lets_class_pass(class).then_some(class)
    }

    /// Calls `each` with every posting of the wanted measures at (P, E) that the filter lets pass, agreements' and
    /// pledges' alike.
    ///
    /// Reads the rows of the asked agreements alone, or else all rows up to P.
    pub fn each_posted(&self, wanted: Measures, mut each: impl FnMut(Posted<'a>)) {
        self.each_read(wanted, |posted| {
            if self.lets_pass(&posted) {
                each(posted);
            }
        });
    }

    /// As [`Lens::each_posted`], whatever the filter says of direction, currency and parties. The postings of one event
    /// follow each other, in order.
    pub fn each_read(&self, wanted: Measures, each: impl FnMut(Posted<'a>)) {
        self.each_of_kinds(|kind| wanted.has(kind.measure), each);
    }

    fn each_of_kinds(
        &self,
        wanted: impl Fn(&SeriesKind) -> bool,
        mut each: impl FnMut(Posted<'a>),
    ) {
        let kinds = self.facts.dictionary().kinds.items();
        let basis = self.question.basis;
        let wanted: Vec<bool> = kinds
            .iter()
            .map(|kind| basis.counts(kind.valued) && wanted(kind))
            .collect();
        let wanted = |kind: KindNo| wanted.get(kind.index()).copied().unwrap_or_default();
        let mut visit = |row: &Row| {
            if let Some(posted) = self.posted(row) {
                each(posted);
            }
        };
        if let Some(agreements) = &self.filter.agreements {
            for &entity in agreements {
                self.facts
                    .each_row_of(entity, self.at, self.effective(), |row| {
                        if wanted(row.kind) {
                            visit(row);
                        }
                    });
            }
            return;
        }
        let cut = self.effective().map(Day::of);
        let columns = self.facts.columns();
        columns.each_row((self.at, cut), wanted, visit);
    }

    /// Calls `each` with every posting of one stream at (P, E), whatever the filter.
    pub fn each_posted_of(&self, entity: EntityNo, each: impl FnMut(Posted<'a>)) {
        self.each_of(entity, self.question.basis, each);
    }

    /// Calls `each` with every posting of one stream at (P, E) in its own currency, whatever the filter and basis: what
    /// rules look at.
    pub fn each_booked_of(&self, entity: EntityNo, each: impl FnMut(Posted<'a>)) {
        self.each_of(entity, CurrencyBasis::Transaction, each);
    }

    fn each_of(&self, entity: EntityNo, basis: CurrencyBasis, mut each: impl FnMut(Posted<'a>)) {
        self.facts
            .each_row_of(entity, self.at, self.effective(), |row| {
                if let Some(posted) = self.posted(row)
                    && basis.counts(posted.series.kind.valued)
                {
                    each(posted);
                }
            });
    }

    /// Whether the filter on direction, currency and parties lets a posting pass.
    pub fn lets_pass(&self, posted: &Posted<'_>) -> bool {
        let asked = self.question.filter.currency;
        asked.is_none_or(|asked| asked == posted.series.kind.currency)
            && self.lets_class_pass(&posted.class)
    }

    fn lets_class_pass(&self, class: &Class) -> bool {
        self.filter.holds(class, |org| self.shown(org))
    }

    /// The organisation that one is shown as.
    pub fn shown(&self, org: OrgNo) -> OrgNo {
        let identity = self.facts.dictionary().identity(org);
        self.survivors.get(&identity).copied().unwrap_or(identity)
    }

    /// The id, else name, and the name of an organisation as it is shown.
    pub fn org_words(&self, org: OrgNo) -> (&str, &str) {
        let shown = self.shown(org);
        let (key, name) = self.facts.dictionary().org_words(shown, self.at);
        (key, self.names.get(&shown).map_or(name, |name| name))
    }

    /// The name of the organisation with this id, whatever it is shown as: as registered last, else as first recorded;
    /// may be empty.
    pub fn name_of(&self, id: &str) -> &str {
        let dictionary = self.facts.dictionary();
        let Some(org) = dictionary.find_org(id) else {
            return "";
        };
        let registered = self.names.get(&org).map(|name| &**name);
        registered.unwrap_or_else(|| dictionary.org_words(org, self.at).1)
    }

    /// Whether `asked`, an id or name, names the same organisation as it is shown.
    pub fn is_party(&self, asked: &str, org: Option<OrgNo>) -> bool {
        let asked_of = self.facts.dictionary().find_org(asked);
        match (asked_of, org) {
            (Some(asked), Some(org)) => self.shown(asked) == self.shown(org),
            (None, _) | (_, None) => asked.is_empty() && org.is_none(),
        }
    }

    /// What is read of a row; `None` only if nothing is known of its agreement.
    pub fn posted(&self, row: &Row) -> Option<Posted<'a>> {
        let dictionary = self.facts.dictionary();
        let cube = self.facts.cube();
        let of_facet = dictionary.facets.get(row.facet.index())?;
        let class = *cube.class(cube.class_of(row.facet)?)?;
        Some(Posted {
            series: dictionary.series(row.facet, row.kind)?,
            facet: of_facet,
            class: self.reclassified(of_facet, class),
            total: Total::of(row.minor_units, row.entries),
            day: row.day,
            period: row.period,
        })
    }

    /// A class with the classification that its line reads under at (P, E).
    fn reclassified(&self, facet: &Facet, class: Class) -> Class {
        let line = facet
            .line
            .and_then(|line| self.facts.histories().line(line));
        let dims =
            line.and_then(|line| line.reclassified_at(self.at, self.effective().map(Day::of)));
        match dims {
            None => class,
            // Every amount of the line reads so, one that names a pillar, purpose or place of its own too.
            Some(dims) => Class {
                dims: Some(dims),
                pillar: None,
                ..class
            },
        }
    }

    /// Calls `each` with every posting at (P, E) that the filter lets pass and that reads under another
    /// classification than its cell's: first the class of its cell, then the one that it reads under.
    ///
    /// Cells are by the classification that a line was opened with, for ever. Whoever sums cells by classification
    /// takes these amounts out of the first class and adds them to the second.
    pub fn each_reclassified(&self, mut each: impl FnMut(&Class, &Class, &SeriesKind, Total)) {
        let cube = self.facts.cube();
        for &entity in self.facts.histories().registry().reclassified() {
            let effective = self.effective();
            self.facts.each_row_of(entity, self.at, effective, |row| {
                let class = cube.class_of(row.facet);
                let of_cell = class.and_then(|class| cube.class(class));
                if let Some(posted) = self.posted(row)
                    && self.question.basis.counts(posted.series.kind.valued)
                    && let Some(of_cell) = of_cell.filter(|class| **class != posted.class)
                    && self.lets_pass(&posted)
                {
                    each(of_cell, &posted.class, &posted.series.kind, posted.total);
                }
            });
        }
    }

    /// The places of a classification with their parts per million, which sum to the whole; `None`: not said.
    pub fn places(&self, dims: Option<DimsNo>) -> Vec<(Option<PlaceNo>, u32)> {
        let places = dims.map(|dims| self.facts.histories().places_of(dims));
        match places.filter(|places| !places.is_empty()) {
            None => vec![(None, WHOLE_PPM)],
            Some(places) => places
                .iter()
                .map(|&(place, ppm)| (Some(place), ppm))
                .collect(),
        }
    }

    /// The pillars of a classification with their parts per million, which sum to the whole.
    pub fn pillars(&self, dims: Option<DimsNo>) -> Vec<(Pillar, u32)> {
        let dims = dims.and_then(|dims| self.facts.histories().dims_of(dims));
        match dims {
            None => vec![(self.mapping.unclassified(), WHOLE_PPM)],
            Some(dims) => self.mapping.pillars_of(dims),
        }
    }

    /// The code of a place.
    pub fn place(&self, place: Option<PlaceNo>) -> &'a str {
        place
            .and_then(|place| self.facts.histories().place(place))
            .unwrap_or(UNSPECIFIED)
    }

    /// Whether anything that is known adjusts a closed period.
    pub fn has_adjustments(&self) -> bool {
        let first = self.facts.histories().first_adjustment();
        first.is_some_and(|first| first <= self.at)
    }

    /// What rows call a year.
    pub fn label(&self, year: YearNo) -> &str {
        self.years.label(year)
    }
}

/// The mapping that a question asks for, as known and in force.
fn mapping(
    facts: &Facts,
    question: &Question,
    at: Position,
) -> Result<PillarMapping, QuestionError> {
    let effective = question.effective.date();
    let published = |name: &str| {
        let table = facts.histories().registry().mapping(name, at, effective);
        table.map(PillarMapping::published)
    };
    match &question.mapping {
        MappingChoice::Is(mapping) => Ok(mapping.clone()),
        MappingChoice::Policy(name) => Ok(published(name).unwrap_or(PillarMapping::DAC_CORE)),
        MappingChoice::Published(name) => {
            published(name).ok_or_else(|| QuestionError::NoSuchMapping { name: name.clone() })
        }
    }
}

/// The years of the calendar that a question asks for, as known.
fn years(facts: &Facts, question: &Question, at: Position) -> Result<Years, QuestionError> {
    match &question.calendar {
        CalendarChoice::Pattern(calendar) => Ok(Years::of_pattern(*calendar)),
        CalendarChoice::Published(id) => {
            let registry = facts.histories().registry();
            let calendar = registry.calendar(id, at);
            let calendar = calendar.ok_or_else(|| {
                let compiled = FiscalCalendar::ALL.map(FiscalCalendar::name).into_iter();
                let published = registry.calendars(at).map(CalendarId::as_str);
                QuestionError::NoSuchCalendar {
                    name: id.to_string(),
                    known: compiled.chain(published).map(str::to_owned).collect(),
                }
            })?;
            let periods = calendar.periods.iter();
            Ok(Years::published(
                periods.map(|known| (known.label, known.period)),
            ))
        }
    }
}

/// Whom a filter asks for.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Anyone,
    /// Nobody has this key: nothing matches.
    NeverNamed,
    Org(OrgNo),
}

/// The filters on agreement, direction and parties.
#[derive(Clone, Debug)]
struct PartyFilter {
    agreements: Option<Vec<EntityNo>>,
    direction: Option<Direction>,
    donor: Asked,
    recipient: Asked,
}

impl PartyFilter {
    fn new(facts: &Facts, question: &Question, survivors: &HashMap<OrgNo, OrgNo>) -> Self {
        let shown = |org: OrgNo| survivors.get(&org).copied().unwrap_or(org);
        let filter = &question.filter;
        let dictionary = facts.dictionary();
        let asked = |key: &Option<String>| match key {
            None => Asked::Anyone,
            Some(key) => dictionary
                .find_org(key)
                .map_or(Asked::NeverNamed, |org| Asked::Org(shown(org))),
        };
        let agreements = (!filter.agreements.is_empty()).then(|| {
            let ids = filter.agreements.iter();
            let mut entities: Vec<EntityNo> = ids
                .filter_map(|id| dictionary.find_entity(&Stream::Agreement(id.clone())))
                .collect();
            entities.sort_unstable();
            entities.dedup();
            entities
        });
        Self {
            agreements,
            direction: filter.direction,
            donor: asked(&filter.donor),
            recipient: asked(&filter.recipient),
        }
    }

    fn holds(&self, class: &Class, shown: impl Fn(OrgNo) -> OrgNo) -> bool {
        let party = |asked: Asked, is: Option<OrgNo>| match asked {
            Asked::Anyone => true,
            Asked::NeverNamed => false,
            Asked::Org(org) => is.map(&shown) == Some(org),
        };
        self.direction
            .is_none_or(|direction| direction == class.direction)
            && party(self.donor, class.donor)
            && party(self.recipient, class.recipient)
    }
}
