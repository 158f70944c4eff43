//! Decimal text to money and back: exact, or rounded half to even and said so (R25).

use super::{Currency, Money, MoneyError};

/// Longest decimal text that is read, in bytes. Real files go up to 16 decimals and `1.5E7`.
const TEXT_BYTES_MAX: usize = 64;

/// Billionths of a unit, as `google.type.Money` counts them.
const NANOS_PER_UNIT: u32 = 1_000_000_000;

/// Why a text is no amount of its currency.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not a decimal number.
    #[error("\"{text}\" is no decimal number")]
    NotANumber {
        /// The text, cut to 64 bytes.
        text: String,
    },
    /// More decimals than the currency has minor digits.
    #[error("{currency} has {minor_digits} minor digits, \"{text}\" needs more")]
    TooPrecise {
        /// The text.
        text: String,
        /// The currency.
        currency: Currency,
        /// Its minor digits.
        minor_digits: u8,
    },
    /// Not below 10^18 minor units.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Money read from a published text, and whether rounding changed its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundedMoney {
    /// The amount in whole minor units, rounded half to even.
    pub money: Money,
    /// True if the text said exactly this.
    pub exact: bool,
}

impl Money {
    /// Reads a decimal text (`-1234.5`, `1.5E7`; no separators, blanks around it are ignored) exactly.
    ///
    /// # Errors
    /// [`DecimalError`]; `TooPrecise` if the currency has too few minor digits.
    pub fn parse_decimal(text: &str, currency: Currency) -> Result<Self, DecimalError> {
        let rounded = Self::round_decimal(text, currency)?;
        if rounded.exact {
            return Ok(rounded.money);
        }
        let minor_digits = currency.minor_digits();
        Err(DecimalError::TooPrecise {
            text: text.trim().to_owned(),
            currency,
            minor_digits,
        })
    }

    /// Reads a decimal text and rounds it half to even to whole minor units (R25 in a mirror ledger).
    ///
    /// # Errors
    /// [`DecimalError::NotANumber`], or out of range.
    pub fn round_decimal(text: &str, currency: Currency) -> Result<RoundedMoney, DecimalError> {
        let number = Decimal::parse(text).ok_or_else(|| DecimalError::NotANumber {
            text: text.chars().take(64).collect(),
        })?;
        let (minor_units, exact) = number
            .scaled(i64::from(currency.minor_digits()))
            .ok_or(MoneyError::OutOfRange)?;
        Ok(RoundedMoney {
            money: Self::from_minor(minor_units, currency)?,
            exact,
        })
    }

    /// Returns the amount as `google.type.Money` counts it: whole units, and billionths of the same sign.
    pub fn units_nanos(self) -> (i64, i32) {
        let digits = u32::from(self.currency.minor_digits());
        let scale = 10_i128.pow(digits);
        let units = self.minor_units.checked_div(scale).unwrap_or_default();
        let rest = self.minor_units.checked_rem(scale).unwrap_or_default();
        let nanos = rest.saturating_mul(10_i128.pow(9_u32.saturating_sub(digits)));
        // Both fit: |minor units| < 10^18 and |nanos| < 10^9.
        (
            i64::try_from(units).unwrap_or_default(),
            i32::try_from(nanos).unwrap_or_default(),
        )
    }

    /// Returns the amount of `units` and `nanos` (billionths of the same sign), if it is exact in
    /// `currency` and in range.
    pub fn from_units_nanos(units: i64, nanos: i32, currency: Currency) -> Option<Self> {
        if NANOS_PER_UNIT <= nanos.unsigned_abs()
            || (units > 0 && nanos < 0)
            || (units < 0 && nanos > 0)
        {
            return None;
        }
        let digits = u32::from(currency.minor_digits());
        let step = 10_i128.pow(9_u32.checked_sub(digits)?);
        if i128::from(nanos).checked_rem(step)? != 0 {
            return None;
        }
        let whole = i128::from(units).checked_mul(10_i128.pow(digits))?;
        Self::from_minor(
            whole.checked_add(i128::from(nanos).checked_div(step)?)?,
            currency,
        )
        .ok()
    }

    /// The amount alone, with all minor digits of its currency: `-1234.50`.
    pub fn decimal_text(self) -> String {
        text(self.minor_units, self.currency)
    }
}

/// Writes minor units with all minor digits of the currency and a dot. Sums above the limit of [`Money`] too.
pub(super) fn text(minor_units: i128, currency: Currency) -> String {
    let digits = usize::from(currency.minor_digits());
    let sign = if minor_units < 0 { "-" } else { "" };
    let number = minor_units.unsigned_abs().to_string();
    if digits == 0 {
        return format!("{sign}{number}");
    }
    let padded = format!("{number:0>width$}", width = digits.saturating_add(1));
    let (whole, fraction) = padded.split_at(padded.len().saturating_sub(digits));
    format!("{sign}{whole}.{fraction}")
}

/// A decimal number: digits times a power of ten.
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let exponent = i64::from(exponent).checked_sub(i64::try_from(fraction.len()).ok()?)?;
        Some(Self {
            negative,
            digits,
            exponent,
        })
    }

    /// Returns the number times `10^shift` as an integer, rounded half to even, and whether it was one.
    fn scaled(&self, shift: i64) -> Option<(i128, bool)> {
        let exponent = self.exponent.checked_add(shift)?;
        let mut digits: Vec<u8> = self
            .digits
            .iter()
            .skip_while(|&&digit| digit == b'0')
            .copied()
            .collect();
        if digits.is_empty() {
            return Some((0, true));
        }
        let zeros = usize::try_from(exponent).unwrap_or_default();
        let places = usize::try_from(exponent.checked_neg()?).unwrap_or_default();
        let missing = places.saturating_sub(digits.len());
        let mut dropped = vec![b'0'; missing.min(2)];
        dropped.extend(digits.split_off(digits.len().saturating_sub(places)));
        let mut whole: i128 = 0;
        // However many zeros follow, the first digit that does not fit ends it.
        for digit in digits.into_iter().chain(std::iter::repeat_n(b'0', zeros)) {
            whole = whole
                .checked_mul(10)?
                .checked_add(i128::from(digit.checked_sub(b'0')?))?;
        }
        let exact = dropped.iter().all(|&digit| digit == b'0');
        if rounds_up(&dropped, whole) {
            whole = whole.checked_add(1)?;
        }
        Some((
            if self.negative {
                whole.checked_neg()?
            } else {
                whole
            },
            exact,
        ))
    }
}

/// Whether the dropped decimals round the last kept unit up: above a half, or a half beside an odd unit.
fn rounds_up(dropped: &[u8], whole: i128) -> bool {
    let Some((first, rest)) = dropped.split_first() else {
        return false;
    };
    let more = rest.iter().any(|&digit| digit != b'0');
    match first.cmp(&b'5') {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => more || whole & 1 == 1,
        std::cmp::Ordering::Greater => true,
    }
}
