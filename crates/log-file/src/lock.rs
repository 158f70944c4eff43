//! One process per data directory (INV-11): a file that is locked as long as the process lives.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::FlockOperation;

/// Name of the lock file inside a data directory.
const LOCK_FILE: &str = "perennial.lock";
/// How much of the holder's text is read and written, in bytes.
const HOLDER_BYTES_MAX: u64 = 1024;

/// The right to open the logs of one data directory. Clones share it; it ends with the last of them
/// (each open log holds one), and with the process however that ends.
#[derive(Clone, Debug)]
pub struct DirectoryLock {
    held: Arc<Held>,
}

#[derive(Debug)]
struct Held {
    directory: PathBuf,
    /// Closing it ends the lock.
    _file: File,
}

/// Why a data directory cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("data directory {} is in use by {holder}", directory.display())]
    Held {
        /// The data directory.
        directory: PathBuf,
        /// What the holder said of itself.
        holder: String,
    },
    /// The operating system refused.
    #[error("lock the data directory {}", directory.display())]
    Io {
        /// The data directory.
        directory: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

impl DirectoryLock {
    /// Locks `directory`, making it where there is none. `holder` is what a second process will be told:
    /// process id, address, since when; at most 1 KiB of it is kept.
    ///
    /// # Errors
    /// [`LockError::Held`] with the holder's text, at once: it does not wait.
    pub fn acquire(directory: &Path, holder: &str) -> Result<Self, LockError> {
        let error = |source| LockError::Io {
            directory: directory.to_owned(),
            source,
        };
        crate::segment::create_directories(directory).map_err(error)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(directory.join(LOCK_FILE)).map_err(error)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let holder = holder_text(&mut file);
                return Err(LockError::Held {
                    directory: directory.to_owned(),
                    holder,
                });
            }
            Err(errno) => return Err(error(errno.into())),
        }
        write_holder(&mut file, holder).map_err(error)?;
        Ok(Self {
            held: Arc::new(Held {
                directory: directory.to_owned(),
                _file: file,
            }),
        })
    }

    /// Returns what the process says of itself that has `directory`; nothing if nobody has it. For
    /// programs that only read, such as `verify`. It locks for a moment itself: a process that starts
    /// just then is refused.
    ///
    /// # Errors
    /// [`LockError::Io`].
    pub fn holder(directory: &Path) -> Result<Option<String>, LockError> {
        let error = |source| LockError::Io {
            directory: directory.to_owned(),
            source,
        };
        let mut file = match File::open(directory.join(LOCK_FILE)) {
            Ok(file) => file,
            Err(absent) if absent.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(other) => return Err(error(other)),
        };
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(None),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(Some(holder_text(&mut file))),
            Err(errno) => Err(error(errno.into())),
        }
    }

    /// Returns the data directory.
    pub fn directory(&self) -> &Path {
        &self.held.directory
    }
}

fn write_holder(file: &mut File, holder: &str) -> io::Result<()> {
    let length = holder.floor_char_boundary(usize::try_from(HOLDER_BYTES_MAX).unwrap_or(0));
    let text = holder.get(..length).unwrap_or_default();
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())
}

/// The holder writes its text just after it locked; until then, or if it cannot be read, it is unknown.
fn holder_text(file: &mut File) -> String {
    let mut text = String::new();
    match file.take(HOLDER_BYTES_MAX).read_to_string(&mut text) {
        Ok(_) if !text.is_empty() => text,
        Ok(_) | Err(_) => "another process".to_owned(),
    }
}

/// Ledger ids name directories, so no separator and no hidden or parent directory may get in.
pub(crate) fn is_ledger_id(id: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=crate::frame::LEDGER_ID_BYTES_MAX).contains(&id.len())
        && id.bytes().all(is_allowed)
        && !id.starts_with('.')
}

/// Makes directory entries below `directory` durable.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    fs::File::open(directory)?.sync_all()
}
