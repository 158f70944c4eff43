//! What the README shows is what the program prints.

use crate::cli;

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
        let nouns = ["ledger", "import"];
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
