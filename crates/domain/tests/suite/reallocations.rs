//! R3 and the limits of moving committed money.

use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Firmness, HeadingCount, Leg, LegDirection, LegPlace, Line,
    ReallocatedFunds, Reallocation, ReversalReason, YearBasis, YearShare,
};
use perennial_domain::classification::{LineDims, Pillar};
use perennial_domain::money::Money;
use perennial_domain::period::Period;
use perennial_domain::rejection::Rejection;
use perennial_domain::rule::{Profile, Rule};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Happened, given};

fn year(year: &str) -> Period {
    period(&format!("{year}-01-01"), &format!("{year}-12-31"))
}

/// Two lines with two scheduled years each: 30 and 30, 20 and 20.
fn two_lines() -> Happened {
    let with_years = |line_id, amount: i128, pillar| Line {
        dims: LineDims {
            pillar,
            ..LineDims::default()
        },
        year_shares: vec![
            share(year("2024"), eur(amount), YearBasis::Scheduled),
            share(year("2025"), eur(amount), YearBasis::Scheduled),
        ],
        ..line_of(line_id, eur(amount * 2))
    };
    signed_as(terms_of(vec![
        with_years("line-1", 30, Some(Pillar::Humanitarian)),
        with_years("line-2", 20, None),
    ]))
}

fn leg(direction: LegDirection, line_id: &str, period: Option<Period>, amount: Money) -> Leg {
    Leg {
        direction,
        place: LegPlace {
            line_id: line(line_id),
            period,
            basis: None,
            pillar: None,
            firmness: None,
            purpose: None,
            country: None,
        },
        amount,
    }
}

fn from(line_id: &str, period: Option<Period>, amount: Money) -> Leg {
    leg(LegDirection::From, line_id, period, amount)
}

fn to(line_id: &str, period: Option<Period>, amount: Money) -> Leg {
    leg(LegDirection::To, line_id, period, amount)
}

fn resolved(mut leg: Leg, basis: YearBasis) -> Leg {
    leg.place.basis = Some(basis);
    leg
}

fn reallocate(legs: Vec<Leg>) -> (perennial_domain::Date, AgreementCommand) {
    let command = AgreementCommand::ReallocateFunds(Reallocation {
        legs,
        legal_basis: "article 9".to_owned(),
        amendment: None,
    });
    (date("2024-06-01"), command)
}

/// What a move counts on a heading of an agreement without a policy.
fn counts(heading: &str, moved: Money, base: Money) -> HeadingCount {
    let counted = moved.minor_units().min(0).abs();
    HeadingCount {
        heading: heading.to_owned(),
        moved: moved.minor_units(),
        counted,
        cumulative: counted,
        base: base.minor_units(),
        limit: None,
    }
}

fn reallocated(legs: Vec<Leg>, counts: Vec<HeadingCount>) -> Happened {
    let reallocated = ReallocatedFunds {
        legs,
        legal_basis: "article 9".to_owned(),
        amendment: None,
        counts,
    };
    happened(
        "2024-06-01",
        AgreementEvent::FundsReallocated(Box::new(reallocated)),
    )
}

#[test]
fn legs_that_say_everything_are_recorded_as_they_are() {
    let (y2024, y2025) = (Some(year("2024")), Some(year("2025")));
    let after = given(Profile::Strict, [two_lines()])
        .when(reallocate(vec![
            from("line-1", y2024, eur(10)),
            to("line-2", y2025, eur(10)),
        ]))
        .then([reallocated(
            vec![
                resolved(from("line-1", y2024, eur(10)), YearBasis::Scheduled),
                resolved(to("line-2", y2025, eur(10)), YearBasis::Scheduled),
            ],
            vec![
                counts("line-1", eur(-10), eur(60)),
                counts("line-2", eur(10), eur(40)),
            ],
        )]);
    let agreement = after.agreement();
    assert_eq!(agreement.balance().committed, 100_00);
    assert_eq!(
        agreement.line_balance(&line("line-1")).unwrap().committed,
        50_00
    );
    assert_eq!(
        agreement.year_shares(&line("line-2")),
        [
            share(year("2024"), eur(20), YearBasis::Scheduled),
            share(year("2025"), eur(30), YearBasis::Scheduled),
        ]
    );
}

#[test]
fn legs_without_a_period_give_the_last_year_first_and_receive_in_the_years_given() {
    given(Profile::Strict, [two_lines()])
        .when(reallocate(vec![
            from("line-1", None, eur(40)),
            to("line-2", None, eur(40)),
        ]))
        .then([reallocated(
            vec![
                resolved(
                    from("line-1", Some(year("2024")), eur(10)),
                    YearBasis::Scheduled,
                ),
                resolved(
                    from("line-1", Some(year("2025")), eur(30)),
                    YearBasis::Scheduled,
                ),
                resolved(
                    to("line-2", Some(year("2024")), eur(10)),
                    YearBasis::Scheduled,
                ),
                resolved(
                    to("line-2", Some(year("2025")), eur(30)),
                    YearBasis::Scheduled,
                ),
            ],
            vec![
                counts("line-1", eur(-40), eur(60)),
                counts("line-2", eur(40), eur(40)),
            ],
        )]);
}

#[test]
fn what_is_given_equals_what_is_received_in_both_profiles() {
    for profile in [Profile::Strict, Profile::Mirror] {
        for received in [cents(9_99), cents(10_01)] {
            given(profile, [two_lines()])
                .when(reallocate(vec![
                    from("line-1", None, eur(10)),
                    to("line-2", None, received),
                ]))
                .then_breaks(breach(
                    Rule::ReallocationBalances,
                    &[("from", "10.00 EUR"), ("to", &received.to_string())],
                ));
        }
    }
}

fn exceeds(period: Option<Period>, undisbursed: i128, requested: i128) -> Rejection {
    Rejection::LegExceedsUndisbursed {
        line_id: line("line-1"),
        period,
        undisbursed,
        requested,
        currency: currency("EUR"),
    }
}

#[test]
fn a_line_gives_all_that_is_undisbursed_and_not_a_cent_more() {
    let history = [two_lines(), disbursed("2024-03-01", eur(25))];
    let give = |amount| {
        reallocate(vec![
            from("line-1", None, amount),
            to("line-2", None, amount),
        ])
    };
    for profile in [Profile::Strict, Profile::Mirror] {
        given(profile, history.clone())
            .when(give(eur(35)))
            .then_only_flagged([]);
        given(profile, history.clone())
            .when(give(cents(35_01)))
            .then_rejected(exceeds(None, 35_00, 35_01));
    }
}

#[test]
fn a_period_gives_what_is_undisbursed_in_it() {
    let history = [two_lines(), disbursed("2024-03-01", eur(25))];
    let give = |amount| {
        reallocate(vec![
            from("line-1", Some(year("2024")), amount),
            to("line-1", Some(year("2025")), amount),
        ])
    };
    given(Profile::Strict, history.clone())
        .when(give(eur(5)))
        .then_only_flagged([]);
    given(Profile::Strict, history)
        .when(give(cents(5_01)))
        .then_rejected(exceeds(Some(year("2024")), 5_00, 5_01));
}

#[test]
fn two_legs_of_one_line_share_what_it_can_give() {
    let give = |second| {
        reallocate(vec![
            from("line-1", Some(year("2024")), eur(30)),
            from("line-1", None, second),
            to("line-2", None, eur(30).checked_add(second).unwrap()),
        ])
    };
    given(Profile::Strict, [two_lines()])
        .when(give(eur(30)))
        .then_only_flagged([]);
    given(Profile::Strict, [two_lines()])
        .when(give(cents(30_01)))
        .then_rejected(exceeds(None, 30_00, 30_01));
}

#[test]
fn a_back_dated_reallocation_leaves_enough_for_every_later_day() {
    // Undisbursed are 60 on 1 June and 10 after the payment of September.
    let history = [two_lines(), disbursed("2024-09-01", eur(50))];
    let give = |amount| {
        reallocate(vec![
            from("line-1", None, amount),
            to("line-2", None, amount),
        ])
    };
    given(Profile::Strict, history.clone())
        .when(give(eur(10)))
        .then_only_flagged([]);
    given(Profile::Strict, history)
        .when(give(eur(11)))
        .then_rejected(exceeds(None, 10_00, 11_00));
}

#[test]
fn a_pillar_is_moved_only_on_a_line_that_declares_it() {
    let with_pillar = |mut leg: Leg, pillar| {
        leg.place.pillar = Some(pillar);
        leg
    };
    let legs = |line_id, pillar| {
        reallocate(vec![
            with_pillar(from(line_id, None, eur(10)), pillar),
            to("line-2", None, eur(10)),
        ])
    };
    given(Profile::Strict, [two_lines()])
        .when(legs("line-1", Pillar::Humanitarian))
        .then_only_flagged([]);
    for (line_id, pillar, declared) in [
        ("line-1", Pillar::Peace, Some(Pillar::Humanitarian)),
        ("line-2", Pillar::Peace, None),
    ] {
        given(Profile::Mirror, [two_lines()])
            .when(legs(line_id, pillar))
            .then_rejected(Rejection::PillarNotDeclared {
                line_id: line(line_id),
                pillar,
                declared,
            });
    }
}

#[test]
fn a_reallocation_has_two_legs_of_known_lines() {
    given(Profile::Strict, [two_lines()])
        .when(reallocate(vec![from("line-1", None, eur(10))]))
        .then_refused([
            (
                Some(0),
                Rejection::Malformed {
                    field: "legs".to_owned(),
                    problem: "must hold at least two legs".to_owned(),
                },
            ),
            (
                Some(0),
                Rejection::Breach(breach(
                    Rule::ReallocationBalances,
                    &[("from", "10.00 EUR"), ("to", "0.00 EUR")],
                )),
            ),
        ]);
    given(Profile::Strict, [two_lines()])
        .when(reallocate(vec![
            from("line-1", None, eur(10)),
            to("line-9", None, eur(10)),
        ]))
        .then_rejected(Rejection::UnknownLine {
            agreement_id: the_agreement(),
            line_id: line("line-9"),
        });
}

#[test]
fn a_reallocation_can_be_reversed() {
    let after = given(Profile::Strict, [two_lines()])
        .when(reallocate(vec![
            from("line-1", None, eur(40)),
            to("line-2", None, eur(40)),
        ]))
        .accepted()
        .when(reverse("2024-07-01", event_of(2), ReversalReason::Error))
        .then([reversed("2024-06-01", event_of(2), ReversalReason::Error)]);
    let agreement = after.agreement();
    assert_eq!(
        agreement.year_shares(&line("line-1")),
        [
            share(year("2024"), eur(30), YearBasis::Scheduled),
            share(year("2025"), eur(30), YearBasis::Scheduled),
        ]
    );
    assert_eq!(
        agreement.line_balance(&line("line-2")).unwrap().committed,
        40_00
    );
}

#[test]
fn two_receiving_legs_each_get_their_part_of_every_year_given() {
    let received = |amount| {
        resolved(
            to("line-2", Some(year("2024")), amount),
            YearBasis::Scheduled,
        )
    };
    let received_2025 = |amount| {
        resolved(
            to("line-2", Some(year("2025")), amount),
            YearBasis::Scheduled,
        )
    };
    let given_in =
        |of, amount| resolved(from("line-1", Some(year(of)), amount), YearBasis::Scheduled);
    given(Profile::Strict, [two_lines()])
        .when(reallocate(vec![
            from("line-1", None, eur(40)),
            to("line-2", None, eur(20)),
            to("line-2", None, eur(20)),
        ]))
        .then([reallocated(
            vec![
                given_in("2024", eur(10)),
                given_in("2025", eur(30)),
                received(eur(5)),
                received_2025(eur(15)),
                received(eur(5)),
                received_2025(eur(15)),
            ],
            vec![
                counts("line-1", eur(-40), eur(60)),
                counts("line-2", eur(40), eur(40)),
            ],
        )]);
}

/// A line of 30 firm in 2024 and 30 intended in 2025, and one of nothing.
fn firm_and_intended() -> Happened {
    let shares = vec![
        share(year("2024"), eur(30), YearBasis::Scheduled),
        YearShare {
            firmness: Firmness::Indicative,
            ..share(year("2025"), eur(30), YearBasis::Scheduled)
        },
    ];
    let line = Line {
        year_shares: shares,
        ..line_of("line-1", eur(60))
    };
    signed_as(terms_of(vec![line, line_of("line-2", eur(0))]))
}

fn moved_to(leg: Leg) -> Vec<(Period, i128, Firmness)> {
    let after = given(Profile::Strict, [firm_and_intended()])
        .when(reallocate(vec![from("line-1", None, eur(40)), leg]))
        .accepted();
    let shares = after.agreement().year_shares(&line("line-2"));
    let told = |share: &YearShare| (share.period, share.minor_units, share.firmness);
    shares.iter().map(told).collect()
}

#[test]
fn money_stays_as_firm_as_it_was_where_it_stays_in_its_years() {
    assert_eq!(
        moved_to(to("line-2", None, eur(40))),
        [
            (year("2024"), 10_00, Firmness::Firm),
            (year("2025"), 30_00, Firmness::Indicative),
        ]
    );
}

#[test]
fn money_that_moves_to_one_year_is_as_firm_as_the_least_firm_of_it() {
    assert_eq!(
        moved_to(to("line-2", Some(year("2026")), eur(40))),
        [(year("2026"), 40_00, Firmness::Indicative)]
    );
}

#[test]
fn a_receiving_leg_may_say_how_firm_its_money_is() {
    for firmness in Firmness::ALL {
        let mut leg = to("line-2", None, eur(40));
        leg.place.firmness = Some(firmness);
        assert_eq!(
            moved_to(leg),
            [
                (year("2024"), 10_00, firmness),
                (year("2025"), 30_00, firmness),
            ]
        );
    }
}

#[test]
fn what_is_paid_of_the_last_year_leaves_the_years_before_it_to_give() {
    let after = given(
        Profile::Strict,
        [two_lines(), disbursed("2025-03-01", eur(25))],
    )
    .when(reallocate(vec![
        from("line-1", None, eur(20)),
        to("line-2", Some(year("2026")), eur(20)),
    ]))
    .accepted();
    assert_eq!(
        after.agreement().year_shares(&line("line-1")),
        [
            share(year("2024"), eur(15), YearBasis::Scheduled),
            share(year("2025"), eur(25), YearBasis::Scheduled),
        ]
    );
}

#[test]
fn what_one_leg_takes_of_a_year_the_next_one_does_not() {
    let after = given(Profile::Strict, [two_lines()])
        .when(reallocate(vec![
            from("line-1", Some(year("2025")), eur(20)),
            from("line-1", None, eur(20)),
            to("line-2", Some(year("2026")), eur(40)),
        ]))
        .accepted();
    assert_eq!(
        after.agreement().year_shares(&line("line-1")),
        [share(year("2024"), eur(20), YearBasis::Scheduled)]
    );
}

/// 36.60 euros of 2024 and 36.50 of 2025, in one share.
fn by_day() -> Happened {
    let line = Line {
        year_shares: vec![share(
            period("2024-01-01", "2025-12-31"),
            cents(73_10),
            YearBasis::Scheduled,
        )],
        ..line_of("line-1", cents(73_10))
    };
    signed_as(terms_of(vec![line, line_of("line-2", eur(0))]))
}

#[test]
fn of_a_share_that_lies_partly_in_the_period_its_days_of_it_are_given() {
    let give = |amount| {
        reallocate(vec![
            from("line-1", Some(year("2024")), amount),
            to("line-2", Some(year("2026")), amount),
        ])
    };
    let after = given(Profile::Strict, [by_day()])
        .when(give(cents(36_60)))
        .accepted();
    assert_eq!(
        after.agreement().year_shares(&line("line-1")),
        [
            share(year("2024"), cents(-36_60), YearBasis::Scheduled),
            share(
                period("2024-01-01", "2025-12-31"),
                cents(73_10),
                YearBasis::Scheduled
            ),
        ]
    );
    given(Profile::Strict, [by_day()])
        .when(give(cents(36_61)))
        .then_rejected(exceeds(Some(year("2024")), 36_60, 36_61));
}

#[test]
fn a_giving_leg_may_say_of_which_basis_and_how_firm_its_money_is() {
    let give = |amount, basis, firmness| {
        let mut leg = from("line-1", None, amount);
        leg.place.basis = basis;
        leg.place.firmness = firmness;
        let legs = vec![leg, to("line-2", Some(year("2026")), amount)];
        given(Profile::Strict, [firm_and_intended()]).when(reallocate(legs))
    };
    for firmness in [Firmness::Firm, Firmness::Indicative] {
        give(eur(30), None, Some(firmness)).then_only_flagged([]);
        give(cents(30_01), None, Some(firmness)).then_rejected(exceeds(None, 30_00, 30_01));
    }
    let scheduled = Some(YearBasis::Scheduled);
    give(eur(60), scheduled, None).then_only_flagged([]);
    give(eur(30), scheduled, Some(Firmness::Firm)).then_only_flagged([]);
    give(cents(1), Some(YearBasis::Budgeted), None).then_rejected(exceeds(None, 0, 1));
    give(cents(1), scheduled, Some(Firmness::SubjectToAppropriation))
        .then_rejected(exceeds(None, 0, 1));
}
