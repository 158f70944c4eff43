//! Producers, each for one leadership, and made ahead of need: a new one takes half a second for its first record.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::{
    BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer,
};

use crate::link::{Link, Listener};

/// Who is told what became of each record.
pub(crate) trait Deliveries: Send + Sync {
    /// The record with this number of the batch stands at an offset, or there was an error. `leadership` is what the
    /// producer was bound with.
    fn delivered(&self, leadership: u64, number: usize, offset: Result<i64, String>);
}

/// What librdkafka calls back into, on the producer's own thread.
pub(crate) struct Context {
    listener: Listener,
    bound: OnceLock<(Weak<dyn Deliveries>, u64)>,
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.listener.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.listener.error(error, reason);
    }
}

impl ProducerContext for Context {
    /// The record's number in its batch.
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, number: usize) {
        let Some((deliveries, leadership)) = self.bound.get() else {
            return;
        };
        let offset = match result {
            Ok(message) => Ok(message.offset()),
            Err((error, _)) => Err(error.to_string()),
        };
        if let Some(deliveries) = deliveries.upgrade() {
            deliveries.delivered(*leadership, number, offset);
        }
    }
}

/// A producer for one leadership. It is never flushed and never used after it.
pub(crate) struct Leadership {
    /// None once it is dropped.
    producer: Option<ThreadedProducer<Context>>,
}

/// One record to send.
pub(crate) struct Record<'a> {
    pub(crate) topic: &'a str,
    pub(crate) key: &'a str,
    pub(crate) stored: &'a [u8],
    pub(crate) headers: rdkafka::message::OwnedHeaders,
    pub(crate) number: usize,
}

impl Leadership {
    /// Says who hears of this producer's records. Counts once.
    pub(crate) fn bind(&self, deliveries: Weak<dyn Deliveries>, leadership: u64) {
        if let Some(producer) = &self.producer {
            // A second call would be a second leadership of one producer: it stays with the first.
            drop(producer.context().bound.set((deliveries, leadership)));
        }
    }

    /// Hands a record to the client library, which does not wait for anything.
    ///
    /// # Errors
    /// Why it was not taken; then it will not be sent.
    pub(crate) fn send(&self, record: Record<'_>) -> Result<(), String> {
        let Some(producer) = &self.producer else {
            return Err("the producer is gone".to_owned());
        };
        let message = BaseRecord::with_opaque_to(record.topic, record.number)
            .partition(0)
            .key(record.key)
            .payload(record.stored)
            .headers(record.headers);
        producer
            .send(message)
            .map_err(|(error, _)| error.to_string())
    }
}

impl Drop for Leadership {
    fn drop(&mut self) {
        // It waits for the producer's thread, which may be the one that we are on, and for what is in flight.
        if let Some(producer) = self.producer.take() {
            std::thread::spawn(move || drop(producer));
        }
    }
}

/// Producers that wait for a leadership.
pub(crate) struct Spares {
    config: ClientConfig,
    link: Arc<Link>,
    ready: Mutex<Vec<Leadership>>,
}

impl Spares {
    /// Makes the first spare.
    ///
    /// # Errors
    /// Why the client library refuses the settings.
    pub(crate) fn new(config: ClientConfig, link: Arc<Link>) -> Result<Arc<Self>, KafkaError> {
        let spares = Self {
            config,
            link,
            ready: Mutex::default(),
        };
        spares.warm()?;
        Ok(Arc::new(spares))
    }

    fn warm(&self) -> Result<(), KafkaError> {
        let spare = self.create()?;
        self.ready
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(spare);
        Ok(())
    }

    fn create(&self) -> Result<Leadership, KafkaError> {
        let context = Context {
            listener: Listener(Arc::clone(&self.link)),
            bound: OnceLock::new(),
        };
        let producer = ThreadedProducer::from_config_and_context(&self.config, context)?;
        Ok(Leadership {
            producer: Some(producer),
        })
    }

    /// Takes a producer that nobody has used, and has the next one made.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn take(self: &Arc<Self>) -> Result<Leadership, KafkaError> {
        let ready = self
            .ready
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let taken = match ready {
            Some(spare) => spare,
            None => self.create()?,
        };
        let spares = Arc::clone(self);
        std::thread::spawn(move || {
            if let Err(error) = spares.warm() {
                tracing::warn!(%error, "no spare producer could be made");
            }
        });
        Ok(taken)
    }
}
