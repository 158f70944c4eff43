//! Fiscal calendars and adjustments, with every field set.

use perennial_domain::agreement::{AgreementCommand, AgreementEvent, ReversalReason};
use perennial_domain::calendar::{
    AdjustedPeriod, CalendarCommand, CalendarEvent, NewPeriod, PeriodName,
};
use perennial_domain::command::{Action, Submission};
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ids::CalendarId;
use perennial_domain::period::FiscalCalendar;
use perennial_domain::pledge::{PledgeCommand, PledgeEvent};

use crate::command_samples::submission;
use crate::event_samples::agreement;
use crate::ledger_samples::first;
use crate::values::{agreement_id, pledge_id, target};
use crate::{on, period};

/// One event of every kind about calendars and adjustments, named as its golden file.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let calendar_id = CalendarId::parse("ethiopia").unwrap();
    let calendar = |fact| first(Stream::Calendar(calendar_id.clone()), Fact::Calendar(fact));
    let label = || "2017 EFY".to_owned();
    let days = period("2024-09-11", "2025-09-10");
    let adjusted = Box::new(AdjustedPeriod {
        name: PeriodName {
            calendar_id: calendar_id.clone(),
            label: label(),
        },
        period: days,
    });
    let opened = |pattern, gap_reason: Option<&str>| CalendarEvent::FiscalPeriodOpened {
        label: label(),
        period: days,
        pattern,
        gap_reason: gap_reason.map(str::to_owned),
    };
    vec![
        (
            "fiscal_period_opened",
            calendar(opened(None, Some("the ministry moved the year"))),
        ),
        (
            "fiscal_period_opened.pattern",
            calendar(opened(Some(FiscalCalendar::July), None)),
        ),
        (
            "fiscal_period_closed",
            calendar(CalendarEvent::FiscalPeriodClosed {
                label: label(),
                period: days,
                grace_days: 30,
                closed_from: on("2025-11-01"),
            }),
        ),
        (
            "fiscal_period_reopened",
            calendar(CalendarEvent::FiscalPeriodReopened {
                label: label(),
                period: days,
                reason: "a missing invoice".to_owned(),
                approver: "head-of-finance".to_owned(),
            }),
        ),
        (
            "prior_period_adjusted",
            agreement(AgreementEvent::PriorPeriodAdjusted(adjusted.clone())),
        ),
        (
            "prior_period_adjusted.pledge",
            first(
                Stream::Pledge(pledge_id()),
                Fact::Pledge(PledgeEvent::PriorPeriodAdjusted(adjusted)),
            ),
        ),
        (
            "entry_reversed.adjusting",
            Event {
                concerns: Some(days),
                carrying: Vec::new(),
                ..agreement(AgreementEvent::EntryReversed {
                    target: target(),
                    reason: ReversalReason::Error,
                })
            },
        ),
    ]
}

/// One submission of every kind of command about them.
pub(crate) fn commands() -> Vec<(&'static str, Submission)> {
    let calendar_id = CalendarId::parse("ethiopia").unwrap();
    let label = || "2017 EFY".to_owned();
    let calendar = |command| submission(Action::Calendar(calendar_id.clone(), command));
    let new = |label, pattern, gap_reason: Option<&str>| {
        CalendarCommand::Open(NewPeriod {
            label,
            period: period("2024-07-01", "2025-06-30"),
            pattern,
            gap_reason: gap_reason.map(str::to_owned),
        })
    };
    let adjusting = |action| {
        let name = PeriodName {
            calendar_id: calendar_id.clone(),
            label: label(),
        };
        submission(Action::Adjust(name, Box::new(action)))
    };
    let reverse = AgreementCommand::ReverseEntry {
        target: target(),
        reason: ReversalReason::Error,
    };
    let reverse_pledge = PledgeCommand::ReverseEntry {
        target: target(),
        reason: ReversalReason::Error,
    };
    vec![
        (
            "open_fiscal_period",
            calendar(new(
                Some(label()),
                None,
                Some("the ministry moved the year"),
            )),
        ),
        (
            "open_fiscal_period.pattern",
            calendar(new(None, Some(FiscalCalendar::July), None)),
        ),
        (
            "close_fiscal_period",
            calendar(CalendarCommand::Close {
                label: label(),
                grace_days: 30,
            }),
        ),
        (
            "reopen_fiscal_period",
            calendar(CalendarCommand::Reopen {
                label: label(),
                reason: "a missing invoice".to_owned(),
                approver: "head-of-finance".to_owned(),
            }),
        ),
        (
            "adjust_prior_period",
            adjusting(Action::Agreement(agreement_id(), reverse)),
        ),
        (
            "adjust_prior_period.pledge",
            adjusting(Action::Pledge(pledge_id(), reverse_pledge)),
        ),
    ]
}
