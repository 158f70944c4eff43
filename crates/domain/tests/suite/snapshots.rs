//! A book that was read from a snapshot equals the one that was folded, wherever and however the snapshot was
//! taken; and bytes that are no snapshot do no harm.

use perennial_domain::agreement::AgreementCommand;
use perennial_domain::book::{Book, SNAPSHOT_FORMAT, SnapshotLoader, Sweep};
use perennial_domain::command::{Action, Command, Submission};
use perennial_domain::event::{Event, Stream};
use perennial_domain::ids::PlanId;
use perennial_domain::import::{ImportCommand, ImportCounts, ImportSource};
use perennial_domain::ledger::{ExceptionId, LedgerCommand, LedgerPolicy, Tolerance};
use perennial_domain::log::{EventId, Position, Recorded, Revision};
use perennial_domain::party::{ExternalReference, OrgRef};
use perennial_domain::pledge::{PledgeAnnouncement, PledgeCommand};
use perennial_domain::reference::{OrganisationMerge, ReferenceCommand, Scheme};
use perennial_domain::requirement::{Ask, Requirement, RequirementCommand};
use perennial_domain::rule::Profile;
use perennial_domain::tag::TagSubject;
use perennial_testkit::history::periods::{adjusting, close, open, reopen};
use perennial_testkit::history::registry_words::*;
use perennial_testkit::history::words::*;
use perennial_testkit::history::{new_book, recorded};
use perennial_testkit::random::Random;

use crate::replay::Story;

/// Adds pledges, import runs and submitters' numbers to what [`Story`] tells.
fn go_on(story: &mut Story, strict: bool) {
    let agreement_id = format!("agreement-{}", story.random.between(1, 4));
    let mut command = match story.random.below(11) {
        0 => pledge_command(story),
        1 => import_command(story),
        2 => registry_command(story, &agreement_id),
        3 => ledger_command(story),
        4 => calendar_command(story),
        _ => story.command(&agreement_id, strict),
    };
    if story.random.one_in(2) {
        command.external_reference = Some(ExternalReference {
            system: "treasury".into(),
            reference: format!("PV-{}", story.random.below(6)).into(),
        });
    }
    let submission = Submission {
        commands: vec![command],
        expected: Vec::new(),
    };
    let decision = story
        .book
        .decide(&submission, story.next, date("2027-01-01"));
    let Ok(decision) = decision else { return };
    story.book.apply(&decision);
    for (event_id, event) in decision.events() {
        let (position, index) = (event_id.position, event_id.index);
        story.log.push(recorded(position, index, event.clone()));
    }
    story.next = Position(story.next.0 + 1);
}

/// Another tolerance, or a word on a flag of some earlier event.
fn ledger_command(story: &mut Story) -> Command {
    let flagged: Vec<ExceptionId> = story
        .log
        .iter()
        .flat_map(|recorded| {
            let event_id = recorded.event_id;
            let flags = recorded.event.flags.iter();
            flags.map(move |flag| ExceptionId {
                event_id,
                rule: flag.rule,
            })
        })
        .collect();
    let some = u64::try_from(flagged.len().max(1)).unwrap();
    let some = usize::try_from(story.random.below(some)).unwrap();
    let disposition = "looked at".to_owned();
    let command = match (flagged.get(some).copied(), story.random.below(3)) {
        (Some(exception), 0) => LedgerCommand::ResolveException {
            exception,
            disposition,
        },
        (Some(exception), 1) => LedgerCommand::AcknowledgeException {
            exception,
            disposition,
        },
        _ => LedgerCommand::ChangePolicy {
            policy: LedgerPolicy {
                tolerance: Tolerance {
                    absolute_minor: story.random.below(3),
                    relative_ppm: 0,
                },
                ..LedgerPolicy::default()
            },
            reason: "another year".to_owned(),
        },
    };
    asked(Action::Ledger(command))
}

fn pledge_command(story: &mut Story) -> Command {
    let number = story.random.below(3);
    let command = match story.random.below(4) {
        0 | 1 => PledgeCommand::Announce(PledgeAnnouncement {
            perspective: perennial_domain::agreement::Perspective::Provider,
            donor: org("XM-DONOR"),
            recipient: Some(org("XM-AGENCY")),
            amount: eur(500),
            forum: Some("conference".to_owned()),
            intended_period: Some(period("2024-01-01", "2026-12-31")),
            purposes: perennial_domain::classification::Split::default(),
            places: perennial_domain::classification::Split::default(),
            published: Some(published("500")),
            functional: None,
        }),
        2 => PledgeCommand::Convert {
            agreement_id: agreement("agreement-1"),
            amount: eur(5),
        },
        _ => PledgeCommand::ReverseEntry {
            target: EventId {
                position: Position(story.random.below(story.next.0)),
                index: 0,
            },
            reason: perennial_domain::agreement::ReversalReason::Error,
        },
    };
    asked(Action::Pledge(pledge(&format!("pledge-{number}")), command))
}

fn calendar_command(story: &mut Story) -> Command {
    let label = ["2024", "2025"][usize::from(story.random.one_in(2))];
    let on = ["2025-01-02", "2026-01-02"][usize::from(story.random.one_in(2))];
    match story.random.below(4) {
        0 => open(label, &format!("{label}-01-01"), &format!("{label}-12-31")),
        1 => close(on, label, 0),
        2 => reopen(on, label),
        _ => adjusting(label, disburse("2026-02-01", eur(1))),
    }
}

fn import_command(story: &mut Story) -> Command {
    let number = story.random.below(4);
    let command = if story.random.one_in(2) {
        ImportCommand::Start(ImportSource {
            dataset: "nl-mfa-13-activities".to_owned(),
            file_sha256: [7; 32],
            published_on: date(["2024-05-01", "2024-05-02"][usize::from(number == 1)]),
        })
    } else {
        ImportCommand::Complete {
            counts: ImportCounts::default(),
            reasons: Vec::new(),
        }
    };
    asked(Action::Import(import(&format!("import-{number}")), command))
}

/// Lists, organisations, tags, splits and plans.
fn registry_command(story: &mut Story, agreement_id: &str) -> Command {
    let agreement_id = agreement(agreement_id);
    let next = format!("objectives@{}", story.random.between(2024, 2026));
    let set = tags(
        TagSubject::Whole,
        "objectives@2024",
        &[("1.1", 400_000), ("2", 600_000)],
    );
    asked(match story.random.below(6) {
        0 => Action::Reference(ReferenceCommand::PublishScheme(Scheme {
            list: list(&next),
            ..objectives()
        })),
        1 => Action::Reference(ReferenceCommand::RegisterOrganisation(OrgRef {
            name: Some(format!("Agency {}", story.random.below(3)).into()),
            ..org("XM-AGENCY")
        })),
        2 => Action::Reference(ReferenceCommand::MergeOrganisation(OrganisationMerge {
            merged: org("XM-OLD"),
            surviving: org(["XM-OLD", "XM-AGENCY"][usize::from(story.random.one_in(2))]),
            reason: "merger".to_owned(),
        })),
        3 => Action::Agreement(agreement_id, AgreementCommand::ReplaceTagSet(set)),
        4 => Action::Agreement(
            agreement_id,
            AgreementCommand::ReclassifySplits {
                line_id: Some(the_line()),
                splits: splits("15220", "SS"),
                reason: "amendment".to_owned(),
            },
        ),
        _ => Action::Requirement(
            PlanId::parse("plan-1").unwrap(),
            RequirementCommand::Publish(Requirement {
                version: format!("{}", story.random.below(4)).into(),
                title: "A plan".to_owned(),
                perspective: perennial_domain::agreement::Perspective::Provider,
                list: list("objectives@2024"),
                places: vec!["SS".into()],
                asks: vec![Ask {
                    objective: Some("2".into()),
                    period: period("2024-01-01", "2025-12-31"),
                    amount: eur(70),
                }],
            }),
        ),
    })
}

fn asked(action: Action) -> Command {
    Command {
        effective_on: date("2024-06-01"),
        external_reference: None,
        evidence: Vec::new(),
        overrides: Vec::new(),
        action,
        functional_from_table: false,
    }
}

fn story(random: &mut Random, profile: Profile, submissions: usize) -> Story {
    let mut story = Story::new(random.split(), profile);
    for _ in 0..submissions {
        go_on(&mut story, profile == Profile::Strict);
    }
    story
}

/// Takes a snapshot of a book that stands still.
fn snapshot(book: &Book, bytes_about: usize) -> Vec<Vec<u8>> {
    let (mut sweep, streams) = (Sweep::new(), book.streams());
    std::iter::from_fn(|| sweep.next_part(book, &streams, bytes_about)).collect()
}

#[track_caller]
fn load(parts: &[Vec<u8>]) -> Book {
    let mut loader = SnapshotLoader::default();
    for part in parts {
        loader.part(part).unwrap();
    }
    loader.finish().unwrap()
}

fn begins(recorded: &Recorded<Event>) -> Option<Stream> {
    (recorded.event.revision == Revision(1)).then(|| recorded.event.stream.clone())
}

#[test]
fn inv_6_a_snapshot_after_any_record_and_the_rest_give_the_folded_book() {
    let mut random = Random::for_test("inv_6_a_snapshot_after_any_record");
    let mut taken = 0;
    for _ in 0..12 {
        for profile in [Profile::Strict, Profile::Mirror] {
            let story = story(&mut random, profile, 60);
            let mut folded = new_book(profile, LedgerPolicy::default());
            for k in 0..=story.log.len() {
                let mut loaded = load(&snapshot(&folded, 200));
                assert_eq!(loaded, folded, "after {k} events");
                for event in &story.log[k..] {
                    loaded.evolve(event).unwrap();
                }
                assert_eq!(loaded, story.book, "after {k} events and the rest");
                assert_eq!(loaded.digest_input(), story.book.digest_input());
                if let Some(event) = story.log.get(k) {
                    folded.evolve(event).unwrap();
                }
                taken += 1;
            }
        }
    }
    assert!(500 < taken, "the stories must tell something: {taken}");
    println!("{taken} snapshots");
}

#[test]
fn inv_6_a_snapshot_taken_while_records_are_folded_catches_up_to_the_folded_book() {
    let mut random = Random::for_test("inv_6_a_snapshot_taken_while_records_are_folded");
    let mut seen_by_later_steps = 0;
    for round in 0..200 {
        let profile = [Profile::Strict, Profile::Mirror][round % 2];
        let story = story(&mut random, profile, 80);
        let mut book = new_book(profile, LedgerPolicy::default());
        let low = usize::try_from(random.below(story.log.len() as u64)).unwrap();
        let (before, after) = story.log.split_at(low);
        for event in before {
            book.evolve(event).unwrap();
        }
        // The sweep, with a few records between its steps.
        let (mut sweep, mut streams) = (Sweep::new(), book.streams());
        let (mut parts, mut high) = (Vec::new(), 0);
        while let Some(part) = sweep.next_part(&book, &streams, 50) {
            parts.push(part);
            for event in after
                .iter()
                .skip(high)
                .take(usize::try_from(random.below(6)).unwrap())
            {
                book.evolve(event).unwrap();
                streams.extend(begins(event));
                high += 1;
            }
        }
        let mut loaded = load(&parts);
        for event in &after[..high] {
            loaded.catch_up(event).unwrap();
        }
        assert_eq!(loaded, book, "at the last step");
        for event in &after[high..] {
            loaded.evolve(event).unwrap();
        }
        assert_eq!(loaded, story.book, "at the end");
        seen_by_later_steps += high;
    }
    assert!(1_000 < seen_by_later_steps, "{seen_by_later_steps}");
}

#[test]
fn equal_books_have_equal_snapshots() {
    let mut random = Random::for_test("equal_books_have_equal_snapshots");
    for profile in [Profile::Strict, Profile::Mirror] {
        let story = story(&mut random, profile, 100);
        let mut replayed = new_book(profile, LedgerPolicy::default());
        for event in &story.log {
            replayed.evolve(event).unwrap();
        }
        for bytes_about in [1, 1_000, usize::MAX] {
            let parts = snapshot(&story.book, bytes_about);
            assert_eq!(snapshot(&replayed, bytes_about), parts);
            assert_eq!(snapshot(&load(&parts), bytes_about), parts);
        }
    }
}

#[test]
fn a_part_is_about_as_large_as_asked_for() {
    let mut random = Random::for_test("a_part_is_about_as_large_as_asked_for");
    let story = story(&mut random, Profile::Strict, 300);
    let whole = snapshot(&story.book, usize::MAX);
    assert_eq!(
        whole.len(),
        5,
        "the ledger, its streams, what blocks closings, its references, its exceptions"
    );
    let single = snapshot(&story.book, 1);
    assert!(story.book.streams().len() + 2 < single.len());
}

#[test]
fn cut_snapshots_are_refused_and_changed_ones_do_no_harm() {
    let mut random = Random::for_test("cut_snapshots_are_refused_and_changed_ones_do_no_harm");
    let story = story(&mut random, Profile::Strict, 100);
    let parts = snapshot(&story.book, usize::MAX);
    for (at, part) in parts.iter().enumerate() {
        let mut loader = SnapshotLoader::default();
        for before in &parts[..at] {
            loader.part(before).unwrap();
        }
        let before = loader.finish();
        let mut refused = 0;
        for length in 0..part.len() {
            let mut loader = SnapshotLoader::default();
            for before in &parts[..at] {
                loader.part(before).unwrap();
            }
            // A list that ends between two items is whole: what is missing, the store's digest knows.
            refused += usize::from(loader.part(&part[..length]).is_err());
        }
        assert!(part.len() / 2 < refused, "{refused} of {}", part.len());
        for _ in 0..300 {
            let mut changed = part.clone();
            for _ in 0..random.between(1, 4) {
                let place = usize::try_from(random.below(part.len() as u64)).unwrap();
                changed[place] = u8::try_from(random.below(256)).unwrap();
            }
            let mut loader = SnapshotLoader::default();
            if before.is_ok() {
                for before in &parts[..at] {
                    loader.part(before).unwrap();
                }
            }
            if loader.part(&changed).is_ok() {
                // Whatever it says now, the book can be folded on without a panic.
                let mut book = loader.finish().unwrap();
                for event in &story.log {
                    if book.catch_up(event).is_err() {
                        break;
                    }
                }
            }
        }
    }
}

#[test]
fn noise_is_no_snapshot() {
    let mut random = Random::for_test("noise_is_no_snapshot");
    for _ in 0..2_000 {
        let length = random.below(200);
        let noise: Vec<u8> = (0..length)
            .map(|_| u8::try_from(random.below(256)).unwrap())
            .collect();
        assert!(SnapshotLoader::default().part(&noise).is_err());
    }
}

#[test]
fn a_snapshot_of_another_format_or_in_another_order_is_refused() {
    let story = story(
        &mut Random::for_test("a_snapshot_of_another_format"),
        Profile::Strict,
        20,
    );
    let parts = snapshot(&story.book, usize::MAX);
    let format = u8::try_from(SNAPSHOT_FORMAT).unwrap();
    assert_eq!(parts[0][0], format);
    let mut newer = parts[0].clone();
    newer[0] = format + 1;
    assert!(SnapshotLoader::default().part(&newer).is_err());
    assert!(SnapshotLoader::default().part(&parts[1]).is_err());
    let mut loader = SnapshotLoader::default();
    loader.part(&parts[0]).unwrap();
    assert!(loader.part(&parts[0]).is_err(), "the ledger twice");
    let mut loader = SnapshotLoader::default();
    loader.part(&parts[0]).unwrap();
    loader.part(&parts[1]).unwrap();
    assert!(loader.part(&parts[1]).is_err(), "the streams twice");
    assert!(
        SnapshotLoader::default().finish().is_err(),
        "no part at all"
    );
}
