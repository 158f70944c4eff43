//! R18: how far an agreement lets its money move without an amendment.

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, CountedSide, FurtherTerms, HeadingCount, Leg, LegDirection,
    LegPlace, LimitBase, Line, MoveDimension, NewHeading, ReallocationPolicy, ReallocationScope,
    ReversalReason, RevisableTerm, TermsRevision, YearBasis,
};
use perennial_domain::classification::{Code, LineDims, Share, Split, Vocabulary};
use perennial_domain::event::Fact;
use perennial_domain::money::Money;
use perennial_domain::period::Period;
use perennial_domain::rejection::Rejection;
use perennial_domain::rule::{Profile, Rule};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, Happened, Outcome, given};

fn year(year: &str) -> Period {
    period(&format!("{year}-01-01"), &format!("{year}-12-31"))
}

/// A quarter of each heading's signed amount, over its life, counted where money leaves.
fn quarter() -> ReallocationPolicy {
    ReallocationPolicy {
        limit_ppm: 250_000,
        base: LimitBase::Original,
        cumulative: true,
        counted: CountedSide::Giving,
        scope: ReallocationScope::Heading,
        forbidden: Vec::new(),
        new_heading: NewHeading::Free,
    }
}

fn of_heading(line_id: &str, heading: &str, amount: i128) -> Line {
    Line {
        dims: LineDims {
            budget_heading: Some(heading.into()),
            purposes: Split::exact(vec![share_of("72010", 600_000), share_of("15220", 400_000)])
                .unwrap(),
            ..LineDims::default()
        },
        year_shares: vec![
            share(year("2024"), eur(amount / 2), YearBasis::Scheduled),
            share(year("2025"), eur(amount / 2), YearBasis::Scheduled),
        ],
        ..line_of(line_id, eur(amount))
    }
}

fn share_of(code: &str, share_ppm: u32) -> Share {
    Share {
        vocabulary: Vocabulary::DacPurpose,
        code: code.into(),
        share_ppm,
    }
}

/// Staff of 60 and 40 on two lines, travel of 100: 200 in all.
fn signed_under(policy: Option<ReallocationPolicy>) -> Happened {
    let mut terms = terms_of(vec![
        of_heading("staff-1", "Staff", 60),
        of_heading("staff-2", "Staff", 40),
        of_heading("travel", "Travel", 100),
    ]);
    terms.further = policy.map(|policy| {
        Box::new(FurtherTerms {
            reallocation_policy: Some(policy),
            ..FurtherTerms::default()
        })
    });
    signed_as(terms)
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

fn move_funds(from: &str, to: &str, amount: Money) -> (Date, AgreementCommand) {
    moved(from, to, amount, None)
}

fn moved(from: &str, to: &str, amount: Money, amendment: Option<&str>) -> (Date, AgreementCommand) {
    let legs = vec![
        leg(LegDirection::From, from, amount),
        leg(LegDirection::To, to, amount),
    ];
    reallocate(legs, amendment)
}

fn reallocate(legs: Vec<Leg>, amendment: Option<&str>) -> (Date, AgreementCommand) {
    let command = AgreementCommand::ReallocateFunds(perennial_domain::agreement::Reallocation {
        legs,
        legal_basis: String::new(),
        amendment: amendment.map(str::to_owned),
    });
    (date("2024-06-01"), command)
}

fn under(policy: ReallocationPolicy) -> Given {
    given(Profile::Strict, [signed_under(Some(policy))])
}

/// A history, and a move of a cent more than its policy allows.
pub(crate) fn too_much() -> (Vec<Happened>, perennial_domain::command::Command) {
    let (on, command) = move_funds("staff-1", "travel", cents(25_01));
    (vec![signed_under(Some(quarter()))], asked(on, command))
}

#[track_caller]
fn counts(outcome: &Outcome) -> Vec<HeadingCount> {
    let fact = &outcome.decision().events[0].fact;
    let Fact::Agreement(AgreementEvent::FundsReallocated(reallocated)) = fact else {
        panic!("{fact:?}");
    };
    reallocated.counts.clone()
}

fn exceeds(heading: &str, limit: &str, used: &str, asked: &str, room: &str) -> Rejection {
    Rejection::Breach(breach(
        Rule::ReallocationWithinPolicy,
        &[
            ("heading", heading),
            ("limit", limit),
            ("used", used),
            ("asked", asked),
            ("room", room),
        ],
    ))
}

#[test]
fn a_heading_gives_its_limit_and_not_a_cent_more() {
    under(quarter())
        .when(move_funds("staff-1", "travel", eur(25)))
        .then_only_flagged([]);
    under(quarter())
        .when(move_funds("staff-1", "travel", cents(25_01)))
        .then_rejected(exceeds(
            "Staff",
            "25.00 EUR",
            "0.00 EUR",
            "25.01 EUR",
            "25.00 EUR",
        ));
}

#[test]
fn moves_of_a_heading_add_up_over_all_its_lines() {
    let after = || {
        under(quarter())
            .when(move_funds("staff-1", "travel", eur(15)))
            .accepted()
    };
    after()
        .when(move_funds("staff-2", "travel", eur(10)))
        .then_only_flagged([]);
    after()
        .when(move_funds("staff-2", "travel", cents(10_01)))
        .then_rejected(exceeds(
            "Staff",
            "25.00 EUR",
            "15.00 EUR",
            "10.01 EUR",
            "10.00 EUR",
        ));
}

#[test]
fn the_event_carries_the_counter_of_each_heading() {
    let outcome = under(quarter())
        .when(move_funds("staff-1", "travel", eur(15)))
        .accepted()
        .when(move_funds("staff-2", "travel", eur(4)));
    let count = |heading: &str, moved: i128, counted: i128, cumulative: i128| HeadingCount {
        heading: heading.to_owned(),
        moved,
        counted,
        cumulative,
        base: 100_00,
        limit: Some(25_00),
    };
    assert_eq!(
        counts(&outcome),
        [
            count("Staff", -4_00, 4_00, 19_00),
            count("Travel", 4_00, 0, 0),
        ]
    );
}

#[test]
fn a_policy_that_adds_nothing_up_judges_each_move_alone() {
    under(ReallocationPolicy {
        cumulative: false,
        ..quarter()
    })
    .when(move_funds("staff-1", "travel", eur(25)))
    .accepted()
    .when(move_funds("staff-1", "travel", eur(25)))
    .then_only_flagged([]);
}

#[test]
fn a_move_inside_a_heading_counts_for_nothing() {
    let outcome = under(quarter()).when(move_funds("staff-1", "staff-2", eur(60)));
    assert_eq!(counts(&outcome), []);
    outcome.then_only_flagged([]);
}

#[test]
fn an_amendment_permits_any_move_and_counts_for_nothing() {
    let outcome = under(quarter()).when(moved("staff-1", "travel", eur(50), Some("A-1")));
    assert_eq!(counts(&outcome)[0].counted, 0);
    outcome
        .then_only_flagged([])
        .when(move_funds("staff-2", "travel", eur(25)))
        .then_only_flagged([]);
}

#[test]
fn a_mirror_records_the_move_and_shows_what_it_exceeds() {
    given(Profile::Mirror, [signed_under(Some(quarter()))])
        .when(move_funds("staff-1", "travel", eur(30)))
        .then_only_flagged([breach(
            Rule::ReallocationWithinPolicy,
            &[
                ("heading", "Staff"),
                ("limit", "25.00 EUR"),
                ("used", "0.00 EUR"),
                ("asked", "30.00 EUR"),
                ("room", "25.00 EUR"),
            ],
        )]);
}

#[test]
fn without_a_policy_nothing_is_limited_and_moves_are_counted_all_the_same() {
    let outcome =
        given(Profile::Strict, [signed_under(None)]).when(move_funds("staff-1", "travel", eur(60)));
    let staff = counts(&outcome)[0].clone();
    assert_eq!(
        (staff.counted, staff.base, staff.limit),
        (60_00, 100_00, None)
    );
    outcome.then_only_flagged([]);
}

#[test]
fn a_limit_of_the_current_amount_grows_with_the_commitment() {
    let history = || {
        given(
            Profile::Strict,
            [signed_under(Some(ReallocationPolicy {
                base: LimitBase::Current,
                ..quarter()
            }))],
        )
        .when((
            date("2024-03-01"),
            AgreementCommand::IncreaseCommitment {
                line_id: Some(line("staff-2")),
                amount: eur(20),
                year_shares: Vec::new(),
                amendment: None,
                published: None,
                functional: None,
            },
        ))
        .accepted()
    };
    history()
        .when(move_funds("staff-1", "travel", eur(30)))
        .then_only_flagged([]);
    history()
        .when(move_funds("staff-1", "travel", cents(30_01)))
        .then_rejected(exceeds(
            "Staff",
            "30.00 EUR",
            "0.00 EUR",
            "30.01 EUR",
            "30.00 EUR",
        ));
}

#[test]
fn a_limit_can_count_what_a_heading_receives() {
    let policy = || ReallocationPolicy {
        counted: CountedSide::Receiving,
        ..quarter()
    };
    under(policy())
        .when(move_funds("travel", "staff-1", eur(25)))
        .then_only_flagged([]);
    under(policy())
        .when(move_funds("travel", "staff-1", cents(25_01)))
        .then_rejected(exceeds(
            "Staff",
            "25.00 EUR",
            "0.00 EUR",
            "25.01 EUR",
            "25.00 EUR",
        ));
}

#[test]
fn a_limit_of_the_whole_agreement_counts_what_leaves_any_line() {
    let policy = || ReallocationPolicy {
        scope: ReallocationScope::Agreement,
        limit_ppm: 100_000,
        ..quarter()
    };
    under(policy())
        .when(move_funds("staff-1", "staff-2", eur(20)))
        .then_only_flagged([]);
    under(policy())
        .when(move_funds("staff-1", "staff-2", cents(20_01)))
        .then_rejected(exceeds(
            "agreement",
            "20.00 EUR",
            "0.00 EUR",
            "20.01 EUR",
            "20.00 EUR",
        ));
}

#[test]
fn a_new_heading_receives_freely_or_by_amendment_alone() {
    let opened = || {
        happened(
            "2024-02-01",
            AgreementEvent::LineOpened {
                line: line_of("vehicles", eur(0)),
            },
        )
    };
    let history = |new_heading| {
        [
            signed_under(Some(ReallocationPolicy {
                new_heading,
                counted: CountedSide::Receiving,
                ..quarter()
            })),
            opened(),
        ]
    };
    given(Profile::Strict, history(NewHeading::Free))
        .when(move_funds("staff-1", "vehicles", eur(50)))
        .then_only_flagged([]);
    given(Profile::Strict, history(NewHeading::ByAmendment))
        .when(move_funds("staff-1", "vehicles", eur(1)))
        .then_breaks(breach(
            Rule::ReallocationWithinPolicy,
            &[("heading", "vehicles"), ("new_heading", "by_amendment")],
        ));
    given(Profile::Strict, history(NewHeading::ByAmendment))
        .when(moved("staff-1", "vehicles", eur(1), Some("A-1")))
        .then_only_flagged([]);
}

#[test]
fn an_agreement_for_which_nothing_was_signed_moves_nothing_of_its_original_amount() {
    let mut terms = terms_of(vec![line_of("line-1", eur(0)), line_of("line-2", eur(0))]);
    terms.further = Some(Box::new(FurtherTerms {
        reallocation_policy: Some(ReallocationPolicy {
            scope: ReallocationScope::Agreement,
            new_heading: NewHeading::ByAmendment,
            ..quarter()
        }),
        ..FurtherTerms::default()
    }));
    // The whole agreement is no new heading of itself: it receives nothing.
    given(
        Profile::Mirror,
        [signed_as(terms), increased("2024-02-01", eur(100))],
    )
    .when(move_funds("line-1", "line-2", eur(10)))
    .then_only_flagged([breach(
        Rule::ReallocationWithinPolicy,
        &[
            ("heading", "agreement"),
            ("limit", "0.00 EUR"),
            ("used", "0.00 EUR"),
            ("asked", "10.00 EUR"),
            ("room", "0.00 EUR"),
        ],
    )]);
}

#[test]
fn a_heading_that_moved_more_than_a_later_policy_allows_still_receives() {
    let tenth = TermsRevision {
        further: FurtherTerms {
            reallocation_policy: Some(ReallocationPolicy {
                limit_ppm: 100_000,
                ..quarter()
            }),
            ..FurtherTerms::default()
        },
        ..TermsRevision::default()
    };
    let history = || {
        under(quarter())
            .when(move_funds("staff-1", "travel", eur(25)))
            .accepted()
            .when((
                date("2024-06-01"),
                AgreementCommand::ReviseTerms(Box::new(tenth.clone())),
            ))
            .accepted()
    };
    history()
        .when(move_funds("travel", "staff-1", eur(10)))
        .then_only_flagged([]);
    history()
        .when(move_funds("staff-1", "travel", cents(1)))
        .then_rejected(exceeds(
            "Staff",
            "10.00 EUR",
            "25.00 EUR",
            "0.01 EUR",
            "0.00 EUR",
        ));
}

#[test]
fn a_forbidden_direction_needs_an_amendment() {
    let between = |dimension: &str| {
        breach(
            Rule::ReallocationWithinPolicy,
            &[("forbidden", &format!("between {dimension}"))],
        )
    };
    let policy = |forbidden| ReallocationPolicy {
        forbidden: vec![forbidden],
        ..quarter()
    };
    let in_year = |direction, line_id, of: &str| {
        let mut leg = leg(direction, line_id, eur(10));
        leg.place.period = Some(year(of));
        leg
    };
    let later = |amendment| {
        reallocate(
            vec![
                in_year(LegDirection::From, "travel", "2024"),
                in_year(LegDirection::To, "travel", "2025"),
            ],
            amendment,
        )
    };
    under(policy(MoveDimension::Period))
        .when(later(None))
        .then_breaks(between("periods"));
    under(policy(MoveDimension::Period))
        .when(later(Some("A-1")))
        .then_only_flagged([]);
    // The same move crosses no line.
    under(policy(MoveDimension::Line))
        .when(later(None))
        .then_only_flagged([]);
    under(policy(MoveDimension::Line))
        .when(move_funds("staff-1", "staff-2", eur(10)))
        .then_breaks(between("lines"));
}

/// 10 of the line's money for material relief becomes money for peacebuilding.
fn between_purposes(from: &str, to: &str, amount: Money) -> (Date, AgreementCommand) {
    let of = |direction, code: &str| {
        let mut leg = leg(direction, "travel", amount);
        leg.place.purpose = Some(Code {
            vocabulary: Vocabulary::DacPurpose,
            code: code.into(),
        });
        leg
    };
    reallocate(
        vec![of(LegDirection::From, from), of(LegDirection::To, to)],
        None,
    )
}

#[test]
fn money_moves_between_purposes_as_far_as_a_line_is_for_them() {
    under(quarter())
        .when(between_purposes("72010", "15220", eur(60)))
        .then_only_flagged([]);
    under(quarter())
        .when(between_purposes("72010", "15220", cents(60_01)))
        .then_rejected(Rejection::LegExceedsUndisbursed {
            line_id: line("travel"),
            period: None,
            undisbursed: 60_00,
            requested: 60_01,
            currency: currency("EUR"),
        });
    under(quarter())
        .when(between_purposes("31120", "15220", eur(1)))
        .then_rejected(Rejection::CodeNotOnLine {
            line_id: line("travel"),
            code: "31120".to_owned(),
        });
    under(ReallocationPolicy {
        forbidden: vec![MoveDimension::Purpose],
        ..quarter()
    })
    .when(between_purposes("72010", "15220", eur(1)))
    .then_breaks(breach(
        Rule::ReallocationWithinPolicy,
        &[("forbidden", "between purposes")],
    ));
}

#[test]
fn a_reversed_move_counts_no_more() {
    under(quarter())
        .when(move_funds("staff-1", "travel", eur(25)))
        .accepted()
        .when(reverse("2024-06-01", event_of(2), ReversalReason::Error))
        .accepted()
        .when(move_funds("staff-1", "travel", eur(25)))
        .then_only_flagged([]);
}

#[test]
fn the_policy_of_the_moves_own_day_decides() {
    let revised = |on: &str, revision: TermsRevision| {
        (date(on), AgreementCommand::ReviseTerms(Box::new(revision)))
    };
    let half = TermsRevision {
        further: FurtherTerms {
            reallocation_policy: Some(ReallocationPolicy {
                limit_ppm: 500_000,
                ..quarter()
            }),
            ..FurtherTerms::default()
        },
        ..TermsRevision::default()
    };
    let none = TermsRevision {
        cleared: vec![RevisableTerm::ReallocationPolicy],
        ..TermsRevision::default()
    };
    // From the day of the move on.
    under(quarter())
        .when(revised("2024-06-01", half.clone()))
        .accepted()
        .when(move_funds("staff-1", "travel", eur(50)))
        .then_only_flagged([]);
    // A day too late.
    under(quarter())
        .when(revised("2024-06-02", half))
        .accepted()
        .when(move_funds("staff-1", "travel", eur(50)))
        .then_rejected(exceeds(
            "Staff",
            "25.00 EUR",
            "0.00 EUR",
            "50.00 EUR",
            "25.00 EUR",
        ));
    under(quarter())
        .when(revised("2024-05-01", none))
        .accepted()
        .when(move_funds("staff-1", "travel", eur(60)))
        .then_only_flagged([]);
}
