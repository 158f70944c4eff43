//! `value.proto`, money across currencies: rates and functional amounts.

use std::str::FromStr;

use perennial_domain::Decimal;
use perennial_domain::agreement::{CarryingValue, Rate};
use perennial_domain::exchange::Functional;

use super::error::{At, DecodeError, Problem, enumeration, optional, required};
use super::value::{amount, currency, day, minor_units};
use crate::pb::log as pb;
use crate::{date, money};

impl From<&Functional> for pb::Functional {
    fn from(functional: &Functional) -> Self {
        Self {
            money: Some(functional.money.into()),
            rate: functional.rate.as_ref().map(Into::into),
        }
    }
}

pub(super) fn functional(message: pb::Functional) -> Result<Box<Functional>, DecodeError> {
    Ok(Box::new(Functional {
        money: required("money", message.money, amount)?,
        rate: optional("rate", message.rate, rate)?,
    }))
}

impl From<&CarryingValue> for pb::CarryingValue {
    fn from(carried: &CarryingValue) -> Self {
        Self {
            part: carried.part,
            minor_units: money::minor(carried.minor_units),
            functional: Some(carried.functional.into()),
        }
    }
}

pub(super) fn carrying(message: pb::CarryingValue) -> Result<CarryingValue, DecodeError> {
    Ok(CarryingValue {
        part: message.part,
        minor_units: minor_units(message.minor_units).at("minor_units")?,
        functional: required("functional", message.functional, amount)?,
    })
}

impl From<&Rate> for pb::Rate {
    fn from(rate: &Rate) -> Self {
        Self {
            base: rate.base.to_string(),
            quote: rate.quote.to_string(),
            value: rate.value.to_string(),
            rate_on: date::number(rate.rate_on),
            source: pb::RateSource::from(rate.source).into(),
            table_version: rate.table_version.clone(),
        }
    }
}

pub(super) fn decimal(text: &str) -> Result<Decimal, Problem> {
    Decimal::from_str(text).map_err(|_| Problem::Decimal)
}

pub(super) fn rate(message: pb::Rate) -> Result<Rate, DecodeError> {
    Ok(Rate {
        base: currency(&message.base).at("base")?,
        quote: currency(&message.quote).at("quote")?,
        value: decimal(&message.value).at("value")?,
        rate_on: day(message.rate_on).at("rate_on")?,
        source: enumeration::<pb::RateSource>(message.source).at("source")?,
        table_version: message.table_version,
    })
}
