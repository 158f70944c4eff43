//! What a line still has of a purpose or place, by following every reallocation that named one.

use perennial_domain::Date;
use perennial_domain::agreement::{AgreementEvent, Leg, LegDirection, LegPlace, LineSplits};
use perennial_domain::classification::{Code, Split};

use super::super::deal::Deal;

const MILLION: i128 = 1_000_000;

/// A code's part of a split, in parts per million.
pub(super) fn share_of(split: &Split, code: &Code) -> i128 {
    let shares = split.shares().iter();
    let own = shares.filter(|it| it.vocabulary == code.vocabulary && it.code == code.code);
    own.map(|it| i128::from(it.share_ppm)).sum()
}

/// The part of money that is for an asked code: of money that names one, all or nothing.
fn part(asked: Option<&Code>, named: Option<&Code>, split: &Split) -> i128 {
    match (asked, named) {
        (None, _) => MILLION,
        (Some(asked), None) => share_of(split, asked),
        (Some(asked), Some(named)) => {
            if asked == named {
                MILLION
            } else {
                0
            }
        }
    }
}

fn parts(asked: &LegPlace, named: Option<&LegPlace>, splits: &LineSplits) -> i128 {
    let purpose = named.and_then(|named| named.purpose.as_ref());
    let country = named.and_then(|named| named.country.as_ref());
    part(asked.purpose.as_ref(), purpose, &splits.purposes)
        * part(asked.country.as_ref(), country, &splits.places)
}

/// Of what is undisbursed, what a giving leg can take: legs of the same wish before it, and those of recorded
/// reallocations since the line was last classified, moved what they named and not a part of everything.
pub(super) fn left(deal: &Deal, on: Date, leg: &Leg, undisbursed: i128, before: &[Leg]) -> i128 {
    let asked = &leg.place;
    if asked.purpose.is_none() && asked.country.is_none() {
        return undisbursed;
    }
    let splits = deal.splits_on(&asked.line_id, on);
    let since = deal.split_since(&asked.line_id, on);
    let by_split = parts(asked, None, &splits);
    let beyond = |leg: &Leg| -> i128 {
        let named = &leg.place;
        let elsewhere = match (named.period, asked.period) {
            (Some(named), Some(asked)) => {
                named.ends_on() < asked.starts_on() || asked.ends_on() < named.starts_on()
            }
            _ => false,
        };
        let is_coded = named.purpose.is_some() || named.country.is_some();
        if named.line_id != asked.line_id || elsewhere || !is_coded {
            return 0;
        }
        let sign = if leg.direction == LegDirection::To {
            1
        } else {
            -1
        };
        sign * leg.amount.minor_units() * (parts(asked, Some(named), &splits) - by_split)
    };
    let mut moves: Vec<(Date, i128)> = Vec::new();
    for (recorded, event) in deal.standing() {
        if let AgreementEvent::FundsReallocated(moved) = event {
            let day = recorded.event.effective_on;
            if since.is_none_or(|since| since < day) {
                moves.push((day, moved.legs.iter().map(beyond).sum()));
            }
        }
    }
    let own = undisbursed * by_split + before.iter().map(beyond).sum::<i128>();
    // On the day, and on every later one on which anything moves.
    let mut days: Vec<Date> = moves
        .iter()
        .map(|&(day, _)| day)
        .filter(|day| on < *day)
        .collect();
    days.push(on);
    let until = |day: Date| -> i128 {
        let earlier = moves.iter().filter(|&&(moved_on, _)| moved_on <= day);
        own + earlier.map(|&(_, amount)| amount).sum::<i128>()
    };
    let lowest = days.into_iter().map(until).min().unwrap_or_default();
    (lowest.max(0) / (MILLION * MILLION)).min(undisbursed)
}
