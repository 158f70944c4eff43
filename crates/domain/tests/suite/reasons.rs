//! What a refusal is called and how it reads.

use std::collections::BTreeSet;

use perennial_domain::classification::Pillar;
use perennial_domain::rejection::{Class, Rejection};
use perennial_domain::rule::Rule;
use perennial_testkit::history::words::*;

#[test]
fn rules_have_their_numbers_and_names_of_their_own() {
    let codes: Vec<&str> = Rule::ALL.iter().map(|rule| rule.code()).collect();
    assert_eq!(
        codes,
        [
            "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15",
            "R16", "R17", "R18", "R19", "R20", "R21", "R22", "R23", "R25", "R26"
        ]
    );
    let reasons: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.reason()).collect();
    assert_eq!(reasons.len(), Rule::ALL.len());
    for reason in reasons {
        assert!(reason.len() <= 63);
        let upper_snake = |letter: char| letter.is_ascii_uppercase() || letter == '_';
        assert!(reason.chars().all(upper_snake), "{reason}");
    }
}

#[test]
fn a_rejection_reads_as_a_sentence_with_its_figures() {
    for (rejection, reason, class, text) in [
        (
            Rejection::ZeroAmount {
                field: "lines[1].amount".to_owned(),
            },
            "ZERO_AMOUNT",
            Class::Invalid,
            "lines[1].amount is 0: leave the entry out",
        ),
        (
            Rejection::CurrencyMismatch {
                field: "amount".to_owned(),
                expected: currency("EUR"),
                actual: currency("JPY"),
            },
            "CURRENCY_MISMATCH",
            Class::Invalid,
            "amount is in JPY instead of EUR",
        ),
        (
            Rejection::UnknownLine {
                agreement_id: the_agreement(),
                line_id: line("line-9"),
            },
            "UNKNOWN_LINE",
            Class::NotFound,
            "agreement \"agreement-1\" has no line \"line-9\"",
        ),
        (
            Rejection::LegExceedsUndisbursed {
                line_id: the_line(),
                period: Some(period("2024-01-01", "2024-12-31")),
                undisbursed: 5_00,
                requested: 5_01,
                currency: currency("EUR"),
            },
            "LEG_EXCEEDS_UNDISBURSED",
            Class::Precondition,
            "a leg takes 5.01 EUR from line \"line-1\" in 2024-01-01 to 2024-12-31, 5.00 EUR is \
             undisbursed there",
        ),
        (
            Rejection::PillarNotDeclared {
                line_id: the_line(),
                pillar: Pillar::Peace,
                declared: None,
            },
            "PILLAR_NOT_DECLARED",
            Class::Precondition,
            "line \"line-1\" declares no pillar and cannot move money of the pillar peace",
        ),
        (
            Rejection::Breach(breach(
                Rule::NotBeforeSignature,
                &[("signed_on", "2024-01-01"), ("effective_on", "2023-12-31")],
            )),
            "DISBURSEMENT_BEFORE_SIGNATURE",
            Class::Precondition,
            "agreement/agreement-1 breaks R11 \"No disbursement before signature\": signed_on \
             2024-01-01, effective_on 2023-12-31",
        ),
    ] {
        assert_eq!(rejection.reason(), reason);
        assert_eq!(rejection.class(), class);
        assert_eq!(rejection.to_string(), text);
    }
}
