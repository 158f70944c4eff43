//! Published fiscal calendars as known at P: their periods, and what became of their books by E.
//!
//! A period is never changed once it is opened, so what a day is called depends on P alone. Closings and reopenings are
//! true from their own dates on.

use perennial_domain::Date;
use perennial_domain::calendar::CalendarEvent;
use perennial_domain::event::{Event, Fact};
use perennial_domain::log::Recorded;
use perennial_domain::period::{FiscalCalendar, Period};

use crate::history::HistoryFact;

/// A fiscal calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarAt<'f> {
    /// The yearly pattern that it keeps to, if its first period named one.
    pub pattern: Option<FiscalCalendar>,
    /// Ascending, none overlapping.
    pub periods: Vec<PeriodAt<'f>>,
}

/// A period of a fiscal calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodAt<'f> {
    /// What its year is called.
    pub label: &'f str,
    /// Its days.
    pub period: Period,
    /// Why days beside it belong to no period.
    pub gap_reason: Option<&'f str>,
    /// What was done with its books, in order of recording.
    turns: Vec<&'f Recorded<Event>>,
}

/// The last closing of a period's books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosingAt {
    /// The day of the closing.
    pub closed_on: Date,
    /// How many days, that one first, still took entries.
    pub grace_days: u32,
    /// The first day of recording on which the period took no entries any more.
    pub closed_from: Date,
}

/// The last reopening of a period's books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReopeningAt<'f> {
    /// The day of it.
    pub reopened_on: Date,
    /// Why.
    pub reason: &'f str,
    /// Who approved it.
    pub approver: &'f str,
}

/// What became of a period's books.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BooksAt<'f> {
    /// The closing that stands; none while the books are open.
    pub closing: Option<ClosingAt>,
    /// The last reopening.
    pub reopening: Option<ReopeningAt<'f>>,
}

impl<'f> CalendarAt<'f> {
    /// The fold of a calendar's facts, which are in order of recording; `None` if there are none.
    pub(super) fn of(facts: impl Iterator<Item = &'f HistoryFact>) -> Option<Self> {
        let mut calendar: Option<Self> = None;
        for fact in facts {
            let Fact::Calendar(event) = &fact.event.fact else {
                continue;
            };
            match event {
                CalendarEvent::FiscalPeriodOpened {
                    label,
                    period,
                    pattern,
                    gap_reason,
                } => {
                    let calendar = calendar.get_or_insert(Self {
                        pattern: *pattern,
                        periods: Vec::new(),
                    });
                    let earlier = |known: &PeriodAt<'_>| known.period < *period;
                    let at = calendar.periods.partition_point(earlier);
                    let opened = PeriodAt {
                        label,
                        period: *period,
                        gap_reason: gap_reason.as_deref(),
                        turns: Vec::new(),
                    };
                    calendar.periods.insert(at, opened);
                }
                CalendarEvent::FiscalPeriodClosed { label, .. }
                | CalendarEvent::FiscalPeriodReopened { label, .. } => {
                    let periods = calendar.iter_mut().flat_map(|known| &mut known.periods);
                    for known in periods.filter(|known| known.label == label.as_str()) {
                        known.turns.push(fact);
                    }
                }
            }
        }
        calendar
    }
}

impl<'f> PeriodAt<'f> {
    /// What became of its books by `effective`; without a date, by everything that is known.
    pub fn books(&self, effective: Option<Date>) -> BooksAt<'f> {
        let mut books = BooksAt::default();
        let turns = self.turns.iter();
        for turn in turns.filter(|turn| effective.is_none_or(|cut| turn.event.effective_on <= cut))
        {
            match &turn.event.fact {
                Fact::Calendar(CalendarEvent::FiscalPeriodClosed {
                    grace_days,
                    closed_from,
                    ..
                }) => {
                    books.closing = Some(ClosingAt {
                        closed_on: turn.event.effective_on,
                        grace_days: *grace_days,
                        closed_from: *closed_from,
                    });
                }
                Fact::Calendar(CalendarEvent::FiscalPeriodReopened {
                    reason, approver, ..
                }) => {
                    books.closing = None;
                    books.reopening = Some(ReopeningAt {
                        reopened_on: turn.event.effective_on,
                        reason,
                        approver,
                    });
                }
                Fact::Calendar(CalendarEvent::FiscalPeriodOpened { .. })
                | Fact::Agreement(_)
                | Fact::Pledge(_)
                | Fact::Ledger(_)
                | Fact::Import(_)
                | Fact::Reference(_)
                | Fact::Requirement(_) => {}
            }
        }
        books
    }
}
