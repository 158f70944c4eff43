//! The `SnapshotStore` port: one file, replaced whole (ADR-0004 says why it is not in sled).
//!
//! `magic, low, (length, part)*, END, high, digest`: the digest is chained over everything before it, so a file
//! that is cut off, damaged or put together from two is found out before anything in it counts.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use perennial_app::ports::cache::{CacheError, Hash, KnownPoint, LogPoint};
use perennial_app::ports::snapshot_store::{
    LoadedSnapshot, SnapshotMark, SnapshotStore, SnapshotWriter,
};
use perennial_domain::log::Position;

use crate::files::{NextFile, POINT_BYTES, failed, point_bytes, take_number, take_point};

/// First bytes of a snapshot file; a new layout gets new ones.
const MAGIC: [u8; 8] = *b"PERSTAT1";

/// Stands where the next part's length would.
const END: u32 = u32::MAX;

/// Bytes of the high point: position and hash.
const HIGH_BYTES: usize = 40;

/// The snapshots of one ledger's state: the file `state` in the directory of the writer's caches.
#[derive(Clone, Debug)]
pub struct FileSnapshotStore {
    file: PathBuf,
}

impl FileSnapshotStore {
    /// Keeps snapshots in `directory` (see [`crate::writer_cache_directory`]); touches no file yet.
    pub fn new(directory: &Path) -> Self {
        Self {
            file: directory.join("state"),
        }
    }
}

impl SnapshotStore for FileSnapshotStore {
    fn load(&self, part: &mut dyn FnMut(&[u8]) -> bool) -> Result<LoadedSnapshot, CacheError> {
        let file = match fs::File::open(&self.file) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(LoadedSnapshot::Nothing);
            }
            Err(error) => return Err(failed("open", &self.file)(error)),
        };
        let length = file
            .metadata()
            .map_err(failed("look at", &self.file))?
            .len();
        let mut reader = Reader {
            file: io::BufReader::with_capacity(256 * 1024, file),
            left: length,
            digest: Hash::of(&[]),
            buffer: Vec::new(),
        };
        match reader.snapshot(part) {
            Ok(mark) => Ok(LoadedSnapshot::Whole(mark)),
            Err(Failure::Unusable(reason)) => Ok(LoadedSnapshot::Unusable {
                reason: format!("{}: {reason}", self.file.display()),
            }),
            Err(Failure::Read(error)) => Err(failed("read", &self.file)(error)),
        }
    }

    fn begin(&self, low: LogPoint) -> Result<Box<dyn SnapshotWriter>, CacheError> {
        let mut writer = FileSnapshotWriter {
            file: NextFile::create(&self.file)?,
            digest: Hash::of(&[]),
        };
        writer.put(&[MAGIC.as_slice(), &point_bytes(low)].concat())?;
        Ok(Box::new(writer))
    }
}

struct FileSnapshotWriter {
    file: NextFile,
    digest: Hash,
}

impl FileSnapshotWriter {
    fn put(&mut self, bytes: &[u8]) -> Result<(), CacheError> {
        self.digest = Hash::of_parts(&[self.digest.as_bytes(), bytes]);
        self.file.write(bytes)
    }
}

impl SnapshotWriter for FileSnapshotWriter {
    fn part(&mut self, bytes: &[u8]) -> Result<(), CacheError> {
        let length = u32::try_from(bytes.len())
            .ok()
            .filter(|&length| length < END);
        let length = length.ok_or_else(|| CacheError::Engine {
            doing: "write a state snapshot",
            problem: format!("a part of {} bytes", bytes.len()),
        })?;
        self.put(&length.to_le_bytes())?;
        self.put(bytes)
    }

    fn finish(mut self: Box<Self>, high: KnownPoint) -> Result<(), CacheError> {
        let position = high.position.0.to_le_bytes();
        let end = END.to_le_bytes();
        self.put(&end)?;
        self.put(&[&position, high.record_hash.as_bytes().as_slice()].concat())?;
        let digest = self.digest;
        self.file.write(digest.as_bytes())?;
        self.file.finish()
    }
}

enum Failure {
    Unusable(&'static str),
    Read(io::Error),
}

struct Reader {
    file: io::BufReader<fs::File>,
    /// Bytes of the file that are not read yet: a damaged length asks for no more memory than that.
    left: u64,
    digest: Hash,
    buffer: Vec<u8>,
}

impl Reader {
    fn snapshot(&mut self, part: &mut dyn FnMut(&[u8]) -> bool) -> Result<SnapshotMark, Failure> {
        self.take(MAGIC.len().saturating_add(POINT_BYTES))?;
        let low = self.buffer.strip_prefix(&MAGIC);
        let low = low.ok_or(Failure::Unusable("it is of another layout"))?;
        let (low, _) = take_point(low).ok_or(Failure::Unusable("it is cut off"))?;
        loop {
            self.take(size_of::<u32>())?;
            let length = self.buffer.first_chunk().copied().unwrap_or_default();
            let length = u32::from_le_bytes(length);
            if length == END {
                break;
            }
            self.take(usize::try_from(length).unwrap_or(usize::MAX))?;
            if !part(&self.buffer) {
                return Err(Failure::Unusable("its reader had enough"));
            }
        }
        self.take(HIGH_BYTES)?;
        let high = take_number(&self.buffer).and_then(|(position, hash)| {
            Some(KnownPoint {
                position: Position(position),
                record_hash: Hash::from_bytes(hash.try_into().ok()?),
            })
        });
        let high = high.ok_or(Failure::Unusable("it is cut off"))?;
        let digest = self.digest;
        self.take(Hash::LENGTH)?;
        if self.buffer.as_slice() != digest.as_bytes() || self.left != 0 {
            return Err(Failure::Unusable("its digest is another one"));
        }
        Ok(SnapshotMark { low, high })
    }

    /// Reads the next `length` bytes into the buffer.
    fn take(&mut self, length: usize) -> Result<(), Failure> {
        let left = u64::try_from(length)
            .ok()
            .and_then(|length| self.left.checked_sub(length));
        self.left = left.ok_or(Failure::Unusable("it is cut off"))?;
        self.buffer.resize(length, 0);
        self.file.read_exact(&mut self.buffer).map_err(|error| {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                Failure::Unusable("it is cut off")
            } else {
                Failure::Read(error)
            }
        })?;
        self.digest = Hash::of_parts(&[self.digest.as_bytes(), &self.buffer]);
        Ok(())
    }
}
