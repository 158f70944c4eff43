//! What committed money is carried at in the functional currency when it is moved or given up.
#![expect(
    clippy::unnecessary_wraps,
    reason = "samples have the shape of the field they fill"
)]

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, CarryOver, DecreaseReason, EarlyEnd, ExtensionKind, Leg,
    LegDirection, LegPlace, Line, LineDecommitment, Reallocation, YearBasis, YearShare,
};
use perennial_domain::event::Fact;
use perennial_domain::exchange::Functional;
use perennial_domain::money::Money;
use perennial_domain::period::Period;
use perennial_domain::rule::Profile;
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, Happened};

use crate::exchange::{in_dollars, money, rate, strict};

pub(crate) fn worth(text: &str) -> Option<Box<Functional>> {
    Some(Box::new(Functional {
        money: money(text),
        rate: Some(rate("EUR", "USD", "1.1")),
    }))
}

pub(crate) fn year(year: &str) -> Period {
    period(&format!("{year}-01-01"), &format!("{year}-12-31"))
}

pub(crate) fn firm(of: &str, amount: Money) -> YearShare {
    share(year(of), amount, YearBasis::Scheduled)
}

/// One line of 100.00 EUR worth so much, 60.00 for 2024 and 40.00 for 2025.
pub(crate) fn two_years(functional: &str) -> Happened {
    signed_as(terms_of(vec![two_years_of("line-1", functional)]))
}

pub(crate) fn two_years_of(line_id: &str, functional: &str) -> Line {
    Line {
        year_shares: vec![firm("2024", eur(60)), firm("2025", eur(40))],
        functional: worth(functional),
        ..line_of(line_id, eur(100))
    }
}

/// More was committed on the line, for these shares, worth so much if anybody said it.
pub(crate) fn more(amount: Money, share: YearShare, functional: Option<&str>) -> Happened {
    let event = AgreementEvent::CommitmentIncreased {
        line_id: the_line(),
        amount,
        year_shares: vec![share],
        amendment: None,
        published: None,
        functional: functional.and_then(worth),
    };
    happened("2024-02-01", event)
}

pub(crate) fn carry(amount: Money) -> (Date, AgreementCommand) {
    let command = AgreementCommand::CarryOverFunds(CarryOver {
        line_id: None,
        from_period: year("2024"),
        to_period: year("2025"),
        amount,
        reason: String::new(),
    });
    (date("2024-12-01"), command)
}

pub(crate) fn terminate(decommitments: Vec<LineDecommitment>) -> (Date, AgreementCommand) {
    let end = EarlyEnd {
        reason: "war".to_owned(),
        decommitments,
        recovery: None,
    };
    (date("2024-12-01"), AgreementCommand::Terminate(end))
}

pub(crate) fn leg(direction: LegDirection, line_id: &str, amount: Money) -> Leg {
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

pub(crate) fn reallocate(legs: Vec<Leg>) -> (Date, AgreementCommand) {
    let wish = Reallocation {
        legs,
        legal_basis: String::new(),
        amendment: None,
    };
    (date("2024-12-01"), AgreementCommand::ReallocateFunds(wish))
}

/// What the events of a command carry: event, part, own minor units, functional amount.
pub(crate) fn carried(
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
pub(crate) fn values(given: &Given, asked: (Date, AgreementCommand)) -> Vec<(u32, i128, String)> {
    let carried = carried(given, asked).into_iter();
    carried
        .map(|(event, part, minor_units, functional)| {
            assert_eq!(event, 0);
            (part, minor_units, functional)
        })
        .collect()
}

pub(crate) fn value(part: u32, minor_units: i128, functional: &str) -> (u32, i128, String) {
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
    let later = more(eur(40), firm("2024", eur(40)), Some("60.00 USD"));
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

/// 100.00 EUR for 2024 worth 110.00 USD, and 10.00 more for its second half worth 15.00.
fn half_within_a_year() -> [Happened; 2] {
    let year = Line {
        year_shares: vec![firm("2024", eur(100))],
        functional: worth("110.00 USD"),
        ..line_of("line-1", eur(100))
    };
    let half = period("2024-07-01", "2024-12-31");
    let half = share(half, eur(10), YearBasis::Scheduled);
    [
        signed_as(terms_of(vec![year])),
        more(eur(10), half, Some("15.00 USD")),
    ]
}

fn decrease_of(starts_on: &str, ends_on: &str, amount: Money) -> (Date, AgreementCommand) {
    let of = period(starts_on, ends_on);
    let command = AgreementCommand::DecreaseCommitment {
        line_id: None,
        amount,
        year_shares: vec![share(of, amount, YearBasis::Scheduled)],
        reason: DecreaseReason::Decommitment,
        published: None,
        functional: None,
    };
    (date("2024-03-01"), command)
}

#[test]
fn what_leaves_a_part_of_a_period_leaves_the_shortest_one_around_it_and_beyond_that_the_next() {
    let given = strict(half_within_a_year());
    let autumn = |amount| decrease_of("2024-10-01", "2024-12-31", amount);
    assert_eq!(
        values(&given, autumn(eur(10))),
        [value(0, -10_00, "-15.00 USD")]
    );
    assert_eq!(
        values(&given, autumn(eur(20))),
        [value(0, -20_00, "-26.00 USD")]
    );
}

#[test]
fn a_period_out_of_which_more_was_taken_than_it_had_leaves_the_rest_to_the_one_around_it() {
    let (on, autumn) = decrease_of("2024-10-01", "2024-12-31", eur(20));
    let given = strict(half_within_a_year())
        .when((on, autumn))
        .then_only_flagged([]);
    // Nothing of the half is left, and 90.00 of the year at 99.00.
    assert_eq!(
        values(&given, decrease_of("2024-07-01", "2024-07-31", eur(9))),
        [value(0, -9_00, "-9.90 USD")]
    );
    assert_eq!(
        values(&given, decrease_of("2024-01-01", "2024-12-31", eur(90))),
        [value(0, -90_00, "-99.00 USD")]
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
    let valued = more(eur(40), firm("2024", eur(40)), Some("44.00 USD"));
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
