//! Functional amounts: as a command gives them, from the published tables, and kept as booked.
#![expect(
    clippy::unnecessary_wraps,
    clippy::wildcard_enum_match_arm,
    reason = "samples have the shape of the field they fill, and another fact fails the test"
)]

use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Cash, Line, Perspective, Rate, RateSource, ReversalReason,
};
use perennial_domain::classification::Split;
use perennial_domain::command::{Action, Command, Submission};
use perennial_domain::event::Fact;
use perennial_domain::exchange::{Functional, RateTable};
use perennial_domain::ids::PledgeId;
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::EventId;
use perennial_domain::pledge::{PledgeAnnouncement, PledgeCommand, PledgeEvent};
use perennial_domain::rejection::{Class, ExchangeRejection, Rejection};
use perennial_domain::rule::{Profile, Rule};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, given_with};

use crate::exchange::{
    in_dollars, june, malformed, money, policy, publish, published, rate, strict, table,
};

// Functional amounts that a command gives.

fn worth(text: &str, rate: Option<Rate>) -> Option<Box<Functional>> {
    Some(Box::new(Functional {
        money: money(text),
        rate,
    }))
}

/// 1 USD is 0.8 EUR, so 10.00 EUR are 12.50 USD.
fn at_08() -> Option<Rate> {
    Some(rate("USD", "EUR", "0.8"))
}

fn pay_worth(functional: Option<Box<Functional>>) -> (perennial_domain::Date, AgreementCommand) {
    pay(
        "2024-06-01",
        Cash {
            functional,
            ..cash(eur(10))
        },
    )
}

#[test]
fn a_functional_amount_is_recorded_as_it_is_given_with_its_evidence() {
    let functional = worth("12.50 USD", at_08());
    let mut entry = on_the_line(eur(10));
    entry.functional.clone_from(&functional);
    strict([signed(eur(100))])
        .when(pay_worth(functional))
        .then([happened(
            "2024-06-01",
            AgreementEvent::DisbursementMade {
                cash: entry,
                draws: Vec::new(),
            },
        )]);
}

#[test]
fn a_functional_amount_is_within_one_minor_unit_of_what_its_rate_gives() {
    for text in ["12.49 USD", "12.50 USD", "12.51 USD"] {
        strict([signed(eur(100))])
            .when(pay_worth(worth(text, at_08())))
            .then_only_flagged([]);
    }
    for text in ["12.48 USD", "12.52 USD"] {
        strict([signed(eur(100))])
            .when(pay_worth(worth(text, at_08())))
            .then_rejected(Rejection::Exchange(ExchangeRejection::FunctionalDiffers {
                field: "functional".to_owned(),
                given: money(text),
                expected: money("12.50 USD"),
            }));
        // A mirror keeps what was published; its evidence is bad.
        in_dollars(Profile::Mirror, [signed(eur(100))])
            .when(pay_worth(worth(text, at_08())))
            .then_only_flagged([breach(
                Rule::RateEvidence,
                &[
                    ("amount", "10.00 EUR"),
                    ("functional", text),
                    ("by_rate", "12.50 USD"),
                ],
            )]);
    }
}

#[test]
fn a_functional_amount_without_a_rate_between_the_two_is_refused_or_flagged() {
    for (rate, evidence) in [
        (None, "no rate"),
        (Some(rate("USD", "GBP", "0.8")), "a rate of USD in GBP"),
        (Some(rate("USD", "EUR", "0")), "a rate of 0"),
    ] {
        let breach = breach(
            Rule::RateEvidence,
            &[
                ("amount", "10.00 EUR"),
                ("functional", "12.50 USD"),
                ("evidence", evidence),
            ],
        );
        let functional = worth("12.50 USD", rate);
        strict([signed(eur(100))])
            .when(pay_worth(functional.clone()))
            .then_breaks(breach.clone());
        in_dollars(Profile::Mirror, [signed(eur(100))])
            .when(pay_worth(functional))
            .then_only_flagged([breach]);
    }
}

#[test]
fn a_functional_amount_is_in_the_functional_currency_of_another_currency_and_not_negative() {
    strict([signed(eur(100))])
        .when(pay_worth(worth("8.00 GBP", at_08())))
        .then_rejected(Rejection::CurrencyMismatch {
            field: "functional.money".to_owned(),
            expected: currency("USD"),
            actual: currency("GBP"),
        });
    strict([signed(eur(100))])
        .when(pay_worth(worth("-12.50 USD", at_08())))
        .then_rejected(malformed(
            "functional.money",
            "must be 0 or more, is -12.50 USD",
        ));
    let in_euros = LedgerPolicy {
        functional_currency: Some(currency("EUR")),
        ..policy()
    };
    given_with(Profile::Strict, in_euros, [signed(eur(100))])
        .when(pay_worth(worth("10.00 EUR", at_08())))
        .then_rejected(malformed(
            "functional",
            "must be left out: the amount is in EUR already",
        ));
    given_with(Profile::Strict, LedgerPolicy::default(), [signed(eur(100))])
        .when(pay_worth(worth("12.50 USD", at_08())))
        .then_rejected(malformed(
            "functional",
            "needs a functional currency in the policy",
        ));
}

#[test]
fn a_line_of_0_has_no_functional_amount() {
    let line = Line {
        functional: worth("0.00 USD", at_08()),
        ..line_of("line-2", eur(0))
    };
    strict([signed(eur(100))])
        .when((date("2024-06-01"), AgreementCommand::OpenLine(line)))
        .then_rejected(malformed(
            "line.functional",
            "must be left out where the amount is 0",
        ));
}

// Functional amounts from the published tables.

fn from_table(mut command: Command) -> Command {
    command.functional_from_table = true;
    command
}

fn pay_on(on: &str, value_on: Option<&str>) -> Command {
    let (effective_on, command) = pay(
        on,
        Cash {
            value_on: value_on.map(date),
            ..cash(eur(10))
        },
    );
    from_table(asked(effective_on, command))
}

/// What the last payment's event holds.
fn functional_of(given: &Given, command: Command) -> Option<Functional> {
    let outcome = given.clone().when_asked(command);
    let events = &outcome.decision().events;
    match &events.last().unwrap().fact {
        Fact::Agreement(AgreementEvent::DisbursementMade { cash, .. }) => {
            cash.functional.as_deref().cloned()
        }
        Fact::Agreement(AgreementEvent::CommitmentIncreased { functional, .. }) => {
            functional.as_deref().cloned()
        }
        Fact::Agreement(AgreementEvent::AgreementSigned(terms)) => {
            terms.lines[0].functional.as_deref().cloned()
        }
        other => panic!("{other:?} has no functional amount"),
    }
}

fn months() -> RateTable {
    table(
        "2024",
        &[
            ("USD", "EUR", "0.8", "2024-05-01"),
            ("USD", "EUR", "0.5", "2024-06-01"),
            ("USD", "EUR", "0.4", "2024-07-01"),
        ],
    )
}

#[test]
fn the_newest_rate_in_force_on_the_value_date_else_the_effective_date_is_taken() {
    let given = strict([published(months()), signed(eur(100))]);
    for (on, value_on, expected, rate_on) in [
        ("2024-05-31", None, "12.50 USD", "2024-05-01"),
        ("2024-06-01", None, "20.00 USD", "2024-06-01"),
        ("2024-06-30", None, "20.00 USD", "2024-06-01"),
        ("2024-06-30", Some("2024-07-01"), "25.00 USD", "2024-07-01"),
        ("2024-06-30", Some("2024-05-15"), "12.50 USD", "2024-05-01"),
    ] {
        let functional = functional_of(&given, pay_on(on, value_on)).unwrap();
        assert_eq!(functional.money, money(expected), "{on} {value_on:?}");
        let rate = functional.rate.unwrap();
        assert_eq!(rate.rate_on, date(rate_on));
        assert_eq!(rate.source, RateSource::Unore);
        assert_eq!(rate.table_version.as_deref(), Some("2024"));
    }
    given
        .when_asked(pay_on("2024-06-30", Some("2024-04-30")))
        .then_rejected(Rejection::Exchange(ExchangeRejection::UnknownRate {
            stated_by: RateSource::Unore,
            from: currency("EUR"),
            to: currency("USD"),
            on: date("2024-04-30"),
        }));
}

#[test]
fn commitments_and_signatures_are_valued_too_and_amounts_in_the_functional_currency_are_not() {
    let given = strict([published(june()), signed(eur(100))]);
    let (on, command) = increase("2024-06-01", eur(10));
    let functional = functional_of(&given, from_table(asked(on, command)));
    assert_eq!(functional.unwrap().money, money("12.50 USD"));
    let (_, command) = sign("2024-06-01", terms(eur(10)));
    let other = from_table(asked_of("agreement-2", date("2024-06-01"), command));
    let functional = functional_of(&given, other);
    assert_eq!(functional.unwrap().money, money("12.50 USD"));
    let in_euros = LedgerPolicy {
        functional_currency: Some(currency("EUR")),
        ..policy()
    };
    let given = given_with(Profile::Strict, in_euros, [signed(eur(100))]);
    assert_eq!(functional_of(&given, pay_on("2024-06-01", None)), None);
}

#[test]
fn asking_for_the_table_needs_a_functional_currency_and_a_source() {
    for policy in [
        LedgerPolicy {
            rate_source: None,
            ..policy()
        },
        LedgerPolicy {
            functional_currency: None,
            ..policy()
        },
    ] {
        given_with(
            Profile::Strict,
            policy,
            [published(june()), signed(eur(100))],
        )
        .when_asked(pay_on("2024-06-01", None))
        .then_rejected(malformed(
            "functional_from_table",
            "needs a functional currency and a rate source in the policy",
        ));
    }
}

#[test]
fn what_is_given_goes_before_the_table_and_other_sources_do_not_count() {
    let mut of_bank = june();
    of_bank.source = RateSource::Bank;
    let given = strict([published(of_bank), signed(eur(100))]);
    given
        .clone()
        .when_asked(pay_on("2024-06-01", None))
        .then_rejected(Rejection::Exchange(ExchangeRejection::UnknownRate {
            stated_by: RateSource::Unore,
            from: currency("EUR"),
            to: currency("USD"),
            on: date("2024-06-01"),
        }));
    let (on, command) = pay_worth(worth("12.50 USD", at_08()));
    let functional = functional_of(&given, from_table(asked(on, command))).unwrap();
    assert_eq!(functional.rate, at_08());
}

#[test]
fn a_restated_table_leaves_what_is_booked_alone_and_counts_from_then_on() {
    let given = strict([published(june()), signed(eur(100))])
        .when_asked(pay_on("2024-06-10", None))
        .accepted();
    let before = given.book.clone();
    let restated = table("2024-06.2", &[("USD", "EUR", "0.5", "2024-06-01")]);
    let given = given.when_asked(publish(restated)).accepted();
    assert_eq!(
        given.book.agreement(&the_agreement()),
        before.agreement(&the_agreement())
    );
    let functional = functional_of(&given, pay_on("2024-06-10", None)).unwrap();
    assert_eq!(functional.money, money("20.00 USD"));
    let version = functional.rate.unwrap().table_version;
    assert_eq!(version.as_deref(), Some("2024-06.2"));
}

#[test]
fn a_table_published_earlier_in_the_same_submission_counts() {
    let submission = Submission {
        commands: vec![publish(june()), pay_on("2024-06-10", None)],
        expected: Vec::new(),
    };
    let outcome = strict([signed(eur(100))]).when_submitted(&submission);
    match &outcome.decision().events[1].fact {
        Fact::Agreement(AgreementEvent::DisbursementMade { cash, .. }) => {
            assert_eq!(cash.functional.as_ref().unwrap().money, money("12.50 USD"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reversed_entry_takes_its_functional_amount_with_it_whatever_the_tables_say_then() {
    let given = strict([published(june()), signed(eur(100))])
        .when_asked(pay_on("2024-06-10", None))
        .accepted();
    let target = EventId::parse("3-0").unwrap();
    given
        .when(reverse("2024-06-10", target, ReversalReason::Error))
        .then([reversed("2024-06-10", target, ReversalReason::Error)]);
}

#[test]
fn a_pledge_is_valued_when_it_is_announced() {
    let announcement = PledgeAnnouncement {
        perspective: Perspective::Recipient,
        donor: org("XM-DAC-7"),
        recipient: None,
        amount: eur(10),
        forum: None,
        intended_period: None,
        purposes: Split::default(),
        places: Split::default(),
        published: None,
        functional: None,
    };
    let id = PledgeId::parse("pledge-1").unwrap();
    let command = Command {
        action: Action::Pledge(id, PledgeCommand::Announce(announcement)),
        ..publish(june())
    };
    let outcome = strict([published(june())]).when_asked(from_table(command));
    match &outcome.decision().events[0].fact {
        Fact::Pledge(PledgeEvent::PledgeAnnounced(announced)) => {
            let functional = announced.functional.as_ref().unwrap();
            assert_eq!(functional.money, money("12.50 USD"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_snapshot_keeps_rates_and_functional_amounts() {
    use perennial_domain::book::{SnapshotLoader, Sweep};
    let given = strict([published(months()), signed(eur(100))])
        .when_asked(pay_on("2024-06-10", None))
        .accepted();
    let streams = given.book.streams();
    let (mut sweep, mut loader) = (Sweep::new(), SnapshotLoader::default());
    while let Some(part) = sweep.next_part(&given.book, &streams, 64) {
        loader.part(&part).unwrap();
    }
    assert_eq!(loader.finish().unwrap(), given.book);
}

#[test]
fn a_rejection_across_currencies_reads_as_a_sentence_with_its_figures() {
    let unknown = Rejection::Exchange(ExchangeRejection::UnknownRate {
        stated_by: RateSource::Unore,
        from: currency("EUR"),
        to: currency("USD"),
        on: date("2024-04-30"),
    });
    assert_eq!(unknown.reason(), "UNKNOWN_RATE");
    assert_eq!(unknown.class(), Class::NotFound);
    assert_eq!(unknown.subject(), "unore");
    assert_eq!(
        unknown.to_string(),
        "unore states no rate between EUR and USD for 2024-04-30 or before"
    );
    let differs = Rejection::Exchange(ExchangeRejection::FunctionalDiffers {
        field: "functional".to_owned(),
        given: money("12.48 USD"),
        expected: money("12.50 USD"),
    });
    assert_eq!(differs.reason(), "FUNCTIONAL_DIFFERS");
    assert_eq!(differs.class(), Class::Invalid);
    assert_eq!(differs.field(), Some("functional"));
    let figures: Vec<(String, String)> = differs
        .figures()
        .into_iter()
        .map(|figure| (figure.name, figure.value))
        .collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        figures,
        [pair("given", "12.48 USD"), pair("expected", "12.50 USD")]
    );
}
