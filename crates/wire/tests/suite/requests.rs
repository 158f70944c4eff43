//! What a request may not say, with the path of each field at fault.

use perennial_domain::agreement::{AgreementCommand, ReversalReason};
use perennial_domain::command::{Action, Expected};
use perennial_domain::event::Stream;
use perennial_wire::pb::google::r#type as google;
use perennial_wire::pb::ledger as pb;
use perennial_wire::pb::ledger::command::Action as Message;
use perennial_wire::pb::ledger::expected_revision::Expectation;
use perennial_wire::request::{Limits, Reason, SubmitInput, Violation, parse_request_id, submit};

use crate::command_samples;
use crate::values::agreement_id;

/// A valid request of these commands.
pub(crate) fn request(commands: Vec<pb::Command>) -> pb::SubmitRequest {
    pb::SubmitRequest {
        ledger_id: "acme-books".to_owned(),
        request_id: "0192f0c1-2b3c-7d4e-8f50-123456789abc".to_owned(),
        commands,
        expected_revisions: Vec::new(),
        validate_only: false,
    }
}

pub(crate) fn command(action: Message) -> pb::Command {
    let effective_on = Some(google::Date {
        year: 2026,
        month: 3,
        day: 1,
    });
    pb::Command {
        effective_on,
        external_reference: None,
        evidence: Vec::new(),
        overrides: Vec::new(),
        action: Some(action),
        functional_from_table: false,
    }
}

pub(crate) fn usd(units: i64, nanos: i32) -> google::Money {
    google::Money {
        currency_code: "USD".to_owned(),
        units,
        nanos,
    }
}

pub(crate) fn disburse(amount: google::Money) -> pb::Disburse {
    pb::Disburse {
        agreement_id: "swe-iom-2026".to_owned(),
        amount: Some(amount),
        ..Default::default()
    }
}

pub(crate) fn check(request: pb::SubmitRequest) -> Result<SubmitInput, Vec<Violation>> {
    submit(request, &Limits::default()).map_err(|violations| {
        assert_eq!(violations.violations.len(), violations.total);
        violations.violations
    })
}

/// Expects exactly these violations, by path and reason.
#[track_caller]
pub(crate) fn refused(request: pb::SubmitRequest, expected: &[(&str, Reason)]) {
    let violations = check(request).unwrap_err();
    let found: Vec<(&str, Reason)> = violations
        .iter()
        .map(|v| (v.field.as_str(), v.reason))
        .collect();
    assert_eq!(found, expected, "{violations:#?}");
}

#[track_caller]
fn refused_payment(payment: pb::Disburse, expected: &[(&str, Reason)]) {
    refused(request(vec![command(Message::Disburse(payment))]), expected);
}

#[test]
fn a_plain_payment_is_accepted() {
    let input = check(request(vec![command(Message::Disburse(disburse(usd(
        10, 0,
    ))))]))
    .unwrap();
    let command = &input.submission.commands[0];
    assert_eq!(command.effective_on, crate::on("2026-03-01"));
    assert!(matches!(
        &command.action,
        Action::Agreement(id, AgreementCommand::Disburse { cash, tranche_id: None })
            if *id == agreement_id() && cash.amount == crate::money("10", "USD")
    ));
}

#[test]
fn an_empty_request_names_everything_that_is_missing() {
    refused(
        pb::SubmitRequest::default(),
        &[
            ("ledger_id", Reason::InvalidField),
            ("request_id", Reason::InvalidField),
            ("commands", Reason::InvalidField),
        ],
    );
}

#[test]
fn all_violations_of_all_commands_are_told_at_once() {
    let mut first = disburse(usd(10, 0));
    first.agreement_id = "No".to_owned();
    first.reference = "bell\u{7}".to_owned();
    let mut second = command(Message::Disburse(disburse(usd(0, 0))));
    second.effective_on = Some(google::Date {
        year: 9999,
        month: 1,
        day: 1,
    });
    let yen = google::Money {
        currency_code: "JPY".to_owned(),
        units: 0,
        nanos: 500_000_000,
    };
    let third = command(Message::Disburse(disburse(yen)));
    let mut request = request(vec![command(Message::Disburse(first)), second, third]);
    request.request_id = "nonsense".to_owned();
    refused(
        request,
        &[
            ("request_id", Reason::InvalidField),
            ("commands[0].disburse.agreement_id", Reason::InvalidField),
            ("commands[0].disburse.reference", Reason::InvalidField),
            ("commands[1].effective_on", Reason::InvalidField),
            ("commands[1].disburse.amount", Reason::ZeroAmount),
            ("commands[2].disburse.amount", Reason::AmountPrecision),
        ],
    );
}

#[test]
fn half_a_yen_is_refused_with_the_currency_and_a_whole_one_is_not() {
    let yen = |units, nanos| google::Money {
        currency_code: "JPY".to_owned(),
        units,
        nanos,
    };
    let ask = |amount| check(request(vec![command(Message::Disburse(disburse(amount)))]));
    let violations = ask(yen(0, 500_000_000)).unwrap_err();
    assert_eq!(violations[0].field, "commands[0].disburse.amount");
    assert_eq!(violations[0].reason.as_str(), "AMOUNT_PRECISION");
    assert_eq!(violations[0].currency, Some(crate::currency("JPY")));
    assert_eq!(
        violations[0].description,
        "has more than the 0 decimals of JPY"
    );
    assert!(ask(yen(1, 0)).is_ok());
}

#[test]
fn a_cent_is_an_amount_and_a_tenth_of_it_is_not() {
    assert!(
        check(request(vec![command(Message::Disburse(disburse(usd(
            0, 10_000_000
        ))))]))
        .is_ok()
    );
    let path = "commands[0].disburse.amount";
    refused_payment(
        disburse(usd(0, 1_000_000)),
        &[(path, Reason::AmountPrecision)],
    );
}

#[test]
fn amounts_are_above_zero() {
    let path = "commands[0].disburse.amount";
    refused_payment(disburse(usd(0, 0)), &[(path, Reason::ZeroAmount)]);
    refused_payment(disburse(usd(-1, 0)), &[(path, Reason::InvalidField)]);
    refused_payment(disburse(usd(1, -1)), &[(path, Reason::InvalidField)]);
    refused_payment(
        disburse(usd(0, 1_000_000_000)),
        &[(path, Reason::InvalidField)],
    );
    refused_payment(
        pb::Disburse {
            amount: None,
            ..disburse(usd(1, 0))
        },
        &[(path, Reason::InvalidField)],
    );
}

#[test]
fn amounts_stay_below_ten_to_the_eighteen_minor_units() {
    let largest = usd(9_999_999_999_999_999, 990_000_000);
    assert!(check(request(vec![command(Message::Disburse(disburse(largest)))])).is_ok());
    let path = "commands[0].disburse.amount";
    refused_payment(
        disburse(usd(10_000_000_000_000_000, 0)),
        &[(path, Reason::InvalidField)],
    );
    refused_payment(disburse(usd(i64::MAX, 0)), &[(path, Reason::InvalidField)]);
}

#[test]
fn unknown_currencies_are_told_at_their_field() {
    let path = "commands[0].disburse.amount.currency_code";
    for code in ["", "usd", "XXZ", "US"] {
        let amount = google::Money {
            currency_code: code.to_owned(),
            units: 1,
            nanos: 0,
        };
        refused_payment(disburse(amount), &[(path, Reason::InvalidField)]);
    }
}

#[test]
fn unknown_numbers_of_enumerations_are_refused_and_zero_means_the_default() {
    let reverse = |reason| {
        command(Message::ReverseEntry(pb::ReverseEntry {
            owner: Some(pb::reverse_entry::Owner::AgreementId(
                "swe-iom-2026".to_owned(),
            )),
            target: "1042-0".to_owned(),
            reason,
        }))
    };
    let input = check(request(vec![reverse(0)])).unwrap();
    assert!(matches!(
        input.submission.commands[0].action,
        Action::Agreement(
            _,
            AgreementCommand::ReverseEntry {
                reason: ReversalReason::Error,
                ..
            }
        )
    ));
    let path = "commands[0].reverse_entry.reason";
    refused(request(vec![reverse(5)]), &[(path, Reason::InvalidField)]);
    let flow = pb::RecordOtherFlow {
        agreement_id: "swe-iom-2026".to_owned(),
        amount: Some(usd(1, 0)),
        ..Default::default()
    };
    let path = "commands[0].record_other_flow.kind";
    refused(
        request(vec![command(Message::RecordOtherFlow(flow))]),
        &[(path, Reason::InvalidField)],
    );
}

#[test]
fn a_command_without_an_action_is_refused() {
    let empty = pb::Command {
        action: None,
        ..command(Message::Disburse(disburse(usd(1, 0))))
    };
    refused(
        request(vec![empty]),
        &[("commands[0]", Reason::InvalidField)],
    );
}

#[test]
fn an_inexact_split_is_refused_with_its_rule() {
    let share = |code: &str, share_ppm| pb::SplitShare {
        vocabulary: pb::Vocabulary::DacPurpose.into(),
        code: code.to_owned(),
        share_ppm,
    };
    let ask = |shares| {
        let (_, submission) = command_samples::commands().remove(0);
        let mut message = pb::SubmitRequest::from(&submission);
        message = pb::SubmitRequest {
            commands: message.commands,
            ..request(Vec::new())
        };
        if let Some(Message::SignAgreement(sign)) = &mut message.commands[0].action {
            sign.lines[0].purposes = Some(pb::Split {
                shares,
                scaled: false,
            });
        }
        message
    };
    assert!(check(ask(vec![share("15220", 1), share("72010", 999_999)])).is_ok());
    let path = "commands[0].sign_agreement.lines[0].purposes";
    refused(
        ask(vec![share("15220", 1_000_001)]),
        &[(path, Reason::SplitInexact)],
    );
    refused(
        ask(vec![share("15220", 999_999)]),
        &[(path, Reason::SplitInexact)],
    );
    let twice = vec![share("15220", 500_000), share("15220", 500_000)];
    refused(ask(twice), &[(path, Reason::SplitInexact)]);
    let path = "commands[0].sign_agreement.lines[0].purposes.shares[0].code";
    refused(
        ask(vec![share("1522", 1_000_000)]),
        &[(path, Reason::InvalidField)],
    );
    let country = pb::SplitShare {
        vocabulary: pb::Vocabulary::Country.into(),
        ..share("SS", 1_000_000)
    };
    let path = "commands[0].sign_agreement.lines[0].purposes.shares[0].vocabulary";
    refused(ask(vec![country]), &[(path, Reason::InvalidField)]);
}

#[test]
fn a_share_in_another_currency_than_its_amount_is_refused() {
    let day = |day| {
        Some(google::Date {
            year: 2026,
            month: 1,
            day,
        })
    };
    let increase = |code: &str| {
        let amount = google::Money {
            currency_code: code.to_owned(),
            units: 5,
            nanos: 0,
        };
        let share = pb::YearShare {
            starts_on: day(1),
            ends_on: day(31),
            amount: Some(amount),
            basis: 0,
            firmness: 0,
        };
        command(Message::IncreaseCommitment(pb::IncreaseCommitment {
            agreement_id: "swe-iom-2026".to_owned(),
            amount: Some(usd(5, 0)),
            year_shares: vec![share],
            ..Default::default()
        }))
    };
    assert!(check(request(vec![increase("USD")])).is_ok());
    let path = "commands[0].increase_commitment.year_shares[0].amount";
    refused(
        request(vec![increase("EUR")]),
        &[(path, Reason::CurrencyMismatch)],
    );
}

#[test]
fn a_period_that_ends_before_it_starts_is_refused_with_its_rule() {
    let day = |day| {
        Some(google::Date {
            year: 2026,
            month: 1,
            day,
        })
    };
    let report = |starts_on, ends_on| {
        command(Message::ReportExpenditure(pb::ReportExpenditure {
            agreement_id: "swe-iom-2026".to_owned(),
            amount: Some(usd(5, 0)),
            period: Some(pb::Period {
                starts_on: day(starts_on),
                ends_on: day(ends_on),
            }),
            ..Default::default()
        }))
    };
    assert!(check(request(vec![report(2, 2)])).is_ok());
    let path = "commands[0].report_expenditure.period";
    refused(
        request(vec![report(2, 1)]),
        &[(path, Reason::PeriodEndsBeforeStart)],
    );
}

#[test]
fn beliefs_about_streams_are_sorted_and_each_is_held_once() {
    let belief = |stream: &str, expectation| pb::ExpectedRevision {
        stream: stream.to_owned(),
        expectation: Some(expectation),
    };
    let ask = |expected_revisions| pb::SubmitRequest {
        expected_revisions,
        ..request(vec![command(Message::Disburse(disburse(usd(1, 0))))])
    };
    let none = Expectation::ExpectedRevision(0);
    let input = check(ask(vec![
        belief("pledge/zzzz", none),
        belief("ledger", none),
    ]))
    .unwrap();
    let streams: Vec<String> = input
        .submission
        .expected
        .iter()
        .map(|(stream, _)| stream.to_string())
        .collect();
    assert_eq!(streams, ["ledger", "pledge/zzzz"]);
    assert_eq!(
        input.submission.expected[0],
        (Stream::Ledger, Expected::NoStream)
    );

    let invalid = Reason::InvalidField;
    let twice = vec![belief("ledger", none), belief("ledger", none)];
    refused(ask(twice), &[("expected_revisions", invalid)]);
    let path = "expected_revisions[0].stream";
    refused(
        ask(vec![belief("agreements/abcd", none)]),
        &[(path, invalid)],
    );
    let path = "expected_revisions[0].no_stream";
    refused(
        ask(vec![belief("ledger", Expectation::NoStream(false))]),
        &[(path, invalid)],
    );
    let silent = pb::ExpectedRevision {
        stream: "ledger".to_owned(),
        expectation: None,
    };
    refused(ask(vec![silent]), &[("expected_revisions[0]", invalid)]);
}

#[test]
fn a_replacement_is_one_payment_of_the_same_agreement() {
    let replace = |replacement: pb::Command| {
        request(vec![command(Message::ReplaceEntry(Box::new(
            pb::ReplaceEntry {
                agreement_id: "swe-iom-2026".to_owned(),
                target: "7-0".to_owned(),
                replacement: Some(Box::new(replacement)),
            },
        )))])
    };
    let payment = command(Message::Disburse(disburse(usd(1, 0))));
    assert!(check(replace(payment.clone())).is_ok());
    let path = "commands[0].replace_entry.replacement";
    let invalid = Reason::InvalidField;
    let nested = replace(payment.clone()).commands.remove(0);
    refused(replace(nested), &[(path, invalid)]);
    let mut other = disburse(usd(1, 0));
    other.agreement_id = "other-agreement".to_owned();
    refused(
        replace(command(Message::Disburse(other))),
        &[(path, invalid)],
    );
    let document = pb::DocumentReference {
        title: "t".to_owned(),
        ..Default::default()
    };
    let evident = pb::Command {
        evidence: vec![document],
        ..payment
    };
    refused(replace(evident), &[(path, invalid)]);
    let path = "commands[0].replace_entry.replacement.disburse.amount";
    refused(
        replace(command(Message::Disburse(disburse(usd(0, 0))))),
        &[(path, Reason::ZeroAmount)],
    );
}

#[test]
fn request_ids_are_uuids_in_either_case_but_not_the_nil_one() {
    let id = parse_request_id("0192F0C1-2b3c-7d4e-8f50-123456789abc").unwrap();
    assert_eq!(id.to_string(), "0192f0c1-2b3c-7d4e-8f50-123456789abc");
    for text in [
        "00000000-0000-0000-0000-000000000000",
        "0192f0c12b3c7d4e8f50123456789abc",
        "0192f0c1-2b3c-7d4e-8f50-123456789ab",
        "0192f0c1-2b3c-7d4e-8f50-123456789abcd",
        "0192f0c1-2b3c-7d4e-8f50-123456789abg",
        "0192f0c1-2b3c-7d4e-8f50_123456789abc",
        "",
    ] {
        assert_eq!(parse_request_id(text), None, "{text}");
    }
}

#[test]
fn texts_are_brought_to_nfc_so_that_equal_ones_have_one_digest() {
    let named = |reference: &str| {
        let payment = pb::Disburse {
            reference: reference.to_owned(),
            ..disburse(usd(1, 0))
        };
        check(request(vec![command(Message::Disburse(payment))]))
            .unwrap()
            .submission
    };
    assert_eq!(named("Zu\u{308}rich"), named("Z\u{fc}rich"));
}

#[test]
fn control_characters_are_refused_and_line_breaks_only_in_descriptions() {
    let describe = |title: &str, description: &str| {
        request(vec![command(Message::DescribeAgreement(
            pb::DescribeAgreement {
                agreement_id: "swe-iom-2026".to_owned(),
                title: title.to_owned(),
                description: description.to_owned(),
                ..Default::default()
            },
        ))])
    };
    assert!(check(describe("one line", "two\nlines")).is_ok());
    let invalid = Reason::InvalidField;
    let path = "commands[0].describe_agreement.title";
    refused(describe("two\nlines", ""), &[(path, invalid)]);
    let path = "commands[0].describe_agreement.description";
    for character in ['\0', '\r', '\t', '\u{1b}', '\u{7f}', '\u{85}'] {
        refused(describe("", &character.to_string()), &[(path, invalid)]);
    }
}
