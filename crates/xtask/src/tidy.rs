//! The rules of the house that neither the compiler nor clippy knows.
//!
//! Each check is a pure function from the tree (and `cargo metadata`) to a list of [`Violation`]s.

use std::fmt;

use crate::workspace::{Metadata, Tree};

pub mod code_map;
pub mod decisions;
pub mod dependencies;
pub mod error_pages;
pub mod invariants;
pub mod lines;
pub mod manifests;
pub mod modules;
pub mod proto_comments;
pub mod sizes;
mod table;

/// A place that breaks a rule, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Path from the root of the workspace.
    pub path: String,
    /// Line from 1, where one line is to blame.
    pub line: Option<usize>,
    /// What is wrong, as a sentence without a full stop.
    pub problem: String,
    /// What to do.
    pub remedy: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.path)?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
        }
        write!(formatter, ": {} (try: {})", self.problem, self.remedy)
    }
}

/// Runs every check. Returns the violations, ascending by path and line; empty means tidy.
pub fn check(tree: &Tree, metadata: &Metadata) -> Vec<Violation> {
    let mut violations = [
        dependencies::check(metadata),
        manifests::check(tree, metadata),
        code_map::check(tree, metadata),
        decisions::check(tree),
        error_pages::check(tree),
        invariants::check(tree),
        modules::check(tree, metadata),
        sizes::check(tree),
        lines::check(tree),
        proto_comments::check(tree),
    ]
    .concat();
    violations.sort();
    violations
}
