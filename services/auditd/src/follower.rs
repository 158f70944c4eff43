//! Follows one ledger's log from its first entry, checking the chain, and remembers where positions lie.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use perennial_app::ports::ledgers::ReadableLedger;
use perennial_app::ports::log::LogOffset;
use perennial_app::records::{LedgerReadError, LedgerReader, LedgerRecord};
use perennial_domain::log::{Position, RecordedAt};
use perennial_proof::{ChainPoint, Hash};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// One known point is kept per this many records.
const POINT_EVERY_RECORDS: u64 = 1_024;
/// How long what is appended may gather before it is checked.
const COALESCE: Duration = Duration::from_millis(50);
/// How much of the log one read takes.
const READ_BYTES: usize = 1024 * 1024;

/// How far a ledger has been checked.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// The newest record that is part of the chain.
    pub head: Option<Head>,
    /// Entries that do not count: claims that lost, records of a deposed writer.
    pub dead_entries: u64,
    /// Why checking stopped; nothing after it is served.
    pub problem: Option<Arc<str>>,
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
        let opened = LedgerReader::from_start(&*self.ledger.log, self.ledger.ledger_id.as_str());
        let mut reader = match opened {
            Ok(reader) => reader,
            Err(error) => {
                return self.stop_with(perennial_observe::error_chain(&error).to_string());
            }
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
                Err(join) => return self.stop_with(format!("reading broke off: {join}")),
            };
            reader = returned;
            match records {
                Ok(records) if records.is_empty() => {
                    self.checked
                        .send_modify(|checked| checked.dead_entries = reader.chain().dead());
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
                    return self.stop_with(perennial_observe::error_chain(&error).to_string());
                }
            }
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
            self.checked
                .send_modify(|checked| checked.head = Some(head));
        }
    }

    fn stop_with(&self, problem: String) {
        tracing::error!(ledger = %self.ledger.ledger_id, problem, "checking the ledger stopped");
        self.checked
            .send_modify(|checked| checked.problem = Some(problem.into()));
    }
}
