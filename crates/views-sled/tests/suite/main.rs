//! Tests of the view store on sled.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod contract;
mod damage;
mod packing;
mod pages;
mod writer_caches;

use std::fs;
use std::path::{Path, PathBuf};

use perennial_app::ports::view_store::{Opened, ViewStore as _};
use perennial_views_sled::{Options, SledViewStore};
use tempfile::TempDir;

const SCHEMA: &str = "test-views/1";

/// A view directory of its own.
struct Data(TempDir);

impl Data {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn store(&self) -> SledViewStore {
        self.store_of(SCHEMA)
    }

    fn store_of(&self, schema: &str) -> SledViewStore {
        SledViewStore::new(
            self.cache(),
            schema,
            Options {
                cache_bytes: 16 * 1024 * 1024,
            },
        )
    }

    fn cache(&self) -> PathBuf {
        self.0.path().join("cache")
    }

    /// The directory of the live generation.
    fn live(&self) -> PathBuf {
        let current = fs::read_to_string(self.cache().join("CURRENT")).unwrap();
        self.cache().join(current.trim_end())
    }

    /// What a crash at this moment leaves: a copy of the files as they are.
    fn crashed(&self) -> Self {
        let copy = Self::new();
        copy_directory(&self.cache(), &copy.cache());
        copy
    }
}

fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_directory(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Why the live generation cannot be used.
fn unusable(store: &SledViewStore) -> Option<String> {
    match store.open().unwrap() {
        Opened::Unusable { reason } => Some(reason),
        Opened::Nothing | Opened::Live(_) => None,
    }
}
