//! What a topic must be, and what is said of one that is not.

use perennial_app::ports::log::{LogOffset, LogRead as _};
use perennial_log_kafka::{ClusterError, KafkaCluster};
use perennial_testkit::log_contract::{appended, claimed, text, texts};
use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use rdkafka::{Offset, TopicPartitionList};

use crate::{admin, another, cluster, cluster_with, create, wait};

/// Makes a ledger's topic as somebody else would, with what a ledger needs and then `changes`.
fn make(cluster: &KafkaCluster, ledger_id: &str, partitions: i32, changes: &[(&str, &str)]) {
    let topic = format!("{}.{ledger_id}.log.v1", cluster.settings().prefix);
    let mut new = NewTopic::new(&topic, partitions, TopicReplication::Fixed(1));
    for (name, value) in [
        ("retention.ms", "-1"),
        ("min.insync.replicas", "1"),
        ("flush.messages", "1"),
    ] {
        new = new.set(name, value);
    }
    for (name, value) in changes {
        new = new.set(name, value);
    }
    let options = AdminOptions::new();
    let made = wait(admin(cluster).create_topics([&new], &options)).unwrap();
    assert!(made[0].is_ok(), "{made:?}");
}

fn refused(cluster: &std::sync::Arc<KafkaCluster>, ledger_id: &str) -> String {
    let error = cluster.open(ledger_id).unwrap_err();
    assert!(matches!(error, ClusterError::Unsafe { .. }), "{error}");
    let topic = format!("{}.{ledger_id}.log.v1", cluster.settings().prefix);
    let text = error.to_string();
    let start = format!("topic {topic} is not safe for a ledger: ");
    text.strip_prefix(&start).unwrap().to_owned()
}

#[test]
fn a_topic_that_would_lose_history_is_refused_whatever_is_allowed() {
    let Some(cluster) = cluster_with(|settings| settings.allow_weak_durability = true) else {
        return;
    };
    make(&cluster, "kept", 1, &[]);
    assert!(cluster.open("kept").is_ok());
    for (ledger_id, partitions, change, finding) in [
        (
            "a-week",
            1,
            ("retention.ms", "604800000"),
            "retention.ms is 604800000, needs -1",
        ),
        (
            "a-gigabyte",
            1,
            ("retention.bytes", "1073741824"),
            "retention.bytes is 1073741824, needs -1",
        ),
        (
            "compacted",
            1,
            ("cleanup.policy", "compact"),
            "cleanup.policy is compact, needs delete",
        ),
        (
            "narrow",
            1,
            ("max.message.bytes", "900000"),
            "max.message.bytes is 900000, needs 1048588 or more",
        ),
        (
            "split",
            2,
            ("retention.ms", "-1"),
            "partitions is 2, needs 1, which no setting can bring back",
        ),
    ] {
        make(&cluster, ledger_id, partitions, &[change]);
        assert_eq!(refused(&cluster, ledger_id), finding);
    }
}

#[test]
fn a_topic_that_may_lose_acknowledged_records_passes_only_if_that_is_allowed() {
    let Some(strict) = cluster() else { return };
    let mut settings = strict.settings().clone();
    settings.allow_weak_durability = true;
    let lenient = KafkaCluster::connect(settings).unwrap();
    let changes = [
        ("flush.messages", "1000"),
        ("unclean.leader.election.enable", "true"),
    ];
    make(&strict, "weak", 1, &changes);
    assert_eq!(
        refused(&strict, "weak"),
        "unclean.leader.election.enable is true, needs false (allow_weak_durability lets it pass); \
         flush.messages is 1000, needs 1 (allow_weak_durability lets it pass)"
    );
    assert_eq!(lenient.check("weak").unwrap().len(), 2);
    let log = lenient.open("weak").unwrap();
    claimed(&log, "claim");
}

#[test]
fn a_topic_has_as_many_replicas_as_were_asked_for() {
    let Some(cluster) = cluster_with(|settings| settings.replicas = 3) else {
        return;
    };
    make(&cluster, "alone", 1, &[]);
    assert_eq!(
        refused(&cluster, "alone"),
        "replication factor is 1, needs 3 or more (allow_weak_durability lets it pass); \
         min.insync.replicas is 1, needs 2 or more (allow_weak_durability lets it pass)"
    );
    let error = cluster.create_ledger_topic("three").unwrap_err();
    assert!(matches!(error, ClusterError::Denied { .. }), "{error}");
    assert!(
        error.to_string().ends_with("(it needs 3 brokers or more)"),
        "{error}"
    );
}

#[test]
fn a_new_topic_has_every_setting_and_is_there_once() {
    let Some(cluster) = cluster() else { return };
    assert_eq!(cluster.ledgers().unwrap(), [""; 0]);
    let missing = cluster.open("acme-2026").unwrap_err();
    assert!(
        matches!(missing, ClusterError::NotFound { .. }),
        "{missing}"
    );
    let log = create(&cluster, "acme-2026");
    assert_eq!(cluster.check("acme-2026").unwrap(), []);
    let exists = cluster.create_ledger_topic("acme-2026").unwrap_err();
    assert!(matches!(exists, ClusterError::Exists { .. }), "{exists}");
    cluster.create_ledger_topic("aaaa").unwrap();
    assert_eq!(cluster.ledgers().unwrap(), ["aaaa", "acme-2026"]);
    assert_eq!(another(&cluster).ledgers().unwrap(), ["aaaa", "acme-2026"]);
    let wrong = cluster.create_ledger_topic("a.b").unwrap_err();
    assert!(matches!(wrong, ClusterError::LedgerId(_)), "{wrong}");
    drop(log);
}

#[test]
fn a_log_is_opened_again_with_all_that_is_in_it() {
    let Some(cluster) = cluster() else { return };
    let log = create(&cluster, "acme");
    claimed(&log, "claim");
    appended(&log, &["a", "b"]);
    drop(log);
    let elsewhere = another(&cluster).open("acme").unwrap();
    assert_eq!(texts(&elsewhere), ["claim", "a", "b"]);
    assert_eq!(texts(&cluster.open("acme").unwrap()), ["claim", "a", "b"]);
}

#[test]
fn a_topic_whose_beginning_was_deleted_is_damaged() {
    let Some(cluster) = cluster() else { return };
    let log = create(&cluster, "acme");
    claimed(&log, "claim");
    appended(&log, &["a", "b"]);
    let mut before = TopicPartitionList::new();
    before
        .add_partition_offset(log.topic(), 0, Offset::Offset(2))
        .unwrap();
    let options = AdminOptions::new();
    wait(admin(&cluster).delete_records(&before, &options)).unwrap();
    let error = another(&cluster).open("acme").unwrap_err();
    assert!(error.is_integrity_failure());
    let expected = format!(
        "damaged topic {} at offset 0: the topic begins at offset 2: what was before is gone",
        log.topic()
    );
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_tail_goes_on_after_its_log_was_closed() {
    let Some(cluster) = cluster() else { return };
    let log = create(&cluster, "acme");
    claimed(&log, "claim");
    let mut tail = log.tail(LogOffset(0)).unwrap();
    let mut end = log.durable_end();
    drop(log);
    let elsewhere = another(&cluster);
    let writer = elsewhere.open("acme").unwrap();
    let (_, next) = claimed(&writer, "claim 2");
    wait(end.wait_for(|end| next <= *end)).unwrap();
    let read = tail.read(1000).unwrap();
    assert_eq!(
        read.iter().map(text).collect::<Vec<_>>(),
        ["claim", "claim 2"]
    );
}
