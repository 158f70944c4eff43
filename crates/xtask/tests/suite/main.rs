//! The checks find what they should, leave alone what they should, and this workspace passes them.
#![expect(clippy::expect_used, reason = "helpers of tests may panic as tests do")]

mod ci;
mod code_map;
mod counting;
mod decisions;
mod dependencies;
mod error_pages;
mod invariants;
mod lines;
mod manifests;
mod modules;
mod mutants;
mod proto_comments;
mod sizes;
mod workspace_is_tidy;

use std::collections::BTreeMap;
use std::path::PathBuf;

use perennial_xtask::tidy::Violation;
use perennial_xtask::workspace::{
    Dependency, DependencyKind, Metadata, Package, SourceFile, Target, Tree,
};

/// Returns a tree with these files.
fn tree(files: &[(&str, &str)]) -> Tree {
    let file = |(path, text): &(&str, &str)| SourceFile {
        path: (*path).to_owned(),
        text: (*text).to_owned(),
    };
    Tree {
        files: files.iter().map(file).collect(),
    }
}

/// Returns the metadata of a workspace with these packages.
fn metadata(packages: Vec<Package>) -> Metadata {
    Metadata {
        packages,
        workspace_root: PathBuf::from("/ws"),
    }
}

/// Returns a package in `folder`, named after it, with one root file for each of `roots`.
fn package(folder: &str, roots: &[&str]) -> Package {
    let name = folder.rsplit('/').next().expect("a last part");
    let target = |root: &&str| Target {
        kind: vec!["lib".to_owned()],
        src_path: PathBuf::from(format!("/ws/{folder}/{root}")),
    };
    Package {
        name: if name == "perennial" {
            name.to_owned()
        } else {
            format!("perennial-{name}")
        },
        manifest_path: PathBuf::from(format!("/ws/{folder}/Cargo.toml")),
        dependencies: Vec::new(),
        targets: roots.iter().map(target).collect(),
        features: BTreeMap::new(),
    }
}

/// Returns an ordinary dependency: on a crate of the workspace if its name has the prefix.
fn uses(name: &str) -> Dependency {
    let path = name
        .starts_with("perennial-")
        .then(|| PathBuf::from("/ws/crates/it"));
    Dependency {
        name: name.to_owned(),
        kind: None,
        path,
        optional: false,
        uses_default_features: true,
        features: Vec::new(),
    }
}

fn tests_with(name: &str) -> Dependency {
    Dependency {
        kind: Some(DependencyKind::Dev),
        ..uses(name)
    }
}

fn builds_with(name: &str) -> Dependency {
    Dependency {
        kind: Some(DependencyKind::Build),
        ..uses(name)
    }
}

/// Returns what the violations say, as `path:line: problem`.
fn told(violations: &[Violation]) -> Vec<String> {
    let line = |line: Option<usize>| line.map(|line| format!(":{line}")).unwrap_or_default();
    let one = |found: &Violation| format!("{}{}: {}", found.path, line(found.line), found.problem);
    violations.iter().map(one).collect()
}
