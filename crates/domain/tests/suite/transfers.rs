//! Transfers between two agreements: two events in one record, or none.

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Conversion, Perspective, Rate, RateSource, ReversalReason,
    Terms, Transfer, TransferDirection, TransferWish,
};
use perennial_domain::command::{Command, Expected, Submission};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::log::{EventId, Position, Revision};
use perennial_domain::money::Money;
use perennial_domain::rejection::Rejection;
use perennial_domain::rule::{Profile, Rule};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, Happened, given};

const OTHER: &str = "agreement-2";

fn of_other(mut happened: Happened) -> Happened {
    happened.stream = Stream::Agreement(agreement(OTHER));
    happened
}

/// Two agreements, of 100 and 50.
fn two(profile: Profile) -> Given {
    given(profile, [signed(eur(100)), of_other(signed(eur(50)))])
}

fn wish(amount: Money) -> TransferWish {
    TransferWish {
        transfer_id: transfer("transfer-1"),
        to_agreement_id: agreement(OTHER),
        line_id: None,
        to_line_id: None,
        amount,
        conversion: None,
        year_shares: Vec::new(),
        to_year_shares: whole_term(amount),
        consent: "letter of 1 May".to_owned(),
        reason: String::new(),
    }
}

fn asks(wish: TransferWish) -> (Date, AgreementCommand) {
    (
        date("2024-06-01"),
        AgreementCommand::TransferFunds(Box::new(wish)),
    )
}

fn half(direction: TransferDirection, other: &str, amount: Money) -> AgreementEvent {
    let year_shares = match direction {
        // By day: what is left of the last year first.
        TransferDirection::Out => vec![share(
            period("2025-01-01", "2025-12-31"),
            amount,
            perennial_domain::agreement::YearBasis::Prorated,
        )],
        TransferDirection::In => vec![share(
            period(SIGNED_ON, ENDS_ON),
            amount,
            perennial_domain::agreement::YearBasis::Scheduled,
        )],
    };
    AgreementEvent::FundsTransferred(Box::new(Transfer {
        transfer_id: transfer("transfer-1"),
        direction,
        other_agreement_id: agreement(other),
        line_id: the_line(),
        amount,
        year_shares,
        conversion: None,
        consent: "letter of 1 May".to_owned(),
        reason: String::new(),
    }))
}

fn committed(given: &Given, id: &str) -> i128 {
    given
        .book
        .agreement(&agreement(id))
        .unwrap()
        .balance()
        .committed
}

fn in_record(position: u64, index: u32) -> EventId {
    EventId {
        position: Position(position),
        index,
    }
}

#[test]
fn what_one_agreement_gives_the_other_receives_in_one_record() {
    let after = two(Profile::Strict).when(asks(wish(eur(30)))).then([
        happened("2024-06-01", half(TransferDirection::Out, OTHER, eur(30))),
        of_other(happened(
            "2024-06-01",
            half(TransferDirection::In, THE_AGREEMENT, eur(30)),
        )),
    ]);
    assert_eq!(committed(&after, THE_AGREEMENT), 70_00);
    assert_eq!(committed(&after, OTHER), 80_00);
    let revision = |id: &str| after.book.revision(&Stream::Agreement(agreement(id)));
    assert_eq!(revision(THE_AGREEMENT), Some(Revision(2)));
    assert_eq!(revision(OTHER), Some(Revision(2)));
}

#[test]
fn an_agreement_gives_what_is_not_disbursed_and_not_a_cent_more() {
    let history = || {
        given(
            Profile::Strict,
            [
                signed(eur(100)),
                of_other(signed(eur(50))),
                disbursed("2024-03-01", eur(60)),
            ],
        )
    };
    history().when(asks(wish(eur(40)))).then_only_flagged([]);
    let refused = history().when(asks(wish(cents(40_01)))).then_breaks(breach(
        Rule::CommitmentAboveDisbursed,
        &[
            ("disbursed", "60.00 EUR"),
            ("attempted", "59.99 EUR"),
            ("on", "2024-06-01"),
        ],
    ));
    // The half that would have been right is refused with it.
    assert_eq!(committed(&refused, OTHER), 50_00);
}

#[test]
fn a_belief_about_either_agreement_is_checked() {
    for id in [THE_AGREEMENT, OTHER] {
        let stream = Stream::Agreement(agreement(id));
        let (on, command) = asks(wish(eur(30)));
        let submission = |revision| Submission {
            commands: vec![asked(on, command.clone())],
            expected: vec![(stream.clone(), Expected::Exactly(Revision(revision)))],
        };
        two(Profile::Strict)
            .when_submitted(&submission(1))
            .then_only_flagged([]);
        two(Profile::Strict)
            .when_submitted(&submission(2))
            .then_refused([(
                None,
                Rejection::RevisionConflict {
                    stream: stream.clone(),
                    expected: Expected::Exactly(Revision(2)),
                    actual: Some(Revision(1)),
                },
            )]);
    }
}

fn together(commands: Vec<Command>) -> Submission {
    Submission {
        commands,
        expected: Vec::new(),
    }
}

#[test]
fn later_commands_of_the_submission_see_both_halves() {
    let (on, command) = asks(wish(eur(30)));
    let pay = |amount| {
        let (on, command) = disburse("2024-07-01", amount);
        asked_of(OTHER, on, command)
    };
    two(Profile::Strict)
        .when_submitted(&together(vec![asked(on, command.clone()), pay(eur(80))]))
        .then_only_flagged([]);
    let refused = two(Profile::Strict)
        .when_submitted(&together(vec![asked(on, command), pay(cents(80_01))]))
        .reasons();
    assert_eq!(refused[0].command_index, Some(1));
}

#[test]
fn after_a_transfer_that_is_refused_neither_agreement_is_judged() {
    let (on, command) = asks(wish(eur(101)));
    let (paid_on, pay) = disburse("2024-07-01", eur(51));
    let reasons = two(Profile::Strict)
        .when_submitted(&together(vec![
            asked(on, command),
            asked_of(OTHER, paid_on, pay),
        ]))
        .reasons();
    assert_eq!(reasons.len(), 1);
    assert_eq!(reasons[0].command_index, Some(0));
}

#[test]
fn both_halves_are_reversed_together_from_either_agreement() {
    let reverses = |id: &str, index| {
        let target = in_record(3, index);
        let command = AgreementCommand::ReverseEntry {
            target,
            reason: ReversalReason::Error,
        };
        asked_of(id, date("2024-08-01"), command)
    };
    for (id, index) in [(THE_AGREEMENT, 0), (OTHER, 1)] {
        let after = two(Profile::Strict)
            .when(asks(wish(eur(30))))
            .accepted()
            .when_asked(reverses(id, index))
            .accepted();
        assert_eq!(committed(&after, THE_AGREEMENT), 100_00);
        assert_eq!(committed(&after, OTHER), 50_00);
        // It is free to be made again, and was reversed once.
        let after = after.when(asks(wish(eur(30)))).then_only_flagged([]);
        let again = after.when_asked(reverses(id, index)).reasons();
        assert!(matches!(
            &again[0].rejection,
            Rejection::Breach(breach) if breach.rule == Rule::ReversalTarget
        ));
    }
}

#[test]
fn a_transfer_stays_while_the_other_agreement_spent_the_money() {
    let paid = |amount| {
        let (on, command) = disburse("2024-07-01", amount);
        asked_of(OTHER, on, command)
    };
    let history = |amount| {
        two(Profile::Strict)
            .when(asks(wish(eur(30))))
            .accepted()
            .when_asked(paid(amount))
            .accepted()
    };
    history(eur(50))
        .when(reverse(
            "2024-08-01",
            in_record(3, 0),
            ReversalReason::Error,
        ))
        .then_only_flagged([]);
    history(cents(50_01))
        .when(reverse(
            "2024-08-01",
            in_record(3, 0),
            ReversalReason::Error,
        ))
        .then_breaks(breach_of(
            "agreement/agreement-2",
            Rule::CommitmentAboveDisbursed,
            &[
                ("disbursed", "50.01 EUR"),
                ("attempted", "50.00 EUR"),
                ("on", "2024-07-01"),
            ],
        ));
}

#[test]
fn a_reversal_sees_what_the_same_submission_did_to_the_other_agreement() {
    let paid = |amount| {
        let (on, command) = disburse("2024-07-01", amount);
        asked_of(OTHER, on, command)
    };
    let (on, command) = reverse("2024-08-01", in_record(3, 0), ReversalReason::Error);
    let reversed = asked_of(THE_AGREEMENT, on, command);
    let asked = |amount| {
        let transferred = two(Profile::Strict).when(asks(wish(eur(30)))).accepted();
        transferred.when_submitted(&together(vec![paid(amount), reversed.clone()]))
    };
    let after = asked(eur(50)).accepted();
    assert_eq!(committed(&after, OTHER), 50_00);
    let revision = after.book.revision(&Stream::Agreement(agreement(OTHER)));
    assert_eq!(revision, Some(Revision(4)));
    let reasons = asked(cents(50_01)).reasons();
    assert_eq!(reasons.len(), 1);
    assert_eq!(reasons[0].command_index, Some(1));
    assert_eq!(reasons[0].rejection.reason(), "COMMITMENT_BELOW_DISBURSED");
}

#[test]
fn a_transfer_is_made_and_reversed_by_one_submission() {
    let (on, transfer) = asks(wish(eur(30)));
    let made = asked_of(THE_AGREEMENT, on, transfer);
    let (on, command) = reverse("2024-08-01", in_record(3, 1), ReversalReason::Error);
    let reversed = asked_of(OTHER, on, command);
    let after = two(Profile::Strict)
        .when_submitted(&together(vec![made, reversed]))
        .accepted();
    assert_eq!(committed(&after, THE_AGREEMENT), 100_00);
    assert_eq!(committed(&after, OTHER), 50_00);
}

#[test]
fn a_half_is_not_replaced_alone() {
    let outcome = two(Profile::Strict)
        .when(asks(wish(eur(30))))
        .accepted()
        .when(replace(in_record(3, 0), decrease("2024-06-01", eur(10))));
    assert_eq!(
        outcome.reasons()[0].rejection,
        Rejection::Breach(breach(
            Rule::ReversalTarget,
            &[
                ("target", "3-0"),
                (
                    "problem",
                    "a transfer is reversed in both agreements: reverse it, and book again"
                ),
            ],
        ))
    );
}

#[test]
fn a_transfer_needs_two_agreements_of_one_direction_and_a_consent() {
    let refused = |given: Given, wish: TransferWish, field: &str, problem: &str| {
        let reasons = given.when(asks(wish)).reasons();
        assert_eq!(
            reasons[0].rejection,
            Rejection::Malformed {
                field: field.to_owned(),
                problem: problem.to_owned(),
            }
        );
    };
    refused(
        two(Profile::Mirror),
        TransferWish {
            to_agreement_id: the_agreement(),
            ..wish(eur(30))
        },
        "to_agreement_id",
        "must be another agreement",
    );
    refused(
        two(Profile::Mirror),
        TransferWish {
            consent: " ".to_owned(),
            ..wish(eur(30))
        },
        "consent",
        "must say who consented",
    );
    let incoming = signed_as(Terms {
        perspective: Perspective::Recipient,
        ..terms(eur(50))
    });
    refused(
        given(Profile::Mirror, [signed(eur(100)), of_other(incoming)]),
        wish(eur(30)),
        "to_agreement_id",
        "must be of the same direction",
    );
    given(Profile::Mirror, [signed(eur(100))])
        .when(asks(wish(eur(30))))
        .then_rejected(Rejection::UnknownAgreement(agreement(OTHER)));
}

/// 30 euros are 33 dollars.
fn converted(original: Money, rate: Option<Rate>) -> TransferWish {
    TransferWish {
        conversion: Some(Conversion { original, rate }),
        to_year_shares: Vec::new(),
        ..wish(eur(30))
    }
}

fn rate() -> Rate {
    Rate {
        base: currency("EUR"),
        quote: currency("USD"),
        value: "1.1".parse().unwrap(),
        rate_on: date("2024-05-31"),
        source: RateSource::Unore,
        table_version: None,
    }
}

#[test]
fn between_two_currencies_the_rate_says_what_arrives() {
    let dollars = || {
        let mut terms = terms(minor(50_00, "USD"));
        terms.currency = currency("USD");
        given(
            Profile::Strict,
            [signed(eur(100)), of_other(signed_as(terms))],
        )
    };
    let after = dollars()
        .when(asks(converted(minor(33_00, "USD"), Some(rate()))))
        .then_only_flagged([]);
    assert_eq!(committed(&after, OTHER), 83_00);
    let reasons = dollars()
        .when(asks(converted(minor(33_02, "USD"), Some(rate()))))
        .reasons();
    assert_eq!(
        reasons[0].rejection,
        Rejection::Malformed {
            field: "conversion.original".to_owned(),
            problem: "must be the amount at the rate".to_owned(),
        }
    );
    let reasons = dollars()
        .when(asks(converted(minor(33_00, "USD"), None)))
        .reasons();
    assert_eq!(
        reasons[0].rejection.breach().map(|breach| breach.rule),
        Some(Rule::RateEvidence)
    );
    let reasons = dollars().when(asks(wish(eur(30)))).reasons();
    assert_eq!(
        reasons[0].rejection,
        Rejection::Malformed {
            field: "conversion".to_owned(),
            problem: "must be given: what arrives is in USD".to_owned(),
        }
    );
}

#[test]
fn a_rate_that_is_stated_the_other_way_round_divides() {
    let mut terms = terms(minor(50_00, "USD"));
    terms.currency = currency("USD");
    let dollars = given(
        Profile::Strict,
        [signed(eur(100)), of_other(signed_as(terms))],
    );
    let euros_for_a_dollar = Rate {
        base: currency("USD"),
        quote: currency("EUR"),
        value: "0.8".parse().unwrap(),
        ..rate()
    };
    let asking = |original| asks(converted(original, Some(euros_for_a_dollar.clone())));
    dollars
        .clone()
        .when(asking(minor(37_50, "USD")))
        .then_only_flagged([]);
    dollars
        .when(asking(minor(37_52, "USD")))
        .then_rejected(Rejection::Malformed {
            field: "conversion.original".to_owned(),
            problem: "must be the amount at the rate".to_owned(),
        });
}

#[test]
fn within_one_currency_nothing_is_converted() {
    two(Profile::Strict)
        .when(asks(converted(eur(30), Some(rate()))))
        .then_rejected(Rejection::Malformed {
            field: "conversion".to_owned(),
            problem: "must be left out: both are in one currency".to_owned(),
        });
}

#[test]
fn the_submitters_number_belongs_to_the_half_that_was_asked() {
    let (on, command) = asks(wish(eur(30)));
    let command = Command {
        external_reference: Some(perennial_domain::party::ExternalReference {
            system: "treasury".into(),
            reference: "T-1".into(),
        }),
        ..asked(on, command)
    };
    let outcome = two(Profile::Strict).when_asked(command);
    let numbered: Vec<bool> = outcome
        .decision()
        .events
        .iter()
        .map(|event| event.external_reference.is_some())
        .collect();
    assert_eq!(numbered, [true, false]);
    assert!(
        outcome
            .decision()
            .events
            .iter()
            .all(|event| matches!(event.fact, Fact::Agreement(_)))
    );
}
