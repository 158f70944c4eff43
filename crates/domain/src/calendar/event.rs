use jiff::civil::Date;

use crate::period::{FiscalCalendar, Period};

/// A fact about a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CalendarEvent {
    /// It has a further period; the first one begins the calendar.
    FiscalPeriodOpened {
        /// What its year is called; unique in its calendar.
        label: String,
        /// Its days.
        period: Period,
        /// The yearly pattern that the calendar keeps to; only on its first period.
        pattern: Option<FiscalCalendar>,
        /// Why days beside it belong to no period.
        gap_reason: Option<String>,
    },
    /// The books of a period are closed.
    FiscalPeriodClosed {
        /// The period.
        label: String,
        /// Its days.
        period: Period,
        /// How many days, the day of the closing first, still take entries.
        grace_days: u32,
        /// The first day of recording on which the period takes no entries any more.
        closed_from: Date,
    },
    /// The books of a closed period are open again.
    FiscalPeriodReopened {
        /// The period.
        label: String,
        /// Its days.
        period: Period,
        /// Why.
        reason: String,
        /// Who approved it.
        approver: String,
    },
}

impl CalendarEvent {
    /// The event's kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::FiscalPeriodOpened { .. } => "FiscalPeriodOpened",
            Self::FiscalPeriodClosed { .. } => "FiscalPeriodClosed",
            Self::FiscalPeriodReopened { .. } => "FiscalPeriodReopened",
        }
    }
}
