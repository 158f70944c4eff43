//! The settings of queryd.

use std::path::PathBuf;

/// Where views lie, and their limits.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data directory: views are kept under `ledgers/<ledger_id>/cache/`.
    pub data: PathBuf,
    /// How many bytes of pages of views stay in memory, those of all ledgers together: postings, and what is kept of
    /// every record. The rest is read back when a question needs it. What is known of agreements, pledges, lines and
    /// organisations, and the current totals, stay in memory beside it.
    pub view_memory_bytes: u64,
    /// How much of each ledger's view files the storage engine keeps in memory, in bytes on disk. They are read once,
    /// at the start, so little does.
    pub store_cache_bytes: u64,
}

/// What stays in memory of postings and records unless it is said: 256 MiB, those of 2.5 million events.
pub const VIEW_MEMORY_BYTES: u64 = 256 * 1024 * 1024;

impl Config {
    /// Keeps views under `data`, with the usual limits.
    pub fn new(data: PathBuf) -> Self {
        Self {
            data,
            view_memory_bytes: VIEW_MEMORY_BYTES,
            store_cache_bytes: 64 * 1024 * 1024,
        }
    }
}
