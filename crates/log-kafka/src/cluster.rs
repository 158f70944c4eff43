//! This process's connection to a cluster: the clients, their threads, and the topics of ledgers.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use perennial_app::ports::log::LogOffset;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::{Metadata, MetadataTopic};
use rdkafka::types::RDKafkaRespErr;
use tokio::sync::watch;

use crate::ends::{EndQuestion, Ends};
use crate::error::ClusterError;
use crate::followed::{Anchor, Followed};
use crate::follower::Follower;
use crate::instant::now;
use crate::link::{Connection, Link, Listener};
use crate::log::{Following, KafkaLog};
use crate::looks::{Look, Looks};
use crate::producer::Spares;
use crate::requirements::{Finding, Found, judge};
use crate::settings::KafkaSettings;
use crate::topic::{self, Admin};

/// How long the first question to a broker may take: short, so that a refusal is noticed soon.
const ANSWERED_WITHIN: Duration = Duration::from_millis(500);
/// How long a later one may take: large clusters have long lists of topics.
const ANSWERED_WITHIN_MAX: Duration = Duration::from_secs(5);

/// This process's connection to a Kafka cluster, for all its ledgers. Calls block on the network: run them on the
/// blocking pool or on a thread of their own. Dropped once every log on it is.
pub struct KafkaCluster {
    settings: KafkaSettings,
    link: Arc<Link>,
    client: Arc<BaseConsumer<Listener>>,
    consumer: ClientConfig,
    pub(crate) follower: Arc<Follower>,
    pub(crate) spares: Arc<Spares>,
    pub(crate) ends: Sender<EndQuestion>,
    looks: Sender<Look>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl fmt::Debug for KafkaCluster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KafkaCluster")
            .field("settings", &self.settings)
            .field("connection", &self.link.now())
            .finish_non_exhaustive()
    }
}

impl KafkaCluster {
    /// Makes the clients. They connect by themselves, for as long as it takes: [`Self::connection`] says how it goes.
    ///
    /// # Errors
    /// [`ClusterError::Settings`], [`ClusterError::Denied`] by the client library.
    pub fn connect(settings: KafkaSettings) -> Result<Arc<Self>, ClusterError> {
        settings.check()?;
        let link = Link::new();
        let listener = || Listener(Arc::clone(&link));
        let denied = |error: KafkaError| ClusterError::Denied {
            action: "make a client of Kafka".to_owned(),
            reason: error.to_string(),
        };
        let client = BaseConsumer::from_config_and_context(&settings.questions()?, listener());
        let client = Arc::new(client.map_err(denied)?);
        let consumer = settings.consumer()?;
        let follower = Follower::new(&consumer, Arc::clone(&link)).map_err(denied)?;
        let spares = Spares::new(settings.producer()?, Arc::clone(&link)).map_err(denied)?;
        let (ends, asked_ends) = mpsc::channel();
        let (looks, asked_looks) = mpsc::channel();
        let mut cluster = Self {
            settings,
            link,
            client,
            consumer,
            follower: Arc::new(follower),
            spares,
            ends,
            looks,
            stop: Arc::default(),
            threads: Vec::new(),
        };
        cluster.start(asked_ends, asked_looks)?;
        Ok(Arc::new(cluster))
    }

    fn start(
        &mut self,
        ends: mpsc::Receiver<EndQuestion>,
        looks: mpsc::Receiver<Look>,
    ) -> Result<(), ClusterError> {
        let looking = Looks::new(
            self.consumer.clone(),
            Arc::clone(&self.link),
            Arc::clone(&self.follower),
            Arc::clone(&self.client),
            self.nothing(),
        );
        let asking = Ends {
            link: Arc::clone(&self.link),
            client: Arc::clone(&self.client),
        };
        let (follower, suspect) = (Arc::clone(&self.follower), self.looks.clone());
        let stop = Arc::clone(&self.stop);
        self.spawn("kafka follower", move || follower.run(&stop, &suspect))?;
        self.spawn("kafka looks", move || looking.run(&looks))?;
        self.spawn("kafka ends", move || asking.run(&ends))
    }

    /// A topic that nobody needs: asking for it, whether there is one or not, is the least that one can ask.
    fn nothing(&self) -> String {
        format!("{}.nothing", self.settings.prefix)
    }

    fn spawn(
        &mut self,
        name: &str,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<(), ClusterError> {
        let thread = std::thread::Builder::new().name(name.to_owned());
        let thread = thread.spawn(work).map_err(|error| ClusterError::Denied {
            action: "start a thread".to_owned(),
            reason: error.to_string(),
        })?;
        self.threads.push(thread);
        Ok(())
    }

    /// Returns whether the brokers can be reached, as it changes.
    pub fn connection(&self) -> watch::Receiver<Connection> {
        self.link.watch()
    }

    /// Returns how the cluster is reached and what its topics must be.
    pub fn settings(&self) -> &KafkaSettings {
        &self.settings
    }

    /// Waits until a broker answers.
    ///
    /// # Errors
    /// [`ClusterError::Refused`] as soon as the brokers say so, [`ClusterError::Unreachable`] after
    /// [`KafkaSettings::reach_within`].
    pub fn reach(&self) -> Result<(), ClusterError> {
        self.metadata("reach Kafka", Some(&self.nothing()))
            .map(drop)
    }

    /// Returns the ledgers that have a topic, ascending by id.
    ///
    /// # Errors
    /// As [`Self::reach`].
    pub fn ledgers(&self) -> Result<Vec<String>, ClusterError> {
        let metadata = self.metadata("list the ledgers", None)?;
        let topics = metadata.topics().iter();
        let ledgers =
            topics.filter_map(|found| topic::ledger_of(&self.settings.prefix, found.name()));
        let mut ledgers: Vec<String> = ledgers.map(str::to_owned).collect();
        ledgers.sort_unstable();
        Ok(ledgers)
    }

    /// Creates the empty topic of a new ledger, with every setting that it needs.
    ///
    /// # Errors
    /// [`ClusterError::Exists`], [`ClusterError::LedgerId`]; [`ClusterError::Denied`] by the brokers, for example if
    /// there are fewer of them than replicas are needed; and as [`Self::reach`].
    pub fn create_ledger_topic(&self, ledger_id: &str) -> Result<(), ClusterError> {
        let topic = self.topic(ledger_id)?;
        self.reach()?;
        let action = || format!("create topic {topic}");
        let replicas = self.settings.replicas;
        let created = self.admin()?.create(&topic, replicas);
        match created.map_err(|error| self.denied(action(), &error))? {
            Ok(()) => {}
            Err(RDKafkaErrorCode::TopicAlreadyExists) => {
                return Err(ClusterError::Exists { topic });
            }
            Err(code) => {
                return Err(ClusterError::Denied {
                    action: action(),
                    reason: format!("{code} (it needs {replicas} brokers or more)"),
                });
            }
        }
        // Every broker must learn of it.
        self.until("create a topic", |within| {
            let metadata = self.client.fetch_metadata(Some(&topic), within)?;
            let partitions = metadata.topics().first().map(MetadataTopic::partitions);
            let has_leader =
                partitions.is_some_and(|all| all.iter().any(|partition| 0 <= partition.leader()));
            Ok(has_leader.then_some(()))
        })
    }

    /// Returns everything of a ledger's topic that is not as it must be.
    ///
    /// # Errors
    /// [`ClusterError::NotFound`], [`ClusterError::LedgerId`], and as [`Self::reach`].
    pub fn check(&self, ledger_id: &str) -> Result<Vec<Finding>, ClusterError> {
        let topic = self.topic(ledger_id)?;
        let metadata = self.metadata("look at a topic", Some(&topic))?;
        let Some(found) = metadata
            .topics()
            .first()
            .filter(|found| exists(found.error()))
        else {
            return Err(ClusterError::NotFound { topic });
        };
        let action = || format!("read the settings of topic {topic}");
        let described = self.admin()?.describe(&topic);
        let described = described.map_err(|error| self.denied(action(), &error))?;
        let settings = described.map_err(|code| ClusterError::Denied {
            action: action(),
            reason: code.to_string(),
        })?;
        let replicas = found
            .partitions()
            .first()
            .map(|first| first.replicas().len());
        let found = Found {
            partitions: found.partitions().len(),
            replicas: replicas.unwrap_or_default(),
            setting: &|name| settings.get(name).cloned(),
        };
        Ok(judge(self.settings.replicas, found))
    }

    /// Opens a ledger's log, after checking its topic's settings and last entry.
    ///
    /// # Errors
    /// [`ClusterError::Damaged`] is an integrity failure; [`ClusterError::Unsafe`] names every setting that is not as
    /// it must be; and as [`Self::check`].
    pub fn open(self: &Arc<Self>, ledger_id: &str) -> Result<KafkaLog, ClusterError> {
        let topic = self.topic(ledger_id)?;
        let findings = self.check(ledger_id)?;
        let passes = self.settings.allow_weak_durability;
        let (pass, fail): (Vec<_>, Vec<_>) = findings
            .into_iter()
            .partition(|finding| passes && finding.may_pass);
        if !fail.is_empty() {
            let findings = fail;
            return Err(ClusterError::Unsafe { topic, findings });
        }
        for finding in pass {
            tracing::warn!(topic, %finding, "acknowledged records may be lost, as allow_weak_durability allows");
        }
        let damaged = |offset, problem| ClusterError::Damaged {
            topic: topic.clone(),
            offset: LogOffset(offset),
            problem,
        };
        let (low, end) = self.until("ask for the end of a topic", |within| {
            self.client.fetch_watermarks(&topic, 0, within).map(Some)
        })?;
        let (low, end) = (
            u64::try_from(low).unwrap_or_default(),
            u64::try_from(end).unwrap_or_default(),
        );
        if 0 < low {
            let problem = format!("the topic begins at offset {low}: what was before is gone");
            return Err(damaged(0, problem));
        }
        let last = match end.checked_sub(1) {
            None => None,
            Some(offset) => {
                let entry = self.entry(ledger_id, &topic, offset)?;
                let entry = entry.map_err(|problem| damaged(offset, problem))?;
                Some(Anchor::new(offset, &entry))
            }
        };
        let names = (ledger_id, topic.clone());
        let followed = Followed::new(names, self.settings.window_bytes, end, last);
        let followed = self.follower.follow(followed);
        let followed =
            followed.map_err(|error| self.denied(format!("follow topic {topic}"), &error))?;
        let cluster = Arc::clone(self);
        Ok(KafkaLog::new(Following { cluster, followed }))
    }

    /// Reads one entry: its bytes, or what is wrong there.
    fn entry(
        &self,
        ledger_id: &str,
        topic: &str,
        offset: u64,
    ) -> Result<Result<Vec<u8>, String>, ClusterError> {
        self.until("read the last entry of a topic", |_| {
            let (answer, asked) = mpsc::channel();
            let look = Look::Entry {
                ledger_id: ledger_id.to_owned(),
                topic: topic.to_owned(),
                offset,
                answer,
            };
            // The thread lives as long as the cluster.
            drop(self.looks.send(look));
            asked.recv().map_err(|_| KafkaError::Canceled)?.map(Some)
        })
    }

    pub(crate) fn consumer_config(&self) -> &ClientConfig {
        &self.consumer
    }

    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    fn topic(&self, ledger_id: &str) -> Result<String, ClusterError> {
        let name = topic::name(&self.settings.prefix, ledger_id);
        name.ok_or_else(|| ClusterError::LedgerId(ledger_id.to_owned()))
    }

    fn admin(&self) -> Result<Admin, ClusterError> {
        let listener = Listener(Arc::clone(&self.link));
        Admin::new(
            &self.settings.admin()?,
            listener,
            self.settings.reach_within,
        )
        .map_err(|error| ClusterError::Denied {
            action: "make a client of Kafka".to_owned(),
            reason: error.to_string(),
        })
    }

    fn metadata(
        &self,
        action: &'static str,
        topic: Option<&str>,
    ) -> Result<Metadata, ClusterError> {
        self.until(action, |within| {
            self.client.fetch_metadata(topic, within).map(Some)
        })
    }

    /// Asks until there is an answer, the brokers do not let us in, or it takes too long.
    fn until<T>(
        &self,
        action: &'static str,
        ask: impl Fn(Duration) -> Result<Option<T>, KafkaError>,
    ) -> Result<T, ClusterError> {
        let deadline = now() + self.settings.reach_within;
        let bootstrap = || self.settings.bootstrap.clone();
        let mut within = ANSWERED_WITHIN;
        loop {
            let mut last = match ask(within) {
                Ok(Some(answer)) => {
                    self.link.up();
                    return Ok(answer);
                }
                Ok(None) => "it is not known there yet".to_owned(),
                Err(error) => error.to_string(),
            };
            within = within.saturating_mul(2).min(ANSWERED_WITHIN_MAX);
            // What else the client has to say comes to the listener through this.
            drop(self.client.poll(Duration::from_millis(20)));
            match self.link.now() {
                Connection::Refused(reason) => {
                    let bootstrap = bootstrap();
                    return Err(ClusterError::Refused { bootstrap, reason });
                }
                Connection::Unreachable(reason) => last = reason,
                Connection::Connecting | Connection::Up => {}
            }
            if deadline < now() {
                return Err(ClusterError::Unreachable {
                    action,
                    bootstrap: bootstrap(),
                    reason: last,
                });
            }
        }
    }

    fn denied(&self, action: String, error: &KafkaError) -> ClusterError {
        match self.link.now() {
            Connection::Refused(reason) => ClusterError::Refused {
                bootstrap: self.settings.bootstrap.clone(),
                reason,
            },
            Connection::Up | Connection::Connecting | Connection::Unreachable(_) => {
                ClusterError::Denied {
                    action,
                    reason: error.to_string(),
                }
            }
        }
    }
}

fn exists(error: Option<RDKafkaRespErr>) -> bool {
    !matches!(
        error.map(RDKafkaErrorCode::from),
        Some(
            RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownTopicId
                | RDKafkaErrorCode::InvalidTopic
        )
    )
}

impl Drop for KafkaCluster {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.ends.send(EndQuestion::Stop));
        drop(self.looks.send(Look::Stop));
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so.
            drop(thread.join());
        }
    }
}
