//! Tests of the log on real Kafka. Most share one broker and have a topic each; those that kill brokers have their own.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic as tests do"
)]

mod contract;
mod faults;
mod foreign;
mod topics;
mod writers;

use std::future::Future;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use perennial_app::ports::log::{LogOffset, LogRead, ReadError, TailEntry};
use perennial_kafka_rig::Broker;
use perennial_log_kafka::{KafkaCluster, KafkaLog, KafkaSettings};
use rdkafka::admin::AdminClient;
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

static BROKER: Broker = Broker::new();

/// Settings for a single broker, with a prefix that no other test has.
fn settings(bootstrap: &str) -> KafkaSettings {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    // The broker may be shared with other runs.
    let run = RandomState::new().build_hasher().finish();
    KafkaSettings {
        prefix: format!("test-{run:016x}-{count}"),
        replicas: 1,
        ..KafkaSettings::new(bootstrap)
    }
}

/// A cluster with topics of its own on the shared broker. None where there is no Kafka.
fn cluster() -> Option<Arc<KafkaCluster>> {
    cluster_with(|_| ())
}

fn cluster_with(change: impl FnOnce(&mut KafkaSettings)) -> Option<Arc<KafkaCluster>> {
    let mut settings = settings(&BROKER.bootstrap()?);
    change(&mut settings);
    Some(KafkaCluster::connect(settings).unwrap())
}

/// Another process, as it were, on the same topics.
fn another(cluster: &KafkaCluster) -> Arc<KafkaCluster> {
    KafkaCluster::connect(cluster.settings().clone()).unwrap()
}

/// A new ledger with its log.
fn create(cluster: &Arc<KafkaCluster>, ledger_id: &str) -> KafkaLog {
    cluster.create_ledger_topic(ledger_id).unwrap();
    cluster.open(ledger_id).unwrap()
}

/// Waits for a minute at most.
fn wait<T>(what: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().build().unwrap();
    let limited = async { tokio::time::timeout(Duration::from_mins(1), what).await };
    runtime.block_on(limited).unwrap()
}

/// Waits until the log's durable end is at least `end`.
fn wait_for_end(log: &KafkaLog, end: LogOffset) {
    let mut known = log.durable_end();
    wait(known.wait_for(|known| end <= *known)).unwrap();
}

/// Reads from `from` on until there is an error, and returns it with what was read.
fn read_to_error(log: &KafkaLog, from: LogOffset) -> (Vec<TailEntry>, ReadError) {
    let mut tail = log.tail(from).unwrap();
    let mut end = log.durable_end();
    let mut entries = Vec::new();
    loop {
        end.borrow_and_update();
        match tail.read(1_000_000) {
            Ok(more) if more.is_empty() => wait(end.changed()).unwrap(),
            Ok(more) => entries.extend(more),
            Err(error) => return (entries, error),
        }
    }
}

fn client(cluster: &KafkaCluster) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &cluster.settings().bootstrap);
    config
}

fn admin(cluster: &KafkaCluster) -> AdminClient<DefaultClientContext> {
    client(cluster).create().unwrap()
}

/// Puts a record into a topic as any other program could.
fn put(cluster: &KafkaCluster, topic: &str, key: &str, value: &[u8], headers: OwnedHeaders) {
    let producer: BaseProducer = client(cluster).set("acks", "all").create().unwrap();
    let record = BaseRecord::to(topic).key(key).payload(value);
    producer.send(record.headers(headers)).unwrap();
    producer.flush(Duration::from_secs(30)).unwrap();
}
