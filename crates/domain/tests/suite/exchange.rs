//! Rates, what they make of amounts, and the tables that state them.

use perennial_domain::Decimal;
use perennial_domain::agreement::{Rate, RateSource};
use perennial_domain::command::{Action, Command};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::exchange::{ConvertError, RateTable, TABLE_RATES_MAX, TableRate};
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::money::{Money, MoneyError, divide_minor};
use perennial_domain::reference::{ReferenceCommand, ReferenceEvent, ReferenceKind};
use perennial_domain::rejection::Rejection;
use perennial_domain::rule::Profile;
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, Happened, given_with};

pub(crate) fn money(text: &str) -> Money {
    let (amount, code) = text.split_once(' ').unwrap();
    Money::parse_decimal(amount, currency(code)).unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(crate) fn rate(base: &str, quote: &str, value: &str) -> Rate {
    Rate {
        base: currency(base),
        quote: currency(quote),
        value: decimal(value),
        rate_on: date("2024-06-01"),
        source: RateSource::Unore,
        table_version: Some("2024-06".to_owned()),
    }
}

fn converted(amount: &str, (base, quote, value): (&str, &str, &str)) -> String {
    let converted = rate(base, quote, value).convert(money(amount));
    converted.unwrap().to_string()
}

#[test]
fn known_conversions_come_out_to_the_minor_unit_inv_3() {
    for (amount, rate, expected) in [
        // Of the base it is multiplied, of the quote divided.
        ("1000.00 EUR", ("EUR", "USD", "1.0834"), "1083.40 USD"),
        ("1083.40 USD", ("EUR", "USD", "1.0834"), "1000.00 EUR"),
        ("100.00 USD", ("EUR", "USD", "3"), "33.33 EUR"),
        ("-100.00 USD", ("EUR", "USD", "3"), "-33.33 EUR"),
        // No minor digits.
        ("1.01 USD", ("USD", "JPY", "149.5"), "151 JPY"),
        ("1000 JPY", ("USD", "JPY", "149.5"), "6.69 USD"),
        ("1 JPY", ("USD", "JPY", "149.5"), "0.01 USD"),
        ("1 JPY", ("USD", "JPY", "18078"), "0.00 USD"),
        // Three.
        ("100.00 USD", ("USD", "KWD", "0.30773868"), "30.774 KWD"),
        ("30.774 KWD", ("USD", "KWD", "0.30773868"), "100.00 USD"),
        ("1000 JPY", ("KWD", "JPY", "485.5"), "2.060 KWD"),
        ("2.060 KWD", ("KWD", "JPY", "485.5"), "1000 JPY"),
        // Special drawing rights have two.
        (
            "1000000.00 USD",
            ("USD", "XDR", "0.733311"),
            "733311.00 XDR",
        ),
        ("100.00 XDR", ("USD", "XDR", "0.733311"), "136.37 USD"),
    ] {
        assert_eq!(converted(amount, rate), expected, "{amount} at {rate:?}");
    }
}

#[test]
fn a_half_is_rounded_to_the_even_unit_and_what_is_beside_it_to_the_nearer() {
    for (amount, value, expected) in [
        ("0.05 EUR", "0.499999999", "0.02 USD"),
        ("0.05 EUR", "0.5", "0.02 USD"),
        ("0.05 EUR", "0.500000001", "0.03 USD"),
        ("0.15 EUR", "0.499999999", "0.07 USD"),
        ("0.15 EUR", "0.5", "0.08 USD"),
        ("-0.05 EUR", "0.5", "-0.02 USD"),
        ("-0.15 EUR", "0.5", "-0.08 USD"),
        ("-0.05 EUR", "0.500000001", "-0.03 USD"),
    ] {
        assert_eq!(
            converted(amount, ("EUR", "USD", value)),
            expected,
            "{value}"
        );
    }
    for (amount, expected) in [("0.05 USD", "0.02 EUR"), ("0.15 USD", "0.08 EUR")] {
        assert_eq!(converted(amount, ("EUR", "USD", "2")), expected);
    }
    for (amount, expected) in [("1.00 USD", "150 JPY"), ("3.00 USD", "448 JPY")] {
        assert_eq!(converted(amount, ("USD", "JPY", "149.5")), expected);
    }
}

#[test]
fn the_largest_amounts_convert_or_are_out_of_range() {
    let most = minor(999_999_999_999_999_999, "USD");
    assert_eq!(
        rate("USD", "EUR", "1").convert(most),
        Ok(minor(999_999_999_999_999_999, "EUR"))
    );
    for (base, quote, value) in [
        ("USD", "EUR", "1.000000001"),
        ("USD", "EUR", "999999999.999999999"),
        ("EUR", "USD", "0.999999999"),
        ("EUR", "USD", "0.000000001"),
        ("USD", "KWD", "0.11"),
    ] {
        assert_eq!(
            rate(base, quote, value).convert(most),
            Err(ConvertError::Money(MoneyError::OutOfRange)),
            "{value}"
        );
    }
}

#[test]
fn a_rate_is_above_0_below_a_billion_and_has_at_most_nine_decimals() {
    for (value, is_rate) in [
        ("0.000000001", true),
        ("0.0000000001", false),
        ("0", false),
        ("-1", false),
        ("999999999.999999999", true),
        ("1000000000", false),
        ("1.0000000000", true),
    ] {
        let converted = rate("USD", "EUR", value).convert(money("1.00 USD"));
        assert_eq!(converted != Err(ConvertError::NoRate), is_rate, "{value}");
    }
    assert_eq!(
        rate("USD", "EUR", "1").convert(money("1.00 GBP")),
        Err(ConvertError::OtherCurrencies {
            base: currency("USD"),
            quote: currency("EUR"),
            currency: currency("GBP"),
        })
    );
}

#[test]
fn an_amount_is_divided_by_weights_of_either_sign_without_losing_a_unit() {
    assert_eq!(divide_minor(100, &[1, 1, 1]), Ok(vec![34, 33, 33]));
    assert_eq!(divide_minor(100, &[3, -1, 1]), Ok(vec![100, -33, 33]));
    assert_eq!(divide_minor(0, &[3, 1]), Ok(vec![0, 0]));
    assert_eq!(divide_minor(100, &[1, -1]), Err(MoneyError::NoWeights));
    assert_eq!(divide_minor(100, &[]), Err(MoneyError::NoWeights));
}

// Tables.

pub(crate) fn table(version: &str, rates: &[(&str, &str, &str, &str)]) -> RateTable {
    let rates: Vec<TableRate> = rates
        .iter()
        .map(|(base, quote, value, on)| TableRate {
            base: currency(base),
            quote: currency(quote),
            value: decimal(value),
            rate_on: date(on),
        })
        .collect();
    // Any number that differs with the content does here.
    let hash = rates.iter().fold(0_u8, |hash, rate| {
        let value = u8::try_from(rate.value.mantissa().rem_euclid(251)).unwrap();
        hash.wrapping_mul(31).wrapping_add(value)
    });
    RateTable {
        source: RateSource::Unore,
        table_version: version.into(),
        rates,
        content_hash: [hash; 32],
    }
}

pub(crate) fn publish(table: RateTable) -> Command {
    Command {
        effective_on: date("2024-06-01"),
        external_reference: None,
        evidence: Vec::new(),
        overrides: Vec::new(),
        functional_from_table: false,
        action: Action::Reference(ReferenceCommand::PublishRateTable(table)),
    }
}

pub(crate) fn published(table: RateTable) -> Happened {
    Happened {
        stream: Stream::Reference(ReferenceKind::Rates),
        effective_on: date("2024-06-01"),
        fact: Fact::Reference(ReferenceEvent::RateTablePublished(table)),
    }
}

pub(crate) fn june() -> RateTable {
    table("2024-06", &[("USD", "EUR", "0.8", "2024-06-01")])
}

/// A ledger that keeps its books in dollars, by the rates of the United Nations.
pub(crate) fn policy() -> LedgerPolicy {
    LedgerPolicy {
        functional_currency: Some(currency("USD")),
        rate_source: Some(RateSource::Unore),
        ..LedgerPolicy::default()
    }
}

pub(crate) fn in_dollars(profile: Profile, history: impl IntoIterator<Item = Happened>) -> Given {
    given_with(profile, policy(), history)
}

pub(crate) fn strict(history: impl IntoIterator<Item = Happened>) -> Given {
    in_dollars(Profile::Strict, history)
}

pub(crate) fn malformed(field: &str, problem: &str) -> Rejection {
    Rejection::Malformed {
        field: field.to_owned(),
        problem: problem.to_owned(),
    }
}

#[test]
fn a_table_is_published_once_and_its_correction_is_a_new_version() {
    let rates = || Stream::Reference(ReferenceKind::Rates);
    let given = strict([])
        .when_asked(publish(june()))
        .then([published(june())])
        .when_asked(publish(june()))
        .then_rejected(Rejection::AlreadyPublished {
            stream: rates(),
            what: "unore@2024-06".to_owned(),
        });
    let other = table("2024-06", &[("USD", "EUR", "0.9", "2024-06-01")]);
    let given =
        given
            .when_asked(publish(other.clone()))
            .then_rejected(Rejection::PublishedDifferently {
                stream: rates(),
                what: "unore@2024-06".to_owned(),
                hashes: Some([june().content_hash, other.content_hash]),
            });
    let mut elsewhere = other.clone();
    elsewhere.source = RateSource::Ecb;
    given
        .when_asked(publish(elsewhere))
        .accepted()
        .when_asked(publish(RateTable {
            table_version: "2024-06.2".into(),
            ..other
        }))
        .accepted();
}

#[test]
fn a_table_holds_a_rate_and_at_most_ten_thousand() {
    let many = |count: usize| {
        let first = date("2000-01-01");
        let mut table = june();
        table.rates = (0..count)
            .map(|day| TableRate {
                rate_on: first.checked_add(days(day)).unwrap(),
                ..june().rates[0]
            })
            .collect();
        table
    };
    strict([])
        .when_asked(publish(many(TABLE_RATES_MAX)))
        .accepted();
    for count in [0, TABLE_RATES_MAX + 1] {
        let problem = format!("must hold 1 to 10000 rates, holds {count}");
        strict([])
            .when_asked(publish(many(count)))
            .then_rejected(malformed("rates", &problem));
    }
}

fn days(days: usize) -> std::time::Duration {
    std::time::Duration::from_secs(u64::try_from(days).unwrap() * 86_400)
}

#[test]
fn a_table_states_a_pair_and_day_once_and_is_kept_in_order() {
    let twice = table(
        "2024-06",
        &[
            ("USD", "EUR", "0.8", "2024-06-01"),
            ("USD", "EUR", "0.9", "2024-06-01"),
        ],
    );
    strict([])
        .when_asked(publish(twice))
        .then_rejected(malformed(
            "rates",
            "must state USD in EUR of 2024-06-01 once",
        ));
    let alone = table("2024-06", &[("USD", "USD", "1", "2024-06-01")]);
    strict([])
        .when_asked(publish(alone))
        .then_rejected(malformed(
            "rates[0]",
            "must be between two currencies, is of USD alone",
        ));
    let unsorted = table(
        "2024-06",
        &[
            ("USD", "XDR", "0.7", "2024-06-01"),
            ("USD", "EUR", "0.9", "2024-06-02"),
            ("USD", "EUR", "0.8", "2024-06-01"),
        ],
    );
    let sorted = table(
        "2024-06",
        &[
            ("USD", "EUR", "0.8", "2024-06-01"),
            ("USD", "EUR", "0.9", "2024-06-02"),
            ("USD", "XDR", "0.7", "2024-06-01"),
        ],
    );
    let given = strict([])
        .when_asked(publish(unsorted.clone()))
        .then([published(RateTable {
            rates: sorted.rates,
            ..unsorted
        })]);
    let rates = given.book.reference(ReferenceKind::Rates).unwrap().rates();
    let in_force = |quote, on| {
        let pair = (currency("USD"), currency(quote));
        let rate = rates.in_force(RateSource::Unore, pair, date(on))?;
        Some(rate.value.to_string())
    };
    assert_eq!(in_force("EUR", "2024-05-31"), None);
    assert_eq!(in_force("EUR", "2024-06-01").as_deref(), Some("0.8"));
    assert_eq!(in_force("EUR", "2024-06-02").as_deref(), Some("0.9"));
    assert_eq!(in_force("XDR", "2030-01-01").as_deref(), Some("0.7"));
}

#[test]
fn a_rate_joins_its_two_currencies_in_either_direction() {
    for (one, other, joins) in [
        ("USD", "EUR", true),
        ("EUR", "USD", true),
        ("USD", "USD", false),
        ("USD", "XDR", false),
        ("XDR", "EUR", false),
    ] {
        let rate = rate("USD", "EUR", "0.8");
        assert_eq!(
            rate.joins(currency(one), currency(other)),
            joins,
            "{one} {other}"
        );
    }
    // What prices a currency in itself is no rate between two.
    assert!(!rate("USD", "USD", "1").joins(currency("USD"), currency("USD")));
}

#[test]
fn of_a_pair_that_is_stated_in_both_directions_the_newer_rate_is_in_force_else_the_one_asked_for() {
    let euro_dollar = (currency("EUR"), currency("USD"));
    for (direct_on, inverse_on, expected) in [
        ("2024-06-01", "2024-05-01", ("EUR", "1.25")),
        ("2024-06-01", "2024-06-01", ("EUR", "1.25")),
        ("2024-06-01", "2024-06-02", ("USD", "0.9")),
    ] {
        let stated = table(
            "2024-06",
            &[
                ("EUR", "USD", "1.25", direct_on),
                ("USD", "EUR", "0.9", inverse_on),
            ],
        );
        let given = strict([published(stated)]);
        let rates = given.book.reference(ReferenceKind::Rates).unwrap().rates();
        let rate = rates
            .in_force(RateSource::Unore, euro_dollar, date("2024-07-01"))
            .unwrap();
        let found = (rate.base.code(), rate.value.to_string());
        assert_eq!(found, (expected.0, expected.1.to_owned()), "{inverse_on}");
    }
}
