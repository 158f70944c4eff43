//! `maturity`: what is left of each commitment, by how soon its period's days come.

use std::collections::BTreeMap;

use perennial_domain::Date;
use perennial_domain::agreement::{Firmness, Perspective};
use perennial_domain::period::Period;

use super::super::calendar;
use super::Read;

/// What is left: in which part, how firm, how much; in the order in which payments take it.
type Left = Vec<(usize, Firmness, i128)>;

pub(super) fn rows(read: &Read<'_>) -> Vec<String> {
    let last = read
        .known
        .last()
        .map(|recorded| recorded.recorded_at.date());
    let Some(from) = read.effective().or(last) else {
        return Vec::new();
    };
    let limits = [12, 60].map(|months| {
        let before = calendar::last_day_of_months(from, months);
        before.tomorrow().unwrap_or(before)
    });
    let mut books: BTreeMap<(&str, String, String), Book> = BTreeMap::new();
    for (deal, item, side) in read.amounts() {
        let key = (
            side.direction,
            item.currency.code().to_owned(),
            deal.id.to_string(),
        );
        let incoming = deal.perspective() == Perspective::Recipient;
        let book = books.entry(key).or_default();
        if item.what.is_committed() {
            let portion = (item.period.map(whole_month), item.firmness);
            *book.committed.entry(portion).or_default() += item.amount;
        } else if (incoming && item.what.is_received()) || (!incoming && item.what.is_disbursed()) {
            book.paid += item.amount;
        }
    }
    let mut sums: BTreeMap<(&str, String, Option<Firmness>), [i128; 4]> = BTreeMap::new();
    for ((direction, currency, _), book) in &books {
        let (left, overdrawn) = book.left(limits);
        for (part, firmness, amount) in left {
            let key = (*direction, currency.clone(), Some(firmness));
            if let Some(sum) = sums.entry(key).or_default().get_mut(part) {
                *sum += amount;
            }
        }
        let key = (*direction, currency.clone(), None);
        let [.., over] = sums.entry(key).or_default();
        *over += overdrawn;
    }
    let sums = sums.into_iter().filter(|(_, sums)| *sums != [0; 4]);
    sums.map(|((direction, currency, firmness), [first, second, third, over])| {
        let firmness = firmness.map(Firmness::name);
        let all = first + second + third;
        format!("{direction} {currency} {firmness:?}: {first} + {second} + {third} = {all}, over {over}")
    })
    .collect()
}

/// A period inside one month is that month, as in every view.
fn whole_month(period: Period) -> Period {
    let (first, last) = (period.starts_on(), period.ends_on());
    if first.first_of_month() != last.first_of_month() {
        return period;
    }
    Period::new(first.first_of_month(), first.last_of_month()).unwrap_or(period)
}

/// One agreement in one currency.
#[derive(Default)]
struct Book {
    committed: BTreeMap<(Option<Period>, Firmness), i128>,
    paid: i128,
}

impl Book {
    fn left(&self, limits: [Date; 2]) -> (Left, i128) {
        let mut due: BTreeMap<(usize, Firmness), i128> = BTreeMap::new();
        for ((period, firmness), amount) in &self.committed {
            let mut before = 0;
            for (part, limit) in limits.into_iter().map(Some).chain([None]).enumerate() {
                let until = match (period, limit) {
                    (Some(period), Some(limit)) => until(*period, limit, *amount),
                    _ => *amount,
                };
                *due.entry((part, *firmness)).or_default() += until - before;
                before = until;
            }
        }
        let given_up: i128 = due.values().filter(|amount| **amount < 0).sum();
        let mut paid = self.paid - given_up;
        let mut left: Left = Vec::new();
        for ((part, firmness), amount) in due {
            let amount = amount.max(0);
            let taken = amount.min(paid.max(0));
            paid -= taken;
            left.push((part, firmness, amount - taken));
        }
        if paid < 0 {
            left.push((0, Firmness::Firm, -paid));
        }
        (left, paid.max(0))
    }
}

/// What of an amount falls on the days of its period until a day.
fn until(period: Period, day: Date, amount: i128) -> i128 {
    if day < period.starts_on() {
        return 0;
    }
    let days = calendar::days(period.starts_on(), period.ends_on().min(day));
    amount * days / calendar::days(period.starts_on(), period.ends_on())
}
