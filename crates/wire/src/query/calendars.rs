//! Rows of `calendars` outwards.

use perennial_domain::period::FiscalCalendar;
use perennial_views::rows::{Books, FiscalPeriodRow};

use crate::date::to_google;
use crate::pb::query as pb;

impl From<&FiscalPeriodRow> for pb::FiscalPeriodRow {
    fn from(row: &FiscalPeriodRow) -> Self {
        let state = match row.books {
            Books::Open => pb::FiscalPeriodState::Open,
            Books::Grace => pb::FiscalPeriodState::Grace,
            Books::Closed => pb::FiscalPeriodState::Closed,
        };
        Self {
            calendar_id: row.calendar_id.clone(),
            label: row.label.clone(),
            starts_on: Some(to_google(row.period.starts_on())),
            ends_on: Some(to_google(row.period.ends_on())),
            state: state.into(),
            closed_on: row.closed_on.map(to_google),
            grace_days: row.grace_days,
            closed_from: row.closed_from.map(to_google),
            reopened_on: row.reopened_on.map(to_google),
            reopen_reason: row.reopen_reason.clone(),
            reopen_approver: row.reopen_approver.clone(),
            gap_reason: row.gap_reason.clone(),
            pattern: row.pattern.map(FiscalCalendar::name).map(str::to_owned),
        }
    }
}
