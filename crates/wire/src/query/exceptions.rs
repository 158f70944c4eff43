//! Rows about exceptions outwards: `exceptions` and `overrides`.

use perennial_domain::ledger::Disposition;
use perennial_views::rows::{Disposed, ExceptionRow, OverrideRow};

use crate::date::{to_google, to_timestamp};
use crate::pb::query as pb;

fn figure((name, value): &(String, String)) -> pb::Figure {
    pb::Figure {
        name: name.clone(),
        value: value.clone(),
    }
}

impl From<&Disposed> for pb::ExceptionDisposition {
    fn from(disposed: &Disposed) -> Self {
        let state = match disposed.disposition {
            Disposition::Open => pb::DispositionState::Open,
            Disposition::Acknowledged => pb::DispositionState::Acknowledged,
            Disposition::Resolved => pb::DispositionState::Resolved,
        };
        Self {
            state: state.into(),
            text: disposed.text.clone(),
            by: disposed.by.clone(),
            recorded_at: disposed.recorded_at.map(to_timestamp),
        }
    }
}

impl From<&ExceptionRow> for pb::ExceptionRow {
    fn from(row: &ExceptionRow) -> Self {
        Self {
            rule: row.rule.map(str::to_owned),
            reason: row.reason.clone(),
            subject: row.subject.clone(),
            event_id: row.event_id.map(|id| id.to_string()).unwrap_or_default(),
            effective_on: row.effective_on.map(to_google),
            first_seen: row.first_seen.map(to_timestamp),
            values: row.values.iter().map(figure).collect(),
            count: row.count,
            locators: row.locators.clone(),
            standing: row.standing,
            disposition: row.disposed.as_ref().map(Into::into),
        }
    }
}

impl From<&OverrideRow> for pb::OverrideRow {
    fn from(row: &OverrideRow) -> Self {
        Self {
            rule: row.rule.to_owned(),
            subject: row.subject.clone(),
            event_id: row.event_id.to_string(),
            effective_on: Some(to_google(row.effective_on)),
            recorded_at: Some(to_timestamp(row.recorded_at)),
            values: row.values.iter().map(figure).collect(),
            reason: row.reason.clone(),
            maker: row.maker.clone(),
            approver: row.approver.clone(),
            disposition: Some((&row.disposed).into()),
        }
    }
}
