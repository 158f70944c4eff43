//! The single writer of one ledger: look up, decide, seal, append, answer.
//!
//! While one batch flushes, the next is decided against the speculative state; nobody is answered before
//! the record is durable (INV-4). The writer owns the state: nothing else ever changes it (INV-11).

mod batch;
mod repeat;
mod snapshots;

use std::sync::Arc;

use perennial_domain::Date;
use perennial_domain::book::{Book, Decision};
use perennial_domain::event::Stream;
use perennial_domain::log::{Position, RecordedAt};
use perennial_domain::rejection::{Class, Refusal};
use perennial_proof::{Chain, SealError};
use perennial_wire::stored::{Outcome, RecordBody, StoredRefusal};
use tokio::sync::{mpsc, oneshot, watch};

use crate::ledger::{Head, InForce};
use crate::ports::cache::LogPoint;
use crate::ports::clock::Clock;
use crate::ports::ids::Ids;
use crate::ports::log::{AppendOutcome, Log, LogOffset, LogRead, StoredEntry, Ticket};
use crate::ports::request_index::{IndexedRequest, RequestIndexStore};
use crate::ports::snapshot_store::SnapshotStore;
use crate::recovery::{LedgerSource, RecoverError, recover_state};
use crate::requests::{Requests, Taken};
use crate::submission::{Accepted, Place, Prepared, SubmitError};

use batch::{Batch, Waiting};
use snapshots::Snapshots;

/// What a submission is answered.
pub type Answer = Result<Accepted, SubmitError>;

/// One submission in the writer's queue.
pub struct Job {
    /// What is asked for.
    pub prepared: Prepared,
    /// Decide only; append nothing.
    pub validate_only: bool,
    /// Where the answer goes; a caller that has left costs nothing.
    pub answer: oneshot::Sender<Answer>,
}

/// The writer's limits (INV-12).
#[derive(Clone, Copy, Debug)]
pub struct WriterOptions {
    /// Submissions that may wait in the queue.
    pub queue_submissions_max: usize,
    /// Records in one group append.
    pub batch_records_max: usize,
    /// Bytes in one group append.
    pub batch_bytes_max: usize,
    /// Up to so many records are flushed on the writer's own thread, if no other submission waits to be decided
    /// meanwhile. 0: never.
    pub in_place_records_max: usize,
    /// A state snapshot is taken after so many records, and at a clean stop. Opening folds at most about as many.
    pub snapshot_every_records: u64,
    /// About how much of the state is encoded between two batches, in bytes: 128 KiB take one to two milliseconds.
    pub snapshot_part_bytes: usize,
    /// Request ids of the newest records that are held in memory whatever the request index holds.
    pub recent_requests_max: usize,
    /// Request ids in memory at most, when the request index does not keep up: then nothing new is taken.
    pub unindexed_requests_max: usize,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            queue_submissions_max: 4_096,
            batch_records_max: 4_096,
            batch_bytes_max: 8 * 1024 * 1024,
            in_place_records_max: 8,
            snapshot_every_records: 100_000,
            snapshot_part_bytes: 128 * 1024,
            recent_requests_max: 65_536,
            unindexed_requests_max: 1_000_000,
        }
    }
}

/// What the writer needs from outside.
#[derive(Clone)]
pub struct WriterPorts {
    /// The ledger's log.
    pub log: Arc<dyn Log>,
    /// The clock of `recorded_at`.
    pub clock: Arc<dyn Clock>,
    /// Salts.
    pub ids: Arc<dyn Ids>,
    /// Snapshots of the ledger's state.
    pub snapshots: Arc<dyn SnapshotStore>,
    /// The index of its request ids.
    pub requests: Arc<dyn RequestIndexStore>,
}

impl WriterPorts {
    /// What the ledger is recovered from.
    pub fn source(&self, ledger_id: &str) -> LedgerSource {
        LedgerSource {
            ledger_id: ledger_id.to_owned(),
            log: Arc::clone(&self.log) as Arc<dyn LogRead>,
            snapshots: Arc::clone(&self.snapshots),
            requests: Arc::clone(&self.requests),
        }
    }
}

/// Why a writer stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum WriterStopped {
    /// An append's outcome is unknown: the term is over.
    #[error("the outcome of an append is unknown: {reason}")]
    OutcomeUnknown {
        /// What happened.
        reason: String,
    },
    /// After a rejected append the state could not be read back.
    #[error("read the ledger again after a rejected append")]
    Recover(#[source] RecoverError),
    /// The request index is broken, and memory holds as many ids as it may.
    #[error("the request index does not take the ids of new records")]
    RequestsUnindexed,
}

/// What a writer begins with.
pub(crate) struct WriterState {
    pub(crate) book: Book,
    pub(crate) chain: Chain,
    pub(crate) requests: Requests,
    /// The newest durable record.
    pub(crate) newest: Option<LogPoint>,
    /// Up to where the newest snapshot reaches.
    pub(crate) snapshot: Option<Position>,
}

pub(crate) struct Writer {
    pub(crate) ports: WriterPorts,
    pub(crate) options: WriterOptions,
    pub(crate) ledger_id: String,
    pub(crate) book: Book,
    pub(crate) chain: Chain,
    /// Closed before [`Writer::head`], which tells others that the writer is gone.
    pub(crate) requests: Requests,
    snapshots: Snapshots,
    pub(crate) head: watch::Sender<Head>,
    in_force: watch::Sender<Arc<InForce>>,
    /// The newest record that is durable and accepted.
    newest: Option<LogPoint>,
    /// Decided and sealed, not yet handed to the log.
    pending: Batch,
    flushing: Option<Flushing>,
    /// Repeats of submissions whose first answer is still on its way.
    repeats: Vec<(Position, Job)>,
}

struct Flushing {
    ticket: Ticket,
    batch: Batch,
}

impl Writer {
    pub(crate) fn new(
        ports: WriterPorts,
        options: WriterOptions,
        state: WriterState,
        ledger_id: String,
        (head, in_force): (watch::Sender<Head>, watch::Sender<Arc<InForce>>),
    ) -> Self {
        let WriterState {
            book,
            chain,
            requests,
            newest,
            snapshot,
        } = state;
        let store = Arc::clone(&ports.snapshots);
        let snapshots = Snapshots::new(store, ledger_id.clone(), &options, (&book, snapshot));
        Self {
            ports,
            options,
            ledger_id,
            book,
            chain,
            requests,
            snapshots,
            head,
            in_force,
            newest,
            pending: Batch::default(),
            flushing: None,
            repeats: Vec::new(),
        }
    }

    /// Serves the queue until it is closed and everything in it is answered, then leaves the caches as they are
    /// of most use.
    ///
    /// # Errors
    /// [`WriterStopped`]; every waiting caller has been answered with what is known.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<Job>) -> Result<(), WriterStopped> {
        let served = self.serve(&mut queue).await;
        if served.is_ok() {
            self.snapshots.at_rest(&self.book, self.newest).await;
        }
        self.requests.close().await;
        served
    }

    async fn serve(&mut self, queue: &mut mpsc::Receiver<Job>) -> Result<(), WriterStopped> {
        let mut jobs = Vec::with_capacity(self.options.batch_records_max);
        let mut open = true;
        while open || self.flushing.is_some() || !self.pending.is_empty() {
            self.start_flush(queue.is_empty());
            self.snapshots.begin_if_due(self.newest);
            let is_full = self.requests.is_full();
            let room = if is_full { 0 } else { self.room() };
            tokio::select! {
                outcome = flushed(&mut self.flushing) => self.settle(outcome)?,
                received = queue.recv_many(&mut jobs, room.max(1)), if open && 0 < room => {
                    open = 0 < received;
                    for job in jobs.drain(..) {
                        self.take(job);
                    }
                    // However busy the queue is, the snapshot goes on.
                    if let Some(room) = self.snapshots.room_now() {
                        self.snapshots.step(Some(room), &self.book, &self.chain);
                    }
                }
                room = self.snapshots.room() => {
                    self.snapshots.step(room, &self.book, &self.chain);
                    self.snapshots.finish_if_durable(self.newest);
                }
                more = self.requests.more_indexed(), if is_full => if !more {
                    return Err(WriterStopped::RequestsUnindexed);
                }
            }
        }
        Ok(())
    }

    fn room(&self) -> usize {
        if self.options.batch_bytes_max <= self.pending.bytes() {
            return 0;
        }
        self.options
            .batch_records_max
            .saturating_sub(self.pending.len())
    }

    /// With little to flush and an empty queue there is nothing to decide meanwhile, and handing the batch to
    /// another thread would cost more than it gains.
    fn start_flush(&mut self, nothing_waits: bool) {
        if self.flushing.is_some() || self.pending.is_empty() {
            return;
        }
        let mut batch = std::mem::take(&mut self.pending);
        let in_place = nothing_waits && batch.len() <= self.options.in_place_records_max;
        let entries = batch.take_entries();
        let ticket = if in_place {
            self.ports.log.append_in_place(entries)
        } else {
            self.ports.log.append(entries)
        };
        self.flushing = Some(Flushing { ticket, batch });
    }

    fn take(&mut self, job: Job) {
        match self.requests.find(job.prepared.request_id) {
            Ok(None) => {}
            Ok(Some(taken)) => return self.repeat(job, taken),
            Err(error) => {
                let reason = format!("whether the request id is taken is not known: {error}");
                return answer(job, Err(SubmitError::Unavailable { reason }));
            }
        }
        let at = Position(self.chain.next_position().0);
        let now = self.ports.clock.now();
        let today = now.max(self.last_recorded_at()).date();
        match self.decide(&job, at, today) {
            Ok(decision) if job.validate_only => {
                let accepted = Accepted::of(&decision.events, at, None);
                answer(job, Ok(accepted));
            }
            Ok(decision) => self.seal_events(job, decision, now),
            Err(refusal) if !job.validate_only && self.keeps(&refusal) => {
                self.seal_refusal(job, &refusal, now);
            }
            Err(refusal) => {
                let refusal = StoredRefusal::of(&refusal, &job.prepared.submission);
                answer(
                    job,
                    Err(SubmitError::Refused {
                        refusal,
                        kept: None,
                    }),
                );
            }
        }
    }

    /// What is decided; who submits cannot be who approves, whatever else is right or wrong.
    fn decide(&self, job: &Job, at: Position, today: Date) -> Result<Decision, Refusal> {
        let Prepared {
            submission, actor, ..
        } = &job.prepared;
        let decided = self.book.decide(submission, at, today);
        let own = submission.self_approvals(&actor.subject);
        match (decided, Refusal::of(own.clone())) {
            (decided, None) => decided,
            (Ok(_), Some(refusal)) => Err(refusal),
            (Err(refusal), Some(_)) => Err(refusal.with(own)),
        }
    }

    /// A belief that a stream's progress made wrong is no evidence: the client reads again under the same id.
    fn keeps(&self, refusal: &Refusal) -> bool {
        self.book.policy().keep_refusals && refusal.class() != Class::Conflict
    }

    /// A request id that is known: answered from its record, now or once that is durable (INV-5).
    fn repeat(&mut self, job: Job, Taken { position, offset }: Taken) {
        match offset {
            Some(offset) => repeat::answer_from_log(&self.ports.log, job, position, offset),
            None => self.repeats.push((position, job)),
        }
    }

    fn seal_events(&mut self, job: Job, decision: Decision, now: RecordedAt) {
        let at = decision.at;
        let accepted = Accepted::of(&decision.events, at, None);
        let body = self.body(&job.prepared, Outcome::Events(decision.events));
        match self.seal(&body, now) {
            Ok((entry, place)) => {
                let mut in_force = None;
                if let Outcome::Events(events) = body.outcome {
                    let of_ledger = events.iter().any(|event| event.stream == Stream::Ledger);
                    self.snapshots.began(&events);
                    self.book.apply(&Decision { at, events });
                    in_force = of_ledger.then(|| Arc::new(InForce::of(&self.book)));
                }
                self.requests.insert_pending(job.prepared.request_id, at);
                let answer = Ok(Accepted {
                    place: Some(place),
                    ..accepted
                });
                let waiting = Waiting {
                    job,
                    answer,
                    place,
                    in_force,
                };
                self.pending.push(entry, waiting);
            }
            Err(error) => answer(job, Err(error)),
        }
    }

    fn seal_refusal(&mut self, job: Job, refusal: &Refusal, now: RecordedAt) {
        let at = Position(self.chain.next_position().0);
        let refusal = StoredRefusal::of(refusal, &job.prepared.submission);
        let body = self.body(&job.prepared, Outcome::Refusal(refusal.clone()));
        match self.seal(&body, now) {
            Ok((entry, place)) => {
                self.requests.insert_pending(job.prepared.request_id, at);
                let answer = Err(SubmitError::Refused {
                    refusal,
                    kept: Some(place),
                });
                let waiting = Waiting {
                    job,
                    answer,
                    place,
                    in_force: None,
                };
                self.pending.push(entry, waiting);
            }
            Err(error) => answer(job, Err(error)),
        }
    }

    fn body(&self, prepared: &Prepared, outcome: Outcome) -> RecordBody {
        RecordBody {
            request_id: prepared.request_id,
            command_digest: prepared.command_digest,
            actor: prepared.actor.clone(),
            profile: self.book.profile(),
            salt: self.ports.ids.random(),
            outcome,
        }
    }

    fn seal(
        &mut self,
        body: &RecordBody,
        now: RecordedAt,
    ) -> Result<(StoredEntry, Place), SubmitError> {
        let bytes = perennial_wire::stored::encode_body(body);
        let mut entry = Vec::new();
        let sealed = self
            .chain
            .seal(now.0, &bytes, &mut entry)
            .map_err(|error| match error {
                SealError::BodyTooLong(bytes) => SubmitError::RecordTooLarge {
                    bytes,
                    limit: perennial_proof::entry::BODY_BYTES_MAX,
                },
                SealError::NoTerm | SealError::PositionsExhausted => SubmitError::Unavailable {
                    reason: error.to_string(),
                },
            })?;
        let place = Place {
            position: Position(sealed.position.0),
            recorded_at: RecordedAt(sealed.recorded_at),
            record_hash: sealed.record_hash,
        };
        Ok((StoredEntry(entry), place))
    }

    fn last_recorded_at(&self) -> RecordedAt {
        RecordedAt(self.chain.last_recorded_at().unwrap_or_default())
    }

    /// Answers a batch once its outcome is known.
    fn settle(&mut self, outcome: AppendOutcome) -> Result<(), WriterStopped> {
        let Some(Flushing { batch, .. }) = self.flushing.take() else {
            return Ok(());
        };
        match outcome {
            AppendOutcome::Durable { first, .. } => {
                self.accept(batch, first);
                Ok(())
            }
            AppendOutcome::Rejected { reason } => {
                self.abandon(batch, || SubmitError::Unavailable {
                    reason: reason.clone(),
                });
                self.recover()
            }
            AppendOutcome::Unknown { reason } => {
                self.abandon(batch, || SubmitError::OutcomeUnknown {
                    reason: reason.clone(),
                });
                Err(WriterStopped::OutcomeUnknown { reason })
            }
        }
    }

    fn accept(&mut self, batch: Batch, first: LogOffset) {
        let Some(place) = batch.newest() else { return };
        let term = self.chain.term();
        self.head.send_replace(Head {
            newest: Some(place),
            term,
        });
        let mut ids = Vec::with_capacity(batch.len());
        for waiting in batch.into_waiting() {
            if let Some(in_force) = waiting.in_force {
                self.in_force.send_replace(in_force);
            }
            ids.push(IndexedRequest {
                request_id: waiting.job.prepared.request_id,
                position: waiting.place.position,
                offset: first,
            });
            answer(waiting.job, waiting.answer);
        }
        let point = LogPoint {
            position: place.position,
            record_hash: place.record_hash,
            term,
            offset: first,
        };
        self.newest = Some(point);
        self.requests.settle(ids, point);
        self.snapshots.finish_if_durable(self.newest);
        let (ready, waiting) = std::mem::take(&mut self.repeats)
            .into_iter()
            .partition::<Vec<_>, _>(|(position, _)| *position <= place.position);
        self.repeats = waiting;
        for (position, job) in ready {
            repeat::answer_from_log(&self.ports.log, job, position, first);
        }
    }

    /// Fails everything that is not known to be accepted: the batch, what was decided after it, and repeats.
    fn abandon(&mut self, batch: Batch, error: impl Fn() -> SubmitError) {
        let pending = std::mem::take(&mut self.pending);
        for waiting in batch.into_waiting().chain(pending.into_waiting()) {
            answer(waiting.job, Err(error()));
        }
        for (_, job) in std::mem::take(&mut self.repeats) {
            answer(job, Err(error()));
        }
    }

    /// Forgets the speculation after an append that wrote nothing.
    fn recover(&mut self) -> Result<(), WriterStopped> {
        self.requests.forget_pending();
        let source = self.ports.source(&self.ledger_id);
        let state = recover_state(&source, &mut self.requests).map_err(WriterStopped::Recover)?;
        let created = || WriterStopped::Recover(RecoverError::NotCreated);
        self.book = state.book.ok_or_else(created)?;
        self.chain = state.chain;
        self.newest = state.newest;
        self.snapshots.abandon(&self.book);
        Ok(())
    }
}

/// Sends an answer; a caller that has left (deadline, disconnect) is no error: it asks again by request id.
pub(crate) fn answer(job: Job, answer: Answer) {
    if job.answer.send(answer).is_err() {
        tracing::debug!(request_id = %job.prepared.request_id, "the caller left before its answer");
    }
}

async fn flushed(flushing: &mut Option<Flushing>) -> AppendOutcome {
    match flushing {
        Some(flushing) => (&mut flushing.ticket)
            .await
            .unwrap_or_else(|_| AppendOutcome::Unknown {
                reason: "the log stopped without an answer".to_owned(),
            }),
        None => std::future::pending().await,
    }
}
