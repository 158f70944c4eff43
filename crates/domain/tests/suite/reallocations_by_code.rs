//! What is left of a purpose or country after money was moved out of it (ADR-0016).

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AllocationDims, AllocationWish, Leg, LegDirection, LegPlace, Line,
    LineSplits, Reallocation, ReversalReason,
};
use perennial_domain::classification::{Code, LineDims, Pillar, Share, Split, Vocabulary};
use perennial_domain::ids::AllocationId;
use perennial_domain::money::Money;
use perennial_domain::rejection::Rejection;
use perennial_domain::rule::{Profile, Rule};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, Happened, given};

fn purposes(parts: &[(&str, u32)]) -> Split {
    let share = |&(code, share_ppm): &(&str, u32)| Share {
        vocabulary: Vocabulary::DacPurpose,
        code: code.into(),
        share_ppm,
    };
    Split::exact(parts.iter().map(share).collect()).unwrap()
}

/// A line of 100, for relief with 60 % and peace with 40 %, and a line without purposes of 100.
fn relief_and_peace() -> Happened {
    let mut line = line_of("line-1", eur(100));
    line.dims = LineDims {
        purposes: purposes(&[("72010", 600_000), ("15220", 400_000)]),
        ..line.dims
    };
    let lines = [line, line_of("line-2", eur(100))];
    let lines = lines.map(|line| Line {
        year_shares: whole_term(line.amount),
        ..line
    });
    signed_as(terms_of(lines.to_vec()))
}

fn leg(direction: LegDirection, line_id: &str, purpose: Option<&str>, amount: Money) -> Leg {
    Leg {
        direction,
        place: LegPlace {
            line_id: line(line_id),
            period: None,
            basis: None,
            firmness: None,
            pillar: None,
            purpose: purpose.map(|code| Code {
                vocabulary: Vocabulary::DacPurpose,
                code: code.into(),
            }),
            country: None,
        },
        amount,
    }
}

fn reallocate(on: &str, legs: Vec<Leg>) -> (Date, AgreementCommand) {
    let reallocation = Reallocation {
        legs,
        legal_basis: String::new(),
        amendment: None,
    };
    (date(on), AgreementCommand::ReallocateFunds(reallocation))
}

/// From one purpose of the first line to the other, on a day.
fn between(on: &str, from: &str, to: &str, amount: Money) -> (Date, AgreementCommand) {
    let legs = vec![
        leg(LegDirection::From, "line-1", Some(from), amount),
        leg(LegDirection::To, "line-1", Some(to), amount),
    ];
    reallocate(on, legs)
}

#[track_caller]
fn gives_at_most(before: &Given, on: &str, purpose: &str, cents_left: i128) {
    let other = if purpose == "72010" { "15220" } else { "72010" };
    if 0 < cents_left {
        before
            .clone()
            .when(between(on, purpose, other, cents(cents_left)))
            .accepted();
    }
    before
        .clone()
        .when(between(on, purpose, other, cents(cents_left + 1)))
        .then_rejected(Rejection::LegExceedsUndisbursed {
            line_id: line("line-1"),
            period: None,
            undisbursed: cents_left,
            requested: cents_left + 1,
            currency: currency("EUR"),
        });
}

#[test]
fn what_was_moved_out_of_a_purpose_is_gone_and_what_came_to_one_is_there() {
    let before = given(Profile::Strict, [relief_and_peace()]);
    gives_at_most(&before, "2024-06-01", "72010", 60_00);
    gives_at_most(&before, "2024-06-01", "15220", 40_00);
    let after = before
        .when(between("2024-06-01", "72010", "15220", eur(50)))
        .accepted();
    gives_at_most(&after, "2024-06-02", "72010", 10_00);
    gives_at_most(&after, "2024-06-02", "15220", 90_00);
    // What is moved out later is not there before either; what comes later is not there yet.
    gives_at_most(&after, "2024-05-31", "72010", 10_00);
    gives_at_most(&after, "2024-05-31", "15220", 40_00);
}

#[test]
fn what_leaves_a_line_for_one_purpose_leaves_the_other_whole() {
    let legs = vec![
        leg(LegDirection::From, "line-1", Some("72010"), eur(30)),
        leg(LegDirection::To, "line-2", None, eur(30)),
    ];
    let after = given(Profile::Strict, [relief_and_peace()])
        .when(reallocate("2024-06-01", legs))
        .accepted();
    gives_at_most(&after, "2024-06-02", "72010", 30_00);
    gives_at_most(&after, "2024-06-02", "15220", 40_00);
    // What was paid since is of both, as the line is divided.
    let paid = after.when(disburse("2024-07-01", eur(10))).accepted();
    assert_eq!(paid.agreement().balance().disbursed, 10_00);
}

#[test]
fn legs_of_one_wish_take_from_one_purpose_one_after_the_other() {
    let legs = |second: Money, all: Money| {
        vec![
            leg(LegDirection::From, "line-1", Some("72010"), eur(60)),
            leg(LegDirection::From, "line-1", Some("15220"), second),
            leg(LegDirection::To, "line-2", None, all),
        ]
    };
    let before = given(Profile::Strict, [relief_and_peace()]);
    before
        .clone()
        .when(reallocate("2024-06-01", legs(eur(40), eur(100))))
        .accepted();
    let twice = vec![
        leg(LegDirection::From, "line-1", Some("72010"), eur(60)),
        leg(LegDirection::From, "line-1", Some("72010"), cents(1)),
        leg(LegDirection::To, "line-2", None, cents(60_01)),
    ];
    before
        .when(reallocate("2024-06-01", twice))
        .then_rejected(Rejection::LegExceedsUndisbursed {
            line_id: line("line-1"),
            period: None,
            undisbursed: 0,
            requested: 1,
            currency: currency("EUR"),
        });
}

#[test]
fn what_is_parked_of_a_line_does_not_depend_on_what_it_is_for() {
    let reclassify = AgreementCommand::ReclassifySplits {
        line_id: Some(line("line-1")),
        splits: LineSplits {
            purposes: purposes(&[("15220", 1_000_000)]),
            ..LineSplits::default()
        },
        reason: String::new(),
    };
    let allocate = |amount| {
        let wish = AllocationWish {
            allocation_id: AllocationId::parse("allocation-1").unwrap(),
            line_id: Some(line("line-1")),
            amount,
            dims: AllocationDims {
                pillar: Some(Pillar::Humanitarian),
                ..AllocationDims::default()
            },
        };
        (
            date("2024-06-02"),
            AgreementCommand::Allocate(Box::new(wish)),
        )
    };
    let reclassified = given(Profile::Strict, [relief_and_peace()])
        .when((date("2024-06-01"), reclassify))
        .accepted();
    reclassified
        .clone()
        .when(allocate(eur(100)))
        .then_only_flagged([]);
    reclassified
        .when(allocate(cents(100_01)))
        .then_breaks(breach_of(
            "agreement/agreement-1/line-1",
            Rule::AllocationWithinParked,
            &[
                ("parked", "100.00 EUR"),
                ("asked", "100.01 EUR"),
                ("committed", "100.00 EUR"),
                ("on", "2024-06-02"),
            ],
        ));
}

#[test]
fn a_reversed_move_and_a_reclassified_line_start_anew() {
    let moved = given(Profile::Strict, [relief_and_peace()])
        .when(between("2024-06-01", "72010", "15220", eur(50)))
        .accepted();
    let reversed = moved
        .clone()
        .when(reverse("2024-06-02", event_of(2), ReversalReason::Error))
        .accepted();
    gives_at_most(&reversed, "2024-06-03", "72010", 60_00);
    // The new splits say where all of the line's money is, what was moved before included.
    let splits = LineSplits {
        purposes: purposes(&[("72010", 100_000), ("15220", 900_000)]),
        ..LineSplits::default()
    };
    let reclassify = AgreementCommand::ReclassifySplits {
        line_id: Some(line("line-1")),
        splits,
        reason: String::new(),
    };
    let reclassified = moved.when((date("2024-06-01"), reclassify)).accepted();
    gives_at_most(&reclassified, "2024-06-02", "72010", 10_00);
    gives_at_most(&reclassified, "2024-06-02", "15220", 90_00);
}
