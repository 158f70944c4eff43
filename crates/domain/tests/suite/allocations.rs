//! R16: parked money allocated to what it is for, and released again.

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Allocation, AllocationDims, AllocationRelease,
    AllocationWish, ReversalReason,
};
use perennial_domain::classification::{Code, Vocabulary};
use perennial_domain::command::Command;
use perennial_domain::money::Money;
use perennial_domain::rejection::Rejection;
use perennial_domain::rule::{Breach, Profile, Rule};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, Happened, given};

fn water() -> AllocationDims {
    AllocationDims {
        purpose: Some(Code {
            vocabulary: Vocabulary::DacPurpose,
            code: "14030".into(),
        }),
        ..AllocationDims::default()
    }
}

fn allocate(allocation_id: &str, amount: Money) -> (Date, AgreementCommand) {
    let wish = AllocationWish {
        allocation_id: allocation(allocation_id),
        line_id: None,
        amount,
        dims: water(),
    };
    (
        date("2024-03-01"),
        AgreementCommand::Allocate(Box::new(wish)),
    )
}

fn release(allocation_id: &str, amount: Money) -> (Date, AgreementCommand) {
    let command = AgreementCommand::ReleaseAllocation {
        allocation_id: allocation(allocation_id),
        amount,
        reason: "not needed".to_owned(),
    };
    (date("2024-04-01"), command)
}

fn made(allocation_id: &str, amount: Money) -> Allocation {
    Allocation {
        allocation_id: allocation(allocation_id),
        line_id: the_line(),
        amount,
        dims: water(),
        shares: whole_term(amount),
    }
}

fn allocated(allocation_id: &str, amount: Money) -> Happened {
    let event = AgreementEvent::AllocationMade(Box::new(made(allocation_id, amount)));
    happened("2024-03-01", event)
}

fn exceeds(parked: &str, asked: &str) -> Breach {
    breach_of(
        "agreement/agreement-1/line-1",
        Rule::AllocationWithinParked,
        &[
            ("parked", parked),
            ("asked", asked),
            ("committed", "100.00 EUR"),
            ("on", "2024-03-01"),
        ],
    )
}

/// A history, and an allocation of a cent more than is parked.
pub(crate) fn too_much() -> (Vec<Happened>, Command) {
    let (on, command) = allocate("water-2024", cents(100_01));
    (vec![signed(eur(100))], asked(on, command))
}

fn of_hundred(profile: Profile) -> Given {
    given(
        profile,
        [signed(eur(100)), allocated("water-2024", eur(70))],
    )
}

#[test]
fn an_allocation_takes_of_the_lines_periods_and_leaves_the_commitment_as_it_is() {
    let after = given(Profile::Strict, [signed(eur(100))])
        .when(allocate("water-2024", eur(70)))
        .then([allocated("water-2024", eur(70))]);
    let agreement = after.agreement();
    assert_eq!(agreement.balance().committed, 100_00);
    let state = agreement.allocation(&allocation("water-2024")).unwrap();
    assert_eq!(state.open(), 70_00);
}

#[test]
fn a_line_allocates_all_that_is_parked_and_not_a_cent_more() {
    of_hundred(Profile::Strict)
        .when(allocate("health-2024", eur(30)))
        .then_only_flagged([]);
    of_hundred(Profile::Strict)
        .when(allocate("health-2024", cents(30_01)))
        .then_breaks(exceeds("30.00 EUR", "30.01 EUR"));
    of_hundred(Profile::Mirror)
        .when(allocate("health-2024", cents(30_01)))
        .then_only_flagged([exceeds("30.00 EUR", "30.01 EUR")]);
}

#[test]
fn a_later_decrease_counts_for_a_back_dated_allocation() {
    let history = || {
        given(
            Profile::Strict,
            [signed(eur(100)), decreased("2024-09-01", eur(40))],
        )
    };
    history()
        .when(allocate("water-2024", eur(60)))
        .then_only_flagged([]);
    history()
        .when(allocate("water-2024", cents(60_01)))
        .then_breaks(breach_of(
            "agreement/agreement-1/line-1",
            Rule::AllocationWithinParked,
            &[
                ("parked", "60.00 EUR"),
                ("asked", "60.01 EUR"),
                ("committed", "60.00 EUR"),
                ("on", "2024-09-01"),
            ],
        ));
}

#[test]
fn what_is_released_is_parked_again() {
    of_hundred(Profile::Strict)
        .when(release("water-2024", eur(20)))
        .then([happened(
            "2024-04-01",
            AgreementEvent::AllocationReleased(Box::new(AllocationRelease {
                allocation: made("water-2024", eur(20)),
                reason: "not needed".to_owned(),
            })),
        )])
        .when((date("2024-05-01"), allocate("health-2024", eur(50)).1))
        .then_only_flagged([]);
}

#[test]
fn no_more_is_released_than_is_allocated() {
    for profile in [Profile::Strict, Profile::Mirror] {
        of_hundred(profile)
            .when(release("water-2024", eur(70)))
            .then_only_flagged([]);
        of_hundred(profile)
            .when(release("water-2024", cents(70_01)))
            .then_rejected(Rejection::ReleaseExceedsAllocated {
                allocation_id: allocation("water-2024"),
                allocated: 70_00,
                requested: 70_01,
                currency: currency("EUR"),
            });
    }
}

#[test]
fn an_allocation_is_made_once_and_says_what_it_is_for() {
    of_hundred(Profile::Mirror)
        .when(allocate("water-2024", eur(1)))
        .then_rejected(Rejection::AllocationExists {
            agreement_id: the_agreement(),
            allocation_id: allocation("water-2024"),
        });
    of_hundred(Profile::Mirror)
        .when(release("other-2024", eur(1)))
        .then_rejected(Rejection::UnknownAllocation {
            agreement_id: the_agreement(),
            allocation_id: allocation("other-2024"),
        });
    let wish = AllocationWish {
        allocation_id: allocation("other-2024"),
        line_id: None,
        amount: eur(1),
        dims: AllocationDims::default(),
    };
    of_hundred(Profile::Mirror)
        .when((
            date("2024-03-01"),
            AgreementCommand::Allocate(Box::new(wish)),
        ))
        .then_rejected(Rejection::Malformed {
            field: "to".to_owned(),
            problem: "must say what the money is for".to_owned(),
        });
}

#[test]
fn an_allocation_is_reversed_once_its_releases_are() {
    let after = of_hundred(Profile::Strict)
        .when(release("water-2024", eur(20)))
        .accepted()
        .when(reverse("2024-05-01", event_of(2), ReversalReason::Error))
        .then_rejected(Rejection::EntryHasDependents {
            target: event_of(2),
            dependents: vec![event_of(3)],
        })
        .when(reverse("2024-05-01", event_of(3), ReversalReason::Error))
        .accepted()
        .when(reverse("2024-05-01", event_of(2), ReversalReason::Error))
        .accepted();
    assert_eq!(
        after.agreement().allocation(&allocation("water-2024")),
        None
    );
    after
        .when(allocate("water-2024", eur(100)))
        .then_only_flagged([]);
}

#[test]
fn a_release_is_not_reversed_if_its_money_is_allocated_again() {
    of_hundred(Profile::Strict)
        .when(release("water-2024", eur(20)))
        .accepted()
        .when((date("2024-05-01"), allocate("health-2024", eur(50)).1))
        .accepted()
        .when(reverse("2024-06-01", event_of(3), ReversalReason::Error))
        .then_breaks(breach_of(
            "agreement/agreement-1/line-1",
            Rule::AllocationWithinParked,
            &[
                ("parked", "0.00 EUR"),
                ("asked", "20.00 EUR"),
                ("committed", "100.00 EUR"),
                ("on", "2024-05-01"),
            ],
        ));
}

#[test]
fn an_allocation_in_the_place_of_an_increase_has_no_room_by_what_it_replaces() {
    let history = || [signed(eur(100)), increased("2024-02-01", eur(50))];
    let instead = |amount| replace(event_of(2), allocate("water-2024", amount));
    given(Profile::Strict, history())
        .when(instead(eur(100)))
        .accepted();
    given(Profile::Strict, history())
        .when(instead(cents(100_01)))
        .then_breaks(exceeds("100.00 EUR", "100.01 EUR"));
}
