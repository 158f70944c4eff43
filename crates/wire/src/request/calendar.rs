//! `calendar.proto`: commands to fiscal calendars, and adjustments of the periods that they closed.

use perennial_domain::calendar::{
    CalendarCommand, GRACE_DAYS_MAX, LABEL_CHARS_MAX, NewPeriod, PeriodName,
};
use perennial_domain::command::Action;
use perennial_domain::ids::CalendarId;
use perennial_domain::period::FiscalCalendar;

use super::check::Check;
use super::path::Path;
use crate::pb::ledger as pb;
use crate::pb::ledger::command::Action as Message;

/// A command and the calendar it is for.
pub(super) type Asked = (CalendarId, CalendarCommand);

impl Check<'_> {
    pub(super) fn open_fiscal_period(
        &mut self,
        path: Path<'_>,
        message: pb::OpenFiscalPeriod,
    ) -> Option<Asked> {
        let calendar_id = self.calendar_id(path, &message.calendar_id);
        let label = self.text_opt(path.field("label"), message.label, LABEL_CHARS_MAX);
        let period = self.days(path, message.starts_on, message.ends_on);
        let pattern = match (
            message.pattern.as_str(),
            FiscalCalendar::parse(&message.pattern),
        ) {
            ("", _) => Some(None),
            (_, Some(pattern)) => Some(Some(pattern)),
            (_, None) => self.invalid(
                path.field("pattern"),
                "is none of january, april, july, october",
            ),
        };
        let (at, max) = (path.field("gap_reason"), self.limits.reason_chars_max);
        let gap_reason = self.text_opt(at, message.gap_reason, max);
        let new = NewPeriod {
            label: label?,
            period: period?,
            pattern: pattern?,
            gap_reason: gap_reason?,
        };
        Some((calendar_id?, CalendarCommand::Open(new)))
    }

    pub(super) fn close_fiscal_period(
        &mut self,
        path: Path<'_>,
        message: pb::CloseFiscalPeriod,
    ) -> Option<Asked> {
        let calendar_id = self.calendar_id(path, &message.calendar_id);
        let label = self.text(path.field("label"), message.label, LABEL_CHARS_MAX);
        let grace_days = if message.grace_days <= GRACE_DAYS_MAX {
            Some(message.grace_days)
        } else {
            let problem = format!("is more than {GRACE_DAYS_MAX}");
            self.invalid(path.field("grace_days"), problem)
        };
        let (label, grace_days) = (label?, grace_days?);
        Some((calendar_id?, CalendarCommand::Close { label, grace_days }))
    }

    pub(super) fn reopen_fiscal_period(
        &mut self,
        path: Path<'_>,
        message: pb::ReopenFiscalPeriod,
    ) -> Option<Asked> {
        let calendar_id = self.calendar_id(path, &message.calendar_id);
        let label = self.text(path.field("label"), message.label, LABEL_CHARS_MAX);
        let (reason_max, name_max) = (self.limits.reason_chars_max, self.limits.short_chars_max);
        let reason = self.text(path.field("reason"), message.reason, reason_max);
        let approver = self.text(path.field("approver"), message.approver, name_max);
        let command = CalendarCommand::Reopen {
            label: label?,
            reason: reason?,
            approver: approver?,
        };
        Some((calendar_id?, command))
    }

    fn calendar_id(&mut self, path: Path<'_>, text: &str) -> Option<CalendarId> {
        self.id(path.field("calendar_id"), text, CalendarId::parse)
    }

    pub(super) fn adjust_prior_period(
        &mut self,
        path: Path<'_>,
        message: pb::AdjustPriorPeriod,
    ) -> Option<Action> {
        let calendar_id = self.calendar_id(path, &message.calendar_id);
        let label = self.text(path.field("label"), message.label, LABEL_CHARS_MAX);
        let at = path.field("command");
        let command = match message.command.map(|command| *command) {
            // Not descended into: an adjustment of an adjustment has no meaning, however deep it goes.
            Some(pb::Command {
                action: Some(Message::AdjustPriorPeriod(_) | Message::ReplaceEntry(_)),
                ..
            }) => self.invalid(at, "is itself an adjustment or a replacement"),
            command => self.required(at, command, Self::command),
        };
        let (calendar_id, label, command) = (calendar_id?, label?, command?);
        if command.external_reference.is_some()
            || !command.evidence.is_empty()
            || !command.overrides.is_empty()
            || command.functional_from_table
        {
            return self.invalid(
                at,
                "has a reference, evidence, overrides or functional_from_table: give them to the adjusting command",
            );
        }
        if !matches!(command.action, Action::Agreement(..) | Action::Pledge(..)) {
            return self.invalid(at, "is not for an agreement or pledge");
        }
        let name = PeriodName { calendar_id, label };
        Some(Action::Adjust(name, Box::new(command.action)))
    }
}
