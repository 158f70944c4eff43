//! One question's way of reading the facts: positions resolved, parties, splits and years looked up once.

use std::collections::HashMap;
use std::sync::Arc;

use perennial_domain::Date;
use perennial_domain::agreement::YearBasis;
use perennial_domain::classification::{Pillar, WHOLE_PPM};
use perennial_domain::event::Stream;
use perennial_domain::log::Position;
use perennial_domain::period::{FIRST_YEAR, FiscalYear, LAST_YEAR, Period};

use crate::day::{Day, Month};
use crate::dictionary::{EntityNo, Facet, OrgNo, PeriodNo, Series};
use crate::facts::Facts;
use crate::history::DimsNo;
use crate::posting::Direction;
use crate::question::{Question, QuestionError};
use crate::sums::Sums;

/// Stands where a place, party or purpose was not said.
pub const UNSPECIFIED: &str = "unspecified";

/// A place's number in one question, ascending by code.
pub type PlaceNo = u32;

/// What a facet reads as in one question.
#[derive(Clone, Copy, Debug)]
pub struct FacetRead {
    /// The agreement or pledge.
    pub entity: EntityNo,
    /// Whether the money comes or leaves.
    pub direction: Direction,
    /// Who gives: the posting's provider.
    pub donor: Option<OrgNo>,
    /// Who receives.
    pub recipient: Option<OrgNo>,
    /// The classification of the line.
    pub dims: Option<DimsNo>,
    /// The pillar that the posting itself names.
    pub pillar: Option<Pillar>,
}

/// What a line's classification reads as in one question. Shares are parts per million and sum to the whole.
#[derive(Clone, Debug)]
pub struct DimsRead {
    /// Places.
    pub places: Vec<(PlaceNo, u32)>,
    /// Pillars.
    pub pillars: Vec<(Pillar, u32)>,
}

/// The years of a period with their days.
#[derive(Clone, Debug)]
pub struct PeriodRead {
    /// Years, ascending, with the days of the period in each.
    pub years: Vec<(FiscalYear, u32)>,
    /// All its days.
    pub days: u32,
}

/// The years that amounts are for.
#[derive(Clone, Copy, Debug)]
pub enum Years<'a> {
    /// All of them for one year.
    One(FiscalYear),
    /// By day, because the period crosses a year boundary.
    Cut(&'a PeriodRead),
}

impl Years<'_> {
    /// The basis that rows show: what is cut by day is prorated (SEMANTICS.md 1 "Periods, not year labels").
    pub const fn basis(&self, recorded: YearBasis) -> YearBasis {
        match self {
            Self::One(_) => recorded,
            Self::Cut(_) => YearBasis::Prorated,
        }
    }
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
    facets: Vec<Option<FacetRead>>,
    /// By facet: whether the filters on agreement, direction and parties let it pass.
    passing: Vec<bool>,
    dims: Vec<DimsRead>,
    undivided: DimsRead,
    places: Vec<Arc<str>>,
    years: Vec<FiscalYear>,
    periods: Vec<PeriodRead>,
}

impl<'a> Lens<'a> {
    /// Prepares to read. Costs a look at every facet, classification and period, but at no posting.
    ///
    /// # Errors
    /// [`QuestionError`] if the question's position cannot be resolved.
    pub fn new(facts: &'a Facts, question: &'a Question) -> Result<Self, QuestionError> {
        let at = facts.resolve(question.at)?;
        let places = place_codes(facts);
        let numbers: HashMap<&str, PlaceNo> =
            places.iter().map(AsRef::as_ref).zip(0_u32..).collect();
        let unspecified = numbers.get(UNSPECIFIED).copied().unwrap_or_default();
        let dims = facts
            .histories()
            .dims()
            .iter()
            .map(|dims| DimsRead {
                places: if dims.places.is_empty() {
                    vec![(unspecified, WHOLE_PPM)]
                } else {
                    let shares = dims.places.shares().iter();
                    shares
                        .filter_map(|share| {
                            Some((*numbers.get(share.code.as_ref())?, share.share_ppm))
                        })
                        .collect()
                },
                pillars: question.mapping.pillars_of(dims),
            })
            .collect();
        let mut lens = Self {
            facts,
            question,
            at,
            facets: Vec::new(),
            passing: Vec::new(),
            dims,
            undivided: DimsRead {
                places: vec![(unspecified, WHOLE_PPM)],
                pillars: vec![(Pillar::Unallocable, WHOLE_PPM)],
            },
            places,
            years: years_of_months(question),
            periods: Vec::new(),
        };
        let periods = facts.dictionary().periods.items();
        lens.periods = periods.iter().map(|&period| lens.cut(period)).collect();
        let read = facts.dictionary().facets.items().iter();
        lens.facets = read.map(|facet| lens.read(facet)).collect();
        let filter = EntityFilter::new(&lens);
        lens.passing = lens
            .facets
            .iter()
            .map(|read| read.as_ref().is_some_and(|read| filter.holds(read)))
            .collect();
        Ok(lens)
    }

    /// The cut-off; `None` without one.
    pub const fn effective(&self) -> Option<Date> {
        self.question.effective.date()
    }

    /// The sums of all series at (P, E).
    pub fn sums(&self) -> Sums<'a> {
        let head = self.facts.head().map(|record| record.position);
        Sums::new(
            self.facts.columns(),
            head.unwrap_or_default(),
            self.at,
            self.effective(),
        )
    }

    /// What a series' facet reads as; `None` if the filter leaves it out, by agreement, direction, currency or
    /// party, or if it was not known then.
    pub fn facet(&self, series: &Series) -> Option<&FacetRead> {
        if let Some(currency) = self.question.filter.currency
            && currency != series.currency
        {
            return None;
        }
        if !*self.passing.get(series.facet.index())? {
            return None;
        }
        self.unfiltered_facet(series)
    }

    /// What a series' facet reads as, whatever the filter; `None` if it was not known then.
    pub fn unfiltered_facet(&self, series: &Series) -> Option<&FacetRead> {
        self.facets.get(series.facet.index())?.as_ref()
    }

    /// What a facet's classification reads as.
    pub fn dims(&self, facet: &FacetRead) -> &DimsRead {
        facet
            .dims
            .and_then(|DimsNo(number)| self.dims.get(usize::try_from(number).ok()?))
            .unwrap_or(&self.undivided)
    }

    /// The code of a place.
    pub fn place(&self, place: PlaceNo) -> &str {
        usize::try_from(place)
            .ok()
            .and_then(|index| self.places.get(index))
            .map_or(UNSPECIFIED, AsRef::as_ref)
    }

    /// The year that holds a month.
    pub fn year(&self, month: Month) -> FiscalYear {
        usize::from(month.0)
            .checked_sub(usize::from(first_month().0))
            .and_then(|index| self.years.get(index))
            .copied()
            .unwrap_or_else(|| self.question.calendar.year_of(month.first_day()))
    }

    /// The years of a period.
    pub fn period(&self, period: PeriodNo) -> Option<&PeriodRead> {
        self.periods.get(period.index())
    }

    /// The years that a series' amounts are for.
    pub fn years(&self, series: &Series) -> Years<'_> {
        match series.period.and_then(|period| self.period(period)) {
            None => Years::One(self.year(series.month)),
            Some(read) => match read.years.as_slice() {
                [(year, _)] => Years::One(*year),
                _several => Years::Cut(read),
            },
        }
    }

    fn read(&self, facet: &Facet) -> Option<FacetRead> {
        let histories = self.facts.histories();
        let head = histories.entity(facet.entity)?.head?;
        if self.at < head.event_id.position {
            return None;
        }
        let line = facet.line.and_then(|line| histories.line(line));
        let counterparty = line.and_then(|line| line.counterparty);
        let (line_donor, line_recipient) = match head.direction {
            Direction::Incoming => (counterparty, None),
            Direction::Outgoing => (None, counterparty),
        };
        let dictionary = self.facts.dictionary();
        let known = |org: Option<OrgNo>| org.map(|org| dictionary.identity(org));
        Some(FacetRead {
            entity: facet.entity,
            direction: head.direction,
            donor: known(facet.provider.or(line_donor).or(head.provider)),
            recipient: known(facet.receiver.or(line_recipient).or(head.recipient)),
            dims: line.and_then(|line| line.dims_at(self.at, self.effective().map(Day::of))),
            pillar: facet.pillar,
        })
    }

    fn cut(&self, period: Period) -> PeriodRead {
        let mut years = Vec::new();
        let mut days = 0;
        let mut year = self.question.calendar.year_of(period.starts_on());
        while year.period().starts_on() <= period.ends_on() {
            if let Some(part) = period.intersection(year.period()) {
                let part_days = u32::try_from(part.days()).unwrap_or(u32::MAX);
                days += part_days;
                years.push((year, part_days));
            }
            year = year.next();
        }
        PeriodRead { years, days }
    }
}

/// Whom a filter asks for.
#[derive(Clone, Copy)]
enum Asked {
    Anyone,
    /// Nobody has this key: nothing matches.
    NeverNamed,
    Org(OrgNo),
}

/// The filters that hold or do not hold for a facet as a whole.
struct EntityFilter {
    agreements: Option<Vec<EntityNo>>,
    direction: Option<Direction>,
    donor: Asked,
    recipient: Asked,
}

impl EntityFilter {
    fn new(lens: &Lens<'_>) -> Self {
        let filter = &lens.question.filter;
        let dictionary = lens.facts.dictionary();
        let asked = |key: &Option<String>| match key {
            None => Asked::Anyone,
            Some(key) => dictionary
                .find_org(key)
                .map_or(Asked::NeverNamed, Asked::Org),
        };
        let agreements = filter.agreements.iter();
        Self {
            agreements: (!filter.agreements.is_empty()).then(|| {
                agreements
                    .filter_map(|id| dictionary.find_entity(&Stream::Agreement(id.clone())))
                    .collect()
            }),
            direction: filter.direction,
            donor: asked(&filter.donor),
            recipient: asked(&filter.recipient),
        }
    }

    fn holds(&self, read: &FacetRead) -> bool {
        let party = |asked: Asked, is: Option<OrgNo>| match asked {
            Asked::Anyone => true,
            Asked::NeverNamed => false,
            Asked::Org(org) => is == Some(org),
        };
        let agreements = self.agreements.as_ref();
        agreements.is_none_or(|agreements| agreements.contains(&read.entity))
            && self
                .direction
                .is_none_or(|direction| direction == read.direction)
            && party(self.donor, read.donor)
            && party(self.recipient, read.recipient)
    }
}

/// Every place code that a line ever had, and [`UNSPECIFIED`]; ascending, each once.
fn place_codes(facts: &Facts) -> Vec<Arc<str>> {
    let mut places: Vec<Arc<str>> = facts
        .histories()
        .dims()
        .iter()
        .flat_map(|dims| dims.places.shares())
        .map(|share| Arc::clone(&share.code))
        .collect();
    places.push(UNSPECIFIED.into());
    places.sort_unstable();
    places.dedup();
    places
}

fn first_month() -> Month {
    Date::new(FIRST_YEAR, 1, 1)
        .map(Month::of)
        .unwrap_or_default()
}

/// The year of each month that a date may lie in, so that series do not compute it again and again.
fn years_of_months(question: &Question) -> Vec<FiscalYear> {
    let years = usize::try_from(LAST_YEAR - FIRST_YEAR + 1).unwrap_or_default();
    let first = first_month().0;
    (first..)
        .take(years * 12)
        .map(|month| question.calendar.year_of(Month(month).first_day()))
        .collect()
}
