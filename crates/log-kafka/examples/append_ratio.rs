//! Measures the log against raw clients on the same broker in the same run: one record in flight, groups, and reading
//! everything from the start. Both topics have the same settings, so only the ratios mean something.
//!
//! `cargo xtask kafka up`, then
//! `cargo run --release -p perennial-log-kafka --example append_ratio -- BROKER:PORT [ROUNDS]`
#![expect(clippy::print_stdout, reason = "its output is its purpose")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::error::Error;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use perennial_app::ports::log::{AppendOutcome, Log as _, LogOffset, LogRead as _, StoredEntry};
use perennial_log_kafka::{KafkaCluster, KafkaLog, KafkaSettings};
use perennial_proof::{Chain, Claim, Entry, Term, entry};
use rdkafka::config::{ClientConfig, FromClientConfigAndContext as _};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseRecord, DeliveryResult, ProducerContext, ThreadedProducer};
use rdkafka::{ClientContext, Offset, TopicPartitionList};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Body of a small record; with its header it takes about 300 bytes.
const BODY: [u8; 180] = [7; 180];
const WARM_UP: usize = 50;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let bootstrap = arguments.next().ok_or("name a broker: HOST:PORT")?;
    let rounds = arguments.next().map_or(Ok(500), |text| text.parse())?;
    let settings = KafkaSettings {
        prefix: format!("ratio-{}", std::process::id()),
        replicas: 1,
        ..KafkaSettings::new(&bootstrap)
    };
    let cluster = KafkaCluster::connect(settings)?;
    cluster.create_ledger_topic("ours")?;
    cluster.create_ledger_topic("raw-")?;
    let log = cluster.open("ours")?;
    let raw_log = cluster.open("raw-")?;
    claim(&log)?;
    let raw = Raw::new(&bootstrap, raw_log.topic())?;
    for group in [1, 16, 64] {
        let batch = records(group)?;
        let floor = median(rounds, || raw.append(&batch))?;
        let ours = median(rounds, || durable(&log, &batch))?;
        println!(
            "groups of {group}: raw acknowledgement {floor:.2?}, durable and read back {ours:.2?}, ratio {}",
            ratio(ours, floor)
        );
    }
    let entries = rounds.saturating_add(WARM_UP).saturating_mul(1 + 16 + 64);
    let floor = raw.read(&bootstrap, entries)?;
    let ours = read(&log, entries)?;
    println!(
        "reading {entries} entries: raw {floor:.2?}, tail {ours:.2?}, ratio {}",
        ratio(ours, floor)
    );
    Ok(())
}

fn ratio(ours: Duration, floor: Duration) -> String {
    let hundredths = ours.as_nanos().saturating_mul(100) / floor.as_nanos().max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn first_claim() -> Claim {
    Claim {
        term: Term(1),
        node: "ratio".to_owned(),
        address: String::new(),
        nonce: [1; 16],
    }
}

fn claim(log: &KafkaLog) -> Outcome<()> {
    let mut stored = Vec::new();
    entry::encode_claim(&mut stored, &first_claim())?;
    match log.claim(StoredEntry(stored)).blocking_recv()? {
        AppendOutcome::Durable { .. } => Ok(()),
        AppendOutcome::Rejected { reason } | AppendOutcome::Unknown { reason } => {
            Err(reason.into())
        }
    }
}

/// The first records of a chain; a log does not look at their places.
fn records(count: usize) -> Outcome<Vec<StoredEntry>> {
    let mut chain = Chain::new("ours");
    chain.judge(&Entry::Claim(first_claim()))?;
    let records = (0..count).map(|_| {
        let mut stored = Vec::new();
        chain.seal(1_700_000_000_000_000, &BODY, &mut stored)?;
        Ok(StoredEntry(stored))
    });
    records.collect()
}

fn median(rounds: usize, mut round: impl FnMut() -> Outcome<()>) -> Outcome<Duration> {
    let mut took = Vec::with_capacity(rounds);
    for number in 0..rounds + WARM_UP {
        let started = Instant::now();
        round()?;
        if WARM_UP <= number {
            took.push(started.elapsed());
        }
    }
    took.sort_unstable();
    Ok(took.get(took.len() / 2).copied().unwrap_or_default())
}

fn durable(log: &KafkaLog, batch: &[StoredEntry]) -> Outcome<()> {
    match log.append(batch.to_vec()).blocking_recv()? {
        AppendOutcome::Durable { .. } => Ok(()),
        AppendOutcome::Rejected { reason } | AppendOutcome::Unknown { reason } => {
            Err(reason.into())
        }
    }
}

fn read(log: &KafkaLog, entries: usize) -> Outcome<Duration> {
    let started = Instant::now();
    let mut tail = log.tail(LogOffset(0))?;
    // One is the claim.
    let mut left = entries.saturating_add(1);
    while 0 < left {
        left = left.saturating_sub(tail.read(1_000_000)?.len());
    }
    Ok(started.elapsed())
}

/// A producer of librdkafka with the same settings and nothing around it.
struct Raw {
    producer: ThreadedProducer<Acknowledged>,
    topic: String,
    acknowledged: mpsc::Receiver<bool>,
}

struct Acknowledged(mpsc::Sender<bool>);

impl ClientContext for Acknowledged {}

impl ProducerContext for Acknowledged {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        // Nobody is left at the end.
        self.0.send(result.is_ok()).unwrap_or_default();
    }
}

impl Raw {
    fn new(bootstrap: &str, topic: &str) -> Outcome<Self> {
        let (sender, acknowledged) = mpsc::channel();
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", bootstrap)
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "0");
        let producer = ThreadedProducer::from_config_and_context(&config, Acknowledged(sender))?;
        let topic = topic.to_owned();
        Ok(Self {
            producer,
            topic,
            acknowledged,
        })
    }

    fn append(&self, batch: &[StoredEntry]) -> Outcome<()> {
        for entry in batch {
            let record = BaseRecord::to(&self.topic)
                .key("raw-")
                .payload(&entry.0)
                .partition(0);
            self.producer.send(record).map_err(|(error, _)| error)?;
        }
        for _ in batch {
            if !self.acknowledged.recv()? {
                return Err("a record was not acknowledged".into());
            }
        }
        Ok(())
    }

    fn read(&self, bootstrap: &str, entries: usize) -> Outcome<Duration> {
        let started = Instant::now();
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", bootstrap)
            .set("group.id", "ratio")
            .set("enable.auto.commit", "false")
            .set("check.crcs", "true")
            .set("fetch.queue.backoff.ms", "10");
        let consumer: BaseConsumer = config.create()?;
        let mut place = TopicPartitionList::new();
        place.add_partition_offset(&self.topic, 0, Offset::Offset(0))?;
        consumer.assign(&place)?;
        let (mut left, mut bytes) = (entries, 0);
        while 0 < left {
            if let Some(message) = consumer.poll(Duration::from_secs(1)) {
                bytes += message?.payload().map_or(0, <[u8]>::len);
                left -= 1;
            }
        }
        println!("read {bytes} bytes");
        Ok(started.elapsed())
    }
}
