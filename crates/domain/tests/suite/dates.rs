//! R6, R7, R11 and R12: dates.

use perennial_domain::agreement::{AgreementCommand, Terms};
use perennial_domain::rejection::Rejection;
use perennial_domain::rule::{Profile, Rule};
use perennial_testkit::history::given;
use perennial_testkit::history::words::*;

#[test]
fn a_fact_may_be_dated_tomorrow_but_not_the_day_after() {
    let future = breach(
        Rule::DateNotFuture,
        &[("latest", "2024-05-02"), ("effective_on", "2024-05-03")],
    );
    for profile in [Profile::Strict, Profile::Mirror] {
        given(profile, [signed(eur(100))])
            .on("2024-05-01")
            .when(disburse("2024-05-02", eur(1)))
            .then([disbursed("2024-05-02", eur(1))]);
    }
    given(Profile::Strict, [signed(eur(100))])
        .on("2024-05-01")
        .when(disburse("2024-05-03", eur(1)))
        .then_breaks(future.clone());
    given(Profile::Mirror, [signed(eur(100))])
        .on("2024-05-01")
        .when(disburse("2024-05-03", eur(1)))
        .then_only_flagged([future]);
}

#[test]
fn a_signature_may_be_dated_tomorrow_but_not_the_day_after() {
    let sign_on = |signed_on| {
        let terms = Terms {
            signed_on: Some(date(signed_on)),
            ..terms(eur(100))
        };
        sign("2024-05-01", terms)
    };
    let future = breach(
        Rule::DateNotFuture,
        &[("latest", "2024-05-02"), ("signed_on", "2024-05-03")],
    );
    given(Profile::Strict, [])
        .on("2024-05-01")
        .when(sign_on("2024-05-02"))
        .then_only_flagged([]);
    given(Profile::Strict, [])
        .on("2024-05-01")
        .when(sign_on("2024-05-03"))
        .then_breaks(future.clone());
    given(Profile::Mirror, [])
        .on("2024-05-01")
        .when(sign_on("2024-05-03"))
        .then_only_flagged([future]);
}

#[test]
fn start_end_and_due_dates_may_lie_in_the_future() {
    given(Profile::Strict, [])
        .on("2024-01-01")
        .when(sign("2024-01-01", terms(eur(100))))
        .then([signed(eur(100))])
        .when(schedule("2024-01-01", "tranche-1", eur(50), "2025-12-31"))
        .then([scheduled("2024-01-01", "tranche-1", eur(50), "2025-12-31")]);
}

#[test]
fn a_term_of_one_day_is_a_term_and_one_that_ends_before_it_starts_is_none() {
    let ending = |ends_on| {
        let terms = Terms {
            ends_on: Some(date(ends_on)),
            ..terms(eur(100))
        };
        sign(SIGNED_ON, terms)
    };
    let disordered = breach(
        Rule::PeriodOrdered,
        &[("starts_on", "2024-01-01"), ("ends_on", "2023-12-31")],
    );
    given(Profile::Strict, [])
        .when(ending("2024-01-01"))
        .then_only_flagged([]);
    given(Profile::Strict, [])
        .when(ending("2023-12-31"))
        .then_breaks(disordered.clone());
    given(Profile::Mirror, [])
        .when(ending("2023-12-31"))
        .then_only_flagged([disordered]);
}

#[test]
fn a_term_can_be_cut_to_its_first_day_but_not_before_it() {
    let shorten = |new_ends_on| {
        let command = AgreementCommand::ShortenPeriod {
            new_ends_on: date(new_ends_on),
            reason: "closed early".to_owned(),
        };
        (date("2024-06-01"), command)
    };
    let disordered = breach(
        Rule::PeriodOrdered,
        &[("starts_on", "2024-01-01"), ("ends_on", "2023-12-31")],
    );
    given(Profile::Strict, [signed(eur(100))])
        .when(shorten("2024-01-01"))
        .then_only_flagged([]);
    given(Profile::Strict, [signed(eur(100))])
        .when(shorten("2023-12-31"))
        .then_breaks(disordered.clone());
    given(Profile::Mirror, [signed(eur(100))])
        .when(shorten("2023-12-31"))
        .then_only_flagged([disordered]);
}

#[test]
fn money_can_be_paid_on_the_day_of_signature_but_not_before() {
    let early = breach(
        Rule::NotBeforeSignature,
        &[("signed_on", "2024-01-01"), ("effective_on", "2023-12-31")],
    );
    given(Profile::Strict, [signed(eur(100))])
        .when(disburse("2024-01-01", eur(1)))
        .then_only_flagged([]);
    // The day before, nothing is committed yet either.
    let reasons: Vec<&str> = given(Profile::Strict, [signed(eur(100))])
        .when(disburse("2023-12-31", eur(1)))
        .reasons()
        .iter()
        .map(|reason| reason.rejection.reason())
        .collect();
    assert_eq!(
        reasons,
        [
            "DISBURSEMENT_EXCEEDS_COMMITMENT",
            "DISBURSEMENT_BEFORE_SIGNATURE"
        ]
    );
    let mirrored = given(Profile::Mirror, [signed(eur(100))]).when(disburse("2023-12-31", eur(1)));
    assert!(mirrored.decision().events[0].flags.contains(&early));
}

#[test]
fn without_a_published_signature_the_first_commitment_counts() {
    let early = breach(
        Rule::NotBeforeSignature,
        &[
            ("first_commitment_on", "2024-02-01"),
            ("effective_on", "2024-01-31"),
        ],
    );
    let history = [opened(), increased("2024-02-01", eur(100))];
    given(Profile::Mirror, history.clone())
        .when(disburse("2024-02-01", eur(1)))
        .then_only_flagged([]);
    let outcome = given(Profile::Mirror, history).when(disburse("2024-01-31", eur(1)));
    assert!(outcome.decision().events[0].flags.contains(&early));
}

#[test]
fn without_any_commitment_nothing_was_promised_by_then() {
    let early = breach(
        Rule::NotBeforeSignature,
        &[
            ("first_commitment_on", "none recorded"),
            ("effective_on", "2024-01-31"),
        ],
    );
    let outcome = given(Profile::Mirror, [opened()]).when(disburse("2024-01-31", eur(1)));
    assert!(outcome.decision().events[0].flags.contains(&early));
}

#[test]
fn a_payment_on_the_last_day_is_in_time_and_a_later_one_is_flagged_in_both_profiles() {
    let late = breach(
        Rule::NotAfterEnd,
        &[("ends_on", "2025-12-31"), ("effective_on", "2026-01-01")],
    );
    for profile in [Profile::Strict, Profile::Mirror] {
        given(profile, [signed(eur(100))])
            .when(disburse("2025-12-31", eur(1)))
            .then_only_flagged([]);
        given(profile, [signed(eur(100))])
            .when(disburse("2026-01-01", eur(1)))
            .then_only_flagged([late.clone()]);
    }
}

#[test]
fn a_year_that_no_ledger_books_is_malformed() {
    given(Profile::Mirror, [signed(eur(100))])
        .when(disburse("1960-01-01", eur(1)))
        .decision();
    given(Profile::Mirror, [signed(eur(100))])
        .when(disburse("1959-12-31", eur(1)))
        .then_rejected(Rejection::Malformed {
            field: "effective_on".to_owned(),
            problem: "must lie in 1960 to 2100, is 1959-12-31".to_owned(),
        });
}
