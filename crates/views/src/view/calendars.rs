//! `calendars`: the periods of the published fiscal calendars, and whether their books are closed.

use perennial_domain::Date;
use perennial_domain::ids::CalendarId;
use perennial_domain::period::{FiscalCalendar, Period};

use crate::history::PeriodAt;
use crate::lens::Lens;
use crate::question::QuestionError;
use crate::rows::RowKey;

/// Whether a period takes entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Books {
    /// It does.
    Open,
    /// It is closed, and still does until its grace days are over.
    Grace,
    /// It does not.
    Closed,
}

impl Books {
    /// The word in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Grace => "grace",
            Self::Closed => "closed",
        }
    }
}

/// A row of `calendars`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiscalPeriodRow {
    /// The calendar.
    pub calendar_id: String,
    /// The yearly pattern that the calendar keeps to, if any.
    pub pattern: Option<FiscalCalendar>,
    /// What rows call the period.
    pub label: String,
    /// Its days.
    pub period: Period,
    /// Why days beside it belong to no period.
    pub gap_reason: Option<String>,
    /// Whether it takes entries that are recorded on the question's date; without a date, whether it is closed at all.
    pub books: Books,
    /// The day of the closing that stands.
    pub closed_on: Option<Date>,
    /// How many days, the day of the closing first, still take entries.
    pub grace_days: Option<u32>,
    /// The first day of recording on which it takes no entries any more.
    pub closed_from: Option<Date>,
    /// The day of the last reopening.
    pub reopened_on: Option<Date>,
    /// Why it was reopened.
    pub reopen_reason: Option<String>,
    /// Who approved that.
    pub reopen_approver: Option<String>,
}

impl FiscalPeriodRow {
    /// Its key: calendar and label.
    pub fn key(&self) -> RowKey {
        RowKey::of(&[&self.calendar_id, &self.label])
    }
}

/// The rows, by calendar and day.
///
/// # Errors
/// [`QuestionError::NoSuchCalendar`] if one is asked for that was not published until then.
pub fn evaluate(lens: &Lens<'_>) -> Result<Vec<FiscalPeriodRow>, QuestionError> {
    let registry = lens.facts.histories().registry();
    let known: Vec<&CalendarId> = registry.calendars(lens.at).collect();
    let asked = &lens.question.filter.calendar;
    let is_asked = |id: &CalendarId| asked.as_ref().is_none_or(|asked| *asked == *id.as_str());
    if let Some(name) = asked
        && !known.iter().any(|id| is_asked(id))
    {
        return Err(QuestionError::NoSuchCalendar {
            name: name.clone(),
            known: known.iter().map(ToString::to_string).collect(),
        });
    }
    let mut rows = Vec::new();
    for id in known.into_iter().filter(|id| is_asked(id)) {
        if let Some(calendar) = registry.calendar(id, lens.at) {
            let periods = calendar.periods.iter();
            rows.extend(periods.map(|period| row(lens, id.as_str(), calendar.pattern, period)));
        }
    }
    Ok(rows)
}

fn row(
    lens: &Lens<'_>,
    calendar_id: &str,
    pattern: Option<FiscalCalendar>,
    period: &PeriodAt<'_>,
) -> FiscalPeriodRow {
    let books = period.books(lens.effective());
    let state = match books.closing {
        None => Books::Open,
        Some(closing) => match lens.effective() {
            Some(day) if day < closing.closed_from => Books::Grace,
            Some(_) | None => Books::Closed,
        },
    };
    FiscalPeriodRow {
        calendar_id: calendar_id.to_owned(),
        pattern,
        label: period.label.to_owned(),
        period: period.period,
        gap_reason: period.gap_reason.map(str::to_owned),
        books: state,
        closed_on: books.closing.map(|closing| closing.closed_on),
        grace_days: books.closing.map(|closing| closing.grace_days),
        closed_from: books.closing.map(|closing| closing.closed_from),
        reopened_on: books.reopening.map(|reopening| reopening.reopened_on),
        reopen_reason: books.reopening.map(|reopening| reopening.reason.to_owned()),
        reopen_approver: books
            .reopening
            .map(|reopening| reopening.approver.to_owned()),
    }
}
