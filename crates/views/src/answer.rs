//! An answer: the rows, and from what they were computed.

use perennial_domain::Date;
use perennial_domain::log::{Position, RecordedAt};

use crate::SCHEMA;
use crate::digest::StateDigest;
use crate::lens::Lens;
use crate::question::CurrencyBasis;
use crate::rows::Row;
use crate::view::View;

/// From what an answer was computed. With it anyone can ask the same again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadInfo {
    /// As known up to this record, included.
    pub position: Position,
    /// The last record that this reader had.
    pub head_position: Position,
    /// When the record at `position` was appended.
    pub recorded_at: RecordedAt,
    /// The hash of the record at `position`.
    pub record_hash: [u8; 32],
    /// The view.
    pub view: View,
    /// The schema of expansion and rows.
    pub view_schema: &'static str,
    /// The state digest at `position`.
    pub digest: StateDigest,
    /// As true on this day; `None` without a cut-off.
    pub effective_as_of: Option<Date>,
    /// What currency amounts are in.
    pub currency_basis: CurrencyBasis,
    /// The calendar of the years, by its name.
    pub fiscal_calendar: String,
    /// Whether adjustments count in the years that they concern.
    pub restated: bool,
    /// The pillar mapping's name, of a published one with its version.
    pub mapping_name: String,
    /// The pillar mapping's content hash.
    pub mapping_hash: String,
    /// What the totals contain, in words (SEMANTICS.md 1 "Every total says in words").
    pub notes: Vec<String>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// From what it was computed.
    pub info: ReadInfo,
    /// The rows, in the view's order.
    pub rows: Vec<Row>,
}

impl ReadInfo {
    /// Says from what `rows` were computed.
    pub fn of(view: View, lens: &Lens<'_>, rows: &[Row]) -> Self {
        let record = lens.facts.record(lens.at);
        let head = lens.facts.head();
        let mapping = &lens.mapping;
        Self {
            position: lens.at,
            head_position: head.map_or(lens.at, |record| record.position),
            recorded_at: record.map(|record| record.recorded_at).unwrap_or_default(),
            record_hash: record.map(|record| record.record_hash).unwrap_or_default(),
            view,
            view_schema: SCHEMA,
            digest: lens.facts.digest(lens.at).unwrap_or_default(),
            effective_as_of: lens.effective(),
            currency_basis: lens.question.basis,
            fiscal_calendar: lens.question.calendar.name().to_owned(),
            restated: lens.question.restated,
            mapping_name: mapping.name(),
            mapping_hash: mapping.content_hash(),
            notes: crate::notes::notes(view, lens, rows),
        }
    }
}
