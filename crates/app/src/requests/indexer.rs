//! The task that adds durable request ids to the index, so that the writer never waits for its storage.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use perennial_domain::log::Position;
use tokio::sync::{mpsc, oneshot, watch};

use crate::ports::cache::{CacheError, LogPoint};
use crate::ports::request_index::{IndexedRequest, RequestIndex};
use crate::ports::tasks::Tasks;

/// About how many ids are saved together. Storage takes many at a time with much less work for each, and nobody
/// waits for it: the newest ids are in memory anyhow.
const SAVE_IDS: usize = 8_192;

/// How long ids gather before they are saved. Nothing wakes the thread meanwhile, which every batch of one would.
const SAVE_WAIT: Duration = Duration::from_millis(100);

/// After how many ids everything saved is made to survive a restart. A crash costs reading as many records again.
const FLUSH_IDS: u64 = 65_536;

/// Of a ledger with many records, at least one in so many: what is made to survive grows with it.
const RECORDS_PER_FLUSHED_ONE: u64 = 16;

/// How often ids are still saved once the ledger is being closed: a stop does not wait for a long rebuild, because
/// what is missing is read from the log at the next start.
const SAVES_AT_CLOSE: usize = 4;

/// Ids of records that became durable together.
#[derive(Debug)]
pub(super) struct Group {
    /// In order of position.
    pub(super) requests: Vec<IndexedRequest>,
    /// The last record of the group.
    pub(super) point: LogPoint,
}

/// Adds to one index until it is closed or dropped.
pub(super) struct Indexer {
    groups: Option<mpsc::UnboundedSender<Arc<Group>>>,
    indexed: watch::Receiver<Position>,
    /// A word after each save, for who waits without a runtime.
    saved: Receiver<()>,
    closing: watch::Sender<bool>,
    ended: Option<oneshot::Receiver<()>>,
}

impl Indexer {
    pub(super) fn start(
        index: Arc<dyn RequestIndex>,
        next: Position,
        ledger_id: &str,
        tasks: &Arc<dyn Tasks>,
    ) -> Self {
        let (sender, groups) = mpsc::unbounded_channel();
        let (progress, indexed) = watch::channel(next);
        let (word, saved) = sync_channel(1);
        let (end, ended) = oneshot::channel();
        let (closing, is_closing) = watch::channel(false);
        let ledger = ledger_id.to_owned();
        let saving = Saving {
            groups,
            progress,
            word,
            closing: is_closing,
            tasks: Arc::clone(tasks),
        };
        // Without a thread the channels are closed, which is what a broken index looks like.
        let task = async move {
            if let Err(error) = saving.run(&*index).await {
                let error: &dyn std::error::Error = &error;
                tracing::error!(
                    ledger,
                    error,
                    "the request index cannot be written; ids stay in memory as long as there is room"
                );
            }
            // Whoever opens the index next finds it closed.
            drop(index);
            if end.send(()).is_err() {
                tracing::debug!(ledger, "nobody waits for the task of the request index");
            }
        };
        tasks.spawn(&format!("requests-{ledger_id}"), Box::pin(task));
        Self {
            groups: Some(sender),
            indexed,
            saved,
            closing,
            ended: Some(ended),
        }
    }

    /// Hands a group over. A broken index takes nothing, and then no id is forgotten.
    pub(super) fn add(&self, group: Arc<Group>) {
        if let Some(groups) = &self.groups
            && groups.send(group).is_err()
        {
            tracing::debug!("the request index is broken");
        }
    }

    /// Ids of records before this position are found in the index.
    pub(super) fn indexed(&self) -> Position {
        *self.indexed.borrow()
    }

    pub(super) async fn more(&mut self) -> bool {
        self.indexed.changed().await.is_ok()
    }

    pub(super) fn more_blocking(&self) -> bool {
        self.saved.recv().is_ok()
    }

    pub(super) async fn close(&mut self) {
        self.closing.send_replace(true);
        self.groups = None;
        if let Some(ended) = self.ended.take()
            && ended.await.is_err()
        {
            tracing::debug!("the task of the request index ended without a word");
        }
    }
}

/// The task's own half.
struct Saving {
    groups: mpsc::UnboundedReceiver<Arc<Group>>,
    progress: watch::Sender<Position>,
    word: SyncSender<()>,
    closing: watch::Receiver<bool>,
    tasks: Arc<dyn Tasks>,
}

impl Saving {
    /// Adds what waits, about as much as is saved together.
    fn gather(&mut self, requests: &mut Vec<IndexedRequest>, point: &mut LogPoint) {
        while requests.len() < SAVE_IDS
            && let Ok(group) = self.groups.try_recv()
        {
            requests.extend_from_slice(&group.requests);
            *point = group.point;
        }
    }

    fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }

    /// Waits for more ids to gather, but not while the ledger is being closed.
    async fn pause(&mut self) {
        tokio::select! {
            biased;
            closing = self.closing.wait_for(|closing| *closing) => drop(closing),
            () = self.tasks.sleep(SAVE_WAIT) => {}
        }
    }

    async fn run(mut self, index: &dyn RequestIndex) -> Result<(), CacheError> {
        let mut flushed = *self.progress.borrow();
        let mut saves_at_close = 0_usize;
        while let Some(group) = self.groups.recv().await {
            let mut requests = group.requests.clone();
            let mut point = group.point;
            self.gather(&mut requests, &mut point);
            if requests.len() < SAVE_IDS && !self.is_closing() {
                self.pause().await;
                self.gather(&mut requests, &mut point);
            }
            index.save(&requests, point)?;
            let next = Position(point.position.0.saturating_add(1));
            self.progress.send_replace(next);
            if let Err(TrySendError::Disconnected(())) = self.word.try_send(()) {
                tracing::debug!("nobody waits for the request index");
            }
            if self.is_closing() {
                saves_at_close = saves_at_close.saturating_add(1);
                if SAVES_AT_CLOSE < saves_at_close {
                    break;
                }
            }
            let share = point.position.0 / RECORDS_PER_FLUSHED_ONE;
            let due = flushed.0.saturating_add(FLUSH_IDS.max(share));
            if due <= point.position.0 {
                index.flush()?;
                flushed = point.position;
            }
        }
        index.flush()
    }
}
