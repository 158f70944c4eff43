//! Brokers that are away, hang, or do not let us in: what is durable is not lost (INV-4).

use std::fs;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use perennial_app::ports::log::{AppendOutcome, Log as _, LogOffset, LogRead as _, ReadError};
use perennial_kafka_rig::{Nodes, TestRig};
use perennial_log_kafka::{
    ClusterError, Connection, KafkaCluster, KafkaLog, KafkaSettings, Mechanism, Sasl,
};
use perennial_testkit::log_contract::{appended, claim, claimed, read_from, record, text, texts};

use crate::{BROKER, admin, create, settings, wait};

#[test]
fn a_wrong_password_is_told_as_such_and_not_as_a_timeout() {
    let Some(bootstrap) = BROKER.sasl_bootstrap() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let with = |password: &str| {
        let file = directory.path().join(password);
        fs::write(&file, format!("{password}\n")).unwrap();
        let mut settings = settings(&bootstrap);
        settings.security.sasl = Some(Sasl {
            mechanism: Mechanism::Plain,
            username: "perennial".to_owned(),
            password_file: file,
        });
        // Longer than a test may take: the answer comes before.
        settings.reach_within = Duration::from_hours(1);
        KafkaCluster::connect(settings).unwrap()
    };
    let wrong = with("guess");
    let error = wrong.reach().unwrap_err();
    assert!(matches!(error, ClusterError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("uthentication"), "{error}");
    let error = wrong.create_ledger_topic("acme").unwrap_err();
    assert!(matches!(error, ClusterError::Refused { .. }), "{error}");
    assert!(matches!(
        *wrong.connection().borrow(),
        Connection::Refused(_)
    ));

    let right = with("perennial");
    let log = create(&right, "acme");
    claimed(&log, "claim");
    assert_eq!(*right.connection().borrow(), Connection::Up);
}

#[test]
fn where_nobody_listens_is_said_within_the_time_that_is_set() {
    let settings = KafkaSettings {
        reach_within: Duration::from_millis(700),
        // The port of nothing that could be a broker.
        ..KafkaSettings::new("127.0.0.1:1")
    };
    let cluster = KafkaCluster::connect(settings).unwrap();
    let error = cluster.reach().unwrap_err();
    assert!(matches!(error, ClusterError::Unreachable { .. }), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("reach Kafka: no answer from Kafka at 127.0.0.1:1: "),
        "{error}"
    );
}

/// Appends batches of 20 until `stop` says that it is enough; returns what became of each.
fn append_until(log: &KafkaLog, stop: impl Fn() -> bool) -> Vec<(Vec<String>, AppendOutcome)> {
    let mut told = Vec::new();
    for batch in 0.. {
        let texts: Vec<String> = (0..20).map(|number| format!("{batch} {number}")).collect();
        let entries = texts.iter().map(|text| record(text)).collect();
        let outcome = log.append(entries).blocking_recv().unwrap();
        told.push((texts, outcome));
        if stop() {
            break;
        }
    }
    told
}

#[test]
fn a_broker_that_is_killed_or_hangs_loses_nothing_that_was_durable() {
    let Some(rig) = TestRig::for_test(Nodes::One) else {
        return;
    };
    let mut settings = settings(&rig.bootstrap());
    settings.window_bytes = 1000;
    let cluster = KafkaCluster::connect(settings.clone()).unwrap();
    let log = create(&cluster, "acme");
    claimed(&log, "claim");

    let (done, is_done) = mpsc::channel::<()>();
    let told = thread::scope(|scope| {
        let appending = scope.spawn(|| {
            append_until(&log, move || {
                is_done.try_recv() != Err(mpsc::TryRecvError::Empty)
            })
        });
        kill_and_restart(&rig, &cluster, &log);
        drop(done);
        appending.join().unwrap()
    });
    let mut expected = vec!["claim".to_owned()];
    for (texts, outcome) in told {
        // What is unknown may be there, and is not counted.
        if let AppendOutcome::Durable { first, .. } = outcome {
            assert_eq!(first.0, u64::try_from(expected.len()).unwrap());
            expected.extend(texts);
        }
    }
    assert!(expected.len() > 2000, "{} entries", expected.len());
    wait(cluster.connection().wait_for(|now| *now == Connection::Up)).unwrap();
    let elsewhere = KafkaCluster::connect(settings)
        .unwrap()
        .open("acme")
        .unwrap();
    assert!(texts(&elsewhere).starts_with(&expected));
    hold_up(&rig, &elsewhere);
}

/// Kills the broker in the middle of appends, looks what is said of it, and starts it again.
fn kill_and_restart(rig: &TestRig, cluster: &KafkaCluster, log: &KafkaLog) {
    let reached = |end: u64| {
        wait(log.durable_end().wait_for(|now| end < now.0)).unwrap();
    };
    reached(2000);
    rig.kill(1).unwrap();
    // Nobody answers, so what lies before the window cannot be read; and that is said.
    let error = log.tail(LogOffset(0)).unwrap().read(100).unwrap_err();
    assert!(matches!(error, ReadError::Unavailable { .. }), "{error}");
    let is_away = |now: &Connection| matches!(now, Connection::Unreachable(_));
    wait(cluster.connection().wait_for(is_away)).unwrap();
    // Who begins now is told so, and goes on trying.
    let mut early = cluster.settings().clone();
    early.reach_within = Duration::from_secs(1);
    let early = KafkaCluster::connect(early).unwrap();
    let error = early.reach().unwrap_err();
    assert!(matches!(error, ClusterError::Unreachable { .. }), "{error}");
    let before = log.durable_end().borrow().0;
    rig.restart(1).unwrap();
    let is_up = |now: &Connection| *now == Connection::Up;
    wait(early.connection().wait_for(is_up)).unwrap();
    reached(before + 200);
}

/// Holds the broker up with an append in flight: a claim settles it.
fn hold_up(rig: &TestRig, log: &KafkaLog) {
    claimed(log, "claim 2");
    rig.pause(1).unwrap();
    let in_flight = log.append(vec![record("perhaps")]);
    let settling = log.claim(claim("claim 3"));
    let outcome = in_flight.blocking_recv().unwrap();
    assert!(
        matches!(outcome, AppendOutcome::Unknown { .. }),
        "{outcome:?}"
    );
    rig.resume(1).unwrap();
    let AppendOutcome::Durable { first, .. } = settling.blocking_recv().unwrap() else {
        panic!("the claim is not durable")
    };
    appended(log, &["after"]);
    let all: Vec<_> = read_from(log, first).iter().map(text).collect();
    assert_eq!(all[0], "claim 3");
    assert_eq!(all.iter().filter(|text| *text == "after").count(), 1);
}

#[test]
fn three_brokers_lose_the_one_that_leads_and_nothing_else() {
    let Some(rig) = TestRig::for_test(Nodes::Three) else {
        return;
    };
    let mut settings = settings(&rig.bootstrap());
    settings.replicas = 3;
    let cluster = KafkaCluster::connect(settings).unwrap();
    let log = create(&cluster, "acme");
    assert_eq!(cluster.check("acme").unwrap(), []);
    claimed(&log, "claim");
    appended(&log, &["before"]);
    let metadata = admin(&cluster)
        .inner()
        .fetch_metadata(Some(log.topic()), Duration::from_secs(30))
        .unwrap();
    let leader = metadata.topics()[0].partitions()[0].leader();
    rig.kill(u16::try_from(leader).unwrap()).unwrap();
    appended(&log, &["after"]);
    assert_eq!(texts(&log), ["claim", "before", "after"]);
}
