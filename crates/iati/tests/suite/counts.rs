//! What the load corpus publishes, counted activity by activity before anything is booked: how little of its arithmetic
//! anyone enforces upstream (DOMAIN.md 0.2). docs/corpus-counts.md has each figure beside what a ledger makes of it.
//!
//! Counted as published: every value, a zero too, and whatever its currency.

use std::collections::BTreeMap;

use perennial_domain::{Date, Decimal};
use perennial_iati::vocabulary::{self, DateKind, TransactionType};
use perennial_iati::{Activities, Activity, ReadLimits};

use crate::shared;

/// Activities by what their commitments and their spending are to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    /// With commitments and spending.
    both: u32,
    /// Of them, with more spending than commitments.
    above: u32,
    /// By one currency unit or less.
    by_a_unit: u32,
    /// By more than a tenth of what is committed, where that is above zero.
    by_a_tenth: u32,
    /// Spending before the first commitment.
    before: u32,
    /// Spending after the planned end, else the actual one.
    after_end: u32,
    /// Of all: whose spending adds up to less than zero on some day.
    below_zero: u32,
}

/// One published amount.
#[derive(Clone, Copy)]
struct Entry<'a> {
    on: Date,
    value: Decimal,
    currency: &'a str,
}

/// Which values count.
#[derive(Clone, Copy)]
struct Counted {
    zeros: bool,
    /// Each currency of an activity for itself.
    by_currency: bool,
}

impl Counts {
    fn add(&mut self, activity: &Activity, counted: Counted) {
        let committed = entries(activity, counted, &[TransactionType::OutgoingCommitment]);
        let spending = [TransactionType::Disbursement, TransactionType::Expenditure];
        let spent = entries(activity, counted, &spending);
        self.below_zero += u32::from(is_ever_below_zero(&spent));
        if !counted.by_currency {
            self.compare(activity, &committed, &spent);
            return;
        }
        let mut currencies: Vec<&str> = spent.iter().map(|entry| entry.currency).collect();
        currencies.sort_unstable();
        currencies.dedup();
        for currency in currencies {
            self.compare(activity, &of(&committed, currency), &of(&spent, currency));
        }
    }

    fn compare(&mut self, activity: &Activity, committed: &[Entry<'_>], spent: &[Entry<'_>]) {
        let first_on = |entries: &[Entry<'_>]| entries.iter().map(|entry| entry.on).min();
        let last_on = spent.iter().map(|entry| entry.on).max();
        let (Some(committed_on), Some(spent_on)) = (first_on(committed), first_on(spent)) else {
            return;
        };
        let sum = |entries: &[Entry<'_>]| entries.iter().map(|entry| entry.value).sum::<Decimal>();
        let (commitments, spending) = (sum(committed), sum(spent));
        let over = spending - commitments;
        self.both += 1;
        if Decimal::ZERO < over {
            self.above += 1;
            self.by_a_unit += u32::from(over <= Decimal::ONE);
            let tenth = Decimal::ZERO < commitments && commitments < over * Decimal::TEN;
            self.by_a_tenth += u32::from(tenth);
        }
        self.before += u32::from(spent_on < committed_on);
        let end = date(activity, DateKind::PlannedEnd).or(date(activity, DateKind::ActualEnd));
        self.after_end += u32::from(end.is_some_and(|end| Some(end) < last_on));
    }
}

/// The values of these types, in published order.
fn entries<'a>(
    activity: &'a Activity,
    counted: Counted,
    types: &[TransactionType],
) -> Vec<Entry<'a>> {
    let transactions = activity.transactions.iter();
    transactions
        .filter_map(|transaction| {
            let of = TransactionType::parse(transaction.type_code.as_deref()?)?;
            let value = transaction.value.as_ref()?;
            let amount: Decimal = value.text.as_deref()?.replace(',', "").parse().ok()?;
            let currency = value
                .currency
                .as_ref()
                .or(activity.default_currency.as_ref());
            let is_counted = types.contains(&of) && (counted.zeros || !amount.is_zero());
            is_counted.then_some(Entry {
                on: vocabulary::date(transaction.date.as_deref()?)?,
                value: amount,
                currency: currency.map_or("", String::as_str),
            })
        })
        .collect()
}

fn of<'a>(entries: &[Entry<'a>], currency: &str) -> Vec<Entry<'a>> {
    let entries = entries.iter().copied();
    entries.filter(|entry| entry.currency == currency).collect()
}

fn date(activity: &Activity, kind: DateKind) -> Option<Date> {
    activity
        .dates
        .iter()
        .filter(|date| date.type_code.as_deref().and_then(DateKind::parse) == Some(kind))
        .find_map(|date| vocabulary::date(date.date.as_deref()?))
}

fn is_ever_below_zero(spent: &[Entry<'_>]) -> bool {
    let mut days: BTreeMap<Date, Decimal> = BTreeMap::new();
    for entry in spent {
        *days.entry(entry.on).or_default() += entry.value;
    }
    let mut total = Decimal::ZERO;
    days.into_values().any(|of_day| {
        total += of_day;
        total < Decimal::ZERO
    })
}

#[test]
fn the_corpus_spends_beyond_before_and_after_what_it_commits_as_often_as_was_measured() {
    let Some(files) = shared::untar("iati/corpus-2021-05-26.tar.zst") else {
        return;
    };
    let counted = |zeros, by_currency| Counted { zeros, by_currency };
    let ways = [
        counted(true, false),
        counted(false, false),
        counted(true, true),
    ];
    let mut counts = ways.map(|counted| (counted, Counts::default()));
    let mut activities = 0;
    for (_, bytes) in files {
        // One of the files is no IATI, and one no XML: `corpus` says which.
        let Ok(read) = Activities::open(bytes.as_slice(), ReadLimits::default()) else {
            continue;
        };
        for activity in read {
            let activity = activity.unwrap();
            activities += 1;
            for (counted, counts) in &mut counts {
                counts.add(&activity, *counted);
            }
        }
    }
    assert_eq!(activities, 12_154);
    let [(_, published), (_, without_zeros), (_, by_currency)] = counts;
    let expected = Counts {
        both: 6_805,
        above: 876,
        by_a_unit: 314,
        by_a_tenth: 317,
        before: 1_297,
        after_end: 500,
        below_zero: 62,
    };
    assert_eq!(published, expected);
    // A ledger books no zero: 93 activities have nothing but zeros on one side.
    assert_eq!(
        without_zeros,
        Counts {
            both: 6_712,
            above: 867,
            before: 1_290,
            after_end: 495,
            ..expected
        }
    );
    // One activity is above only because two currencies are added.
    assert_eq!(
        by_currency,
        Counts {
            above: 875,
            by_a_tenth: 316,
            ..expected
        }
    );
}
