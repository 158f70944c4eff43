//! Years and months, counted by hand.

use perennial_domain::Date;
use perennial_domain::period::{FiscalCalendar, Period};

/// The month in which the years of a calendar begin.
const fn first_month(calendar: FiscalCalendar) -> i8 {
    match calendar {
        FiscalCalendar::January => 1,
        FiscalCalendar::April => 4,
        FiscalCalendar::July => 7,
        FiscalCalendar::October => 10,
    }
}

/// The civil year in which the fiscal year begins that holds `on`.
pub(super) fn year_of(calendar: FiscalCalendar, on: Date) -> i16 {
    on.year() - i16::from(on.month() < first_month(calendar))
}

/// `2026`, or `2026/27` where years do not begin in January.
pub(super) fn label(calendar: FiscalCalendar, year: i16) -> String {
    if calendar == FiscalCalendar::January {
        return year.to_string();
    }
    format!("{year}/{:02}", (year + 1) % 100)
}

/// The first day of a fiscal year.
fn starts_on(calendar: FiscalCalendar, year: i16) -> Date {
    Date::new(year, first_month(calendar), 1).unwrap_or(Date::MAX)
}

/// How many days a period has, both ends included.
pub(super) fn days(starts_on: Date, ends_on: Date) -> i128 {
    i128::from((ends_on - starts_on).get_days()) + 1
}

/// A period's parts in the years of a calendar, ascending.
pub(super) fn by_year(calendar: FiscalCalendar, period: Period) -> Vec<(i16, Period)> {
    let (first, last) = (period.starts_on(), period.ends_on());
    (year_of(calendar, first)..=year_of(calendar, last))
        .filter_map(|year| {
            let next = starts_on(calendar, year + 1);
            let ends_on = next.yesterday().unwrap_or(next).min(last);
            let part = Period::new(starts_on(calendar, year).max(first), ends_on).ok()?;
            Some((year, part))
        })
        .collect()
}

/// The day before `from` + `months` calendar months: the last day of a term of that many months.
pub(super) fn last_day_of_months(from: Date, months: u32) -> Date {
    let months = i32::try_from(months).unwrap_or(i32::MAX);
    let month = i32::from(from.year()) * 12 + i32::from(from.month()) - 1 + months;
    let year = i16::try_from(month / 12).unwrap_or(i16::MAX);
    let of_year = i8::try_from(month % 12 + 1).unwrap_or(12);
    let first = Date::new(year, of_year, 1).unwrap_or(Date::MAX);
    // A month that is too short for the day gives its last one.
    let day = from.day().min(first.days_in_month());
    let reached = Date::new(year, of_year, day).unwrap_or(Date::MAX);
    reached.yesterday().unwrap_or(reached)
}

/// How many whole calendar months a term has, its last day included.
pub(super) fn whole_months(starts_on: Date, ends_on: Date) -> u32 {
    (1_u32..12 * 200)
        .take_while(|&months| last_day_of_months(starts_on, months) <= ends_on)
        .last()
        .unwrap_or(0)
}
