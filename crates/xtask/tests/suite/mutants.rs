//! `cargo xtask mutants` says how to get its tool, and its list of exclusions stays a list of reasons.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use perennial_xtask::environment::Environment;
use perennial_xtask::mutants::{command, run_mutants};
use perennial_xtask::step::{StepFailed, shown};

fn bare() -> Environment {
    Environment {
        ci: false,
        update_golden: false,
        cargo: OsString::from("no-such-cargo"),
        path: OsString::new(),
        data: None,
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The configuration, line by line, without blanks around them.
fn configuration() -> Vec<String> {
    let text = std::fs::read_to_string(root().join(".cargo/mutants.toml")).expect("it is there");
    text.lines().map(|line| line.trim().to_owned()).collect()
}

/// The entries of the list that begins with this line, each with the line above it.
fn entries(first: &str) -> Vec<(String, String)> {
    let lines = configuration();
    let begins = lines.iter().position(|line| line == first);
    let list = lines.get(begins.expect("the list begins")..);
    let list: Vec<&String> = list
        .expect("a part of the file")
        .iter()
        .take_while(|line| *line != "]")
        .collect();
    let pairs = list.iter().zip(list.iter().skip(1));
    pairs
        .filter(|(_, line)| line.starts_with(['"', '\'']))
        .map(|(above, line)| {
            let quoted = line.trim_end_matches(',');
            let entry = quoted.trim_matches(['"', '\'']);
            ((*above).clone(), entry.to_owned())
        })
        .collect()
}

#[test]
fn without_cargo_mutants_it_fails_and_says_how_to_install_it() {
    assert_eq!(
        run_mutants(&bare(), Path::new("."), &[]),
        Err(StepFailed {
            step: "mutants",
            problem: "cargo-mutants is not installed".to_owned(),
            remedy: "cargo install --locked cargo-mutants@27.1.0".to_owned(),
        })
    );
}

#[test]
fn its_arguments_are_passed_on() {
    let arguments = ["--shard", "0/8"].map(OsString::from);
    assert_eq!(
        shown(&command(&bare(), Path::new("."), &arguments)),
        "no-such-cargo mutants --package perennial-domain --output target --shard 0/8"
    );
}

#[test]
fn every_file_that_is_to_be_changed_is_there() {
    let globs = entries("examine_globs = [");
    assert!(!globs.is_empty());
    for (_, glob) in globs {
        let path = root().join(glob.trim_end_matches("/**"));
        assert!(path.exists(), "{glob} names nothing any more");
    }
}

#[test]
fn every_survivor_is_excluded_for_a_reason() {
    let exclusions = entries("exclude_re = [");
    assert!(!exclusions.is_empty());
    for (above, exclusion) in exclusions {
        assert!(
            above.starts_with("# "),
            "{exclusion} has no reason above it"
        );
        let names_a_file = exclusion.contains(r"\.rs:");
        assert!(names_a_file, "{exclusion} names no file");
    }
}
