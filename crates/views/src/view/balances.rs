//! Balances of agreements and pledges: sums by measure (DOMAIN.md 2.2).

use std::collections::HashMap;

use perennial_domain::money::Currency;

use crate::columns::{Row, Total};
use crate::dictionary::EntityNo;
use crate::lens::{Lens, Posted};
use crate::numbers::NumberHash;
use crate::posting::{Direction, Measure, Measures, Register};

/// The sums of one agreement or pledge in one currency, in minor units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    sums: [i128; Measure::COUNT],
    /// Commitment entries less their reversals.
    pub commitment_entries: i64,
    /// Entries of payments and receipts, money given back included, less their reversals.
    pub payment_entries: i64,
}

impl Balances {
    /// The sum of one measure.
    pub fn of(&self, measure: Measure) -> i128 {
        self.sums.get(measure.index()).copied().unwrap_or_default()
    }

    /// The sum of several.
    pub fn sum(&self, measures: &[Measure]) -> i128 {
        measures.iter().map(|&measure| self.of(measure)).sum()
    }

    /// C: what is committed, net.
    pub fn committed(&self) -> i128 {
        self.sum(&Measure::COMMITTED)
    }

    /// D: what the provider paid, net.
    pub fn disbursed(&self) -> i128 {
        self.sum(&Measure::DISBURSED)
    }

    /// What the recipient received, net.
    pub fn received(&self) -> i128 {
        self.sum(&Measure::RECEIVED)
    }

    /// What rules R10, R13 and R14 compare with C: D, or for incoming money what was received (SEMANTICS.md 2).
    pub fn paid(&self, direction: Direction) -> i128 {
        match direction {
            Direction::Outgoing => self.disbursed(),
            Direction::Incoming => self.received(),
        }
    }

    /// U = C - what was paid. Below 0 it is overdrawn; nothing is clipped.
    pub fn undisbursed(&self, direction: Direction) -> i128 {
        self.committed() - self.paid(direction)
    }

    /// S: open portions.
    pub fn scheduled(&self) -> i128 {
        self.sum(&Measure::SCHEDULED)
    }

    /// Adds the sum of one series.
    pub fn add(&mut self, measure: Measure, register: Register, total: &Total) {
        if let Some(sum) = self.sums.get_mut(measure.index()) {
            *sum += total.minor_units;
        }
        let entries = i64::from(total.plus) - i64::from(total.minus);
        if register == Register::Commitment {
            self.commitment_entries += entries;
        }
        if matches!(
            register,
            Register::Disbursement | Register::Reimbursement | Register::IncomingFunds
        ) {
            self.payment_entries += entries;
        }
    }

    /// Adds one row; other measures than amounts of its own currency are the caller's concern.
    pub fn add_row(&mut self, measure: Measure, register: Register, row: &Row) {
        let mut total = Total::default();
        total.add(row);
        self.add(measure, register, &total);
    }
}

/// Balances by stream and currency.
pub type ByEntity = HashMap<(EntityNo, Currency), Balances, NumberHash>;

/// The balances of every agreement and pledge, as far as `wanted` measures go: of its postings that the filter lets
/// pass.
pub fn all(lens: &Lens<'_>, wanted: &[Measure]) -> ByEntity {
    let mut balances = ByEntity::default();
    lens.each_posted(Measures::of(wanted), |posted| {
        let kind = &posted.series.kind;
        balances
            .entry((posted.facet.entity, kind.currency))
            .or_default()
            .add(kind.measure, kind.register, &posted.total);
    });
    balances
}

/// The balances of one stream in its own currency, read from its own postings alone.
pub fn of_entity(lens: &Lens<'_>, entity: EntityNo) -> Balances {
    of(lens, entity, |_| true)
}

/// The balances of one line of an agreement in its own currency.
pub fn of_line(lens: &Lens<'_>, entity: EntityNo, line_id: &str) -> Balances {
    let lines = &lens.facts.dictionary().lines;
    of(lens, entity, |posted| {
        let line = posted.facet.line.and_then(|line| lines.get(line.index()));
        line.is_some_and(|(_, id)| id.as_str() == line_id)
    })
}

fn of(lens: &Lens<'_>, entity: EntityNo, counts: impl Fn(&Posted<'_>) -> bool) -> Balances {
    let mut balances = Balances::default();
    let head = lens
        .facts
        .histories()
        .entity(entity)
        .and_then(|history| history.head);
    lens.each_booked_of(entity, |posted| {
        let kind = &posted.series.kind;
        if head.is_some_and(|head| head.currency == kind.currency) && counts(&posted) {
            balances.add(kind.measure, kind.register, &posted.total);
        }
    });
    balances
}
