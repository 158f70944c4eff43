//! `cargo xtask`: the project's own tasks. The work is in the library; this only reads the command line.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};

use clap::Parser;
use perennial_xtask::ci::{self, Step};
use perennial_xtask::command_line::{Arguments, Chaos, Task};
use perennial_xtask::environment::Environment;
use perennial_xtask::step::{self, Outcome, StepFailed};
use perennial_xtask::{kafka, mutants, simulation, suite, workspace};

fn main() -> anyhow::Result<ExitCode> {
    let task = Arguments::parse().task;
    let environment = Environment::read();
    let root = workspace::metadata(&environment.cargo)?.workspace_root;
    let result = match task {
        Task::Test { arguments } => test(&environment, &root, &arguments),
        Task::Ci { only, skip } => check(&environment, &root, &only, &skip),
        Task::Tidy => ci::run_tidy(&environment, &root),
        Task::Mutants { arguments } => mutants::run_mutants(&environment, &root, &arguments),
        Task::Kafka { task } => kafka::run(&task, &root, &mut io::stdout()),
        Task::Sim { runs, seed } => simulation::simulate(&environment, &root, (runs, seed)),
        Task::Chaos(chaos) => endure(&environment, &root, &chaos),
        Task::Demo { arguments } => demo(&environment, &root, &arguments),
    };
    Ok(match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("\nerror: {failed}");
            ExitCode::FAILURE
        }
    })
}

fn test(environment: &Environment, root: &Path, arguments: &[OsString]) -> Result<(), StepFailed> {
    let counts = suite::run(environment, root, arguments)?;
    suite::write_summary(&counts, &mut io::stdout()).map_err(|error| StepFailed {
        step: "test",
        problem: format!("write the summary: {error}"),
        remedy: "keep stdout open".to_owned(),
    })
}

fn check(
    environment: &Environment,
    root: &Path,
    only: &[Step],
    skip: &[Step],
) -> Result<(), StepFailed> {
    let chosen = |step: &Step| {
        if only.is_empty() {
            !skip.contains(step)
        } else {
            only.contains(step)
        }
    };
    let (chosen, left_out): (Vec<Step>, Vec<Step>) = Step::ALL.into_iter().partition(chosen);
    let outcomes = ci::run_steps(environment, root, &chosen)?;
    eprintln!();
    for step in left_out {
        eprintln!("skipped: {}: left out on the command line", step.name());
    }
    for (step, outcome) in outcomes {
        match outcome {
            Outcome::Passed => eprintln!("passed: {}", step.name()),
            Outcome::Skipped { why, enable } => {
                eprintln!("skipped: {}: {why}; to enable it: {enable}", step.name());
            }
        }
    }
    Ok(())
}

fn endure(environment: &Environment, root: &Path, chaos: &Chaos) -> Result<(), StepFailed> {
    let remedy = "look at what it says; chaos needs what deploy/kafka/README.md says";
    for command in &mut chaos.commands(&environment.cargo, root) {
        step::run("chaos", command, remedy)?;
    }
    Ok(())
}

fn demo(environment: &Environment, root: &Path, arguments: &[OsString]) -> Result<(), StepFailed> {
    let mut command = Command::new(&environment.cargo);
    command
        .current_dir(root)
        .args(["run", "--release", "--locked", "--quiet"]);
    command
        .args(["--package", "perennial", "--", "demo"])
        .args(arguments);
    step::run(
        "demo",
        &mut command,
        "cargo run --release -p perennial -- demo --help",
    )
}
