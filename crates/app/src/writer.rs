//! The single writer of one ledger: look up, decide, seal, append, answer.
//!
//! While one batch is on its way to the log, the next is decided against the speculative state; nobody is answered
//! before the record is durable and accepted (INV-4). On an exclusive log durable is accepted; on a shared one the
//! writer reads its own records back like any reader (INV-11), and the same reading keeps its state warm while another
//! node leads. When that is, [`crate::seat`] says.
//!
//! Read in order: `serving` (the loop of a leader), `deciding`, `accepting` (what becomes of what was sent),
//! `reading` (what a shared log says), then the parts.

mod accepting;
mod batch;
mod deciding;
mod flights;
mod held;
mod reading;
mod repeat;
mod serving;
mod snapshots;

use std::sync::Arc;
use std::time::Duration;

use perennial_domain::book::Book;
use perennial_domain::log::{Position, RecordedAt};
use perennial_proof::{Chain, Term};
use tokio::sync::{oneshot, watch};

use crate::ledger::{Head, InForce};
use crate::ports::cache::LogPoint;
use crate::ports::clock::Clock;
use crate::ports::ids::Ids;
use crate::ports::liveness::Liveness;
use crate::ports::log::{Log, LogOffset, LogRead};
use crate::ports::request_index::RequestIndexStore;
use crate::ports::snapshot_store::SnapshotStore;
use crate::ports::tasks::Tasks;
use crate::records::LedgerReader;
use crate::recovery::{LedgerSource, RecoverError};
use crate::requests::Requests;
use crate::seat::SeatOptions;
use crate::seat::status::{Leader, SeatStatus};
use crate::submission::{Accepted, Prepared, SubmitError};

use batch::Batch;
use flights::Flights;
use held::Held;
pub(crate) use reading::{ReadBack, Wake};
pub(crate) use serving::TermEnd;
use snapshots::{Room, Snapshots};

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
    /// Shared logs only: records that may be on their way or wait to be read back. Beyond it nothing is appended.
    pub unaccepted_records_max: usize,
    /// Shared logs only: how long a leader waits for anything to become of what it sent before it ends its term.
    /// Longer than an engine needs to say that it does not know, so that a slow engine is not given up for it.
    pub append_wait_max: Duration,
    /// Shared logs only: how long a caller waits for its answer before it is told that the outcome is unknown.
    pub answer_wait_max: Duration,
    /// Shared logs only: when a node claims to lead.
    pub seat: SeatOptions,
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
            unaccepted_records_max: 8_192,
            append_wait_max: Duration::from_secs(35),
            answer_wait_max: Duration::from_secs(10),
            seat: SeatOptions::default(),
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
    /// Where its tasks run.
    pub tasks: Arc<dyn Tasks>,
    /// The other nodes; [`crate::ports::liveness::Alone`] on an exclusive log.
    pub liveness: Arc<dyn Liveness>,
}

impl WriterPorts {
    /// What the ledger is recovered from.
    pub fn source(&self, ledger_id: &str) -> LedgerSource {
        LedgerSource {
            ledger_id: ledger_id.to_owned(),
            log: Arc::clone(&self.log) as Arc<dyn LogRead>,
            snapshots: Arc::clone(&self.snapshots),
            requests: Arc::clone(&self.requests),
            tasks: Arc::clone(&self.tasks),
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
    /// The log could not be read on, or the state could not be read back after an append that did not count.
    #[error("read the ledger on")]
    Recover(#[source] RecoverError),
    /// The request index is broken, and memory holds as many ids as it may.
    #[error("the request index does not take the ids of new records")]
    RequestsUnindexed,
}

/// What a writer begins with.
pub(crate) struct WriterState {
    pub(crate) book: Book,
    pub(crate) requests: Requests,
    /// The newest durable record.
    pub(crate) newest: Option<LogPoint>,
    /// Up to where the newest snapshot reaches.
    pub(crate) snapshot: Option<Position>,
    /// Stands behind the newest record.
    pub(crate) reader: LedgerReader,
    /// Where the state stands.
    pub(crate) chain: Chain,
    /// The term that this node leads in already.
    pub(crate) leads: Option<WonTerm>,
}

/// A term that a claim of this node began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WonTerm {
    pub(crate) term: Term,
    pub(crate) nonce: [u8; 16],
    /// Where the next append has to begin, if nobody else appends.
    pub(crate) next_offset: LogOffset,
}

/// Where a writer tells what everybody may know.
pub(crate) struct Tellers {
    pub(crate) head: watch::Sender<Head>,
    pub(crate) in_force: watch::Sender<Arc<InForce>>,
    pub(crate) status: watch::Sender<SeatStatus>,
}

pub(crate) struct Writer {
    pub(crate) ports: WriterPorts,
    pub(crate) options: WriterOptions,
    pub(crate) ledger_id: String,
    /// The state that decisions are made on: ahead of what is accepted while anything is on its way.
    book: Book,
    /// Where `book` stands.
    chain: Chain,
    /// Closed before the head's teller, which tells others that the writer is gone.
    requests: Requests,
    pub(crate) snapshots: Snapshots,
    pub(crate) told: Tellers,
    /// The newest record that is durable and accepted.
    newest: Option<LogPoint>,
    /// Decided and sealed, not yet handed to the log.
    pending: Batch,
    /// Handed to the log, not yet accepted.
    flights: Flights,
    /// Answers that wait for something else than a record of their own.
    held: Held,
    /// How a shared log is read; absent for an exclusive one.
    pub(crate) shared: Option<ReadBack>,
    /// What a bug on purpose sends again.
    #[cfg(feature = "planted-bugs")]
    resent: Vec<Job>,
}

impl Writer {
    pub(crate) fn new(
        ports: WriterPorts,
        options: WriterOptions,
        state: WriterState,
        ledger_id: String,
        told: Tellers,
    ) -> Self {
        let book = state.book;
        let taken = (&book, state.snapshot);
        let snapshots = Snapshots::new(&ports, ledger_id.clone(), &options, taken);
        let mut shared = ReadBack::of(&*ports.log, state.reader);
        let mut flights = Flights::default();
        if let (Some(shared), Some(leads)) = (&mut shared, state.leads) {
            (shared.claimed, shared.leads) = (Some(leads.nonce), Some(leads.term));
            flights.begin_term(leads.next_offset);
        }
        Self {
            ports,
            options,
            ledger_id,
            book,
            chain: state.chain,
            requests: state.requests,
            snapshots,
            told,
            newest: state.newest,
            pending: Batch::default(),
            flights,
            held: Held::default(),
            shared,
            #[cfg(feature = "planted-bugs")]
            resent: Vec::new(),
        }
    }

    /// Leaves the caches as they are of most use, unless the state is ahead of what is known.
    pub(crate) async fn rest(&mut self) {
        if self.is_settled() {
            self.snapshots.at_rest(&self.book, self.newest).await;
        }
    }

    pub(crate) async fn close(&mut self) {
        self.requests.close().await;
    }

    /// Decides once more what is on its way, which is a bug on purpose.
    #[cfg(feature = "planted-bugs")]
    fn resend(&mut self) {
        for job in std::mem::take(&mut self.resent) {
            self.take_new(job);
        }
    }

    /// Takes notice that this node is about to claim.
    pub(crate) fn begin_campaign(&mut self, nonce: [u8; 16]) {
        if let Some(shared) = &mut self.shared {
            shared.claimed = Some(nonce);
        }
    }

    /// The current term, as far as the log was read.
    pub(crate) fn term(&self) -> Term {
        let read = self.shared.as_ref().map(ReadBack::chain);
        read.unwrap_or(&self.chain).term()
    }

    /// The term that a claim has to have to win, as far as the log was read.
    pub(crate) fn next_term(&self) -> Option<Term> {
        let read = self.shared.as_ref().map(ReadBack::chain);
        read.unwrap_or(&self.chain).next_term()
    }

    /// The node that leads, as far as the log was read.
    pub(crate) fn leader(&self) -> Option<&Leader> {
        let claim = self.shared.as_ref()?.claim.as_ref()?;
        Some(&claim.leader)
    }

    /// The newest accepted record.
    pub(crate) fn newest(&self) -> Option<LogPoint> {
        self.newest
    }

    /// Goes on with a snapshot on its way.
    pub(crate) fn step_snapshot(&mut self, room: Option<Room>) {
        self.snapshots.step(room, &self.book, &self.chain);
        self.snapshots.finish_if_durable(self.newest);
    }

    /// Whether everything that was decided is accepted.
    fn is_settled(&self) -> bool {
        let is_clean = self.shared.as_ref().is_none_or(|shared| !shared.polluted);
        is_clean && self.flights.is_empty() && self.pending.is_empty()
    }

    pub(crate) fn last_recorded_at(&self) -> Option<RecordedAt> {
        self.chain.last_recorded_at().map(RecordedAt)
    }
}

/// Sends an answer; a caller that has left (deadline, disconnect) is no error: it asks again by request id.
pub(crate) fn answer(job: Job, answer: Answer) {
    if job.answer.send(answer).is_err() {
        tracing::debug!(request_id = %job.prepared.request_id, "the caller left before its answer");
    }
}
