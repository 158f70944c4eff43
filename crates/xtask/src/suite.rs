//! `cargo xtask test`: every test with plain cargo, and a count of what ran and what was skipped.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::environment::Environment;
use crate::step::{StepFailed, shown, timed};

const STEP: &str = "test";

/// What the test runners said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that passed, documentation tests included.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// What tests could not check, in their own words, each once.
    pub skipped: BTreeSet<String>,
}

/// Runs `cargo test --workspace --locked`, documentation tests included, to the end even if one fails.
///
/// # Errors
/// [`StepFailed`] if a test fails, nothing compiles, or no test at all ran.
pub fn run(
    environment: &Environment,
    root: &Path,
    arguments: &[OsString],
) -> Result<Counts, StepFailed> {
    let mut command = Command::new(&environment.cargo);
    command
        .current_dir(root)
        .args(["test", "--workspace", "--locked", "--no-fail-fast"]);
    // Passing tests say on their captured output what they skipped; `Output` shows only that of it.
    command.args(["--", "--show-output"]).args(arguments);
    let does = format!("{} (documentation tests included)", shown(&command));
    let mut counts = timed(STEP, &does, || run_and_count(&mut command))?;
    let data = environment.data_folder(root);
    if !data.is_dir() {
        counts.skipped.insert(
            "SKIPPED: tests on real data: no folder of published files; \
             set PERENNIAL_DATA to the folder that holds `iati`"
                .to_owned(),
        );
    }
    if counts.passed == 0 && arguments.is_empty() {
        return Err(StepFailed {
            step: STEP,
            problem: "no test ran".to_owned(),
            remedy: "cargo test --workspace --locked".to_owned(),
        });
    }
    Ok(counts)
}

/// Writes the last lines of a test run to stdout: what was skipped and how to enable it, then the counts.
///
/// # Errors
/// If stdout is closed.
pub fn write_summary(counts: &Counts, out: &mut impl Write) -> io::Result<()> {
    writeln!(out)?;
    if counts.skipped.is_empty() {
        writeln!(out, "Nothing was skipped.")?;
    }
    for line in &counts.skipped {
        writeln!(out, "{line}")?;
    }
    let skipped = counts.skipped.len();
    writeln!(
        out,
        "{} passed, {} failed, {skipped} skipped",
        counts.passed, counts.failed
    )
}

fn run_and_count(command: &mut Command) -> Result<Counts, StepFailed> {
    let failed = |problem| StepFailed {
        step: STEP,
        problem,
        remedy: "run the failing test alone: cargo test -p CRATE NAME".to_owned(),
    };
    let broken = |error: io::Error| failed(format!("run the tests: {error}"));
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(broken)?;
    let mut output = Output::default();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line.map_err(broken)?;
            if let Some(shown) = output.read(&String::from_utf8_lossy(&line)) {
                writeln!(io::stdout(), "{shown}").map_err(broken)?;
            }
        }
    }
    let status = child.wait().map_err(broken)?;
    let counts = output.counts;
    if status.success() {
        return Ok(counts);
    }
    let (ok, bad) = (counts.passed, counts.failed);
    Err(failed(format!(
        "{bad} tests failed, {ok} passed; cargo test ended with {status}"
    )))
}

/// Reads the output of `cargo test -- --show-output` line by line.
#[derive(Clone, Debug, Default)]
pub struct Output {
    in_successes: bool,
    counts: Counts,
}

impl Output {
    /// Reads one line. Returns what to show of it: everything but what passing tests printed, save what they skipped.
    pub fn read<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        if line == "successes:" {
            self.in_successes = true;
        } else if line == "failures:" {
            self.in_successes = false;
        }
        if let Some(result) = line.strip_prefix("test result: ") {
            self.in_successes = false;
            self.counts.passed += number_before(result, " passed");
            self.counts.failed += number_before(result, " failed");
        }
        let skip = line.trim_start();
        if skip
            .get(..SKIP.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(SKIP))
        {
            self.counts.skipped.insert(skip.to_owned());
            return Some(line);
        }
        (!self.in_successes).then_some(line)
    }

    /// Returns what was counted so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }
}

/// How a test begins the line in which it says what it could not check.
const SKIP: &str = "SKIPPED";

/// Returns the number that stands before `word`, or 0.
fn number_before(text: &str, word: &str) -> u64 {
    let before = text.split_once(word).map_or("", |(before, _)| before);
    before
        .rsplit(' ')
        .next()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}
