//! The years that answers are divided by: those of a compiled-in calendar, or the periods that the ledger published.
//!
//! A published calendar may begin its periods on any day, leave days out, and end (ADR-0012). Days of no period are in
//! [`YearNo::UNKNOWN`], so that nothing is dropped; a month with days of several years is cut, and only single days
//! tell their year then.

use perennial_domain::Date;
use perennial_domain::calendar::UNKNOWN_LABEL;
use perennial_domain::period::{FIRST_YEAR, FiscalCalendar, LAST_YEAR, Period};

use crate::day::{Day, Days, Month};

/// A year by its place in its calendar. Ordered as the years are; the unknown one comes after all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct YearNo(u16);

impl YearNo {
    /// Of days that no period of the calendar holds.
    pub const UNKNOWN: Self = Self(u16::MAX);

    /// The number.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The year after it; of the unknown one itself.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Days of one year that a period holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YearPart {
    /// The year.
    pub year: YearNo,
    /// Days of the period in it: at least 1.
    pub days: u32,
    /// All days of the period.
    pub of_days: u32,
}

/// One calendar's years.
#[derive(Clone, Debug)]
pub struct Years {
    /// Ascending, none overlapping.
    labelled: Vec<(Box<str>, Days)>,
    /// By month since [`first_month`]: its year; `None` where it has days of several.
    months: Vec<Option<YearNo>>,
    cuts_months: bool,
}

impl Years {
    /// The years of twelve months from the one that holds the first date that is allowed to the one that holds the last.
    pub fn of_pattern(calendar: FiscalCalendar) -> Self {
        let mut years = Vec::new();
        let mut year = calendar.year_of(first_month().first_day());
        for _ in FIRST_YEAR..=LAST_YEAR.saturating_add(1) {
            years.push((year.label().into_boxed_str(), days_of(year.period())));
            year = year.next();
        }
        Self::new(years)
    }

    /// The published periods with their labels, ascending, none overlapping.
    pub fn published<'p>(periods: impl Iterator<Item = (&'p str, Period)>) -> Self {
        let periods = periods.map(|(label, period)| (Box::from(label), days_of(period)));
        Self::new(periods.collect())
    }

    fn new(labelled: Vec<(Box<str>, Days)>) -> Self {
        let mut made = Self {
            labelled,
            months: Vec::new(),
            cuts_months: false,
        };
        let months = usize::try_from(LAST_YEAR - FIRST_YEAR + 1).unwrap_or_default() * 12;
        let months = (first_month().0..).map(Month).take(months);
        made.months = months
            .map(|month| made.whole(days_of(month.period())))
            .collect();
        made.cuts_months = made.months.iter().any(Option::is_none);
        made
    }

    /// The year that holds all of these days; `None` if there are several.
    fn whole(&self, days: Days) -> Option<YearNo> {
        let at = self
            .labelled
            .partition_point(|(_, year)| year.last < days.first);
        match self.labelled.get(at) {
            Some((_, year)) if year.first <= days.first => {
                (days.last <= year.last).then(|| numbered(at))
            }
            Some((_, year)) if year.first <= days.last => None,
            Some(_) | None => Some(YearNo::UNKNOWN),
        }
    }

    /// Whether any month has days of several years.
    pub const fn cuts_months(&self) -> bool {
        self.cuts_months
    }

    /// What rows call a year.
    pub fn label(&self, year: YearNo) -> &str {
        let known = self.labelled.get(usize::from(year.0));
        known.map_or(UNKNOWN_LABEL, |(label, _)| label)
    }

    /// The year of a day.
    pub fn of_day(&self, day: Day) -> YearNo {
        let alone = Days {
            first: day,
            last: day,
        };
        self.whole(alone).unwrap_or(YearNo::UNKNOWN)
    }

    /// The year of a whole month; `None` if it has days of several.
    pub fn of_month(&self, month: Month) -> Option<YearNo> {
        let index = usize::from(month.0).checked_sub(usize::from(first_month().0));
        let known = index.and_then(|index| self.months.get(index));
        known.copied().unwrap_or(Some(YearNo::UNKNOWN))
    }

    /// The years of these days, ascending, with how many of them are in each.
    pub fn parts(&self, days: Days) -> Vec<YearPart> {
        let of_days = days.count();
        let mut known = 0;
        let from = self
            .labelled
            .partition_point(|(_, year)| year.last < days.first);
        let years = self.labelled.iter().enumerate().skip(from);
        let mut parts: Vec<YearPart> = years
            .take_while(|(_, (_, year))| year.first <= days.last)
            .map(|(at, (_, year))| {
                let own = year.intersection(days).count();
                known += own;
                YearPart {
                    year: numbered(at),
                    days: own,
                    of_days,
                }
            })
            .collect();
        if known < of_days {
            parts.push(YearPart {
                year: YearNo::UNKNOWN,
                days: of_days - known,
                of_days,
            });
        }
        parts
    }
}

/// The days of a period.
pub fn days_of(period: Period) -> Days {
    Days {
        first: Day::of(period.starts_on()),
        last: Day::of(period.ends_on()),
    }
}

/// A calendar has far fewer than 2^16 periods.
fn numbered(at: usize) -> YearNo {
    u16::try_from(at).map_or(YearNo::UNKNOWN, YearNo)
}

fn first_month() -> Month {
    Date::new(FIRST_YEAR, 1, 1)
        .map(Month::of)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i16, month: i8, day: i8) -> Date {
        Date::new(year, month, day).unwrap()
    }

    fn day(year: i16, month: i8, of_month: i8) -> Day {
        Day::of(date(year, month, of_month))
    }

    /// Two years that begin in the middle of July, with three days between them that are in none.
    fn with_a_gap() -> Years {
        let first = Period::new(date(2023, 7, 17), date(2024, 7, 15)).unwrap();
        let second = Period::new(date(2024, 7, 19), date(2025, 7, 16)).unwrap();
        Years::published([("2080/81", first), ("2081/82", second)].into_iter())
    }

    #[test]
    fn a_day_beside_a_period_is_in_no_year_of_it() {
        let years = with_a_gap();
        let label = |on| years.label(years.of_day(on)).to_owned();
        assert_eq!(label(day(2023, 7, 16)), "unknown");
        assert_eq!(label(day(2023, 7, 17)), "2080/81");
        assert_eq!(label(day(2024, 7, 15)), "2080/81");
        assert_eq!(label(day(2024, 7, 16)), "unknown");
        assert_eq!(label(day(2024, 7, 18)), "unknown");
        assert_eq!(label(day(2024, 7, 19)), "2081/82");
        assert_eq!(label(day(2025, 7, 16)), "2081/82");
        assert_eq!(label(day(2025, 7, 17)), "unknown");
    }

    #[test]
    fn days_across_a_gap_are_counted_in_both_years_and_in_none() {
        let years = with_a_gap();
        let days = Days {
            first: day(2024, 7, 14),
            last: day(2024, 7, 20),
        };
        let parts: Vec<(&str, u32, u32)> = years
            .parts(days)
            .into_iter()
            .map(|part| (years.label(part.year), part.days, part.of_days))
            .collect();
        assert_eq!(
            parts,
            [("2080/81", 2, 7), ("2081/82", 2, 7), ("unknown", 3, 7)]
        );
    }

    #[test]
    fn only_the_months_that_a_boundary_cuts_have_no_year_of_their_own() {
        let years = with_a_gap();
        let month = |year, month| {
            let year = years.of_month(Month::of(date(year, month, 1)));
            year.map(|year| years.label(year))
        };
        assert_eq!(month(2023, 6), Some("unknown"));
        assert_eq!(month(2023, 7), None);
        assert_eq!(month(2023, 8), Some("2080/81"));
        assert_eq!(month(2024, 6), Some("2080/81"));
        assert_eq!(month(2024, 7), None);
        assert_eq!(month(2024, 8), Some("2081/82"));
        assert_eq!(month(2025, 7), None);
        assert_eq!(month(2025, 8), Some("unknown"));
    }

    #[test]
    fn compiled_in_calendars_cut_no_month_and_leave_no_day_out() {
        for calendar in FiscalCalendar::ALL {
            let years = Years::of_pattern(calendar);
            assert!(!years.cuts_months());
            let all = Days {
                first: day(1960, 1, 1),
                last: day(2100, 12, 31),
            };
            let parts = years.parts(all);
            assert!(parts.iter().all(|part| part.year != YearNo::UNKNOWN));
            assert_eq!(parts.iter().map(|part| part.days).sum::<u32>(), 51_500);
            let on = date(2024, 3, 31);
            let of_day = years.label(years.of_day(Day::of(on)));
            assert_eq!(of_day, calendar.year_of(on).label());
        }
    }
}
