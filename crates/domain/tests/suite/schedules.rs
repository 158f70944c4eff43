//! Tranches, plans, and on which lines and tranches a payment falls.

use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, ForecastEntry, LineAmount, LinePart, Rescheduling, Terms,
    Tranche, TrancheDraw,
};
use perennial_domain::event::Fact;
use perennial_domain::money::Money;
use perennial_domain::period::Period;
use perennial_domain::rejection::Rejection;
use perennial_domain::rule::Profile;
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Happened, Outcome, given};

fn two_tranches() -> [Happened; 3] {
    [
        signed(eur(100)),
        scheduled("2024-01-01", "tranche-b", eur(30), "2024-06-01"),
        scheduled("2024-01-01", "tranche-a", eur(50), "2025-06-01"),
    ]
}

fn day(on: &str) -> Period {
    Period::day(date(on))
}

#[test]
fn a_payment_draws_on_the_tranche_that_is_due_first() {
    given(Profile::Strict, two_tranches())
        .when(disburse("2024-07-01", eur(20)))
        .then([disbursed_from(
            "2024-07-01",
            eur(20),
            vec![draw("tranche-b", day("2024-06-01"), eur(20))],
        )]);
}

#[test]
fn a_payment_goes_on_to_the_next_tranche_and_may_exceed_them_all() {
    given(Profile::Strict, two_tranches())
        .when(disburse("2024-07-01", eur(100)))
        .then([disbursed_from(
            "2024-07-01",
            eur(100),
            vec![
                draw("tranche-b", day("2024-06-01"), eur(30)),
                draw("tranche-a", day("2025-06-01"), eur(50)),
            ],
        )]);
}

#[test]
fn a_payment_draws_on_the_tranche_it_names() {
    let command = AgreementCommand::Disburse {
        cash: cash(eur(10)),
        tranche_id: Some(tranche("tranche-a")),
    };
    given(Profile::Strict, two_tranches())
        .when((date("2024-07-01"), command))
        .then([disbursed_from(
            "2024-07-01",
            eur(10),
            vec![draw("tranche-a", day("2025-06-01"), eur(10))],
        )]);
}

#[test]
fn a_tranche_is_known_and_open_when_it_is_paid() {
    let pay = |tranche_id| AgreementCommand::Disburse {
        cash: cash(eur(1)),
        tranche_id: Some(tranche(tranche_id)),
    };
    given(Profile::Strict, two_tranches())
        .when((date("2024-07-01"), pay("tranche-c")))
        .then_rejected(Rejection::UnknownTranche {
            agreement_id: the_agreement(),
            tranche_id: tranche("tranche-c"),
        });
    let mut history = two_tranches().to_vec();
    history.push(disbursed_from(
        "2024-06-01",
        eur(30),
        vec![draw("tranche-b", day("2024-06-01"), eur(30))],
    ));
    given(Profile::Strict, history)
        .when((date("2024-07-01"), pay("tranche-b")))
        .then_rejected(Rejection::TrancheNotOpen {
            agreement_id: the_agreement(),
            tranche_id: tranche("tranche-b"),
        });
}

#[test]
fn a_rescheduled_tranche_takes_its_new_place_in_the_order() {
    let reschedule = AgreementCommand::RescheduleTranche {
        tranche_id: tranche("tranche-b"),
        new_due_on: date("2025-12-01"),
        reason: "late start".to_owned(),
    };
    given(Profile::Strict, two_tranches())
        .when((date("2024-03-01"), reschedule))
        .then([happened(
            "2024-03-01",
            AgreementEvent::TrancheRescheduled(Rescheduling {
                tranche_id: tranche("tranche-b"),
                open: eur(30),
                previous_due_on: date("2024-06-01"),
                new_due_on: date("2025-12-01"),
                period: day("2025-12-01"),
                reason: "late start".to_owned(),
            }),
        )])
        .when(disburse("2024-07-01", eur(10)))
        .then([disbursed_from(
            "2024-07-01",
            eur(10),
            vec![draw("tranche-a", day("2025-06-01"), eur(10))],
        )]);
}

#[test]
fn a_payment_keeps_the_day_on_which_its_tranche_was_due_then() {
    let year = period("2024-01-01", "2024-12-31");
    let in_arrears = happened(
        "2024-01-01",
        AgreementEvent::TrancheScheduled {
            tranche_id: tranche("tranche-a"),
            amount: eur(50),
            due_on: date("2025-01-31"),
            period: year,
            conditions: Vec::new(),
        },
    );
    let paid = |due_on| {
        let drawn = TrancheDraw {
            due_on: Some(date(due_on)),
            ..draw("tranche-a", year, eur(10))
        };
        disbursed_from("2024-12-01", eur(10), vec![drawn])
    };
    let reschedule = AgreementCommand::RescheduleTranche {
        tranche_id: tranche("tranche-a"),
        new_due_on: date("2025-03-31"),
        reason: String::new(),
    };
    given(Profile::Strict, [signed(eur(100)), in_arrears])
        .when(disburse("2024-12-01", eur(10)))
        .then([paid("2025-01-31")])
        .when((date("2024-12-02"), reschedule))
        .accepted()
        .when(disburse("2024-12-01", eur(10)))
        .then([paid("2025-03-31")]);
}

#[test]
fn a_tranche_for_a_named_period_keeps_it_when_its_due_day_moves() {
    let year = period("2025-01-01", "2025-12-31");
    let scheduled = happened(
        "2024-01-01",
        AgreementEvent::TrancheScheduled {
            tranche_id: tranche("tranche-a"),
            amount: eur(50),
            due_on: date("2025-01-01"),
            period: year,
            conditions: Vec::new(),
        },
    );
    let reschedule = AgreementCommand::RescheduleTranche {
        tranche_id: tranche("tranche-a"),
        new_due_on: date("2025-03-01"),
        reason: "late start".to_owned(),
    };
    let after = given(Profile::Strict, [signed(eur(100)), scheduled])
        .when((date("2024-03-01"), reschedule))
        .accepted();
    let tranche = after.agreement().tranche(&tranche("tranche-a")).unwrap();
    assert_eq!(tranche.period(), year);
    assert_eq!(tranche.due_on(), date("2025-03-01"));
}

#[test]
fn what_is_open_of_a_tranche_can_be_cancelled_once() {
    let cancel = || AgreementCommand::CancelTranche {
        tranche_id: tranche("tranche-b"),
        reason: "not needed".to_owned(),
    };
    let mut history = two_tranches().to_vec();
    history.push(disbursed_from(
        "2024-06-01",
        eur(10),
        vec![draw("tranche-b", day("2024-06-01"), eur(10))],
    ));
    let after = given(Profile::Strict, history)
        .when((date("2024-07-01"), cancel()))
        .then([happened(
            "2024-07-01",
            AgreementEvent::TrancheCancelled {
                tranche_id: tranche("tranche-b"),
                open: eur(20),
                due_on: date("2024-06-01"),
                reason: "not needed".to_owned(),
            },
        )]);
    assert_eq!(after.agreement().balance().scheduled, 50_00);
    after
        .when((date("2024-07-02"), cancel()))
        .then_rejected(Rejection::TrancheNotOpen {
            agreement_id: the_agreement(),
            tranche_id: tranche("tranche-b"),
        });
}

#[test]
fn a_tranche_is_due_on_a_day_or_for_a_period_and_has_an_id_of_its_own() {
    let schedule = |due_on, period| {
        let tranche = Tranche {
            tranche_id: tranche("tranche-c"),
            amount: eur(1),
            due_on,
            period,
            conditions: Vec::new(),
        };
        (
            date("2024-02-01"),
            AgreementCommand::ScheduleTranche(tranche),
        )
    };
    let year = period("2025-01-01", "2025-12-31");
    let after = given(Profile::Strict, two_tranches())
        .when(schedule(None, Some(year)))
        .accepted();
    let tranche_c = after.agreement().tranche(&tranche("tranche-c")).unwrap();
    assert_eq!(tranche_c.due_on(), date("2025-01-01"));
    after
        .when(schedule(None, Some(year)))
        .then_rejected(Rejection::TrancheExists {
            agreement_id: the_agreement(),
            tranche_id: tranche("tranche-c"),
        });
    given(Profile::Strict, two_tranches())
        .when(schedule(None, None))
        .then_rejected(Rejection::Malformed {
            field: "due_on".to_owned(),
            problem: "must be given where no period is".to_owned(),
        });
}

#[test]
fn a_plan_is_replaced_whole_and_keeps_the_one_before() {
    let entry = |amount| ForecastEntry {
        period: period("2024-01-01", "2024-12-31"),
        amount,
        receiver: None,
    };
    let replace = |entries| {
        (
            date("2024-02-01"),
            AgreementCommand::ReplaceForecast(entries),
        )
    };
    let first = given(Profile::Mirror, [signed(eur(100))])
        .when(replace(vec![entry(eur(500)), entry(eur(-1))]))
        .then([happened(
            "2024-02-01",
            AgreementEvent::ForecastReplaced {
                previous: Vec::new(),
                entries: vec![entry(eur(500)), entry(eur(-1))],
            },
        )]);
    // A plan is no tranche: nothing is scheduled by it.
    assert_eq!(first.agreement().balance().scheduled, 0);
    first.when(replace(Vec::new())).then([happened(
        "2024-02-01",
        AgreementEvent::ForecastReplaced {
            previous: vec![entry(eur(500)), entry(eur(-1))],
            entries: Vec::new(),
        },
    )]);
}

fn three_lines(amounts: [i128; 3]) -> Happened {
    let lines = ["line-1", "line-2", "line-3"]
        .iter()
        .zip(amounts)
        .map(|(id, amount)| line_of(id, cents(amount)));
    signed_as(Terms {
        ..terms_of(lines.collect())
    })
}

fn parts(outcome: &Outcome) -> Vec<(String, i128)> {
    let Fact::Agreement(
        AgreementEvent::DisbursementMade { cash, .. }
        | AgreementEvent::RefundMade { cash, .. }
        | AgreementEvent::ExpenditureReported { cash, .. },
    ) = &outcome.decision().events[0].fact
    else {
        panic!("a payment");
    };
    cash.parts
        .iter()
        .map(|part| (part.line_id.to_string(), part.minor_units))
        .collect()
}

fn on_lines(amounts: &[(&str, i128)]) -> Vec<(String, i128)> {
    amounts
        .iter()
        .map(|&(line_id, amount)| (line_id.to_owned(), amount))
        .collect()
}

#[test]
fn a_payment_without_lines_is_split_by_what_is_undisbursed_of_each() {
    // 1 cent of 3 equal lines goes to the earliest.
    let outcome = given(Profile::Strict, [three_lines([100, 100, 100])])
        .when(disburse("2024-06-01", cents(100)));
    assert_eq!(
        parts(&outcome),
        on_lines(&[("line-1", 34), ("line-2", 33), ("line-3", 33)])
    );
    let paid = happened(
        "2024-05-01",
        AgreementEvent::DisbursementMade {
            cash: perennial_domain::agreement::CashEntry {
                parts: vec![LinePart {
                    line_id: line("line-1"),
                    minor_units: 100,
                }],
                ..on_the_line(cents(100))
            },
            draws: Vec::new(),
        },
    );
    let outcome = given(Profile::Strict, [three_lines([100, 100, 300]), paid])
        .when(disburse("2024-06-01", cents(8)));
    assert_eq!(parts(&outcome), on_lines(&[("line-2", 2), ("line-3", 6)]));
}

#[test]
fn a_payment_of_what_nobody_promised_falls_on_the_first_line() {
    let lines = vec![line_of("line-1", eur(0)), line_of("line-2", eur(0))];
    let outcome =
        given(Profile::Mirror, [signed_as(terms_of(lines))]).when(disburse("2024-06-01", cents(8)));
    assert_eq!(parts(&outcome), on_lines(&[("line-1", 8)]));
}

#[test]
fn an_overdrawn_agreement_is_paid_further_in_proportion_to_its_commitments() {
    let paid = happened(
        "2024-05-01",
        AgreementEvent::DisbursementMade {
            cash: perennial_domain::agreement::CashEntry {
                parts: vec![
                    LinePart {
                        line_id: line("line-1"),
                        minor_units: 100,
                    },
                    LinePart {
                        line_id: line("line-2"),
                        minor_units: 300,
                    },
                ],
                ..on_the_line(cents(400))
            },
            draws: Vec::new(),
        },
    );
    let lines = vec![line_of("line-1", cents(100)), line_of("line-2", cents(300))];
    let outcome = given(Profile::Mirror, [signed_as(terms_of(lines)), paid])
        .when(disburse("2024-06-01", cents(8)));
    assert_eq!(parts(&outcome), on_lines(&[("line-1", 2), ("line-2", 6)]));
}

#[test]
fn a_refund_without_lines_comes_from_where_money_was_paid() {
    let paid = happened(
        "2024-05-01",
        AgreementEvent::DisbursementMade {
            cash: perennial_domain::agreement::CashEntry {
                parts: vec![LinePart {
                    line_id: line("line-2"),
                    minor_units: 50,
                }],
                ..on_the_line(cents(50))
            },
            draws: Vec::new(),
        },
    );
    let outcome = given(Profile::Strict, [three_lines([100, 100, 100]), paid])
        .when(refund("2024-06-01", cents(20)));
    assert_eq!(parts(&outcome), on_lines(&[("line-2", 20)]));
}

fn with_lines(
    amount: Money,
    lines: &[(&str, Money)],
) -> (perennial_domain::Date, AgreementCommand) {
    let mut cash = cash(amount);
    cash.lines = lines
        .iter()
        .map(|&(line_id, amount)| LineAmount {
            line_id: line(line_id),
            amount,
        })
        .collect();
    pay("2024-06-01", cash)
}

#[test]
fn named_lines_are_known_each_once_and_sum_exactly() {
    let malformed = |field: &str, problem: &str| Rejection::Malformed {
        field: field.to_owned(),
        problem: problem.to_owned(),
    };
    let history = || [three_lines([100, 100, 100])];
    given(Profile::Strict, history())
        .when(with_lines(
            cents(10),
            &[("line-1", cents(4)), ("line-3", cents(6))],
        ))
        .then_only_flagged([]);
    for amount in [cents(9), cents(11)] {
        given(Profile::Strict, history())
            .when(with_lines(
                amount,
                &[("line-1", cents(4)), ("line-3", cents(6))],
            ))
            .then_rejected(malformed("lines", &format!("must sum to exactly {amount}")));
    }
    given(Profile::Strict, history())
        .when(with_lines(
            cents(10),
            &[("line-1", cents(4)), ("line-1", cents(6))],
        ))
        .then_rejected(malformed("lines[1].line_id", "must be named once"));
    given(Profile::Strict, history())
        .when(with_lines(cents(10), &[("line-9", cents(10))]))
        .then_rejected(Rejection::UnknownLine {
            agreement_id: the_agreement(),
            line_id: line("line-9"),
        });
    given(Profile::Strict, history())
        .when(with_lines(
            cents(10),
            &[("line-1", cents(10)), ("line-2", cents(0))],
        ))
        .then_rejected(Rejection::ZeroAmount {
            field: "lines[1].amount".to_owned(),
        });
}

#[test]
fn an_entry_of_nothing_is_refused_in_both_profiles() {
    for profile in [Profile::Strict, Profile::Mirror] {
        given(profile, [signed(eur(100))])
            .when(disburse("2024-06-01", eur(0)))
            .then_rejected(Rejection::ZeroAmount {
                field: "amount".to_owned(),
            });
        given(profile, [signed(eur(100))])
            .when(disburse("2024-06-01", minor(1, "USD")))
            .then_rejected(Rejection::CurrencyMismatch {
                field: "amount".to_owned(),
                expected: currency("EUR"),
                actual: currency("USD"),
            });
    }
}
