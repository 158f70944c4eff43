//! A newcomer finds every crate: in the code map of ARCHITECTURE.md, and by the head of its root file.

use super::Violation;
use crate::workspace::{Metadata, Tree};

/// The document with the code map.
pub const DOCUMENT: &str = "ARCHITECTURE.md";
const SECTION: &str = "## Code map";

/// Returns every crate without a line in the code map or a `//!` head, and every line of the map that leads nowhere.
pub fn check(tree: &Tree, metadata: &Metadata) -> Vec<Violation> {
    let document = tree.text(DOCUMENT).unwrap_or_default();
    let map: Vec<(usize, &str)> = section(document).collect();
    let in_map = |problem, line, remedy| Violation {
        path: DOCUMENT.to_owned(),
        line,
        problem,
        remedy,
    };
    let mut violations = Vec::new();
    for package in &metadata.packages {
        let folder = package.folder(&metadata.workspace_root);
        if !map
            .iter()
            .any(|(_, line)| paths_in(line).any(|path| path == folder))
        {
            let problem = format!("the code map has no line for `{folder}`");
            violations.push(in_map(problem, None, "add a line under \"## Code map\""));
        }
        violations.extend(["src/lib.rs", "src/main.rs"].iter().filter_map(|root| {
            let path = format!("{folder}/{root}");
            let headless = !tree.text(&path)?.starts_with("//! ");
            headless.then(|| Violation {
                path,
                line: Some(1),
                problem: "has no `//!` head".to_owned(),
                remedy: "say what it is, what it is not, its invariants, and in what order to read",
            })
        }));
    }
    for (number, line) in map {
        for path in paths_in(line).filter(|path| !tree.holds(path)) {
            let problem = format!("the code map names `{path}`, which does not exist");
            violations.push(in_map(
                problem,
                Some(number),
                "correct the path or remove the line",
            ));
        }
    }
    violations
}

/// Returns the lines of the code map's section with their numbers, from 1.
fn section(document: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..)
        .zip(document.lines())
        .skip_while(|(_, line)| !line.starts_with(SECTION))
        .skip(1)
        .take_while(|(_, line)| !line.starts_with("## "))
}

/// Returns the paths of this workspace that a line puts between backticks.
pub(super) fn paths_in(line: &str) -> impl Iterator<Item = &str> {
    const TOP: &[&str] = &[
        "crates", "services", "tests", "proto", "docs", ".ci", "deploy",
    ];
    let quoted = line.split('`').skip(1).step_by(2);
    quoted
        .map(|path| path.trim_end_matches('/'))
        .filter(|path| {
            let first = path.split('/').next().unwrap_or(path);
            TOP.contains(&first) && !path.contains([' ', '*', '<', '{'])
        })
}
