//! Signing and opening lines.

use perennial_domain::agreement::{AgreementCommand, AgreementEvent, Line, Terms};
use perennial_domain::classification::{LineDims, OwnCode};
use perennial_domain::rejection::Rejection;
use perennial_domain::rule::Profile;
use perennial_testkit::history::given;
use perennial_testkit::history::words::*;

fn malformed(field: &str, problem: &str) -> Rejection {
    Rejection::Malformed {
        field: field.to_owned(),
        problem: problem.to_owned(),
    }
}

#[test]
fn an_agreement_is_signed_once() {
    given(Profile::Strict, [signed(eur(100))])
        .when(sign(SIGNED_ON, terms(eur(100))))
        .then_rejected(Rejection::AgreementExists(the_agreement()));
}

#[test]
fn a_command_before_the_signature_finds_no_agreement() {
    given(Profile::Strict, [])
        .when(disburse("2024-06-01", eur(1)))
        .then_rejected(Rejection::UnknownAgreement(the_agreement()));
}

#[test]
fn a_strict_line_holds_money_and_a_mirrored_one_may_be_empty() {
    given(Profile::Strict, [])
        .when(sign(SIGNED_ON, terms(cents(1))))
        .then([signed(cents(1))]);
    given(Profile::Strict, [])
        .when(sign(SIGNED_ON, terms(eur(0))))
        .then_rejected(Rejection::ZeroAmount {
            field: "lines[0].amount".to_owned(),
        });
    given(Profile::Mirror, [])
        .when(sign(SIGNED_ON, terms(eur(0))))
        .then([signed_as(terms(eur(0)))]);
}

#[test]
fn no_line_holds_less_than_nothing() {
    for profile in [Profile::Strict, Profile::Mirror] {
        given(profile, [])
            .when(sign(SIGNED_ON, terms(cents(-1))))
            .then_rejected(malformed(
                "lines[0].amount",
                "must be above 0, is -0.01 EUR",
            ));
    }
}

#[test]
fn a_strict_agreement_has_a_signature_date_and_a_mirrored_one_need_not() {
    let unsigned = |amount| Terms {
        signed_on: None,
        ..terms(amount)
    };
    given(Profile::Strict, [])
        .when(sign(SIGNED_ON, unsigned(eur(100))))
        .then_rejected(malformed("signed_on", "must be given"));
    given(Profile::Mirror, [])
        .when(sign(SIGNED_ON, unsigned(eur(0))))
        .then([opened()]);
}

#[test]
fn an_agreement_has_lines_and_each_once() {
    given(Profile::Strict, [])
        .when(sign(SIGNED_ON, terms_of(Vec::new())))
        .then_rejected(malformed("lines", "must hold at least one line"));
    let twice = vec![line_of("line-1", eur(1)), line_of("line-1", eur(2))];
    given(Profile::Strict, [])
        .when(sign(SIGNED_ON, terms_of(twice)))
        .then_rejected(malformed("lines[1].line_id", "must be unique"));
}

#[test]
fn every_line_is_in_the_agreements_currency() {
    given(Profile::Strict, [])
        .when(sign(SIGNED_ON, terms(minor(100, "USD"))))
        .then_rejected(Rejection::CurrencyMismatch {
            field: "lines[0].amount".to_owned(),
            expected: currency("EUR"),
            actual: currency("USD"),
        });
}

fn with_own_codes(count: usize) -> Line {
    let code = |number: usize| OwnCode {
        scheme: "fund".into(),
        code: number.to_string().into(),
    };
    Line {
        dims: LineDims {
            own_codes: (0..count).map(code).collect(),
            ..LineDims::default()
        },
        ..line_of("line-1", eur(100))
    }
}

#[test]
fn a_line_carries_eight_own_codes_and_not_nine() {
    given(Profile::Strict, [])
        .when(sign(SIGNED_ON, terms_of(vec![with_own_codes(8)])))
        .then_only_flagged([]);
    given(Profile::Strict, [])
        .when(sign(SIGNED_ON, terms_of(vec![with_own_codes(9)])))
        .then_rejected(malformed("lines[0].own_codes", "must hold at most 8 codes"));
}

#[test]
fn lines_sum_to_less_than_the_range_of_money() {
    let most = 999_999_999_999_999_999;
    let lines = |second| {
        vec![
            line_of("line-1", cents(most - 1)),
            line_of("line-2", cents(second)),
        ]
    };
    given(Profile::Strict, [])
        .when(sign(SIGNED_ON, terms_of(lines(1))))
        .then_only_flagged([]);
    given(Profile::Strict, [])
        .when(sign(SIGNED_ON, terms_of(lines(2))))
        .then_rejected(malformed(
            "lines",
            "must sum to less than 10^18 minor units",
        ));
}

#[test]
fn a_line_is_opened_empty_and_once_in_both_profiles() {
    let open = |line| (date("2024-06-01"), AgreementCommand::OpenLine(line));
    for profile in [Profile::Strict, Profile::Mirror] {
        let second = line_of("line-2", eur(0));
        given(profile, [signed(eur(100))])
            .when(open(second.clone()))
            .then([happened(
                "2024-06-01",
                AgreementEvent::LineOpened {
                    line: second.clone(),
                },
            )])
            .when(open(second))
            .then_rejected(Rejection::LineExists {
                agreement_id: the_agreement(),
                line_id: line("line-2"),
            });
        given(profile, [signed(eur(100))])
            .when(open(line_of("line-2", cents(1))))
            .then_rejected(malformed(
                "line.amount",
                "must be 0: commit money to the line by an increase",
            ));
    }
}

#[test]
fn totals_stay_in_the_range_of_money() {
    let most = cents(999_999_999_999_999_999 - 100_00);
    given(Profile::Strict, [signed(eur(100))])
        .when(increase("2024-06-01", most))
        .then_only_flagged([]);
    let one_more = cents(999_999_999_999_999_999 - 100_00 + 1);
    given(Profile::Strict, [signed(eur(100))])
        .when(increase("2024-06-01", one_more))
        .then_rejected(Rejection::TotalOutOfRange {
            stream: perennial_domain::event::Stream::Agreement(the_agreement()),
        });
}
