//! What no line may hold.
//!
//! The samples are put together at run time: written out, this file would break the rules itself.

use perennial_xtask::tidy::lines::check;

use crate::{told, tree};

#[track_caller]
fn check_line(path: &str, line: &str, expected: &[&str]) {
    let real = |text: &str| text.replace('@', concat!("TO", "DO")).replace('~', "/");
    let line = real(line);
    let expected: Vec<String> = expected.iter().map(|problem| real(problem)).collect();
    assert_eq!(told(&check(&tree(&[(path, &line)]))), expected);
}

#[test]
fn a_task_that_nobody_owns_is_found() {
    let expected = "src/a.rs:1: @ has neither owner nor ADR";
    check_line("src/a.rs", "// @: later", &[expected]);
    check_line("src/a.rs", "// @() later", &[expected]);
    check_line("src/a.rs", "// @(amina): round", &[]);
    check_line("src/a.rs", "// @(ADR-0007)", &[]);
}

#[test]
fn a_longer_word_is_no_task() {
    check_line("src/a.rs", "let MASTO@N = 1; let @_LIST = 2;", &[]);
}

#[test]
fn a_path_of_one_machine_is_found() {
    check_line(
        "docs/a.md",
        "see ~home~amina~ledger",
        &["docs/a.md:1: names a path under ~home~, which is one machine's own"],
    );
    check_line(
        ".ci/run",
        "cd \"~root~x\"",
        &[".ci/run:1: names a path under ~root~, which is one machine's own"],
    );
}

#[test]
fn a_relative_path_and_an_address_are_no_machine_paths() {
    check_line(
        "docs/a.md",
        "../shared/work/a, $HOME~work~a, https://example.org~home~a",
        &[],
    );
    check_line("Cargo.lock", "~home~amina", &[]);
}

#[test]
fn a_module_with_an_empty_name_is_found() {
    check_line(
        "crates/domain/src/utils/money.rs",
        "",
        &[
            "crates/domain/src/utils/money.rs: a module called \"utils\" says nothing about what is inside",
        ],
    );
    check_line("crates/domain/src/utilisation.rs", "", &[]);
}
