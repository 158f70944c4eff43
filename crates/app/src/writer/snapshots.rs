//! Snapshots of the writer's state, taken while it goes on.
//!
//! The writer encodes a little between two batches and hands it to a task that writes it; it never waits for
//! that task while it serves. Because the state is ahead of what is durable, a snapshot is finished only once
//! everything that any of its parts could see is durable, and abandoned with the batch that was not written.

use std::sync::Arc;

use perennial_domain::book::{Book, Sweep};
use perennial_domain::event::{Event, Stream};
use perennial_domain::log::{Position, Revision};
use perennial_proof::Chain;
use tokio::sync::{mpsc, oneshot};

use super::{WriterOptions, WriterPorts};
use crate::ports::cache::{CacheError, KnownPoint, LogPoint};
use crate::ports::snapshot_store::SnapshotStore;
use crate::ports::tasks::Tasks;

/// Parts that may wait for the task that writes them.
const PARTS_MAX: usize = 4;

/// A snapshot is due after at least one record for so many that the ledger has, so that a large ledger does not
/// spend its time on snapshots.
const RECORDS_PER_NEW_ONE: u64 = 16;

/// Room for one part.
pub(crate) type Room = mpsc::OwnedPermit<Vec<u8>>;

/// Takes the snapshots of one ledger.
pub(crate) struct Snapshots {
    store: Arc<dyn SnapshotStore>,
    tasks: Arc<dyn Tasks>,
    ledger_id: String,
    every: u64,
    part_bytes: usize,
    /// The streams of the book, in an order that only grows.
    streams: Vec<Stream>,
    /// Up to where the newest snapshot reaches; the records before this position are in it.
    stored: Position,
    /// The record with which the next one is due.
    due: Position,
    running: Option<Running>,
}

/// A snapshot on its way.
struct Running {
    low: Position,
    sweep: Sweep,
    /// Where parts go; none once all were encoded, or none are wanted any more.
    parts: Option<mpsc::Sender<Vec<u8>>>,
    /// Finishes it; without it the task gives it up.
    finish: Option<oneshot::Sender<KnownPoint>>,
    /// What must be durable before it is finished.
    high: Option<KnownPoint>,
    /// Whether it is in place.
    ended: oneshot::Receiver<bool>,
}

impl Snapshots {
    pub(crate) fn new(
        ports: &WriterPorts,
        ledger_id: String,
        options: &WriterOptions,
        (book, stored): (&Book, Option<Position>),
    ) -> Self {
        let mut snapshots = Self {
            store: Arc::clone(&ports.snapshots),
            tasks: Arc::clone(&ports.tasks),
            ledger_id,
            every: options.snapshot_every_records.max(1),
            part_bytes: options.snapshot_part_bytes,
            streams: book.streams(),
            stored: after(stored),
            due: Position(0),
            running: None,
        };
        snapshots.due = snapshots.due_after(snapshots.stored);
        snapshots
    }

    fn due_after(&self, position: Position) -> Position {
        let share = position.0.checked_div(RECORDS_PER_NEW_ONE);
        let records = self.every.max(share.unwrap_or_default());
        Position(position.0.saturating_add(records))
    }

    /// Takes notice of decided events.
    pub(crate) fn began(&mut self, events: &[Event]) {
        for event in events {
            if event.revision == Revision(1) {
                self.streams.push(event.stream.clone());
            }
        }
    }

    /// Begins a snapshot if one is due; `newest` is the newest durable record.
    pub(crate) fn begin_if_due(&mut self, newest: Option<LogPoint>) {
        self.note_end();
        if self.running.is_none()
            && let Some(low) = newest
            && self.due <= low.position
        {
            self.begin(low);
        }
    }

    fn begin(&mut self, low: LogPoint) {
        let (parts, parts_of_task) = mpsc::channel(PARTS_MAX);
        let (finish, finished) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let (store, ledger) = (Arc::clone(&self.store), self.ledger_id.clone());
        let name = format!("snapshot-{ledger}");
        let task = async move {
            let in_place = match write(&*store, low, parts_of_task, finished).await {
                Ok(in_place) => in_place,
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(ledger, error, "write a state snapshot");
                    false
                }
            };
            if end.send(in_place).is_err() {
                tracing::debug!(
                    ledger,
                    "the writer stopped before its snapshot was in place"
                );
            }
        };
        self.tasks.spawn(&name, Box::pin(task));
        self.running = Some(Running {
            low: low.position,
            sweep: Sweep::new(),
            parts: Some(parts),
            finish: Some(finish),
            high: None,
            ended,
        });
    }

    /// Waits until a part is wanted and there is room for it.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(crate) async fn room(&self) -> Option<Room> {
        match self
            .running
            .as_ref()
            .and_then(|running| running.parts.clone())
        {
            Some(parts) => parts.reserve_owned().await.ok(),
            None => std::future::pending().await,
        }
    }

    /// Returns room for a part if one is wanted and there is room at once.
    pub(crate) fn room_now(&self) -> Option<Room> {
        let parts = self.running.as_ref()?.parts.clone()?;
        parts.try_reserve_owned().ok()
    }

    /// Encodes the next part.
    pub(crate) fn step(&mut self, room: Option<Room>, book: &Book, chain: &Chain) {
        let Some(running) = &mut self.running else {
            return;
        };
        let Some(room) = room else {
            // The task has given up and said why.
            running.give_up();
            return;
        };
        let part = running
            .sweep
            .next_part(book, &self.streams, self.part_bytes);
        if let Some(part) = part {
            room.send(part);
            return;
        }
        running.parts = None;
        running.high = chain.point().map(|point| KnownPoint {
            position: Position(point.position.0),
            record_hash: point.record_hash,
        });
    }

    /// Finishes the snapshot on its way if all that it saw is durable; `newest` is the newest durable record.
    pub(crate) fn finish_if_durable(&mut self, newest: Option<LogPoint>) {
        let Some(running) = &mut self.running else {
            return;
        };
        if let Some(high) = running.high
            && newest.is_some_and(|newest| high.position <= newest.position)
            && let Some(finish) = running.finish.take()
            && finish.send(high).is_err()
        {
            tracing::debug!("the task that writes the state snapshot has given up");
        }
    }

    /// Gives up what saw records that will never be part of the ledger.
    pub(crate) fn give_up(&mut self) {
        if let Some(running) = &mut self.running {
            running.give_up();
        }
    }

    /// Begins with another state, which was read back.
    pub(crate) fn restart(&mut self, book: &Book) {
        self.give_up();
        self.streams = book.streams();
    }

    fn note_end(&mut self) {
        let Some(running) = &mut self.running else {
            return;
        };
        let in_place = match running.ended.try_recv() {
            Ok(in_place) => in_place,
            Err(oneshot::error::TryRecvError::Empty) => return,
            Err(oneshot::error::TryRecvError::Closed) => false,
        };
        let low = running.low;
        self.running = None;
        self.ended(low, in_place);
    }

    /// One that could not be written is tried again when the next would be due.
    fn ended(&mut self, low: Position, in_place: bool) {
        if in_place {
            self.stored = after(Some(low));
            tracing::debug!(ledger = self.ledger_id, position = %low, "a state snapshot is in place");
        }
        self.due = self.due_after(low);
    }

    /// Leaves a snapshot of the state at rest, unless there is one.
    pub(crate) async fn at_rest(&mut self, book: &Book, newest: Option<LogPoint>) {
        self.finish_if_durable(newest);
        if let Some(mut running) = self.running.take() {
            if running.finish.is_some() {
                running.give_up();
            }
            let in_place = running.ended.await.unwrap_or_default();
            self.ended(running.low, in_place);
        }
        let Some(newest) = newest.filter(|newest| self.stored <= newest.position) else {
            return;
        };
        self.begin(newest);
        let Some(running) = &mut self.running else {
            return;
        };
        while let Some(parts) = &running.parts
            && let Some(part) = running
                .sweep
                .next_part(book, &self.streams, self.part_bytes)
        {
            if parts.send(part).await.is_err() {
                running.give_up();
            }
        }
        running.parts = None;
        running.high = Some(KnownPoint::from(newest));
        self.finish_if_durable(Some(newest));
        if let Some(running) = self.running.take() {
            let in_place = running.ended.await.unwrap_or_default();
            self.ended(running.low, in_place);
        }
    }
}

impl Running {
    fn give_up(&mut self) {
        self.parts = None;
        self.finish = None;
        self.high = None;
    }
}

/// The position after a record; the first one without.
fn after(position: Option<Position>) -> Position {
    Position(position.map_or(0, |position| position.0.saturating_add(1)))
}

/// Writes parts as they come; returns whether the snapshot is in place.
async fn write(
    store: &dyn SnapshotStore,
    low: LogPoint,
    mut parts: mpsc::Receiver<Vec<u8>>,
    finished: oneshot::Receiver<KnownPoint>,
) -> Result<bool, CacheError> {
    let mut snapshot = store.begin(low)?;
    while let Some(part) = parts.recv().await {
        snapshot.part(&part)?;
    }
    let Ok(high) = finished.await else {
        return Ok(false);
    };
    snapshot.finish(high)?;
    Ok(true)
}
