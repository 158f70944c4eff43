//! `cargo xtask mutants`: changes the code of money, rules and splits, one operator or answer at a time, and says which
//! change no test of `perennial-domain` notices.
//!
//! `.cargo/mutants.toml` says which files are changed, and lists the changes that make no difference.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use crate::environment::Environment;
use crate::step::{StepFailed, run};

/// How many random histories each oracle test tells against one mutant: enough, and done in seconds.
const HISTORIES: &str = "400";

/// Runs cargo-mutants to its end; `arguments` are passed on to it.
///
/// # Errors
/// [`StepFailed`] if cargo-mutants is missing, a test fails without any change, or a change goes unnoticed.
pub fn run_mutants(
    environment: &Environment,
    root: &Path,
    arguments: &[OsString],
) -> Result<(), StepFailed> {
    if !environment.has_program("cargo-mutants") {
        return Err(StepFailed {
            step: "mutants",
            problem: "cargo-mutants is not installed".to_owned(),
            remedy: "cargo install --locked cargo-mutants@27.1.0".to_owned(),
        });
    }
    run(
        "mutants",
        &mut command(environment, root, arguments),
        "read target/mutants.out/missed.txt, then CONTRIBUTING.md \"Mutants\"",
    )
}

/// Returns the command that changes the code in a copy of the tree.
pub fn command(environment: &Environment, root: &Path, arguments: &[OsString]) -> Command {
    let mut command = Command::new(&environment.cargo);
    command
        .current_dir(root)
        .args(["mutants", "--package", "perennial-domain"])
        .args(["--output", "target"])
        .args(arguments)
        .env("PERENNIAL_TEST_HISTORIES", HISTORIES);
    command
}
