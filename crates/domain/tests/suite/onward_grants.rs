//! R22: grants made out of other grants.

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Conversion, OnwardGrant, OnwardWish, Perspective, Rate,
    RateSource, ReversalReason, Terms,
};
use perennial_domain::command::{Command, Submission};
use perennial_domain::event::Stream;
use perennial_domain::money::Money;
use perennial_domain::rejection::Rejection;
use perennial_domain::rule::{Breach, Profile, Rule};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, Happened, given};

fn of(id: &str, mut happened: Happened) -> Happened {
    happened.stream = Stream::Agreement(agreement(id));
    happened
}

/// A donor's grant of 100, of which 60 arrived, and two grants that can be made out of it.
fn chain(profile: Profile) -> Given {
    let incoming = signed_as(Terms {
        perspective: Perspective::Recipient,
        ..terms(eur(100))
    });
    given(
        profile,
        [
            of("donor-grant", incoming),
            of("donor-grant", received("2024-03-01", eur(60))),
            of("sub-grant-1", signed(eur(50))),
            of("sub-grant-2", signed(eur(50))),
        ],
    )
}

fn link(downstream: &str, upstream: &str, on: &str, amount: Money) -> Command {
    let wish = OnwardWish {
        upstream_agreement_id: agreement(upstream),
        amount,
        level: None,
        conversion: None,
    };
    let on: Date = date(on);
    asked_of(
        downstream,
        on,
        AgreementCommand::LinkOnwardGrant(Box::new(wish)),
    )
}

fn linked(upstream: &str, amount: Money, level: u32) -> AgreementEvent {
    AgreementEvent::OnwardGrantLinked(Box::new(OnwardGrant {
        upstream_agreement_id: agreement(upstream),
        amount,
        level,
        conversion: None,
    }))
}

fn exceeds(received: &str, linked: &str, asked: &str, on: &str) -> Breach {
    breach_of(
        "agreement/donor-grant",
        Rule::OnwardWithinReceived,
        &[
            ("received", received),
            ("linked", linked),
            ("asked", asked),
            ("on", on),
        ],
    )
}

#[test]
fn a_link_is_a_fact_of_the_downstream_agreement_one_level_below() {
    chain(Profile::Strict)
        .when_asked(link("sub-grant-1", "donor-grant", "2024-04-01", eur(50)))
        .then([of(
            "sub-grant-1",
            happened("2024-04-01", linked("donor-grant", eur(50), 1)),
        )])
        .when_asked(link("sub-grant-2", "sub-grant-1", "2024-05-01", eur(10)))
        .then_flagged(
            [of(
                "sub-grant-2",
                happened("2024-05-01", linked("sub-grant-1", eur(10), 2)),
            )],
            // Nothing is disbursed under the first grant yet.
            [Rule::OnwardWithinReceived],
        );
}

#[test]
fn onward_grants_take_what_was_received_and_a_cent_more_is_shown() {
    let after = || {
        chain(Profile::Strict)
            .when_asked(link("sub-grant-1", "donor-grant", "2024-04-01", eur(40)))
            .accepted()
    };
    after()
        .when_asked(link("sub-grant-2", "donor-grant", "2024-05-01", eur(20)))
        .then_only_flagged([]);
    after()
        .when_asked(link(
            "sub-grant-2",
            "donor-grant",
            "2024-05-01",
            cents(20_01),
        ))
        .then_only_flagged([exceeds("60.00 EUR", "40.00 EUR", "20.01 EUR", "2024-05-01")]);
}

#[test]
fn what_arrives_later_counts_on_its_own_day() {
    chain(Profile::Mirror)
        .when_asked(link("sub-grant-1", "donor-grant", "2024-02-29", eur(1)))
        .then_only_flagged([exceeds("0.00 EUR", "0.00 EUR", "1.00 EUR", "2024-02-29")]);
}

#[test]
fn links_of_one_submission_add_up() {
    let submission = Submission {
        commands: vec![
            link("sub-grant-1", "donor-grant", "2024-04-01", eur(40)),
            link("sub-grant-2", "donor-grant", "2024-04-01", eur(30)),
        ],
        expected: Vec::new(),
    };
    chain(Profile::Strict)
        .when_submitted(&submission)
        .then_only_flagged([exceeds("60.00 EUR", "40.00 EUR", "30.00 EUR", "2024-04-01")]);
}

#[test]
fn money_does_not_come_out_of_itself() {
    let cycle = |downstream: &str, upstream: &str| Rejection::OnwardCycle {
        agreement_id: agreement(downstream),
        upstream_agreement_id: agreement(upstream),
    };
    chain(Profile::Mirror)
        .when_asked(link("sub-grant-1", "sub-grant-1", "2024-04-01", eur(1)))
        .then_rejected(cycle("sub-grant-1", "sub-grant-1"));
    chain(Profile::Mirror)
        .when_asked(link("sub-grant-1", "donor-grant", "2024-04-01", eur(50)))
        .accepted()
        .when_asked(link("sub-grant-2", "sub-grant-1", "2024-04-01", eur(10)))
        .accepted()
        .when_asked(link("donor-grant", "sub-grant-2", "2024-04-01", eur(1)))
        .then_rejected(cycle("donor-grant", "sub-grant-2"));
    // A grant may come out of two.
    chain(Profile::Strict)
        .when_asked(link("sub-grant-1", "donor-grant", "2024-04-01", eur(10)))
        .accepted()
        .when_asked(link("sub-grant-1", "sub-grant-2", "2024-04-01", eur(10)))
        .accepted();
}

#[test]
fn a_reversed_link_takes_nothing() {
    let target = event_of(5);
    let reversal = |id: &str| {
        let command = AgreementCommand::ReverseEntry {
            target,
            reason: ReversalReason::Error,
        };
        asked_of(id, date("2024-06-01"), command)
    };
    chain(Profile::Strict)
        .when_asked(link("sub-grant-1", "donor-grant", "2024-04-01", eur(50)))
        .accepted()
        .when_asked(reversal("sub-grant-1"))
        .accepted()
        .when_asked(link("sub-grant-2", "donor-grant", "2024-04-01", eur(50)))
        .then_only_flagged([]);
}

#[test]
fn an_upstream_agreement_is_one_of_the_ledger() {
    chain(Profile::Mirror)
        .when_asked(link("sub-grant-1", "elsewhere", "2024-04-01", eur(1)))
        .then_rejected(Rejection::UnknownAgreement(agreement("elsewhere")));
}

/// The chain, and a grant in dollars that can be made out of it.
fn dollars() -> Given {
    let mut given = chain(Profile::Strict);
    let terms = Terms {
        currency: currency("USD"),
        ..terms(minor(50_00, "USD"))
    };
    given.record(of("dollar-grant", signed_as(terms)));
    given
}

fn link_converted(downstream: &str, amount: Money, conversion: Option<Conversion>) -> Command {
    let wish = OnwardWish {
        upstream_agreement_id: agreement("donor-grant"),
        amount,
        level: None,
        conversion,
    };
    let command = AgreementCommand::LinkOnwardGrant(Box::new(wish));
    asked_of(downstream, date("2024-04-01"), command)
}

fn euros(original: Money, rated: bool) -> Conversion {
    let rate = Rate {
        base: currency("EUR"),
        quote: currency("USD"),
        value: "1.25".parse().unwrap(),
        rate_on: date("2024-03-31"),
        source: RateSource::Unore,
        table_version: None,
    };
    Conversion {
        original,
        rate: rated.then_some(rate),
    }
}

#[test]
fn between_two_currencies_an_onward_grant_says_what_it_takes_upstream() {
    let dollar_grant = |conversion| link_converted("dollar-grant", minor(50_00, "USD"), conversion);
    dollars()
        .when_asked(dollar_grant(Some(euros(eur(40), true))))
        .then_only_flagged([]);
    // 60 arrived.
    dollars()
        .when_asked(dollar_grant(Some(euros(eur(61), true))))
        .then_only_flagged([exceeds("60.00 EUR", "0.00 EUR", "61.00 EUR", "2024-04-01")]);
    dollars()
        .when_asked(dollar_grant(None))
        .then_rejected(Rejection::Malformed {
            field: "conversion".to_owned(),
            problem: "must be given: the upstream agreement is in EUR".to_owned(),
        });
    dollars()
        .when_asked(dollar_grant(Some(euros(eur(40), false))))
        .then_breaks(breach_of(
            "agreement/dollar-grant",
            Rule::RateEvidence,
            &[
                ("paid", "40.00 EUR"),
                ("booked_in", "USD"),
                ("evidence", "no rate"),
            ],
        ));
    dollars()
        .when_asked(dollar_grant(Some(euros(minor(40_00, "USD"), true))))
        .then_refused([
            (
                Some(0),
                Rejection::CurrencyMismatch {
                    field: "conversion.original".to_owned(),
                    expected: currency("EUR"),
                    actual: currency("USD"),
                },
            ),
            (
                Some(0),
                Rejection::Breach(breach_of(
                    "agreement/dollar-grant",
                    Rule::RateEvidence,
                    &[
                        ("paid", "40.00 USD"),
                        ("booked_in", "USD"),
                        ("evidence", "a rate of EUR in USD"),
                    ],
                )),
            ),
        ]);
}

#[test]
fn within_one_currency_an_onward_grant_converts_nothing() {
    dollars()
        .when_asked(link_converted(
            "sub-grant-1",
            eur(40),
            Some(euros(eur(40), true)),
        ))
        .then_rejected(Rejection::Malformed {
            field: "conversion".to_owned(),
            problem: "must be left out: both are in one currency".to_owned(),
        });
}
