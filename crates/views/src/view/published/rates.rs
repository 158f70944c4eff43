//! `rate-tables` and `rates`: what currencies were said to be worth, and by which table.

use std::collections::{HashMap, HashSet};

use perennial_domain::Date;
use perennial_domain::agreement::RateSource;
use perennial_domain::exchange::{RateTable, TableRate};
use perennial_domain::money::Currency;
use perennial_domain::reference::{ListVersion, ReferenceEvent, ReferenceKind};

use super::{Publication, Published, asked, count, is_asked, known};
use crate::digest::hexadecimal;
use crate::lens::Lens;
use crate::question::QuestionError;
use crate::rows::RowKey;
use crate::view::View;

/// A row of `rate-tables`: one version of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateTableRow {
    /// Its source and version, as in `ecb@2026-07`.
    pub list: ListVersion,
    /// How many rates it states.
    pub rates: u64,
    /// Between how many pairs of currencies; a pair is told by base and quote.
    pub pairs: u64,
    /// The first day of its rates.
    pub first_on: Option<Date>,
    /// The last one.
    pub last_on: Option<Date>,
    /// How many of its rates another table of the same source states anew, so that they count no more.
    pub restated: u64,
    /// SHA-256 of its rates, as hexadecimal digits.
    pub content_hash: String,
    /// What published it.
    pub publication: Publication,
}

/// A row of `rates`: one unit of `base` is `value` units of `quote`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateRow {
    /// The table, as in `ecb@2026-07`.
    pub table: String,
    /// The currency of which one unit is priced.
    pub base: Currency,
    /// The currency of the price.
    pub quote: Currency,
    /// As decimal text.
    pub value: String,
    /// The first day it is of: it is in force until the same source has a newer one.
    pub rate_on: Date,
    /// The table of the same source that states the same pair and day anew, and counts instead.
    pub restated_by: Option<String>,
}

impl RateRow {
    /// Its key: table, pair and day.
    pub fn key(&self) -> RowKey {
        RowKey::of(&[
            &self.table,
            self.base.code(),
            self.quote.code(),
            &self.rate_on.to_string(),
        ])
    }
}

/// What a table says once for all: of one source, the table that was published last counts.
type Stated = (RateSource, Currency, Currency, Date);

fn stated(table: &RateTable, rate: &TableRate) -> Stated {
    (table.source, rate.base, rate.quote, rate.rate_on)
}

/// In order of publication.
fn published<'f>(lens: &Lens<'f>) -> impl DoubleEndedIterator<Item = (&'f RateTable, Publication)> {
    known(lens, ReferenceKind::Rates).filter_map(|(fact, event)| {
        if let ReferenceEvent::RateTablePublished(table) = event {
            return Some((table, Publication::of(fact)));
        }
        None
    })
}

/// Ascending by source, and of one source in order of publication.
pub(super) fn tables(lens: &Lens<'_>) -> Vec<RateTableRow> {
    let mut stated_later: HashSet<Stated> = HashSet::new();
    let mut rows: Vec<RateTableRow> = published(lens)
        .rev()
        .filter(|(table, _)| {
            // Only tables of one source state each other anew.
            let asked = lens.question.filter.list.as_deref();
            let source = asked.map(|asked| asked.split('@').next().unwrap_or(asked));
            source.is_none_or(|source| source == table.source.name())
        })
        .map(|(table, publication)| {
            let rates = || table.rates.iter();
            let pairs: HashSet<_> = rates().map(|rate| (rate.base, rate.quote)).collect();
            let again = rates().filter(|rate| !stated_later.insert(stated(table, rate)));
            let restated = count(again.count());
            RateTableRow {
                list: table.list(),
                rates: count(table.rates.len()),
                pairs: count(pairs.len()),
                first_on: rates().map(|rate| rate.rate_on).min(),
                last_on: rates().map(|rate| rate.rate_on).max(),
                restated,
                content_hash: hexadecimal(table.content_hash),
                publication,
            }
        })
        .collect();
    rows.retain(|row| is_asked(lens, &row.list));
    rows.reverse();
    rows.sort_by(|a, b| a.list.name.cmp(&b.list.name));
    rows
}

/// Ascending by base, quote and day. A table is named by source and version: sources have no version in force.
pub(super) fn rates(lens: &Lens<'_>) -> Result<Vec<RateRow>, QuestionError> {
    let asked = asked(lens, Published::Rates)?;
    let mut stated_later: HashMap<Stated, &RateTable> = HashMap::new();
    let mut found = None;
    for (table, _) in published(lens).rev() {
        if table.list().to_string() == asked {
            found = Some(table);
            break;
        }
        for rate in &table.rates {
            stated_later.entry(stated(table, rate)).or_insert(table);
        }
    }
    let table = found.ok_or_else(|| QuestionError::NoSuchList {
        view: View::Published(Published::Rates),
        name: asked.to_owned(),
    })?;
    let wanted = lens.question.filter.currency;
    let rates = table.rates.iter();
    Ok(rates
        .filter(|rate| wanted.is_none_or(|wanted| [rate.base, rate.quote].contains(&wanted)))
        .map(|rate| RateRow {
            table: asked.to_owned(),
            base: rate.base,
            quote: rate.quote,
            value: rate.value.to_string(),
            rate_on: rate.rate_on,
            restated_by: stated_later
                .get(&stated(table, rate))
                .map(|table| table.list().to_string()),
        })
        .collect())
}
