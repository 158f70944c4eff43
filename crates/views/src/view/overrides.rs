//! `overrides`: what let a strict ledger record a breach, for the review of who may decide what.

use perennial_domain::Date;
use perennial_domain::event::Stream;
use perennial_domain::ledger::Disposition;
use perennial_domain::log::{EventId, RecordedAt};

use crate::exception::{Exception, Finding};
use crate::lens::Lens;
use crate::rows::RowKey;
use crate::view::exceptions::{Disposed, Dispositions, values};

/// A row of `overrides`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideRow {
    /// The rule's number, as in `R10`.
    pub rule: &'static str,
    /// The event that carries it.
    pub event_id: EventId,
    /// What breaks the rule: a stream, or a line of it.
    pub subject: String,
    /// The event's date.
    pub effective_on: Date,
    /// When it was recorded.
    pub recorded_at: RecordedAt,
    /// The figures that show the breach: name and value.
    pub values: Vec<(String, String)>,
    /// Why the breach is right.
    pub reason: String,
    /// Who submitted it; the empty text where that is not known.
    pub maker: String,
    /// Who approved it; `None` where the policy asked for nobody.
    pub approver: Option<String>,
    /// How far people are with the exception.
    pub disposed: Disposed,
}

impl OverrideRow {
    /// Its key: event and rule.
    pub fn key(&self) -> RowKey {
        RowKey::of(&[&self.event_id.to_string(), self.rule])
    }
}

/// The rows, in order of recording.
pub fn evaluate(lens: &Lens<'_>) -> Vec<OverrideRow> {
    let cut = lens.effective().map(crate::day::Day::of);
    let dispositions = Dispositions::at(lens);
    let filter = &lens.question.filter;
    let known = lens
        .facts
        .exceptions()
        .iter()
        .take_while(|exception| exception.event_id.position <= lens.at);
    known
        .filter(|exception| cut.is_none_or(|cut| exception.effective <= cut))
        .filter(|exception| of_agreement(lens, exception))
        .filter_map(|exception| row(lens, exception, &dispositions))
        .filter(|row| {
            let asked = filter.rule.as_ref();
            let open = row.disposed.disposition != Disposition::Resolved;
            asked.is_none_or(|asked| row.rule == asked) && (!filter.open || open)
        })
        .collect()
}

fn of_agreement(lens: &Lens<'_>, exception: &Exception) -> bool {
    let asked = &lens.question.filter.agreements;
    let stream = lens
        .facts
        .dictionary()
        .entities
        .get(exception.entity.index());
    asked.is_empty() || matches!(stream, Some(Stream::Agreement(id)) if asked.contains(id))
}

fn row(
    lens: &Lens<'_>,
    exception: &Exception,
    dispositions: &Dispositions<'_>,
) -> Option<OverrideRow> {
    let permitted = exception.permitted.as_ref()?;
    let Finding::Breach(breach) = &exception.finding else {
        return None;
    };
    let position = exception.event_id.position;
    Some(OverrideRow {
        rule: breach.rule.code(),
        event_id: exception.event_id,
        subject: breach.subject.clone(),
        effective_on: exception.effective.date(),
        recorded_at: lens.facts.record(position)?.recorded_at,
        values: values(breach),
        reason: permitted.reason.clone(),
        maker: lens.facts.maker(position).to_owned(),
        approver: permitted.approver.clone(),
        disposed: dispositions.of(exception.event_id, breach.rule),
    })
}
