//! A ledger that is open for writing: created or recovered, led by a claim, served by its writer.

use std::sync::Arc;

use perennial_domain::book::Book;
use perennial_domain::event::{Event, Stream};
use perennial_domain::ids::{LedgerId, RequestId};
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::{EventId, Position, Recorded, RecordedAt, Revision};
use perennial_domain::rule::Profile;
use perennial_proof::{Chain, Claim, Entry, Hash, Term};
use perennial_wire::stored::{Actor, Outcome, RecordBody};
use tokio::sync::{mpsc, oneshot, watch};

use crate::ports::cache::LogPoint;
use crate::ports::log::{AppendOutcome, LogRead, StoredEntry};
use crate::ports::request_index::IndexedRequest;
use crate::records::{LedgerReadError, LedgerReader};
use crate::recovery::{KnownPoint, RecoverError, Recovered, recover};
use crate::submission::{Accepted, Place, Prepared, SubmitError};
use crate::writer::{Job, Writer, WriterOptions, WriterPorts, WriterState, WriterStopped};

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
    #[error(
        "the clock is {behind_s} s behind the last record of ledger \"{ledger_id}\", more than {limit_s} s"
    )]
    ClockBehind {
        /// Which ledger.
        ledger_id: LedgerId,
        /// How far, in seconds.
        behind_s: i64,
        /// The limit, in seconds.
        limit_s: i64,
    },
}

/// How much of the log the look at a first record reads.
const CREATION_READ_BYTES: usize = 4 * 1024;

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
    log: Arc<dyn LogRead>,
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
    /// Recovers a ledger from its log, in which `known` must be, claims it and starts its writer.
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
        let recovered = recover_off_thread(&ledger_id, &ports, (known, options)).await?;
        tell(&ledger_id, &recovered);
        let Recovered {
            book,
            mut chain,
            requests,
            newest,
            snapshot,
            folded: _,
        } = recovered;
        let book = book.ok_or_else(|| OpenError::Recover {
            ledger_id: ledger_id.clone(),
            source: RecoverError::NotCreated,
        })?;
        check_clock(&ledger_id, &chain, ports.clock.now())?;
        claim(&ledger_id, claimant, &ports, &mut chain).await?;
        let state = WriterState {
            book,
            chain,
            requests,
            newest,
            snapshot,
        };
        Ok(Self::start(state, ledger_id, ports, options))
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
        let recovered = recover_off_thread(&ledger_id, &ports, (None, options)).await?;
        if recovered.book.is_some() {
            return Err(OpenError::Exists { ledger_id });
        }
        let (mut chain, mut requests) = (recovered.chain, recovered.requests);
        claim(&ledger_id, claimant, &ports, &mut chain).await?;
        let (book, place, first) = append_first(new, &ports, &mut chain).await?;
        requests.settle(vec![first.0], first.1);
        let state = WriterState {
            book,
            chain,
            requests,
            newest: Some(first.1),
            snapshot: None,
        };
        let (ledger, task) = Self::start(state, ledger_id, ports, options);
        Ok((ledger, task, place))
    }

    fn start(
        state: WriterState,
        ledger_id: LedgerId,
        ports: WriterPorts,
        options: WriterOptions,
    ) -> (Self, WriterTask) {
        let (queue, jobs) = mpsc::channel(options.queue_submissions_max);
        let profile = state.book.profile();
        let (head_sender, head) = watch::channel(head_of(&state.chain));
        let (in_force_sender, in_force) = watch::channel(Arc::new(InForce::of(&state.book)));
        let log: Arc<dyn LogRead> = Arc::clone(&ports.log) as Arc<dyn LogRead>;
        let senders = (head_sender, in_force_sender);
        let writer = Writer::new(ports, options, state, ledger_id.to_string(), senders);
        let (ended, task) = oneshot::channel();
        spawn_writer(ledger_id.as_str(), writer, jobs, ended);
        let queue_submissions_max = options.queue_submissions_max;
        (
            Self {
                id: ledger_id,
                profile,
                in_force,
                queue,
                queue_submissions_max,
                head,
                log,
            },
            WriterTask(task),
        )
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
        Ok(PendingAnswer(answered))
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
        Ok(PendingAnswer(answered))
    }
}

/// An answer on its way.
pub struct PendingAnswer(oneshot::Receiver<Result<Accepted, SubmitError>>);

impl PendingAnswer {
    /// Waits for it.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn answer(self) -> Result<Accepted, SubmitError> {
        self.0.await.unwrap_or_else(|_| Err(lost()))
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

async fn recover_off_thread(
    ledger_id: &LedgerId,
    ports: &WriterPorts,
    (known, options): (Option<KnownPoint>, WriterOptions),
) -> Result<Recovered, OpenError> {
    let source = ports.source(ledger_id.as_str());
    let recovered = tokio::task::spawn_blocking(move || recover(&source, known, &options)).await;
    match recovered {
        Ok(Ok(recovered)) => Ok(recovered),
        Ok(Err(source)) => Err(OpenError::Recover {
            ledger_id: ledger_id.clone(),
            source,
        }),
        Err(join) => Err(OpenError::Append {
            ledger_id: ledger_id.clone(),
            reason: join.to_string(),
        }),
    }
}

/// Says how the ledger was opened: an operator who waits wants to know for what.
fn tell(ledger_id: &LedgerId, recovered: &Recovered) {
    let records = recovered.chain.next_position().0;
    let folded = recovered.folded;
    match recovered.snapshot {
        Some(snapshot) => tracing::info!(
            ledger = %ledger_id, records, snapshot = snapshot.0, folded, "recovered from a snapshot"
        ),
        None => {
            tracing::info!(ledger = %ledger_id, records, folded, "recovered from the log alone");
        }
    }
}

fn check_clock(ledger_id: &LedgerId, chain: &Chain, now: RecordedAt) -> Result<(), OpenError> {
    let behind = chain
        .last_recorded_at()
        .unwrap_or(i64::MIN)
        .saturating_sub(now.0);
    if behind <= CLOCK_SKEW_MAX_US {
        return Ok(());
    }
    Err(OpenError::ClockBehind {
        ledger_id: ledger_id.clone(),
        behind_s: behind / 1_000_000,
        limit_s: CLOCK_SKEW_MAX_US / 1_000_000,
    })
}

/// Appends a claim for the next term. The embedded log has one writer by its lock, so the claim that is durable
/// has won.
async fn claim(
    ledger_id: &LedgerId,
    claimant: &Claimant,
    ports: &WriterPorts,
    chain: &mut Chain,
) -> Result<(), OpenError> {
    let fail = |reason: String| OpenError::Append {
        ledger_id: ledger_id.clone(),
        reason,
    };
    let term = chain
        .next_term()
        .ok_or_else(|| fail("no term is left".to_owned()))?;
    let (node, address) = (claimant.node.clone(), claimant.address.clone());
    let claim = Claim {
        term,
        node,
        address,
        nonce: ports.ids.random(),
    };
    let mut entry = Vec::new();
    perennial_proof::entry::encode_claim(&mut entry, &claim)
        .map_err(|error| fail(error.to_string()))?;
    durable(ports.log.claim(StoredEntry(entry)).await).map_err(fail)?;
    chain
        .judge(&Entry::Claim(claim))
        .map_err(|error| fail(error.to_string()))?;
    Ok(())
}

async fn append_first(
    new: NewLedger,
    ports: &WriterPorts,
    chain: &mut Chain,
) -> Result<(Book, Place, (IndexedRequest, LogPoint)), OpenError> {
    let ledger_id = new.ledger_id.clone();
    let fail = |reason: String| OpenError::Append {
        ledger_id: ledger_id.clone(),
        reason,
    };
    let now = ports.clock.now();
    let event = Book::ledger_created(new.ledger_id, new.profile, new.policy, now.date());
    let (event_id, recorded_at) = (
        EventId {
            position: Position(0),
            index: 0,
        },
        now,
    );
    let book = Book::created(&Recorded {
        event_id,
        recorded_at,
        event: event.clone(),
    })
    .map_err(|error| fail(error.to_string()))?;
    let body = RecordBody {
        request_id: new.request_id,
        command_digest: creation_digest(&event),
        actor: new.actor,
        profile: new.profile,
        salt: ports.ids.random(),
        outcome: Outcome::Events(vec![event]),
    };
    let mut entry = Vec::new();
    let sealed = chain
        .seal(
            now.0,
            &perennial_wire::stored::encode_body(&body),
            &mut entry,
        )
        .map_err(|error| fail(error.to_string()))?;
    let first = durable(ports.log.append(vec![StoredEntry(entry)]).await).map_err(fail)?;
    let request = IndexedRequest {
        request_id: new.request_id,
        position: Position(0),
        offset: first,
    };
    let point = LogPoint {
        position: Position(0),
        record_hash: sealed.record_hash,
        term: chain.term(),
        offset: first,
    };
    let place = Place {
        position: Position(0),
        recorded_at: RecordedAt(sealed.recorded_at),
        record_hash: sealed.record_hash,
    };
    Ok((book, place, (request, point)))
}

fn creation_digest(event: &Event) -> [u8; 32] {
    let stored = perennial_wire::stored::encode_event(event);
    *Hash::of_parts(&[b"perennial.ledger-creation.v1\n", &stored]).as_bytes()
}

fn durable<E>(outcome: Result<AppendOutcome, E>) -> Result<crate::ports::log::LogOffset, String> {
    match outcome {
        Ok(AppendOutcome::Durable { first, .. }) => Ok(first),
        Ok(AppendOutcome::Rejected { reason } | AppendOutcome::Unknown { reason }) => Err(reason),
        Err(_) => Err("the log stopped without an answer".to_owned()),
    }
}

fn head_of(chain: &Chain) -> Head {
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

/// Runs the writer on a thread of its own: deciding is computation and must not hold up the network's threads.
fn spawn_writer(
    name: &str,
    writer: Writer,
    jobs: mpsc::Receiver<Job>,
    ended: oneshot::Sender<Result<(), WriterStopped>>,
) {
    let thread = std::thread::Builder::new().name(format!("writer-{name}"));
    let spawned = thread.spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let result = match runtime {
            Ok(runtime) => runtime.block_on(writer.run(jobs)),
            Err(error) => Err(WriterStopped::OutcomeUnknown {
                reason: error.to_string(),
            }),
        };
        if ended.send(result).is_err() {
            tracing::debug!("nobody waits for the writer's end");
        }
    });
    // Without a thread `ended` is dropped, and `WriterTask::ended` reports it.
    if let Err(error) = spawned {
        tracing::error!(%error, "start the writer's thread");
    }
}

/// Returns where a ledger begins, if `new` is the very request that created it.
///
/// # Errors
/// [`LedgerReadError`] if its first record cannot be read.
pub fn creation(log: &dyn LogRead, new: &NewLedger) -> Result<Option<Place>, LedgerReadError> {
    let mut reader = LedgerReader::from_start(log, new.ledger_id.as_str())?;
    let records = reader.read(CREATION_READ_BYTES)?;
    let Some(first) = records.first() else {
        return Ok(None);
    };
    let Ok(body) = first.body() else {
        return Ok(None);
    };
    let effective_on = first.recorded_at.date();
    let event = Book::ledger_created(
        new.ledger_id.clone(),
        new.profile,
        new.policy.clone(),
        effective_on,
    );
    let same = body.request_id == new.request_id && body.command_digest == creation_digest(&event);
    let place = Place {
        position: first.position,
        recorded_at: first.recorded_at,
        record_hash: first.record_hash,
    };
    Ok(same.then_some(place))
}
