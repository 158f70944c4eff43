//! The tasks port on threads of the operating system and tokio's timers.

use std::time::Duration;

use crate::ports::tasks::{Task, Tasks, Work};

/// A thread for each task; blocking work on the blocking pool of the runtime that is being used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Threads;

impl Tasks for Threads {
    fn spawn(&self, name: &str, task: Task) {
        let thread = std::thread::Builder::new().name(name.to_owned());
        let spawned = thread.spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build();
            match runtime {
                Ok(runtime) => runtime.block_on(task),
                Err(error) => tracing::error!(%error, "start the run time of a thread"),
            }
        });
        if let Err(error) = spawned {
            tracing::error!(%error, name, "start a thread");
        }
    }

    fn run_blocking(&self, work: Work) {
        // Nobody waits here: the work itself tells whoever does.
        drop(tokio::task::spawn_blocking(work));
    }

    fn sleep(&self, duration: Duration) -> Task {
        Box::pin(tokio::time::sleep(duration))
    }
}
