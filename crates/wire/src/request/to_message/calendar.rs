use perennial_domain::calendar::{CalendarCommand, PeriodName};
use perennial_domain::ids::CalendarId;
use perennial_domain::period::FiscalCalendar;

use crate::date::to_google;
use crate::pb::ledger as pb;
use crate::pb::ledger::command::Action as Message;

pub(super) fn action(id: &CalendarId, command: &CalendarCommand) -> Message {
    let calendar_id = id.to_string();
    match command {
        CalendarCommand::Open(new) => Message::OpenFiscalPeriod(pb::OpenFiscalPeriod {
            calendar_id,
            label: new.label.clone().unwrap_or_default(),
            starts_on: Some(to_google(new.period.starts_on())),
            ends_on: Some(to_google(new.period.ends_on())),
            pattern: new.pattern.map_or("", FiscalCalendar::name).to_owned(),
            gap_reason: new.gap_reason.clone().unwrap_or_default(),
        }),
        CalendarCommand::Close { label, grace_days } => {
            Message::CloseFiscalPeriod(pb::CloseFiscalPeriod {
                calendar_id,
                label: label.clone(),
                grace_days: *grace_days,
            })
        }
        CalendarCommand::Reopen {
            label,
            reason,
            approver,
        } => Message::ReopenFiscalPeriod(pb::ReopenFiscalPeriod {
            calendar_id,
            label: label.clone(),
            reason: reason.clone(),
            approver: approver.clone(),
        }),
    }
}

/// The adjusting command's own date is left out: it is the adjustment's.
pub(super) fn adjust(name: &PeriodName, adjusting: Message) -> Message {
    let command = pb::Command {
        action: Some(adjusting),
        ..pb::Command::default()
    };
    Message::AdjustPriorPeriod(Box::new(pb::AdjustPriorPeriod {
        calendar_id: name.calendar_id.to_string(),
        label: name.label.clone(),
        command: Some(Box::new(command)),
    }))
}
