//! In which year an amount counts: as booked, or with adjustments where they belong (SEMANTICS.md 1 "Which year", 2
//! "Adjustments"; ADR-0012).
//!
//! Most amounts tell their year by their series: its month, or its period. Where a boundary of the calendar cuts that
//! month, and for the commitments of an adjustment, only the row tells; such series are read row by row.

use perennial_domain::period::Period;

use crate::columns::Total;
use crate::day::{Day, Days, Month};
use crate::dictionary::{PeriodNo, SeriesKind};
use crate::lens::{Lens, Posted};
use crate::posting::{Direction, Measure, Measures};
use crate::years::{YearNo, YearPart, days_of};

/// When an amount counts, as far as years need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// Years are not asked for.
    Any,
    /// All of it in this year.
    Year(YearNo),
    /// Over the days of a period.
    Period(PeriodNo),
    /// Over the days of a period, but those of the closed one in the year in which they were adjusted.
    Adjusted {
        /// The period.
        period: PeriodNo,
        /// The closed one.
        concerns: PeriodNo,
        /// The year of the adjustment.
        year: YearNo,
    },
}

/// What a row says of its time beyond its series.
#[derive(Clone, Copy, Debug)]
struct Told {
    day: Day,
    period: Option<PeriodNo>,
}

/// From what an amount's year is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dating {
    /// What it is for: its period, else its effective date.
    For,
    /// Its effective date alone.
    Effective,
}

impl<'a> Lens<'a> {
    /// When an amount counts.
    pub fn when(&self, posted: &Posted<'_>, dating: Dating) -> When {
        let told = Told {
            day: posted.day,
            period: posted.period,
        };
        let when = self.when_told(&posted.series.kind, dating, Some(told));
        when.unwrap_or(When::Year(YearNo::UNKNOWN))
    }

    /// The same from the series alone; `None` where only its rows tell.
    pub fn when_of(&self, kind: &SeriesKind, dating: Dating) -> Option<When> {
        self.when_told(kind, dating, None)
    }

    fn when_told(&self, kind: &SeriesKind, dating: Dating, told: Option<Told>) -> Option<When> {
        // What is planned is due when it is due, whatever adjusts it.
        let planned = matches!(
            kind.measure,
            Measure::Scheduled | Measure::Drawn | Measure::Forecast
        );
        let concerns = kind.concerns.filter(|_| !planned);
        match (kind.period, concerns) {
            (None, _) => self.by_date(kind, told),
            (Some(_), _) if dating == Dating::Effective => self.by_date(kind, told),
            (Some(period), None) if !self.cuts(period) => Some(When::Period(period)),
            (Some(period), None) => Some(When::Period(told?.period.unwrap_or(period))),
            (Some(period), Some(concerns)) => {
                let told = told?;
                let period = told.period.unwrap_or(period);
                Some(self.of_adjustment(period, concerns, told.day))
            }
        }
    }

    /// What has no period of its own, or is asked by its date, counts on its day; an adjustment that is restated, over
    /// the period that it concerns.
    fn by_date(&self, kind: &SeriesKind, told: Option<Told>) -> Option<When> {
        match kind.concerns {
            Some(concerns) if self.question.restated => Some(When::Period(concerns)),
            Some(_) | None => {
                let year = self.years.of_month(kind.month);
                let year = year.or_else(|| Some(self.years.of_day(told?.day)))?;
                Some(When::Year(year))
            }
        }
    }

    fn of_adjustment(&self, period: PeriodNo, concerns: PeriodNo, day: Day) -> When {
        let (Some(own), Some(closed)) = (self.days(period), self.days(concerns)) else {
            return When::Period(period);
        };
        let booked_for = own.first == day && own.last == day;
        if self.question.restated {
            return When::Period(if booked_for { concerns } else { period });
        }
        let adjusted = own.intersection(closed);
        let year = self.years.of_day(day);
        if adjusted.is_empty() {
            When::Period(period)
        } else if adjusted == own {
            When::Year(year)
        } else {
            When::Adjusted {
                period,
                concerns,
                year,
            }
        }
    }

    /// Whether a period is one month that a boundary of the calendar cuts: it may stand for fewer days.
    fn cuts(&self, period: PeriodNo) -> bool {
        self.years.cuts_months()
            && self.days(period).is_some_and(|days| {
                let month = Month::of(days.first.date());
                days_of(month.period()) == days && self.years.of_month(month).is_none()
            })
    }

    fn days(&self, period: PeriodNo) -> Option<Days> {
        let known = self.facts.dictionary().periods.get(period.index());
        known.copied().map(days_of)
    }

    /// The years of an amount, ascending, with its days in each; none where years are not asked for.
    pub fn years(&self, when: When) -> Vec<YearPart> {
        let whole = |year| YearPart {
            year,
            days: 1,
            of_days: 1,
        };
        match when {
            When::Any => Vec::new(),
            When::Year(year) => vec![whole(year)],
            When::Period(period) => match self.days(period) {
                Some(days) => self.years.parts(days),
                None => Vec::new(),
            },
            When::Adjusted {
                period,
                concerns,
                year,
            } => match (self.days(period), self.days(concerns)) {
                (Some(own), Some(closed)) => self.adjusted(own, closed, year),
                (Some(days), None) => self.years.parts(days),
                (None, _) => Vec::new(),
            },
        }
    }

    /// The days of a period by year, those that the closed one shares in the year of the adjustment.
    fn adjusted(&self, own: Days, closed: Days, year: YearNo) -> Vec<YearPart> {
        let moved = own.intersection(closed);
        let mut parts = self.years.parts(own);
        for taken in self.years.parts(moved) {
            let of_year = parts.iter_mut().find(|part| part.year == taken.year);
            if let Some(part) = of_year {
                part.days -= taken.days;
            }
        }
        match parts.iter_mut().find(|part| part.year == year) {
            Some(part) => part.days += moved.count(),
            None => parts.push(YearPart {
                year,
                days: moved.count(),
                of_days: own.count(),
            }),
        }
        parts.retain(|part| part.days != 0);
        parts.sort_unstable_by_key(|part| part.year);
        parts
    }

    /// The years of a period, ascending, with its days in each.
    pub fn years_of(&self, period: Period) -> Vec<YearPart> {
        self.years.parts(days_of(period))
    }

    /// Calls `each` with direction, series, time and total of everything at (P, E) that the filter lets pass: from the
    /// cells as far as series tell when they count, else from the rows.
    pub fn each_dated(&self, mut each: impl FnMut(Direction, &SeriesKind, When, &Total)) {
        let mut of_row = |posted: Posted<'a>| {
            let when = self.when(&posted, Dating::Effective);
            let direction = posted.class.direction;
            each(direction, &posted.series.kind, when, &posted.total);
        };
        if self.asks_for_agreements() {
            return self.each_posted(Measures::ALL, of_row);
        }
        self.each_told_by_row(Measures::ALL, Dating::Effective, &mut of_row);
        for (cell, total) in self.cells().iter() {
            let when = self.when_of(&cell.kind, Dating::Effective);
            let class = self.passing(cell.class, cell.kind.currency);
            if let (Some(when), Some(class)) = (when, class) {
                each(class.direction, &cell.kind, when, &total);
            }
        }
    }

    /// Calls `each` with every posting of the wanted measures at (P, E) that the filter lets pass and whose row alone
    /// tells when it counts. In most ledgers and calendars there is none.
    pub fn each_told_by_row(
        &self,
        wanted: Measures,
        dating: Dating,
        mut each: impl FnMut(Posted<'a>),
    ) {
        let kinds = self.facts.dictionary().kinds.items();
        let by_row =
            |kind: &SeriesKind| wanted.has(kind.measure) && self.when_of(kind, dating).is_none();
        if kinds.iter().any(by_row) {
            self.each_of_kinds(by_row, |posted| {
                if self.lets_pass(&posted) {
                    each(posted);
                }
            });
        }
    }
}
