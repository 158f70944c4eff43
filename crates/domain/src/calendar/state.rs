use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::book::Impossible;
use crate::calendar::CalendarEvent;
use crate::ids::CalendarId;
use crate::log::Revision;
use crate::period::{FiscalCalendar, Period};

/// A period of a calendar as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiscalPeriod {
    /// Its days.
    pub period: Period,
    /// What its year is called.
    pub label: String,
    /// The first day of recording on which it takes no entries any more; absent while its books are open.
    pub closed_from: Option<Date>,
}

impl FiscalPeriod {
    /// Whether it takes no entries that are recorded on `today`, the UTC date.
    pub fn is_closed(&self, today: Date) -> bool {
        self.closed_from.is_some_and(|from| from <= today)
    }
}

/// One calendar: the fold of its events so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    pub(crate) revision: Revision,
    pub(crate) pattern: Option<FiscalCalendar>,
    /// Ascending, none overlapping.
    pub(crate) periods: Vec<FiscalPeriod>,
}

impl Calendar {
    /// How many events it holds.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The yearly pattern that it keeps to, if its first period named one.
    pub fn pattern(&self) -> Option<FiscalCalendar> {
        self.pattern
    }

    /// Its periods, ascending.
    pub fn periods(&self) -> &[FiscalPeriod] {
        &self.periods
    }

    /// A period by its label.
    pub fn period(&self, label: &str) -> Option<&FiscalPeriod> {
        self.periods.iter().find(|period| period.label == label)
    }

    /// The period that holds a day.
    pub fn period_of(&self, on: Date) -> Option<&FiscalPeriod> {
        let after = self
            .periods
            .partition_point(|known| known.period.starts_on() <= on);
        let last = self.periods.get(after.checked_sub(1)?)?;
        last.period.contains(on).then_some(last)
    }

    /// The newest period that has begun on `today` and takes entries.
    pub(crate) fn open_period(&self, today: Date) -> Option<&FiscalPeriod> {
        let begun = |known: &&FiscalPeriod| known.period.starts_on() <= today;
        let periods = self.periods.iter().rev();
        periods.filter(begun).find(|known| !known.is_closed(today))
    }

    /// Folds one event; the first one begins the calendar.
    pub(crate) fn evolve(
        calendar: Option<&mut Self>,
        fact: &CalendarEvent,
    ) -> Result<Option<Self>, Impossible> {
        match (calendar, fact) {
            (
                None,
                CalendarEvent::FiscalPeriodOpened {
                    label,
                    period,
                    pattern,
                    ..
                },
            ) => Ok(Some(Self {
                revision: Revision(1),
                pattern: *pattern,
                periods: vec![opened(label, *period)],
            })),
            (
                None,
                CalendarEvent::FiscalPeriodClosed { .. }
                | CalendarEvent::FiscalPeriodReopened { .. },
            ) => Err(Impossible::NotTheBeginning),
            (Some(calendar), fact) => {
                calendar.fold(fact)?;
                calendar.revision = Revision(calendar.revision.0.saturating_add(1));
                Ok(None)
            }
        }
    }

    fn fold(&mut self, fact: &CalendarEvent) -> Result<(), Impossible> {
        match fact {
            CalendarEvent::FiscalPeriodOpened { label, period, .. } => {
                let at = self.periods.partition_point(|known| known.period < *period);
                self.periods.insert(at, opened(label, *period));
            }
            CalendarEvent::FiscalPeriodClosed {
                label, closed_from, ..
            } => self.period_mut(label)?.closed_from = Some(*closed_from),
            CalendarEvent::FiscalPeriodReopened { label, .. } => {
                self.period_mut(label)?.closed_from = None;
            }
        }
        Ok(())
    }

    fn period_mut(&mut self, label: &str) -> Result<&mut FiscalPeriod, Impossible> {
        let mut periods = self.periods.iter_mut();
        periods
            .find(|period| period.label == label)
            .ok_or(Impossible::UnknownPeriod)
    }
}

fn opened(label: &str, period: Period) -> FiscalPeriod {
    FiscalPeriod {
        period,
        label: label.to_owned(),
        closed_from: None,
    }
}

/// The calendars that decide which days are closed: those of the book, with what earlier commands made of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closings<'a> {
    pub(crate) recorded: &'a BTreeMap<CalendarId, Calendar>,
    /// In place of the recorded ones.
    pub(crate) changed: &'a BTreeMap<CalendarId, Calendar>,
}

impl<'a> Closings<'a> {
    pub(crate) fn calendar(&self, id: &CalendarId) -> Option<&'a Calendar> {
        self.changed.get(id).or_else(|| self.recorded.get(id))
    }

    /// The first closed period, by calendar, that holds `on` for what is recorded on `today`.
    pub(crate) fn closed(
        &self,
        on: Date,
        today: Date,
    ) -> Option<(&'a CalendarId, &'a Calendar, &'a FiscalPeriod)> {
        let recorded = self.recorded.iter();
        let current = recorded.filter(|(id, _)| !self.changed.contains_key(*id));
        let mut closed = current.chain(self.changed).filter_map(|(id, calendar)| {
            let period = calendar.period_of(on)?;
            period.is_closed(today).then_some((id, calendar, period))
        });
        closed.next()
    }
}
