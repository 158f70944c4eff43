//! Money outwards. Inwards it is checked where its field path is known.

use perennial_domain::money::{Currency, Money};

use crate::pb;

impl From<Money> for pb::log::Money {
    fn from(money: Money) -> Self {
        let (units, nanos) = money.units_nanos();
        Self {
            currency_code: money.currency().code().to_owned(),
            units,
            nanos,
        }
    }
}

impl From<Money> for pb::google::r#type::Money {
    fn from(money: Money) -> Self {
        let (units, nanos) = money.units_nanos();
        Self {
            currency_code: money.currency().code().to_owned(),
            units,
            nanos,
        }
    }
}

/// Returns minor units as the wire carries them. Every stored or sent amount is absolutely below 10^18 (INV-3);
/// one that is not comes out beyond that limit too, and is refused by whoever reads it.
pub(crate) fn minor(minor_units: i128) -> i64 {
    i64::try_from(minor_units).unwrap_or(if minor_units < 0 { i64::MIN } else { i64::MAX })
}

/// Returns minor units from the wire, if they are absolutely below 10^18.
pub(crate) fn from_minor(minor_units: i64) -> Option<i128> {
    let minor_units = i128::from(minor_units);
    let limit = perennial_domain::money::MINOR_UNITS_LIMIT;
    (-limit < minor_units && minor_units < limit).then_some(minor_units)
}

/// Returns an API amount of `minor_units`; see [`minor`] for what is out of range.
pub(crate) fn google(minor_units: i128, currency: Currency) -> pb::google::r#type::Money {
    match Money::from_minor(minor_units, currency) {
        Ok(money) => money.into(),
        Err(_) => pb::google::r#type::Money {
            currency_code: currency.code().to_owned(),
            units: minor(minor_units.signum() * i128::MAX),
            nanos: 0,
        },
    }
}
