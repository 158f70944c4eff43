//! Reading one ledger's log forwards: from memory near its end, with a consumer of its own before that.

use std::sync::Arc;
use std::time::Duration;

use perennial_app::ports::log::{LogOffset, LogTail, ReadError, TailEntry};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;

use crate::followed::{Followed, Found, tail_entry};
use crate::follower::{is_suspicious, place};
use crate::headers;
use crate::instant::now;
use crate::link::{Connection, Link, Listener};
use crate::log::Following;

/// How long a read waits for the broker before it says that the log cannot be read now.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);
/// How long a read waits at a time, to notice that the brokers do not let us in.
const POLL: Duration = Duration::from_millis(100);
const WATERMARKS_WITHIN: Duration = Duration::from_secs(3);

/// A reader of one ledger's log.
pub(crate) struct KafkaTail {
    following: Arc<Following>,
    next: LogOffset,
    behind: Option<Behind>,
}

/// Reads what lies before the window.
struct Behind {
    consumer: BaseConsumer<Listener>,
    /// What was read but did not fit, or was found behind entries that are told first.
    held: Option<Result<TailEntry, ReadError>>,
}

impl KafkaTail {
    pub(crate) fn new(following: Arc<Following>, from: LogOffset) -> Result<Self, ReadError> {
        let end = following.followed.end();
        if end < from.0 {
            return Err(ReadError::Damaged {
                offset: from,
                problem: format!("it is beyond the durable end, offset {end}"),
            });
        }
        Ok(Self {
            following,
            next: from,
            behind: None,
        })
    }

    fn followed(&self) -> &Followed {
        &self.following.followed
    }

    fn link(&self) -> &Arc<Link> {
        self.following.cluster.link()
    }

    fn unavailable(
        &self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> ReadError {
        ReadError::Unavailable {
            offset: self.next,
            source: source.into(),
        }
    }

    fn open_behind(&mut self) -> Result<Behind, ReadError> {
        if let Some(behind) = self.behind.take() {
            return Ok(behind);
        }
        let listener = Listener(Arc::clone(self.link()));
        let open = || {
            let consumer = BaseConsumer::from_config_and_context(
                self.following.cluster.consumer_config(),
                listener,
            )?;
            consumer.assign(&place(&self.followed().topic, Some(self.next.0))?)?;
            Ok(Behind {
                consumer,
                held: None,
            })
        };
        open().map_err(|error: KafkaError| self.unavailable(error))
    }

    /// Reads from the topic itself, up to the window that begins at `until`.
    fn read_behind(&mut self, bytes_max: usize, until: u64) -> Result<Vec<TailEntry>, ReadError> {
        let mut behind = self.open_behind()?;
        let mut bytes_left = bytes_max;
        let mut entries: Vec<TailEntry> = Vec::new();
        while self.next.0 < until {
            let read = behind
                .held
                .take()
                .unwrap_or_else(|| self.one(&behind.consumer));
            let entry = match read {
                Ok(entry) => entry,
                Err(error) if entries.is_empty() => {
                    if matches!(error, ReadError::Unavailable { .. }) {
                        self.behind = Some(behind);
                    }
                    return Err(error);
                }
                Err(error) => {
                    behind.held = Some(Err(error));
                    break;
                }
            };
            let length = entry.entry.0.len();
            if !entries.is_empty() && bytes_left < length {
                behind.held = Some(Ok(entry));
                break;
            }
            bytes_left = bytes_left.saturating_sub(length);
            self.next = entry.next_offset;
            entries.push(entry);
        }
        if self.next.0 < until {
            self.behind = Some(behind);
        } else if let Found::Entries(more) = self.followed().entries(self.next, bytes_left) {
            // The first of them comes even if it does not fit.
            let fits = more
                .first()
                .is_some_and(|first| first.entry.0.len() <= bytes_left);
            if fits {
                self.next = more.last().map_or(self.next, |last| last.next_offset);
                entries.extend(more);
            }
        }
        Ok(entries)
    }

    /// Reads the next entry; there is one.
    fn one(&self, consumer: &BaseConsumer<Listener>) -> Result<TailEntry, ReadError> {
        let at = self.next.0;
        let damaged = |problem| ReadError::Damaged {
            offset: LogOffset(at),
            problem,
        };
        let deadline = now() + ANSWERED_WITHIN;
        let mut last = "no broker answered".to_owned();
        loop {
            match consumer.poll(POLL) {
                None | Some(Err(KafkaError::PartitionEOF(_))) => {}
                Some(Ok(message)) => {
                    let found = u64::try_from(message.offset()).unwrap_or(u64::MAX);
                    if at < found {
                        return Err(damaged(format!("the topic goes on at offset {found}")));
                    }
                    if found == at {
                        let stored = headers::stored(&self.followed().ledger_id, &message);
                        return Ok(tail_entry(at, stored.map_err(damaged)?));
                    }
                }
                Some(Err(error)) => {
                    last = error.to_string();
                    if error.rdkafka_error_code().is_some_and(is_suspicious) {
                        self.judge(consumer, at)?;
                    }
                }
            }
            if let Connection::Refused(reason) = self.link().now() {
                return Err(self.unavailable(reason));
            }
            if deadline < now() {
                return Err(self.unavailable(last));
            }
        }
    }

    /// Looks whether the topic still reaches from its beginning to beyond `at`.
    fn judge(&self, consumer: &BaseConsumer<Listener>, at: u64) -> Result<(), ReadError> {
        let topic = &self.followed().topic;
        let (low, high) = consumer
            .fetch_watermarks(topic, 0, WATERMARKS_WITHIN)
            .map_err(|error| self.unavailable(error))?;
        let (low, high) = (
            u64::try_from(low).unwrap_or_default(),
            u64::try_from(high).unwrap_or_default(),
        );
        if low <= at && at < high {
            return Ok(());
        }
        Err(ReadError::Damaged {
            offset: LogOffset(at),
            problem: format!("the topic reaches from offset {low} to {high} only"),
        })
    }
}

impl LogTail for KafkaTail {
    fn read(&mut self, bytes_max: usize) -> Result<Vec<TailEntry>, ReadError> {
        match self.followed().entries(self.next, bytes_max) {
            Found::Entries(entries) => {
                self.behind = None;
                if let Some(last) = entries.last() {
                    self.next = last.next_offset;
                }
                Ok(entries)
            }
            Found::Before(start) => self.read_behind(bytes_max, start),
            Found::Damaged(error) => Err(error),
        }
    }
}
