//! Fiscal calendars and adjustments.

use perennial_domain::calendar::{AdjustedPeriod, CalendarEvent};

use super::Canonical;

impl Canonical {
    pub(super) fn calendar(&mut self, event: &CalendarEvent) {
        match event {
            CalendarEvent::FiscalPeriodOpened {
                label,
                period,
                pattern,
                gap_reason,
            } => {
                self.text(label);
                self.period(*period);
                self.optional(*pattern, |bytes, pattern| bytes.text(pattern.name()));
                self.optional(gap_reason.as_deref(), Self::text);
            }
            CalendarEvent::FiscalPeriodClosed {
                label,
                period,
                grace_days,
                closed_from,
            } => {
                self.text(label);
                self.period(*period);
                self.number(u64::from(*grace_days));
                self.date(*closed_from);
            }
            CalendarEvent::FiscalPeriodReopened {
                label,
                period,
                reason,
                approver,
            } => {
                self.text(label);
                self.period(*period);
                self.text(reason);
                self.text(approver);
            }
        }
    }

    pub(super) fn adjusted(&mut self, adjusted: &AdjustedPeriod) {
        self.text(adjusted.name.calendar_id.as_str());
        self.text(&adjusted.name.label);
        self.period(adjusted.period);
    }
}
