//! The words about fiscal periods: one calendar, `calendar-1`.

use perennial_domain::agreement::AgreementCommand;
use perennial_domain::calendar::{
    AdjustedPeriod, CalendarCommand, CalendarEvent, NewPeriod, PeriodName,
};
use perennial_domain::command::{Action, Command};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::period::Period;
use perennial_domain::{Date, agreement::AgreementEvent};

use super::Happened;
use super::words::{asked, calendar, date, happened, period};

/// The id of the calendar that the words speak of.
pub const THE_CALENDAR: &str = "calendar-1";

/// A period of the calendar, by its label.
pub fn the_period(label: &str) -> PeriodName {
    PeriodName {
        calendar_id: calendar(THE_CALENDAR),
        label: label.to_owned(),
    }
}

/// A fact about the calendar.
#[track_caller]
pub fn in_calendar(on: &str, event: CalendarEvent) -> Happened {
    Happened {
        stream: Stream::Calendar(calendar(THE_CALENDAR)),
        effective_on: date(on),
        fact: Fact::Calendar(event),
    }
}

/// A period was opened, following no pattern.
#[track_caller]
pub fn period_opened(label: &str, starts_on: &str, ends_on: &str) -> Happened {
    let event = CalendarEvent::FiscalPeriodOpened {
        label: label.to_owned(),
        period: period(starts_on, ends_on),
        pattern: None,
        gap_reason: None,
    };
    in_calendar("2023-12-01", event)
}

/// The years 2024, 2025 and 2026 were opened.
pub fn three_years() -> [Happened; 3] {
    [
        period_opened("2024", "2024-01-01", "2024-12-31"),
        period_opened("2025", "2025-01-01", "2025-12-31"),
        period_opened("2026", "2026-01-01", "2026-12-31"),
    ]
}

/// A period was closed on a day, with that many grace days.
///
/// # Panics
/// If the days cannot be counted.
#[track_caller]
pub fn closed(on: &str, (label, days): (&str, Period), grace_days: u32) -> Happened {
    let mut closed_from = date(on);
    for _ in 0..grace_days {
        closed_from = match closed_from.tomorrow() {
            Ok(next) => next,
            Err(error) => panic!("{error}"),
        };
    }
    let event = CalendarEvent::FiscalPeriodClosed {
        label: label.to_owned(),
        period: days,
        grace_days,
        closed_from,
    };
    in_calendar(on, event)
}

/// The year 2024 was closed on 2025-01-31, with that many grace days.
pub fn closed_2024(grace_days: u32) -> Happened {
    let days = period("2024-01-01", "2024-12-31");
    closed("2025-01-31", ("2024", days), grace_days)
}

/// A period was opened again.
#[track_caller]
pub fn reopened(on: &str, (label, days): (&str, Period)) -> Happened {
    let event = CalendarEvent::FiscalPeriodReopened {
        label: label.to_owned(),
        period: days,
        reason: "the auditor found a missing invoice".to_owned(),
        approver: "head-of-finance".to_owned(),
    };
    in_calendar(on, event)
}

/// The year 2024 was named as what the next entry of the agreement adjusts.
#[track_caller]
pub fn adjusted_2024(on: &str) -> Happened {
    let adjusted = AdjustedPeriod {
        name: the_period("2024"),
        period: period("2024-01-01", "2024-12-31"),
    };
    happened(on, AgreementEvent::PriorPeriodAdjusted(Box::new(adjusted)))
}

/// Asks the calendar.
#[track_caller]
pub fn ask_calendar(on: &str, command: CalendarCommand) -> Command {
    Command {
        action: Action::Calendar(calendar(THE_CALENDAR), command),
        ..asked(date(on), AgreementCommand::ReplaceForecast(Vec::new()))
    }
}

/// Open a period.
#[track_caller]
pub fn open(label: &str, starts_on: &str, ends_on: &str) -> Command {
    open_as(NewPeriod {
        label: Some(label.to_owned()),
        period: period(starts_on, ends_on),
        pattern: None,
        gap_reason: None,
    })
}

/// Open a period, with everything said.
pub fn open_as(new: NewPeriod) -> Command {
    ask_calendar("2023-12-01", CalendarCommand::Open(new))
}

/// Close a period.
#[track_caller]
pub fn close(on: &str, label: &str, grace_days: u32) -> Command {
    let label = label.to_owned();
    ask_calendar(on, CalendarCommand::Close { label, grace_days })
}

/// Open a closed period again.
#[track_caller]
pub fn reopen(on: &str, label: &str) -> Command {
    let command = CalendarCommand::Reopen {
        label: label.to_owned(),
        reason: "the auditor found a missing invoice".to_owned(),
        approver: "head-of-finance".to_owned(),
    };
    ask_calendar(on, command)
}

/// The same wish, as the adjustment of a closed period.
#[must_use]
pub fn adjusting(label: &str, (on, command): (Date, AgreementCommand)) -> Command {
    let asked = asked(on, command);
    Command {
        action: Action::Adjust(the_period(label), Box::new(asked.action)),
        ..asked
    }
}
