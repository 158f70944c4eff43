//! Views whose every figure is a sum of weighted postings: one fold, and the entries behind each figure.

mod fold;
mod parts;

use perennial_domain::Date;
use perennial_domain::agreement::{Firmness, YearBasis};
use perennial_domain::classification::Pillar;
use perennial_domain::log::EventId;
use perennial_domain::money::Currency;

pub use fold::{Fold, FoldRow};

use crate::dictionary::{EntityNo, OrgNo};
use crate::exact::Weight;
use crate::history::PlaceNo;
use crate::lens::Lens;
use crate::posting::{Direction, Measure};
use crate::question::Dimension;
use crate::rows::Party;
use crate::years::YearNo;

/// One figure of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its name in rows.
    pub name: &'static str,
    /// The measures that it sums.
    pub measures: &'static [Measure],
    /// Whether it is by the period of a commitment, so that its basis says how it came to its year. The others
    /// have the basis `actual`.
    pub committed: bool,
    /// Whether it has a donor. Expenditure has none (SEMANTICS.md 1).
    pub has_donor: bool,
}

/// What an additive view shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// Its figures, in the order of the row.
    pub figures: &'static [Figure],
    /// Its keys, in order.
    pub keys: &'static [Dimension],
}

/// How an amount came to its year, as rows show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// A commitment's share.
    Share(YearBasis),
    /// Cash, schedules and plans: by their own date or period.
    Actual,
}

impl Basis {
    /// The word in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Share(basis) => basis.name(),
            Self::Actual => "actual",
        }
    }
}

/// How far an amount can be relied on, as rows show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Firm {
    /// A commitment's share.
    Share(Firmness),
    /// Cash, schedules and plans: firmness is no question of theirs.
    Actual,
}

impl Firm {
    /// The word in rows; none for what is no commitment.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Share(firmness) => Some(firmness.name()),
            Self::Actual => None,
        }
    }
}

/// A party in a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// Grouped away.
    Anyone,
    /// The amount has none.
    Nobody,
    /// This one.
    Org(OrgNo),
}

impl Who {
    fn of(kept: bool, org: Option<OrgNo>) -> Self {
        match (kept, org) {
            (false, _) => Self::Anyone,
            (true, None) => Self::Nobody,
            (true, Some(org)) => Self::Org(org),
        }
    }

    /// In words, as known in the lens's question; `None` if grouped away.
    pub fn words(self, lens: &Lens<'_>) -> Option<Party> {
        match self {
            Self::Anyone => None,
            Self::Nobody => Some(Party::default()),
            Self::Org(org) => Some(party(lens, Some(org))),
        }
    }
}

/// A place in a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Not said.
    Unspecified,
    /// This one.
    Known(PlaceNo),
}

impl Place {
    fn of(place: Option<PlaceNo>) -> Self {
        place.map_or(Self::Unspecified, Self::Known)
    }

    /// Its number, if it has one.
    pub const fn number(self) -> Option<PlaceNo> {
        match self {
            Self::Unspecified => None,
            Self::Known(place) => Some(place),
        }
    }
}

/// What one amount is summed under. `None`: grouped away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellKey {
    /// Always kept.
    pub direction: Direction,
    /// Always kept.
    pub currency: Currency,
    /// The agreement.
    pub agreement: Option<EntityNo>,
    /// The donor.
    pub donor: Who,
    /// The recipient.
    pub recipient: Who,
    /// The basis.
    pub basis: Option<Basis>,
    /// The firmness.
    pub firmness: Option<Firm>,
    /// The place.
    pub country: Option<Place>,
    /// The year.
    pub year: Option<YearNo>,
    /// The pillar.
    pub pillar: Option<Pillar>,
}

/// An entry behind a figure. The weighted amounts of all of them sum to the figure before rounding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// The event.
    pub event_id: EventId,
    /// Its stream.
    pub entity: EntityNo,
    /// When its amount is true in the world.
    pub effective_on: Date,
    /// The whole amount, in minor units.
    pub minor_units: i128,
    /// The part of it that counts here.
    pub weight: Weight,
}

/// An organisation in words, as known in the lens's question.
pub fn party(lens: &Lens<'_>, org: Option<OrgNo>) -> Party {
    let Some(org) = org else {
        return Party::default();
    };
    let (id, name) = lens.org_words(org);
    Party {
        id: id.to_owned(),
        name: name.to_owned(),
    }
}
