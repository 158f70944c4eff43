//! The one thread that flushes a database.
//!
//! sled returns from a batch long before it is on disk, and several flushes at a time may wait for each other for
//! ever. So one thread flushes, and whoever saves waits when too much is not flushed yet.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::tree::Tree;

/// How long written rows wait for a flush.
const FLUSH_INTERVAL: Duration = Duration::from_millis(200);

/// The most bytes that may be written and not flushed: a slow disk slows the writer down instead of filling memory.
const UNFLUSHED_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Flushes one database until it is dropped.
#[derive(Debug)]
pub(crate) struct Flusher {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Bytes ever written, and how many of them are flushed.
    written: u64,
    flushed: u64,
    /// Somebody waits for a flush.
    awaited: bool,
    stopping: bool,
    broken: Option<String>,
}

impl Flusher {
    pub(crate) fn start(tree: Tree) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("views-flush".to_owned());
        let thread = Some(thread.spawn(move || of_thread.run(&tree))?);
        Ok(Self { shared, thread })
    }

    /// Says that `bytes` were written; waits while too many are not flushed.
    pub(crate) fn wrote(&self, bytes: usize) -> Result<(), String> {
        let mut state = self.shared.state();
        state.written = state
            .written
            .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        self.shared.changed.notify_all();
        self.shared
            .wait(state, |state| state.unflushed() <= UNFLUSHED_BYTES_MAX)
    }

    /// Waits until everything written before is flushed.
    pub(crate) fn flush(&self) -> Result<(), String> {
        let mut state = self.shared.state();
        let written = state.written;
        state.awaited = true;
        self.shared.changed.notify_all();
        self.shared.wait(state, |state| written <= state.flushed)
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.shared.state().stopping = true;
        self.shared.changed.notify_all();
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::warn!("the thread that flushes views ended with a panic");
        }
    }
}

impl State {
    fn unflushed(&self) -> u64 {
        self.written.saturating_sub(self.flushed)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(
        &self,
        state: MutexGuard<'_, State>,
        done: impl Fn(&State) -> bool,
    ) -> Result<(), String> {
        let waits = |state: &mut State| state.broken.is_none() && !done(state);
        let state = self
            .changed
            .wait_while(state, waits)
            .unwrap_or_else(PoisonError::into_inner);
        state.broken.clone().map_or(Ok(()), Err)
    }

    fn run(&self, tree: &Tree) {
        loop {
            let idle =
                |state: &mut State| state.unflushed() == 0 && !state.stopping && !state.awaited;
            let state = self
                .changed
                .wait_while(self.state(), idle)
                .unwrap_or_else(PoisonError::into_inner);
            // What is written next shares this flush.
            let hurry = |state: &mut State| {
                !state.stopping && !state.awaited && state.unflushed() <= UNFLUSHED_BYTES_MAX
            };
            let waited = self
                .changed
                .wait_timeout_while(state, FLUSH_INTERVAL, hurry);
            let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            let (target, stopping) = (state.written, state.stopping);
            state.awaited = false;
            drop(state);
            let flushed = tree.flush();
            let mut state = self.state();
            match flushed {
                Ok(()) => state.flushed = target,
                Err(problem) => state.broken = Some(problem),
            }
            let ended = stopping || state.broken.is_some();
            drop(state);
            self.changed.notify_all();
            if ended {
                return;
            }
        }
    }
}
