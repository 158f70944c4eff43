//! Every invariant is shown by a test that names it.
//!
//! The invariants of the samples are put together at run time: written out, they would be mentions themselves.

use perennial_xtask::tidy::invariants::check;

use crate::{told, tree};

/// Returns a text with `@` before a number made into the name of an invariant.
fn named(text: &str) -> String {
    text.replace('@', concat!("IN", "V-"))
}

#[track_caller]
fn check_invariants(table: &str, files: &[(&str, &str)], expected: &[&str]) {
    let table = named(table);
    let texts: Vec<(&str, String)> = files
        .iter()
        .map(|(path, text)| (*path, named(text)))
        .collect();
    let mut all = vec![("ARCHITECTURE.md", table.as_str())];
    all.extend(texts.iter().map(|(path, text)| (*path, text.as_str())));
    let expected: Vec<String> = expected.iter().map(|problem| named(problem)).collect();
    assert_eq!(told(&check(&tree(&all))), expected);
}

const TABLE: &str = "\
| | Invariant | Held at | Again at | Tests |
| --- | --- | --- | --- | --- |
| @1 | History. | port | topic | `crates/app/tests/suite/history.rs` |
| @2 | Rules. | decide | oracle | `crates/domain/src/rule.rs`, `tests/suite/rules.rs` |
";

#[test]
fn invariants_that_their_tests_name_pass() {
    check_invariants(
        TABLE,
        &[
            (
                "crates/app/tests/suite/history.rs",
                "/// Shows @1.\n#[test]",
            ),
            (
                "crates/domain/src/rule.rs",
                "fn rule() {}\n#[cfg(test)]\nmod tests {} // @2\n",
            ),
            ("tests/suite/rules.rs", "// @2, and @1 too"),
        ],
        &[],
    );
}

#[test]
fn an_invariant_whose_test_is_missing_is_found() {
    check_invariants(
        TABLE,
        &[
            (
                "crates/app/tests/suite/history.rs",
                "// @12 is another one, @2 as well",
            ),
            ("tests/suite/rules.rs", "// @2"),
        ],
        &[
            "ARCHITECTURE.md:3: the tests in `crates/app/tests/suite/history.rs` do not name @1",
            "ARCHITECTURE.md:4: @2 names `crates/domain/src/rule.rs`, which does not exist",
            "crates/app/tests/suite/history.rs:1: @12 is not an invariant of ARCHITECTURE.md",
        ],
    );
}

#[test]
fn a_mention_outside_the_tests_of_a_source_file_shows_nothing() {
    check_invariants(
        "| @1 | History. | port | topic | `crates/domain/src/rule.rs` |\n",
        &[(
            "crates/domain/src/rule.rs",
            "//! Upholds @1.\n#[cfg(test)]\nmod tests {}\n",
        )],
        &["ARCHITECTURE.md:1: the tests in `crates/domain/src/rule.rs` do not name @1"],
    );
}

#[test]
fn an_unknown_invariant_is_found_wherever_it_is_named() {
    check_invariants(
        "| @1 | History. | port | topic | `tests/suite/history.rs` |\n",
        &[
            ("tests/suite/history.rs", "// @1"),
            ("proto/perennial/log/v1/log.proto", "\n// @7\n"),
        ],
        &["proto/perennial/log/v1/log.proto:2: @7 is not an invariant of ARCHITECTURE.md"],
    );
}

#[test]
fn numbers_run_from_one_and_every_row_names_a_test() {
    check_invariants(
        "| @2 | Rules. | decide | oracle | none yet |\n",
        &[],
        &[
            "ARCHITECTURE.md:1: @2 stands where @1 belongs",
            "ARCHITECTURE.md:1: @2 names no test",
        ],
    );
}

#[test]
fn a_document_without_the_table_is_found() {
    check_invariants(
        "# Architecture\n",
        &[],
        &["ARCHITECTURE.md: has no table of invariants"],
    );
}
