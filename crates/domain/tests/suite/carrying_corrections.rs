//! What committed money is carried at beyond one entry: transfers, corrections, and what is stored.
#![expect(
    clippy::unnecessary_wraps,
    reason = "samples have the shape of the field they fill"
)]

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, CarryingValue, Conversion, DecreaseReason, LegDirection,
    Line, ReversalReason, TransferWish,
};
use perennial_domain::event::{Event, Fact};
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::EventId;
use perennial_domain::money::Money;
use perennial_domain::rule::Profile;
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Happened, given_with, recorded};

use crate::carrying_values::{
    carried, carry, firm, leg, more, reallocate, terminate, two_years, two_years_of, value, values,
    worth, year,
};
use crate::exchange::{money, policy, rate, strict};

// Transfers.

const OTHER: &str = "agreement-2";

fn transfer(amount: Money, conversion: Option<Conversion>) -> (Date, AgreementCommand) {
    transfer_to(OTHER, amount, conversion)
}

fn transfer_to(
    other: &str,
    amount: Money,
    conversion: Option<Conversion>,
) -> (Date, AgreementCommand) {
    let wish = TransferWish {
        transfer_id: perennial_domain::ids::TransferId::parse("transfer-1").unwrap(),
        to_agreement_id: agreement(other),
        line_id: None,
        to_line_id: None,
        amount,
        year_shares: Vec::new(),
        to_year_shares: Vec::new(),
        conversion,
        consent: "letter".to_owned(),
        reason: String::new(),
    };
    let command = AgreementCommand::TransferFunds(Box::new(wish));
    (date("2024-12-01"), command)
}

fn other_in(code: &str) -> Happened {
    let amount = minor(10_00, code);
    let terms = perennial_domain::agreement::Terms {
        currency: currency(code),
        ..terms_of(vec![Line {
            year_shares: vec![firm("2024", amount)],
            ..line_of("line-1", amount)
        }])
    };
    Happened {
        stream: perennial_domain::event::Stream::Agreement(agreement(OTHER)),
        ..signed_as(terms)
    }
}

fn converted(original: &str, (base, quote, value): (&str, &str, &str)) -> Option<Conversion> {
    Some(Conversion {
        original: money(original),
        rate: Some(rate(base, quote, value)),
    })
}

#[test]
fn a_transfer_takes_the_functional_amount_along() {
    let given = strict([two_years("110.02 USD"), other_in("EUR")]);
    assert_eq!(
        carried(&given, transfer(eur(50), None)),
        [
            (0, 0, -10_00, "-11.00 USD".to_owned()),
            (0, 1, -40_00, "-44.01 USD".to_owned()),
            (1, 0, 50_00, "55.01 USD".to_owned()),
        ]
    );
    // Of another currency the amount differs and the value does not.
    let given = strict([two_years("110.02 USD"), other_in("GBP")]);
    let in_pounds = converted("40.00 GBP", ("EUR", "GBP", "0.8"));
    assert_eq!(
        carried(&given, transfer(eur(50), in_pounds)),
        [
            (0, 0, -10_00, "-11.00 USD".to_owned()),
            (0, 1, -40_00, "-44.01 USD".to_owned()),
            (1, 0, 40_00, "55.01 USD".to_owned()),
        ]
    );
}

#[test]
fn a_transfer_to_or_from_the_functional_currency_is_its_own_value_there() {
    let given = strict([two_years("110.00 USD"), other_in("USD")]);
    let in_dollars = converted("60.00 USD", ("EUR", "USD", "1.2"));
    assert_eq!(
        carried(&given, transfer(eur(50), in_dollars)),
        [
            (0, 0, -10_00, "-11.00 USD".to_owned()),
            (0, 1, -40_00, "-44.00 USD".to_owned()),
        ]
    );
    let euros = converted("4.00 EUR", ("EUR", "USD", "1.25"));
    let (on, command) = transfer_to(THE_AGREEMENT, minor(5_00, "USD"), euros);
    let outcome = given.when_asked(asked_of(OTHER, on, command));
    let events = &outcome.decision().events;
    assert_eq!(events[0].carrying, []);
    let brought: Vec<String> = events[1]
        .carrying
        .iter()
        .map(|value| format!("{} {}", value.minor_units, value.functional))
        .collect();
    assert_eq!(brought, ["400 5.00 USD"]);
}

// Corrections, and what is stored.

#[test]
fn a_reversal_brings_back_exactly_what_was_carried() {
    let given = strict([two_years("110.02 USD")]);
    let before = values(&given, terminate(Vec::new()));
    let given = given.when(carry(cents(19_99))).accepted();
    let target = EventId {
        position: perennial_domain::log::Position(2),
        index: 0,
    };
    assert_ne!(values(&given, terminate(Vec::new())), before);
    let outcome = given.when(reverse("2024-12-01", target, ReversalReason::Error));
    assert_eq!(outcome.decision().events[0].carrying, []);
    let given = outcome.accepted();
    assert_eq!(values(&given, terminate(Vec::new())), before);
}

#[test]
fn a_replacement_is_carried_as_if_its_target_had_never_been() {
    let given = strict([two_years("110.02 USD")]);
    let expected = values(&given, carry(eur(20)));
    let given = given.when(carry(eur(40))).accepted();
    let target = EventId {
        position: perennial_domain::log::Position(2),
        index: 0,
    };
    let (on, new) = carry(eur(20));
    let command = replace(target, (on, new));
    let outcome = given.when(command);
    let events = &outcome.decision().events;
    assert_eq!(events[0].carrying, []);
    let replaced: Vec<_> = events[1]
        .carrying
        .iter()
        .map(|carried| {
            value(
                carried.part,
                carried.minor_units,
                &carried.functional.to_string(),
            )
        })
        .collect();
    assert_eq!(replaced, expected);
}

#[test]
fn events_from_before_there_were_carrying_values_read_as_before() {
    // It gave up 50.00 EUR and said nothing of dollars: all of them still stand, and go with the rest.
    let old = Happened {
        fact: Fact::Agreement(AgreementEvent::CommitmentDecreased {
            line_id: the_line(),
            amount: eur(50),
            year_shares: vec![firm("2024", eur(10)), firm("2025", eur(40))],
            reason: DecreaseReason::Unknown,
            published: None,
            functional: None,
        }),
        ..decreased("2024-06-01", eur(50))
    };
    let given = strict([two_years("110.00 USD"), old]);
    let rest = values(&given, terminate(Vec::new()));
    assert_eq!(rest, [value(0, -100_00, "-110.00 USD")]);
}

#[test]
fn another_functional_currency_leaves_what_is_booked_in_the_first_one() {
    let given = given_with(
        Profile::Strict,
        LedgerPolicy {
            functional_currency: Some(currency("GBP")),
            ..policy()
        },
        [two_years("110.00 USD")],
    );
    let mut line = two_years_of("line-1", "80.00 GBP");
    line.functional = None;
    let added = more(eur(40), firm("2024", eur(40)), Some("32.00 GBP"));
    let mut given = given;
    given.record(added);
    assert_eq!(
        values(&given, carry(eur(50))),
        [
            value(0, -30_00, "-33.00 USD"),
            value(0, -20_00, "-16.00 GBP"),
            value(1, 30_00, "33.00 USD"),
            value(1, 20_00, "16.00 GBP"),
        ]
    );
}

#[test]
fn a_carrying_value_of_an_amount_that_is_not_there_is_a_corrupt_stream() {
    let mut given = strict([two_years("110.00 USD")]);
    let mut event: Event = given.clone().when(carry(eur(15))).decision().events[0].clone();
    let stray = |part| CarryingValue {
        part,
        minor_units: -1,
        functional: money("-0.01 USD"),
    };
    event.carrying = vec![stray(2)];
    assert!(
        given
            .book
            .clone()
            .evolve(&recorded(given.next, 0, event.clone()))
            .is_err()
    );
    event.carrying = vec![stray(1)];
    assert!(given.book.evolve(&recorded(given.next, 0, event)).is_ok());
}

#[test]
fn a_line_that_gave_more_value_away_than_it_had_takes_the_difference_back_with_its_last_money() {
    // 100.00 for 2024 worth 110.00 USD, and 100.00 for 2025 of which nobody said what they are worth.
    let valued = Line {
        year_shares: vec![firm("2024", eur(100))],
        ..two_years_of("line-1", "110.00 USD")
    };
    let lines = vec![valued, line_of("line-2", eur(10))];
    let unvalued = more(eur(100), firm("2025", eur(100)), None);
    let given = strict([signed_as(terms_of(lines)), unvalued]);
    // Of a year that holds nothing: half of it has the line's value, 55.00 USD.
    let decrease = AgreementCommand::DecreaseCommitment {
        line_id: Some(the_line()),
        amount: eur(100),
        year_shares: vec![firm("2026", eur(100))],
        reason: DecreaseReason::Savings,
        published: None,
        functional: None,
    };
    let given = given.when((date("2024-12-01"), decrease)).accepted();
    let move_of = |of: &str, amount| {
        let mut legs = vec![
            leg(LegDirection::From, "line-1", amount),
            leg(LegDirection::To, "line-2", amount),
        ];
        legs[0].place.period = Some(year(of));
        reallocate(legs)
    };
    let given = given.when(move_of("2024", eur(99))).accepted();
    assert_eq!(
        values(&given, move_of("2025", eur(1))),
        [value(0, 49_00, "53.90 USD"), value(1, -49_00, "-53.90 USD")]
    );
}

#[test]
fn a_value_that_no_money_is_left_to_carry_stays_when_the_last_money_moves() {
    // 110.00 USD for 2024, all of which a decrease of another year takes back at 111.00.
    let valued = Line {
        year_shares: vec![firm("2024", eur(100))],
        ..two_years_of("line-1", "110.00 USD")
    };
    let lines = vec![valued, line_of("line-2", eur(10))];
    let unvalued = more(eur(100), firm("2025", eur(100)), None);
    let taken = Happened {
        fact: Fact::Agreement(AgreementEvent::CommitmentDecreased {
            line_id: the_line(),
            amount: eur(100),
            year_shares: vec![firm("2026", eur(100))],
            reason: DecreaseReason::Savings,
            published: None,
            functional: worth("111.00 USD"),
        }),
        ..decreased("2024-03-01", eur(100))
    };
    let given = strict([signed_as(terms_of(lines)), unvalued, taken]);
    let from = |of: &str, amount| {
        let mut from = leg(LegDirection::From, "line-1", amount);
        from.place.period = Some(year(of));
        from
    };
    let to = |amount| leg(LegDirection::To, "line-2", amount);
    // One cent of 2024 keeps its own value; with the last of the line's money the value of -1.00 USD has none to go with.
    assert_eq!(
        values(
            &given,
            reallocate(vec![from("2024", cents(1)), to(cents(1))])
        ),
        [value(0, -1, "-0.01 USD"), value(1, 1, "0.01 USD")]
    );
    let all = vec![from("2024", eur(60)), from("2025", eur(40)), to(eur(100))];
    assert_eq!(values(&given, reallocate(all)), []);
}
