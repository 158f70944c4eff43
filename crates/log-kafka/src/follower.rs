//! The one consumer that follows all open ledgers from where they ended when they were opened.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rdkafka::config::{ClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};

use crate::followed::Followed;
use crate::headers;
use crate::link::{Link, Listener};
use crate::looks::Look;

/// How long the thread may take to notice that it should stop.
const POLL: Duration = Duration::from_millis(100);

/// Follows the topics of all open ledgers, on a thread of its own.
pub(crate) struct Follower {
    consumer: BaseConsumer<Listener>,
    link: Arc<Link>,
    /// By topic, with how many logs of this process are open on it.
    logs: RwLock<HashMap<String, (Arc<Followed>, usize)>>,
}

impl Follower {
    pub(crate) fn new(config: &ClientConfig, link: Arc<Link>) -> KafkaResult<Self> {
        let listener = Listener(Arc::clone(&link));
        Ok(Self {
            consumer: BaseConsumer::from_config_and_context(config, listener)?,
            link,
            logs: RwLock::default(),
        })
    }

    /// Follows a topic from its end on, or goes on with what follows it already.
    pub(crate) fn follow(&self, new: Followed) -> KafkaResult<Arc<Followed>> {
        let mut logs = self.logs.write().unwrap_or_else(PoisonError::into_inner);
        if let Some((followed, users)) = logs.get_mut(&new.topic) {
            *users += 1;
            return Ok(Arc::clone(followed));
        }
        let place = place(&new.topic, Some(new.end()))?;
        self.consumer.incremental_assign(&place)?;
        let followed = Arc::new(new);
        logs.insert(followed.topic.clone(), (Arc::clone(&followed), 1));
        Ok(followed)
    }

    /// One log fewer is open on a topic; without any it is not followed any more.
    pub(crate) fn leave(&self, topic: &str) {
        let mut logs = self.logs.write().unwrap_or_else(PoisonError::into_inner);
        let Some((_, users)) = logs.get_mut(topic) else {
            return;
        };
        *users -= 1;
        if *users == 0 {
            logs.remove(topic);
            self.pause(topic);
        }
    }

    /// Reads nothing more of a topic.
    pub(crate) fn pause(&self, topic: &str) {
        let result =
            place(topic, None).and_then(|place| self.consumer.incremental_unassign(&place));
        if let Err(error) = result {
            tracing::debug!(topic, %error, "a topic was not followed");
        }
    }

    /// Reads on where reading stood, after an error that ended it.
    pub(crate) fn again(&self, followed: &Followed) {
        self.pause(&followed.topic);
        let result = place(&followed.topic, Some(followed.end()))
            .and_then(|place| self.consumer.incremental_assign(&place));
        if let Err(error) = result {
            tracing::warn!(topic = followed.topic, %error, "a topic cannot be followed");
        }
    }

    /// Returns what is followed.
    pub(crate) fn all(&self) -> Vec<Arc<Followed>> {
        let logs = self.logs.read().unwrap_or_else(PoisonError::into_inner);
        let followed = logs.values().map(|(followed, _)| Arc::clone(followed));
        followed.collect()
    }

    fn log(&self, topic: &str) -> Option<Arc<Followed>> {
        let logs = self.logs.read().unwrap_or_else(PoisonError::into_inner);
        logs.get(topic).map(|(followed, _)| Arc::clone(followed))
    }

    /// Reads until it should stop.
    pub(crate) fn run(&self, stop: &AtomicBool, suspect: &Sender<Look>) {
        while !stop.load(Ordering::Relaxed) {
            match self.consumer.poll(POLL) {
                None => {}
                Some(Ok(message)) => {
                    self.link.up();
                    if let Some(log) = self.log(message.topic())
                        && let Ok(offset) = u64::try_from(message.offset())
                    {
                        log.read(offset, headers::stored(&log.ledger_id, &message));
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) => self.link.up(),
                Some(Err(error)) => {
                    tracing::debug!(%error, "following met an error");
                    // It does not say which topic it is about.
                    if error.rdkafka_error_code().is_some_and(is_suspicious) {
                        // The thread ends after this one.
                        drop(suspect.send(Look::Suspicion));
                    }
                }
            }
        }
    }
}

/// Returns whether an error may mean that a topic is not what it was, as opposed to a broker that is away.
pub(crate) fn is_suspicious(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::AutoOffsetReset
            | RDKafkaErrorCode::LogTruncation
            | RDKafkaErrorCode::OffsetOutOfRange
            | RDKafkaErrorCode::UnknownPartition
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownTopicId
            | RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::BadMessage
            | RDKafkaErrorCode::InvalidMessage
    )
}

/// The one partition of a topic, from an offset on.
pub(crate) fn place(topic: &str, offset: Option<u64>) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::new();
    match offset {
        None => {
            list.add_partition(topic, 0);
        }
        Some(offset) => {
            let offset = i64::try_from(offset).unwrap_or(i64::MAX);
            list.add_partition_offset(topic, 0, Offset::Offset(offset))?;
        }
    }
    Ok(list)
}
