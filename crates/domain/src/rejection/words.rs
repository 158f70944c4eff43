//! How the messages of rejections put what they name.

use crate::classification::Pillar;
use crate::command::Expected;
use crate::log::{EventId, Revision};
use crate::period::Period;

pub(super) fn expected_text(expected: Expected) -> String {
    match expected {
        Expected::Exactly(revision) => format!("at revision {}", revision.0),
        Expected::NoStream => "not to exist".to_owned(),
    }
}

pub(super) fn actual_text(actual: Option<Revision>) -> String {
    actual.map_or_else(
        || "does not exist".to_owned(),
        |revision| format!("is at {}", revision.0),
    )
}

pub(super) fn event_text(event_id: Option<EventId>) -> String {
    event_id.map_or_else(
        || " earlier in this submission".to_owned(),
        |event_id| format!(": {event_id}"),
    )
}

pub(super) const fn stand_text(dependents: usize) -> &'static str {
    match dependents {
        1 => "another entry stands",
        _ => "other entries stand",
    }
}

/// Names the first ones: a message is for people, the figures name them all.
pub(super) fn events_text(events: &[EventId]) -> String {
    const NAMED: usize = 5;
    let named: Vec<String> = events.iter().take(NAMED).map(EventId::to_string).collect();
    let more = if NAMED < events.len() { ", …" } else { "" };
    format!("{}{more}", named.join(", "))
}

pub(super) fn period_text(period: Option<Period>) -> String {
    period.map_or_else(String::new, |period| {
        format!(" in {} to {}", period.starts_on(), period.ends_on())
    })
}

pub(super) fn pillar_text(declared: Option<Pillar>) -> &'static str {
    declared.map_or("no pillar", Pillar::name)
}
