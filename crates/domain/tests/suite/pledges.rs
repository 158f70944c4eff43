//! R15 and the life of a pledge.

use perennial_domain::agreement::{Perspective, ReversalReason};
use perennial_domain::classification::{Split, Vocabulary};
use perennial_domain::command::{Action, Command, Submission};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::ids::PledgeId;
use perennial_domain::money::Money;
use perennial_domain::pledge::{PledgeAnnouncement, PledgeCommand, PledgeEvent};
use perennial_domain::rejection::Rejection;
use perennial_domain::rule::{Breach, Profile, Rule};
use perennial_domain::tag::TagSubject;
use perennial_testkit::history::periods::{closed_2024, three_years};
use perennial_testkit::history::registry_words::{objectives, scheme_published, tags};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Happened, given};

fn the_pledge() -> PledgeId {
    pledge("pledge-1")
}

fn announcement(amount: Money) -> PledgeAnnouncement {
    PledgeAnnouncement {
        perspective: Perspective::Provider,
        donor: org("XM-DONOR"),
        recipient: None,
        amount,
        forum: Some("Oslo conference".to_owned()),
        intended_period: None,
        purposes: Split::default(),
        places: Split::default(),
        published: None,
        functional: None,
    }
}

fn pledged(on: &str, event: PledgeEvent) -> Happened {
    Happened {
        stream: Stream::Pledge(the_pledge()),
        effective_on: date(on),
        fact: Fact::Pledge(event),
    }
}

fn announced(amount: Money) -> Happened {
    pledged(
        "2024-01-01",
        PledgeEvent::PledgeAnnounced(announcement(amount)),
    )
}

fn converted(on: &str, amount: Money) -> Happened {
    let event = PledgeEvent::PledgeConverted {
        agreement_id: the_agreement(),
        amount,
    };
    pledged(on, event)
}

fn ask(on: &str, command: PledgeCommand) -> Command {
    Command {
        effective_on: date(on),
        external_reference: None,
        evidence: Vec::new(),
        overrides: Vec::new(),
        action: Action::Pledge(the_pledge(), command),
        functional_from_table: false,
    }
}

#[test]
fn tags_of_a_pledge_are_no_entry_of_the_books_and_its_money_is() {
    let history = || {
        let years = three_years().into_iter();
        years.chain([
            scheme_published(objectives()),
            announced(eur(100)),
            closed_2024(0),
        ])
    };
    let set = || tags(TagSubject::Whole, "objectives@2024", &[("2", 1_000_000)]);
    for profile in [Profile::Strict, Profile::Mirror] {
        let tagged = given(profile, history())
            .when_asked(ask("2024-06-01", PledgeCommand::ReplaceTagSet(set())));
        tagged.then([pledged("2024-06-01", PledgeEvent::TagSetReplaced(set()))]);
    }
    let withdrawn = |on| given(Profile::Strict, history()).when_asked(withdraw(on, eur(10)));
    let broken: Vec<Rule> = withdrawn("2024-12-31")
        .reasons()
        .iter()
        .filter_map(|refused| Some(refused.rejection.breach()?.rule))
        .collect();
    assert_eq!(broken, [Rule::ClosedPeriod]);
    withdrawn("2025-01-01").accepted();
}

fn convert(on: &str, amount: Money) -> Command {
    let command = PledgeCommand::Convert {
        agreement_id: the_agreement(),
        amount,
    };
    ask(on, command)
}

fn withdraw(on: &str, amount: Money) -> Command {
    let command = PledgeCommand::Withdraw {
        amount,
        reason: "budget cut".to_owned(),
        published: None,
    };
    ask(on, command)
}

fn revise(on: &str, new_amount: Money) -> Command {
    let command = PledgeCommand::Revise {
        new_amount,
        reason: "more".to_owned(),
    };
    ask(on, command)
}

fn too_much(outstanding: &str, attempted: &str, on: &str) -> Breach {
    breach_of(
        "pledge/pledge-1",
        Rule::ConversionWithinPledge,
        &[
            ("outstanding", outstanding),
            ("attempted", attempted),
            ("on", on),
        ],
    )
}

#[test]
fn all_that_is_outstanding_can_be_converted_and_not_a_cent_more() {
    let history = [
        signed(eur(100)),
        announced(eur(100)),
        converted("2024-02-01", eur(60)),
    ];
    for profile in [Profile::Strict, Profile::Mirror] {
        given(profile, history.clone())
            .when_asked(convert("2024-06-01", eur(40)))
            .then([converted("2024-06-01", eur(40))]);
    }
    let breach = too_much("40.00 EUR", "40.01 EUR", "2024-06-01");
    given(Profile::Strict, history.clone())
        .when_asked(convert("2024-06-01", cents(40_01)))
        .then_breaks(breach.clone());
    given(Profile::Mirror, history)
        .when_asked(convert("2024-06-01", cents(40_01)))
        .then_only_flagged([breach]);
}

#[test]
fn a_withdrawal_and_a_smaller_revision_use_a_pledge_up_as_a_conversion_does() {
    let history = [
        signed(eur(100)),
        announced(eur(100)),
        converted("2024-02-01", eur(60)),
    ];
    given(Profile::Strict, history.clone())
        .when_asked(withdraw("2024-06-01", eur(40)))
        .then_only_flagged([]);
    given(Profile::Strict, history.clone())
        .when_asked(withdraw("2024-06-01", eur(41)))
        .then_breaks(too_much("40.00 EUR", "41.00 EUR", "2024-06-01"));
    given(Profile::Strict, history.clone())
        .when_asked(revise("2024-06-01", eur(60)))
        .then_only_flagged([]);
    given(Profile::Strict, history)
        .when_asked(revise("2024-06-01", eur(59)))
        .then_breaks(too_much("40.00 EUR", "41.00 EUR", "2024-06-01"));
}

#[test]
fn a_revision_names_the_whole_before() {
    let after = given(Profile::Strict, [announced(eur(100))])
        .when_asked(revise("2024-06-01", eur(150)))
        .then([pledged(
            "2024-06-01",
            PledgeEvent::PledgeRevised {
                new_amount: eur(150),
                previous_amount: eur(100),
                reason: "more".to_owned(),
            },
        )]);
    let pledge = after.book.pledge(&the_pledge()).unwrap();
    assert_eq!(pledge.balance().pledged, 150_00);
    assert_eq!(pledge.balance_as_of(date("2024-05-31")).pledged, 100_00);
}

#[test]
fn a_pledge_is_announced_once_and_exists_before_it_is_used() {
    given(Profile::Strict, [announced(eur(100))])
        .when_asked(ask(
            "2024-06-01",
            PledgeCommand::Announce(announcement(eur(1))),
        ))
        .then_rejected(Rejection::PledgeExists(the_pledge()));
    given(Profile::Strict, [])
        .when_asked(withdraw("2024-06-01", eur(1)))
        .then_rejected(Rejection::UnknownPledge(the_pledge()));
}

#[test]
fn a_conversion_needs_its_agreement() {
    given(Profile::Strict, [announced(eur(100))])
        .when_asked(convert("2024-06-01", eur(1)))
        .then_rejected(Rejection::UnknownAgreement(the_agreement()));
}

#[test]
fn an_agreement_signed_earlier_in_the_submission_is_there() {
    let (on, command) = sign("2024-06-01", terms(eur(100)));
    given(Profile::Strict, [announced(eur(100))])
        .when_submitted(&Submission {
            commands: vec![asked(on, command), convert("2024-06-01", eur(100))],
            expected: Vec::new(),
        })
        .then_only_flagged([]);
}

#[test]
fn pledged_money_keeps_its_currency() {
    given(Profile::Strict, [signed(eur(100)), announced(eur(100))])
        .when_asked(convert("2024-06-01", minor(1, "USD")))
        .then_rejected(Rejection::CurrencyMismatch {
            field: "amount".to_owned(),
            expected: currency("EUR"),
            actual: currency("USD"),
        });
}

fn reverse_entry(position: u64, reason: ReversalReason) -> Command {
    let target = event_of(position);
    ask("2024-06-01", PledgeCommand::ReverseEntry { target, reason })
}

#[test]
fn a_reversed_conversion_is_outstanding_again() {
    let after = given(
        Profile::Strict,
        [
            signed(eur(100)),
            announced(eur(100)),
            converted("2024-02-01", eur(60)),
        ],
    )
    .when_asked(reverse_entry(3, ReversalReason::Error))
    .then([pledged(
        "2024-02-01",
        PledgeEvent::EntryReversed {
            target: event_of(3),
            reason: ReversalReason::Error,
        },
    )]);
    let pledge = after.book.pledge(&the_pledge()).unwrap();
    assert_eq!(pledge.balance().outstanding(), 100_00);
}

#[test]
fn only_the_latest_whole_is_reversed_and_nothing_of_a_pledge_is_returned() {
    let wrong = |position, problem: &str| {
        breach_of(
            "pledge/pledge-1",
            Rule::ReversalTarget,
            &[
                ("target", &event_of(position).to_string()),
                ("problem", problem),
            ],
        )
    };
    let revised = given(Profile::Mirror, [announced(eur(100))])
        .when_asked(revise("2024-03-01", eur(150)))
        .accepted();
    revised
        .clone()
        .when_asked(reverse_entry(1, ReversalReason::Withdrawn))
        .then_rejected(Rejection::EntryHasDependents {
            target: event_of(1),
            dependents: vec![event_of(2)],
        });
    revised
        .clone()
        .when_asked(reverse_entry(2, ReversalReason::Returned))
        .then_breaks(wrong(2, "only a payment can be returned"));
    let back = revised
        .when_asked(reverse_entry(2, ReversalReason::Withdrawn))
        .accepted();
    let outstanding = back.book.pledge(&the_pledge()).unwrap().balance();
    assert_eq!(outstanding.pledged, 100_00);
    back.when_asked(reverse_entry(3, ReversalReason::Error))
        .then_breaks(wrong(3, "a reversal cannot be reversed: book again"));
}

#[test]
fn a_withdrawn_announcement_can_be_announced_again() {
    given(Profile::Mirror, [announced(eur(100))])
        .when_asked(reverse_entry(1, ReversalReason::Withdrawn))
        .accepted()
        .when_asked(withdraw("2024-06-01", eur(1)))
        .then_rejected(Rejection::UnknownPledge(the_pledge()))
        .when_asked(ask(
            "2024-06-01",
            PledgeCommand::Announce(announcement(eur(70))),
        ))
        .then([pledged(
            "2024-06-01",
            PledgeEvent::PledgeAnnounced(announcement(eur(70))),
        )]);
}

#[test]
fn an_announcement_in_cents_that_do_not_exist_is_flagged_in_a_mirror() {
    let announcement = PledgeAnnouncement {
        published: Some(published("100.004")),
        ..announcement(eur(100))
    };
    let inexact = breach_of(
        "pledge/pledge-1",
        Rule::MinorDigits,
        &[("published", "100.004"), ("booked", "100.00 EUR")],
    );
    let command = ask("2024-06-01", PledgeCommand::Announce(announcement));
    given(Profile::Strict, [])
        .when_asked(command.clone())
        .then_breaks(inexact.clone());
    given(Profile::Mirror, [])
        .when_asked(command)
        .then_only_flagged([inexact]);
}

#[test]
fn at_most_what_is_outstanding_lapses() {
    let lapse = |amount| {
        ask(
            "2024-06-01",
            PledgeCommand::Lapse {
                amount,
                reason: "not paid in time".to_owned(),
            },
        )
    };
    let history = [announced(eur(100)), converted("2024-02-01", eur(60))];
    let after = given(Profile::Strict, history.clone())
        .when_asked(lapse(eur(40)))
        .then([pledged(
            "2024-06-01",
            PledgeEvent::PledgeLapsed {
                amount: eur(40),
                reason: "not paid in time".to_owned(),
            },
        )]);
    assert_eq!(
        after
            .book
            .pledge(&the_pledge())
            .unwrap()
            .balance()
            .outstanding(),
        0
    );
    given(Profile::Strict, history.clone())
        .when_asked(lapse(cents(40_01)))
        .then_breaks(breach_of(
            "pledge/pledge-1",
            Rule::ConversionWithinPledge,
            &[
                ("outstanding", "40.00 EUR"),
                ("attempted", "40.01 EUR"),
                ("on", "2024-06-01"),
            ],
        ));
    given(Profile::Mirror, history)
        .when_asked(lapse(cents(40_01)))
        .then_flagged(
            [pledged(
                "2024-06-01",
                PledgeEvent::PledgeLapsed {
                    amount: cents(40_01),
                    reason: "not paid in time".to_owned(),
                },
            )],
            [Rule::ConversionWithinPledge],
        );
    after
        .when_asked(reverse_entry(3, ReversalReason::Error))
        .accepted();
}

#[test]
fn a_pledge_that_is_announced_again_keeps_its_currency() {
    let withdrawn = given(Profile::Mirror, [announced(eur(100))])
        .when_asked(reverse_entry(1, ReversalReason::Withdrawn))
        .accepted();
    withdrawn
        .when_asked(ask(
            "2024-06-01",
            PledgeCommand::Announce(announcement(minor(70_00, "USD"))),
        ))
        .then_rejected(Rejection::CurrencyMismatch {
            field: "amount".to_owned(),
            expected: currency("EUR"),
            actual: currency("USD"),
        });
}

#[test]
fn an_announcement_with_a_scaled_split_is_refused_or_flagged() {
    let scaled =
        |vocabulary, code: &str| Split::scaled_to_whole(vec![(vocabulary, code.into(), 99)], 100);
    for (announcement, scaled) in [
        (
            PledgeAnnouncement {
                purposes: scaled(Vocabulary::DacPurpose, "15220"),
                ..announcement(eur(100))
            },
            "purposes",
        ),
        (
            PledgeAnnouncement {
                places: scaled(Vocabulary::Country, "SS"),
                ..announcement(eur(100))
            },
            "places",
        ),
    ] {
        let command = ask("2024-06-01", PledgeCommand::Announce(announcement));
        let inexact = breach_of("pledge/pledge-1", Rule::SplitExact, &[("scaled", scaled)]);
        given(Profile::Strict, [])
            .when_asked(command.clone())
            .then_breaks(inexact.clone());
        given(Profile::Mirror, [])
            .when_asked(command)
            .then_only_flagged([inexact]);
    }
}

#[test]
fn a_pledge_is_announced_at_the_latest_on_the_day_after_its_recording() {
    let announce = |on| ask(on, PledgeCommand::Announce(announcement(eur(100))));
    given(Profile::Strict, [])
        .when_asked(announce("2026-04-01"))
        .then_only_flagged([]);
    given(Profile::Strict, [])
        .when_asked(announce("2026-04-02"))
        .then_breaks(breach_of(
            "pledge/pledge-1",
            Rule::DateNotFuture,
            &[("latest", "2026-04-01"), ("effective_on", "2026-04-02")],
        ));
}

#[test]
fn of_days_on_which_equally_little_of_a_pledge_is_outstanding_the_first_is_named() {
    let revised = PledgeEvent::PledgeRevised {
        new_amount: eur(110),
        previous_amount: eur(100),
        reason: "more".to_owned(),
    };
    // 40 are outstanding from March to May, and again from July on.
    let history = [
        announced(eur(100)),
        converted("2024-03-01", eur(60)),
        pledged("2024-06-01", revised),
        converted("2024-07-01", eur(10)),
    ];
    given(Profile::Mirror, history)
        .when_asked(withdraw("2024-02-01", eur(41)))
        .then_only_flagged([too_much("40.00 EUR", "41.00 EUR", "2024-03-01")]);
}

#[test]
fn what_uses_nothing_up_of_an_overdrawn_pledge_is_not_flagged() {
    let overdrawn = || {
        given(
            Profile::Mirror,
            [
                announced(eur(100)),
                converted("2024-03-01", eur(130)),
                scheme_published(objectives()),
            ],
        )
    };
    overdrawn()
        .when_asked(revise("2024-06-01", eur(100)))
        .then_only_flagged([]);
    let set = tags(TagSubject::Whole, "objectives@2024", &[("1", 1_000_000)]);
    overdrawn()
        .when_asked(ask("2024-06-01", PledgeCommand::ReplaceTagSet(set)))
        .then_only_flagged([]);
    overdrawn()
        .when_asked(revise("2024-06-01", cents(99_99)))
        .then_only_flagged([too_much("-30.00 EUR", "0.01 EUR", "2024-06-01")]);
}

#[test]
fn a_pledge_is_tagged_as_a_whole_while_it_is_announced() {
    let tag = |subject| {
        let set = tags(subject, "objectives@2024", &[("1", 1_000_000)]);
        ask("2024-06-01", PledgeCommand::ReplaceTagSet(set))
    };
    let published = given(
        Profile::Mirror,
        [announced(eur(100)), scheme_published(objectives())],
    );
    published
        .clone()
        .when_asked(tag(TagSubject::Whole))
        .then_only_flagged([]);
    published
        .clone()
        .when_asked(tag(TagSubject::Line(the_line())))
        .then_rejected(Rejection::Malformed {
            field: "part".to_owned(),
            problem: "must be left out: a pledge is tagged as a whole".to_owned(),
        });
    published
        .when_asked(reverse_entry(1, ReversalReason::Withdrawn))
        .accepted()
        .when_asked(tag(TagSubject::Whole))
        .then_rejected(Rejection::UnknownPledge(the_pledge()));
}

#[test]
fn totals_of_a_pledge_stay_in_the_range_of_money() {
    let half = minor(500_000_000_000_000_000, "EUR");
    let history = [
        signed(eur(100)),
        announced(half),
        converted("2024-02-01", half),
    ];
    given(Profile::Mirror, history.clone())
        .when_asked(convert("2024-06-01", minor(499_999_999_999_999_999, "EUR")))
        .accepted();
    given(Profile::Mirror, history)
        .when_asked(convert("2024-06-01", half))
        .then_refused([(
            Some(0),
            Rejection::TotalOutOfRange {
                stream: Stream::Pledge(the_pledge()),
            },
        )]);
}
