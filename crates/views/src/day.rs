//! Days and months as small integers: what columns hold and loops compare.

use perennial_domain::Date;
use perennial_domain::period::Period;

/// A civil day, counted from 1970-01-01 (day 0). Ordered as the dates are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

/// A civil month: year times 12 plus month minus 1. Ordered as the dates are.
///
/// Compiled-in calendars begin their years on the first of a month, so a month lies in exactly one year of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(pub u16);

/// Days from `first` to `last`, both included; empty if `last` is before `first`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
}

impl Days {
    /// Whether it holds `day`.
    pub fn contains(self, day: Day) -> bool {
        self.first <= day && day <= self.last
    }

    /// The days that both hold.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self {
            first: self.first.max(other.first),
            last: self.last.min(other.last),
        }
    }

    /// How many days it has.
    pub fn count(self) -> u32 {
        u32::try_from(i64::from(self.last.0) - i64::from(self.first.0) + 1).unwrap_or_default()
    }

    /// Whether it holds no day.
    pub fn is_empty(self) -> bool {
        self.last < self.first
    }
}

impl Day {
    /// The day of `date`.
    pub fn of(date: Date) -> Self {
        // Days of a year that begins in March: the leap day is its last (Hinnant, "chrono-compatible
        // low-level date algorithms").
        let month = i32::from(date.month());
        let year = i32::from(date.year()) - i32::from(month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i32::from(date.day()) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self(era * 146_097 + day_of_era - 719_468)
    }

    /// The date of this day; saturates outside the years -9999 to 9999.
    pub fn date(self) -> Date {
        let shifted = self.0.saturating_add(719_468);
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = (shifted_month + 2) % 12 + 1;
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        let parts = (i16::try_from(year), i8::try_from(month), i8::try_from(day));
        let fallback = if self.0 < 0 { Date::MIN } else { Date::MAX };
        match parts {
            (Ok(year), Ok(month), Ok(day)) => Date::new(year, month, day).unwrap_or(fallback),
            _ => fallback,
        }
    }
}

impl Month {
    /// The month of `date`.
    pub fn of(date: Date) -> Self {
        let months = i32::from(date.year()) * 12 + i32::from(date.month()) - 1;
        Self(u16::try_from(months).unwrap_or_default())
    }

    /// Its first day.
    pub fn first_day(self) -> Date {
        let year = i16::try_from(self.0 / 12).unwrap_or_default();
        let month = i8::try_from(self.0 % 12 + 1).unwrap_or(1);
        Date::new(year, month, 1).unwrap_or(Date::MIN)
    }

    /// Its last day.
    pub fn last_day(self) -> Date {
        self.first_day().last_of_month()
    }

    /// All its days.
    pub fn period(self) -> Period {
        let first = self.first_day();
        Period::new(first, self.last_day()).unwrap_or(Period::day(first))
    }
}

/// Widens a period that lies inside one month to that whole month.
///
/// No compiled-in calendar cuts a month, so no figure changes; but the days of a month then share one series. For the
/// calendars that do, rows keep the period itself ([`crate::columns::Row::period`]).
pub fn widened_to_month(period: Period) -> Period {
    let month = Month::of(period.starts_on());
    if month == Month::of(period.ends_on()) {
        return month.period();
    }
    period
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970_in_both_directions() {
        let day = |y, m, d| Day::of(Date::new(y, m, d).unwrap());
        assert_eq!(day(1970, 1, 1), Day(0));
        assert_eq!(day(1969, 12, 31), Day(-1));
        assert_eq!(day(2000, 2, 29), Day(11_016));
        assert_eq!(day(2000, 3, 1), Day(11_017));
        assert_eq!(day(2100, 12, 31), Day(47_846));
    }

    #[test]
    fn every_day_of_the_allowed_years_comes_back_from_its_number() {
        let first = Day::of(Date::new(1960, 1, 1).unwrap()).0;
        let last = Day::of(Date::new(2100, 12, 31).unwrap()).0;
        let mut date = Date::new(1960, 1, 1).unwrap();
        for number in first..=last {
            assert_eq!(Day(number).date(), date);
            assert_eq!(Day::of(date), Day(number));
            date = date.tomorrow().unwrap();
        }
        assert_eq!(date, Date::new(2101, 1, 1).unwrap());
    }

    #[test]
    fn a_period_inside_one_month_is_widened_and_one_day_more_is_not() {
        let date = |m, d| Date::new(2024, m, d).unwrap();
        let inside = Period::new(date(2, 3), date(2, 29)).unwrap();
        assert_eq!(
            widened_to_month(inside),
            Period::new(date(2, 1), date(2, 29)).unwrap()
        );
        let across = Period::new(date(2, 3), date(3, 1)).unwrap();
        assert_eq!(widened_to_month(across), across);
    }
}
