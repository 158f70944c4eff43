//! Which periods a commitment is for.

use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, DecreaseReason, Terms, YearBasis, YearShare,
};
use perennial_domain::money::Money;
use perennial_domain::rejection::Rejection;
use perennial_domain::rule::Profile;
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, Happened, Outcome, given};

fn signed_shares(terms: Terms, profile: Profile) -> Vec<YearShare> {
    let outcome = given(profile, []).when(sign("2024-03-10", terms));
    outcome.accepted().agreement().year_shares(&line("line-1"))
}

#[test]
fn a_signed_amount_is_for_the_days_from_the_later_of_signature_and_start_to_the_end() {
    for (signed_on, starts_on, first) in [
        ("2024-01-15", "2024-02-01", "2024-02-01"),
        ("2024-02-15", "2024-02-01", "2024-02-15"),
    ] {
        let terms = Terms {
            signed_on: Some(date(signed_on)),
            starts_on: Some(date(starts_on)),
            ..terms(eur(100))
        };
        assert_eq!(
            signed_shares(terms, Profile::Strict),
            [share(period(first, ENDS_ON), eur(100), YearBasis::Prorated)]
        );
    }
}

#[test]
fn a_mirror_without_a_signature_prorates_from_the_start() {
    let terms = Terms {
        signed_on: None,
        starts_on: Some(date("2024-02-01")),
        ..terms(eur(100))
    };
    assert_eq!(
        signed_shares(terms, Profile::Mirror),
        [share(
            period("2024-02-01", ENDS_ON),
            eur(100),
            YearBasis::Prorated
        )]
    );
}

#[test]
fn without_an_end_the_amount_is_for_the_day_of_signature() {
    let open_ended = |signed_on| Terms {
        signed_on,
        ends_on: None,
        ..terms(eur(100))
    };
    assert_eq!(
        signed_shares(open_ended(Some(date("2024-03-01"))), Profile::Strict),
        [share(
            period("2024-03-01", "2024-03-01"),
            eur(100),
            YearBasis::SigningYear
        )]
    );
    assert_eq!(
        signed_shares(open_ended(None), Profile::Mirror),
        [share(
            period("2024-03-10", "2024-03-10"),
            eur(100),
            YearBasis::SigningYear
        )]
    );
}

fn explicit(shares: Vec<YearShare>) -> Terms {
    let mut terms = terms(eur(100));
    terms.lines[0].year_shares = shares;
    terms
}

#[test]
fn explicit_shares_are_scheduled_and_those_of_budgets_stay_budgeted() {
    let first = period("2024-01-01", "2024-12-31");
    let second = period("2025-01-01", "2025-12-31");
    let given = vec![
        share(first, eur(60), YearBasis::SigningYear),
        share(second, eur(40), YearBasis::Budgeted),
    ];
    assert_eq!(
        signed_shares(explicit(given), Profile::Strict),
        [
            share(first, eur(60), YearBasis::Scheduled),
            share(second, eur(40), YearBasis::Budgeted),
        ]
    );
}

#[test]
fn explicit_shares_sum_exactly_and_are_above_nothing() {
    let first = period("2024-01-01", "2024-12-31");
    let second = period("2025-01-01", "2025-12-31");
    for amount in [cents(39_99), cents(40_01)] {
        let shares = vec![
            share(first, eur(60), YearBasis::Scheduled),
            share(second, amount, YearBasis::Budgeted),
        ];
        for profile in [Profile::Strict, Profile::Mirror] {
            given(profile, [])
                .when(sign(SIGNED_ON, explicit(shares.clone())))
                .then_rejected(Rejection::Malformed {
                    field: "lines[0].year_shares".to_owned(),
                    problem: "must sum to exactly 100.00 EUR".to_owned(),
                });
        }
    }
    let shares = vec![
        share(first, eur(100), YearBasis::Scheduled),
        share(second, eur(0), YearBasis::Scheduled),
    ];
    given(Profile::Strict, [])
        .when(sign(SIGNED_ON, explicit(shares)))
        .then_rejected(Rejection::Malformed {
            field: "lines[0].year_shares[1].amount".to_owned(),
            problem: "must be above 0".to_owned(),
        });
}

fn committed_shares(outcome: &Outcome) -> Vec<YearShare> {
    let perennial_domain::event::Fact::Agreement(
        AgreementEvent::CommitmentIncreased { year_shares, .. }
        | AgreementEvent::CommitmentDecreased { year_shares, .. },
    ) = &outcome.decision().events[0].fact
    else {
        panic!("a commitment");
    };
    year_shares.clone()
}

#[test]
fn an_increase_is_for_what_is_left_of_the_term() {
    let outcome = given(Profile::Strict, [signed(eur(100))]).when(increase("2024-07-01", eur(50)));
    assert_eq!(
        committed_shares(&outcome),
        [share(
            period("2024-07-01", ENDS_ON),
            eur(50),
            YearBasis::Prorated
        )]
    );
}

#[test]
fn an_increase_after_the_end_is_for_its_day() {
    let outcome = given(Profile::Strict, [signed(eur(100))]).when(increase("2026-01-01", eur(50)));
    assert_eq!(
        committed_shares(&outcome),
        [share(
            period("2026-01-01", "2026-01-01"),
            eur(50),
            YearBasis::SigningYear
        )]
    );
}

#[test]
fn a_published_commitment_without_a_signature_is_for_the_whole_term() {
    for on in ["2023-06-01", "2024-07-01", "2026-01-01"] {
        let outcome = given(Profile::Mirror, [opened()]).when(increase(on, eur(50)));
        assert_eq!(committed_shares(&outcome), whole_term(eur(50)));
    }
}

const YEARS: [(&str, &str); 3] = [
    ("2024-01-01", "2024-12-31"),
    ("2025-01-01", "2025-12-31"),
    ("2026-01-01", "2026-12-31"),
];

fn yearly(amounts: [i128; 3]) -> Vec<YearShare> {
    YEARS
        .iter()
        .zip(amounts)
        .filter(|&(_, amount)| amount != 0)
        .map(|(&(first, last), amount)| {
            share(period(first, last), eur(amount), YearBasis::Scheduled)
        })
        .collect()
}

fn three_years() -> Happened {
    let mut terms = Terms {
        ends_on: Some(date("2026-12-31")),
        ..terms(eur(300))
    };
    terms.lines[0].year_shares = yearly([100, 100, 100]);
    signed_as(terms)
}

fn released(given: Given, amount: Money) -> Vec<YearShare> {
    committed_shares(&given.when(decrease("2025-06-01", amount)))
}

#[test]
fn a_decrease_takes_undisbursed_portions_from_the_last_year_backwards() {
    let history = [
        three_years(),
        disbursed("2024-05-01", eur(90)),
        disbursed("2025-05-01", eur(30)),
    ];
    for (amount, expected) in [
        (100, [0, 0, 100]),
        (101, [0, 1, 100]),
        (170, [0, 70, 100]),
        (171, [1, 70, 100]),
        (180, [10, 70, 100]),
    ] {
        let shares = released(given(Profile::Mirror, history.clone()), eur(amount));
        assert_eq!(shares, yearly(expected), "{amount}");
    }
}

#[test]
fn nothing_of_a_decrease_is_clipped_when_too_little_is_undisbursed() {
    // 180 are undisbursed. The other 120 were paid, the last year's first.
    let history = [
        three_years(),
        disbursed("2024-05-01", eur(90)),
        disbursed("2025-05-01", eur(30)),
    ];
    let shares = released(given(Profile::Mirror, history.clone()), eur(200));
    assert_eq!(shares, yearly([10, 90, 100]));
    // More than was ever committed: the rest is taken from the last year too.
    let shares = released(given(Profile::Mirror, history), eur(310));
    assert_eq!(shares, yearly([100, 100, 110]));
}

#[test]
fn a_payment_counts_in_the_period_of_its_tranche() {
    let early = disbursed_from(
        "2024-12-20",
        eur(80),
        vec![draw(
            "tranche-1",
            period("2025-01-01", "2025-12-31"),
            eur(80),
        )],
    );
    let tranche = scheduled("2024-02-01", "tranche-1", eur(80), "2025-01-15");
    let shares = released(
        given(Profile::Strict, [three_years(), tranche, early]),
        eur(150),
    );
    assert_eq!(shares, yearly([30, 20, 100]));
}

/// Shares of these periods, in their order, of whole euros.
fn of_periods(shares: &[(&str, &str, i128)]) -> Vec<YearShare> {
    let of_period = |&(first, last, amount): &(&str, &str, i128)| {
        share(period(first, last), eur(amount), YearBasis::Scheduled)
    };
    shares.iter().map(of_period).collect()
}

/// Signed for these shares, until 2026.
fn signed_for(shares: &[(&str, &str, i128)]) -> Happened {
    let total = shares.iter().map(|&(_, _, amount)| amount).sum();
    let mut terms = Terms {
        ends_on: Some(date("2026-12-31")),
        ..terms(eur(total))
    };
    terms.lines[0].year_shares = of_periods(shares);
    signed_as(terms)
}

#[test]
fn a_payment_between_two_periods_counts_in_the_one_before_it() {
    let history = [
        signed_for(&[
            ("2023-01-01", "2023-12-31", 50),
            ("2024-01-01", "2024-12-31", 100),
            ("2026-01-01", "2026-12-31", 100),
        ]),
        disbursed("2025-06-01", eur(90)),
    ];
    // Undisbursed are 50, 10 and 100.
    assert_eq!(
        released(given(Profile::Strict, history), eur(150)),
        of_periods(&[
            ("2023-01-01", "2023-12-31", 40),
            ("2024-01-01", "2024-12-31", 10),
            ("2026-01-01", "2026-12-31", 100),
        ])
    );
}

#[test]
fn a_payment_before_every_period_counts_in_the_first() {
    let history = [
        signed_for(&[
            ("2025-01-01", "2025-12-31", 100),
            ("2026-01-01", "2026-12-31", 100),
        ]),
        disbursed("2024-06-01", eur(90)),
    ];
    assert_eq!(
        released(given(Profile::Strict, history), eur(105)),
        of_periods(&[
            ("2025-01-01", "2025-12-31", 5),
            ("2026-01-01", "2026-12-31", 100),
        ])
    );
}

#[test]
fn a_payment_in_two_periods_fills_the_first_to_end_and_the_rest_counts_in_the_last() {
    let history = [
        signed_for(&[
            ("2023-01-01", "2023-12-31", 50),
            ("2024-01-01", "2024-12-31", 60),
            ("2024-01-01", "2025-12-31", 40),
        ]),
        disbursed("2024-06-01", eur(70)),
    ];
    // Undisbursed are 50, 0 and 30.
    assert_eq!(
        released(given(Profile::Strict, history), eur(35)),
        of_periods(&[
            ("2023-01-01", "2023-12-31", 5),
            ("2024-01-01", "2025-12-31", 30),
        ])
    );
}

#[test]
fn a_prorated_amount_gives_from_its_last_calendar_year() {
    // 731 days, 366 of them in 2024: 100.00 euros are 50.07 and 49.93.
    let shares = released(given(Profile::Strict, [signed(eur(100))]), eur(50));
    assert_eq!(
        shares,
        [
            share(
                period("2024-01-01", "2024-12-31"),
                cents(7),
                YearBasis::Prorated
            ),
            share(
                period("2025-01-01", "2025-12-31"),
                cents(49_93),
                YearBasis::Prorated
            ),
        ]
    );
}

#[test]
fn a_decrease_may_say_its_periods() {
    let command = |amount| AgreementCommand::DecreaseCommitment {
        line_id: None,
        amount: eur(amount),
        year_shares: yearly([50, 0, 0]),
        reason: DecreaseReason::DonorCut,
        published: None,
        functional: None,
    };
    let outcome = given(Profile::Strict, [three_years()]).when((date("2024-06-01"), command(50)));
    assert_eq!(committed_shares(&outcome), yearly([50, 0, 0]));
    given(Profile::Strict, [three_years()])
        .when((date("2024-06-01"), command(51)))
        .then_rejected(Rejection::Malformed {
            field: "year_shares".to_owned(),
            problem: "must sum to exactly 51.00 EUR".to_owned(),
        });
}

#[test]
fn a_decrease_of_nothing_ever_committed_is_for_the_whole_term() {
    let outcome = given(Profile::Mirror, [opened()]).when(decrease("2024-06-01", eur(50)));
    assert_eq!(committed_shares(&outcome), whole_term(eur(50)));
}

#[test]
fn an_agreement_of_several_lines_needs_to_be_told_which() {
    let lines = vec![line_of("line-1", eur(60)), line_of("line-2", eur(40))];
    given(Profile::Strict, [signed_as(terms_of(lines))])
        .when(increase("2024-06-01", eur(1)))
        .then_rejected(Rejection::LineRequired {
            agreement_id: the_agreement(),
            lines: 2,
        });
}
