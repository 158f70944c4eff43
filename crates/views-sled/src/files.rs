//! Files that are replaced whole: a crash leaves the old one or the new one, never a part.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use perennial_app::ports::cache::{CacheError, Hash, LogPoint, Term};
use perennial_app::ports::log::LogOffset;
use perennial_domain::ids::LedgerId;
use perennial_domain::log::Position;

/// The directory of the writer's caches: `DATA/ledgers/<ledger_id>/cache/writer`. No generation of views has such a
/// name.
pub fn writer_cache_directory(data: &Path, ledger_id: &LedgerId) -> PathBuf {
    crate::cache_directory(data, ledger_id).join("writer")
}

pub(crate) fn failed(
    doing: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> CacheError + use<> {
    let path = path.to_owned();
    move |source| CacheError::Files {
        doing,
        path,
        source,
    }
}

/// A file that will take the place of another. Dropped unfinished, it is removed.
#[derive(Debug)]
pub(crate) struct NextFile {
    target: PathBuf,
    next: PathBuf,
    file: io::BufWriter<fs::File>,
    in_place: bool,
}

impl NextFile {
    pub(crate) fn create(target: &Path) -> Result<Self, CacheError> {
        let next = target.with_extension("next");
        if let Some(directory) = target.parent() {
            fs::create_dir_all(directory).map_err(failed("create", directory))?;
        }
        let file = fs::File::create(&next).map_err(failed("create", &next))?;
        Ok(Self {
            target: target.to_owned(),
            next,
            file: io::BufWriter::with_capacity(256 * 1024, file),
            in_place: false,
        })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), CacheError> {
        io::Write::write_all(&mut self.file, bytes).map_err(failed("write", &self.next))
    }

    /// Flushes it and puts it in its place.
    pub(crate) fn finish(mut self) -> Result<(), CacheError> {
        let flushed =
            io::Write::flush(&mut self.file).and_then(|()| self.file.get_ref().sync_all());
        flushed.map_err(failed("flush", &self.next))?;
        fs::rename(&self.next, &self.target).map_err(failed("replace", &self.target))?;
        self.in_place = true;
        let Some(directory) = self.target.parent() else {
            return Ok(());
        };
        let flushed = fs::File::open(directory).and_then(|directory| directory.sync_all());
        flushed.map_err(failed("flush", directory))
    }
}

impl Drop for NextFile {
    fn drop(&mut self) {
        if !self.in_place
            && let Err(error) = fs::remove_file(&self.next)
        {
            tracing::debug!(path = %self.next.display(), %error, "remove an unfinished file");
        }
    }
}

/// How many bytes a point takes.
pub(crate) const POINT_BYTES: usize = 56;

/// A point as bytes of fixed width.
pub(crate) fn point_bytes(point: LogPoint) -> [u8; POINT_BYTES] {
    let mut bytes = [0; POINT_BYTES];
    let fields = [
        point.position.0.to_le_bytes().as_slice(),
        point.record_hash.as_bytes(),
        &point.term.0.to_le_bytes(),
        &point.offset.0.to_le_bytes(),
    ]
    .concat();
    for (byte, field) in bytes.iter_mut().zip(fields) {
        *byte = field;
    }
    bytes
}

/// Reads what [`point_bytes`] wrote, and what follows it.
pub(crate) fn take_point(bytes: &[u8]) -> Option<(LogPoint, &[u8])> {
    let (position, bytes) = take_number(bytes)?;
    let (hash, bytes) = bytes.split_first_chunk()?;
    let (term, bytes) = take_number(bytes)?;
    let (offset, bytes) = take_number(bytes)?;
    let point = LogPoint {
        position: Position(position),
        record_hash: Hash::from_bytes(*hash),
        term: Term(term),
        offset: LogOffset(offset),
    };
    Some((point, bytes))
}

/// Reads eight bytes, the lowest first, and what follows them.
pub(crate) fn take_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, bytes) = bytes.split_first_chunk()?;
    Some((u64::from_le_bytes(*number), bytes))
}
