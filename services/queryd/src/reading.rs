//! Reads one ledger's log in order and decodes it, ahead of the projector that applies it.

use std::sync::Arc;
use std::time::Duration;

use perennial_app::ports::ledgers::ReadableLedger;
use perennial_app::ports::log::{LogOffset, ReadError};
use perennial_app::records::{LedgerReadError, LedgerReader, LedgerRecord};
use perennial_domain::event::Event;
use perennial_domain::log::{Position, Recorded};
use perennial_proof::{ChainPoint, Term};
use perennial_views::RecordMeta;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

/// How much of the log one read takes.
const READ_BYTES: usize = 1024 * 1024;

/// Decoded portions that wait for the projector.
const PORTIONS_AHEAD: usize = 4;

/// How long what is appended may gather before it is read, unless a question waits for it. Each portion costs a
/// wake-up and a save, which a busy ledger would otherwise pay for every flush.
const GATHER: Duration = Duration::from_millis(5);

/// How long to wait before a log that cannot be read now is read again.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// A record as the projector needs it.
#[derive(Debug)]
pub(crate) struct DecodedRecord {
    /// Place, time and hash.
    pub(crate) meta: RecordMeta,
    /// Who submitted it.
    pub(crate) maker: String,
    /// Its events; none in a kept refusal.
    pub(crate) events: Vec<Recorded<Event>>,
    /// The term it was appended in.
    pub(crate) term: Term,
    /// Where it stands.
    pub(crate) offset: LogOffset,
    /// Where reading goes on after it.
    pub(crate) next_offset: LogOffset,
}

/// What reading comes to.
#[derive(Debug)]
pub(crate) enum Portion {
    /// The next records in order: at least one.
    Records(Vec<DecodedRecord>),
    /// The durable end was reached; everything before it was sent. The offset is that end.
    CaughtUp(LogOffset),
    /// The log cannot be read now; it is tried again.
    Interrupted(String),
    /// Nothing after this can be read.
    Broken {
        /// Why.
        problem: String,
        /// The first position that cannot be read; unknown if reading did not begin.
        first_bad_position: Option<Position>,
    },
}

/// Where reading begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    /// At the first record.
    Beginning,
    /// After a record; the offset is where its successor is looked for.
    After(ChainPoint, LogOffset),
}

/// Starts reading until `stop`, or until nobody receives; `hurry` is told when a question waits for more.
pub(crate) fn start(
    ledger: ReadableLedger,
    from: Start,
    hurry: Arc<Notify>,
    stop: CancellationToken,
    runtime: &tokio::runtime::Handle,
) -> mpsc::Receiver<Portion> {
    let (sender, portions) = mpsc::channel(PORTIONS_AHEAD);
    let reading = Reading {
        ledger,
        from,
        hurry,
        sender,
        next_position: None,
    };
    runtime.spawn(async move {
        tokio::select! {
            () = reading.run() => {}
            () = stop.cancelled() => {}
        }
    });
    portions
}

struct Reading {
    ledger: ReadableLedger,
    from: Start,
    /// Told when a question waits.
    hurry: Arc<Notify>,
    sender: mpsc::Sender<Portion>,
    /// What is read next; unknown before reading begins.
    next_position: Option<Position>,
}

impl Reading {
    async fn run(mut self) {
        loop {
            let (ledger, from) = (self.ledger.clone(), self.from);
            let Ok(opened) = tokio::task::spawn_blocking(move || open(&ledger, from)).await else {
                // The runtime is shutting down.
                return;
            };
            let interrupted = match opened {
                Ok(reader) => self.follow(reader).await,
                Err(error) => Err(error),
            };
            let problem = match interrupted {
                Ok(()) => return,
                Err(LedgerReadError::Log(error @ ReadError::Unavailable { .. })) => {
                    Portion::Interrupted(perennial_observe::error_chain(&error).to_string())
                }
                Err(error) => {
                    let broken = Portion::Broken {
                        problem: perennial_observe::error_chain(&error).to_string(),
                        first_bad_position: self.next_position,
                    };
                    // A projector that has left needs no reason.
                    return drop(self.sender.send(broken).await);
                }
            };
            if self.sender.send(problem).await.is_err() {
                return;
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }

    /// Sends portions until nobody receives; an error is of the log.
    async fn follow(&mut self, mut reader: LedgerReader) -> Result<(), LedgerReadError> {
        let mut end = self.ledger.log.durable_end();
        let mut told = None;
        loop {
            end.borrow_and_update();
            let read = tokio::task::spawn_blocking(move || {
                let read = reader.read(READ_BYTES).map(|records| decode(&records));
                (reader, read)
            });
            let Ok((returned, read)) = read.await else {
                // The runtime is shutting down.
                return Ok(());
            };
            reader = returned;
            self.next_position = Some(Position(reader.chain().next_position().0));
            let decoded = read?;
            if let Some(point) = reader.chain().point() {
                self.from = Start::After(point, reader.next_offset());
            }
            let portion = match decoded {
                Ok(records) if records.is_empty() => {
                    let reached = reader.next_offset();
                    if told == Some(reached) {
                        if end.changed().await.is_err() {
                            return Ok(());
                        }
                        // Either way it is read now.
                        drop(tokio::time::timeout(GATHER, self.hurry.notified()).await);
                        continue;
                    }
                    told = Some(reached);
                    Portion::CaughtUp(reached)
                }
                Ok(records) => Portion::Records(records),
                Err((position, problem)) => Portion::Broken {
                    problem,
                    first_bad_position: Some(position),
                },
            };
            let broken = matches!(portion, Portion::Broken { .. });
            if self.sender.send(portion).await.is_err() || broken {
                return Ok(());
            }
        }
    }
}

fn open(ledger: &ReadableLedger, from: Start) -> Result<LedgerReader, LedgerReadError> {
    match from {
        Start::Beginning => LedgerReader::from_start(&*ledger.log, ledger.ledger_id.as_str()),
        Start::After(point, offset) => LedgerReader::from_point(&*ledger.log, point, offset),
    }
}

/// Decodes records; the error says which one cannot be.
fn decode(records: &[LedgerRecord]) -> Result<Vec<DecodedRecord>, (Position, String)> {
    records
        .iter()
        .map(|record| {
            let position: Position = record.position;
            let (maker, events) = record.submitted().map_err(|error| {
                let problem = format!(
                    "decode the record at position {position}: {}",
                    perennial_observe::error_chain(&error)
                );
                (position, problem)
            })?;
            let meta = RecordMeta {
                position,
                recorded_at: record.recorded_at,
                record_hash: *record.record_hash.as_bytes(),
            };
            let (term, offset, next_offset) = (record.term, record.offset, record.next_offset);
            Ok(DecodedRecord {
                meta,
                maker,
                events,
                term,
                offset,
                next_offset,
            })
        })
        .collect()
}
