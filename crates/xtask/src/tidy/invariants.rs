//! Every invariant of ARCHITECTURE.md has a test that names it, and no source names one that the document lacks.

use super::Violation;
use super::code_map::{DOCUMENT, paths_in};
use crate::workspace::{SourceFile, Tree};

/// Returns every invariant without a test, every test path that does not show its invariant, every number out of
/// sequence, and every mention of an unknown invariant in Rust, Python and proto files.
pub fn check(tree: &Tree) -> Vec<Violation> {
    let document = tree.text(DOCUMENT).unwrap_or_default();
    let rows: Vec<Row<'_>> = (1..).zip(document.lines()).filter_map(Row::parse).collect();
    let mut violations = Vec::new();
    if rows.is_empty() {
        violations.push(Violation {
            path: DOCUMENT.to_owned(),
            line: None,
            problem: "has no table of invariants".to_owned(),
            remedy: "add one row per invariant, its number first and its tests last",
        });
    }
    for (expected, row) in (1..).zip(&rows) {
        violations.extend(row.problems(tree, expected));
    }
    for file in tree.files.iter().filter(|file| is_source(file)) {
        for (number, mentioned) in mentions_by_line(&file.text) {
            if !rows.iter().any(|row| row.invariant == mentioned) {
                violations.push(Violation {
                    path: file.path.clone(),
                    line: Some(number),
                    problem: format!("{} is not an invariant of {DOCUMENT}", name(mentioned)),
                    remedy: "correct the number, or add the invariant to the document",
                });
            }
        }
    }
    violations
}

/// One row of the table: number, sentence, two places, tests.
struct Row<'a> {
    line: usize,
    invariant: u32,
    tests: &'a str,
}

impl<'a> Row<'a> {
    fn parse((line, text): (usize, &'a str)) -> Option<Self> {
        let row = text.strip_prefix('|')?.trim_end().strip_suffix('|')?;
        let mut columns = row.split('|');
        let first = columns.next()?.trim();
        let invariant = first.strip_prefix(PREFIX)?.parse().ok()?;
        Some(Self {
            line,
            invariant,
            tests: columns.next_back()?,
        })
    }

    fn problems(&self, tree: &Tree, expected: u32) -> Vec<Violation> {
        let own = name(self.invariant);
        let blame = |problem, remedy| Violation {
            path: DOCUMENT.to_owned(),
            line: Some(self.line),
            problem,
            remedy,
        };
        let mut violations = Vec::new();
        if self.invariant != expected {
            let problem = format!("{own} stands where {} belongs", name(expected));
            violations.push(blame(
                problem,
                "number the invariants from 1, in order, each once",
            ));
        }
        let mut tests = paths_in(self.tests).peekable();
        if tests.peek().is_none() {
            let problem = format!("{own} names no test");
            violations.push(blame(
                problem,
                "put the path of its test into the last column",
            ));
        }
        for test in tests {
            let problem = match tree.files.iter().find(|file| file.path == test) {
                None => format!("{own} names `{test}`, which does not exist"),
                Some(file) if !names_in_tests(file, self.invariant) => {
                    format!("the tests in `{test}` do not name {own}")
                }
                Some(_) => continue,
            };
            violations.push(blame(
                problem,
                "write the test and name the invariant there",
            ));
        }
        violations
    }
}

const PREFIX: &str = "INV-";

fn name(invariant: u32) -> String {
    format!("{PREFIX}{invariant}")
}

fn is_source(file: &SourceFile) -> bool {
    ["rs", "py", "proto"].contains(&file.extension())
}

/// Returns whether the test part of `file` names the invariant: all of it in a tests folder, else what follows
/// `#[cfg(test)]`.
fn names_in_tests(file: &SourceFile, invariant: u32) -> bool {
    let in_folder = file
        .path
        .split('/')
        .rev()
        .skip(1)
        .any(|folder| folder == "tests");
    let tests = if in_folder {
        Some(file.text.as_str())
    } else {
        file.text.split_once("#[cfg(test)]").map(|(_, tests)| tests)
    };
    tests.is_some_and(|text| mentions_by_line(text).any(|(_, mentioned)| mentioned == invariant))
}

/// Returns every invariant that `text` names, with its line from 1.
fn mentions_by_line(text: &str) -> impl Iterator<Item = (usize, u32)> {
    (1..).zip(text.lines()).flat_map(|(number, line)| {
        let after = line.split(PREFIX).skip(1);
        after.filter_map(move |rest| {
            let digits = rest.chars().take_while(char::is_ascii_digit).count();
            Some((number, rest.get(..digits)?.parse().ok()?))
        })
    })
}
