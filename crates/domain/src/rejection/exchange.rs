//! Why an amount has no functional amount, or not this one.

use jiff::civil::Date;

use super::Class;
use crate::agreement::RateSource;
use crate::money::{Currency, Money};

/// One reason about money across currencies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeRejection {
    /// No published table of the source has a rate between two currencies for a day or one before it.
    #[error("{} states no rate between {from} and {to} for {on} or before", stated_by.name())]
    UnknownRate {
        /// The policy's source.
        stated_by: RateSource,
        /// Of the amount.
        from: Currency,
        /// The functional currency.
        to: Currency,
        /// The day of the rate.
        on: Date,
    },
    /// A functional amount is not what its rate makes of the amount.
    #[error("{field} is {given}, but its rate gives {expected}")]
    FunctionalDiffers {
        /// Dotted path.
        field: String,
        /// What the command says.
        given: Money,
        /// What the rate gives, rounded half to even.
        expected: Money,
    },
}

impl ExchangeRejection {
    pub(super) const fn reason(&self) -> &'static str {
        match self {
            Self::UnknownRate { .. } => "UNKNOWN_RATE",
            Self::FunctionalDiffers { .. } => "FUNCTIONAL_DIFFERS",
        }
    }

    pub(super) const fn class(&self) -> Class {
        match self {
            Self::UnknownRate { .. } => Class::NotFound,
            Self::FunctionalDiffers { .. } => Class::Invalid,
        }
    }

    pub(super) fn subject(&self) -> String {
        match self {
            Self::UnknownRate { stated_by, .. } => stated_by.name().to_owned(),
            Self::FunctionalDiffers { .. } => String::new(),
        }
    }

    pub(super) fn field(&self) -> Option<&str> {
        match self {
            Self::UnknownRate { .. } => None,
            Self::FunctionalDiffers { field, .. } => Some(field),
        }
    }

    pub(super) fn pair(&self) -> [(&'static str, String); 2] {
        match self {
            Self::UnknownRate { from, to, on, .. } => [
                ("currencies", format!("{from} and {to}")),
                ("on", on.to_string()),
            ],
            Self::FunctionalDiffers {
                given, expected, ..
            } => [
                ("given", given.to_string()),
                ("expected", expected.to_string()),
            ],
        }
    }
}
