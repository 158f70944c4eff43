//! What an agreement says: parties, dates, lines and the years its money is for.

use jiff::civil::Date;

use crate::agreement::FurtherTerms;
use crate::classification::LineDims;
use crate::exchange::Functional;
use crate::ids::LineId;
use crate::money::{Currency, Money};
use crate::party::OrgRef;
use crate::period::Period;

/// Whose view the ledger books: it decides the direction of every posting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Perspective {
    /// The ledger is kept by who gives: outgoing.
    Provider,
    /// The ledger is kept by who receives: incoming.
    Recipient,
}

/// Whether the money must be given back when something is not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Conditionality {
    /// Nothing is attached.
    None,
    /// Its use is restricted.
    Restriction,
    /// It must be earned or returned.
    Condition,
}

/// The terms of an agreement as first signed. Its dates are the original ones and are kept for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Whose view the ledger books.
    pub perspective: Perspective,
    /// Who gives.
    pub provider: OrgRef,
    /// Who receives.
    pub recipient: OrgRef,
    /// When it was signed; absent in a mirror whose source does not publish it.
    pub signed_on: Option<Date>,
    /// First day of its term, as first signed or published.
    pub starts_on: Option<Date>,
    /// Last day of its term, included, as first signed or published.
    pub ends_on: Option<Date>,
    /// The one currency of its commitments.
    pub currency: Currency,
    /// Whether the money is conditional.
    pub conditionality: Conditionality,
    /// At least one; ids unique.
    pub lines: Vec<Line>,
    /// What it says beside; absent if nothing of it is said.
    pub further: Option<Box<FurtherTerms>>,
}

/// One commitment line: who else is in it, what it is for, and for which periods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Unique in its agreement.
    pub line_id: LineId,
    /// The signed amount; 0 only in a mirror ledger.
    pub amount: Money,
    /// The other party of this line where it is not the agreement's own: the recipient of an outgoing
    /// agreement, the provider of an incoming one.
    pub counterparty: Option<OrgRef>,
    /// How its money is classified.
    pub dims: LineDims,
    /// The periods its signed amount is for. In a recorded event they sum to `amount`; in a command they may
    /// be absent, and `decide` resolves them.
    pub year_shares: Vec<YearShare>,
    /// What `amount` is in the functional currency.
    pub functional: Option<Box<Functional>>,
}

/// How a share of a commitment came to its period (SEMANTICS.md 1 "`year_basis`").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum YearBasis {
    /// The agreement says so: explicit shares or tranches.
    Scheduled,
    /// Annual budgets whose total equals the commitment.
    Budgeted,
    /// By day over the term; stored as one period with its whole amount.
    Prorated,
    /// Nothing better is known: the date of the commitment, as a period of one day.
    SigningYear,
}

impl YearBasis {
    /// All, best first.
    pub const ALL: [Self; 4] = [
        Self::Scheduled,
        Self::Budgeted,
        Self::Prorated,
        Self::SigningYear,
    ];

    /// The word in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Budgeted => "budgeted",
            Self::Prorated => "prorated",
            Self::SigningYear => "signing_year",
        }
    }
}

/// How far a share of a commitment can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Firmness {
    /// It is promised; what holds where nothing is said.
    #[default]
    Firm,
    /// It is promised if the giver's parliament or board grants the money for that period.
    SubjectToAppropriation,
    /// It is intended.
    Indicative,
}

impl Firmness {
    /// All, the firmest first.
    pub const ALL: [Self; 3] = [Self::Firm, Self::SubjectToAppropriation, Self::Indicative];

    /// The word in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Firm => "firm",
            Self::SubjectToAppropriation => "subject_to_appropriation",
            Self::Indicative => "indicative",
        }
    }
}

/// The part of a commitment that is for one period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct YearShare {
    /// The period, both days included.
    pub period: Period,
    /// Minor units of the agreement's currency; positive in a command, of either sign in pairs of a move.
    pub minor_units: i128,
    /// How it came to this period.
    pub basis: YearBasis,
    /// How far it can be relied on.
    pub firmness: Firmness,
}
