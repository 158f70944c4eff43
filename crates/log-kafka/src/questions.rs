//! A thread that asks the brokers: for ends and single entries, and whether each topic is still what was read.
//!
//! A topic that was deleted and made again has other entries at the same offsets, and the client library says nothing
//! of it once there are as many: so the first and the newest entry that were read are compared with what stands there.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use perennial_app::ports::log::LogOffset;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use tokio::sync::oneshot;

use crate::followed::{Anchor, Damage, Followed};
use crate::follower::{Follower, place};
use crate::headers;
use crate::instant::now;
use crate::link::{Connection, Link, Listener};

/// What the thread is asked.
pub(crate) enum Question {
    /// Where does a topic end now?
    End {
        topic: String,
        answer: oneshot::Sender<LogOffset>,
    },
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
const LOOKED_AT_EVERY: Duration = Duration::from_secs(10);
/// The same while no broker answers, and until a suspicion is settled.
const LOOKED_AT_AGAIN: Duration = Duration::from_secs(1);
/// A topic is told as damaged once it was found so this often: a broker that has just started may not know yet how far
/// it reaches.
const FOUND_SO: u32 = 2;

/// What the thread works with.
pub(crate) struct Questions {
    pub(crate) config: ClientConfig,
    pub(crate) link: Arc<Link>,
    pub(crate) follower: Arc<Follower>,
    /// Without a group: for metadata and ends.
    pub(crate) client: Arc<BaseConsumer<Listener>>,
    /// For entries; made when it is needed first.
    pub(crate) reader: Option<BaseConsumer<Listener>>,
    /// By topic.
    pub(crate) looks: HashMap<String, Look>,
}

/// When a topic was looked at last, and how often in a row it was found damaged.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Look {
    at: Option<Instant>,
    found_so: u32,
    suspicious: bool,
}

impl Questions {
    /// Answers until it should stop.
    pub(crate) fn run(mut self, stop: &AtomicBool, questions: &Receiver<Question>) {
        while !stop.load(Ordering::Relaxed) {
            match questions.recv_timeout(TICK) {
                Ok(question) => self.answer(question),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // The client's own errors come to the listener through this.
            drop(self.client.poll(Duration::ZERO));
            self.look();
        }
    }

    fn answer(&mut self, question: Question) {
        match question {
            Question::End { topic, answer } => {
                if let Ok((_, high)) = self.watermarks(&topic) {
                    // Who does not wait any more need not know.
                    answer.send(LogOffset(high)).unwrap_or_default();
                }
            }
            Question::Entry {
                ledger_id,
                topic,
                offset,
                answer,
            } => drop(answer.send(self.entry(&ledger_id, &topic, offset))),
            Question::Suspicion => {
                for look in self.looks.values_mut() {
                    (look.at, look.suspicious) = (None, true);
                }
            }
            Question::Stop => {}
        }
    }

    /// Returns where a topic begins and ends.
    fn watermarks(&self, topic: &str) -> Result<(u64, u64), KafkaError> {
        let marks = self.client.fetch_watermarks(topic, 0, ANSWERED_WITHIN)?;
        self.link.up();
        let offset = |offset| u64::try_from(offset).unwrap_or_default();
        Ok((offset(marks.0), offset(marks.1)))
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
        self.looks
            .retain(|topic, _| all.iter().any(|followed| followed.topic == *topic));
        for followed in &all {
            followed.expire(now);
            self.looks.entry(followed.topic.clone()).or_insert(Look {
                at: Some(now),
                ..Look::default()
            });
        }
        let is_up = self.link.now() == Connection::Up;
        let oldest = all.iter().filter(|followed| followed.damage().is_none());
        let oldest =
            oldest.min_by_key(|followed| self.looks.get(&followed.topic).and_then(|look| look.at));
        let Some(followed) = oldest else {
            return;
        };
        let mut look = self.looks.get(&followed.topic).copied().unwrap_or_default();
        let again = !is_up || 0 < look.found_so;
        let every = if again {
            LOOKED_AT_AGAIN
        } else {
            LOOKED_AT_EVERY
        };
        if look.at.is_some_and(|at| now.duration_since(at) < every) {
            return;
        }
        look.at = Some(now);
        match self.compare(followed) {
            // Nobody knows; the follower goes on by itself.
            None => {}
            Some(None) => {
                look.found_so = 0;
                if std::mem::take(&mut look.suspicious) {
                    self.follower.again(followed);
                }
            }
            Some(Some(damage)) => {
                look.found_so += 1;
                if FOUND_SO <= look.found_so {
                    self.follower.pause(&followed.topic);
                    followed.damaged(damage);
                }
            }
        }
        self.looks.insert(followed.topic.clone(), look);
    }

    /// Compares a topic with what was read of it. None if no broker tells.
    #[expect(
        clippy::option_option,
        reason = "not known, known to be whole, and known to be damaged"
    )]
    fn compare(&mut self, followed: &Followed) -> Option<Option<Damage>> {
        let known = followed.known();
        let (low, high) = self.watermarks(&followed.topic).ok()?;
        if low > 0 {
            let problem = format!("the topic begins at offset {low}: what was before is gone");
            return Some(Some(Damage { offset: 0, problem }));
        }
        if high < known.end {
            let problem = format!(
                "the topic ends here, but was read up to offset {}: it was truncated, or made again",
                known.end
            );
            let offset = high;
            return Some(Some(Damage { offset, problem }));
        }
        for anchor in known.anchors {
            let entry = self
                .entry(&followed.ledger_id, &followed.topic, anchor.offset)
                .ok()?;
            let is_same = entry.is_ok_and(|entry| Anchor::new(anchor.offset, &entry) == anchor);
            if !is_same {
                let problem = format!(
                    "another entry stands at offset {} than was read there: the topic was truncated, or made again",
                    anchor.offset
                );
                return Some(Some(Damage { offset: 0, problem }));
            }
        }
        Some(None)
    }
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
