//! One ledger's log on Kafka: the port's implementation.

use std::fmt;
use std::sync::Arc;

use perennial_app::ports::log::{
    Log, LogOffset, LogRead, LogTail, ReadError, Sharing, StoredEntry, Ticket,
};
use tokio::sync::{oneshot, watch};

use crate::cluster::KafkaCluster;
use crate::ends::EndQuestion;
use crate::followed::Followed;
use crate::tail::KafkaTail;
use crate::writer::{Use, Writer};

/// One ledger's log on Kafka, open in this process. Several may be open on one ledger, here and elsewhere.
///
/// Dropping it answers what is not answered as unknown. Its tails may outlive it.
pub struct KafkaLog {
    following: Arc<Following>,
    writer: Arc<Writer>,
}

/// Keeps a topic followed, and the cluster connected, for a log and its tails.
pub(crate) struct Following {
    pub(crate) cluster: Arc<KafkaCluster>,
    pub(crate) followed: Arc<Followed>,
}

impl Drop for Following {
    fn drop(&mut self) {
        self.cluster.follower.leave(&self.followed.topic);
    }
}

impl fmt::Debug for KafkaLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KafkaLog")
            .field("topic", &self.topic())
            .field("end", &self.following.followed.end())
            .finish_non_exhaustive()
    }
}

impl KafkaLog {
    pub(crate) fn new(following: Following) -> Self {
        let followed = Arc::clone(&following.followed);
        let writer = Writer::new(followed, Arc::clone(&following.cluster.spares));
        Self {
            following: Arc::new(following),
            writer,
        }
    }

    /// Returns the name of the topic.
    pub fn topic(&self) -> &str {
        &self.following.followed.topic
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
        Ok(Box::new(KafkaTail::new(Arc::clone(&self.following), from)?))
    }

    fn durable_end(&self) -> watch::Receiver<LogOffset> {
        self.following.followed.watch_end()
    }

    fn end_now(&self) -> oneshot::Receiver<LogOffset> {
        let (answer, receiver) = oneshot::channel();
        let topic = self.following.followed.topic.clone();
        // The thread lives as long as the cluster.
        drop(
            self.following
                .cluster
                .ends
                .send(EndQuestion::Of { topic, answer }),
        );
        receiver
    }
}

impl Drop for KafkaLog {
    fn drop(&mut self) {
        self.writer.close();
    }
}
