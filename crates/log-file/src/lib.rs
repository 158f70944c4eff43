//! The `Log` port on segment files: the embedded default, one directory per ledger, no server needed.
//!
//! `DIR/perennial.lock` lets one process in (INV-11). `DIR/ledgers/<id>/log/<base>.seg` holds the
//! entries in batches: one write and one `fdatasync` per batch, acknowledged after the flush returned
//! (INV-4). `log/head` is left by a clean stop and says how long the log must at least be.
//!
//! It is *not* a message log: it moves bytes and knows neither records nor claims. It never repairs:
//! only a last batch whose write was interrupted is cut, everything else refuses to open. A failed
//! flush is never retried; the process has to exit. Linux only (`fallocate`).
//!
//! Reading order: `frame` (the bytes), `segment` (the files), `walk` (reading and judging a file),
//! `recovery` (opening), `writer`, `turns`, `tail`, then [`FileLog`] and [`Scanner`].

mod device;
mod error;
mod frame;
mod lock;
mod log;
mod marker;
mod options;
mod recovery;
mod scan;
mod segment;
mod shared;
mod tail;
mod turns;
mod walk;
mod window;
mod writer;

pub use device::{Device, Disk};
pub use error::{CloseError, OpenError, Problem};
pub use lock::{DirectoryLock, LockError};
pub use log::FileLog;
pub use marker::HeadMarker;
pub use options::{Options, OptionsError};
pub use scan::{ScanEnd, Scanned, Scanner, list_ledgers};
pub use shared::Stats;

use std::path::{Path, PathBuf};

/// Returns the directory that holds a ledger's log: `DIR/ledgers/<ledger_id>/log`.
pub fn log_directory(data_directory: &Path, ledger_id: &str) -> PathBuf {
    data_directory.join(LEDGERS).join(ledger_id).join("log")
}

/// The directory of all ledgers inside a data directory.
const LEDGERS: &str = "ledgers";
