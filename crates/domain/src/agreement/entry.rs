//! The parts that money events are made of: which lines, which conversion, which published entry.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::agreement::{Firmness, YearBasis, YearShare};
use crate::classification::{Code, Pillar};
use crate::exchange::Functional;
use crate::ids::{ConditionId, LineId, PaymentId, TrancheId};
use crate::money::{Currency, Money};
use crate::party::OrgRef;
use crate::period::Period;

/// The part of an entry that falls on one line, in minor units of the agreement's currency, above 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinePart {
    /// The line.
    pub line_id: LineId,
    /// Minor units.
    pub minor_units: i128,
}

/// Where a rate was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RateSource {
    /// United Nations Operational Rates of Exchange.
    Unore,
    /// International Monetary Fund.
    Imf,
    /// European Central Bank.
    Ecb,
    /// Fixed in the agreement.
    Agreed,
    /// The paying bank.
    Bank,
    /// Published with the entry.
    Published,
}

impl RateSource {
    /// All, as they are listed.
    pub const ALL: [Self; 6] = [
        Self::Unore,
        Self::Imf,
        Self::Ecb,
        Self::Agreed,
        Self::Bank,
        Self::Published,
    ];

    /// The word in rows and commands.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unore => "unore",
            Self::Imf => "imf",
            Self::Ecb => "ecb",
            Self::Agreed => "agreed",
            Self::Bank => "bank",
            Self::Published => "published",
        }
    }

    /// Finds one by its word.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }
}

/// An exchange rate with its evidence: one unit of `base` is `value` units of `quote`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The currency of which one unit is priced.
    pub base: Currency,
    /// The currency of the price.
    pub quote: Currency,
    /// Above 0, at most 9 decimals.
    pub value: Decimal,
    /// The day it is of.
    pub rate_on: Date,
    /// Who stated it.
    pub source: RateSource,
    /// Version of the table it was read from.
    pub table_version: Option<String>,
}

/// A payment made in another currency than the agreement's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// What was really paid.
    pub original: Money,
    /// The rate that gave the amount in the agreement's currency; absent only where R8 is flagged.
    pub rate: Option<Rate>,
}

/// A published entry that an event repeats, kept word for word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Type code as published, as in `2`, `11` or `D`.
    pub type_code: String,
    /// The value's text as published.
    pub value_text: String,
    /// The entry's date as published, when it is none that can be booked.
    pub date_text: Option<String>,
    /// Hash over the published entry (SEMANTICS.md 3 "Occurrence key").
    pub occurrence_key: [u8; 16],
    /// 1 for the first entry with this key in its activity, 2 for the next …
    pub occurrence: u32,
    /// What stood out when it was read, beyond the numbered rules: `NO_MATCHING_LINE`, `VALUE_DATE_USED` …;
    /// ascending, each once.
    pub notes: Vec<String>,
}

/// Whether a payment is money or goods and services at their value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CashModality {
    /// Money.
    Cash,
    /// Goods or services, valued when they are delivered.
    InKind,
}

/// What every cash event says of its payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CashEntry {
    /// The amount in the agreement's currency: above 0, the kind gives the direction.
    pub amount: Money,
    /// Its division over lines: at least one, summing to `amount`.
    pub parts: Vec<LinePart>,
    /// The client's own id of it.
    pub payment_id: Option<PaymentId>,
    /// Who paid, where it is not the agreement's provider (for refunds: who had been paid by).
    pub provider: Option<OrgRef>,
    /// Who was paid, where it is not the agreement's or line's recipient.
    pub receiver: Option<OrgRef>,
    /// The date of the exchange rate or of the money's arrival.
    pub value_on: Option<Date>,
    /// What was really paid, if in another currency.
    pub conversion: Option<Conversion>,
    /// The submitter's reference text.
    pub reference: Option<String>,
    /// The published entry behind it, for imports.
    pub published: Option<Published>,
    /// What `amount` is in the functional currency.
    pub functional: Option<Box<Functional>>,
    /// Money or goods; absent where it was not said, which is read as money.
    pub modality: Option<CashModality>,
}

/// What must be so before a tranche is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Unique in its tranche.
    pub condition_id: ConditionId,
    /// What must be so.
    pub text: String,
}

/// The part of a payment that pays one tranche.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TrancheDraw {
    /// The tranche.
    pub tranche_id: TrancheId,
    /// The period the tranche is for: `by-year` counts the payment there.
    pub period: Period,
    /// Minor units, above 0.
    pub minor_units: i128,
    /// The day on which the tranche was due: `by-year` takes the draw out of what is due then. `None` in entries from
    /// before it was stored: it is taken out of the period.
    pub due_on: Option<Date>,
}

/// One published planned disbursement. The set of an agreement is replaced whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForecastEntry {
    /// When it is due: its first and last day.
    pub period: Period,
    /// How much; of either sign, as published.
    pub amount: Money,
    /// To whom, if it was said.
    pub receiver: Option<OrgRef>,
}

/// Money moved by a change that is no new money: pairs that sum to zero over one line or agreement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareMove {
    /// The line.
    pub line_id: LineId,
    /// The period, signed amount and basis.
    pub share: YearShare,
}

/// Whether a reallocation's leg gives or receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LegDirection {
    /// Money leaves this place.
    From,
    /// Money comes to this place.
    To,
}

/// Where a leg takes money from or brings it to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LegPlace {
    /// The line.
    pub line_id: LineId,
    /// The period; `decide` resolves it where a command leaves it out.
    pub period: Option<Period>,
    /// How the giving or new share came to its period; resolved by `decide`.
    pub basis: Option<YearBasis>,
    /// How far the giving or new share can be relied on: in a command `None` leaves it open, in an event it means
    /// firm.
    pub firmness: Option<Firmness>,
    /// The declared pillar, for a move between pillars: its line must declare it.
    pub pillar: Option<Pillar>,
    /// The purpose, for a move between purposes: a giving leg names one of its line's.
    pub purpose: Option<Code>,
    /// The country or region, for a move between places: a giving leg names one of its line's.
    pub country: Option<Code>,
}

/// One side of a reallocation. Legs sum to zero, `To` counted positive (R3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Leg {
    /// Gives or receives.
    pub direction: LegDirection,
    /// From where or to where.
    pub place: LegPlace,
    /// Above 0, in the agreement's currency.
    pub amount: Money,
}

/// What a reallocation moves on one heading, and what counts against its limit (R18).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeadingCount {
    /// The heading: a budget heading, a line, a counterparty, or the agreement, as the policy says.
    pub heading: String,
    /// Net minor units: above 0 where money comes to it, below 0 where money leaves it.
    pub moved: i128,
    /// What of it counts against the limit, in minor units; 0 with an amendment.
    pub counted: i128,
    /// What counts in all with this reallocation, in minor units.
    pub cumulative: i128,
    /// The amount that the limit is a part of, in minor units; without a policy the signed amount.
    pub base: i128,
    /// The most that may count, in minor units; absent without a policy.
    pub limit: Option<i128>,
}

/// Committed money moved between places at constant total.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReallocatedFunds {
    /// The legs; they sum to zero.
    pub legs: Vec<Leg>,
    /// The clause that permits it; may be empty.
    pub legal_basis: String,
    /// The amendment's number, where one permits it: such a move counts against no limit.
    pub amendment: Option<String>,
    /// By heading, ascending: what it moves and what counts, so that no reader has to compute it again.
    pub counts: Vec<HeadingCount>,
}

/// Undisbursed money of one fiscal period that is for a later one from now on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CarriedFunds {
    /// The period it was for.
    pub from_period: Period,
    /// The period it is for now.
    pub to_period: Period,
    /// How much: above 0.
    pub amount: Money,
    /// By line and period, out (below 0) before in: pairs that sum to zero per line.
    pub moves: Vec<ShareMove>,
    /// Why; may be empty.
    pub reason: String,
}

/// Movements that are neither commitment nor payment for a purpose; shown in `registers` only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OtherFlowKind {
    /// Interest payment (IATI 5).
    InterestPayment,
    /// Loan repayment (IATI 6).
    LoanRepayment,
    /// Purchase of equity (IATI 8).
    EquityPurchase,
    /// Sale of equity (IATI 9).
    EquitySale,
    /// Credit guarantee (IATI 10).
    CreditGuarantee,
}

/// One such movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherFlow {
    /// Which.
    pub kind: OtherFlowKind,
    /// Whether it was published with a minus.
    pub negative: bool,
    /// The payment.
    pub cash: CashEntry,
}
