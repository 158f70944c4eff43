//! Exact money: an amount in the minor units of one currency, and the checks around it (INV-3).

mod currency;
mod decimal;
mod table;

pub use currency::{Currency, UnknownCurrency};
pub use decimal::{DecimalError, RoundedMoney};

/// Amounts stay strictly below this many minor units, in both directions (10^18).
///
/// Source: SEMANTICS.md 1 "Rounding"; it also keeps every amount inside `google.type.Money`.
pub const MINOR_UNITS_LIMIT: i128 = 1_000_000_000_000_000_000;

/// An exact amount, counted in the minor unit of one currency (ISO 4217 exponent).
///
/// Upholds INV-3: arithmetic never mixes currencies, never wraps and stays within what the
/// wire can carry. Hence no `Add`, `Default`, `Deref` or float: there is no way around the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    minor_units: i128,
    currency: Currency,
}

/// Arithmetic that would have broken INV-3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Two amounts of different currencies met.
    #[error("amounts in {left} and {right} do not mix")]
    CurrencyMismatch {
        /// Currency of the left operand.
        left: Currency,
        /// Currency of the right operand.
        right: Currency,
    },
    /// The result is not below [`MINOR_UNITS_LIMIT`].
    #[error("the amount is not below 10^18 minor units")]
    OutOfRange,
    /// There is nothing to divide by: no weights, or only zeros.
    #[error("an amount cannot be divided by weights that sum to zero")]
    NoWeights,
}

impl Money {
    /// Returns `minor_units` of `currency`, of either sign.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] unless the absolute amount is below [`MINOR_UNITS_LIMIT`].
    pub fn from_minor(minor_units: i128, currency: Currency) -> Result<Self, MoneyError> {
        if minor_units <= -MINOR_UNITS_LIMIT || MINOR_UNITS_LIMIT <= minor_units {
            return Err(MoneyError::OutOfRange);
        }
        Ok(Self {
            minor_units,
            currency,
        })
    }

    /// Returns no money of `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self {
            minor_units: 0,
            currency,
        }
    }

    /// The amount in minor units.
    pub const fn minor_units(self) -> i128 {
        self.minor_units
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether the amount is above zero.
    pub const fn is_positive(self) -> bool {
        0 < self.minor_units
    }

    /// Whether the amount is below zero.
    pub const fn is_negative(self) -> bool {
        self.minor_units < 0
    }

    /// Whether the amount is zero.
    pub const fn is_zero(self) -> bool {
        self.minor_units == 0
    }

    /// Returns `self + other` in their shared currency.
    ///
    /// # Errors
    /// [`MoneyError`] if the currencies differ or the sum is out of range.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let sum = self.minor_units.checked_add(other.minor_units);
        Self::from_minor(sum.ok_or(MoneyError::OutOfRange)?, self.currency)
    }

    /// Returns `self - other` in their shared currency. The result may be negative.
    ///
    /// # Errors
    /// [`MoneyError`] if the currencies differ or the difference is out of range.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let difference = self.minor_units.checked_sub(other.minor_units);
        Self::from_minor(difference.ok_or(MoneyError::OutOfRange)?, self.currency)
    }

    /// Returns the same amount with the other sign.
    #[must_use]
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "the range is symmetric and far from i128's"
    )]
    pub const fn negated(self) -> Self {
        Self {
            minor_units: -self.minor_units,
            currency: self.currency,
        }
    }

    /// Splits the amount in proportion to `weights`, in their order, without losing a minor unit.
    ///
    /// Largest remainder, ties to the earliest (SEMANTICS.md 1 "Rounding"). The parts sum to `self`.
    ///
    /// # Errors
    /// [`MoneyError::NoWeights`] if the weights sum to zero, [`MoneyError::OutOfRange`] if their sum or
    /// a product leaves 128 bits (weights up to 10^18 always fit).
    pub fn allocate(self, weights: &[u64]) -> Result<Vec<Self>, MoneyError> {
        allocate_minor(self.minor_units, weights)?
            .into_iter()
            .map(|part| Self::from_minor(part, self.currency))
            .collect()
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::CurrencyMismatch {
            left: self.currency,
            right: other.currency,
        })
    }
}

/// Splits `minor_units` of either sign in proportion to `weights`: largest remainder, ties to the earliest.
///
/// # Errors
/// As [`Money::allocate`].
pub fn allocate_minor(minor_units: i128, weights: &[u64]) -> Result<Vec<i128>, MoneyError> {
    let weights: Vec<i128> = weights.iter().map(|&weight| i128::from(weight)).collect();
    divide_minor(minor_units, &weights)
}

/// Splits `minor_units` of either sign in proportion to `weights` of either sign, whose sum is above 0: what is worth
/// less than nothing gets a part of the other sign. Largest remainder, ties to the earliest.
///
/// # Errors
/// As [`Money::allocate`].
pub fn divide_minor(minor_units: i128, weights: &[i128]) -> Result<Vec<i128>, MoneyError> {
    let mut total: i128 = 0;
    for &weight in weights {
        total = total.checked_add(weight).ok_or(MoneyError::OutOfRange)?;
    }
    if total <= 0 {
        return Err(MoneyError::NoWeights);
    }
    let mut parts = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    let mut left = minor_units;
    for (index, &weight) in weights.iter().enumerate() {
        let product = minor_units
            .checked_mul(weight)
            .ok_or(MoneyError::OutOfRange)?;
        let part = product
            .checked_div_euclid(total)
            .ok_or(MoneyError::OutOfRange)?;
        let remainder = product
            .checked_rem_euclid(total)
            .ok_or(MoneyError::OutOfRange)?;
        left = left.checked_sub(part).ok_or(MoneyError::OutOfRange)?;
        parts.push(part);
        remainders.push((remainder, index));
    }
    // Floors sum to at most the whole, so `left` is what is still to hand out: fewer units than parts.
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for &(_, index) in &remainders {
        if left == 0 {
            break;
        }
        if let Some(part) = parts.get_mut(index) {
            *part = part.checked_add(1).ok_or(MoneyError::OutOfRange)?;
            left = left.checked_sub(1).ok_or(MoneyError::OutOfRange)?;
        }
    }
    Ok(parts)
}

/// A sum of amounts in minor units, of any size, as text: `1234.50 USD`.
///
/// A [`Money`] is one amount and stays below [`MINOR_UNITS_LIMIT`]; what many of them add up to need not.
pub fn sum_text(minor_units: i128, currency: Currency) -> String {
    format!("{} {currency}", decimal::text(minor_units, currency))
}

impl std::fmt::Display for Money {
    /// Writes `1234.50 USD`: all minor digits, a dot, no thousands separator.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {}",
            decimal::text(self.minor_units, self.currency),
            self.currency
        )
    }
}
