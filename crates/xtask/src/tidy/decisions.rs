//! Every decision page is in the index of docs/adr, and its file is numbered once.

use std::collections::BTreeMap;

use super::Violation;
use crate::workspace::Tree;

const FOLDER: &str = "docs/adr/";
const INDEX: &str = "docs/adr/README.md";
const TEMPLATE: &str = "0000-template.md";

/// Returns every decision page that the index does not link, and every number that two pages share.
pub fn check(tree: &Tree) -> Vec<Violation> {
    let index = tree.text(INDEX).unwrap_or_default();
    let mut violations = Vec::new();
    let mut by_number: BTreeMap<&str, &str> = BTreeMap::new();
    for file in &tree.files {
        let Some(page) = file
            .path
            .strip_prefix(FOLDER)
            .filter(|page| is_decision(page))
        else {
            continue;
        };
        let blame = |problem, remedy| Violation {
            path: file.path.clone(),
            line: None,
            problem,
            remedy,
        };
        if !index.contains(&format!("({page})")) {
            let problem = format!("is not in {INDEX}");
            violations.push(blame(problem, "add its line to the index"));
        }
        let number = page.split('-').next().unwrap_or(page);
        if let Some(other) = by_number.insert(number, page) {
            let problem = format!("has the number of {other}");
            violations.push(blame(problem, "take the next free number"));
        }
    }
    violations
}

fn is_decision(page: &str) -> bool {
    page.starts_with(|first: char| first.is_ascii_digit()) && page != TEMPLATE
}
