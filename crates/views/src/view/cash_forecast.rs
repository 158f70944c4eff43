//! `cash-forecast`: what is still to be paid, or to come, of scheduled portions, by the day it is due.
//!
//! Published plans (IATI planned disbursements) are no portions: `by-year` shows them as forecast.

use perennial_domain::Date;
use perennial_domain::event::Stream;
use perennial_domain::money::Currency;
use perennial_domain::period::Period;

use crate::day::Day;
use crate::dictionary::EntityNo;
use crate::history::TrancheAt;
use crate::lens::Lens;
use crate::posting::Direction;
use crate::rows::{Party, RowKey};
use crate::view::additive::party;
use crate::view::agreement::passes;
use crate::view::by_year::agreement_id;

/// A row of `cash-forecast`: one portion of which something is open. Amounts are minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CashForecastRow {
    /// The agreement.
    pub agreement_id: String,
    /// Incoming or outgoing.
    pub direction: Direction,
    /// Who gives.
    pub provider: Party,
    /// Who receives.
    pub recipient: Party,
    /// The tranche.
    pub tranche_id: String,
    /// The day it is due now.
    pub due_on: Date,
    /// The period it is for now.
    pub period: Period,
    /// The currency.
    pub currency: Currency,
    /// What was scheduled.
    pub scheduled: i128,
    /// What of it is neither paid nor given up.
    pub open: i128,
    /// The conditions that are neither met nor waived: id and text, in the order in which they were given.
    pub outstanding: Vec<(String, String)>,
    /// Days from the due day to the question's date, 0 before it; `None` without a date.
    pub days_late: Option<i64>,
}

impl CashForecastRow {
    /// Its key: agreement and tranche.
    pub fn key(&self) -> RowKey {
        RowKey::of(&[&self.agreement_id, &self.tranche_id])
    }
}

/// The rows, the first due first, then by agreement and tranche.
pub fn evaluate(lens: &Lens<'_>) -> Vec<CashForecastRow> {
    let asked = &lens.question.filter.agreements;
    let streams = lens.facts.dictionary().entities.items();
    let mut rows: Vec<CashForecastRow> = (0_u32..)
        .map(EntityNo)
        .zip(streams)
        .filter(|(entity, stream)| match stream {
            Stream::Agreement(id) => {
                (asked.is_empty() || asked.contains(id)) && passes(lens, *entity)
            }
            Stream::Pledge(_)
            | Stream::Import(_)
            | Stream::Ledger
            | Stream::Reference(_)
            | Stream::Requirement(_)
            | Stream::Calendar(_) => false,
        })
        .flat_map(|(entity, _)| of_agreement(lens, entity))
        .collect();
    rows.sort_by(|a, b| {
        (a.due_on, &a.agreement_id, &a.tranche_id).cmp(&(b.due_on, &b.agreement_id, &b.tranche_id))
    });
    rows
}

fn of_agreement(lens: &Lens<'_>, entity: EntityNo) -> Vec<CashForecastRow> {
    let Some(history) = lens.facts.histories().entity(entity) else {
        return Vec::new();
    };
    let Some(head) = history.head else {
        return Vec::new();
    };
    let tranches = history.tranches_at(lens.at, lens.effective());
    let open = tranches.iter().filter(|tranche| 0 < tranche.open);
    open.map(|tranche| CashForecastRow {
        agreement_id: agreement_id(lens, entity),
        direction: head.direction,
        provider: party(lens, head.provider),
        recipient: party(lens, head.recipient),
        tranche_id: tranche.tranche_id.to_string(),
        due_on: tranche.due_on,
        period: tranche.period,
        currency: head.currency,
        scheduled: tranche.scheduled,
        open: tranche.open,
        outstanding: outstanding(tranche),
        days_late: lens.effective().map(|day| late(tranche.due_on, day)),
    })
    .collect()
}

fn outstanding(tranche: &TrancheAt<'_>) -> Vec<(String, String)> {
    let conditions = tranche.outstanding.iter();
    conditions
        .map(|condition| (condition.condition_id.to_string(), condition.text.clone()))
        .collect()
}

fn late(due_on: Date, day: Date) -> i64 {
    (i64::from(Day::of(day).0) - i64::from(Day::of(due_on).0)).max(0)
}
