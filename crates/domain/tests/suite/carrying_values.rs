//! What committed money is carried at in the functional currency when it is moved or given up.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "another fact fails the test"
)]

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, CarryOver, CarryingValue, Conversion, DecreaseReason,
    EarlyEnd, ExtensionKind, Leg, LegDirection, LegPlace, Line, LineDecommitment, Reallocation,
    ReversalReason, TransferWish, YearBasis, YearShare,
};
use perennial_domain::event::{Event, Fact};
use perennial_domain::exchange::Functional;
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::EventId;
use perennial_domain::money::Money;
use perennial_domain::period::Period;
use perennial_domain::rule::Profile;
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, Happened, given_with, recorded};

use crate::exchange::{in_dollars, money, policy, rate, strict};

fn worth(text: &str) -> Option<Box<Functional>> {
    Some(Box::new(Functional {
        money: money(text),
        rate: Some(rate("EUR", "USD", "1.1")),
    }))
}

fn year(year: &str) -> Period {
    period(&format!("{year}-01-01"), &format!("{year}-12-31"))
}

fn firm(of: &str, amount: Money) -> YearShare {
    share(year(of), amount, YearBasis::Scheduled)
}

/// One line of 100.00 EUR worth so much, 60.00 for 2024 and 40.00 for 2025.
fn two_years(functional: &str) -> Happened {
    signed_as(terms_of(vec![two_years_of("line-1", functional)]))
}

fn two_years_of(line_id: &str, functional: &str) -> Line {
    Line {
        year_shares: vec![firm("2024", eur(60)), firm("2025", eur(40))],
        functional: worth(functional),
        ..line_of(line_id, eur(100))
    }
}

fn carry(amount: Money) -> (Date, AgreementCommand) {
    let command = AgreementCommand::CarryOverFunds(CarryOver {
        line_id: None,
        from_period: year("2024"),
        to_period: year("2025"),
        amount,
        reason: String::new(),
    });
    (date("2024-12-01"), command)
}

fn terminate(decommitments: Vec<LineDecommitment>) -> (Date, AgreementCommand) {
    let end = EarlyEnd {
        reason: "war".to_owned(),
        decommitments,
        recovery: None,
    };
    (date("2024-12-01"), AgreementCommand::Terminate(end))
}

fn leg(direction: LegDirection, line_id: &str, amount: Money) -> Leg {
    Leg {
        direction,
        place: LegPlace {
            line_id: line(line_id),
            period: None,
            basis: None,
            firmness: None,
            pillar: None,
            purpose: None,
            country: None,
        },
        amount,
    }
}

fn reallocate(legs: Vec<Leg>) -> (Date, AgreementCommand) {
    let wish = Reallocation {
        legs,
        legal_basis: String::new(),
        amendment: None,
    };
    (date("2024-12-01"), AgreementCommand::ReallocateFunds(wish))
}

/// What the events of a command carry: event, part, own minor units, functional amount.
fn carried(
    given: &Given,
    (on, command): (Date, AgreementCommand),
) -> Vec<(usize, u32, i128, String)> {
    let outcome = given.clone().when((on, command));
    let events = outcome.decision().events.iter().enumerate();
    events
        .flat_map(|(at, event)| {
            let values = event.carrying.iter();
            values.map(move |value| {
                (
                    at,
                    value.part,
                    value.minor_units,
                    value.functional.to_string(),
                )
            })
        })
        .collect()
}

/// The same of a command that makes one event.
fn values(given: &Given, asked: (Date, AgreementCommand)) -> Vec<(u32, i128, String)> {
    let carried = carried(given, asked).into_iter();
    carried
        .map(|(event, part, minor_units, functional)| {
            assert_eq!(event, 0);
            (part, minor_units, functional)
        })
        .collect()
}

fn value(part: u32, minor_units: i128, functional: &str) -> (u32, i128, String) {
    (part, minor_units, functional.to_owned())
}

// In proportion, rounded once.

#[test]
fn a_carry_over_carries_its_part_of_the_functional_commitment_and_sums_to_zero() {
    // 66.00 USD of 110.00 are for 2024.
    let given = strict([two_years("110.00 USD")]);
    assert_eq!(
        values(&given, carry(eur(15))),
        [value(0, -15_00, "-16.50 USD"), value(1, 15_00, "16.50 USD")]
    );
    assert_eq!(
        values(&given, carry(eur(60))),
        [value(0, -60_00, "-66.00 USD"), value(1, 60_00, "66.00 USD")]
    );
}

#[test]
fn half_a_minor_unit_is_carried_to_the_even_one() {
    // 1 and 3 minor units are carried for halves of themselves: 0.5 and 1.5.
    for (functional, expected) in [("0.01 USD", "0.00 USD"), ("0.03 USD", "-0.02 USD")] {
        let line = Line {
            functional: worth(functional),
            year_shares: vec![firm("2024", eur(100))],
            ..line_of("line-1", eur(100))
        };
        let given = in_dollars(Profile::Mirror, [signed_as(terms_of(vec![line]))]);
        let values = values(&given, carry(eur(50)));
        assert_eq!(values[0], value(0, -50_00, expected));
    }
}

#[test]
fn moving_the_rest_moves_exactly_the_rest_and_one_cent_less_does_not() {
    // 60.00 EUR are 66.01 USD: a third of them is 22.0033.
    let given = strict([two_years("110.02 USD")]);
    let given = given.when(carry(eur(20))).accepted();
    let given = given.when(carry(eur(20))).accepted();
    // 22.00 were carried twice, so that 22.01 are left for 20.00.
    assert_eq!(
        values(&given, carry(eur(20))),
        [value(0, -20_00, "-22.01 USD"), value(1, 20_00, "22.01 USD")]
    );
    assert_eq!(
        values(&given, carry(cents(19_99))),
        [value(0, -19_99, "-22.00 USD"), value(1, 19_99, "22.00 USD")]
    );
}

#[test]
fn periods_at_other_rates_give_at_their_own() {
    let later = Happened {
        fact: Fact::Agreement(AgreementEvent::CommitmentIncreased {
            line_id: the_line(),
            amount: eur(40),
            year_shares: vec![firm("2024", eur(40))],
            amendment: None,
            published: None,
            functional: worth("60.00 USD"),
        }),
        ..increased("2024-02-01", eur(40))
    };
    // 2024: 60.00 at 66.00 and 40.00 at 60.00. 2025: 40.00 at 44.00.
    let given = strict([two_years("110.00 USD"), later]);
    assert_eq!(
        values(&given, carry(eur(50))),
        [value(0, -50_00, "-63.00 USD"), value(1, 50_00, "63.00 USD")]
    );
    // The last year is given up first: 40.00 of 2025, then 10.00 of 2024.
    assert_eq!(
        values(&given, decrease("2024-12-01", eur(50))),
        [
            value(0, -10_00, "-12.60 USD"),
            value(1, -40_00, "-44.00 USD")
        ]
    );
}

// Who has no functional amount.

#[test]
fn money_that_nobody_valued_is_carried_at_nothing() {
    let line = Line {
        functional: None,
        ..two_years_of("line-1", "110.00 USD")
    };
    let given = strict([signed_as(terms_of(vec![line]))]);
    assert_eq!(values(&given, carry(eur(15))), []);
    assert_eq!(values(&given, terminate(Vec::new())), []);
}

#[test]
fn what_is_valued_only_in_part_is_carried_in_part() {
    // 60.00 EUR without a functional amount, 40.00 worth 44.00 USD, all for 2024.
    let unvalued = Line {
        year_shares: vec![firm("2024", eur(60))],
        ..line_of("line-1", eur(60))
    };
    let valued = Happened {
        fact: Fact::Agreement(AgreementEvent::CommitmentIncreased {
            line_id: the_line(),
            amount: eur(40),
            year_shares: vec![firm("2024", eur(40))],
            amendment: None,
            published: None,
            functional: worth("44.00 USD"),
        }),
        ..increased("2024-02-01", eur(40))
    };
    let given = strict([signed_as(terms_of(vec![unvalued])), valued]);
    assert_eq!(
        values(&given, carry(eur(50))),
        [value(0, -20_00, "-22.00 USD"), value(1, 20_00, "22.00 USD")]
    );
    let given = given.when(carry(eur(50))).accepted();
    assert_eq!(
        values(&given, terminate(Vec::new())),
        [
            value(0, -20_00, "-22.00 USD"),
            value(1, -20_00, "-22.00 USD")
        ]
    );
}

// Each command that moves money or gives it up.

#[test]
fn an_early_end_gives_up_all_of_the_functional_commitment_that_is_undisbursed() {
    let given = strict([two_years("110.02 USD")]);
    assert_eq!(
        values(&given, terminate(Vec::new())),
        [
            value(0, -60_00, "-66.01 USD"),
            value(1, -40_00, "-44.01 USD")
        ]
    );
    let cancel = AgreementCommand::Cancel {
        reason: "no need".to_owned(),
    };
    assert_eq!(
        values(&given, (date("2024-12-01"), cancel)),
        [
            value(0, -60_00, "-66.01 USD"),
            value(1, -40_00, "-44.01 USD")
        ]
    );
    // A quarter of 2024 is paid: its 15.00 EUR stay committed at 16.50 USD.
    let given = strict([two_years("110.02 USD"), disbursed("2024-03-01", eur(15))]);
    assert_eq!(
        values(&given, terminate(Vec::new())),
        [
            value(0, -45_00, "-49.51 USD"),
            value(1, -40_00, "-44.01 USD")
        ]
    );
}

#[test]
fn the_parts_of_an_early_end_count_on_over_its_lines() {
    let lines = vec![
        two_years_of("line-1", "110.00 USD"),
        two_years_of("line-2", "220.00 USD"),
    ];
    let given = strict([signed_as(terms_of(lines))]);
    assert_eq!(
        values(&given, terminate(Vec::new())),
        [
            value(0, -60_00, "-66.00 USD"),
            value(1, -40_00, "-44.00 USD"),
            value(2, -60_00, "-132.00 USD"),
            value(3, -40_00, "-88.00 USD"),
        ]
    );
}

#[test]
fn a_decrease_carries_unless_it_says_itself_what_it_is() {
    let given = strict([two_years("110.00 USD")]);
    assert_eq!(
        values(&given, decrease("2024-12-01", eur(50))),
        [
            value(0, -10_00, "-11.00 USD"),
            value(1, -40_00, "-44.00 USD")
        ]
    );
    let said = AgreementCommand::DecreaseCommitment {
        line_id: None,
        amount: eur(50),
        year_shares: Vec::new(),
        reason: DecreaseReason::Savings,
        published: None,
        functional: worth("55.00 USD"),
    };
    assert_eq!(values(&given, (date("2024-12-01"), said)), []);
}

#[test]
fn what_is_given_up_of_periods_that_hold_nothing_is_carried_at_the_line_s_rate() {
    let given = strict([two_years("110.00 USD")]);
    let of_another_year = AgreementCommand::DecreaseCommitment {
        line_id: None,
        amount: eur(50),
        year_shares: vec![firm("2026", eur(50))],
        reason: DecreaseReason::Savings,
        published: None,
        functional: None,
    };
    let asked = (date("2024-12-01"), of_another_year);
    assert_eq!(
        values(&given, asked.clone()),
        [value(0, -50_00, "-55.00 USD")]
    );
    // The rest of the line goes with the rest of its value, wherever that stands.
    let given = given.when(asked).accepted();
    let rest = values(&given, decrease("2024-12-01", eur(50)));
    assert_eq!(sum(&rest), (-50_00, -55_00));
}

fn sum(values: &[(u32, i128, String)]) -> (i128, i128) {
    values.iter().fold((0, 0), |(own, sum), value| {
        (own + value.1, sum + money(&value.2).minor_units())
    })
}

#[test]
fn the_legs_of_a_reallocation_sum_to_zero_in_the_functional_currency_too() {
    let other = Line {
        functional: worth("33.00 USD"),
        ..line_of("line-2", eur(30))
    };
    let given = strict([signed_as(terms_of(vec![
        two_years_of("line-1", "110.02 USD"),
        other,
        line_of("line-3", eur(10)),
    ]))]);
    let legs = vec![
        leg(LegDirection::From, "line-1", eur(50)),
        leg(LegDirection::To, "line-2", eur(20)),
        leg(LegDirection::To, "line-3", eur(30)),
    ];
    let values = values(&given, reallocate(legs.clone()));
    assert_eq!(sum(&values), (0, 0));
    // 10.00 of 2024 and all 40.00 of 2025 leave, at 11.00 and 44.01: what arrives divides 55.01 by two fifths and three.
    assert_eq!(
        values,
        [
            value(0, -10_00, "-11.00 USD"),
            value(1, -40_00, "-44.01 USD"),
            value(2, 4_00, "4.40 USD"),
            value(3, 16_00, "17.60 USD"),
            value(4, 6_00, "6.60 USD"),
            value(5, 24_00, "26.41 USD"),
        ]
    );
    let given = given.when(reallocate(legs)).accepted();
    let all = vec![
        leg(LegDirection::From, "line-1", eur(50)),
        leg(LegDirection::To, "line-2", eur(50)),
    ];
    let given = given.when(reallocate(all)).accepted();
    assert_eq!(left_on(&given, "line-1"), []);
}

/// What an end of everything would give up of a line.
fn left_on(given: &Given, line_id: &str) -> Vec<(u32, i128, String)> {
    let outcome = given.clone().when(terminate(Vec::new()));
    let event = &outcome.decision().events[0];
    let Fact::Agreement(AgreementEvent::AgreementTerminated(termination)) = &event.fact else {
        panic!("{event:?}");
    };
    let mut parts = 0_u32..;
    let of_line: Vec<u32> = termination
        .decommitments
        .iter()
        .flat_map(|given_up| given_up.year_shares.iter().map(move |_| &given_up.line_id))
        .filter_map(|of| {
            let part = parts.next()?;
            (*of == line(line_id)).then_some(part)
        })
        .collect();
    let values = event.carrying.iter();
    values
        .filter(|value| of_line.contains(&value.part))
        .map(|carried| {
            value(
                carried.part,
                carried.minor_units,
                &carried.functional.to_string(),
            )
        })
        .collect()
}

#[test]
fn an_extension_moves_the_functional_amount_of_what_it_prorates_anew() {
    let prorated = Line {
        functional: worth("110.01 USD"),
        year_shares: whole_term(eur(100)),
        ..line_of("line-1", eur(100))
    };
    let given = strict([signed_as(terms_of(vec![prorated]))]);
    let extend = AgreementCommand::ExtendPeriod {
        new_ends_on: date("2030-12-31"),
        kind: ExtensionKind::NoCost,
        moves: Vec::new(),
        amendment: None,
    };
    let values = values(&given, (date("2024-12-01"), extend));
    assert_eq!(sum(&values), (0, 0));
    let last = values.last().unwrap();
    assert_eq!((last.1, last.2.as_str()), (100_00, "110.01 USD"));
}

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
    let more = Happened {
        fact: Fact::Agreement(AgreementEvent::CommitmentIncreased {
            line_id: the_line(),
            amount: eur(40),
            year_shares: vec![firm("2024", eur(40))],
            amendment: None,
            published: None,
            functional: worth("32.00 GBP"),
        }),
        ..increased("2024-02-01", eur(40))
    };
    let mut given = given;
    given.record(more);
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
