//! The `ViewStore` port on sled: the rows of one ledger's views, kept so that a restart need not read the log again.
//!
//! It is a cache and nothing else: deleting its directory loses nothing, and whatever looks wrong in it is dropped
//! and built again from the log. sled 0.34.7 is used within its known limits: one tree, one writer, values of at
//! most 64 KiB, few keys a batch, one thread that calls `flush` and never `flush_async`, opened on a thread of its
//! own where a panic or a hang does no harm.
//!
//! Upholds INV-6: rows and the position that they reflect are one atomic batch; a digest of the rows is saved with
//! them and checked when they are read back. Layout: `<cache>/<schema>-<n>/` for each generation, and `CURRENT`.
//! Beside its database a generation has the file `pages`: what the running process let go of from memory (ADR-0007).
//!
//! The writer's two caches stand here too, for the same reason and under the same rules: [`FileSnapshotStore`] (one
//! file, replaced whole) and [`SledRequestIndexStore`] (a database of its own behind a filter in memory), both in
//! `<cache>/writer/`.
//!
//! Read in order: [`SledViewStore`], then the modules `directory`, `keys`, `codec`, `block`, `tree`, `flusher`,
//! `generation`, `page_file`.

mod block;
mod codec;
mod directory;
mod flusher;
mod generation;
mod keys;
mod page_file;
mod store;
mod tree;

mod files;
mod filter;
mod request_index;
mod state_snapshot;

pub use directory::cache_directory;
pub use store::{Options, SledViewStore};

pub use files::writer_cache_directory;
pub use request_index::SledRequestIndexStore;
pub use state_snapshot::FileSnapshotStore;
