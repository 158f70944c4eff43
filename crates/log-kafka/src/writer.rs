//! Appending to one ledger's topic: one batch in flight, each record's acknowledgement compared with where it belongs.
//!
//! Nothing waits here: the caller's thread sends, the producer's thread hears what came of it and sends the next batch.
//! Any error, and any offset but the next one, ends the term: everything of it that is not answered is unknown, and
//! nothing more is sent through its producer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use perennial_app::ports::log::{AppendOutcome, StoredEntry, Ticket};
use rdkafka::message::OwnedHeaders;
use tokio::sync::oneshot;

use crate::followed::{Acknowledged, Followed};
use crate::headers;
use crate::instant::now;
use crate::producer::{Deliveries, Leadership, Record, Spares};

/// Batches that may wait for the one in flight.
const QUEUE_MAX: usize = 1024;
/// What a record may have, all in all: librdkafka's `message.max.bytes`, below what every topic takes.
const RECORD_BYTES_MAX: usize = 1_000_000;
/// More than the headers and Kafka's own fields add to a record.
const AROUND_BYTES: usize = 1024;

/// The writing side of one open ledger.
pub(crate) struct Writer {
    followed: Arc<Followed>,
    spares: Arc<Spares>,
    state: Mutex<State>,
    this: Weak<Self>,
}

#[derive(Default)]
struct State {
    /// Counts producers; reports of an earlier one are of no interest.
    leadership: u64,
    producer: Option<Leadership>,
    /// Offset at which the next record belongs; none before the first of a producer.
    expected: Option<u64>,
    in_flight: Option<Flight>,
    queue: VecDeque<Request>,
    /// Why there is no producer.
    over: Option<String>,
    closed: bool,
}

/// One append.
struct Request {
    batch: Vec<(StoredEntry, OwnedHeaders)>,
    answer: oneshot::Sender<AppendOutcome>,
}

/// A batch that was sent.
struct Flight {
    records: usize,
    acknowledged: usize,
    /// Offset of its first record.
    first: Option<u64>,
    answer: oneshot::Sender<AppendOutcome>,
}

/// Answers to give once the lock is released.
type Answers = Vec<(oneshot::Sender<AppendOutcome>, AppendOutcome)>;

/// Where an append's producer comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// A new one: a claim begins a leadership.
    Fresh,
    /// The leadership's own, or nothing is sent.
    Current,
    /// The one that is there, else a new one: copies have no leadership.
    Any,
}

impl Writer {
    pub(crate) fn new(followed: Arc<Followed>, spares: Arc<Spares>) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            followed,
            spares,
            state: Mutex::default(),
            this: Weak::clone(this),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panicking thread leaves the state whole: every change is made in one step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a batch. Batches are sent in call order, one at a time.
    pub(crate) fn append(&self, batch: Vec<StoredEntry>, whose: Use) -> Ticket {
        let (answer, ticket) = oneshot::channel();
        let mut answers = Vec::new();
        match self.prepare(batch) {
            Ok(batch) => self.take(Request { batch, answer }, whose, &mut answers),
            Err(reason) => answers.push((answer, AppendOutcome::Rejected { reason })),
        }
        give(answers);
        ticket
    }

    /// Makes headers, and refuses what Kafka would refuse, before anything is sent.
    fn prepare(&self, batch: Vec<StoredEntry>) -> Result<Vec<(StoredEntry, OwnedHeaders)>, String> {
        if let Some(damage) = self.followed.damage() {
            return Err(format!("the log is damaged: {}", damage.problem));
        }
        let ledger_id = &self.followed.ledger_id;
        let prepare = |entry: StoredEntry| {
            let bytes = entry.0.len() + ledger_id.len() + AROUND_BYTES;
            if RECORD_BYTES_MAX < bytes {
                let bytes = entry.0.len();
                return Err(format!(
                    "an entry of {bytes} bytes is more than a record of Kafka takes"
                ));
            }
            let headers = headers::of(ledger_id, &entry.0)
                .map_err(|error| format!("an entry of the batch is none: {error}"))?;
            Ok((entry, headers))
        };
        batch.into_iter().map(prepare).collect()
    }

    fn take(&self, request: Request, whose: Use, answers: &mut Answers) {
        let mut state = self.state();
        let reject = |reason: String| AppendOutcome::Rejected { reason };
        if state.closed {
            let outcome = reject("the log is closed".to_owned());
            return answers.push((request.answer, outcome));
        }
        let fresh = whose == Use::Fresh || whose == Use::Any && state.producer.is_none();
        if fresh {
            state.end_term("a new claim was made", answers);
            match self.spares.take() {
                Ok(producer) => self.begin_term(&mut state, producer),
                Err(error) => {
                    let outcome = reject(format!("no producer could be made: {error}"));
                    return answers.push((request.answer, outcome));
                }
            }
        }
        if state.producer.is_none() {
            let over = state.over.as_deref().unwrap_or("there was no claim yet");
            let outcome = reject(format!("there is no leadership: {over}"));
            return answers.push((request.answer, outcome));
        }
        if request.batch.is_empty() {
            let end = perennial_app::ports::log::LogOffset(self.followed.end());
            let (first, next) = (end, end);
            return answers.push((request.answer, AppendOutcome::Durable { first, next }));
        }
        if QUEUE_MAX <= state.queue.len() {
            let outcome = reject("too many appends are waiting".to_owned());
            return answers.push((request.answer, outcome));
        }
        state.queue.push_back(request);
        self.send(&mut state, answers);
    }

    fn begin_term(&self, state: &mut State, producer: Leadership) {
        state.leadership += 1;
        let deliveries: Weak<dyn Deliveries> = Weak::<Self>::clone(&self.this);
        producer.bind(deliveries, state.leadership);
        state.producer = Some(producer);
        state.expected = None;
        state.over = None;
    }

    /// Sends what waits, if nothing is in flight.
    fn send(&self, state: &mut State, answers: &mut Answers) {
        while state.in_flight.is_none()
            && let Some(request) = state.queue.pop_front()
        {
            let Request { batch, answer } = request;
            let records = batch.len();
            match self.send_batch(state, batch) {
                Ok(()) => {
                    state.in_flight = Some(Flight {
                        records,
                        acknowledged: 0,
                        first: None,
                        answer,
                    });
                }
                Err((0, reason)) => answers.push((answer, AppendOutcome::Rejected { reason })),
                Err((sent, reason)) => {
                    let reason = format!("{sent} of {records} records were sent: {reason}");
                    let outcome = AppendOutcome::Unknown {
                        reason: reason.clone(),
                    };
                    answers.push((answer, outcome));
                    state.end_term(&reason, answers);
                }
            }
        }
    }

    /// Hands a batch to the client library. On an error says how many records it took before.
    fn send_batch(
        &self,
        state: &State,
        batch: Vec<(StoredEntry, OwnedHeaders)>,
    ) -> Result<(), (usize, String)> {
        let Some(producer) = &state.producer else {
            return Err((0, "there is no leadership".to_owned()));
        };
        for (number, (entry, headers)) in batch.into_iter().enumerate() {
            let record = Record {
                topic: &self.followed.topic,
                key: &self.followed.ledger_id,
                stored: &entry.0,
                headers,
                number,
            };
            producer.send(record).map_err(|error| (number, error))?;
        }
        Ok(())
    }

    /// Lets go of the producer; what is not answered is unknown, and later appends are rejected.
    pub(crate) fn close(&self) {
        let mut answers = Vec::new();
        let mut state = self.state();
        state.closed = true;
        state.end_term("the log was closed", &mut answers);
        drop(state);
        give(answers);
    }
}

impl Deliveries for Writer {
    fn delivered(&self, leadership: u64, number: usize, offset: Result<i64, String>) {
        let mut answers = Vec::new();
        let mut state = self.state();
        if leadership != state.leadership {
            return;
        }
        match state.land(number, offset) {
            Ok(None) => return,
            Ok(Some(append)) => {
                self.send(&mut state, &mut answers);
                drop(state);
                self.followed.acknowledge(append);
            }
            Err(reason) => {
                let topic = &self.followed.topic;
                tracing::warn!(
                    topic,
                    reason,
                    "the term ends: what was appended is not known"
                );
                state.end_term(&reason, &mut answers);
                drop(state);
            }
        }
        give(answers);
    }
}

impl State {
    /// Takes one report. Returns the append if it was the last one of its batch.
    ///
    /// # Errors
    /// Why the term is over.
    fn land(
        &mut self,
        number: usize,
        offset: Result<i64, String>,
    ) -> Result<Option<Acknowledged>, String> {
        let Some(flight) = &mut self.in_flight else {
            return Ok(None);
        };
        let offset = offset.map_err(|error| format!("a record was not acknowledged: {error}"))?;
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        let first = u64::try_from(offset)
            .ok()
            .and_then(|offset| offset.checked_sub(number))
            .ok_or_else(|| format!("record {number} was acknowledged at offset {offset}"))?;
        let expected = flight.first.or(self.expected).unwrap_or(first);
        if first != expected {
            let belongs = expected.saturating_add(number);
            return Err(format!(
                "a record stands at offset {offset}, not {belongs}: somebody else appends too"
            ));
        }
        flight.first = Some(first);
        flight.acknowledged += 1;
        if flight.acknowledged < flight.records {
            return Ok(None);
        }
        let records = u64::try_from(flight.records).unwrap_or(u64::MAX);
        let next = first.saturating_add(records);
        self.expected = Some(next);
        Ok(self.in_flight.take().map(|flight| Acknowledged {
            first,
            next,
            answer: flight.answer,
            since: now(),
        }))
    }

    /// Gives up the producer and everything that was sent or waits.
    fn end_term(&mut self, reason: &str, answers: &mut Answers) {
        let unknown = |answer| {
            let reason = reason.to_owned();
            (answer, AppendOutcome::Unknown { reason })
        };
        answers.extend(self.in_flight.take().map(|flight| unknown(flight.answer)));
        answers.extend(self.queue.drain(..).map(|request| unknown(request.answer)));
        self.leadership += 1;
        self.producer = None;
        self.over = Some(reason.to_owned());
    }
}

fn give(answers: Answers) {
    for (answer, outcome) in answers {
        // Who does not wait any more need not know.
        drop(answer.send(outcome));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A batch of `records` in flight, of a term whose next record belongs at `expected`.
    fn flying(records: usize, expected: Option<u64>) -> (State, Ticket) {
        let (answer, ticket) = oneshot::channel();
        let flight = Flight {
            records,
            acknowledged: 0,
            first: None,
            answer,
        };
        let state = State {
            expected,
            in_flight: Some(flight),
            ..State::default()
        };
        (state, ticket)
    }

    #[test]
    fn a_batch_is_acknowledged_by_its_last_record_and_names_its_offsets() {
        let (mut state, _ticket) = flying(3, Some(7));
        assert!(state.land(0, Ok(7)).unwrap().is_none());
        assert!(state.land(1, Ok(8)).unwrap().is_none());
        let append = state.land(2, Ok(9)).unwrap().unwrap();
        assert_eq!((append.first, append.next), (7, 10));
        assert_eq!(state.expected, Some(10));
    }

    #[test]
    fn a_claim_may_stand_anywhere() {
        let (mut state, _ticket) = flying(1, None);
        let append = state.land(0, Ok(41)).unwrap().unwrap();
        assert_eq!((append.first, append.next), (41, 42));
    }

    #[test]
    fn any_other_offset_ends_the_term() {
        for (reports, problem) in [
            (
                vec![Ok(8)],
                "a record stands at offset 8, not 7: somebody else appends too",
            ),
            (
                vec![Ok(6)],
                "a record stands at offset 6, not 7: somebody else appends too",
            ),
            (
                vec![Ok(7), Ok(9)],
                "a record stands at offset 9, not 8: somebody else appends too",
            ),
            // What a broker that already had the record answers, though nobody knows where it stands.
            (vec![Ok(-1001)], "record 0 was acknowledged at offset -1001"),
            (vec![Ok(7), Ok(0)], "record 1 was acknowledged at offset 0"),
            (
                vec![Ok(7), Err("timed out".to_owned())],
                "a record was not acknowledged: timed out",
            ),
        ] {
            let (mut state, mut ticket) = flying(3, Some(7));
            let mut ended = None;
            for (number, report) in reports.into_iter().enumerate() {
                ended = state.land(number, report).err();
            }
            assert_eq!(ended.as_deref(), Some(problem));
            let mut answers = Vec::new();
            state.end_term(problem, &mut answers);
            give(answers);
            let reason = problem.to_owned();
            assert_eq!(ticket.try_recv(), Ok(AppendOutcome::Unknown { reason }));
        }
    }
}
