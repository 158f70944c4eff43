use std::collections::HashSet;
use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::agreement::{Rate, RateSource};
use crate::money::Currency;
use crate::packed::Shared;
use crate::reference::ListVersion;

/// The most rates of one table, so that its event stays well below the limit of a record. A larger publication is
/// several tables, each with a version of its own: a month each, as `import rates` makes them.
pub const TABLE_RATES_MAX: usize = 10_000;

/// One rate of a table: one unit of `base` is `value` units of `quote`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TableRate {
    /// The currency of which one unit is priced.
    pub base: Currency,
    /// The currency of the price; another one.
    pub quote: Currency,
    /// As [`crate::exchange::is_rate`] allows.
    pub value: Decimal,
    /// The first day it is of: it is in force until the same source has a newer one.
    pub rate_on: Date,
}

/// One version of a published table of rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateTable {
    /// Who stated them.
    pub source: RateSource,
    /// The version, as its publisher writes it: 1 to 64 printable characters without `@`.
    pub table_version: Arc<str>,
    /// At least one, at most [`TABLE_RATES_MAX`], ascending by base, quote and day, each once.
    pub rates: Vec<TableRate>,
    /// SHA-256 of the rates.
    pub content_hash: [u8; 32],
}

impl RateTable {
    /// Its source and version as every published list is named: `ecb@2026-07`.
    pub fn list(&self) -> ListVersion {
        ListVersion {
            name: self.source.name().into(),
            version: Arc::clone(&self.table_version),
        }
    }

    /// Brings the rates into their one order.
    pub fn sort(&mut self) {
        self.rates
            .sort_by_key(|rate| (rate.base, rate.quote, rate.rate_on));
    }

    /// The first rate that stands in the table more than once for its currencies and day.
    pub(crate) fn repeated(&self) -> Option<&TableRate> {
        let mut seen = HashSet::new();
        let mut rates = self.rates.iter();
        rates.find(|rate| !seen.insert((rate.base, rate.quote, rate.rate_on)))
    }
}

/// Which rate: whose, of which pair, and of which day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RateDay {
    pub(crate) source: RateSource,
    pub(crate) base: Currency,
    pub(crate) quote: Currency,
    pub(crate) rate_on: Date,
}

/// All published rates, as last stated.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Rates {
    /// With the version of the table that stated it last.
    pub(crate) stated: Shared<RateDay, (Decimal, Arc<str>)>,
}

impl Rates {
    /// Takes up a table. What it says of a pair and day that an older one speaks of as well counts from now on.
    pub(crate) fn publish(&mut self, table: &RateTable) {
        for rate in &table.rates {
            let day = RateDay {
                source: table.source,
                base: rate.base,
                quote: rate.quote,
                rate_on: rate.rate_on,
            };
            let stated = (rate.value, Arc::clone(&table.table_version));
            self.stated.insert(day, stated);
        }
    }

    /// The rate of a source between two currencies, in whichever direction it is stated, that is in force on a day: the
    /// newest one of that day or before. Rates through a third currency are none: nobody stated them.
    pub fn in_force(
        &self,
        source: RateSource,
        (from, to): (Currency, Currency),
        on: Date,
    ) -> Option<Rate> {
        let newest = |base: Currency, quote: Currency| {
            let day = RateDay {
                source,
                base,
                quote,
                rate_on: on,
            };
            let (newest, (value, version)) = self.stated.last_until(&day)?;
            let same = (newest.source, newest.base, newest.quote) == (source, base, quote);
            same.then(|| Rate {
                base,
                quote,
                value: *value,
                rate_on: newest.rate_on,
                source,
                table_version: Some(version.as_ref().to_owned()),
            })
        };
        let (direct, inverse) = (newest(from, to), newest(to, from));
        match (direct, inverse) {
            (Some(direct), Some(inverse)) if direct.rate_on < inverse.rate_on => Some(inverse),
            (Some(direct), _) => Some(direct),
            (None, inverse) => inverse,
        }
    }
}
