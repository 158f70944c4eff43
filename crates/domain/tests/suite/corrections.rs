//! R5: reversals and replacements. What is corrected stays, and its correction names it (INV-1).

use perennial_domain::agreement::{AgreementCommand, AgreementEvent, ReversalReason};
use perennial_domain::event::Stream;
use perennial_domain::log::EventId;
use perennial_domain::rejection::Rejection;
use perennial_domain::rule::{Breach, Profile, Rule};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Happened, given};

fn paid() -> [Happened; 2] {
    [signed(eur(100)), disbursed("2024-03-01", eur(80))]
}

fn wrong_target(target: EventId, problem: &str) -> Breach {
    breach(
        Rule::ReversalTarget,
        &[("target", &target.to_string()), ("problem", problem)],
    )
}

fn stands_on(target: EventId, dependents: Vec<EventId>) -> Rejection {
    Rejection::EntryHasDependents { target, dependents }
}

#[test]
fn everything_that_stands_on_an_entry_is_named_in_order() {
    let tranche_period = period("2025-01-15", "2025-01-15");
    let drawn = |on| {
        disbursed_from(
            on,
            eur(10),
            vec![draw("tranche-1", tranche_period, eur(10))],
        )
    };
    let history = [
        signed(eur(100)),
        scheduled("2024-02-01", "tranche-1", eur(50), "2025-01-15"),
        scheduled("2024-02-01", "tranche-2", eur(20), "2025-02-15"),
        drawn("2024-03-01"),
        drawn("2024-04-01"),
    ];
    for profile in [Profile::Strict, Profile::Mirror] {
        let rejection = stands_on(event_of(2), vec![event_of(4), event_of(5)]);
        assert_eq!(
            rejection.to_string(),
            "other entries stand on 2-0: reverse 4-0, 5-0 first"
        );
        given(profile, history.clone())
            .when(reverse("2024-06-01", event_of(2), ReversalReason::Error))
            .then_rejected(rejection)
            .when(reverse("2024-06-01", event_of(5), ReversalReason::Error))
            .then_only_flagged([])
            .when(reverse("2024-06-01", event_of(2), ReversalReason::Error))
            .then_rejected(stands_on(event_of(2), vec![event_of(4)]))
            .when(reverse("2024-06-01", event_of(3), ReversalReason::Error))
            .then_only_flagged([]);
    }
}

#[test]
fn an_error_is_negated_at_its_own_date_whatever_date_is_asked_for() {
    for reason in [
        ReversalReason::Error,
        ReversalReason::Replaced,
        ReversalReason::Withdrawn,
    ] {
        let after = given(Profile::Strict, paid())
            .when(reverse("2024-06-01", event_of(2), reason))
            .then([reversed("2024-03-01", event_of(2), reason)]);
        let agreement = after.agreement();
        assert_eq!(agreement.balance().disbursed, 0);
        assert_eq!(agreement.balance_as_of(date("2024-03-01")).disbursed, 0);
        assert_eq!(
            agreement.entry(event_of(2)).unwrap().reversed_by,
            Some(event_of(3))
        );
    }
}

#[test]
fn a_return_stands_at_its_own_later_date() {
    let after = given(Profile::Strict, paid())
        .when(reverse("2024-03-02", event_of(2), ReversalReason::Returned))
        .then([reversed(
            "2024-03-02",
            event_of(2),
            ReversalReason::Returned,
        )]);
    let agreement = after.agreement();
    assert_eq!(agreement.balance_as_of(date("2024-03-01")).disbursed, 80_00);
    assert_eq!(agreement.balance_as_of(date("2024-03-02")).disbursed, 0);
}

#[test]
fn a_return_on_the_day_of_the_payment_is_none() {
    for profile in [Profile::Strict, Profile::Mirror] {
        given(profile, paid())
            .when(reverse("2024-03-01", event_of(2), ReversalReason::Returned))
            .then_breaks(wrong_target(
                event_of(2),
                "a return lies after the payment of 2024-03-01",
            ));
    }
}

#[test]
fn only_payments_can_be_returned() {
    given(
        Profile::Strict,
        [signed(eur(100)), increased("2024-02-01", eur(50))],
    )
    .when(reverse("2024-06-01", event_of(2), ReversalReason::Returned))
    .then_breaks(wrong_target(event_of(2), "only a payment can be returned"));
}

#[test]
fn an_entry_is_reversed_once_and_a_reversal_never() {
    for profile in [Profile::Strict, Profile::Mirror] {
        let mut history = paid().to_vec();
        history.push(reversed("2024-03-01", event_of(2), ReversalReason::Error));
        given(profile, history.clone())
            .when(reverse("2024-06-01", event_of(2), ReversalReason::Error))
            .then_breaks(wrong_target(event_of(2), "3-0 already reversed it"));
        given(profile, history)
            .when(reverse("2024-06-01", event_of(3), ReversalReason::Error))
            .then_breaks(wrong_target(
                event_of(3),
                "a reversal cannot be reversed: book again",
            ));
    }
}

#[test]
fn a_signature_is_not_reversed() {
    given(Profile::Strict, paid())
        .when(reverse("2024-06-01", event_of(1), ReversalReason::Error))
        .then_breaks(wrong_target(
            event_of(1),
            "signature, words, lines, term, splits and tags stay: correct them by a later event, and leave a line that is not wanted at 0",
        ));
}

#[test]
fn a_line_that_was_opened_is_not_reversed_but_left_at_0() {
    let opened = happened(
        "2024-02-01",
        AgreementEvent::LineOpened {
            line: line_of("line-2", eur(0)),
        },
    );
    for profile in [Profile::Strict, Profile::Mirror] {
        given(profile, [signed(eur(100)), opened.clone()])
            .when(reverse("2024-06-01", event_of(2), ReversalReason::Error))
            .then_breaks(wrong_target(
                event_of(2),
                "signature, words, lines, term, splits and tags stay: correct them by a later event, and leave a line that is not wanted at 0",
            ));
    }
}

#[test]
fn an_event_of_another_stream_or_of_nothing_is_unknown() {
    for target in [event_of(0), event_of(9)] {
        given(Profile::Mirror, paid())
            .when(reverse("2024-06-01", target, ReversalReason::Error))
            .then_rejected(Rejection::UnknownEvent {
                stream: Stream::Agreement(the_agreement()),
                event_id: target,
            });
    }
}

#[test]
fn a_reversal_gives_tranches_and_payment_ids_free() {
    let term = period("2025-01-15", "2025-01-15");
    let mut first = on_the_line(eur(50));
    first.payment_id = Some(payment("payment-1"));
    let history = [
        signed(eur(100)),
        scheduled("2024-02-01", "tranche-1", eur(50), "2025-01-15"),
        happened(
            "2024-03-01",
            AgreementEvent::DisbursementMade {
                cash: first,
                draws: vec![draw("tranche-1", term, eur(50))],
            },
        ),
    ];
    let mut again = cash(eur(50));
    again.payment_id = Some(payment("payment-1"));
    given(Profile::Strict, history.clone())
        .when(pay("2024-06-01", again.clone()))
        .then_rejected(Rejection::PaymentExists {
            agreement_id: the_agreement(),
            payment_id: payment("payment-1"),
        });
    let after = given(Profile::Strict, history)
        .when(reverse("2024-06-01", event_of(3), ReversalReason::Error))
        .then([reversed("2024-03-01", event_of(3), ReversalReason::Error)]);
    assert_eq!(after.agreement().balance().scheduled, 50_00);
    let again = after.when(pay("2024-06-01", again)).accepted();
    assert_eq!(again.agreement().balance().scheduled, 0);
    assert_eq!(again.agreement().open_tranches().count(), 0);
}

#[test]
fn a_scheduling_is_reversed_only_while_nothing_stands_on_it() {
    let history = [
        signed(eur(100)),
        scheduled("2024-02-01", "tranche-1", eur(50), "2025-01-15"),
    ];
    let after = given(Profile::Strict, history.clone())
        .when(reverse("2024-06-01", event_of(2), ReversalReason::Error))
        .then([reversed("2024-02-01", event_of(2), ReversalReason::Error)]);
    assert_eq!(after.agreement().balance().scheduled, 0);
    assert!(after.agreement().tranche(&tranche("tranche-1")).is_none());
    // The same id can be scheduled again.
    after
        .when(schedule("2024-06-01", "tranche-1", eur(40), "2025-06-15"))
        .then([scheduled("2024-06-01", "tranche-1", eur(40), "2025-06-15")]);
    let mut history = history.to_vec();
    history.push(disbursed_from(
        "2024-03-01",
        eur(10),
        vec![draw(
            "tranche-1",
            period("2025-01-15", "2025-01-15"),
            eur(10),
        )],
    ));
    given(Profile::Strict, history)
        .when(reverse("2024-06-01", event_of(2), ReversalReason::Error))
        .then_rejected(stands_on(event_of(2), vec![event_of(3)]));
}

#[test]
fn reversing_the_newest_plan_brings_the_one_before_back() {
    let plan = |amount| {
        vec![perennial_domain::agreement::ForecastEntry {
            period: period("2024-01-01", "2024-12-31"),
            amount: eur(amount),
            receiver: None,
        }]
    };
    let replaced = |on, previous, entries| {
        happened(on, AgreementEvent::ForecastReplaced { previous, entries })
    };
    let history = [
        signed(eur(100)),
        replaced("2024-02-01", Vec::new(), plan(10)),
        replaced("2024-03-01", plan(10), plan(20)),
    ];
    given(Profile::Mirror, history.clone())
        .when(reverse("2024-06-01", event_of(2), ReversalReason::Error))
        .then_rejected(stands_on(event_of(2), vec![event_of(3)]));
    let after = given(Profile::Mirror, history)
        .when(reverse("2024-06-01", event_of(3), ReversalReason::Error))
        .then([reversed("2024-03-01", event_of(3), ReversalReason::Error)]);
    assert_eq!(after.agreement().forecast(), plan(10));
}

#[test]
fn a_replacement_cancels_at_the_old_date_and_books_at_its_own() {
    let after = given(Profile::Strict, paid())
        .when(replace(event_of(2), disburse("2024-04-01", eur(90))))
        .then([
            happened(
                "2024-03-01",
                AgreementEvent::EntryReplaced {
                    target: event_of(2),
                },
            ),
            disbursed("2024-04-01", eur(90)),
        ]);
    let agreement = after.agreement();
    assert_eq!(agreement.revision().0, 4);
    assert_eq!(agreement.balance_as_of(date("2024-03-31")).disbursed, 0);
    assert_eq!(agreement.balance_as_of(date("2024-04-01")).disbursed, 90_00);
}

#[test]
fn a_replacement_is_judged_together_with_what_it_replaces() {
    let history = [
        signed(eur(100)),
        increased("2024-02-01", eur(50)),
        disbursed("2024-03-01", eur(120)),
    ];
    // Taken alone, cancelling the increase would leave 100 against 120.
    given(Profile::Strict, history.clone())
        .when(replace(event_of(2), increase("2024-02-15", eur(20))))
        .then_only_flagged([]);
    given(Profile::Strict, history)
        .when(replace(event_of(2), increase("2024-02-15", eur(19))))
        .then_breaks(breach(
            Rule::CommitmentAboveDisbursed,
            &[
                ("disbursed", "120.00 EUR"),
                ("attempted", "119.00 EUR"),
                ("on", "2024-03-01"),
            ],
        ));
}

#[test]
fn a_replacement_that_is_too_large_breaks_the_new_entrys_rule() {
    given(Profile::Strict, paid())
        .when(replace(event_of(2), disburse("2024-03-01", eur(100))))
        .then_only_flagged([]);
    let over = breach(
        Rule::WithinCommitment,
        &[
            ("limit", "100.00 EUR"),
            ("attempted", "101.00 EUR"),
            ("committed", "100.00 EUR"),
            ("on", "2024-03-01"),
        ],
    );
    given(Profile::Strict, paid())
        .when(replace(event_of(2), disburse("2024-03-01", eur(101))))
        .then_breaks(over.clone());
    let outcome =
        given(Profile::Mirror, paid()).when(replace(event_of(2), disburse("2024-03-01", eur(101))));
    let flags: Vec<_> = outcome
        .decision()
        .events
        .iter()
        .map(|event| event.flags.clone())
        .collect();
    assert_eq!(flags, [vec![], vec![over]]);
}

#[test]
fn a_correction_is_not_replaced_by_a_correction() {
    let reversal = reverse("2024-06-01", event_of(2), ReversalReason::Error);
    given(Profile::Strict, paid())
        .when(replace(event_of(2), reversal))
        .then_rejected(Rejection::Malformed {
            field: "replacement".to_owned(),
            problem: "must be neither reversal nor replacement".to_owned(),
        });
    let signature = sign("2024-06-01", terms(eur(100)));
    given(Profile::Strict, paid())
        .when(replace(event_of(2), signature))
        .then_rejected(Rejection::AgreementExists(the_agreement()));
}

#[test]
fn a_replacement_of_an_unknown_entry_says_so() {
    let (on, command) = disburse("2024-03-01", eur(1));
    let command = AgreementCommand::ReplaceEntry {
        target: event_of(7),
        replacement: Box::new(command),
        replacement_effective_on: on,
    };
    given(Profile::Strict, paid())
        .when((on, command))
        .then_rejected(Rejection::UnknownEvent {
            stream: Stream::Agreement(the_agreement()),
            event_id: event_of(7),
        });
}
