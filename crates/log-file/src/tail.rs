//! Reading forwards while the writer appends: durable entries only, by position, across segments.

use std::fs::File;
use std::sync::Arc;

use perennial_app::ports::log::{LogOffset, LogTail, ReadError, StoredEntry, TailEntry};

use crate::Problem;
use crate::frame::{BATCH_END, BATCH_HEADER_BYTES, BatchHeader, Records, SEGMENT_HEADER_BYTES};
use crate::options::to_u64;
use crate::segment::Segment;
use crate::shared::Shared;
use crate::window::Window;

/// A reader of an open log.
#[derive(Debug)]
pub(crate) struct FileTail {
    shared: Arc<Shared>,
    /// Where the next entry stands.
    next: LogOffset,
    open: Option<OpenSegment>,
    window: Window,
    batch: Option<Batch>,
}

#[derive(Debug)]
struct OpenSegment {
    segment: Arc<Segment>,
    file: File,
}

/// The batch being read.
#[derive(Clone, Copy, Debug)]
struct Batch {
    /// Where it begins in the file.
    place: u64,
    total: usize,
    /// Where the next entry's frame begins inside it.
    at: usize,
}

impl Batch {
    fn is_read(&self) -> bool {
        self.at + BATCH_END.len() >= self.total
    }
}

impl FileTail {
    pub(crate) fn open(shared: Arc<Shared>, from: LogOffset) -> Result<Self, ReadError> {
        let window = Window::new(shared.options.read_ahead_bytes);
        let durable = shared.durable_end();
        let mut tail = Self {
            shared,
            next: from,
            open: None,
            window,
            batch: None,
        };
        if from > durable {
            let problem = format!("it is beyond the durable end, offset {}", durable.0);
            return Err(ReadError::Damaged {
                offset: from,
                problem,
            });
        }
        if from < durable {
            tail.seek(durable)?;
        }
        Ok(tail)
    }

    /// Finds the entry at `self.next`.
    fn seek(&mut self, durable: LogOffset) -> Result<(), ReadError> {
        let from = self.next;
        let end = self.enter_segment(durable)?;
        let Some(open) = &self.open else {
            return Err(self.no_entry());
        };
        let target = from.0.saturating_sub(open.segment.base);
        if target == 0 {
            return Ok(());
        }
        let mut place = open.segment.batch_before(target);
        while place < target {
            let batch = self.load(place, end)?;
            let batch_end = place.saturating_add(to_u64(batch.total));
            if target < batch_end {
                let inside = usize::try_from(target - place).unwrap_or(usize::MAX);
                let bytes = self.batch_bytes(batch)?;
                let Some(record) = Records::new(bytes).find(|record| record.place == inside) else {
                    return Err(self.no_entry());
                };
                self.batch = Some(Batch {
                    at: record.place,
                    ..batch
                });
                return Ok(());
            }
            place = batch_end;
        }
        if place == target {
            Ok(())
        } else {
            Err(self.no_entry())
        }
    }

    fn no_entry(&self) -> ReadError {
        let problem = "no entry of this log begins there".to_owned();
        ReadError::Damaged {
            offset: self.next,
            problem,
        }
    }

    /// Opens the segment that holds `self.next` and returns where its durable part ends in the file.
    fn enter_segment(&mut self, durable: LogOffset) -> Result<u64, ReadError> {
        let Some((segment, next_base)) = self.shared.segment_at(self.next) else {
            return Err(self.no_entry());
        };
        let end = next_base.map_or(durable.0, |base| base.min(durable.0));
        let end = end.saturating_sub(segment.base);
        if self
            .open
            .as_ref()
            .is_none_or(|open| open.segment.base != segment.base)
        {
            let file = File::open(&segment.path).map_err(|error| self.unavailable(error))?;
            self.window.clear();
            self.open = Some(OpenSegment { segment, file });
        }
        Ok(end)
    }

    fn unavailable(&self, source: std::io::Error) -> ReadError {
        ReadError::Unavailable {
            offset: self.next,
            source: Box::new(source),
        }
    }

    /// Reads and checks the batch at `place` of the open segment, whose durable part ends at `end`.
    fn load(&mut self, place: u64, end: u64) -> Result<Batch, ReadError> {
        let offset = self.next;
        let Some(open) = &self.open else {
            return Err(self.no_entry());
        };
        let file = open.segment.path.display();
        let unavailable = |source| ReadError::Unavailable {
            offset,
            source: Box::new(source),
        };
        let damaged = |problem: Problem| ReadError::Damaged {
            offset,
            problem: format!("{problem}, at byte {place} of {file}"),
        };
        let bytes = self.window.get(&open.file, place, BATCH_HEADER_BYTES, end);
        let stands_at = open.segment.base.saturating_add(place);
        let header = BatchHeader::parse(bytes.map_err(unavailable)?, stands_at).map_err(damaged)?;
        if header.total() > end.saturating_sub(place) {
            return Err(damaged(Problem::BatchBeyondEnd(header.total())));
        }
        let total = usize::try_from(header.total()).unwrap_or(usize::MAX);
        let batch = self
            .window
            .get(&open.file, place, total, end)
            .map_err(unavailable)?;
        header.check(batch).map_err(damaged)?;
        Ok(Batch {
            place,
            total,
            at: BATCH_HEADER_BYTES,
        })
    }

    /// Returns the bytes of a batch that was loaded before; the window still holds them as a rule.
    fn batch_bytes(&mut self, batch: Batch) -> Result<&[u8], ReadError> {
        let offset = self.next;
        let Some(open) = &self.open else {
            return Err(self.no_entry());
        };
        let end = batch.place.saturating_add(to_u64(batch.total));
        self.window
            .get(&open.file, batch.place, batch.total, end)
            .map_err(|source| ReadError::Unavailable {
                offset,
                source: Box::new(source),
            })
    }

    /// Returns a batch in which at least one entry is left.
    fn current(&mut self, durable: LogOffset) -> Result<Batch, ReadError> {
        if let Some(batch) = self.batch.filter(|batch| !batch.is_read()) {
            return Ok(batch);
        }
        let end = self.enter_segment(durable)?;
        let base = self.open.as_ref().map_or(0, |open| open.segment.base);
        let place = self
            .next
            .0
            .saturating_sub(base)
            .max(to_u64(SEGMENT_HEADER_BYTES));
        let batch = self.load(place, end)?;
        self.batch = Some(batch);
        Ok(batch)
    }
}

impl LogTail for FileTail {
    fn read(&mut self, bytes_max: usize) -> Result<Vec<TailEntry>, ReadError> {
        let durable = self.shared.durable_end();
        let mut entries = Vec::new();
        let mut bytes_left = bytes_max;
        while self.next < durable {
            let mut batch = self.current(durable)?;
            let mut next = self.next;
            let base = self.open.as_ref().map_or(0, |open| open.segment.base);
            let begin = base.saturating_add(batch.place);
            let mut is_full = false;
            for record in Records::from_place(self.batch_bytes(batch)?, batch.at) {
                is_full = !entries.is_empty() && record.bytes.len() > bytes_left;
                if is_full {
                    break;
                }
                bytes_left = bytes_left.saturating_sub(record.bytes.len());
                // The first entry stands where its batch begins, and the last ends where it ends.
                let offset = if record.place == BATCH_HEADER_BYTES {
                    0
                } else {
                    record.place
                };
                batch.at = record.end;
                let end = if batch.is_read() {
                    batch.total
                } else {
                    record.end
                };
                next = LogOffset(begin.saturating_add(to_u64(end)));
                entries.push(TailEntry {
                    offset: LogOffset(begin.saturating_add(to_u64(offset))),
                    next_offset: next,
                    entry: StoredEntry(record.bytes.to_vec()),
                });
            }
            self.batch = Some(batch);
            self.next = next;
            if is_full {
                break;
            }
        }
        Ok(entries)
    }
}
