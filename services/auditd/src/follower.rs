//! Follows one ledger's log from its first entry, checking the chain, and remembers where positions lie.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use perennial_app::ports::ledgers::ReadableLedger;
use perennial_app::ports::log::{LogOffset, ReadError};
use perennial_app::records::{LedgerReadError, LedgerReader, LedgerRecord};
use perennial_domain::log::{Position, RecordedAt};
use perennial_proof::{ChainPoint, Hash};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// One known point is kept per this many records.
const POINT_EVERY_RECORDS: u64 = 1_024;
/// How long what is appended may gather before it is checked.
const COALESCE: Duration = Duration::from_millis(50);
/// How long to wait before a log that cannot be read now is read again.
const RETRY_AFTER: Duration = Duration::from_millis(500);
/// How much of the log one read takes.
const READ_BYTES: usize = 1024 * 1024;

/// How far a ledger has been checked.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// The newest record that is part of the chain.
    pub head: Option<Head>,
    /// Entries that do not count: claims that lost, records of a deposed writer.
    pub dead_entries: u64,
    /// Why checking does not go on; nothing after it is served.
    pub problem: Option<Problem>,
}

/// Why checking a ledger does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Its records are damaged: nothing more is checked until an operator has looked.
    Damaged {
        /// What was found.
        problem: Arc<str>,
        /// Where, as far as that is known.
        first_bad_position: Option<Position>,
    },
    /// Its log cannot be read now; it is tried again.
    Passing(Arc<str>),
    /// Checking ended by itself.
    BrokenOff(Arc<str>),
}

impl Problem {
    /// `next_position` is the one that was read when it happened.
    fn of(failed: &LedgerReadError, next_position: Option<Position>) -> Self {
        let problem = perennial_observe::error_chain(failed).to_string().into();
        match failed {
            LedgerReadError::Log(ReadError::Unavailable { .. }) => Self::Passing(problem),
            LedgerReadError::Log(ReadError::Damaged { .. })
            | LedgerReadError::Entry { .. }
            | LedgerReadError::Damaged(_) => Self::Damaged {
                problem,
                first_bad_position: next_position,
            },
        }
    }

    /// What happened, in words.
    pub fn text(&self) -> &str {
        match self {
            Self::Damaged { problem, .. } | Self::Passing(problem) | Self::BrokenOff(problem) => {
                problem
            }
        }
    }
}

/// The newest checked record.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// Its position.
    pub position: Position,
    /// Its hash.
    pub record_hash: Hash,
    /// When it was appended.
    pub recorded_at: RecordedAt,
}

/// A followed ledger.
pub struct Follower {
    ledger: ReadableLedger,
    /// Ascending by position: where reading can begin without reading what is before.
    points: RwLock<Vec<(ChainPoint, LogOffset)>>,
    checked: watch::Sender<Checked>,
}

impl Follower {
    /// Starts following `ledger` on a thread of its own until `stop`.
    pub fn start(ledger: ReadableLedger, stop: CancellationToken) -> Arc<Self> {
        let (checked, _) = watch::channel(Checked::default());
        let follower = Arc::new(Self {
            ledger,
            points: RwLock::new(Vec::new()),
            checked,
        });
        tokio::spawn(Arc::clone(&follower).follow(stop));
        follower
    }

    /// How far the ledger has been checked; changes as it is.
    pub fn checked(&self) -> watch::Receiver<Checked> {
        self.checked.subscribe()
    }

    /// Its log.
    pub fn ledger(&self) -> &ReadableLedger {
        &self.ledger
    }

    /// Opens a reader at or before `position`: what it returns first may have to be skipped.
    ///
    /// # Errors
    /// [`LedgerReadError`] if the log cannot be opened.
    pub fn reader_before(&self, position: Position) -> Result<LedgerReader, LedgerReadError> {
        let points = self.points.read().unwrap_or_else(PoisonError::into_inner);
        let after = points.partition_point(|(point, _)| point.position.0 < position.0);
        let nearest = after
            .checked_sub(1)
            .and_then(|index| points.get(index))
            .copied();
        drop(points);
        match nearest {
            Some((point, offset)) => LedgerReader::from_point(&*self.ledger.log, point, offset),
            None => LedgerReader::from_start(&*self.ledger.log, self.ledger.ledger_id.as_str()),
        }
    }

    async fn follow(self: Arc<Self>, stop: CancellationToken) {
        let mut end = self.ledger.log.durable_end();
        let Some(mut reader) = self.opened(&stop).await else {
            return;
        };
        loop {
            end.borrow_and_update();
            let read = tokio::task::spawn_blocking(move || {
                let records = reader.read(READ_BYTES);
                (reader, records)
            });
            let (returned, records) = match read.await {
                Ok(read) => read,
                // The runtime is shutting down.
                Err(join) if join.is_cancelled() => return,
                Err(join) => {
                    let problem = format!("reading broke off: {join}").into();
                    return self.say(Problem::BrokenOff(problem));
                }
            };
            reader = returned;
            match records {
                Ok(records) if records.is_empty() => {
                    self.checked.send_modify(|checked| {
                        checked.dead_entries = reader.chain().dead();
                        checked.problem = None;
                    });
                    tokio::select! {
                        changed = end.changed() => if changed.is_err() { return },
                        () = stop.cancelled() => return,
                    }
                    // Nobody waits for this check: reading many small batches at once leaves the machine to
                    // those who wait for their answers.
                    tokio::time::sleep(COALESCE).await;
                }
                Ok(records) => self.remember(&records),
                Err(error) => {
                    let next = Position(reader.chain().next_position().0);
                    if !self.goes_on_after(&error, Some(next), &stop).await {
                        return;
                    }
                }
            }
        }
    }

    async fn opened(&self, stop: &CancellationToken) -> Option<LedgerReader> {
        loop {
            let opened =
                LedgerReader::from_start(&*self.ledger.log, self.ledger.ledger_id.as_str());
            match opened {
                Ok(reader) => return Some(reader),
                Err(error) if self.goes_on_after(&error, None, stop).await => {}
                Err(_) => return None,
            }
        }
    }

    /// Says why reading failed, and waits until it may be tried again; `false` if it must not be.
    async fn goes_on_after(
        &self,
        failed: &LedgerReadError,
        next_position: Option<Position>,
        stop: &CancellationToken,
    ) -> bool {
        let problem = Problem::of(failed, next_position);
        let passing = matches!(problem, Problem::Passing(_));
        self.say(problem);
        if !passing {
            return false;
        }
        tokio::select! {
            () = tokio::time::sleep(RETRY_AFTER) => true,
            () = stop.cancelled() => false,
        }
    }

    fn remember(&self, records: &[LedgerRecord]) {
        let mut points = self.points.write().unwrap_or_else(PoisonError::into_inner);
        for record in records
            .iter()
            .filter(|record| record.position.0 % POINT_EVERY_RECORDS == 0)
        {
            let point = ChainPoint {
                position: perennial_proof::Position(record.position.0),
                record_hash: record.record_hash,
                term: record.term,
                recorded_at: record.recorded_at.0,
            };
            points.push((point, record.next_offset));
        }
        drop(points);
        if let Some(last) = records.last() {
            let head = Head {
                position: last.position,
                record_hash: last.record_hash,
                recorded_at: last.recorded_at,
            };
            self.checked.send_modify(|checked| {
                checked.head = Some(head);
                checked.problem = None;
            });
        }
    }

    fn say(&self, problem: Problem) {
        // A log that stays away is said once.
        if self.checked.borrow().problem.as_ref() != Some(&problem) {
            let (ledger, text) = (&self.ledger.ledger_id, problem.text());
            match problem {
                Problem::Passing(_) => {
                    tracing::warn!(%ledger, problem = text, "the ledger cannot be checked now; trying again");
                }
                Problem::Damaged { .. } | Problem::BrokenOff(_) => {
                    tracing::error!(%ledger, problem = text, "checking the ledger stopped");
                }
            }
        }
        self.checked
            .send_modify(|checked| checked.problem = Some(problem));
    }
}
