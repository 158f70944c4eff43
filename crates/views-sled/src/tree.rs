//! sled behind a fence: what it panics on is an error here, and no value beyond the limit reaches it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use crate::block::VALUE_BYTES_MAX;
use crate::keys::BlockKey;

/// How long opening may take: a gigabyte is read in a few seconds.
const OPEN_WAIT_MAX: Duration = Duration::from_mins(2);

/// How often a locked database is tried again: sled may hold the lock for a moment after it was closed.
const LOCKED_TRIES: usize = 40;

/// How long between two tries.
const LOCKED_PAUSE: Duration = Duration::from_millis(50);

/// Why a database does not open.
#[derive(Debug)]
pub(crate) enum OpenFailure {
    /// Another process has it open.
    Locked(String),
    /// It is damaged, or of another version of sled.
    Unusable(String),
}

/// Keys and values that are stored together or not at all.
#[derive(Debug, Default)]
pub(crate) struct Batch(sled::Batch);

impl Batch {
    /// Stores `value` under `key`.
    ///
    /// # Errors
    /// If the value is beyond [`VALUE_BYTES_MAX`].
    pub(crate) fn insert(&mut self, key: &[u8], value: &[u8]) -> Result<(), String> {
        if VALUE_BYTES_MAX < value.len() {
            return Err(format!(
                "a value of {} bytes, more than {VALUE_BYTES_MAX}",
                value.len()
            ));
        }
        self.0.insert(key, value);
        Ok(())
    }

    /// Removes `key`.
    pub(crate) fn remove(&mut self, key: &[u8]) {
        self.0.remove(key);
    }
}

/// One open database with its one tree.
#[derive(Clone, Debug)]
pub(crate) struct Tree(sled::Db);

impl Tree {
    /// Opens or creates the database in `directory`, on a thread of its own: damaged files may make sled panic or
    /// wait for ever.
    pub(crate) fn open(directory: &Path, cache_bytes: u64) -> Result<Self, OpenFailure> {
        let config = sled::Config::new()
            .path(directory)
            .cache_capacity(cache_bytes)
            .flush_every_ms(None);
        let (sender, opened) = mpsc::sync_channel(1);
        let thread = std::thread::Builder::new().name("views-open".to_owned());
        let spawned = thread.spawn(move || {
            let opened = catch_unwind(AssertUnwindSafe(|| {
                let mut opened = config.open();
                for _ in 0..LOCKED_TRIES {
                    if !opened.as_ref().is_err_and(is_locked) {
                        break;
                    }
                    std::thread::sleep(LOCKED_PAUSE);
                    opened = config.open();
                }
                opened
            }));
            // Nobody waits any more once the time is over.
            drop(sender.send(opened));
        });
        spawned.map_err(|error| OpenFailure::Unusable(error.to_string()))?;
        match opened.recv_timeout(OPEN_WAIT_MAX) {
            Ok(Ok(Ok(db))) => Ok(Self(db)),
            Ok(Ok(Err(error))) if is_locked(&error) => Err(OpenFailure::Locked(error.to_string())),
            Ok(Ok(Err(error))) => Err(OpenFailure::Unusable(error.to_string())),
            Ok(Err(panic)) => Err(OpenFailure::Unusable(panic_text(&*panic))),
            Err(_) => Err(OpenFailure::Unusable(format!(
                "it does not open within {OPEN_WAIT_MAX:?}"
            ))),
        }
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<sled::IVec>, String> {
        guarded(|| self.0.get(key))
    }

    pub(crate) fn apply(&self, batch: Batch) -> Result<(), String> {
        guarded(|| self.0.apply_batch(batch.0))
    }

    /// Every block part, in order.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Result<(sled::IVec, sled::IVec), String>> {
        let mut parts = self.0.range(BlockKey::all());
        std::iter::from_fn(move || guarded(|| parts.next().transpose()).transpose())
    }

    /// The parts of the block that begins with one record, in order.
    pub(crate) fn parts_of(
        &self,
        first: BlockKey,
    ) -> impl Iterator<Item = Result<(sled::IVec, sled::IVec), String>> {
        let last = BlockKey {
            part: u16::MAX,
            ..first
        };
        let mut parts = self.0.range(first.to_bytes()..=last.to_bytes());
        std::iter::from_fn(move || guarded(|| parts.next().transpose()).transpose())
    }

    pub(crate) fn flush(&self) -> Result<(), String> {
        guarded(|| self.0.flush()).map(drop)
    }
}

fn is_locked(error: &sled::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

fn guarded<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, String> {
    // What a panic leaves behind is dropped with the generation, never read again.
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => Err(panic_text(&*panic)),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("sled panicked: {}", text.unwrap_or("without a word"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_at_the_limit_is_taken_and_one_byte_more_is_refused() {
        let mut batch = Batch::default();
        assert!(batch.insert(b"k", &vec![0; VALUE_BYTES_MAX]).is_ok());
        assert!(batch.insert(b"k", &vec![0; VALUE_BYTES_MAX + 1]).is_err());
    }

    #[test]
    fn what_sled_panics_on_is_an_error() {
        let panicked: Result<(), String> = guarded(|| panic!("page {} is corrupt", 7));
        assert_eq!(panicked, Err("sled panicked: page 7 is corrupt".to_owned()));
    }
}
