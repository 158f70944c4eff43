//! What an append is told, and two writers on one topic (KAFKA.md 2.7: Kafka tells neither of the other).

use std::thread;

use perennial_app::ports::log::{
    AppendOutcome, Log as _, LogOffset, LogRead as _, Sharing, StoredEntry,
};
use perennial_log_kafka::KafkaLog;
use perennial_proof::entry::BODY_BYTES_MAX;
use perennial_testkit::log_contract::{
    append, appended, claim, claimed, read_from, record, text, texts,
};

use crate::{another, cluster, create, wait_for_end};

#[track_caller]
fn is_rejected(outcome: &AppendOutcome, expected: &str) {
    let AppendOutcome::Rejected { reason } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(reason.contains(expected), "{reason}");
}

#[track_caller]
fn is_unknown(outcome: &AppendOutcome, expected: &str) {
    let AppendOutcome::Unknown { reason } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(reason.contains(expected), "{reason}");
}

#[test]
fn nothing_is_sent_without_a_claim() {
    let Some(cluster) = cluster() else { return };
    let log = create(&cluster, "acme");
    assert_eq!(log.sharing(), Sharing::Shared);
    is_rejected(
        &append(&log, &["a"]),
        "there is no leadership: there was no claim yet",
    );
    claimed(&log, "claim");
    appended(&log, &["b"]);
    assert_eq!(texts(&log), ["claim", "b"]);
}

#[test]
fn what_kafka_would_refuse_is_rejected_before_it_is_sent_and_the_term_goes_on() {
    let Some(cluster) = cluster() else { return };
    let log = create(&cluster, "acme");
    claimed(&log, "claim");
    let largest = "x".repeat(BODY_BYTES_MAX);
    let (_, next) = appended(&log, &[&largest, &largest]);
    for (entry, expected) in [
        (
            vec![],
            "an entry of the batch is none: an entry without record and claim",
        ),
        (
            b"{}".to_vec(),
            "an entry of the batch is none: unknown field",
        ),
        (
            vec![0; 1_000_001],
            "an entry of 1000001 bytes is more than a record of Kafka takes",
        ),
    ] {
        let batch = vec![record("before"), StoredEntry(entry)];
        is_rejected(&log.append(batch).blocking_recv().unwrap(), expected);
    }
    assert_eq!(appended(&log, &["after"]).0, next);
    let read = read_from(&log, next);
    assert_eq!(read.iter().map(text).collect::<Vec<_>>(), ["after"]);
}

#[test]
fn a_deposed_writer_learns_it_from_its_next_append() {
    let Some(cluster) = cluster() else { return };
    let old = create(&cluster, "acme");
    let new = another(&cluster).open("acme").unwrap();
    claimed(&old, "old");
    appended(&old, &["a"]);
    let (_, next) = claimed(&new, "new");
    // Kafka takes it without an error, behind the claim.
    is_unknown(
        &append(&old, &["dead"]),
        "a record stands at offset 3, not 2: somebody else appends too",
    );
    is_rejected(
        &append(&old, &["b"]),
        "there is no leadership: a record stands at offset 3",
    );
    // So does the new one, whose next record does not stand where it belongs either.
    is_unknown(&append(&new, &["c"]), "a record stands at offset 4, not 3");
    claimed(&new, "new again");
    appended(&new, &["d"]);
    wait_for_end(&old, LogOffset(next.0 + 4));
    let expected = ["old", "a", "new", "dead", "c", "new again", "d"];
    assert_eq!(texts(&old), expected);
    assert_eq!(texts(&new), expected);
}

/// What became of the batches of one leadership, with their texts.
type Told = Vec<(Vec<String>, AppendOutcome)>;

/// Leads once with three pipelined batches of 100.
fn lead(log: &KafkaLog, name: &str) -> Told {
    claimed(log, name);
    let batches = (0..3).map(|batch| {
        let texts: Vec<String> = (0..100).map(|n| format!("{name} {batch} {n}")).collect();
        let ticket = log.append(texts.iter().map(|text| record(text)).collect());
        (texts, ticket)
    });
    let batches: Vec<_> = batches.collect();
    let told = batches.into_iter();
    told.map(|(texts, ticket)| (texts, ticket.blocking_recv().unwrap()))
        .collect()
}

#[test]
fn of_two_writers_each_is_told_durable_only_where_nothing_of_the_other_lies_between() {
    let Some(cluster) = cluster() else { return };
    let one = create(&cluster, "acme");
    let other = another(&cluster).open("acme").unwrap();
    let mut unknown = 0;
    for round in 0..10 {
        let (mut told, more) = thread::scope(|scope| {
            let names = (format!("one {round}"), format!("other {round}"));
            let (one, other) = (&one, &other);
            let first = scope.spawn(move || lead(one, &names.0));
            let second = scope.spawn(move || lead(other, &names.1));
            (first.join().unwrap(), second.join().unwrap())
        });
        told.extend(more);
        let end = one.end_now().blocking_recv().unwrap();
        wait_for_end(&one, end);
        for (texts, outcome) in told {
            let AppendOutcome::Durable { first, next } = outcome else {
                unknown += 1;
                continue;
            };
            let read = read_from(&one, first);
            let read: Vec<_> = read.iter().filter(|read| read.offset < next).collect();
            let found: Vec<_> = read.iter().map(|read| text(read)).collect();
            assert_eq!(found, texts, "round {round}");
        }
    }
    // Both claim and append at once, so hardly a round goes by without a collision.
    assert!(unknown > 0);
    // What was told as unknown may still arrive; nothing that was read changes.
    let (first, then) = (texts(&one), texts(&another(&cluster).open("acme").unwrap()));
    assert!(then.starts_with(&first));
}

#[test]
fn a_claim_gives_up_what_the_leadership_before_has_not_been_told() {
    let Some(cluster) = cluster() else { return };
    let log = create(&cluster, "acme");
    claimed(&log, "claim");
    let tickets: Vec<_> = (0..50)
        .map(|_| log.append(vec![record("a"); 100]))
        .collect();
    let second = log.claim(claim("claim 2"));
    for ticket in tickets {
        // Whether it is there, nobody says; but nothing of it is told as rejected, for it may be there.
        assert!(!matches!(
            ticket.blocking_recv().unwrap(),
            AppendOutcome::Rejected { .. }
        ));
    }
    assert!(matches!(
        second.blocking_recv().unwrap(),
        AppendOutcome::Durable { .. }
    ));
}

#[test]
fn a_copy_needs_no_claim_and_stays_in_order() {
    let Some(cluster) = cluster() else { return };
    let log = create(&cluster, "acme");
    let tickets = [
        log.append_raw(vec![claim("claim"), record("a")]),
        log.append_raw(vec![record("b"), claim("claim 2")]),
        log.append_raw(vec![record("c")]),
    ];
    for ticket in tickets {
        let outcome = ticket.blocking_recv().unwrap();
        assert!(
            matches!(outcome, AppendOutcome::Durable { .. }),
            "{outcome:?}"
        );
    }
    assert_eq!(texts(&log), ["claim", "a", "b", "claim 2", "c"]);
}
