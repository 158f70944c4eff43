//! What the writer and the readers of an open log share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use perennial_app::ports::log::LogOffset;
use tokio::sync::watch;

use crate::Options;
use crate::recovery::Recovered;
use crate::segment::Segment;

/// Counts since the log was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Batches written; several appends may share one.
    pub batches: u64,
    /// Entries in them.
    pub entries: u64,
    /// Bytes written for them, frames included.
    pub bytes: u64,
    /// Flushes that returned for batches.
    pub flushes: u64,
    /// How long the last of them took, in microseconds, an added delay included.
    pub last_flush_micros: u64,
}

/// The state of an open log. `durable` only ever grows.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) directory: PathBuf,
    pub(crate) ledger_id: String,
    pub(crate) options: Options,
    pub(crate) durable: watch::Sender<LogOffset>,
    pub(crate) failure: watch::Sender<Option<String>>,
    /// Ascending by base.
    segments: RwLock<Vec<Arc<Segment>>>,
    counters: Counters,
}

#[derive(Debug, Default)]
struct Counters {
    batches: AtomicU64,
    entries: AtomicU64,
    bytes: AtomicU64,
    flushes: AtomicU64,
    last_flush_micros: AtomicU64,
}

impl Shared {
    pub(crate) fn new(
        directory: PathBuf,
        ledger_id: String,
        options: Options,
        recovered: &Recovered,
    ) -> Self {
        Self {
            directory,
            ledger_id,
            options,
            durable: watch::Sender::new(recovered.end()),
            failure: watch::Sender::new(None),
            segments: RwLock::new(recovered.segments.clone()),
            counters: Counters::default(),
        }
    }

    pub(crate) fn durable_end(&self) -> LogOffset {
        *self.durable.borrow()
    }

    pub(crate) fn add_segment(&self, segment: Arc<Segment>) {
        self.segments
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(segment);
    }

    /// Returns the segment in which what stands at `offset` is, and where the next one begins.
    pub(crate) fn segment_at(&self, offset: LogOffset) -> Option<(Arc<Segment>, Option<u64>)> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        let count = segments.partition_point(|segment| segment.base <= offset.0);
        let segment = segments.get(count.checked_sub(1)?)?;
        Some((
            Arc::clone(segment),
            segments.get(count).map(|next| next.base),
        ))
    }

    pub(crate) fn count_batch(&self, entries: u32, bytes: u64, flush_micros: u64) {
        let counters = &self.counters;
        counters.batches.fetch_add(1, Ordering::Relaxed);
        counters
            .entries
            .fetch_add(u64::from(entries), Ordering::Relaxed);
        counters.bytes.fetch_add(bytes, Ordering::Relaxed);
        counters.flushes.fetch_add(1, Ordering::Relaxed);
        counters
            .last_flush_micros
            .store(flush_micros, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.counters;
        Stats {
            batches: read(&counters.batches),
            entries: read(&counters.entries),
            bytes: read(&counters.bytes),
            flushes: read(&counters.flushes),
            last_flush_micros: read(&counters.last_flush_micros),
        }
    }
}
