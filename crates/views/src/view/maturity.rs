//! `maturity`: what is undisbursed, by how soon it falls due and how far it can be relied on.
//!
//! Commitments fall due over the days of their periods. What is paid, and what was given up of later periods, takes
//! away from what falls due first, the firmest first. The three parts of a row sum to what is undisbursed; an agreement
//! that is paid beyond its commitment owes nothing and is `overdrawn` (ADR-0014).

use std::collections::{BTreeMap, HashMap};

use perennial_domain::Date;
use perennial_domain::agreement::Firmness;
use perennial_domain::money::Currency;

use crate::day::{Day, Days};
use crate::dictionary::{EntityNo, PeriodNo};
use crate::lens::Lens;
use crate::numbers::NumberHash;
use crate::posting::{Direction, Measure, Measures};
use crate::rows::RowKey;

/// A row of `maturity`. Amounts are minor units of `currency`;
/// undisbursed = under one year + one to five years + over five years.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaturityRow {
    /// Incoming or outgoing.
    pub direction: Direction,
    /// The currency.
    pub currency: Currency,
    /// How far it can be relied on; `None` for what is overdrawn.
    pub firmness: Option<&'static str>,
    /// Due until the same day of the next year, included, or overdue.
    pub under_one_year: i128,
    /// Due after that until the same day of the fifth year, included.
    pub one_to_five_years: i128,
    /// Due later.
    pub over_five_years: i128,
    /// What is committed and not paid (incoming: not received) of agreements that are not overdrawn.
    pub undisbursed: i128,
    /// By how much agreements are paid beyond their commitments.
    pub overdrawn: i128,
}

impl MaturityRow {
    /// Its key: direction, currency and firmness.
    pub fn key(&self) -> RowKey {
        RowKey::of(&[
            self.direction.name(),
            self.currency.code(),
            self.firmness.unwrap_or_default(),
        ])
    }
}

/// Due under one year, in one to five, and later.
type Parts = [i128; 3];

/// What one agreement has in one currency.
#[derive(Debug, Default)]
struct Owed {
    /// Committed, by period and firmness.
    committed: BTreeMap<(Option<PeriodNo>, Firmness), i128>,
    paid: i128,
}

/// Rows in the making: firmness `None` is what is overdrawn.
type Sums = BTreeMap<(Direction, Currency, Option<Firmness>), (Parts, i128)>;

/// The rows, by direction, currency and firmness, the firmest first; what is overdrawn before them.
pub fn evaluate(lens: &Lens<'_>) -> Vec<MaturityRow> {
    let limits = Limits::of(lens);
    let mut sums = Sums::new();
    for ((_, direction, currency), owed) in by_agreement(lens) {
        let mut add = |firmness, parts: Parts, overdrawn| {
            let (sum, over) = sums.entry((direction, currency, firmness)).or_default();
            for (sum, part) in sum.iter_mut().zip(parts) {
                *sum += part;
            }
            *over += overdrawn;
        };
        let (due, overdrawn) = owed.due(lens, limits);
        for (firmness, parts) in due {
            add(Some(firmness), parts, 0);
        }
        add(None, Parts::default(), overdrawn);
    }
    let rows = sums
        .into_iter()
        .map(|((direction, currency, firmness), (parts, overdrawn))| {
            let [under_one_year, one_to_five_years, over_five_years] = parts;
            MaturityRow {
                direction,
                currency,
                firmness: firmness.map(Firmness::name),
                under_one_year,
                one_to_five_years,
                over_five_years,
                undisbursed: parts.iter().sum(),
                overdrawn,
            }
        });
    rows.filter(|row| row.undisbursed != 0 || row.overdrawn != 0)
        .collect()
}

fn by_agreement(lens: &Lens<'_>) -> HashMap<(EntityNo, Direction, Currency), Owed, NumberHash> {
    let measures = [
        &Measure::COMMITTED[..],
        &Measure::DISBURSED[..],
        &Measure::RECEIVED[..],
    ]
    .concat();
    let mut owed: HashMap<_, Owed, NumberHash> = HashMap::default();
    lens.each_posted(Measures::of(&measures), |posted| {
        let kind = &posted.series.kind;
        let direction = posted.class.direction;
        let key = (posted.facet.entity, direction, kind.currency);
        let minor_units = posted.total.minor_units;
        let paid: &[Measure] = match direction {
            Direction::Outgoing => &Measure::DISBURSED,
            Direction::Incoming => &Measure::RECEIVED,
        };
        if paid.contains(&kind.measure) {
            owed.entry(key).or_default().paid += minor_units;
        } else if Measure::COMMITTED.contains(&kind.measure) {
            let committed = &mut owed.entry(key).or_default().committed;
            *committed.entry((kind.period, kind.firmness)).or_default() += minor_units;
        }
    });
    owed
}

/// The last days of the first and of the fifth year from the day that is asked about.
#[derive(Clone, Copy, Debug)]
struct Limits([Day; 2]);

impl Limits {
    /// Without a day that is asked about, from the day of the last record.
    fn of(lens: &Lens<'_>) -> Self {
        let recorded = lens.facts.record(lens.at);
        let from = lens
            .effective()
            .or_else(|| Some(recorded?.recorded_at.date()))
            .unwrap_or(Date::MIN);
        Self([1, 5].map(|years| Day::of(years_after(from, years))))
    }

    /// Cuts an amount by days; parts before a limit are rounded towards 0, so that all sum to the amount.
    fn cut(self, minor_units: i128, days: Days) -> Parts {
        let whole = i128::from(days.count().max(1));
        let until = |limit: Day| {
            let last = days.last.min(limit);
            let part = i128::from(Days { last, ..days }.count());
            // Nothing of a period is lost: the last part is what is left.
            minor_units / whole * part + minor_units % whole * part / whole
        };
        let [first, second] = self.0.map(until);
        [first, second - first, minor_units - second]
    }
}

/// The same day some years later; 28 February for a leap day.
fn years_after(date: Date, years: i16) -> Date {
    let year = date.year().saturating_add(years);
    Date::new(year, date.month(), date.day())
        .or_else(|_| Date::new(year, date.month(), 28))
        .unwrap_or(Date::MAX)
}

impl Owed {
    /// What is due, by firmness, and by how much it is overdrawn: never both.
    fn due(&self, lens: &Lens<'_>, limits: Limits) -> (BTreeMap<Firmness, Parts>, i128) {
        let mut due: BTreeMap<Firmness, Parts> = BTreeMap::new();
        for (&(period, firmness), &minor_units) in &self.committed {
            let period = period.and_then(|period| {
                let periods = &lens.facts.dictionary().periods;
                periods.get(period.index())
            });
            let parts = period.map_or([minor_units, 0, 0], |period| {
                let days = Days {
                    first: Day::of(period.starts_on()),
                    last: Day::of(period.ends_on()),
                };
                limits.cut(minor_units, days)
            });
            for (sum, part) in due.entry(firmness).or_default().iter_mut().zip(parts) {
                *sum += part;
            }
        }
        let mut paid = self.paid;
        for part in due.values_mut().flatten() {
            // What was given up where nothing is left takes away like a payment.
            paid -= (*part).min(0);
            *part = (*part).max(0);
        }
        for at in 0..Parts::default().len() {
            for part in due.values_mut().filter_map(|parts| parts.get_mut(at)) {
                let taken = paid.clamp(0, *part);
                *part -= taken;
                paid -= taken;
            }
        }
        if paid < 0 {
            // More came back than was paid: it is to be paid again.
            let [first, ..] = due.entry(Firmness::Firm).or_default();
            *first -= paid;
        }
        (due, paid.max(0))
    }
}
