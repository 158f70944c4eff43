//! Reads one segment file batch by batch, checks every byte, and judges how it ends.
//!
//! How an interrupted write is told from damage: no write is issued before the one before it was
//! flushed, so only the last batch can be incomplete. Interrupted means that some sectors of it never
//! arrived (they are still zero) or that it stops before its stated end. A batch that arrived whole
//! and does not match its checksum was damaged later, and is never cut.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::frame::{
    BATCH_HEADER_BYTES, BATCH_MAGIC, BatchHeader, Records, SEGMENT_HEADER_BYTES, SegmentHeader,
};
use crate::options::to_u64;
use crate::window::Window;
use crate::{OpenError, Problem};

/// Disks write whole sectors of this many bytes (or a multiple).
const SECTOR_BYTES: u64 = 512;
/// How much is read at a time.
const READ_AHEAD_BYTES: usize = 1024 * 1024;

/// A segment file being read from its beginning.
#[derive(Debug)]
pub(crate) struct SegmentWalk {
    pub(crate) path: PathBuf,
    pub(crate) base: u64,
    file: File,
    length: u64,
    window: Window,
    /// Where the next batch begins.
    pub(crate) place: u64,
}

/// What comes next in a segment.
pub(crate) enum Step {
    /// A whole, checked batch, of this many bytes, beginning at the place given.
    Batch {
        place: u64,
        total: usize,
        count: u32,
    },
    /// Nothing but zeros, or nothing at all.
    End,
    /// Not a batch.
    Bad(Problem),
}

/// What a segment ends with that is not a batch.
pub(crate) enum Remainder {
    /// An interrupted write; so many bytes of it arrived, some of them perhaps missing in between.
    Torn { bytes: u64 },
    /// Damage.
    Damaged(Problem),
}

impl SegmentWalk {
    /// Opens the segment of `ledger_id` whose name says `base`, and checks its header.
    pub(crate) fn open(path: PathBuf, base: u64, ledger_id: &str) -> Result<Self, OpenError> {
        let file = File::open(&path).map_err(OpenError::io("open", &path))?;
        let metadata = file.metadata().map_err(OpenError::io("look at", &path))?;
        let mut walk = Self {
            path,
            base,
            file,
            length: metadata.len(),
            window: Window::new(READ_AHEAD_BYTES),
            place: to_u64(SEGMENT_HEADER_BYTES),
        };
        let bytes = walk.bytes(0, SEGMENT_HEADER_BYTES)?;
        let header = SegmentHeader::parse(bytes).map_err(|problem| walk.damaged(0, problem))?;
        if header.ledger_id != ledger_id {
            return Err(walk.damaged(0, Problem::OtherLedger(header.ledger_id)));
        }
        if header.base != base {
            return Err(walk.damaged(0, Problem::OtherBase(header.base)));
        }
        Ok(walk)
    }

    pub(crate) fn damaged(&self, offset: u64, problem: Problem) -> OpenError {
        OpenError::Damaged {
            file: self.path.clone(),
            offset,
            problem,
        }
    }

    fn bytes(&mut self, place: u64, length: usize) -> Result<&[u8], OpenError> {
        let bytes = self.window.get(&self.file, place, length, self.length);
        bytes.map_err(|source| OpenError::Io {
            action: "read",
            path: self.path.clone(),
            source,
        })
    }

    /// Looks at the next batch and, if it is whole, goes on behind it.
    pub(crate) fn step(&mut self) -> Result<Step, OpenError> {
        let place = self.place;
        let offset = self.base.saturating_add(place);
        let bytes = self.bytes(place, BATCH_HEADER_BYTES)?;
        let is_zero = bytes.iter().all(|byte| *byte == 0);
        let header = match BatchHeader::parse(bytes, offset) {
            Ok(header) => header,
            Err(_) if is_zero && self.last_written(place)?.is_none() => return Ok(Step::End),
            Err(problem) => return Ok(Step::Bad(problem)),
        };
        if header.total() > self.length.saturating_sub(place) {
            return Ok(Step::Bad(Problem::BatchBeyondEnd(header.total())));
        }
        // A segment is at most 1 GiB, and the batch lies within the file.
        let total = usize::try_from(header.total()).unwrap_or(usize::MAX);
        if let Err(problem) = header.check(self.bytes(place, total)?) {
            return Ok(Step::Bad(problem));
        }
        self.place = place.saturating_add(header.total());
        Ok(Step::Batch {
            place,
            total,
            count: header.count(),
        })
    }

    /// Returns the file's path, and the entries of the batch that [`Self::step`] found last, from
    /// `from` inside it on.
    pub(crate) fn records(
        &mut self,
        place: u64,
        total: usize,
        from: usize,
    ) -> Result<(&Path, Records<'_>), OpenError> {
        let bytes = self.window.get(&self.file, place, total, self.length);
        let bytes = bytes.map_err(OpenError::io("read", &self.path))?;
        Ok((&self.path, Records::from_place(bytes, from)))
    }

    /// Returns the place behind the last byte that is not zero, at or behind `from`.
    fn last_written(&mut self, from: u64) -> Result<Option<u64>, OpenError> {
        let (mut place, mut last) = (from, None);
        while place < self.length {
            let bytes = self.bytes(place, READ_AHEAD_BYTES)?;
            if bytes.is_empty() {
                break;
            }
            let found = last_non_zero(bytes);
            let read = to_u64(bytes.len());
            last = found
                .map(|index| place.saturating_add(to_u64(index) + 1))
                .or(last);
            place = place.saturating_add(read);
        }
        Ok(last)
    }

    /// Judges what stands at the place where [`Self::step`] found `problem`, in a log's last segment.
    pub(crate) fn judge_remainder(&mut self, problem: Problem) -> Result<Remainder, OpenError> {
        let place = self.place;
        let end = self.last_written(place)?.unwrap_or(place);
        let bytes = end.saturating_sub(place);
        let length = usize::try_from(bytes).unwrap_or(usize::MAX);
        let offset = self.base.saturating_add(place);
        let written = self.bytes(place, length)?;
        if contains_batch(written, offset) {
            return Ok(Remainder::Damaged(problem));
        }
        let stated = written
            .get(..BATCH_HEADER_BYTES)
            .map(|bytes| BatchHeader::parse(bytes, offset));
        let is_torn = has_unwritten_sector(written, place)
            || match stated {
                // Less than a header arrived.
                None => true,
                Some(Ok(header)) => header.total() > bytes,
                Some(Err(_)) => false,
            };
        Ok(if is_torn {
            Remainder::Torn { bytes }
        } else {
            Remainder::Damaged(problem)
        })
    }
}

/// Whole blocks are compared first: the zeros ahead of the end of a log are many.
fn last_non_zero(bytes: &[u8]) -> Option<usize> {
    const ZEROS: [u8; 4096] = [0; 4096];
    let is_written = |block: &[u8]| ZEROS.get(..block.len()) != Some(block);
    let block = bytes.chunks(ZEROS.len()).rposition(is_written)?;
    let start = block * ZEROS.len();
    let rest = bytes.get(start..)?;
    let rest = rest.get(..ZEROS.len()).unwrap_or(rest);
    rest.iter()
        .rposition(|byte| *byte != 0)
        .map(|index| start + index)
}

/// Whether a whole batch stands anywhere behind the first byte: then the first cannot be the last.
fn contains_batch(bytes: &[u8], offset: u64) -> bool {
    (1..bytes.len()).any(|place| {
        let rest = bytes.get(place..).unwrap_or_default();
        rest.starts_with(&BATCH_MAGIC) && is_batch(rest, offset.saturating_add(to_u64(place)))
    })
}

fn is_batch(bytes: &[u8], offset: u64) -> bool {
    let header = bytes
        .get(..BATCH_HEADER_BYTES)
        .map(|bytes| BatchHeader::parse(bytes, offset));
    let Some(Ok(header)) = header else {
        return false;
    };
    let total = usize::try_from(header.total()).unwrap_or(usize::MAX);
    bytes
        .get(..total)
        .is_some_and(|batch| header.check(batch).is_ok())
}

/// Whether a sector, as far as it belongs to these bytes, is all zero. `place` is where they begin.
fn has_unwritten_sector(written: &[u8], place: u64) -> bool {
    let first = usize::try_from(SECTOR_BYTES - place % SECTOR_BYTES).unwrap_or(usize::MAX);
    let (head, rest) = written.split_at_checked(first).unwrap_or((written, &[]));
    let is_zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
    let sector = usize::try_from(SECTOR_BYTES).unwrap_or(usize::MAX);
    (!head.is_empty() && is_zero(head)) || rest.chunks(sector).any(is_zero)
}
