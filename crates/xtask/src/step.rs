//! One step of a task: says what it runs, runs it, says how long it took.
//!
//! Progress goes to stderr.

use std::process::Command;
use std::time::{Duration, Instant};

/// What came of a step that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ran and passed.
    Passed,
    /// It did not run.
    Skipped {
        /// Why not.
        why: String,
        /// What makes it run.
        enable: String,
    },
}

/// A step failed: the task stops here.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("step \"{step}\": {problem}\ntry: {remedy}")]
pub struct StepFailed {
    /// The step's name, as `--only` takes it.
    pub step: &'static str,
    /// What happened.
    pub problem: String,
    /// What to run or do next.
    pub remedy: String,
}

/// Runs `work` between a heading and a closing line with its duration.
///
/// # Errors
/// Whatever `work` returns, after saying how long it took to fail.
pub fn timed<T>(
    name: &str,
    does: &str,
    work: impl FnOnce() -> Result<T, StepFailed>,
) -> Result<T, StepFailed> {
    eprintln!("\n==> {name}: {does}");
    let started = now();
    let result = work();
    let took = seconds(started.elapsed());
    match &result {
        Ok(_) => eprintln!("<== {name}: done in {took}"),
        Err(_) => eprintln!("<== {name}: FAILED after {took}"),
    }
    result
}

#[expect(
    clippy::disallowed_methods,
    reason = "the duration of a step is told to a person, never used"
)]
fn now() -> Instant {
    Instant::now()
}

/// Returns a duration as seconds with one decimal: `12.3 s`.
pub fn seconds(duration: Duration) -> String {
    format!(
        "{}.{} s",
        duration.as_secs(),
        duration.subsec_millis() / 100
    )
}

/// Runs a program to its end, its output going where ours goes.
///
/// # Errors
/// [`StepFailed`] if it cannot be started or ends with another code than 0.
pub fn run(step: &'static str, command: &mut Command, remedy: &str) -> Result<(), StepFailed> {
    let failed = |problem| StepFailed {
        step,
        problem,
        remedy: remedy.to_owned(),
    };
    let shown = shown(command);
    let status = command
        .status()
        .map_err(|error| failed(format!("run `{shown}`: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(failed(format!("`{shown}` ended with {status}")))
    }
}

/// Returns a command as a person would type it.
pub fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    words
        .map(std::ffi::OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}
