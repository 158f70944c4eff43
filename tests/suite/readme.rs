//! What the README shows is what the program prints.

use std::fs;
use std::path::Path;
use std::process::Command;

use perennial_tests::server::Server;

use crate::{binary, cli};

const README: &str = include_str!("../../README.md");

/// The first block of the README that is output, line by line.
fn shown() -> Vec<&'static str> {
    let (_, after) = README.split_once("```text\n").unwrap();
    let (block, _) = after.split_once("```").unwrap();
    block.lines().collect()
}

#[test]
fn the_tour_prints_what_the_readme_shows_in_that_order() {
    let printed = cli().run(&["demo"]).unwrap();
    assert_eq!(printed.code, 0, "{printed:?}");
    let mut lines = printed.stdout.lines();
    for expected in shown().into_iter().filter(|line| *line != "…") {
        assert!(
            lines.any(|line| line == expected),
            "not printed, or not in this order: {expected}"
        );
    }
}

#[test]
fn the_first_fifty_lines_hold_the_whole_introduction() {
    let head: Vec<&str> = README.lines().take(50).collect();
    for needed in [
        "It is not a payment system",
        "./target/release/perennial demo",
        "cargo xtask test",
        "Status:",
    ] {
        assert!(head.iter().any(|line| line.contains(needed)), "{needed}");
    }
}

#[test]
fn the_commands_of_the_readme_exist() {
    let commands = README
        .lines()
        .filter_map(|line| line.strip_prefix("perennial "));
    for command in commands {
        let words: Vec<&str> = command
            .split(' ')
            .take_while(|word| word.chars().all(|c| c.is_ascii_lowercase()))
            .collect();
        let nouns = ["ledger", "import", "agreement"];
        let depth = if nouns.contains(&words[0]) { 2 } else { 1 };
        let mut asked: Vec<&str> = words.into_iter().take(depth).collect();
        asked.push("--help");
        let help = cli().run(&asked).unwrap();
        assert_eq!(help.code, 0, "{asked:?}: {help:?}");
        for flag in command.split(' ').filter(|word| word.starts_with("--")) {
            assert!(help.stdout.contains(flag), "{flag} is no flag of {asked:?}");
        }
    }
}

/// Runs a line of the README in `folder` against `server`; `> FILE` is understood.
fn run(line: &str, folder: &Path, server: &Server) {
    let (command, file) = match line.split_once(" > ") {
        Some((command, file)) => (command, Some(file)),
        None => (line, None),
    };
    let output = Command::new(binary())
        .args(command.split(' ').skip(1))
        .current_dir(folder)
        .env("PERENNIAL_SERVER", server.address())
        .output()
        .unwrap();
    assert!(output.status.success(), "{line}: {output:?}");
    if let Some(file) = file {
        fs::write(folder.join(file), output.stdout).unwrap();
    }
}

#[test]
fn the_main_job_of_the_readme_can_be_copied_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let examples = folder.path().join("docs/examples");
    fs::create_dir_all(&examples).unwrap();
    let published = include_str!("../../docs/examples/activities.xml");
    fs::write(examples.join("activities.xml"), published).unwrap();
    let data = folder.path().join("perennial-data");
    let server = Server::start(binary(), &data).unwrap();
    let (_, main_job) = README.split_once("## The main job").unwrap();
    let lines: Vec<&str> = main_job
        .lines()
        .filter(|line| line.starts_with("perennial "))
        .collect();
    // The server runs already, and the files are checked once it is stopped.
    let asked = lines.iter().filter(|line| {
        !line.starts_with("perennial serve") && !line.starts_with("perennial verify")
    });
    for line in asked {
        run(line, folder.path(), &server);
    }
    assert!(11 <= lines.len(), "{lines:?}");
    assert_eq!(server.terminate().unwrap(), 0);
    let verified = cli()
        .run(&["verify", "--data", data.to_str().unwrap()])
        .unwrap();
    assert_eq!(verified.code, 0, "{verified:?}");
}
