//! The tasks port: where work runs, and how it waits for time to pass.
//!
//! Everything in this crate that would start a thread or a timer asks for it here, so that a simulation can run
//! several nodes on one thread, in an order that it chooses, with a clock of its own.

use std::pin::Pin;
use std::time::Duration;

/// Work that waits for something now and then.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Work that blocks and ends.
pub type Work = Box<dyn FnOnce() + Send>;

/// Runs work beside the caller.
pub trait Tasks: Send + Sync {
    /// Runs `task` to its end on a thread of its own, as far as there are threads: it computes, and blocks on IO as the
    /// ports that it calls do. `name` is for whoever looks at threads. If it cannot be started it is dropped, and what
    /// it holds with it.
    fn spawn(&self, name: &str, task: Task);

    /// Runs `work` where blocking on IO harms nobody. It may never begin if the process ends.
    fn run_blocking(&self, work: Work);

    /// Waits for `duration`.
    fn sleep(&self, duration: Duration) -> Task;
}
