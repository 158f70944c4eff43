//! What is given up, what is expected again, what was spent of what came, what arrived of what was sent.

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Cash, EvidenceLevel, Perspective, ReversalReason, Terms,
};
use perennial_domain::calendar::PeriodName;
use perennial_domain::command::{Action, Command, Submission};
use perennial_domain::ids::CalendarId;
use perennial_domain::ledger::{LedgerPolicy, Tolerance};
use perennial_domain::money::Money;
use perennial_domain::rejection::{LifeRejection, Rejection};
use perennial_domain::rule::{Profile, Rule};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Happened, given, given_with};

use crate::life_words::*;

/// Signed as the recipient sees it, for 100, and received 40 of it.
fn received_forty() -> [Happened; 2] {
    [incoming(eur(100)), received("2024-03-01", eur(40))]
}

fn incoming(amount: Money) -> Happened {
    let mut terms = terms(amount);
    for line in &mut terms.lines {
        line.year_shares = whole_term(line.amount);
    }
    signed_as(Terms {
        perspective: Perspective::Recipient,
        ..terms
    })
}

#[test]
fn at_most_what_is_expected_is_written_off() {
    for profile in [Profile::Strict, Profile::Mirror] {
        let after = given(profile, received_forty())
            .when(write_off("2024-10-01", eur(60)))
            .then([written_off("2024-10-01", eur(60))]);
        assert_eq!(after.agreement().written_off(), 60_00);
        // Neither C nor what was received changes.
        assert_eq!(after.agreement().undisbursed(), 60_00);
        given(profile, received_forty())
            .when(write_off("2024-10-01", cents(60_01)))
            .then_rejected(Rejection::Life(LifeRejection::WriteOffExceedsReceivable {
                receivable: 60_00,
                requested: 60_01,
                currency: currency("EUR"),
            }));
        after
            .when(write_off("2024-10-01", cents(1)))
            .then_rejected(Rejection::Life(LifeRejection::WriteOffExceedsReceivable {
                receivable: 0,
                requested: 1,
                currency: currency("EUR"),
            }));
    }
}

#[test]
fn a_claim_of_a_termination_can_be_written_off() {
    let claimed = given(
        Profile::Strict,
        [signed(eur(100)), disbursed("2024-03-01", eur(40))],
    )
    .when(terminate_as("2024-10-01", &[], Some(eur(30))))
    .accepted();
    claimed
        .clone()
        .when(write_off("2024-11-01", cents(30_01)))
        .then_rejected(Rejection::Life(LifeRejection::WriteOffExceedsReceivable {
            receivable: 30_00,
            requested: 30_01,
            currency: currency("EUR"),
        }));
    claimed
        .when(write_off("2024-11-01", eur(30)))
        .then([written_off("2024-11-01", eur(30))])
        .when(close("2024-12-01"))
        .then([closed("2024-12-01")]);
}

#[test]
fn at_most_what_was_written_off_is_expected_again() {
    let history = [
        incoming(eur(100)),
        received("2024-03-01", eur(40)),
        written_off("2024-10-01", eur(60)),
    ];
    let after = given(Profile::Strict, history.clone())
        .when(recover("2024-11-01", eur(60)))
        .then([recovered("2024-11-01", eur(60))]);
    assert_eq!(after.agreement().written_off(), 0);
    given(Profile::Strict, history)
        .when(recover("2024-11-01", cents(60_01)))
        .then_rejected(Rejection::Life(LifeRejection::RecoveryExceedsWrittenOff {
            written_off: 60_00,
            requested: 60_01,
            currency: currency("EUR"),
        }));
    after
        .when(reverse("2024-12-01", event_of(3), ReversalReason::Error))
        .then_rejected(Rejection::EntryHasDependents {
            target: event_of(3),
            dependents: vec![event_of(4)],
        })
        .when(reverse("2024-12-01", event_of(4), ReversalReason::Error))
        .accepted()
        .when(reverse("2024-12-01", event_of(3), ReversalReason::Error))
        .then([reversed("2024-10-01", event_of(3), ReversalReason::Error)]);
}

#[test]
fn a_write_off_says_who_approved_it() {
    let mut unapproved = receivable(eur(1));
    unapproved.approver = " ".to_owned();
    let command = AgreementCommand::WriteOffReceivable(unapproved);
    given(Profile::Strict, received_forty())
        .when((date("2024-10-01"), command))
        .then_rejected(Rejection::Malformed {
            field: "approver".to_owned(),
            problem: "must say who approved it".to_owned(),
        });
}

fn spend(on: &str, amount: Money) -> (perennial_domain::Date, AgreementCommand) {
    let command = AgreementCommand::ReportExpenditure {
        cash: cash(amount),
        period: None,
        evidence_level: EvidenceLevel::Claimed,
    };
    (date(on), command)
}

#[test]
fn spending_more_than_was_received_is_flagged_in_both_profiles() {
    for profile in [Profile::Strict, Profile::Mirror] {
        given(profile, received_forty())
            .when(spend("2024-04-01", eur(40)))
            .accepted()
            .when(spend("2024-05-01", cents(1)))
            .then_only_flagged([breach(
                Rule::ExpenditureWithinReceived,
                &[
                    ("received", "40.00 EUR"),
                    ("expended", "40.01 EUR"),
                    ("on", "2024-05-01"),
                ],
            )]);
        // Spent before it came.
        given(profile, received_forty())
            .when(spend("2024-02-29", eur(1)))
            .then_only_flagged([breach(
                Rule::ExpenditureWithinReceived,
                &[
                    ("received", "0.00 EUR"),
                    ("expended", "1.00 EUR"),
                    ("on", "2024-02-29"),
                ],
            )]);
        // What the provider's own books say of its receipts is nothing.
        let flags = given(profile, [signed(eur(100))])
            .when(spend("2024-04-01", eur(40)))
            .decision()
            .events[0]
            .flags
            .clone();
        assert!(flags.is_empty(), "{flags:?}");
    }
}

fn confirm(
    on: &str,
    amount: Money,
    disbursement_id: &str,
) -> (perennial_domain::Date, AgreementCommand) {
    let command = AgreementCommand::ConfirmReceipt {
        cash: cash(amount),
        tranche_id: None,
        disbursement_id: Some(payment(disbursement_id)),
    };
    (date(on), command)
}

#[test]
fn what_arrives_of_a_disbursement_is_compared_with_what_was_sent() {
    let policy = LedgerPolicy {
        tolerance: Tolerance {
            absolute_minor: 100,
            relative_ppm: 0,
        },
        ..LedgerPolicy::default()
    };
    let named = Cash {
        payment_id: Some(payment("payment-1")),
        ..cash(eur(50))
    };
    let sent = given_with(Profile::Strict, policy, [signed(eur(100))])
        .when(pay("2024-03-01", named))
        .accepted();
    for amount in [eur(49), eur(50), eur(51)] {
        let outcome = sent
            .clone()
            .when(confirm("2024-03-05", amount, "payment-1"));
        assert!(outcome.decision().events[0].flags.is_empty());
    }
    for (amount, received, difference) in [
        (cents(48_99), "48.99 EUR", "-1.01 EUR"),
        (cents(51_01), "51.01 EUR", "1.01 EUR"),
    ] {
        sent.clone()
            .when(confirm("2024-03-05", amount, "payment-1"))
            .then_only_flagged([breach(
                Rule::ReceiptMatchesSent,
                &[
                    ("sent", "50.00 EUR"),
                    ("received", received),
                    ("difference", difference),
                ],
            )]);
    }
    // In two parts: together they are what was sent.
    sent.clone()
        .when(confirm("2024-03-05", eur(20), "payment-1"))
        .accepted()
        .when(confirm("2024-03-06", eur(30), "payment-1"))
        .then_only_flagged([]);
    sent.when(confirm("2024-03-05", eur(50), "payment-2"))
        .then_rejected(Rejection::Life(LifeRejection::UnknownPayment {
            agreement_id: the_agreement(),
            payment_id: payment("payment-2"),
        }));
}

#[test]
fn a_receipt_draws_on_tranches_where_receipts_count_against_the_commitment() {
    let history = [
        incoming(eur(100)),
        scheduled("2024-02-01", "tranche-1", eur(30), "2024-04-01"),
        scheduled("2024-02-01", "tranche-2", eur(30), "2024-10-01"),
    ];
    let after = given(Profile::Strict, history)
        .when(receive("2024-04-02", eur(40)))
        .then([happened(
            "2024-04-02",
            AgreementEvent::ReceiptConfirmed {
                cash: on_the_line(eur(40)),
                draws: vec![
                    draw("tranche-1", period("2024-04-01", "2024-04-01"), eur(30)),
                    draw("tranche-2", period("2024-10-01", "2024-10-01"), eur(10)),
                ],
                disbursement_id: None,
            },
        )]);
    assert_eq!(after.agreement().balance().scheduled, 20_00);
    // The last 60 arrive without any flag of R17: the schedule follows what came.
    let after = after
        .when(receive("2024-10-02", eur(60)))
        .then_only_flagged([]);
    assert_eq!(after.agreement().balance().scheduled, 0);
}

#[test]
fn a_receipt_in_the_providers_books_draws_on_nothing() {
    let history = [
        signed(eur(100)),
        scheduled("2024-02-01", "tranche-1", eur(30), "2024-04-01"),
    ];
    given(Profile::Strict, history.clone())
        .when(receive("2024-04-02", eur(30)))
        .then([received("2024-04-02", eur(30))]);
    let command = AgreementCommand::ConfirmReceipt {
        cash: cash(eur(30)),
        tranche_id: Some(tranche("tranche-1")),
        disbursement_id: None,
    };
    given(Profile::Strict, history)
        .when((date("2024-04-02"), command))
        .then_rejected(Rejection::Malformed {
            field: "tranche_id".to_owned(),
            problem: "is for agreements whose receipts count against the commitment".to_owned(),
        });
}

#[test]
fn who_writes_off_or_recovers_a_receivable_is_not_who_approves_it() {
    let replacing = |(on, replacement): (Date, AgreementCommand)| {
        let command = AgreementCommand::ReplaceEntry {
            target: event_of(3),
            replacement: Box::new(replacement),
            replacement_effective_on: on,
        };
        asked(on, command)
    };
    let of = |(on, command): (Date, AgreementCommand)| asked(on, command);
    let adjusting = |command: Command| Command {
        action: Action::Adjust(
            PeriodName {
                calendar_id: CalendarId::parse("main-books").unwrap(),
                label: "2024".to_owned(),
            },
            Box::new(command.action.clone()),
        ),
        ..command
    };
    let on = "2024-10-01";
    let submission = Submission {
        commands: vec![
            of(write_off(on, eur(1))),
            of(disburse(on, eur(1))),
            of(recover(on, eur(1))),
            replacing(write_off(on, eur(1))),
            adjusting(of(write_off(on, eur(1)))),
            adjusting(of(disburse(on, eur(1)))),
        ],
        expected: Vec::new(),
    };
    assert_eq!(submission.self_approvals("clerk"), []);
    let own = submission.self_approvals("J. Doe");
    let refused: Vec<_> = own
        .iter()
        .map(|refused| (refused.command_index, refused.rejection.reason()))
        .collect();
    let refused_at = |index| (Some(index), "SELF_APPROVAL");
    assert_eq!(refused, [0, 2, 3, 4].map(refused_at));
}
