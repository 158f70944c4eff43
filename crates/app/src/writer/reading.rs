//! What a shared log says: own records that are accepted, records of others, and claims.
//!
//! One function reads for every role. While this node leads, what it reads back are its own records, which its state
//! holds already. While another one leads, it folds what it reads, so that its state is warm. A claim that wins ends
//! every record of an earlier term that is not accepted by then, for every reader alike: that settles each outcome.

use perennial_domain::event::Stream;
use perennial_domain::ids::RequestId;
use perennial_proof::planted::{Bug, planted};
use perennial_proof::{Chain, Term};
use perennial_wire::stored::{Outcome, RecordBody};
use tokio::sync::watch;

use super::accepting::Group;
use super::{Writer, WriterStopped};
use crate::ledger::InForce;
use crate::ports::log::{Log, LogOffset, ReadError, Sharing};
use crate::ports::request_index::IndexedRequest;
use crate::ports::tasks::Task;
use crate::records::{LedgerReadError, LedgerReader, LedgerRecord, Passed, WonClaim};
use crate::recovery::{RecoverError, fold};

/// How much of the log is read at a time.
const READ_BYTES: usize = 512 * 1024;

/// How a shared log is read, and what was read of its claims.
pub(crate) struct ReadBack {
    pub(super) reader: LedgerReader,
    end: watch::Receiver<LogOffset>,
    /// When the log is read again after it could not be.
    retry: Option<Task>,
    /// When the oldest append has taken too long.
    pub(super) stall: Option<Task>,
    /// This node's newest claim.
    pub(crate) claimed: Option<[u8; 16]>,
    /// The term that this node leads in; absent while it does not.
    pub(crate) leads: Option<Term>,
    /// The claim that began the current term; absent while that is not known.
    pub(crate) claim: Option<WonClaim>,
    /// The state holds what will never be part of the ledger.
    pub(super) polluted: bool,
    /// Something was read that this node's term cannot explain.
    pub(super) oddity: Option<String>,
    /// Dead entries: records, claims.
    dead: (u64, u64),
}

/// What there is to do for a shared log.
#[derive(Clone, Copy)]
pub(crate) enum Wake {
    /// There may be more to read.
    More,
    /// The oldest append has taken too long.
    Stalled,
}

impl Wake {
    /// Waits for it; for ever on an exclusive log.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(crate) async fn of(shared: &mut Option<ReadBack>) -> Self {
        let Some(shared) = shared else {
            return std::future::pending().await;
        };
        tokio::select! {
            biased;
            changed = shared.end.changed() => if changed.is_err() {
                // The log is closed: whoever waits for an append is told by its ticket.
                std::future::pending().await
            } else {
                Self::More
            },
            () = elapsed(&mut shared.retry) => Self::More,
            () = elapsed(&mut shared.stall) => Self::Stalled,
        }
    }
}

async fn elapsed(timer: &mut Option<Task>) {
    match timer {
        Some(sleep) => {
            sleep.as_mut().await;
            *timer = None;
        }
        None => std::future::pending().await,
    }
}

impl ReadBack {
    /// Reads `log` on behind `reader`; nothing for an exclusive log.
    pub(super) fn of(log: &dyn Log, reader: LedgerReader) -> Option<Self> {
        if log.sharing() == Sharing::Exclusive {
            return None;
        }
        let mut end = log.durable_end();
        // More may have become durable since the reader stopped.
        end.mark_changed();
        let chain = reader.chain();
        Some(Self {
            end,
            retry: None,
            stall: None,
            claimed: None,
            leads: None,
            claim: reader.claim().cloned(),
            polluted: false,
            oddity: None,
            dead: (chain.dead_records(), chain.dead_claims()),
            reader,
        })
    }

    /// Where the accepted chain stands.
    pub(crate) fn chain(&self) -> &Chain {
        self.reader.chain()
    }

    fn count_dead(&mut self) {
        let chain = self.reader.chain();
        let (records, claims) = self.dead;
        // A reader that begins anew behind a snapshot counts from there.
        self.dead = (
            records.max(chain.dead_records()),
            claims.max(chain.dead_claims()),
        );
    }

    /// Takes notice of the claim that began the current term.
    pub(super) fn began(&mut self, won: WonClaim) {
        let ours = self.claimed == Some(won.nonce);
        self.leads = ours.then_some(won.leader.term);
        self.claim = Some(won);
    }

    /// Goes on with another reader, which has read at least as much.
    pub(super) fn replace(&mut self, reader: LedgerReader) {
        if let Some(won) = reader.claim()
            && self.reader.chain().term() < reader.chain().term()
        {
            self.began(won.clone());
        }
        self.reader = reader;
        self.polluted = false;
        self.count_dead();
    }
}

impl Writer {
    /// Reads to the log's durable end and takes notice of everything there.
    ///
    /// # Errors
    /// [`WriterStopped::Recover`] if what stands there cannot be read, ever.
    pub(crate) fn read_on(&mut self) -> Result<(), WriterStopped> {
        loop {
            let passed = self.pass()?;
            let is_end = passed.is_none();
            let mut group = Group::default();
            for one in passed.into_iter().flatten() {
                match one {
                    Passed::Record(record) => self.record(&record, &mut group)?,
                    Passed::Term(won, _) => {
                        self.finish(std::mem::take(&mut group));
                        self.term_began(won);
                    }
                }
            }
            self.finish(group);
            self.rebuild_if_due()?;
            if is_end {
                break;
            }
        }
        self.follow_chain();
        self.tell_refusals();
        self.tell_status();
        Ok(())
    }

    /// Reads once; nothing at the durable end, or while the log cannot be read.
    fn pass(&mut self) -> Result<Option<Vec<Passed>>, WriterStopped> {
        let Some(shared) = &mut self.shared else {
            return Ok(None);
        };
        shared.end.mark_unchanged();
        match shared.reader.pass(READ_BYTES) {
            Ok(passed) => {
                shared.count_dead();
                Ok(passed)
            }
            Err(LedgerReadError::Log(error @ ReadError::Unavailable { .. })) => {
                self.read_later(&error);
                Ok(None)
            }
            Err(error) => Err(WriterStopped::Recover(RecoverError::Read(error))),
        }
    }

    /// Says that the log cannot be read now, and reads again in a while.
    fn read_later(&mut self, error: &ReadError) {
        let pause = self.options.seat.ping_interval;
        if let Some(shared) = &mut self.shared {
            shared.retry = Some(self.ports.tasks.sleep(pause));
        }
        let status = &self.told.status;
        status.send_modify(|status| status.last_problem = Some(error.to_string()));
    }

    /// Reads the state back if it holds what will never be part of the ledger, and nothing is on its way.
    fn rebuild_if_due(&mut self) -> Result<(), WriterStopped> {
        let is_polluted = self.shared.as_ref().is_some_and(|shared| shared.polluted);
        if !is_polluted || !self.flights.is_empty() {
            return Ok(());
        }
        match self.rebuild() {
            Err(WriterStopped::Recover(RecoverError::Read(LedgerReadError::Log(
                error @ ReadError::Unavailable { .. },
            )))) => {
                self.read_later(&error);
                Ok(())
            }
            other => other,
        }
    }

    /// Takes up an accepted record: an own one that was on its way, or another node's.
    fn record(&mut self, record: &LedgerRecord, group: &mut Group) -> Result<(), WriterStopped> {
        if let Some(waiting) = self
            .flights
            .read_back(record.record_hash, record.next_offset)
        {
            let request_id = waiting.job.prepared.request_id;
            group.push(record, request_id, Some(waiting));
            self.watch_flights(true);
            return Ok(());
        }
        let Some(shared) = &mut self.shared else {
            return Ok(());
        };
        if !self.flights.is_empty() || shared.leads.is_some() {
            // Nobody else can have written it, and it is not what was sent.
            let oddity = format!("another record stands at position {}", record.position);
            shared.oddity.get_or_insert(oddity);
            self.pollute();
        }
        if self.shared.as_ref().is_some_and(|shared| shared.polluted) {
            // It is read again when the state is.
            return Ok(());
        }
        self.fold(record, group)
    }

    fn fold(&mut self, record: &LedgerRecord, group: &mut Group) -> Result<(), WriterStopped> {
        let position = record.position;
        let decoded = record
            .body()
            .map_err(|source| RecoverError::Decode { position, source });
        let body = decoded.map_err(WriterStopped::Recover)?;
        let request_id = body.request_id;
        let of_ledger = self.note_streams(&body);
        fold(&mut self.book, record, body).map_err(WriterStopped::Recover)?;
        if of_ledger {
            group.in_force(InForce::of(&self.book));
        }
        if planted(Bug::ForgetRequestIds) {
            group.pass_over(record);
        } else {
            group.push(record, request_id, None);
        }
        Ok(())
    }

    /// Takes notice of new streams; says whether the ledger's own is concerned.
    fn note_streams(&mut self, body: &RecordBody) -> bool {
        match &body.outcome {
            Outcome::Events(events) => {
                self.snapshots.began(events);
                events.iter().any(|event| event.stream == Stream::Ledger)
            }
            Outcome::Refusal(_) => false,
        }
    }

    /// With nothing of its own on its way, the state stands where the log was read to.
    fn follow_chain(&mut self) {
        if let Some(shared) = &self.shared
            && !shared.polluted
            && self.flights.is_empty()
            && self.pending.is_empty()
        {
            self.chain = shared.reader.chain().clone();
        }
    }

    /// Begins to wait for what was sent, or goes on; `anew` after something became of it.
    pub(super) fn watch_flights(&mut self, anew: bool) {
        let Some(shared) = &mut self.shared else {
            return;
        };
        if self.flights.is_empty() {
            shared.stall = None;
        } else if anew || shared.stall.is_none() {
            shared.stall = Some(self.ports.tasks.sleep(self.options.append_wait_max));
        }
    }

    /// Tells where the seat stands, as far as the log says so.
    pub(crate) fn tell_status(&mut self) {
        let Some(shared) = &self.shared else { return };
        let leader = shared.claim.as_ref().map(|claim| &claim.leader);
        let (term, (dead_records, dead_claims)) = (shared.chain().term(), shared.dead);
        let read_to = shared.reader.next_offset();
        self.told.status.send_if_modified(|status| {
            let is_same = status.term == term
                && status.read_to == read_to
                && status.leader.as_ref() == leader
                && (status.dead_records, status.dead_claims) == shared.dead;
            if !is_same {
                (status.term, status.read_to) = (term, read_to);
                status.leader = leader.cloned();
                (status.dead_records, status.dead_claims) = (dead_records, dead_claims);
            }
            !is_same
        });
    }
}

/// What the request index keeps of a record.
pub(super) fn indexed(record: &LedgerRecord, request_id: RequestId) -> IndexedRequest {
    IndexedRequest {
        request_id,
        position: record.position,
        offset: record.offset,
    }
}
