//! Topics that are not what this process has read, or not ours.

use perennial_app::ports::log::{AppendOutcome, LogOffset, LogRead as _, ReadError};
use perennial_log_kafka::KafkaLog;
use perennial_testkit::log_contract::{append, appended, claimed, text};
use rdkafka::admin::AdminOptions;
use rdkafka::message::OwnedHeaders;

use crate::{admin, another, cluster, cluster_with, create, put, read_to_error, wait};

#[track_caller]
fn is_damage(error: &ReadError, at: u64, expected: &str) {
    let ReadError::Damaged { offset, problem } = error else {
        panic!("{error}")
    };
    assert_eq!(*offset, LogOffset(at));
    assert!(problem.contains(expected), "{problem}");
}

#[test]
fn somebody_elses_record_stops_readers_and_writers_where_it_stands() {
    let Some(cluster) = cluster() else { return };
    let log = create(&cluster, "acme");
    claimed(&log, "claim");
    appended(&log, &["a"]);
    put(
        &cluster,
        log.topic(),
        "acme",
        b"{\"hello\":1}",
        OwnedHeaders::new(),
    );
    let (read, error) = read_to_error(&log, LogOffset(0));
    assert_eq!(read.iter().map(text).collect::<Vec<_>>(), ["claim", "a"]);
    let problem = "the record is not one of this ledger: unknown field, byte 0x7b";
    is_damage(&error, 2, problem);
    assert!(matches!(
        append(&log, &["b"]),
        AppendOutcome::Rejected { reason } if reason.contains(problem)
    ));
    // Who opens it now is told at once.
    let error = another(&cluster).open("acme").unwrap_err();
    assert!(error.is_integrity_failure());
    assert!(error.to_string().contains(problem), "{error}");
}

#[test]
fn somebody_elses_record_in_the_middle_stops_a_reader_that_comes_later() {
    let Some(cluster) = cluster_with(|settings| settings.window_bytes = 0) else {
        return;
    };
    let log = create(&cluster, "acme");
    claimed(&log, "claim");
    put(&cluster, log.topic(), "other", b"", OwnedHeaders::new());
    read_to_error(&log, LogOffset(1));
    drop(log);
    // A leader that overlooks it goes on; its last record is what the next one to open looks at.
    let value = perennial_testkit::log_contract::record("z").0;
    let ours = another(&cluster);
    let scratch = create(&ours, "scratch");
    claimed(&scratch, "claim");
    appended(&scratch, &["z"]);
    put(
        &cluster,
        &topic_of(&scratch, "acme"),
        "acme",
        &value,
        headers("acme"),
    );
    let log = another(&cluster).open("acme").unwrap();
    let (read, error) = read_to_error(&log, LogOffset(0));
    assert_eq!(read.iter().map(text).collect::<Vec<_>>(), ["claim"]);
    is_damage(
        &error,
        1,
        "the record is not one of this ledger: it is empty",
    );
}

fn topic_of(log: &KafkaLog, ledger_id: &str) -> String {
    log.topic().replace("scratch", ledger_id)
}

/// The headers of a record that `log_contract` makes.
fn headers(ledger_id: &str) -> OwnedHeaders {
    let pairs = [
        ("ce_source", format!("/ledgers/{ledger_id}")),
        ("ce_type", "perennial.log.record.v1".to_owned()),
        ("ce_id", "1-7".to_owned()),
        ("ce_sequence", "00000000000000000007".to_owned()),
    ];
    pairs
        .iter()
        .fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(rdkafka::message::Header {
                key,
                value: Some(value),
            })
        })
}

#[test]
fn a_header_that_contradicts_its_record_is_damage() {
    let Some(cluster) = cluster() else { return };
    let log = create(&cluster, "acme");
    claimed(&log, "claim");
    let value = perennial_testkit::log_contract::record("a").0;
    put(&cluster, log.topic(), "acme", &value, headers("acme"));
    put(&cluster, log.topic(), "acme", &value, headers("other"));
    let (read, error) = read_to_error(&log, LogOffset(0));
    assert_eq!(read.iter().map(text).collect::<Vec<_>>(), ["claim", "a"]);
    is_damage(
        &error,
        2,
        "header ce_source is \"/ledgers/other\", its bytes say \"/ledgers/acme\"",
    );
}

/// Deletes a ledger's topic and makes it again with `records` in it, while `log` is open on it.
fn make_again(
    log: &KafkaLog,
    cluster: &std::sync::Arc<perennial_log_kafka::KafkaCluster>,
    records: usize,
) {
    let options = AdminOptions::new();
    let deleted = wait(admin(cluster).delete_topics(&[log.topic()], &options)).unwrap();
    assert!(deleted[0].is_ok());
    let intruder = another(cluster);
    let new = loop {
        // Brokers forget a topic a little after they say so.
        match intruder.create_ledger_topic("acme") {
            Ok(()) => break intruder.open("acme").unwrap(),
            Err(perennial_log_kafka::ClusterError::Exists { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    };
    claimed(&new, "another history");
    appended(&new, &vec!["z"; records]);
}

#[test]
fn a_topic_that_was_made_again_shorter_is_damage_and_not_a_new_ledger() {
    let Some(cluster) = cluster() else { return };
    let log = create(&cluster, "acme");
    claimed(&log, "claim");
    appended(&log, &["a", "b", "c"]);
    make_again(&log, &cluster, 1);
    let (read, error) = read_to_error(&log, LogOffset(4));
    assert_eq!(read, []);
    assert!(matches!(error, ReadError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("made again"), "{error}");
    assert!(matches!(
        append(&log, &["d"]),
        AppendOutcome::Rejected { .. }
    ));
}

#[test]
fn a_topic_that_was_made_again_longer_is_damage_and_not_what_follows() {
    let Some(cluster) = cluster() else { return };
    let log = create(&cluster, "acme");
    claimed(&log, "claim");
    appended(&log, &["a"]);
    make_again(&log, &cluster, 20);
    let (_, error) = read_to_error(&log, LogOffset(2));
    is_damage(&error, 0, "made again");
    assert!(matches!(
        append(&log, &["d"]),
        AppendOutcome::Rejected { .. }
    ));
    let error = log.tail(LogOffset(0)).unwrap().read(100).unwrap_err();
    is_damage(&error, 0, "made again");
}
