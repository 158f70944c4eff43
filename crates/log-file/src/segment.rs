//! Segment files: names, listing, creation, and the sparse index of one.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::frame::{SEGMENT_HEADER_BYTES, SegmentHeader};
use crate::lock::sync_directory;
use crate::options::to_u64;
use crate::{Device, OpenError, Problem};

const EXTENSION: &str = ".seg";
/// Files that were being made when the process stopped.
const UNFINISHED_EXTENSION: &str = ".new";
/// Digits of a base offset in a file name.
const NAME_DIGITS: usize = 20;

/// A segment file that belongs to an open log.
#[derive(Debug)]
pub(crate) struct Segment {
    /// Offset in the whole log of the file's first byte.
    pub(crate) base: u64,
    pub(crate) path: PathBuf,
    index: Mutex<SparseIndex>,
}

impl Segment {
    pub(crate) fn new(base: u64, path: PathBuf, index: SparseIndex) -> Self {
        Self {
            base,
            path,
            index: Mutex::new(index),
        }
    }

    /// Notes that a batch begins at `place` of the file.
    pub(crate) fn note_batch(&self, place: u64) {
        self.index
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .note(place);
    }

    /// Returns where a batch begins that is not behind `place`, as near as the index knows.
    pub(crate) fn batch_before(&self, place: u64) -> u64 {
        self.index
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .at_or_before(place)
    }
}

/// Some places of a file where batches begin, at least `every` bytes apart, ascending.
#[derive(Debug)]
pub(crate) struct SparseIndex {
    places: Vec<u64>,
    every: u64,
}

impl SparseIndex {
    pub(crate) fn new(every: u64) -> Self {
        Self {
            places: Vec::new(),
            every,
        }
    }

    pub(crate) fn note(&mut self, place: u64) {
        let last = self
            .places
            .last()
            .copied()
            .unwrap_or(to_u64(SEGMENT_HEADER_BYTES));
        if place >= last.saturating_add(self.every) {
            self.places.push(place);
        }
    }

    fn at_or_before(&self, place: u64) -> u64 {
        let count = self.places.partition_point(|noted| *noted <= place);
        let noted = count
            .checked_sub(1)
            .and_then(|index| self.places.get(index));
        noted.copied().unwrap_or(to_u64(SEGMENT_HEADER_BYTES))
    }
}

pub(crate) fn file_name(base: u64) -> String {
    format!("{base:0NAME_DIGITS$}{EXTENSION}")
}

/// Lists the segment files of a log, ascending by base offset.
pub(crate) fn list(directory: &Path) -> Result<Vec<(u64, PathBuf)>, OpenError> {
    let mut segments = Vec::new();
    for name in names(directory).map_err(OpenError::io("list", directory))? {
        if let Some(digits) = name.strip_suffix(EXTENSION) {
            let path = directory.join(&name);
            match digits.parse() {
                Ok(base) if name == file_name(base) => segments.push((base, path)),
                Ok(_) | Err(_) => {
                    let problem = Problem::SegmentName;
                    return Err(OpenError::Damaged {
                        file: path,
                        offset: 0,
                        problem,
                    });
                }
            }
        }
    }
    segments.sort_unstable();
    Ok(segments)
}

/// Removes what was being made when the process stopped: nothing in it counts before it is renamed.
pub(crate) fn remove_unfinished(directory: &Path) -> Result<(), OpenError> {
    for name in names(directory).map_err(OpenError::io("list", directory))? {
        if name.ends_with(UNFINISHED_EXTENSION) {
            let path = directory.join(name);
            fs::remove_file(&path).map_err(OpenError::io("remove", path))?;
        }
    }
    Ok(())
}

fn names(directory: &Path) -> io::Result<Vec<String>> {
    let entries = fs::read_dir(directory)?;
    entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

/// Why a segment could not be made.
pub(crate) enum CreateError {
    /// The space was not to be had; nothing remains, and trying again later may work.
    NoSpace(io::Error),
    /// A write or flush failed; the log has failed with it.
    Failed(io::Error),
}

/// Makes a segment file: complete and durable under another name first, so that whatever has the name
/// of a segment has a whole header.
pub(crate) fn create(
    directory: &Path,
    header: &SegmentHeader,
    allocated: u64,
    device: &mut dyn Device,
) -> Result<(PathBuf, File), CreateError> {
    let path = directory.join(file_name(header.base));
    let unfinished = directory.join(file_name(header.base) + UNFINISHED_EXTENSION);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    let file = options.open(&unfinished).map_err(CreateError::NoSpace)?;
    if let Err(error) = device.preallocate(&file, 0, allocated) {
        drop(file);
        // What remains of it is removed when the log is opened next.
        if let Err(error) = fs::remove_file(&unfinished) {
            tracing::warn!(%error, "an unfinished segment could not be removed");
        }
        return Err(CreateError::NoSpace(error));
    }
    device
        .write(&file, &header.to_bytes(), 0)
        .map_err(CreateError::Failed)?;
    device.flush(&file).map_err(CreateError::Failed)?;
    fs::rename(&unfinished, &path).map_err(CreateError::Failed)?;
    sync_directory(directory).map_err(CreateError::Failed)?;
    Ok((path, file))
}

/// Writes `bytes` as the whole of `path`, durably and in one step: readers see the old or the new.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(UNFINISHED_EXTENSION);
    let unfinished = PathBuf::from(name);
    let write = || {
        fs::write(&unfinished, bytes)?;
        File::open(&unfinished)?.sync_all()?;
        fs::rename(&unfinished, path)?;
        path.parent().map_or(Ok(()), sync_directory)
    };
    write().map_err(OpenError::io("write", path))
}

/// Makes `directory` and what is missing above it, each durable in its parent.
pub(crate) fn create_directories(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let parent = directory
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        create_directories(parent)?;
    }
    match fs::create_dir(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    sync_directory(parent.unwrap_or(Path::new(".")))
}
