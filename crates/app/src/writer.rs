//! The single writer of one ledger: look up, decide, seal, append, answer.
//!
//! While one batch flushes, the next is decided against the speculative state; nobody is answered before
//! the record is durable (INV-4). The writer owns the state: nothing else ever changes it (INV-11).

mod batch;
mod requests;

use std::sync::Arc;

use perennial_domain::book::{Book, Decision};
use perennial_domain::log::{Position, RecordedAt};
use perennial_domain::rejection::{Class, Refusal};
use perennial_proof::{Chain, SealError};
use perennial_wire::stored::{Outcome, RecordBody, StoredRefusal};
use tokio::sync::{mpsc, oneshot, watch};

use crate::ledger::Head;
use crate::ports::clock::Clock;
use crate::ports::ids::Ids;
use crate::ports::log::{AppendOutcome, Log, LogOffset, StoredEntry, Ticket};
use crate::submission::{Accepted, Place, Prepared, SubmitError};

use batch::{Batch, Waiting};
pub use requests::RequestIndex;

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
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            queue_submissions_max: 4_096,
            batch_records_max: 4_096,
            batch_bytes_max: 8 * 1024 * 1024,
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
    Recover(#[source] crate::recovery::RecoverError),
}

pub(crate) struct Writer {
    pub(crate) ports: WriterPorts,
    pub(crate) options: WriterOptions,
    pub(crate) ledger_id: String,
    pub(crate) book: Book,
    pub(crate) chain: Chain,
    pub(crate) requests: RequestIndex,
    pub(crate) head: watch::Sender<Head>,
    /// Records before this position are durable and accepted.
    durable: Position,
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
        recovered: (Book, Chain, RequestIndex),
        ledger_id: String,
        head: watch::Sender<Head>,
    ) -> Self {
        let (book, chain, requests) = recovered;
        let durable = Position(chain.next_position().0);
        Self {
            ports,
            options,
            ledger_id,
            book,
            chain,
            requests,
            head,
            durable,
            pending: Batch::default(),
            flushing: None,
            repeats: Vec::new(),
        }
    }

    /// Serves the queue until it is closed and everything in it is answered.
    ///
    /// # Errors
    /// [`WriterStopped`]; every waiting caller has been answered with what is known.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<Job>) -> Result<(), WriterStopped> {
        let mut jobs = Vec::with_capacity(self.options.batch_records_max);
        let mut open = true;
        while open || self.flushing.is_some() || !self.pending.is_empty() {
            self.start_flush();
            let room = self.room();
            tokio::select! {
                outcome = flushed(&mut self.flushing) => self.settle(outcome)?,
                received = queue.recv_many(&mut jobs, room.max(1)), if open && 0 < room => {
                    open = 0 < received;
                    for job in jobs.drain(..) {
                        self.take(job);
                    }
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

    fn start_flush(&mut self) {
        if self.flushing.is_some() || self.pending.is_empty() {
            return;
        }
        let mut batch = std::mem::take(&mut self.pending);
        let ticket = self.ports.log.append(batch.take_entries());
        self.flushing = Some(Flushing { ticket, batch });
    }

    fn take(&mut self, job: Job) {
        if let Some((position, offset)) = self.requests.find(job.prepared.request_id) {
            self.repeat(job, position, offset);
            return;
        }
        let at = Position(self.chain.next_position().0);
        let now = self.ports.clock.now();
        let today = now.max(self.last_recorded_at()).date();
        match self.book.decide(&job.prepared.submission, at, today) {
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

    /// A belief that a stream's progress made wrong is no evidence: the client reads again under the same id.
    fn keeps(&self, refusal: &Refusal) -> bool {
        self.book.policy().keep_refusals && refusal.class() != Class::Conflict
    }

    /// A request id that is known: answered from its record, now or once that is durable (INV-5).
    fn repeat(&mut self, job: Job, position: Position, offset: Option<LogOffset>) {
        match offset.filter(|_| position < self.durable) {
            Some(offset) => requests::answer_from_log(&self.ports.log, job, position, offset),
            None => self.repeats.push((position, job)),
        }
    }

    fn seal_events(&mut self, job: Job, decision: Decision, now: RecordedAt) {
        let at = decision.at;
        let accepted = Accepted::of(&decision.events, at, None);
        let body = self.body(&job.prepared, Outcome::Events(decision.events));
        match self.seal(&body, now) {
            Ok((entry, place)) => {
                if let Outcome::Events(events) = body.outcome {
                    self.book.apply(&Decision { at, events });
                }
                self.requests.insert_pending(job.prepared.request_id, at);
                let answer = Ok(Accepted {
                    place: Some(place),
                    ..accepted
                });
                self.pending.push(entry, Waiting { job, answer, place });
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
                self.pending.push(entry, Waiting { job, answer, place });
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
        let mut newest = None;
        for waiting in batch.into_waiting() {
            self.requests.settle(waiting.job.prepared.request_id, first);
            newest = Some(waiting.place);
            answer(waiting.job, waiting.answer);
        }
        if let Some(place) = newest {
            self.durable = Position(place.position.0.saturating_add(1));
            let term = self.chain.term();
            self.head.send_replace(Head {
                newest: Some(place),
                term,
            });
        }
        let durable = self.durable;
        let (ready, waiting) = std::mem::take(&mut self.repeats)
            .into_iter()
            .partition::<Vec<_>, _>(|(position, _)| *position < durable);
        self.repeats = waiting;
        for (position, job) in ready {
            requests::answer_from_log(&self.ports.log, job, position, first);
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
        let recovered = crate::recovery::recover(&*self.ports.log, &self.ledger_id, None)
            .map_err(WriterStopped::Recover)?;
        let book = recovered.book.ok_or(WriterStopped::Recover(
            crate::recovery::RecoverError::NotCreated,
        ))?;
        self.book = book;
        self.durable = Position(recovered.chain.next_position().0);
        self.chain = recovered.chain;
        self.requests = recovered.requests;
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
