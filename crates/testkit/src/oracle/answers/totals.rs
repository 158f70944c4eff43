//! `registers`, `movements` and `multi-year`.

use std::collections::{BTreeMap, BTreeSet};

use perennial_domain::Date;
use perennial_domain::agreement::Perspective;
use perennial_domain::log::EventId;
use perennial_domain::money::Currency;

use super::super::calendar;
use super::super::deal::{Balance, Deal};
use super::super::item::{Item, What};
use super::{Read, direction};

fn is_year(read: &Read<'_>, year: i16) -> bool {
    let asked = read.question.filter.year.as_ref();
    asked.is_none_or(|asked| *asked == calendar::label(read.calendar, year))
}

/// Published entries by IATI type: reversed ones and their reversals both count, each once in every row that it has
/// an amount in.
pub(super) fn registers(read: &Read<'_>) -> Vec<String> {
    let mut sums: BTreeMap<(u8, String), (BTreeSet<EventId>, i128)> = BTreeMap::new();
    let mut add = |item: &Item, incoming: bool| {
        let year = calendar::year_of(read.calendar, item.on);
        if item.register == 0 || !is_year(read, year) {
            return;
        }
        let iati_type = match (item.register, incoming) {
            (2, true) => 11,
            (12, true) => 13,
            (register, _) => register,
        };
        let sum = sums
            .entry((iati_type, item.currency.code().to_owned()))
            .or_default();
        sum.0.insert(item.event_id);
        sum.1 += item.amount;
    };
    for (deal, item, _) in read.amounts() {
        add(item, deal.perspective() == Perspective::Recipient);
    }
    if read.question.filter.agreements.is_empty() {
        for (item, side) in super::pledges::amounts(read) {
            add(item, side.direction == "incoming");
        }
    }
    sums.into_iter()
        .map(|((iati_type, currency), (entries, amount))| {
            format!("{iati_type} {currency}: {} entries {amount}", entries.len())
        })
        .collect()
}

/// What moved U year by year.
pub(super) fn movements(read: &Read<'_>) -> Vec<String> {
    let mut books: BTreeMap<(&str, String), BTreeMap<i16, [i128; 6]>> = BTreeMap::new();
    for (deal, item, side) in read.amounts() {
        let incoming = deal.perspective() == Perspective::Recipient;
        let (column, sign) = match item.what {
            What::Signed => (0, 1),
            What::Increased => (1, 1),
            What::Decreased => (2, -1),
            What::Disbursed | What::Reimbursed if !incoming => (3, 1),
            What::Received if incoming => (3, 1),
            What::Refunded if !incoming => (4, -1),
            What::GivenBack if incoming => (4, -1),
            What::WrittenOff | What::Recovered => (5, 1),
            _ => continue,
        };
        let year = calendar::year_of(read.calendar, item.on);
        let book = books
            .entry((side.direction, item.currency.code().to_owned()))
            .or_default();
        if let Some(sum) = book.entry(year).or_default().get_mut(column) {
            *sum += sign * item.amount;
        }
    }
    let mut rows = Vec::new();
    for ((direction, currency), book) in books {
        let mut opening = 0;
        // From the first year in which something moved to the last one.
        let moving = || book.iter().filter(|(_, columns)| **columns != [0; 6]);
        let first = moving().next().map_or(0, |(year, _)| *year);
        let last = moving().next_back().map_or(-1, |(year, _)| *year);
        for year in first..=last {
            let [signed, more, less, paid, back, off] =
                book.get(&year).copied().unwrap_or_default();
            let closing = opening + signed + more - less - paid + back - off;
            if is_year(read, year) {
                let label = calendar::label(read.calendar, year);
                rows.push(format!(
                    "{direction} {currency} {label}: {opening} + {signed} + {more} - {less} - {paid} + {back} - {off} = {closing}"
                ));
            }
            opening = closing;
        }
    }
    rows
}

/// The term as first signed: without a start the first commitment that stands is one; nothing can be said of one that
/// ends before it starts.
pub(super) fn original_term(read: &Read<'_>, deal: &Deal) -> Option<(Date, Date)> {
    let starts_on = deal.terms.starts_on.or_else(|| {
        let entries = deal
            .items
            .iter()
            .filter(|item| item.register == 2 && read.holds(item.on));
        let mut standing: BTreeMap<Date, i64> = BTreeMap::new();
        for item in entries {
            *standing.entry(item.on).or_default() += item.entries;
        }
        let mut standing = standing.into_iter().filter(|(_, entries)| 0 < *entries);
        standing.next().map(|(on, _)| on)
    });
    let (starts_on, ends_on) = (starts_on?, deal.terms.ends_on?);
    (starts_on <= ends_on).then_some((starts_on, ends_on))
}

/// `yes`, `no` or `unknown`.
pub(super) fn is_multi_year(read: &Read<'_>, deal: &Deal) -> &'static str {
    let Some((starts_on, ends_on)) = original_term(read, deal) else {
        return "unknown";
    };
    let months = read.question.multi_year_months;
    if calendar::last_day_of_months(starts_on, months) <= ends_on {
        "yes"
    } else {
        "no"
    }
}

/// The agreements with a commitment entry that stands, and one or any money that passes the filter; with functional amounts
/// in every currency that this holds for.
pub(super) fn multi_year(read: &Read<'_>) -> Vec<String> {
    let mut rows: BTreeMap<(&str, String), [i128; 5]> = BTreeMap::new();
    for deal in read.asked() {
        let mut passing: BTreeMap<Currency, Vec<Item>> = BTreeMap::new();
        for (of, item, _) in read.amounts() {
            if of.id == deal.id && item.what.is_committed() {
                passing.entry(item.currency).or_default().push(item.clone());
            }
        }
        let standing = |items: &mut dyn Iterator<Item = &Item>| -> bool {
            0 < items.map(|item| item.entries).sum::<i64>()
        };
        let mut of_deal = deal
            .items
            .iter()
            .filter(|item| item.register == 2 && read.holds(item.on));
        if !standing(&mut of_deal) {
            continue;
        }
        for (currency, passing) in passing {
            let committed = Balance::of(&passing).committed;
            if !standing(&mut passing.iter()) && committed == 0 {
                continue;
            }
            let key = (direction(deal.perspective()), currency.code().to_owned());
            let [agreements, amount, of_years, years_amount, unknown] =
                rows.entry(key).or_default();
            *agreements += 1;
            *amount += committed;
            match is_multi_year(read, deal) {
                "yes" => {
                    *of_years += 1;
                    *years_amount += committed;
                }
                "unknown" => *unknown += 1,
                _ => {}
            }
        }
    }
    rows.into_iter()
        .map(|((direction, currency), [agreements, amount, of_years, years_amount, unknown])| {
            format!(
                "{direction} {currency}: {agreements} agreements {amount}, multi-year {of_years} \
                 {years_amount}, unknown {unknown}"
            )
        })
        .collect()
}
