//! The settings of queryd.

use std::path::PathBuf;

/// Where views lie, and their limits.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data directory: views are kept under `ledgers/<ledger_id>/cache/`.
    pub data: PathBuf,
    /// How much of each ledger's view files is kept in memory, in bytes on disk.
    pub store_cache_bytes: u64,
}

impl Config {
    /// Keeps views under `data`, with the usual limits.
    pub fn new(data: PathBuf) -> Self {
        Self {
            data,
            store_cache_bytes: 64 * 1024 * 1024,
        }
    }
}
