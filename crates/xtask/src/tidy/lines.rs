//! What no line may hold: a task that nobody owns, a path of somebody's machine; and what no file may be called.

use super::Violation;
use crate::workspace::{SourceFile, Tree};

/// Words that mark something left to do. Written in two parts, since this file is checked like any other.
const LEFT_TO_DO: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];

/// First folders of paths that exist on one machine only.
const MACHINE_FOLDERS: &[&str] = &["home", "root", "Users", "work"];

/// Module names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["utils", "util", "common", "helpers", "misc", "types"];

/// Returns every unowned task, every absolute path of a machine, and every module with an empty name.
pub fn check(tree: &Tree) -> Vec<Violation> {
    let machine_paths: Vec<String> = MACHINE_FOLDERS
        .iter()
        .map(|folder| format!("/{folder}/"))
        .collect();
    let mut violations: Vec<Violation> = tree.files.iter().filter_map(empty_name).collect();
    let written = |file: &&SourceFile| {
        !file.path.contains("third_party/") && WRITTEN.contains(&file.extension())
    };
    for file in tree.files.iter().filter(written) {
        for (number, line) in (1..).zip(file.text.lines()) {
            let blame = |problem, remedy| Violation {
                path: file.path.clone(),
                line: Some(number),
                problem,
                remedy,
            };
            if let Some(word) = unowned_task(line) {
                let problem = format!("{word} has neither owner nor ADR");
                violations.push(blame(
                    problem,
                    "do it, or name an owner or ADR in parentheses",
                ));
            }
            if let Some(path) = machine_paths
                .iter()
                .find(|path| is_absolute_here(line, path))
            {
                let problem = format!("names a path under {path}, which is one machine's own");
                violations.push(blame(problem, "use a relative path or a setting"));
            }
        }
    }
    violations
}

/// Extensions of the files that people of this project write; the empty one is for scripts and dotfiles. A lock
/// file is written by cargo, and data files are others' words.
const WRITTEN: &[&str] = &[
    "", "rs", "toml", "md", "proto", "py", "sh", "yaml", "yml", "json", "js", "css", "html",
];

fn empty_name(file: &SourceFile) -> Option<Violation> {
    let mut parts = file.path.strip_suffix(".rs")?.split('/');
    let name = parts.find(|part| EMPTY_NAMES.contains(part))?;
    Some(Violation {
        path: file.path.clone(),
        line: None,
        problem: format!("a module called \"{name}\" says nothing about what is inside"),
        remedy: "name it for what it holds, or move each part to its owner",
    })
}

/// Returns the word that marks something left to do, if no owner or ADR in parentheses follows it.
fn unowned_task(line: &str) -> Option<&'static str> {
    LEFT_TO_DO.iter().copied().find(|word| {
        line.match_indices(word).any(|(at, _)| {
            let before = line.get(..at).and_then(|text| text.chars().next_back());
            let after = line.get(at + word.len()..).unwrap_or_default();
            let is_word = !before.is_some_and(is_word_part) && !after.starts_with(is_word_part);
            is_word && !names_an_owner(after)
        })
    })
}

fn is_word_part(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn names_an_owner(after: &str) -> bool {
    let inside = after
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'));
    inside.is_some_and(|(owner, _)| !owner.trim().is_empty())
}

/// Returns whether `line` names something under `folder` from the root, not as a part of a longer path or address.
fn is_absolute_here(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        before.is_none_or(|before| before.is_whitespace() || "\"'`(<=:,[".contains(before))
    })
}
