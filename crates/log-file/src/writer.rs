//! The writer: takes what waits, writes it as one batch, flushes once, answers.
//!
//! No write is issued before the flush before it returned. The first failed write or flush ends the
//! log: what was in it and everything later is answered as unknown, and nothing is tried again.

use std::fs::{File, OpenOptions};
use std::io;
use std::sync::Arc;
use std::time::Instant;

use perennial_app::ports::log::{AppendOutcome, LogOffset, StoredEntry};
use tokio::sync::oneshot;

use crate::frame::{
    BATCH_END, BatchBuilder, RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES, SegmentHeader,
};
use crate::options::to_u64;
use crate::segment::{self, CreateError, Segment, SparseIndex};
use crate::shared::Shared;
use crate::turns::Queued;
use crate::{Device, DirectoryLock, OpenError};

/// One append that waits for its outcome.
pub(crate) struct Request {
    /// Never empty.
    pub(crate) entries: Vec<StoredEntry>,
    pub(crate) answer: Answer,
}

/// Who waits for an append's outcome.
pub(crate) struct Answer {
    pub(crate) to: oneshot::Sender<AppendOutcome>,
    /// Its place in the queue, if it is there.
    pub(crate) queued: Option<Queued>,
}

impl Answer {
    fn send(self, outcome: AppendOutcome) {
        drop(self.queued);
        // Who does not wait any more need not know.
        drop(self.to.send(outcome));
    }
}

impl Request {
    pub(crate) const fn new(entries: Vec<StoredEntry>, to: oneshot::Sender<AppendOutcome>) -> Self {
        let answer = Answer { to, queued: None };
        Self { entries, answer }
    }

    /// What the entries take in a batch.
    fn bytes(&self) -> u64 {
        records_bytes(&self.entries)
    }
}

/// Returns what `entries` take in a batch, their frames included.
pub(crate) fn records_bytes(entries: &[StoredEntry]) -> u64 {
    entries
        .iter()
        .map(|entry| to_u64(entry.0.len() + RECORD_HEADER_BYTES))
        .sum()
}

/// What writes the batches, in the hands of one thread at a time.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    device: Box<dyn Device>,
    active: Option<Active>,
    batch: BatchBuilder,
    /// The answers of the batch, each with where its entries begin and end inside it.
    answers: Vec<(Answer, usize, usize)>,
    failed: Option<String>,
    /// The lock outlives the last write.
    _lock: DirectoryLock,
}

/// The segment that is written to.
struct Active {
    segment: Arc<Segment>,
    file: File,
    /// Where the next batch begins.
    place: u64,
    /// How far the file is allocated.
    allocated: u64,
}

/// Why a batch was not written.
enum WriteError {
    /// Before anything was written; the log goes on.
    Rejected(String),
    /// The log has failed.
    Failed(String),
}

impl Writer {
    /// Opens the last segment for writing. `place` is where its last batch ends.
    pub(crate) fn new(
        shared: Arc<Shared>,
        device: Box<dyn Device>,
        last: Option<(Arc<Segment>, u64)>,
        lock: DirectoryLock,
    ) -> Result<Self, OpenError> {
        let active = match last {
            Some((segment, place)) => Some(Active::open(segment, place)?),
            None => None,
        };
        Ok(Self {
            shared,
            device,
            active,
            batch: BatchBuilder::new(),
            answers: Vec::new(),
            failed: None,
            _lock: lock,
        })
    }

    /// Writes `first` and what else `more` has, as far as one batch may grow, and answers. Returns what was
    /// taken but is too much for the batch.
    pub(crate) fn append(
        &mut self,
        first: Request,
        more: impl FnMut() -> Option<Request>,
    ) -> Option<Request> {
        if let Some(reason) = &self.failed {
            let reason = reason.clone();
            // The caller may have stopped waiting.
            first.answer.send(AppendOutcome::Unknown { reason });
            return None;
        }
        let carried = self.gather(first, more);
        match self.write() {
            Ok(offset) => self.answer_durable(offset),
            Err(WriteError::Rejected(reason)) => {
                tracing::warn!(
                    ledger = self.shared.ledger_id,
                    reason,
                    "an append was rejected"
                );
                self.answer_all(&AppendOutcome::Rejected { reason });
            }
            Err(WriteError::Failed(reason)) => self.fail(reason),
        }
        carried
    }

    /// Puts `first` and what else waits into the batch, as far as it may grow; returns what is too much.
    fn gather(
        &mut self,
        first: Request,
        mut more: impl FnMut() -> Option<Request>,
    ) -> Option<Request> {
        self.batch.clear();
        let bytes_max = self
            .shared
            .options
            .write_bytes_max
            .min(self.shared.options.records_bytes_max());
        let mut bytes = first.bytes();
        self.put(first);
        while let Some(request) = more() {
            bytes = bytes.saturating_add(request.bytes());
            if bytes > bytes_max {
                return Some(request);
            }
            self.put(request);
        }
        None
    }

    fn put(&mut self, request: Request) {
        let begin = self.batch.length();
        for entry in &request.entries {
            self.batch.push(&entry.0);
        }
        self.answers
            .push((request.answer, begin, self.batch.length()));
    }

    /// Writes and flushes the batch; returns its offset.
    fn write(&mut self) -> Result<u64, WriteError> {
        let total = to_u64(self.batch.length() + BATCH_END.len());
        let mut active = match self.active.take() {
            Some(active) if active.has_room(total, self.shared.options.segment_bytes) => active,
            full => match self.next_segment(full.as_ref(), total) {
                Ok(active) => active,
                Err(error) => {
                    self.active = full;
                    return Err(error);
                }
            },
        };
        let written = self.write_to(&mut active, total);
        self.active = Some(active);
        written
    }

    fn write_to(&mut self, active: &mut Active, total: u64) -> Result<u64, WriteError> {
        let end = active.place.saturating_add(total);
        if end > active.allocated {
            let wanted = self.allocation(end);
            let more = wanted.saturating_sub(active.allocated);
            self.device
                .preallocate(&active.file, active.allocated, more)
                .map_err(|error| WriteError::Rejected(describe("reserve space", &error)))?;
            active.allocated = wanted;
        }
        let offset = active.segment.base.saturating_add(active.place);
        let bytes = self.batch.finish(offset);
        self.device
            .write(&active.file, bytes, active.place)
            .map_err(|error| WriteError::Failed(describe("write a batch", &error)))?;
        let flush_micros = self.flush(&active.file)?;
        active.segment.note_batch(active.place);
        active.place = end;
        self.shared
            .count_batch(self.batch.count(), total, flush_micros);
        self.shared
            .durable
            .send_replace(LogOffset(offset.saturating_add(total)));
        Ok(offset)
    }

    /// Returns how far to allocate so that `end` lies within.
    fn allocation(&self, end: u64) -> u64 {
        let options = &self.shared.options;
        let step = options.preallocate_bytes;
        end.div_ceil(step)
            .saturating_mul(step)
            .min(options.segment_bytes)
            .max(end)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "how long a flush took is a figure, not an input"
    )]
    fn flush(&mut self, file: &File) -> Result<u64, WriteError> {
        let begin = Instant::now();
        self.device
            .flush(file)
            .map_err(|error| WriteError::Failed(describe("flush a batch", &error)))?;
        if !self.shared.options.added_flush_delay.is_zero() {
            std::thread::sleep(self.shared.options.added_flush_delay);
        }
        Ok(u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// Makes the segment after `full` (the first one after nothing).
    fn next_segment(&mut self, full: Option<&Active>, total: u64) -> Result<Active, WriteError> {
        let base = full.map_or(0, |full| full.segment.base.saturating_add(full.place));
        let header = SegmentHeader {
            ledger_id: self.shared.ledger_id.clone(),
            base,
        };
        let place = to_u64(SEGMENT_HEADER_BYTES);
        let allocated = self.allocation(place.saturating_add(total));
        let created = segment::create(
            &self.shared.directory,
            &header,
            allocated,
            &mut *self.device,
        );
        let (path, file) = created.map_err(|error| match error {
            CreateError::NoSpace(error) => {
                WriteError::Rejected(describe("reserve space for a segment", &error))
            }
            CreateError::Failed(error) => WriteError::Failed(describe("make a segment", &error)),
        })?;
        if let Some(full) = full {
            full.give_back();
        }
        let index = SparseIndex::new(self.shared.options.index_every_bytes);
        let segment = Arc::new(Segment::new(base, path, index));
        self.shared.add_segment(Arc::clone(&segment));
        Ok(Active {
            segment,
            file,
            place,
            allocated,
        })
    }

    fn answer_durable(&mut self, offset: u64) {
        let last = self.answers.len().saturating_sub(1);
        let whole = to_u64(self.batch.length());
        for (index, (answer, begin, end)) in self.answers.drain(..).enumerate() {
            // The first entry stands where the batch begins, and the last ends where it ends.
            let first = if index == 0 { 0 } else { to_u64(begin) };
            let next = if index == last { whole } else { to_u64(end) };
            let at = |place| LogOffset(offset.saturating_add(place));
            answer.send(AppendOutcome::Durable {
                first: at(first),
                next: at(next),
            });
        }
    }

    fn answer_all(&mut self, outcome: &AppendOutcome) {
        for (answer, _, _) in self.answers.drain(..) {
            answer.send(outcome.clone());
        }
    }

    fn fail(&mut self, reason: String) {
        tracing::error!(
            ledger = self.shared.ledger_id,
            reason,
            "the log failed; nothing is retried"
        );
        // Said first: who gets an unknown outcome finds the failure already known.
        self.shared.failure.send_replace(Some(reason.clone()));
        self.answer_all(&AppendOutcome::Unknown {
            reason: reason.clone(),
        });
        self.failed = Some(reason);
    }

    /// Leaves the last segment as long as what is in it.
    pub(crate) fn give_back(&self) {
        if let (Some(active), None) = (&self.active, &self.failed) {
            active.give_back();
        }
    }
}

impl Active {
    fn open(segment: Arc<Segment>, place: u64) -> Result<Self, OpenError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&segment.path);
        let file = file.map_err(OpenError::io("open", &segment.path))?;
        let metadata = file
            .metadata()
            .map_err(OpenError::io("look at", &segment.path))?;
        Ok(Self {
            segment,
            file,
            place,
            allocated: metadata.len(),
        })
    }

    fn has_room(&self, total: u64, segment_bytes: u64) -> bool {
        self.place.saturating_add(total) <= segment_bytes
    }

    /// Gives allocated space behind the last batch back. Only zeros go, so a failure costs space alone.
    fn give_back(&self) {
        if let Err(error) = self
            .file
            .set_len(self.place)
            .and_then(|()| self.file.sync_all())
        {
            let file = self.segment.path.display();
            tracing::warn!(%file, %error, "the unused end of a segment could not be given back");
        }
    }
}

fn describe(action: &str, error: &io::Error) -> String {
    format!("{action}: {error}")
}
