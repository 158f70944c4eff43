//! What is wrong with a request.

use perennial_domain::money::Currency;

/// The catalogued reason of a violation (CONVENTIONS.md 2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Malformed or missing.
    InvalidField,
    /// More digits than the currency has.
    AmountPrecision,
    /// An entry of amount 0.
    ZeroAmount,
    /// A part in another currency than its whole.
    CurrencyMismatch,
    /// Shares that are no exact split (R4).
    SplitInexact,
    /// A period that ends before it starts (R7).
    PeriodEndsBeforeStart,
    /// Too many commands for one record.
    RecordTooLarge,
}

impl Reason {
    /// The reason on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidField => "INVALID_FIELD",
            Self::AmountPrecision => "AMOUNT_PRECISION",
            Self::ZeroAmount => "ZERO_AMOUNT",
            Self::CurrencyMismatch => "CURRENCY_MISMATCH",
            Self::SplitInexact => "SPLIT_INEXACT",
            Self::PeriodEndsBeforeStart => "PERIOD_ENDS_BEFORE_START",
            Self::RecordTooLarge => "RECORD_TOO_LARGE",
        }
    }
}

/// One field that is not as the contract says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Dotted path, as in `commands[2].disburse.amount`.
    pub field: String,
    /// The catalogued reason.
    pub reason: Reason,
    /// What is wrong, as a phrase that follows the path.
    pub description: String,
    /// The currency whose digits an amount exceeds, for [`Reason::AmountPrecision`].
    pub currency: Option<Currency>,
    /// How much too large it is, for [`Reason::RecordTooLarge`].
    pub excess: Option<Excess>,
}

/// A size above its limit, both in the same unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// What was asked for.
    pub size: usize,
    /// The most there may be.
    pub limit: usize,
}

/// Every violation of one request: at least one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{total} fields of the request are not as the contract says")]
pub struct Violations {
    /// In the order of the request's fields; at most [`super::Limits::violations_max`].
    pub violations: Vec<Violation>,
    /// How many there are, those left out included.
    pub total: usize,
}

impl Violations {
    /// The reason for the request as a whole: the one that all violations share, else `INVALID_FIELD`.
    pub fn reason(&self) -> Reason {
        let mut reasons = self.violations.iter().map(|violation| violation.reason);
        let Some(first) = reasons.next() else {
            return Reason::InvalidField;
        };
        if reasons.all(|reason| reason == first) {
            first
        } else {
            Reason::InvalidField
        }
    }
}
