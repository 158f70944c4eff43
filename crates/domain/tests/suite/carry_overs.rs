//! Undisbursed money of one fiscal period carried to a later one.

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, CarriedFunds, CarryOver, Firmness, Line, ReversalReason,
    ShareMove, YearBasis, YearShare,
};
use perennial_domain::money::Money;
use perennial_domain::period::Period;
use perennial_domain::rejection::Rejection;
use perennial_domain::rule::Profile;
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Happened, given};

fn year(year: &str) -> Period {
    period(&format!("{year}-01-01"), &format!("{year}-12-31"))
}

fn firm(of: &str, amount: Money) -> YearShare {
    share(year(of), amount, YearBasis::Scheduled)
}

/// 60 for 2024 and 40 for 2025, the latter as far as it is appropriated.
fn two_years() -> Happened {
    let later = YearShare {
        firmness: Firmness::SubjectToAppropriation,
        ..firm("2025", eur(40))
    };
    signed_as(terms_of(vec![Line {
        year_shares: vec![firm("2024", eur(60)), later],
        ..line_of("line-1", eur(100))
    }]))
}

fn carry(line_id: Option<&str>, from: &str, to: &str, amount: Money) -> (Date, AgreementCommand) {
    let command = AgreementCommand::CarryOverFunds(CarryOver {
        line_id: line_id.map(line),
        from_period: year(from),
        to_period: year(to),
        amount,
        reason: "late start".to_owned(),
    });
    (date("2025-01-15"), command)
}

#[test]
fn what_is_undisbursed_of_a_year_is_for_the_next_one() {
    let after = given(
        Profile::Strict,
        [two_years(), disbursed("2024-03-01", eur(45))],
    )
    .when(carry(None, "2024", "2025", eur(15)))
    .then([happened(
        "2025-01-15",
        AgreementEvent::FundsCarriedOver(Box::new(CarriedFunds {
            from_period: year("2024"),
            to_period: year("2025"),
            amount: eur(15),
            moves: vec![
                ShareMove {
                    line_id: the_line(),
                    share: firm("2024", eur(-15)),
                },
                ShareMove {
                    line_id: the_line(),
                    share: firm("2025", eur(15)),
                },
            ],
            reason: "late start".to_owned(),
        })),
    )]);
    let agreement = after.agreement();
    assert_eq!(agreement.balance().committed, 100_00);
    assert_eq!(
        agreement.year_shares(&the_line()),
        [
            firm("2024", eur(45)),
            firm("2025", eur(15)),
            YearShare {
                firmness: Firmness::SubjectToAppropriation,
                ..firm("2025", eur(40))
            },
        ]
    );
}

#[test]
fn a_year_gives_all_that_is_undisbursed_of_it_and_not_a_cent_more() {
    let history = [two_years(), disbursed("2024-03-01", eur(45))];
    for profile in [Profile::Strict, Profile::Mirror] {
        given(profile, history.clone())
            .when(carry(None, "2024", "2025", eur(15)))
            .then_only_flagged([]);
        given(profile, history.clone())
            .when(carry(None, "2024", "2025", cents(15_01)))
            .then_rejected(Rejection::CarryOverExceedsUndisbursed {
                agreement_id: the_agreement(),
                period: year("2024"),
                undisbursed: 15_00,
                requested: 15_01,
                currency: currency("EUR"),
            });
    }
}

#[test]
fn lines_that_are_not_named_give_in_proportion_to_what_they_have() {
    let of = |line_id, amount| Line {
        year_shares: vec![firm("2024", eur(amount))],
        ..line_of(line_id, eur(amount))
    };
    let after = given(
        Profile::Strict,
        [signed_as(terms_of(vec![
            of("line-1", 30),
            of("line-2", 10),
        ]))],
    )
    .when(carry(None, "2024", "2025", eur(20)))
    .accepted();
    let shares = |line_id| after.agreement().year_shares(&line(line_id));
    assert_eq!(
        shares("line-1"),
        [firm("2024", eur(15)), firm("2025", eur(15))]
    );
    assert_eq!(
        shares("line-2"),
        [firm("2024", eur(5)), firm("2025", eur(5))]
    );
}

#[test]
fn money_is_carried_forwards() {
    for to in ["2023", "2024"] {
        given(Profile::Mirror, [two_years()])
            .when(carry(None, "2024", to, eur(1)))
            .then_rejected(Rejection::Malformed {
                field: "to_period".to_owned(),
                problem: "must end after from_period".to_owned(),
            });
    }
}

#[test]
fn a_carry_over_can_be_reversed() {
    let after = given(Profile::Strict, [two_years()])
        .when(carry(Some("line-1"), "2024", "2025", eur(60)))
        .accepted()
        .when(reverse("2025-02-01", event_of(2), ReversalReason::Error))
        .then([reversed("2025-01-15", event_of(2), ReversalReason::Error)]);
    assert_eq!(
        after.agreement().year_shares(&the_line())[0],
        firm("2024", eur(60))
    );
}

#[test]
fn money_is_carried_as_firm_as_it_was_and_is_scheduled_then() {
    let of_2024 = |amount, basis, firmness| YearShare {
        basis,
        firmness,
        ..firm("2024", amount)
    };
    let signed = signed_as(terms_of(vec![Line {
        year_shares: vec![
            of_2024(eur(20), YearBasis::Budgeted, Firmness::Firm),
            of_2024(eur(10), YearBasis::Scheduled, Firmness::Indicative),
        ],
        ..line_of("line-1", eur(30))
    }]));
    let after = given(Profile::Strict, [signed])
        .when(carry(None, "2024", "2025", eur(30)))
        .accepted();
    assert_eq!(
        after.agreement().year_shares(&the_line()),
        [
            firm("2025", eur(20)),
            YearShare {
                firmness: Firmness::Indicative,
                ..firm("2025", eur(10))
            },
        ]
    );
}
