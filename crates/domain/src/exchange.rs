//! Money across currencies: what a rate makes of an amount, and the functional amount that is kept beside one.
//!
//! A functional amount is what an entry is worth in the currency the organisation keeps its books in, at booking, with the
//! rate that says so (DOMAIN.md 2.5). It is decided once: no later table changes it.

pub(crate) mod decide;
mod table;

use rust_decimal::Decimal;

use crate::agreement::Rate;
use crate::money::{Currency, Money, MoneyError};

pub(crate) use table::RateDay;
pub use table::{RateTable, Rates, TABLE_RATES_MAX, TableRate};

/// The most decimals of a rate.
pub const RATE_DECIMALS_MAX: u32 = 9;
/// Rates stay below this (`decimal(18,9)`, DOMAIN.md 5.1).
pub const RATE_LIMIT: u64 = 1_000_000_000;

/// An amount in the ledger's functional currency, as booked, with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Functional {
    /// The amount: 0 or more; the entry's kind gives the direction.
    pub money: Money,
    /// The rate between the entry's currency and this one; absent only where R8 is flagged.
    pub rate: Option<Rate>,
}

/// Why a rate says nothing about an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// The rate is between other currencies.
    #[error("a rate of {base} in {quote} says nothing about {currency}")]
    OtherCurrencies {
        /// Priced.
        base: Currency,
        /// Of the price.
        quote: Currency,
        /// Of the amount.
        currency: Currency,
    },
    /// The rate is not above 0, or not below [`RATE_LIMIT`], or has more than [`RATE_DECIMALS_MAX`] decimals.
    #[error("a rate is above 0 and below 10^9, with at most 9 decimals")]
    NoRate,
    /// The result is out of range.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Whether a number can be a rate: above 0, below [`RATE_LIMIT`], at most [`RATE_DECIMALS_MAX`] decimals.
pub fn is_rate(value: Decimal) -> bool {
    Decimal::ZERO < value
        && value < Decimal::from(RATE_LIMIT)
        && value.normalize().scale() <= RATE_DECIMALS_MAX
}

impl Rate {
    /// Whether it is between these two currencies, in either direction.
    pub fn joins(&self, one: Currency, other: Currency) -> bool {
        one != other && [(one, other), (other, one)].contains(&(self.base, self.quote))
    }

    /// Returns what an amount in one of its currencies is in the other: computed exactly, rounded once, half to even, to
    /// whole minor units (INV-3). Of `base` it is multiplied, of `quote` divided.
    ///
    /// # Errors
    /// [`ConvertError`].
    pub fn convert(&self, amount: Money) -> Result<Money, ConvertError> {
        let value = self.value.normalize();
        if !is_rate(value) {
            return Err(ConvertError::NoRate);
        }
        let from = amount.currency();
        let multiplies = from == self.base;
        if self.base == self.quote || (!multiplies && from != self.quote) {
            return Err(ConvertError::OtherCurrencies {
                base: self.base,
                quote: self.quote,
                currency: from,
            });
        }
        let to = if multiplies { self.quote } else { self.base };
        // The rate is `mantissa / 10^scale`; minor units differ by a power of ten as well.
        let (mantissa, scale) = (value.mantissa(), i64::from(value.scale()));
        let digits = i64::from(to.minor_digits()).saturating_sub(from.minor_digits().into());
        let (numerator, denominator, exponent) = if multiplies {
            let product = amount.minor_units().checked_mul(mantissa);
            (product, 1, digits.saturating_sub(scale))
        } else {
            let units = Some(amount.minor_units());
            (units, mantissa, digits.saturating_add(scale))
        };
        // At most 10^18 x 10^18 x 10^4 on one side: a rate with a large mantissa has its decimals on the other.
        let power = u32::try_from(exponent.unsigned_abs())
            .ok()
            .and_then(|exponent| 10_i128.checked_pow(exponent));
        let quotient = numerator
            .zip(power)
            .and_then(|(numerator, power)| {
                if exponent < 0 {
                    Some((numerator, denominator.checked_mul(power)?))
                } else {
                    Some((numerator.checked_mul(power)?, denominator))
                }
            })
            .and_then(|(numerator, denominator)| half_even(numerator, denominator));
        Ok(Money::from_minor(
            quotient.ok_or(MoneyError::OutOfRange)?,
            to,
        )?)
    }
}

/// Divides and rounds half to even; `denominator` is above 0.
pub(crate) fn half_even(numerator: i128, denominator: i128) -> Option<i128> {
    let quotient = numerator.checked_div_euclid(denominator)?;
    let remainder = numerator.checked_rem_euclid(denominator)?;
    let up = match remainder.cmp(&denominator.checked_sub(remainder)?) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => quotient & 1,
        std::cmp::Ordering::Greater => 1,
    };
    quotient.checked_add(up)
}
