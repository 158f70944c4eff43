//! `calendar.proto`: events of fiscal calendars, and what an adjustment says of the period that it concerns.

use perennial_domain::calendar::{AdjustedPeriod, CalendarEvent, PeriodName};
use perennial_domain::ids::CalendarId;
use perennial_domain::period::Period;

use super::error::{At, DecodeError, Problem, enumeration, required};
use super::value::{day, period};
use crate::date;
use crate::pb::log as pb;
use crate::pb::log::stored_event::Kind;

pub(super) fn to_kind(event: &CalendarEvent) -> Kind {
    match event {
        CalendarEvent::FiscalPeriodOpened {
            label,
            period,
            pattern,
            gap_reason,
        } => Kind::FiscalPeriodOpened(pb::FiscalPeriodOpened {
            label: label.clone(),
            period: Some((*period).into()),
            pattern: pattern
                .map_or(pb::FiscalCalendar::Unspecified, Into::into)
                .into(),
            gap_reason: gap_reason.clone(),
        }),
        CalendarEvent::FiscalPeriodClosed {
            label,
            period,
            grace_days,
            closed_from,
        } => Kind::FiscalPeriodClosed(pb::FiscalPeriodClosed {
            label: label.clone(),
            period: Some((*period).into()),
            grace_days: *grace_days,
            closed_from: date::number(*closed_from),
        }),
        CalendarEvent::FiscalPeriodReopened {
            label,
            period,
            reason,
            approver,
        } => Kind::FiscalPeriodReopened(pb::FiscalPeriodReopened {
            label: label.clone(),
            period: Some((*period).into()),
            reason: reason.clone(),
            approver: approver.clone(),
        }),
    }
}

pub(super) fn adjusted_message(adjusted: &AdjustedPeriod) -> Kind {
    Kind::PriorPeriodAdjusted(pb::PriorPeriodAdjusted {
        calendar_id: adjusted.name.calendar_id.to_string(),
        label: adjusted.name.label.clone(),
        period: Some(adjusted.period.into()),
    })
}

pub(super) fn adjusted(
    message: pb::PriorPeriodAdjusted,
) -> Result<Box<AdjustedPeriod>, DecodeError> {
    let calendar_id = CalendarId::parse(&message.calendar_id).map_err(Problem::from);
    Ok(Box::new(AdjustedPeriod {
        name: PeriodName {
            calendar_id: calendar_id.at("calendar_id")?,
            label: message.label,
        },
        period: its_days(message.period)?,
    }))
}

pub(super) fn opened(message: pb::FiscalPeriodOpened) -> Result<CalendarEvent, DecodeError> {
    let pattern = match message.pattern {
        0 => None,
        number => Some(enumeration::<pb::FiscalCalendar>(number).at("pattern")?),
    };
    Ok(CalendarEvent::FiscalPeriodOpened {
        label: message.label,
        period: its_days(message.period)?,
        pattern,
        gap_reason: message.gap_reason,
    })
}

pub(super) fn closed(message: pb::FiscalPeriodClosed) -> Result<CalendarEvent, DecodeError> {
    Ok(CalendarEvent::FiscalPeriodClosed {
        label: message.label,
        period: its_days(message.period)?,
        grace_days: message.grace_days,
        closed_from: day(message.closed_from).at("closed_from")?,
    })
}

pub(super) fn reopened(message: pb::FiscalPeriodReopened) -> Result<CalendarEvent, DecodeError> {
    Ok(CalendarEvent::FiscalPeriodReopened {
        label: message.label,
        period: its_days(message.period)?,
        reason: message.reason,
        approver: message.approver,
    })
}

fn its_days(message: Option<pb::Period>) -> Result<Period, DecodeError> {
    required("period", message, period)
}
