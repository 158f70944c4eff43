//! The life of an agreement: suspensions, ends, closing, and what each status forbids.

use perennial_domain::agreement::{
    AgreementCommand, Decommitment, Description, Status, Termination, YearBasis,
};
use perennial_domain::agreement::{AgreementEvent, ReversalReason};
use perennial_domain::rejection::{LifeRejection, Rejection};
use perennial_domain::rule::{Breach, Profile, Rule};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, Happened, given};

use crate::life_words::*;

const PROFILES: [Profile; 2] = [Profile::Strict, Profile::Mirror];

/// Signed for 100 and paid 40 of it.
fn paid_forty() -> [Happened; 2] {
    [signed(eur(100)), disbursed("2024-03-01", eur(40))]
}

fn with(history: impl IntoIterator<Item = Happened>, more: Happened) -> Vec<Happened> {
    history.into_iter().chain([more]).collect()
}

fn mirror_of(more: &[Happened]) -> Given {
    given(
        Profile::Mirror,
        paid_forty().into_iter().chain(more.iter().cloned()),
    )
}

fn forbidden(
    status: Status,
    on: &str,
    since: Option<(u64, &str)>,
    asked: &'static str,
) -> Rejection {
    Rejection::Life(LifeRejection::StatusForbids {
        agreement_id: the_agreement(),
        status,
        on: date(on),
        since: since.map(|(position, since)| (event_of(position), date(since))),
        asked,
    })
}

fn status(given: &Given, on: &str) -> Status {
    given.agreement().status_as_of(date(on))
}

#[test]
fn an_agreement_is_signed_before_its_term_and_effective_in_it() {
    let mut terms = terms(eur(100));
    terms.starts_on = Some(date("2024-02-01"));
    let given = given(Profile::Strict, [signed_as(terms)]);
    assert_eq!(status(&given, "2024-01-31"), Status::Signed);
    assert_eq!(status(&given, "2024-02-01"), Status::Effective);
}

#[test]
fn a_suspension_and_a_resumption_hold_from_their_days_on() {
    let given = given(Profile::Strict, paid_forty())
        .when(suspend("2024-06-01"))
        .then([suspended("2024-06-01")])
        .when(resume("2024-08-01"))
        .then([resumed("2024-08-01")]);
    assert_eq!(status(&given, "2024-05-31"), Status::Effective);
    assert_eq!(status(&given, "2024-06-01"), Status::Suspended);
    assert_eq!(status(&given, "2024-07-31"), Status::Suspended);
    assert_eq!(status(&given, "2024-08-01"), Status::Effective);
}

#[test]
fn disbursing_while_suspended_is_refused_or_flagged_and_a_day_before_or_after_it_is_not() {
    let history = || {
        with(
            with(paid_forty(), suspended("2024-06-01")),
            resumed("2024-08-01"),
        )
    };
    let breach = |on: &str| {
        breach(
            Rule::NotWhileSuspended,
            &[("suspended_on", "2024-06-01"), ("effective_on", on)],
        )
    };
    for on in ["2024-06-01", "2024-07-31"] {
        given(Profile::Strict, history())
            .when(disburse(on, eur(1)))
            .then_breaks(breach(on));
        given(Profile::Mirror, history())
            .when(disburse(on, eur(1)))
            .then_flagged([disbursed(on, eur(1))], [Rule::NotWhileSuspended]);
    }
    for on in ["2024-05-31", "2024-08-01"] {
        for profile in PROFILES {
            given(profile, history())
                .when(disburse(on, eur(1)))
                .then([disbursed(on, eur(1))]);
        }
    }
}

#[test]
fn a_second_suspension_that_is_recorded_late_flags_the_payments_of_its_time() {
    mirror_of(&[
        suspended("2024-04-01"),
        resumed("2024-05-01"),
        disbursed("2024-05-15", eur(1)),
        disbursed("2024-06-15", eur(1)),
    ])
    .when(suspend("2024-06-01"))
    .then_only_flagged([breach(
        Rule::NotWhileSuspended,
        &[
            ("suspended_on", "2024-06-01"),
            ("payments", "1"),
            ("payment", "6-0"),
        ],
    )]);
}

#[test]
fn a_payment_in_the_first_of_two_suspensions_names_the_first() {
    mirror_of(&[
        suspended("2024-06-01"),
        resumed("2024-08-01"),
        suspended("2024-10-01"),
    ])
    .when(disburse("2024-07-01", eur(1)))
    .then_only_flagged([breach(
        Rule::NotWhileSuspended,
        &[
            ("suspended_on", "2024-06-01"),
            ("effective_on", "2024-07-01"),
        ],
    )]);
}

#[test]
fn money_that_comes_back_or_arrives_is_booked_while_suspended() {
    given(Profile::Strict, with(paid_forty(), suspended("2024-06-01")))
        .when(refund("2024-07-01", eur(5)))
        .then([refunded("2024-07-01", eur(5))]);
}

#[test]
fn a_back_dated_suspension_is_recorded_and_flags_the_payments_of_its_time() {
    let history = with(paid_forty(), disbursed("2024-09-01", eur(10)));
    for profile in PROFILES {
        given(profile, history.clone())
            .when(suspend("2024-03-01"))
            .then_only_flagged([breach(
                Rule::NotWhileSuspended,
                &[
                    ("suspended_on", "2024-03-01"),
                    ("payments", "2"),
                    ("payment", "2-0"),
                    ("payment", "3-0"),
                ],
            )]);
        given(profile, history.clone())
            .when(suspend("2024-03-02"))
            .then_flagged([suspended("2024-03-02")], [Rule::NotWhileSuspended]);
        given(profile, history.clone())
            .when(suspend("2024-09-02"))
            .then([suspended("2024-09-02")]);
    }
}

/// The flag of an end on a day, for the payment of position 2.
fn paid_later(name: &'static str, on: &'static str) -> Breach {
    breach(
        Rule::NotWhileSuspended,
        &[(name, on), ("payments", "1"), ("payment", "2-0")],
    )
}

#[test]
fn a_back_dated_termination_is_recorded_and_flags_the_payments_after_its_day() {
    for profile in PROFILES {
        given(profile, paid_forty())
            .when(terminate("2024-02-29"))
            .then_only_flagged([paid_later("terminated_on", "2024-02-29")]);
        // What was paid on its day was paid before it.
        given(profile, paid_forty())
            .when(terminate("2024-03-01"))
            .then_only_flagged([]);
    }
}

#[test]
fn a_back_dated_cancellation_or_closing_flags_the_payments_after_its_day() {
    let came_back = with(paid_forty(), refunded("2024-04-01", eur(40)));
    // What was paid meanwhile was promised then, so a strict ledger refuses to cancel it from a day before it came back.
    let promised = [
        ("disbursed", "40.00 EUR"),
        ("attempted", "0.00 EUR"),
        ("on", "2024-03-01"),
    ];
    let promised = breach(Rule::CommitmentAboveDisbursed, &promised);
    given(Profile::Strict, came_back.clone())
        .when(cancel("2024-02-29"))
        .then_breaks(promised.clone());
    given(Profile::Mirror, came_back.clone())
        .when(cancel("2024-02-29"))
        .then_only_flagged([promised.clone(), paid_later("cancelled_on", "2024-02-29")]);
    given(Profile::Mirror, came_back.clone())
        .when(cancel("2024-03-01"))
        .then_only_flagged([promised]);
    let all_paid = [signed(eur(40)), disbursed("2024-03-01", eur(40))];
    for profile in PROFILES {
        given(profile, came_back.clone())
            .when(cancel("2024-04-01"))
            .then_only_flagged([]);
        given(profile, all_paid.clone())
            .when(close("2024-02-29"))
            .then_only_flagged([paid_later("closed_on", "2024-02-29")]);
        given(profile, all_paid.clone())
            .when(close("2024-03-01"))
            .then([closed("2024-03-01")]);
        given(profile, all_paid.clone())
            .when(end("2024-02-29"))
            .then([ended("2024-02-29")]);
    }
}

#[test]
fn a_suspension_on_the_day_of_a_resumption_flags_what_was_paid_after_it() {
    let history = [
        suspended("2024-06-01"),
        resumed("2024-08-01"),
        disbursed("2024-09-01", eur(10)),
    ];
    for profile in PROFILES {
        given(profile, paid_forty().into_iter().chain(history.clone()))
            .when(suspend("2024-08-01"))
            .then_only_flagged([breach(
                Rule::NotWhileSuspended,
                &[
                    ("suspended_on", "2024-08-01"),
                    ("payments", "1"),
                    ("payment", "5-0"),
                ],
            )]);
    }
}

#[test]
fn suspensions_and_resumptions_alternate_in_the_order_of_their_days() {
    let history = || {
        with(
            with(paid_forty(), suspended("2024-06-01")),
            resumed("2024-08-01"),
        )
    };
    for profile in PROFILES {
        given(profile, paid_forty())
            .when(resume("2024-06-01"))
            .then_rejected(forbidden(
                Status::Effective,
                "2024-06-01",
                None,
                "resume_agreement",
            ));
        given(profile, history())
            .when(suspend("2024-07-01"))
            .then_rejected(forbidden(
                Status::Suspended,
                "2024-07-01",
                Some((3, "2024-06-01")),
                "suspend_agreement",
            ));
        // Before the first suspension it is effective, but the next fact would be a second suspension.
        given(profile, history())
            .when(suspend("2024-05-01"))
            .then_rejected(Rejection::Life(LifeRejection::NotAlternating {
                agreement_id: the_agreement(),
                status: Status::Suspended,
                by: event_of(3),
            }));
        given(profile, history())
            .when(resume("2024-07-01"))
            .then_rejected(Rejection::Life(LifeRejection::NotAlternating {
                agreement_id: the_agreement(),
                status: Status::Effective,
                by: event_of(4),
            }));
        given(profile, history())
            .when(suspend("2024-08-01"))
            .then([suspended("2024-08-01")]);
    }
}

#[test]
fn a_suspension_is_reversed_after_what_stands_on_it() {
    let history = with(
        with(paid_forty(), suspended("2024-06-01")),
        resumed("2024-08-01"),
    );
    let blocked = given(Profile::Strict, history)
        .when(reverse("2024-09-01", event_of(3), ReversalReason::Error))
        .then_rejected(Rejection::EntryHasDependents {
            target: event_of(3),
            dependents: vec![event_of(4)],
        });
    let back = blocked
        .when(reverse("2024-09-01", event_of(4), ReversalReason::Error))
        .accepted()
        .when(reverse("2024-09-01", event_of(3), ReversalReason::Error))
        .accepted();
    assert_eq!(status(&back, "2024-07-01"), Status::Effective);
}

#[test]
fn a_resumption_that_was_paid_on_is_not_reversed() {
    let history = with(
        with(paid_forty(), suspended("2024-06-01")),
        resumed("2024-08-01"),
    );
    given(
        Profile::Strict,
        with(history, disbursed("2024-08-01", eur(5))),
    )
    .when(reverse("2024-09-01", event_of(4), ReversalReason::Error))
    .then_rejected(Rejection::EntryHasDependents {
        target: event_of(4),
        dependents: vec![event_of(5)],
    });
}

#[test]
fn a_termination_gives_up_what_is_undisbursed_the_last_years_first() {
    // 366 of 731 days are in 2024: 50.07 of 100; 40 of them are paid.
    let expected = AgreementEvent::AgreementTerminated(Termination {
        reason: "breach".to_owned(),
        decommitments: vec![Decommitment {
            line_id: the_line(),
            amount: eur(60),
            year_shares: vec![
                share(
                    period("2024-01-01", "2024-12-31"),
                    cents(10_07),
                    YearBasis::Prorated,
                ),
                share(
                    period("2025-01-01", "2025-12-31"),
                    cents(49_93),
                    YearBasis::Prorated,
                ),
            ],
        }],
        recovery: None,
    });
    let given = given(Profile::Strict, paid_forty())
        .when(terminate("2024-10-01"))
        .then([happened("2024-10-01", expected)]);
    assert_eq!(given.agreement().balance().committed, 40_00);
    assert_eq!(given.agreement().undisbursed(), 0);
    assert_eq!(status(&given, "2024-09-30"), Status::Effective);
    assert_eq!(status(&given, "2024-10-01"), Status::Terminated);
    let back = given
        .when(reverse("2024-11-01", event_of(3), ReversalReason::Error))
        .accepted();
    assert_eq!(back.agreement().balance().committed, 100_00);
    assert_eq!(status(&back, "2024-10-01"), Status::Effective);
}

#[test]
fn a_termination_without_recovery_gives_up_exactly_what_is_undisbursed() {
    let differs = |requested| {
        Rejection::Life(LifeRejection::DecommitmentDiffers {
            undisbursed: 60_00,
            requested,
            currency: currency("EUR"),
        })
    };
    for profile in PROFILES {
        given(profile, paid_forty())
            .when(terminate_as("2024-10-01", &[eur(60)], None))
            .accepted();
        given(profile, paid_forty())
            .when(terminate_as("2024-10-01", &[cents(59_99)], None))
            .then_rejected(differs(59_99));
        given(profile, paid_forty())
            .when(terminate_as("2024-10-01", &[cents(59_99)], Some(eur(1))))
            .accepted();
    }
    given(Profile::Mirror, paid_forty())
        .when(terminate_as("2024-10-01", &[cents(60_01)], Some(eur(1))))
        .then_refused([(Some(0), differs(60_01))]);
}

#[test]
fn no_more_is_claimed_back_than_was_paid() {
    given(Profile::Strict, paid_forty())
        .when(terminate_as("2024-10-01", &[], Some(cents(40_01))))
        .then_rejected(Rejection::Life(LifeRejection::RecoveryExceedsPaid {
            paid: 40_00,
            requested: 40_01,
            currency: currency("EUR"),
        }));
    let claimed = given(Profile::Strict, paid_forty())
        .when(terminate_as("2024-10-01", &[], Some(eur(40))))
        .accepted();
    assert_eq!(claimed.agreement().recoverable(), 40_00);
    let returned = claimed.when(refund("2024-11-01", eur(15))).accepted();
    assert_eq!(returned.agreement().recoverable(), 25_00);
}

#[test]
fn an_agreement_is_cancelled_only_before_anything_was_paid() {
    given(Profile::Strict, paid_forty())
        .when(cancel("2024-10-01"))
        .then_rejected(Rejection::Life(LifeRejection::AlreadyPaid {
            agreement_id: the_agreement(),
            paid: 40_00,
            currency: currency("EUR"),
        }));
    let cancelled = given(Profile::Strict, [signed(eur(100))])
        .when(cancel("2024-10-01"))
        .accepted();
    assert_eq!(cancelled.agreement().balance().committed, 0);
    assert_eq!(status(&cancelled, "2024-10-01"), Status::Cancelled);
}

#[test]
fn nothing_is_paid_after_a_termination_or_a_cancellation() {
    let terminated = given(Profile::Mirror, paid_forty())
        .when(terminate("2024-10-01"))
        .accepted();
    terminated
        .clone()
        .when(disburse("2024-10-01", eur(1)))
        .then_refused([(
            Some(0),
            forbidden(
                Status::Terminated,
                "2024-10-01",
                Some((3, "2024-10-01")),
                "disburse",
            ),
        )]);
    // A payment of the day before is late news.
    terminated
        .when(disburse("2024-09-30", eur(1)))
        .then_flagged([disbursed("2024-09-30", eur(1))], [Rule::WithinCommitment]);
    given(Profile::Strict, [signed(eur(100))])
        .when(cancel("2024-10-01"))
        .accepted()
        .when(increase("2024-09-30", eur(1)))
        .then_rejected(forbidden(
            Status::Cancelled,
            "2024-10-01",
            Some((2, "2024-10-01")),
            "increase_commitment",
        ));
}

#[test]
fn final_payments_follow_an_operational_end_but_no_new_promise_does() {
    let ended = given(Profile::Strict, paid_forty())
        .when(end("2025-06-30"))
        .then([ended("2025-06-30")]);
    ended
        .clone()
        .when(disburse("2025-07-01", eur(60)))
        .then([disbursed("2025-07-01", eur(60))]);
    ended
        .clone()
        .when(increase("2025-06-30", eur(1)))
        .then_rejected(forbidden(
            Status::OperationallyEnded,
            "2025-06-30",
            Some((3, "2025-06-30")),
            "increase_commitment",
        ));
    ended.when(increase("2025-06-29", eur(1))).accepted();
}

#[test]
fn books_close_only_when_nothing_is_open() {
    let open = given(Profile::Strict, paid_forty())
        .when(close("2025-12-31"))
        .then_rejected(Rejection::Life(LifeRejection::NotSettled {
            agreement_id: the_agreement(),
            undisbursed: 60_00,
            recoverable: 0,
            written_off: 0,
            open_tranche: None,
            currency: currency("EUR"),
        }));
    open.when(write_off("2025-12-01", cents(59_99)))
        .accepted()
        .when(close("2025-12-31"))
        .then_rejected(Rejection::Life(LifeRejection::NotSettled {
            agreement_id: the_agreement(),
            undisbursed: 60_00,
            recoverable: 0,
            written_off: 59_99,
            open_tranche: None,
            currency: currency("EUR"),
        }))
        .when(write_off("2025-12-01", cents(1)))
        .accepted()
        .when(close("2025-12-31"))
        .then([closed("2025-12-31")]);
}

#[test]
fn books_with_an_open_tranche_do_not_close() {
    let history = [
        signed(eur(100)),
        scheduled("2024-02-01", "tranche-1", eur(50), "2025-01-15"),
        disbursed("2024-03-01", eur(100)),
    ];
    given(Profile::Strict, history)
        .when(close("2025-12-31"))
        .then_rejected(Rejection::Life(LifeRejection::NotSettled {
            agreement_id: the_agreement(),
            undisbursed: 0,
            recoverable: 0,
            written_off: 0,
            open_tranche: Some(tranche("tranche-1")),
            currency: currency("EUR"),
        }));
}

#[test]
fn after_the_closing_nothing_is_booked_but_its_reversal() {
    let history = [
        signed(eur(100)),
        disbursed("2024-03-01", eur(100)),
        closed("2025-12-31"),
    ];
    for profile in PROFILES {
        let closed = given(profile, history.clone());
        // Whatever the date: the books said that nothing is open.
        for (asked, command) in [
            ("disburse", disburse("2024-04-01", eur(1))),
            ("refund", refund("2026-01-01", eur(1))),
            ("suspend_agreement", suspend("2024-04-01")),
            ("write_off_receivable", write_off("2024-04-01", eur(1))),
        ] {
            let reasons = closed.clone().when(command).reasons();
            let expected = forbidden(
                Status::FinanciallyClosed,
                if asked == "refund" {
                    "2026-01-01"
                } else {
                    "2025-12-31"
                },
                Some((3, "2025-12-31")),
                asked,
            );
            assert_eq!(reasons[0].rejection, expected, "{asked}");
        }
        closed
            .clone()
            .when(reverse("2026-01-01", event_of(2), ReversalReason::Error))
            .then_rejected(forbidden(
                Status::FinanciallyClosed,
                "2025-12-31",
                Some((3, "2025-12-31")),
                "reverse_entry",
            ));
        let words = AgreementCommand::Describe(Description::default());
        closed.clone().when((date("2026-01-01"), words)).accepted();
        closed
            .when(reverse("2026-01-01", event_of(3), ReversalReason::Error))
            .then([reversed("2025-12-31", event_of(3), ReversalReason::Error)])
            .when(refund("2026-01-01", eur(1)))
            .then([refunded("2026-01-01", eur(1))]);
    }
}

#[test]
fn the_refusal_of_a_closed_agreement_says_the_way_out() {
    let rejection = forbidden(
        Status::FinanciallyClosed,
        "2025-12-31",
        Some((3, "2025-12-31")),
        "disburse",
    );
    assert_eq!(rejection.reason(), "STATUS_FORBIDS");
    assert_eq!(
        rejection.to_string(),
        "agreement \"agreement-1\" is financially closed on 2025-12-31 since 2025-12-31 (3-0): it takes no \
         disburse; first reverse the closing"
    );
}
