//! Tests of the log on segment files.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic as tests do"
)]

mod contract;
mod damage;
mod fault;
mod limits;
mod lock;
mod reading;
mod scan;
mod stop;
mod torn;

use std::fs;
use std::path::{Path, PathBuf};

use perennial_app::ports::log::{AppendOutcome, Log, LogOffset, LogRead, StoredEntry, TailEntry};
use perennial_log_file::{DirectoryLock, FileLog, OpenError, Options, log_directory};
use tempfile::TempDir;

const LEDGER: &str = "acme";

/// A data directory of its own, locked.
struct Data {
    directory: TempDir,
    lock: DirectoryLock,
}

impl Data {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let lock = DirectoryLock::acquire(directory.path(), "pid 1, 127.0.0.1:7400").unwrap();
        Self { directory, lock }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn create(&self) -> FileLog {
        FileLog::create(&self.lock, LEDGER, small()).unwrap()
    }

    fn open(&self) -> Result<FileLog, OpenError> {
        FileLog::open(&self.lock, LEDGER, small())
    }

    fn log_directory(&self) -> PathBuf {
        log_directory(self.path(), LEDGER)
    }

    /// The segment files, in order.
    fn segments(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.log_directory()).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "seg"));
        files.sort();
        files
    }

    fn last_segment(&self) -> PathBuf {
        self.segments().pop().unwrap()
    }
}

/// Small sizes, so that few entries fill segments, allocations and read windows.
fn small() -> Options {
    Options {
        segment_bytes: 2048,
        preallocate_bytes: 700,
        index_every_bytes: 200,
        read_ahead_bytes: 64,
        ..Options::default()
    }
}

fn entry(text: &str) -> StoredEntry {
    StoredEntry(text.as_bytes().to_vec())
}

fn append<L: Log + ?Sized>(log: &L, texts: &[&str]) -> AppendOutcome {
    log.append(texts.iter().map(|text| entry(text)).collect())
        .blocking_recv()
        .unwrap()
}

/// Appends and returns the offset of the first entry and the one after the last.
#[track_caller]
fn appended<L: Log + ?Sized>(log: &L, texts: &[&str]) -> (LogOffset, LogOffset) {
    match append(log, texts) {
        AppendOutcome::Durable { first, next } => (first, next),
        AppendOutcome::Rejected { reason } | AppendOutcome::Unknown { reason } => {
            panic!("not durable: {reason}")
        }
    }
}

/// All entries from `from` on, read 100 bytes at a time.
fn read_from<L: LogRead + ?Sized>(log: &L, from: LogOffset) -> Vec<TailEntry> {
    let mut tail = log.tail(from).unwrap();
    let mut entries = Vec::new();
    loop {
        let more = tail.read(100).unwrap();
        if more.is_empty() {
            return entries;
        }
        entries.extend(more);
    }
}

/// The texts of all entries.
fn texts<L: LogRead + ?Sized>(log: &L) -> Vec<String> {
    let entries = read_from(log, LogOffset(0));
    entries
        .into_iter()
        .map(|entry| String::from_utf8(entry.entry.0).unwrap())
        .collect()
}
