//! Opening: every segment is checked to its last byte, in parallel, before anything is changed.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use perennial_app::ports::log::LogOffset;

use crate::frame::SEGMENT_HEADER_BYTES;
use crate::options::to_u64;
use crate::segment::{self, Segment, SparseIndex};
use crate::walk::{Remainder, SegmentWalk, Step};
use crate::{HeadMarker, OpenError, Options, Problem};

/// A log as found on disk, whole.
#[derive(Debug)]
pub(crate) struct Recovered {
    /// Ascending by base, without gaps.
    pub(crate) segments: Vec<Arc<Segment>>,
    /// Where the last batch ends in the last segment.
    pub(crate) place: u64,
    pub(crate) marker: Option<HeadMarker>,
    pub(crate) entries: u64,
}

impl Recovered {
    /// Returns the offset after the last entry.
    pub(crate) fn end(&self) -> LogOffset {
        self.segments
            .last()
            .map_or(LogOffset(0), |last| offset_after(last.base, self.place))
    }
}

/// Returns the offset after the last entry of a segment. One without a batch adds nothing: the end is
/// still where the segment before it ended.
pub(crate) fn offset_after(base: u64, place: u64) -> LogOffset {
    if place <= to_u64(SEGMENT_HEADER_BYTES) {
        LogOffset(base)
    } else {
        LogOffset(base.saturating_add(place))
    }
}

/// What reading one segment gave.
struct Checked {
    index: SparseIndex,
    place: u64,
    entries: u64,
    torn_bytes: u64,
}

/// Checks the log in `directory` and cuts an interrupted last write.
pub(crate) fn recover(
    directory: &Path,
    ledger_id: &str,
    options: &Options,
) -> Result<Recovered, OpenError> {
    let marker = HeadMarker::read(directory)?;
    let files = segment::list(directory)?;
    let checked = check_all(&files, ledger_id, options)?;
    let mut recovered = Recovered {
        segments: Vec::new(),
        place: 0,
        marker,
        entries: 0,
    };
    let mut torn_bytes = 0;
    for ((base, path), checked) in files.into_iter().zip(checked) {
        let expected = recovered.end().0;
        if base != expected {
            return Err(OpenError::Damaged {
                file: path,
                offset: 0,
                problem: Problem::Gap(expected),
            });
        }
        recovered
            .segments
            .push(Arc::new(Segment::new(base, path, checked.index)));
        recovered.place = checked.place;
        recovered.entries = recovered.entries.saturating_add(checked.entries);
        torn_bytes = checked.torn_bytes;
    }
    let end = recovered.end();
    if let Some(marker) = marker.filter(|marker| end < marker.offset) {
        let directory = directory.to_owned();
        return Err(OpenError::LostHistory {
            directory,
            end,
            marker: marker.offset,
        });
    }
    segment::remove_unfinished(directory)?;
    if let Some(last) = recovered.segments.last().filter(|_| torn_bytes > 0) {
        tracing::warn!(
            file = %last.path.display(),
            at = recovered.place,
            torn_bytes,
            "an interrupted last write was cut; nothing of it was acknowledged"
        );
        cut(&last.path, recovered.place)?;
    }
    Ok(recovered)
}

fn cut(path: &Path, place: u64) -> Result<(), OpenError> {
    let file = OpenOptions::new()
        .write(true)
        .open(path)
        .map_err(OpenError::io("open", path))?;
    file.set_len(place)
        .and_then(|()| file.sync_all())
        .map_err(OpenError::io("cut the interrupted write off", path))
}

/// Checks all segments, each by one of a few threads. The first damaged one is told.
fn check_all(
    files: &[(u64, PathBuf)],
    ledger_id: &str,
    options: &Options,
) -> Result<Vec<Checked>, OpenError> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut results = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some((base, path)) = files.get(index) else {
                return results;
            };
            let is_last = index + 1 == files.len();
            let walk = SegmentWalk::open(path.clone(), *base, ledger_id);
            let checked = walk.and_then(|walk| check(walk, is_last, options.index_every_bytes));
            results.push((index, checked));
        }
    };
    let threads = options.open_threads.min(files.len());
    let mut results = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut results = work();
        for other in others {
            match other.join() {
                Ok(more) => results.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    });
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, checked)| checked).collect()
}

fn check(mut walk: SegmentWalk, is_last: bool, index_every: u64) -> Result<Checked, OpenError> {
    let mut checked = Checked {
        index: SparseIndex::new(index_every),
        place: 0,
        entries: 0,
        torn_bytes: 0,
    };
    loop {
        match walk.step()? {
            Step::Batch { place, count, .. } => {
                checked.index.note(place);
                checked.entries = checked.entries.saturating_add(u64::from(count));
            }
            Step::End => break,
            Step::Bad(problem) if is_last => match walk.judge_remainder(problem)? {
                Remainder::Torn { bytes } => {
                    checked.torn_bytes = bytes;
                    break;
                }
                Remainder::Damaged(problem) => return Err(walk.damaged(walk.place, problem)),
            },
            Step::Bad(problem) => return Err(walk.damaged(walk.place, problem)),
        }
    }
    checked.place = walk.place;
    Ok(checked)
}
