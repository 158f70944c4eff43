use crate::ids::CalendarId;
use crate::period::{FiscalCalendar, Period};

/// A period of a calendar, by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeriodName {
    /// The calendar.
    pub calendar_id: CalendarId,
    /// The period's label in it.
    pub label: String,
}

impl std::fmt::Display for PeriodName {
    /// Writes `"2018 EFY" of calendar "ethiopia"`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\" of calendar \"{}\"", self.label, self.calendar_id)
    }
}

/// A closed period that an adjustment concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdjustedPeriod {
    /// Its name.
    pub name: PeriodName,
    /// Its days.
    pub period: Period,
}

/// A period to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPeriod {
    /// What its year is called, unique in its calendar; absent: as the pattern labels it.
    pub label: Option<String>,
    /// Its days.
    pub period: Period,
    /// The yearly pattern that the calendar keeps to; only its first period can name one.
    pub pattern: Option<FiscalCalendar>,
    /// Why days between this period and its neighbours belong to no period; without it there are none.
    pub gap_reason: Option<String>,
}

/// What is asked of a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CalendarCommand {
    /// Open a period, the first one together with the calendar.
    Open(NewPeriod),
    /// Close the books of a period.
    Close {
        /// The period.
        label: String,
        /// How many days, the day of the closing first, still take entries.
        grace_days: u32,
    },
    /// Open the books of a closed period again.
    Reopen {
        /// The period.
        label: String,
        /// Why.
        reason: String,
        /// Who approved it: another person than who submits.
        approver: String,
    },
}

impl CalendarCommand {
    /// The kind of the event it makes, as in `FiscalPeriodOpened`.
    pub const fn makes(&self) -> &'static str {
        match self {
            Self::Open(_) => "FiscalPeriodOpened",
            Self::Close { .. } => "FiscalPeriodClosed",
            Self::Reopen { .. } => "FiscalPeriodReopened",
        }
    }

    /// What it is called where commands are written, as in `open_fiscal_period`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open(_) => "open_fiscal_period",
            Self::Close { .. } => "close_fiscal_period",
            Self::Reopen { .. } => "reopen_fiscal_period",
        }
    }
}
