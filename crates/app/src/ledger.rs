//! A ledger that is open for writing: created or recovered, led by a claim, served by its writer.

use std::sync::Arc;
use std::time::Duration;

use perennial_domain::book::Book;
use perennial_domain::event::Stream;
use perennial_domain::ids::{LedgerId, RequestId};
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::{Position, RecordedAt, Revision};
use perennial_domain::rule::Profile;
use perennial_proof::{Chain, Term};
use perennial_wire::stored::Actor;
use tokio::sync::{mpsc, oneshot, watch};

use crate::founding::{Founding, recover_off_thread, tell};
use crate::ports::log::{LogRead, Sharing};
use crate::ports::tasks::Tasks;
use crate::recovery::{KnownPoint, RecoverError, Recovered};
use crate::seat::Seat;
use crate::seat::status::{Leader, SeatStatus};
use crate::submission::{Accepted, Place, Prepared, SubmitError};
use crate::writer::{
    Answer, Job, Tellers, Writer, WriterOptions, WriterPorts, WriterState, WriterStopped,
};

pub use crate::founding::creation;

/// Where a ledger stands, as its writer knows it: everything here is durable and accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The newest record; absent before the first.
    pub newest: Option<Place>,
    /// The current term.
    pub term: Term,
}

/// What the ledger's own stream says now, as its writer knows it: everything here is durable and accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// Its policy.
    pub policy: LedgerPolicy,
    /// How many events the stream holds.
    pub revision: Revision,
}

impl InForce {
    pub(crate) fn of(book: &Book) -> Self {
        let revision = book.revision(&Stream::Ledger);
        Self {
            policy: book.policy().clone(),
            revision: revision.unwrap_or_default(),
        }
    }
}

/// The node that leads, as its claim names it.
#[derive(Clone, Debug)]
pub struct Claimant {
    /// Its name.
    pub node: String,
    /// Where clients reach it.
    pub address: String,
}

impl Claimant {
    /// Whether a claim that began a term is this node's own, from before a restart perhaps. Two nodes that were given
    /// one name by mistake still differ by their addresses: each waits for the other as for any leader.
    pub(crate) fn made_claim_of(&self, leader: &Leader) -> bool {
        self.node == leader.node && self.address == leader.address
    }
}

/// Why a ledger could not be opened for writing.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its log does not give a state.
    #[error("recover ledger \"{ledger_id}\"")]
    Recover {
        /// Which ledger.
        ledger_id: LedgerId,
        /// Why.
        #[source]
        source: RecoverError,
    },
    /// The claim to lead it, or its first record, was not appended.
    #[error("append to ledger \"{ledger_id}\": {reason}")]
    Append {
        /// Which ledger.
        ledger_id: LedgerId,
        /// Why.
        reason: String,
    },
    /// It exists already.
    #[error("ledger \"{ledger_id}\" exists already")]
    Exists {
        /// Which ledger.
        ledger_id: LedgerId,
    },
    /// The clock is too far behind the ledger's last record (DESIGN.md 4 "Clock").
    #[error("lead ledger \"{ledger_id}\"")]
    ClockBehind {
        /// Which ledger.
        ledger_id: LedgerId,
        /// By how much.
        #[source]
        behind: ClockBehind,
    },
}

/// A clock that is too far behind to lead: `recorded_at` would stand still until it has caught up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the clock is {behind_s} s behind the ledger's last record, more than {limit_s} s")]
pub struct ClockBehind {
    /// How far, in seconds.
    pub behind_s: i64,
    /// The limit, in seconds.
    pub limit_s: i64,
}

/// Checks that a clock which says `now` may lead behind `last`.
pub(crate) fn check_clock(last: Option<RecordedAt>, now: RecordedAt) -> Result<(), ClockBehind> {
    let behind = last.map_or(i64::MIN, |last| last.0).saturating_sub(now.0);
    if behind <= CLOCK_SKEW_MAX_US {
        return Ok(());
    }
    Err(ClockBehind {
        behind_s: behind / 1_000_000,
        limit_s: CLOCK_SKEW_MAX_US / 1_000_000,
    })
}

/// What a new ledger is.
#[derive(Clone, Debug)]
pub struct NewLedger {
    /// The client's key.
    pub request_id: RequestId,
    /// Who creates it.
    pub actor: Actor,
    /// Its id.
    pub ledger_id: LedgerId,
    /// Strict or mirror, for ever.
    pub profile: Profile,
    /// The first policy.
    pub policy: LedgerPolicy,
}

/// The most that a node's clock may lag behind the last record, in microseconds: 10 s.
pub const CLOCK_SKEW_MAX_US: i64 = 10_000_000;

/// An open ledger. Clones share one writer.
#[derive(Clone)]
pub struct Ledger {
    id: LedgerId,
    profile: Profile,
    in_force: watch::Receiver<Arc<InForce>>,
    queue: mpsc::Sender<Job>,
    queue_submissions_max: usize,
    head: watch::Receiver<Head>,
    status: watch::Receiver<SeatStatus>,
    log: Arc<dyn LogRead>,
    /// How long a caller waits at most, on a shared log.
    patience: Option<(Arc<dyn Tasks>, Duration)>,
}

/// The writer's task: it ends when every [`Ledger`] clone is dropped, or by itself with an error.
pub struct WriterTask(oneshot::Receiver<Result<(), WriterStopped>>);

impl WriterTask {
    /// Waits for the writer's end.
    ///
    /// # Errors
    /// [`WriterStopped`] if it could not go on.
    pub async fn ended(self) -> Result<(), WriterStopped> {
        self.0.await.unwrap_or_else(|_| {
            Err(WriterStopped::OutcomeUnknown {
                reason: "the writer's thread ended without a word".to_owned(),
            })
        })
    }
}

impl Ledger {
    /// Recovers a ledger from its log, in which `known` must be, and starts its writer. Where this process alone can
    /// append, it leads when this returns; on a shared log it follows, and leads once its [`crate::seat`] says so.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(
        ledger_id: LedgerId,
        known: Option<KnownPoint>,
        claimant: &Claimant,
        ports: WriterPorts,
        options: WriterOptions,
    ) -> Result<(Self, WriterTask), OpenError> {
        let mut recovered = recover_off_thread(&ledger_id, &ports, (known, options)).await?;
        tell(&ledger_id, &recovered);
        if recovered.book.is_none() {
            return Err(OpenError::Recover {
                ledger_id,
                source: RecoverError::NotCreated,
            });
        }
        let founding = Founding {
            ledger_id: &ledger_id,
            claimant,
            ports: &ports,
            options: &options,
        };
        let mut leads = None;
        if ports.log.sharing() == Sharing::Exclusive {
            let last = recovered.chain.last_recorded_at().map(RecordedAt);
            check_clock(last, ports.clock.now()).map_err(|behind| OpenError::ClockBehind {
                ledger_id: ledger_id.clone(),
                behind,
            })?;
            leads = Some(founding.claim(&mut recovered).await?);
        }
        let Recovered {
            book,
            chain,
            requests,
            newest,
            snapshot,
            folded: _,
            reader,
        } = recovered;
        let Some(book) = book else {
            return Err(OpenError::Recover {
                ledger_id,
                source: RecoverError::NotCreated,
            });
        };
        let state = WriterState {
            book,
            requests,
            newest,
            snapshot,
            reader,
            chain,
            leads,
        };
        Ok(Self::start(state, ledger_id, (claimant, ports, options)))
    }

    /// Creates a ledger on an empty log: claim, first record, writer. A log that holds claims only, because a
    /// creation was cut off, is empty.
    ///
    /// # Errors
    /// [`OpenError`]; `Exists` if the log has a first record.
    pub async fn create(
        new: NewLedger,
        claimant: &Claimant,
        ports: WriterPorts,
        options: WriterOptions,
    ) -> Result<(Self, WriterTask, Place), OpenError> {
        let ledger_id = new.ledger_id.clone();
        let mut recovered = recover_off_thread(&ledger_id, &ports, (None, options)).await?;
        if recovered.book.is_some() {
            return Err(OpenError::Exists { ledger_id });
        }
        let founding = Founding {
            ledger_id: &ledger_id,
            claimant,
            ports: &ports,
            options: &options,
        };
        let leads = founding.claim(&mut recovered).await?;
        let (state, place) = founding.append_first(new, recovered, leads).await?;
        let (ledger, task) = Self::start(state, ledger_id, (claimant, ports, options));
        Ok((ledger, task, place))
    }

    fn start(
        state: WriterState,
        ledger_id: LedgerId,
        (claimant, ports, options): (&Claimant, WriterPorts, WriterOptions),
    ) -> (Self, WriterTask) {
        let (queue, jobs) = mpsc::channel(options.queue_submissions_max);
        let profile = state.book.profile();
        let (head_sender, head) = watch::channel(head_of(&state.chain));
        let (in_force_sender, in_force) = watch::channel(Arc::new(InForce::of(&state.book)));
        let (status_sender, status) = watch::channel(SeatStatus::default());
        let told = Tellers {
            head: head_sender,
            in_force: in_force_sender,
            status: status_sender,
        };
        let is_shared = ports.log.sharing() == Sharing::Shared;
        let patience = is_shared.then(|| (Arc::clone(&ports.tasks), options.answer_wait_max));
        let log: Arc<dyn LogRead> = Arc::clone(&ports.log) as Arc<dyn LogRead>;
        let tasks = Arc::clone(&ports.tasks);
        let writer = Writer::new(ports, options, state, ledger_id.to_string(), told);
        let seat = Seat::new(writer, ledger_id.clone(), claimant.clone());
        let (ended, task) = oneshot::channel();
        // Deciding is computation and must not hold up the network's threads.
        let name = format!("writer-{ledger_id}");
        let run = async move {
            if ended.send(seat.run(jobs).await).is_err() {
                tracing::debug!("nobody waits for the writer's end");
            }
        };
        // Without a thread `ended` is dropped, and `WriterTask::ended` reports it.
        tasks.spawn(&name, Box::pin(run));
        let queue_submissions_max = options.queue_submissions_max;
        let ledger = Self {
            id: ledger_id,
            profile,
            in_force,
            queue,
            queue_submissions_max,
            head,
            status,
            log,
            patience,
        };
        (ledger, WriterTask(task))
    }

    /// Its id.
    pub fn ledger_id(&self) -> &LedgerId {
        &self.id
    }

    /// Strict or mirror.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Its policy now, and how often its own stream was written to.
    pub fn in_force(&self) -> Arc<InForce> {
        Arc::clone(&self.in_force.borrow())
    }

    /// Where it stands; changes with every durable batch.
    pub fn head(&self) -> watch::Receiver<Head> {
        self.head.clone()
    }

    /// What this node does for it: whether it leads, and who does if not.
    pub fn status(&self) -> watch::Receiver<SeatStatus> {
        self.status.clone()
    }

    /// Its log, for readers.
    pub fn log(&self) -> Arc<dyn LogRead> {
        Arc::clone(&self.log)
    }

    /// Submits and waits for the answer; a full queue is answered at once.
    ///
    /// # Errors
    /// [`SubmitError`].
    ///
    /// # Cancel safety
    /// Dropping the future leaves the submission in the queue: it may be accepted. Retry the same request id.
    pub async fn submit(
        &self,
        prepared: Prepared,
        validate_only: bool,
    ) -> Result<Accepted, SubmitError> {
        self.try_enqueue_as(prepared, validate_only)?.answer().await
    }

    /// Puts a submission into the queue if there is room, and returns where its answer will come.
    ///
    /// # Errors
    /// [`SubmitError::QueueFull`], or [`SubmitError::Unavailable`] if the writer has stopped.
    pub fn try_enqueue(&self, prepared: Prepared) -> Result<PendingAnswer, SubmitError> {
        self.try_enqueue_as(prepared, false)
    }

    fn try_enqueue_as(
        &self,
        prepared: Prepared,
        validate_only: bool,
    ) -> Result<PendingAnswer, SubmitError> {
        let (answer, answered) = oneshot::channel();
        let job = Job {
            prepared,
            validate_only,
            answer,
        };
        self.queue.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => SubmitError::QueueFull {
                limit: self.queue_submissions_max,
            },
            mpsc::error::TrySendError::Closed(_) => stopped(),
        })?;
        Ok(self.pending(answered))
    }

    fn pending(&self, answered: oneshot::Receiver<Answer>) -> PendingAnswer {
        PendingAnswer {
            answered,
            patience: self.patience.clone(),
        }
    }

    /// Puts a submission into the queue, waiting for room, and returns where its answer will come: for bulk
    /// loads that keep many submissions on the way.
    ///
    /// # Errors
    /// [`SubmitError::Unavailable`] if the writer has stopped.
    pub async fn enqueue(&self, prepared: Prepared) -> Result<PendingAnswer, SubmitError> {
        let (answer, answered) = oneshot::channel();
        let job = Job {
            prepared,
            validate_only: false,
            answer,
        };
        self.queue.send(job).await.map_err(|_| stopped())?;
        Ok(self.pending(answered))
    }
}

/// An answer on its way.
pub struct PendingAnswer {
    answered: oneshot::Receiver<Answer>,
    patience: Option<(Arc<dyn Tasks>, Duration)>,
}

impl PendingAnswer {
    /// Waits for it. On a shared log not for ever: the submission may still come to be recorded.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn answer(self) -> Result<Accepted, SubmitError> {
        let answered = async { self.answered.await.unwrap_or_else(|_| Err(lost())) };
        let Some((tasks, limit)) = self.patience else {
            return answered.await;
        };
        tokio::select! {
            biased;
            answer = answered => answer,
            () = tasks.sleep(limit) => Err(SubmitError::OutcomeUnknown {
                reason: format!("no answer within {} s", limit.as_secs()),
            }),
        }
    }
}

fn stopped() -> SubmitError {
    SubmitError::Unavailable {
        reason: "the ledger's writer has stopped".to_owned(),
    }
}

fn lost() -> SubmitError {
    SubmitError::OutcomeUnknown {
        reason: "the writer stopped before it answered".to_owned(),
    }
}

pub(crate) fn head_of(chain: &Chain) -> Head {
    let newest = chain.point().map(|point| Place {
        position: Position(point.position.0),
        recorded_at: RecordedAt(point.recorded_at),
        record_hash: point.record_hash,
    });
    Head {
        newest,
        term: chain.term(),
    }
}
