//! Why a calendar does not open, close or reopen a period, and why a period cannot be adjusted.

use jiff::civil::Date;

use super::Class;
use crate::calendar::PeriodName;
use crate::ids::CalendarId;
use crate::period::{FiscalCalendar, Period};
use crate::rule::Figure;

/// One reason about fiscal periods.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodRejection {
    /// No such calendar in this ledger.
    #[error("there is no calendar \"{0}\"")]
    UnknownCalendar(CalendarId),
    /// No such period in the calendar.
    #[error("there is no fiscal period {0}")]
    UnknownPeriod(PeriodName),
    /// The calendar already has a period of this label.
    #[error("there is already a fiscal period {0}")]
    PeriodExists(PeriodName),
    /// The period shares days with another one.
    #[error("{} to {} shares days with {other}, {} to {}", period.starts_on(), period.ends_on(), days.starts_on(), days.ends_on())]
    Overlaps {
        /// The days asked for.
        period: Period,
        /// The period that has some of them.
        other: PeriodName,
        /// Its days.
        days: Period,
    },
    /// Days between the period and a neighbour would belong to no period, and nothing is said about them.
    #[error("{} to {} would belong to no period of calendar \"{calendar_id}\"", gap.starts_on(), gap.ends_on())]
    Gap {
        /// The calendar.
        calendar_id: CalendarId,
        /// The days.
        gap: Period,
    },
    /// The calendar keeps to a yearly pattern, and the period is no year of it.
    #[error("{} to {} is no year of the pattern {}, as {} to {} is", period.starts_on(), period.ends_on(), pattern.name(), year.starts_on(), year.ends_on())]
    OffPattern {
        /// The days asked for.
        period: Period,
        /// The pattern.
        pattern: FiscalCalendar,
        /// The year of the pattern that holds the first of them.
        year: Period,
    },
    /// The period has not ended on the day of its closing.
    #[error("fiscal period {name} ends on {ends_on} and cannot be closed on {effective_on}")]
    NotEnded {
        /// The period.
        name: PeriodName,
        /// Its last day.
        ends_on: Date,
        /// The day of the closing.
        effective_on: Date,
    },
    /// The period is already closed.
    #[error("fiscal period {name} is already closed: it takes no entries from {closed_from} on")]
    AlreadyClosed {
        /// The period.
        name: PeriodName,
        /// The first day on which it takes no entries.
        closed_from: Date,
    },
    /// The period is open.
    #[error("fiscal period {0} is not closed")]
    NotClosed(PeriodName),
    /// Entries of the period break refusing rules, and nobody settled it.
    #[error("{count} exceptions in fiscal period {name} are open, the first is {first}")]
    ClosingBlocked {
        /// The period.
        name: PeriodName,
        /// How many.
        count: usize,
        /// The first of them: event id and rule.
        first: String,
    },
}

impl PeriodRejection {
    pub(super) const fn reason(&self) -> &'static str {
        match self {
            Self::UnknownCalendar(_) => "UNKNOWN_CALENDAR",
            Self::UnknownPeriod(_) => "UNKNOWN_FISCAL_PERIOD",
            Self::PeriodExists(_) => "FISCAL_PERIOD_EXISTS",
            Self::Overlaps { .. } => "FISCAL_PERIOD_OVERLAPS",
            Self::Gap { .. } => "FISCAL_PERIOD_GAP",
            Self::OffPattern { .. } => "FISCAL_PERIOD_OFF_PATTERN",
            Self::NotEnded { .. } => "FISCAL_PERIOD_NOT_ENDED",
            Self::AlreadyClosed { .. } => "FISCAL_PERIOD_ALREADY_CLOSED",
            Self::NotClosed(_) => "FISCAL_PERIOD_NOT_CLOSED",
            Self::ClosingBlocked { .. } => "CLOSING_BLOCKED",
        }
    }

    pub(super) const fn class(&self) -> Class {
        match self {
            Self::UnknownCalendar(_) | Self::UnknownPeriod(_) => Class::NotFound,
            Self::PeriodExists(_)
            | Self::Overlaps { .. }
            | Self::Gap { .. }
            | Self::OffPattern { .. }
            | Self::NotEnded { .. }
            | Self::AlreadyClosed { .. }
            | Self::NotClosed(_)
            | Self::ClosingBlocked { .. } => Class::Precondition,
        }
    }

    pub(super) fn subject(&self) -> String {
        let of = |name: &PeriodName| format!("calendar/{}", name.calendar_id);
        match self {
            Self::UnknownCalendar(calendar_id) | Self::Gap { calendar_id, .. } => {
                format!("calendar/{calendar_id}")
            }
            Self::UnknownPeriod(name)
            | Self::PeriodExists(name)
            | Self::NotClosed(name)
            | Self::Overlaps { other: name, .. }
            | Self::NotEnded { name, .. }
            | Self::AlreadyClosed { name, .. }
            | Self::ClosingBlocked { name, .. } => of(name),
            Self::OffPattern { .. } => String::new(),
        }
    }

    pub(super) fn figures(&self) -> Vec<Figure> {
        let days = |period: &Period| format!("{} to {}", period.starts_on(), period.ends_on());
        let pairs = match self {
            Self::UnknownCalendar(_) => Vec::new(),
            Self::UnknownPeriod(name) | Self::PeriodExists(name) | Self::NotClosed(name) => {
                vec![("period", name.label.clone())]
            }
            Self::Overlaps {
                period,
                other,
                days: theirs,
            } => vec![
                ("asked", days(period)),
                ("period", other.label.clone()),
                ("days", days(theirs)),
            ],
            Self::Gap { gap, .. } => vec![("gap", days(gap))],
            Self::OffPattern {
                period,
                pattern,
                year,
            } => vec![
                ("asked", days(period)),
                ("pattern", pattern.name().to_owned()),
                ("year", days(year)),
            ],
            Self::NotEnded {
                name,
                ends_on,
                effective_on,
            } => vec![
                ("period", name.label.clone()),
                ("ends_on", ends_on.to_string()),
                ("effective_on", effective_on.to_string()),
            ],
            Self::AlreadyClosed { name, closed_from } => vec![
                ("period", name.label.clone()),
                ("closed_from", closed_from.to_string()),
            ],
            Self::ClosingBlocked { name, count, first } => vec![
                ("period", name.label.clone()),
                ("open", count.to_string()),
                ("first", first.clone()),
            ],
        };
        let figure = |(name, value): (&str, String)| Figure {
            name: name.to_owned(),
            value,
        };
        pairs.into_iter().map(figure).collect()
    }
}
