//! Reading a log that is not open, for `verify`: never locks, never repairs, never cuts.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use perennial_app::ports::log::LogOffset;

use crate::frame::{BATCH_END, BATCH_HEADER_BYTES};
use crate::recovery::offset_after;
use crate::walk::{Remainder, SegmentWalk, Step};
use crate::{HeadMarker, LEDGERS, OpenError, Problem, log_directory, segment};

/// Reads all entries of one log in order and checks every byte on the way.
#[derive(Debug)]
pub struct Scanner {
    directory: PathBuf,
    ledger_id: String,
    marker: Option<HeadMarker>,
    /// Segments not begun yet.
    files: VecDeque<(u64, PathBuf)>,
    walk: Option<SegmentWalk>,
    /// Place and length of the batch being read, and where its next entry's frame begins.
    batch: Option<(u64, usize, usize)>,
    end: Option<ScanEnd>,
}

/// One entry and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scanned<'a> {
    /// Its offset in the log.
    pub offset: LogOffset,
    /// The segment file.
    pub file: &'a Path,
    /// The byte of the file where its frame begins.
    pub byte: u64,
    /// The stored bytes.
    pub bytes: &'a [u8],
}

/// How a log that holds ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanEnd {
    /// The offset after the last entry.
    pub end: LogOffset,
    /// How many bytes of an interrupted write follow, and in which file. Opening would cut them.
    pub torn: Option<(PathBuf, u64)>,
}

impl Scanner {
    /// Opens the log of `ledger_id` below `data_directory` for reading.
    ///
    /// # Errors
    /// [`OpenError::NotFound`], [`OpenError::LedgerId`], [`OpenError::Io`], or
    /// [`OpenError::Damaged`] for the head marker or a file's name.
    pub fn open(data_directory: &Path, ledger_id: &str) -> Result<Self, OpenError> {
        if !crate::lock::is_ledger_id(ledger_id) {
            return Err(OpenError::LedgerId(ledger_id.to_owned()));
        }
        let directory = log_directory(data_directory, ledger_id);
        if !directory.is_dir() {
            return Err(OpenError::NotFound { directory });
        }
        Ok(Self {
            marker: HeadMarker::read(&directory)?,
            files: segment::list(&directory)?.into(),
            ledger_id: ledger_id.to_owned(),
            directory,
            walk: None,
            batch: None,
            end: None,
        })
    }

    /// Returns what the last clean stop left: a known point of the chain.
    pub fn marker(&self) -> Option<HeadMarker> {
        self.marker
    }

    /// Returns how the log ends, once [`Self::next_entry`] returned nothing.
    pub fn end(&self) -> Option<&ScanEnd> {
        self.end.as_ref()
    }

    /// Returns the next entry, in order; nothing at the end. Lends its bytes.
    ///
    /// # Errors
    /// [`OpenError::Damaged`] with file and byte, [`OpenError::LostHistory`] at the end of a log that is
    /// shorter than its head marker, [`OpenError::Io`]. Reading on means nothing then.
    pub fn next_entry(&mut self) -> Result<Option<Scanned<'_>>, OpenError> {
        if !self.find_entry()? {
            return Ok(None);
        }
        let (Some(walk), Some((place, total, at))) = (self.walk.as_mut(), self.batch.as_mut())
        else {
            return Ok(None);
        };
        let (place, begin) = (*place, walk.base.saturating_add(*place));
        let (file, mut records) = walk.records(place, *total, *at)?;
        let Some(record) = records.next() else {
            return Ok(None);
        };
        *at = record.end;
        let to_u64 = crate::options::to_u64;
        let offset = if record.place == BATCH_HEADER_BYTES {
            0
        } else {
            to_u64(record.place)
        };
        Ok(Some(Scanned {
            offset: LogOffset(begin.saturating_add(offset)),
            file,
            byte: place.saturating_add(to_u64(record.place)),
            bytes: record.bytes,
        }))
    }

    /// Makes `self.batch` a batch with an entry left; false at the end of the log.
    fn find_entry(&mut self) -> Result<bool, OpenError> {
        loop {
            if self
                .batch
                .is_some_and(|(_, total, at)| at + BATCH_END.len() < total)
            {
                return Ok(true);
            }
            if self.end.is_some() {
                return Ok(false);
            }
            let Some(walk) = &mut self.walk else {
                if self.begin_segment(LogOffset(0))? {
                    continue;
                }
                return self.finish(ScanEnd {
                    end: LogOffset(0),
                    torn: None,
                });
            };
            match walk.step()? {
                Step::Batch { place, total, .. } => {
                    self.batch = Some((place, total, BATCH_HEADER_BYTES));
                }
                Step::End => {
                    let end = offset_after(walk.base, walk.place);
                    if !self.begin_segment(end)? {
                        return self.finish(ScanEnd { end, torn: None });
                    }
                }
                Step::Bad(problem) if self.files.is_empty() => {
                    let end = offset_after(walk.base, walk.place);
                    match walk.judge_remainder(problem)? {
                        Remainder::Torn { bytes } => {
                            let torn = Some((walk.path.clone(), bytes));
                            return self.finish(ScanEnd { end, torn });
                        }
                        Remainder::Damaged(problem) => {
                            return Err(walk.damaged(walk.place, problem));
                        }
                    }
                }
                Step::Bad(problem) => return Err(walk.damaged(walk.place, problem)),
            }
        }
    }

    /// Goes on to the segment that must begin at `expected`; false if there is none.
    fn begin_segment(&mut self, expected: LogOffset) -> Result<bool, OpenError> {
        let Some((base, path)) = self.files.pop_front() else {
            return Ok(false);
        };
        if base != expected.0 {
            let problem = Problem::Gap(expected.0);
            return Err(OpenError::Damaged {
                file: path,
                offset: 0,
                problem,
            });
        }
        self.walk = Some(SegmentWalk::open(path, base, &self.ledger_id)?);
        self.batch = None;
        Ok(true)
    }

    fn finish(&mut self, end: ScanEnd) -> Result<bool, OpenError> {
        let stands_at = end.end;
        self.end = Some(end);
        match self.marker.filter(|marker| stands_at < marker.offset) {
            Some(marker) => Err(OpenError::LostHistory {
                directory: self.directory.clone(),
                end: stands_at,
                marker: marker.offset,
            }),
            None => Ok(false),
        }
    }
}

/// Lists the ledgers that have a log below `data_directory`, ascending; none if there is no such
/// directory.
///
/// # Errors
/// [`OpenError::Io`].
pub fn list_ledgers(data_directory: &Path) -> Result<Vec<String>, OpenError> {
    let directory = data_directory.join(LEDGERS);
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(OpenError::io("list", directory)(error)),
    };
    let mut ledgers = Vec::new();
    for entry in entries {
        let entry = entry.map_err(OpenError::io("list", &directory))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if crate::lock::is_ledger_id(&name) && log_directory(data_directory, &name).is_dir() {
            ledgers.push(name);
        }
    }
    ledgers.sort_unstable();
    Ok(ledgers)
}
