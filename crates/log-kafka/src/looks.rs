//! A thread that looks whether each topic is still what was read of it.
//!
//! A topic that was deleted and made again has other entries at the same offsets, and the client library says nothing
//! of it once there are as many: so the first and the newest entry that were read are compared with what stands there.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rdkafka::config::{ClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;

use crate::followed::{Anchor, Damage, Followed, Known};
use crate::follower::{Follower, place};
use crate::headers;
use crate::instant::now;
use crate::link::{Connection, Link, Listener};

/// What the thread is asked.
pub(crate) enum Look {
    /// What stands at an offset of a ledger's topic?
    Entry {
        ledger_id: String,
        topic: String,
        offset: u64,
        answer: mpsc::Sender<Asked>,
    },
    /// Something happened that may mean that a topic is not what it was.
    Suspicion,
    /// It is time to stop.
    Stop,
}

/// An entry of a topic: the stored bytes, or what is wrong there; or why it cannot be had now.
pub(crate) type Asked = Result<Result<Vec<u8>, String>, KafkaError>;

const TICK: Duration = Duration::from_millis(250);
const ANSWERED_WITHIN: Duration = Duration::from_secs(3);
/// Every topic is looked at so often.
const EVERY: Duration = Duration::from_secs(10);
/// The same while no broker answers, and until a suspicion is settled.
const AGAIN: Duration = Duration::from_secs(1);
/// A topic is told as damaged once it was found so this often: a broker that has just started may not know yet how far
/// it reaches.
const FOUND_SO: u32 = 2;

/// What the thread works with.
pub(crate) struct Looks {
    config: ClientConfig,
    link: Arc<Link>,
    follower: Arc<Follower>,
    /// Without a group: for metadata and ends.
    client: Arc<BaseConsumer<Listener>>,
    /// A topic that nobody needs: to ask for it is the least that one can ask.
    nothing: String,
    /// For entries; made when it is needed first.
    reader: Option<BaseConsumer<Listener>>,
    /// By topic.
    topics: HashMap<String, Topic>,
    /// When a broker was asked for nothing in particular.
    greeted: Option<Instant>,
}

/// When a topic was looked at last, and how often in a row it was found damaged.
#[derive(Clone, Copy, Debug, Default)]
struct Topic {
    at: Option<Instant>,
    found_so: u32,
    is_suspicious: bool,
}

impl Looks {
    pub(crate) fn new(
        config: ClientConfig,
        link: Arc<Link>,
        follower: Arc<Follower>,
        client: Arc<BaseConsumer<Listener>>,
        nothing: String,
    ) -> Self {
        Self {
            config,
            link,
            follower,
            client,
            nothing,
            reader: None,
            topics: HashMap::new(),
            greeted: None,
        }
    }

    /// Looks until it should stop.
    pub(crate) fn run(mut self, asked: &Receiver<Look>) {
        loop {
            let first = match asked.recv_timeout(TICK) {
                Ok(look) => Some(look),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            for look in first.into_iter().chain(asked.try_iter()) {
                match look {
                    Look::Entry {
                        ledger_id,
                        topic,
                        offset,
                        answer,
                    } => drop(answer.send(self.entry(&ledger_id, &topic, offset))),
                    Look::Suspicion => {
                        for topic in self.topics.values_mut() {
                            (topic.at, topic.is_suspicious) = (None, true);
                        }
                    }
                    Look::Stop => return,
                }
            }
            // The client's own errors come to the listener through this.
            drop(self.client.poll(Duration::ZERO));
            self.look();
        }
    }

    fn entry(&mut self, ledger_id: &str, topic: &str, offset: u64) -> Asked {
        if self.reader.is_none() {
            let listener = Listener(Arc::clone(&self.link));
            let reader = BaseConsumer::from_config_and_context(&self.config, listener)?;
            self.reader = Some(reader);
        }
        let Some(reader) = &self.reader else {
            return Err(KafkaError::NoMessageReceived);
        };
        reader.assign(&place(topic, Some(offset))?)?;
        let asked = read_one(reader, ledger_id, offset);
        reader.unassign()?;
        asked
    }

    /// Looks at the topic that was not looked at for longest, if it is time.
    fn look(&mut self) {
        let (all, now) = (self.follower.all(), now());
        let is_open = |topic: &String| all.iter().any(|followed| followed.topic == *topic);
        self.topics.retain(|topic, _| is_open(topic));
        for followed in &all {
            followed.expire(now);
            let topic = self.topics.entry(followed.topic.clone());
            topic.or_insert(Topic {
                at: Some(now),
                ..Topic::default()
            });
        }
        let is_up = self.link.now() == Connection::Up;
        if !is_up && all.is_empty() {
            self.greet(now);
        }
        let whole = all.iter().filter(|followed| followed.damage().is_none());
        let last_look = |topic: &str| self.topics.get(topic).and_then(|topic| topic.at);
        let Some(followed) = whole.min_by_key(|followed| last_look(&followed.topic)) else {
            return;
        };
        let known = self.topics.get(&followed.topic).copied();
        let mut topic = known.unwrap_or_default();
        let every = if is_up && topic.found_so == 0 {
            EVERY
        } else {
            AGAIN
        };
        if topic.at.is_none_or(|at| every <= now.duration_since(at)) {
            topic.at = Some(now);
            self.settle(followed, &mut topic);
            self.topics.insert(followed.topic.clone(), topic);
        }
    }

    /// Asks a broker for nothing in particular, to know whether one is there.
    fn greet(&mut self, now: Instant) {
        if self
            .greeted
            .is_some_and(|at| now.duration_since(at) < AGAIN)
        {
            return;
        }
        self.greeted = Some(now);
        let answer = self
            .client
            .fetch_metadata(Some(&self.nothing), ANSWERED_WITHIN);
        if answer.is_ok() {
            self.link.up();
        }
    }

    fn settle(&mut self, followed: &Followed, topic: &mut Topic) {
        match self.compare(followed) {
            // The follower goes on by itself.
            Comparison::NobodyKnows => {}
            Comparison::Same => {
                topic.found_so = 0;
                if std::mem::take(&mut topic.is_suspicious) {
                    self.follower.again(followed);
                }
            }
            Comparison::Damaged(damage) => {
                topic.found_so += 1;
                if FOUND_SO <= topic.found_so {
                    self.follower.pause(&followed.topic);
                    followed.damaged(damage);
                }
            }
        }
    }

    /// Compares a topic with what was read of it.
    fn compare(&mut self, followed: &Followed) -> Comparison {
        let known = followed.known();
        let ends = self
            .client
            .fetch_watermarks(&followed.topic, 0, ANSWERED_WITHIN);
        let Ok((low, high)) = ends else {
            return Comparison::NobodyKnows;
        };
        self.link.up();
        let offset = |offset| u64::try_from(offset).unwrap_or_default();
        let (low, high) = (offset(low), offset(high));
        if 0 < low {
            let problem = format!("the topic begins at offset {low}: what was before is gone");
            return Comparison::Damaged(Damage { offset: 0, problem });
        }
        let mut same = 0;
        for anchor in known.anchors.iter().filter(|anchor| anchor.offset < high) {
            let Ok(entry) = self.entry(&followed.ledger_id, &followed.topic, anchor.offset) else {
                return Comparison::NobodyKnows;
            };
            if entry.is_ok_and(|entry| Anchor::new(anchor.offset, &entry) == *anchor) {
                same += 1;
            } else {
                let problem = format!(
                    "another entry stands at offset {} than was read there: the topic was truncated, or made again",
                    anchor.offset
                );
                return Comparison::Damaged(Damage { offset: 0, problem });
            }
        }
        is_short(&known, high, same).map_or(Comparison::Same, Comparison::Damaged)
    }
}

/// What a look at a topic finds.
enum Comparison {
    /// No broker tells.
    NobodyKnows,
    Same,
    Damaged(Damage),
}

/// Returns what is wrong if a topic ends before what was read of it. Up to its end it is the same only if an entry there
/// is known to be.
fn is_short(known: &Known, high: u64, same: usize) -> Option<Damage> {
    let end = known.end;
    (high < end).then(|| Damage {
        offset: if same == 0 { 0 } else { high },
        problem: format!(
            "the topic ends at offset {high}, but was read up to {end}: it was truncated, or made again"
        ),
    })
}

fn read_one(reader: &BaseConsumer<Listener>, ledger_id: &str, offset: u64) -> Asked {
    let deadline = now() + ANSWERED_WITHIN;
    let mut last = KafkaError::NoMessageReceived;
    while now() < deadline {
        match reader.poll(Duration::from_millis(50)) {
            None | Some(Err(KafkaError::PartitionEOF(_))) => {}
            Some(Err(error)) => last = error,
            Some(Ok(message)) => {
                if u64::try_from(message.offset()) == Ok(offset) {
                    return Ok(headers::stored(ledger_id, &message));
                }
            }
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_that_ends_early_is_trusted_up_to_its_end_only_if_something_there_was_read_before() {
        let known = Known {
            end: 9,
            anchors: Vec::new(),
        };
        assert_eq!(is_short(&known, 9, 0), None);
        assert_eq!(is_short(&known, 10, 2), None);
        let offset = |high, same| is_short(&known, high, same).map(|damage| damage.offset);
        assert_eq!(offset(8, 1), Some(8));
        assert_eq!(offset(8, 0), Some(0));
    }
}
