//! One ledger's log on Kafka: the port's implementation.

use std::fmt;
use std::sync::Arc;

use perennial_app::ports::log::{
    Log, LogOffset, LogRead, LogTail, ReadError, Sharing, StoredEntry, Ticket,
};
use tokio::sync::{oneshot, watch};

use crate::cluster::KafkaCluster;
use crate::followed::Followed;
use crate::questions::Question;
use crate::tail::KafkaTail;
use crate::writer::{Use, Writer};

/// One ledger's log on Kafka, open in this process. Several may be open on one ledger, here and elsewhere.
///
/// Dropping it answers what is not answered as unknown.
pub struct KafkaLog {
    cluster: Arc<KafkaCluster>,
    followed: Arc<Followed>,
    writer: Arc<Writer>,
}

impl fmt::Debug for KafkaLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KafkaLog")
            .field("topic", &self.followed.topic)
            .field("end", &self.followed.end())
            .finish_non_exhaustive()
    }
}

impl KafkaLog {
    pub(crate) fn new(cluster: Arc<KafkaCluster>, followed: Arc<Followed>) -> Self {
        let writer = Writer::new(Arc::clone(&followed), Arc::clone(&cluster.spares));
        Self {
            cluster,
            followed,
            writer,
        }
    }

    /// Returns the name of the topic.
    pub fn topic(&self) -> &str {
        &self.followed.topic
    }
}

impl Log for KafkaLog {
    fn sharing(&self) -> Sharing {
        Sharing::Shared
    }

    fn claim(&self, claim: StoredEntry) -> Ticket {
        self.writer.append(vec![claim], Use::Fresh)
    }

    fn append(&self, batch: Vec<StoredEntry>) -> Ticket {
        self.writer.append(batch, Use::Current)
    }

    fn append_raw(&self, batch: Vec<StoredEntry>) -> Ticket {
        self.writer.append(batch, Use::Any)
    }
}

impl LogRead for KafkaLog {
    fn tail(&self, from: LogOffset) -> Result<Box<dyn LogTail>, ReadError> {
        Ok(Box::new(KafkaTail::new(
            Arc::clone(&self.followed),
            Arc::clone(self.cluster.link()),
            self.cluster.consumer_config().clone(),
            from,
        )?))
    }

    fn durable_end(&self) -> watch::Receiver<LogOffset> {
        self.followed.watch_end()
    }

    fn end_now(&self) -> oneshot::Receiver<LogOffset> {
        let (answer, receiver) = oneshot::channel();
        let topic = self.followed.topic.clone();
        // The thread lives as long as the cluster.
        drop(self.cluster.ask.send(Question::End { topic, answer }));
        receiver
    }
}

impl Drop for KafkaLog {
    fn drop(&mut self) {
        self.writer.close();
        self.cluster.follower.leave(&self.followed.topic);
    }
}
