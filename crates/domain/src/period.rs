//! Civil periods and the fiscal calendars that give years their labels.

use jiff::ToSpan;
use jiff::civil::Date;

/// Dates outside 1960-01-01 to 2100-12-31 are malformed input (CONVENTIONS.md 8 "Input").
pub const FIRST_YEAR: i16 = 1960;
/// The last year a date may lie in.
pub const LAST_YEAR: i16 = 2100;

/// Days from `starts_on` to `ends_on`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    starts_on: Date,
    ends_on: Date,
}

/// A period's end lies before its start (R7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the period ends on {ends_on}, before its start on {starts_on}")]
pub struct EndsBeforeStart {
    /// The start.
    pub starts_on: Date,
    /// The end.
    pub ends_on: Date,
}

impl Period {
    /// Returns the period, both days included.
    ///
    /// # Errors
    /// [`EndsBeforeStart`].
    pub fn new(starts_on: Date, ends_on: Date) -> Result<Self, EndsBeforeStart> {
        if ends_on < starts_on {
            return Err(EndsBeforeStart { starts_on, ends_on });
        }
        Ok(Self { starts_on, ends_on })
    }

    /// Returns the period of one day.
    pub const fn day(on: Date) -> Self {
        Self {
            starts_on: on,
            ends_on: on,
        }
    }

    /// The first day.
    pub const fn starts_on(self) -> Date {
        self.starts_on
    }

    /// The last day, included.
    pub const fn ends_on(self) -> Date {
        self.ends_on
    }

    /// How many days it has: at least 1.
    pub fn days(self) -> u64 {
        // Two civil dates are always a whole number of days apart.
        let span = self.starts_on.until(self.ends_on).unwrap_or_default();
        u64::from(span.get_days().unsigned_abs()).saturating_add(1)
    }

    /// Whether it holds `on`.
    pub fn contains(self, on: Date) -> bool {
        self.starts_on <= on && on <= self.ends_on
    }

    /// Returns the days that both periods hold.
    pub fn intersection(self, other: Self) -> Option<Self> {
        Self::new(
            self.starts_on.max(other.starts_on),
            self.ends_on.min(other.ends_on),
        )
        .ok()
    }

    /// Whether it runs `months` calendar months or longer, the end included: it ends on or after the day
    /// before `starts_on` + `months` (2018-01-01 to 2019-12-31 is 24 months; SEMANTICS.md 1).
    pub fn reaches_months(self, months: u32) -> bool {
        last_day(self.starts_on, months).is_some_and(|last| last <= self.ends_on)
    }

    /// Whether it runs longer than `months` calendar months: it ends after the day before `starts_on` +
    /// `months` (SEMANTICS.md 1 "Above 12 months").
    pub fn exceeds_months(self, months: u32) -> bool {
        last_day(self.starts_on, months).is_some_and(|last| last < self.ends_on)
    }
}

fn last_day(starts_on: Date, months: u32) -> Option<Date> {
    let span = jiff::Span::new().try_months(i64::from(months)).ok()?;
    starts_on.checked_add(span).ok()?.yesterday().ok()
}

/// A fiscal calendar: years of twelve months that begin on the first day of one month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FiscalCalendar {
    /// January to December; years are labelled `2026`.
    January,
    /// April to March, as in Japan and the United Kingdom; `2026/27`.
    April,
    /// July to June, as in Australia.
    July,
    /// October to September, as in the United States.
    October,
}

impl FiscalCalendar {
    /// All calendars, in the order of their first month.
    pub const ALL: [Self; 4] = [Self::January, Self::April, Self::July, Self::October];

    /// The name users write: `january`, `april`, `july`, `october`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::January => "january",
            Self::April => "april",
            Self::July => "july",
            Self::October => "october",
        }
    }

    /// Finds a calendar by its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|calendar| calendar.name() == name)
    }

    const fn first_month(self) -> i8 {
        match self {
            Self::January => 1,
            Self::April => 4,
            Self::July => 7,
            Self::October => 10,
        }
    }

    /// Returns the fiscal year that holds `on`.
    pub fn year_of(self, on: Date) -> FiscalYear {
        let starts_in = if on.month() < self.first_month() {
            on.year().saturating_sub(1)
        } else {
            on.year()
        };
        FiscalYear {
            calendar: self,
            starts_in,
        }
    }
}

/// One year of a fiscal calendar. Never stored: periods are, and years are cut from them when asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FiscalYear {
    calendar: FiscalCalendar,
    starts_in: i16,
}

impl FiscalYear {
    /// Its days.
    pub fn period(self) -> Period {
        let starts_on =
            Date::new(self.starts_in, self.calendar.first_month(), 1).unwrap_or(Date::MIN);
        let ends_on = starts_on
            .saturating_add(12.months())
            .yesterday()
            .unwrap_or(Date::MAX);
        Period { starts_on, ends_on }
    }

    /// The year after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self {
            calendar: self.calendar,
            starts_in: self.starts_in.saturating_add(1),
        }
    }

    /// `2026` for a year that begins in January, else `2026/27` (SEMANTICS.md 1).
    pub fn label(self) -> String {
        match self.calendar {
            FiscalCalendar::January => self.starts_in.to_string(),
            FiscalCalendar::April | FiscalCalendar::July | FiscalCalendar::October => {
                format!(
                    "{}/{:02}",
                    self.starts_in,
                    self.starts_in.saturating_add(1).rem_euclid(100)
                )
            }
        }
    }
}
