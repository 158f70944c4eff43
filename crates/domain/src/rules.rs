//! The numbered rules that look at a command alone, each written once: dates, splits, rates, digits.
//!
//! The rules that look at what stands are with their aggregate.

use jiff::civil::Date;

use crate::agreement::{Conversion, Published, Rate, Terms};
use crate::classification::LineDims;
use crate::exchange::{Functional, is_rate};
use crate::finding::Context;
use crate::money::{Currency, Money};
use crate::period::Period;
use crate::rule::{Breach, Rule};

/// R4: a published split did not sum to the whole and was scaled.
pub(crate) fn split_exact(subject: &str, dims: &LineDims) -> Option<Breach> {
    let split = if dims.purposes.scaled() {
        "purposes"
    } else if dims.places.scaled() {
        "places"
    } else {
        return None;
    };
    Some(Breach::new(
        Rule::SplitExact,
        subject,
        &[("scaled", &split)],
    ))
}

/// R4 for every line of new terms; the first breach.
pub(crate) fn terms_split_exact(subject: &str, terms: &Terms) -> Option<Breach> {
    terms.lines.iter().find_map(|line| {
        let subject = format!("{subject}/{}", line.line_id);
        split_exact(&subject, &line.dims)
    })
}

/// R6: a date lies more than one day after the UTC date of recording.
pub(crate) fn date_not_future(
    subject: &str,
    name: &str,
    date: Date,
    today: Date,
) -> Option<Breach> {
    let latest = today.tomorrow().unwrap_or(Date::MAX);
    if date <= latest {
        return None;
    }
    Some(Breach::new(
        Rule::DateNotFuture,
        subject,
        &[("latest", &latest), (name, &date)],
    ))
}

/// R9: an entry is dated in a period whose books are closed. The figures offer the adjustment: the period it would
/// concern, and an open one to date it in.
pub(crate) fn period_open(context: &Context<'_>, subject: &str, on: Date) -> Option<Breach> {
    let (calendar_id, calendar, closed) = context.closings.closed(on, context.today)?;
    let days = |period: Period| format!("{} to {}", period.starts_on(), period.ends_on());
    let open = calendar.open_period(context.today).map_or_else(
        || "none".to_owned(),
        |open| format!("{}, {}", open.label, days(open.period)),
    );
    let closed_from = closed.closed_from.unwrap_or(context.today);
    Some(Breach::new(
        Rule::ClosedPeriod,
        subject,
        &[
            ("effective_on", &on),
            ("calendar", calendar_id),
            ("period", &closed.label),
            ("days", &days(closed.period)),
            ("closed_from", &closed_from),
            ("open_period", &open),
        ],
    ))
}

/// R7: a term ends before it starts.
pub(crate) fn period_ordered(
    subject: &str,
    starts_on: Option<Date>,
    ends_on: Option<Date>,
) -> Option<Breach> {
    let (starts_on, ends_on) = (starts_on?, ends_on?);
    if starts_on <= ends_on {
        return None;
    }
    Some(Breach::new(
        Rule::PeriodOrdered,
        subject,
        &[("starts_on", &starts_on), ("ends_on", &ends_on)],
    ))
}

/// R8: a payment in another currency without a rate between the two.
pub(crate) fn rate_evidence(
    subject: &str,
    currency: Currency,
    conversion: Option<&Conversion>,
) -> Option<Breach> {
    let conversion = conversion?;
    let paid_in = conversion.original.currency();
    let evidence = not_evidence(conversion.rate.as_ref(), paid_in, currency)?;
    Some(Breach::new(
        Rule::RateEvidence,
        subject,
        &[
            ("paid", &conversion.original),
            ("booked_in", &currency),
            ("evidence", &evidence),
        ],
    ))
}

/// R8: a functional amount without a rate between the two currencies.
pub(crate) fn functional_evidence(
    subject: &str,
    amount: Money,
    functional: &Functional,
) -> Option<Breach> {
    let (from, to) = (amount.currency(), functional.money.currency());
    let evidence = not_evidence(functional.rate.as_ref(), from, to)?;
    Some(Breach::new(
        Rule::RateEvidence,
        subject,
        &[
            ("amount", &amount),
            ("functional", &functional.money),
            ("evidence", &evidence),
        ],
    ))
}

/// What stands where a rate between two currencies should; `None` if it is one.
fn not_evidence(rate: Option<&Rate>, one: Currency, other: Currency) -> Option<String> {
    match rate {
        None => Some("no rate".to_owned()),
        Some(rate) if ![(one, other), (other, one)].contains(&(rate.base, rate.quote)) => {
            Some(format!("a rate of {} in {}", rate.base, rate.quote))
        }
        Some(rate) if !is_rate(rate.value) => Some(format!("a rate of {}", rate.value)),
        Some(_) => None,
    }
}

/// R25: the published text does not say exactly the amount that is booked, whatever its sign.
pub(crate) fn minor_digits(
    subject: &str,
    booked: Money,
    published: Option<&Published>,
) -> Option<Breach> {
    let published = published?;
    let same = Money::round_decimal(&published.value_text, booked.currency()).is_ok_and(|said| {
        said.exact && said.money.minor_units().abs() == booked.minor_units().abs()
    });
    if same {
        return None;
    }
    Some(Breach::new(
        Rule::MinorDigits,
        subject,
        &[("published", &published.value_text), ("booked", &booked)],
    ))
}
