//! Every crate is in the code map and says at its head what it is.

use perennial_xtask::tidy::code_map::check;

use crate::{metadata, package, told, tree};

#[track_caller]
fn check_map(map: &str, head: &str, expected: &[&str]) {
    let document = format!("# Architecture\n\n`crates/views`\n\n## Code map\n\n{map}\n\n## Rest\n");
    let files = [
        ("ARCHITECTURE.md", document.as_str()),
        ("crates/domain/src/lib.rs", head),
    ];
    let metadata = metadata(vec![package("crates/domain", &[])]);
    assert_eq!(told(&check(&tree(&files), &metadata)), expected);
}

#[test]
fn a_crate_with_a_line_and_a_head_passes() {
    check_map("| `crates/domain` | money |", "//! Money.\n", &[]);
}

#[test]
fn a_crate_without_a_line_is_found() {
    check_map(
        "| `services` | `and/or` |",
        "//! Money.\n",
        &[
            "ARCHITECTURE.md: the code map has no line for `crates/domain`",
            "ARCHITECTURE.md:7: the code map names `services`, which does not exist",
        ],
    );
}

#[test]
fn a_crate_without_a_head_is_found() {
    check_map(
        "`crates/domain`: money",
        "// Money.\n",
        &["crates/domain/src/lib.rs:1: has no `//!` head"],
    );
}

#[test]
fn a_line_that_leads_nowhere_is_found() {
    check_map(
        "`crates/domain/`: money\n`crates/dust/src`: gone",
        "//! Money.\n",
        &["ARCHITECTURE.md:8: the code map names `crates/dust/src`, which does not exist"],
    );
}
