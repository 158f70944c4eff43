//! Which refusal comes first, and what else is said: tables in text, for a grants officer to read.

use perennial_domain::agreement::{AgreementCommand, ReversalReason};
use perennial_domain::command::{Command, Expected, Submission};
use perennial_domain::event::Stream;
use perennial_domain::log::{Position, Revision};
use perennial_domain::money::Money;
use perennial_domain::party::ExternalReference;
use perennial_domain::rejection::{Refusal, Rejection};
use perennial_domain::rule::Profile;
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, given};

/// Reads one command: its date, its word, and what the word needs.
fn command(text: &str) -> Command {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (agreement_id, words) = match words[..] {
        [on, "other", ref rest @ ..] => ("agreement-2", [&[on], rest].concat()),
        _ => (THE_AGREEMENT, words),
    };
    let money = |text: &str| -> Money {
        let (amount, code) = text.split_at(text.len() - 3);
        Money::parse_decimal(amount, currency(code)).unwrap()
    };
    let (on, command) = match words[..] {
        [on, "sign", amount] => sign(on, terms(money(amount))),
        [on, "pay", amount] => disburse(on, money(amount)),
        [on, "pay", amount, "from", tranche_id] => {
            let (on, command) = disburse(on, money(amount));
            let AgreementCommand::Disburse { cash, .. } = command else {
                unreachable!()
            };
            let tranche_id = Some(tranche(tranche_id));
            (on, AgreementCommand::Disburse { cash, tranche_id })
        }
        [on, "commit", amount] => increase(on, money(amount)),
        [on, "release", amount] => decrease(on, money(amount)),
        [on, "refund", amount] => refund(on, money(amount)),
        [on, "reverse", position] => reverse(
            on,
            event_of(position.parse().unwrap()),
            ReversalReason::Error,
        ),
        _ => panic!("no command: {text}"),
    };
    asked_of(agreement_id, on, command)
}

/// `0 REASON` for each reason of each command, `- REASON` for the submission's own, and which one leads.
fn answer(refusal: &Refusal) -> String {
    let reasons = refusal.reasons().map(|reason| {
        let index = reason
            .command_index
            .map_or_else(|| "-".to_owned(), |index| index.to_string());
        format!("{index} {}\n", reason.rejection.reason())
    });
    let leading = refusal.leading().rejection.reason();
    format!("{}=> {leading}\n", reasons.collect::<String>())
}

fn trimmed(table: &str) -> String {
    let lines = table.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[track_caller]
fn check(given: &Given, expected: Vec<(Stream, Expected)>, commands: &str, answers: &str) {
    let commands: Vec<Command> = trimmed(commands).lines().map(command).collect();
    let submission = Submission { commands, expected };
    match given.book.decide(&submission, given.next, given.today) {
        Ok(decision) => {
            let kinds: String = decision
                .events
                .iter()
                .flat_map(|event| [event.fact.kind(), "\n"])
                .collect();
            assert_eq!(kinds, trimmed(answers));
        }
        Err(refusal) => assert_eq!(answer(&refusal), trimmed(answers)),
    }
}

fn paid() -> Given {
    given(
        Profile::Strict,
        [signed(eur(100)), disbursed("2024-03-01", eur(80))],
    )
}

#[test]
fn one_command_says_everything_that_is_wrong_with_it() {
    check(
        &paid(),
        Vec::new(),
        "2027-01-01 pay 21EUR",
        "0 DATE_IN_FUTURE
         0 DISBURSEMENT_EXCEEDS_COMMITMENT
         => DATE_IN_FUTURE",
    );
    check(
        &paid(),
        Vec::new(),
        "2023-12-31 pay 21EUR",
        "0 DISBURSEMENT_EXCEEDS_COMMITMENT
         0 DISBURSEMENT_BEFORE_SIGNATURE
         => DISBURSEMENT_EXCEEDS_COMMITMENT",
    );
}

#[test]
fn what_can_never_be_valid_leads_over_what_is_missing_and_over_broken_rules() {
    check(
        &paid(),
        Vec::new(),
        "2027-01-01 pay 0USD from tranche-9",
        "0 UNKNOWN_TRANCHE
         0 CURRENCY_MISMATCH
         0 ZERO_AMOUNT
         0 DATE_IN_FUTURE
         => CURRENCY_MISMATCH",
    );
    check(
        &paid(),
        Vec::new(),
        "2027-01-01 pay 21EUR from tranche-9",
        "0 UNKNOWN_TRANCHE
         0 DATE_IN_FUTURE
         0 DISBURSEMENT_EXCEEDS_COMMITMENT
         => UNKNOWN_TRANCHE",
    );
}

#[test]
fn after_a_failing_command_later_ones_on_its_stream_are_not_judged() {
    check(
        &paid(),
        Vec::new(),
        "2024-06-01 pay 21EUR
         2024-06-01 pay 1000EUR
         2024-06-01 other pay 1EUR
         2024-06-01 other pay 0EUR",
        "0 DISBURSEMENT_EXCEEDS_COMMITMENT
         2 UNKNOWN_AGREEMENT
         => UNKNOWN_AGREEMENT",
    );
}

#[test]
fn a_command_sees_what_earlier_ones_of_its_submission_did() {
    check(
        &paid(),
        Vec::new(),
        "2024-06-01 commit 10EUR
         2024-06-01 pay 30EUR
         2024-06-01 other sign 50EUR
         2024-06-01 other pay 50EUR",
        "CommitmentIncreased
         DisbursementMade
         AgreementSigned
         DisbursementMade",
    );
    check(
        &paid(),
        Vec::new(),
        "2024-06-01 commit 10EUR
         2024-06-01 pay 30EUR
         2024-06-01 pay 0.01EUR",
        "2 DISBURSEMENT_EXCEEDS_COMMITMENT
         => DISBURSEMENT_EXCEEDS_COMMITMENT",
    );
    check(
        &paid(),
        Vec::new(),
        "2024-06-01 reverse 2
         2024-06-01 pay 100EUR
         2024-06-01 reverse 2",
        "2 REVERSAL_TARGET
         => REVERSAL_TARGET",
    );
}

#[test]
fn a_stale_belief_is_said_for_every_stream_and_leads_over_broken_rules() {
    let stream = Stream::Agreement(the_agreement());
    let other = Stream::Agreement(agreement("agreement-2"));
    check(
        &paid(),
        vec![
            (stream.clone(), Expected::Exactly(Revision(1))),
            (other.clone(), Expected::Exactly(Revision(3))),
            (Stream::Ledger, Expected::Exactly(Revision(1))),
        ],
        "2024-06-01 pay 21EUR",
        "- REVISION_CONFLICT
         - REVISION_CONFLICT
         0 DISBURSEMENT_EXCEEDS_COMMITMENT
         => REVISION_CONFLICT",
    );
    check(
        &paid(),
        vec![
            (stream.clone(), Expected::Exactly(Revision(2))),
            (other, Expected::NoStream),
        ],
        "2024-06-01 pay 20EUR",
        "DisbursementMade",
    );
    check(
        &paid(),
        vec![(stream, Expected::NoStream)],
        "2024-06-01 pay 0EUR",
        "- REVISION_CONFLICT
         0 ZERO_AMOUNT
         => ZERO_AMOUNT",
    );
}

#[test]
fn a_conflict_says_what_was_expected_and_what_is() {
    let stream = Stream::Agreement(the_agreement());
    let submission = Submission {
        commands: vec![command("2024-06-01 pay 1EUR")],
        expected: vec![(stream.clone(), Expected::Exactly(Revision(1)))],
    };
    paid().when_submitted(&submission).then_refused([(
        None,
        Rejection::RevisionConflict {
            stream,
            expected: Expected::Exactly(Revision(1)),
            actual: Some(Revision(2)),
        },
    )]);
    let refusal = paid()
        .book
        .decide(&submission, Position(9), date(TODAY))
        .unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "expect \"agreement/agreement-1\" at revision 1, it is at 2"
    );
}

#[test]
fn a_submission_holds_one_to_a_thousand_commands() {
    let of = |count: usize| Submission {
        commands: vec![command("2024-06-01 commit 1EUR"); count],
        expected: Vec::new(),
    };
    let malformed = |holds: usize| {
        (
            None,
            Rejection::Malformed {
                field: "commands".to_owned(),
                problem: format!("must hold 1 to 1000 commands, holds {holds}"),
            },
        )
    };
    paid().when_submitted(&of(0)).then_refused([malformed(0)]);
    let full = paid().when_submitted(&of(1_000)).accepted();
    assert_eq!(full.agreement().balance().committed, 1_100_00);
    paid()
        .when_submitted(&of(1_001))
        .then_refused([malformed(1_001)]);
}

fn numbered(text: &str, number: &str) -> Command {
    Command {
        external_reference: Some(ExternalReference {
            system: "treasury".into(),
            reference: number.into(),
        }),
        ..command(text)
    }
}

fn number_taken(position: Option<u64>) -> Rejection {
    Rejection::ReferenceExists {
        external_reference: ExternalReference {
            system: "treasury".into(),
            reference: "TR-1".into(),
        },
        kind: "DisbursementMade",
        event_id: position.map(event_of),
    }
}

#[test]
fn a_strict_ledger_takes_a_number_once_per_kind_until_its_entry_is_reversed() {
    let pay = || numbered("2024-06-01 pay 1EUR", "TR-1");
    let after = paid()
        .when_asked(pay())
        .accepted()
        .when_asked(pay())
        .then_rejected(number_taken(Some(3)))
        .when_asked(numbered("2024-06-01 commit 1EUR", "TR-1"))
        .accepted();
    let freed = after
        .when(reverse("2024-06-01", event_of(3), ReversalReason::Error))
        .accepted();
    freed.when_asked(pay()).accepted();
}

#[test]
fn a_number_stands_once_within_a_submission_too() {
    let pay = numbered("2024-06-01 pay 1EUR", "TR-1");
    paid()
        .when_submitted(&Submission {
            commands: vec![pay.clone(), pay],
            expected: Vec::new(),
        })
        .then_refused([(Some(1), number_taken(None))]);
}

#[test]
fn a_replacement_may_carry_the_number_of_what_it_replaces() {
    let after = paid()
        .when_asked(numbered("2024-06-01 pay 1EUR", "TR-1"))
        .accepted();
    let (on, replacement) = replace(event_of(3), disburse("2024-06-02", eur(2)));
    let command = Command {
        external_reference: numbered("2024-06-01 pay 1EUR", "TR-1").external_reference,
        ..asked(on, replacement)
    };
    let replaced = after.when_asked(command).accepted();
    replaced
        .when_asked(numbered("2024-06-01 pay 1EUR", "TR-1"))
        .then_refused([(
            Some(0),
            Rejection::ReferenceExists {
                external_reference: ExternalReference {
                    system: "treasury".into(),
                    reference: "TR-1".into(),
                },
                kind: "DisbursementMade",
                event_id: Some(perennial_domain::log::EventId {
                    position: Position(4),
                    index: 1,
                }),
            },
        )]);
}

#[test]
fn a_mirror_takes_a_number_as_often_as_it_is_published() {
    let pay = || numbered("2024-06-01 pay 1EUR", "TR-1");
    given(Profile::Mirror, [signed(eur(100))])
        .when_asked(pay())
        .accepted()
        .when_asked(pay())
        .then_only_flagged([]);
}
