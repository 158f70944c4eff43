//! This workspace keeps its own rules: plain `cargo test` shows a broken one.

use std::ffi::OsStr;

use perennial_xtask::tidy;
use perennial_xtask::workspace::{Tree, metadata};

#[test]
fn this_workspace_keeps_the_rules_of_the_house() {
    let cargo = OsStr::new(env!("CARGO"));
    let metadata = metadata(cargo).expect("cargo tells about this workspace");
    let tree = Tree::load(&metadata.workspace_root).expect("the tree can be read");
    let violations = tidy::check(&tree, &metadata);
    let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(
        lines.is_empty(),
        "{} violations:\n{}",
        lines.len(),
        lines.join("\n")
    );
}

#[test]
fn the_tree_that_is_checked_holds_our_sources_and_no_build_output() {
    let metadata = metadata(OsStr::new(env!("CARGO"))).expect("cargo tells about this workspace");
    let tree = Tree::load(&metadata.workspace_root).expect("the tree can be read");
    assert!(tree.holds("crates/xtask/tests/suite/workspace_is_tidy.rs"));
    assert!(tree.holds("crates/xtask"));
    assert!(!tree.holds("target"));
    assert!(!tree.holds(".git"));
    assert!(
        metadata
            .packages
            .iter()
            .any(|package| package.name == "perennial-xtask")
    );
}
