//! The pair around each limit.

use perennial_wire::pb::google::r#type as google;
use perennial_wire::pb::ledger as pb;
use perennial_wire::pb::ledger::command::Action as Message;
use perennial_wire::pb::ledger::expected_revision::Expectation;
use perennial_wire::request::{Limits, Reason, submit};

use crate::requests::{check, command, disburse, request, usd};

fn payment() -> pb::Command {
    command(Message::Disburse(disburse(usd(1, 0))))
}

#[test]
fn a_thousand_commands_fit_into_a_submission_and_one_more_does_not() {
    assert!(check(request(vec![payment(); 1_000])).is_ok());
    let violations = check(request(vec![payment(); 1_001])).unwrap_err();
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].field, "commands");
    assert_eq!(violations[0].reason, Reason::RecordTooLarge);
}

#[test]
fn beliefs_about_256_streams_fit_into_a_submission_and_one_more_does_not() {
    let ask = |count: usize| pb::SubmitRequest {
        expected_revisions: (0..count)
            .map(|index| pb::ExpectedRevision {
                stream: format!("agreement/number-{index}"),
                expectation: Some(Expectation::ExpectedRevision(1)),
            })
            .collect(),
        ..request(vec![payment()])
    };
    assert!(check(ask(256)).is_ok());
    assert_eq!(check(ask(257)).unwrap_err()[0].field, "expected_revisions");
}

#[test]
fn dates_lie_between_1960_and_2100() {
    let ask = |year, month, day| {
        let effective_on = Some(google::Date { year, month, day });
        check(request(vec![pb::Command {
            effective_on,
            ..payment()
        }]))
    };
    assert!(ask(1959, 12, 31).is_err());
    assert!(ask(1960, 1, 1).is_ok());
    assert!(ask(2100, 12, 31).is_ok());
    assert!(ask(2101, 1, 1).is_err());
    assert!(ask(2026, 2, 29).is_err());
    assert!(ask(2028, 2, 29).is_ok());
    for (year, month, day) in [
        (0, 1, 1),
        (2026, 0, 1),
        (2026, 1, 0),
        (i32::MAX, 1, 1),
        (2026, 257, 1),
    ] {
        assert!(ask(year, month, day).is_err(), "{year}-{month}-{day}");
    }
}

#[test]
fn lengths_of_texts_are_counted_in_characters() {
    let ask = |length: usize| {
        let reference = "é".repeat(length);
        let payment = pb::Disburse {
            reference,
            ..disburse(usd(1, 0))
        };
        check(request(vec![command(Message::Disburse(payment))]))
    };
    assert!(ask(1_000).is_ok());
    assert_eq!(
        ask(1_001).unwrap_err()[0].field,
        "commands[0].disburse.reference"
    );
}

#[test]
fn ids_have_4_to_63_characters() {
    let ask = |length: usize| {
        let agreement_id = "a".repeat(length);
        let payment = pb::Disburse {
            agreement_id,
            ..disburse(usd(1, 0))
        };
        check(request(vec![command(Message::Disburse(payment))])).is_ok()
    };
    assert_eq!([3, 4, 63, 64].map(ask), [false, true, true, false]);
}

#[test]
fn moves_are_neither_zero_nor_beyond_the_range_of_money() {
    let ask = |minor_units| {
        let day = |day| {
            Some(google::Date {
                year: 2026,
                month: 1,
                day,
            })
        };
        let moved = pb::ShareMove {
            line_id: "line-1".to_owned(),
            starts_on: day(1),
            ends_on: day(31),
            minor_units,
            basis: 0,
            firmness: 0,
        };
        check(request(vec![command(Message::ExtendPeriod(
            pb::ExtendPeriod {
                agreement_id: "swe-iom-2026".to_owned(),
                new_ends_on: day(31),
                moves: vec![moved],
                ..Default::default()
            },
        ))]))
    };
    let largest = 999_999_999_999_999_999;
    assert!(ask(largest).is_ok());
    assert!(ask(-largest).is_ok());
    assert_eq!(ask(0).unwrap_err()[0].reason, Reason::ZeroAmount);
    assert_eq!(
        ask(largest + 1).unwrap_err()[0].reason,
        Reason::InvalidField
    );
    assert_eq!(ask(i64::MIN).unwrap_err()[0].reason, Reason::InvalidField);
}

#[test]
fn rates_have_at_most_nine_decimals_and_are_above_zero() {
    let ask = |value: &str| {
        let rate = pb::Rate {
            base: "EUR".to_owned(),
            quote: "USD".to_owned(),
            value: Some(google::Decimal {
                value: value.to_owned(),
            }),
            rate_on: Some(google::Date {
                year: 2026,
                month: 1,
                day: 1,
            }),
            source: pb::RateSource::Ecb.into(),
            table_version: String::new(),
        };
        let original = google::Money {
            currency_code: "EUR".to_owned(),
            units: 1,
            nanos: 0,
        };
        let conversion = pb::Conversion {
            original: Some(original),
            rate: Some(rate),
        };
        let payment = pb::Disburse {
            conversion: Some(conversion),
            ..disburse(usd(1, 0))
        };
        check(request(vec![command(Message::Disburse(payment))])).is_ok()
    };
    for (value, accepted) in [
        ("1.083", true),
        ("1.08300000000000", true),
        ("0.000000001", true),
        ("0.0000000001", false),
        ("0", false),
        ("-1", false),
        ("1e3", true),
        ("one", false),
        ("", false),
    ] {
        assert_eq!(ask(value), accepted, "{value}");
    }
}

#[test]
fn violations_beyond_the_limit_are_counted_and_not_described() {
    let limits = Limits {
        violations_max: 10,
        ..Limits::default()
    };
    let zero = command(Message::Disburse(disburse(usd(0, 0))));
    let violations = submit(request(vec![zero; 25]), &limits).unwrap_err();
    assert_eq!(violations.total, 25);
    assert_eq!(violations.violations.len(), 10);
    assert_eq!(violations.reason(), Reason::ZeroAmount);
    assert_eq!(
        violations.to_string(),
        "25 fields of the request are not as the contract says"
    );
}
