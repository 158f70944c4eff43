//! `cargo xtask sim`: the simulation of several nodes on a shared log, many runs, built with optimisation.

use std::path::Path;
use std::process::Command;

use crate::environment::Environment;
use crate::step::{StepFailed, run};

/// How many runs a check has.
pub const CHECKED_RUNS: u64 = 20_000;

/// Runs it `runs` times with the seeds from `seed` on.
///
/// # Errors
/// The first violation, which names its seed.
pub fn simulate(
    environment: &Environment,
    root: &Path,
    (runs, seed): (u64, u64),
) -> Result<(), StepFailed> {
    let mut command = Command::new(&environment.cargo);
    command
        .current_dir(root)
        .args(["run", "--release", "--locked", "--quiet"]);
    command
        .args(["--package", "perennial-testkit", "--example", "simulate"])
        .args(["--", &runs.to_string(), &seed.to_string()]);
    run(
        "sim",
        &mut command,
        "cargo xtask sim --runs 1 --seed SEED, with the seed of the violation",
    )
}
