//! What a fold still distinguishes: amounts are summed by it first, so that splits and years are worked out once.

use std::hash::{Hash, Hasher};

use perennial_domain::agreement::{Firmness, YearBasis};
use perennial_domain::classification::Pillar;
use perennial_domain::money::Currency;

use crate::dictionary::EntityNo;
use crate::history::DimsNo;
use crate::lens::When;
use crate::posting::{Direction, Measure};
use crate::question::Dimension;
use crate::view::additive::Who;

/// A set of keys, one bit each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Keys(pub(super) u16);

impl Keys {
    const fn bit(dimension: Dimension) -> u16 {
        1 << (dimension as u16)
    }

    pub(super) fn of(dimensions: impl Iterator<Item = Dimension>) -> Self {
        Self(dimensions.fold(0, |bits, dimension| bits | Self::bit(dimension)))
    }

    pub(super) const fn has(self, dimension: Dimension) -> bool {
        self.0 & Self::bit(dimension) != 0
    }
}

/// What a fold still distinguishes of an agreement and class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Subject {
    pub(super) direction: Direction,
    pub(super) agreement: Option<EntityNo>,
    pub(super) donor: Who,
    pub(super) recipient: Who,
    pub(super) dims: Option<DimsNo>,
    pub(super) pillar: Option<Pillar>,
}

/// Everything that a fold still distinguishes of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) subject: u32,
    pub(super) measure: Measure,
    pub(super) currency: Currency,
    pub(super) basis: Option<YearBasis>,
    pub(super) firmness: Option<Firmness>,
    pub(super) when: When,
}

impl Hash for Part {
    /// Two numbers instead of a dozen: this is hashed once for each cell or row of a question.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (kind, when) = match self.when {
            When::Any => (0_u64, 0),
            When::Year(year) => (1, u64::from(year.number())),
            When::Period(period) => (2, u64::from(period.0)),
            // There are few adjustments, and fewer that share a period.
            When::Adjusted { period, .. } => (3, u64::from(period.0)),
        };
        let firmness = self.firmness.map_or(0, |firmness| 1 + firmness as u64);
        let basis = self.basis.map_or(0, |basis| 1 + basis as u64) | firmness << 4;
        let mut currency = 0_u64;
        for byte in self.currency.code().bytes() {
            currency = currency << 8 | u64::from(byte);
        }
        state.write_u64(u64::from(self.subject) << 32 | when);
        state.write_u64(currency << 24 | u64::from(self.measure.code()) << 16 | basis << 8 | kind);
    }
}
