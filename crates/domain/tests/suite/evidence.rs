//! R4, R8 and R25: what a source must say exactly.

use perennial_domain::Decimal;
use perennial_domain::agreement::{AgreementCommand, Conversion, Line, Rate, RateSource};
use perennial_domain::classification::{LineDims, Split, Vocabulary};
use perennial_domain::rejection::Class;
use perennial_domain::rule::{Breach, Profile, Rule};
use perennial_testkit::history::given;
use perennial_testkit::history::words::*;

fn split(weights: &[(&str, u64)]) -> Split {
    let weights = weights
        .iter()
        .map(|&(code, weight)| (Vocabulary::DacPurpose, code.into(), weight))
        .collect();
    Split::scaled_to_whole(weights, 100)
}

fn line_with(split: Split) -> Line {
    Line {
        dims: LineDims {
            purposes: split,
            ..LineDims::default()
        },
        ..line_of("line-1", eur(100))
    }
}

fn scaled() -> Breach {
    breach_of(
        "agreement/agreement-1/line-1",
        Rule::SplitExact,
        &[("scaled", "purposes")],
    )
}

#[test]
fn a_split_of_exactly_a_hundred_percent_is_taken_and_a_scaled_one_is_not() {
    let exact = terms_of(vec![line_with(split(&[("72010", 60), ("15220", 40)]))]);
    let short = terms_of(vec![line_with(split(&[("72010", 60), ("15220", 39)]))]);
    for profile in [Profile::Strict, Profile::Mirror] {
        given(profile, [])
            .when(sign(SIGNED_ON, exact.clone()))
            .then_only_flagged([]);
    }
    given(Profile::Strict, [])
        .when(sign(SIGNED_ON, short.clone()))
        .then_breaks(scaled());
    given(Profile::Mirror, [])
        .when(sign(SIGNED_ON, short))
        .then_only_flagged([scaled()]);
}

#[test]
fn a_line_that_is_opened_later_is_held_to_the_same() {
    let open = |weight| {
        let line = Line {
            amount: eur(0),
            line_id: line("line-2"),
            ..line_with(split(&[("72010", 60), ("15220", weight)]))
        };
        (date("2024-06-01"), AgreementCommand::OpenLine(line))
    };
    let scaled = breach_of(
        "agreement/agreement-1/line-2",
        Rule::SplitExact,
        &[("scaled", "purposes")],
    );
    given(Profile::Strict, [signed(eur(100))])
        .when(open(40))
        .then_only_flagged([]);
    given(Profile::Strict, [signed(eur(100))])
        .when(open(41))
        .then_breaks(scaled.clone());
    given(Profile::Mirror, [signed(eur(100))])
        .when(open(41))
        .then_only_flagged([scaled]);
}

fn rate(base: &str, quote: &str, value: Decimal) -> Rate {
    Rate {
        base: currency(base),
        quote: currency(quote),
        value,
        rate_on: date("2024-06-01"),
        source: RateSource::Unore,
        table_version: None,
    }
}

fn pay_in_dollars(rate: Option<Rate>) -> (perennial_domain::Date, AgreementCommand) {
    let mut cash = cash(eur(10));
    cash.conversion = Some(Conversion {
        original: minor(11_00, "USD"),
        rate,
    });
    pay("2024-06-01", cash)
}

#[test]
fn a_rate_between_the_two_currencies_is_evidence_whichever_is_the_base() {
    for (base, quote) in [("EUR", "USD"), ("USD", "EUR")] {
        given(Profile::Strict, [signed(eur(100))])
            .when(pay_in_dollars(Some(rate(base, quote, Decimal::ONE))))
            .then_only_flagged([]);
    }
}

#[test]
fn no_rate_another_pair_and_a_rate_of_zero_are_no_evidence() {
    for (rate, evidence) in [
        (None, "no rate"),
        (
            Some(rate("EUR", "GBP", Decimal::ONE)),
            "a rate of EUR in GBP",
        ),
        (Some(rate("EUR", "USD", Decimal::ZERO)), "a rate of 0"),
    ] {
        let breach = breach(
            Rule::RateEvidence,
            &[
                ("paid", "11.00 USD"),
                ("booked_in", "EUR"),
                ("evidence", evidence),
            ],
        );
        given(Profile::Strict, [signed(eur(100))])
            .when(pay_in_dollars(rate.clone()))
            .then_breaks(breach.clone());
        given(Profile::Mirror, [signed(eur(100))])
            .when(pay_in_dollars(rate))
            .then_only_flagged([breach]);
    }
}

fn pay_published(value_text: &str) -> (perennial_domain::Date, AgreementCommand) {
    let mut cash = cash(cents(10_12));
    cash.published = Some(published(value_text));
    pay("2024-06-01", cash)
}

#[test]
fn a_value_with_the_minor_digits_of_its_currency_is_exact_whatever_its_sign() {
    for text in ["10.12", "-10.12", "10.120", "1.012E1", " 10.12 "] {
        given(Profile::Strict, [signed(eur(100))])
            .when(pay_published(text))
            .then_only_flagged([]);
    }
}

#[test]
fn a_value_with_more_digits_is_refused_or_flagged_with_its_text() {
    let inexact = breach(
        Rule::MinorDigits,
        &[("published", "10.1249"), ("booked", "10.12 EUR")],
    );
    let refused = given(Profile::Strict, [signed(eur(100))]).when(pay_published("10.1249"));
    assert_eq!(refused.reasons()[0].rejection.class(), Class::Invalid);
    refused.then_breaks(inexact.clone());
    given(Profile::Mirror, [signed(eur(100))])
        .when(pay_published("10.1249"))
        .then_only_flagged([inexact]);
}

#[test]
fn a_published_value_in_another_currency_is_compared_with_what_was_paid() {
    let (on, command) = pay_in_dollars(Some(rate("EUR", "USD", Decimal::ONE)));
    let AgreementCommand::Disburse {
        mut cash,
        tranche_id,
    } = command
    else {
        panic!("a disbursement");
    };
    cash.published = Some(published("11"));
    given(Profile::Strict, [signed(eur(100))])
        .when((on, AgreementCommand::Disburse { cash, tranche_id }))
        .then_only_flagged([]);
}
