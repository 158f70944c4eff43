//! `cargo xtask ci` is honest: a missing tool fails in CI and is told elsewhere, and golden files are safe.

use std::ffi::OsString;
use std::path::Path;

use perennial_xtask::ci::{Step, run_steps};
use perennial_xtask::environment::Environment;
use perennial_xtask::step::{Outcome, StepFailed};

/// An environment without a single program on its path.
fn bare(ci: bool) -> Environment {
    Environment {
        ci,
        update_golden: false,
        cargo: OsString::from("no-such-cargo"),
        path: OsString::new(),
        data: None,
    }
}

fn run(environment: &Environment, steps: &[Step]) -> Result<Vec<(Step, Outcome)>, StepFailed> {
    run_steps(environment, Path::new("."), steps)
}

#[test]
fn a_missing_tool_is_told_with_how_to_install_it() {
    let skipped = Outcome::Skipped {
        why: "buf is not installed".to_owned(),
        enable: "npm install --global @bufbuild/buf".to_owned(),
    };
    assert_eq!(
        run(&bare(false), &[Step::Buf]),
        Ok(vec![(Step::Buf, skipped)])
    );
}

#[test]
fn a_missing_tool_fails_in_ci() {
    for (step, tool) in [
        (Step::Buf, "buf"),
        (Step::Deny, "cargo-deny"),
        (Step::Nextest, "cargo-nextest"),
    ] {
        let failed = run(&bare(true), &[step]).expect_err("the tool is mandatory");
        assert_eq!(failed.step, step.name());
        assert_eq!(
            failed.problem,
            format!("{tool} is not installed, and CI=true makes it mandatory")
        );
    }
}

#[test]
fn nothing_runs_while_golden_files_would_be_rewritten() {
    let environment = Environment {
        update_golden: true,
        ..bare(false)
    };
    let failed = run(&environment, &[Step::Fmt]).expect_err("refused");
    assert_eq!(failed.step, "golden");
    assert!(
        failed.remedy.starts_with("unset PERENNIAL_UPDATE_GOLDEN"),
        "{failed}"
    );
}

#[test]
fn the_first_failure_stops_and_says_what_to_run() {
    let failed = run(&bare(false), &[Step::Clippy, Step::Fmt]).expect_err("there is no such cargo");
    assert_eq!(failed.step, "fmt", "steps run in their own order");
    assert_eq!(failed.remedy, "cargo fmt --all");
}
