//! No Rust file is forgotten.

use perennial_xtask::tidy::modules::check;

use crate::{metadata, package, told, tree};

#[track_caller]
fn check_files(files: &[(&str, &str)], expected: &[&str]) {
    let metadata = metadata(vec![package(
        "crates/a",
        &["src/lib.rs", "tests/suite/main.rs", "build.rs"],
    )]);
    assert_eq!(told(&check(&tree(files), &metadata)), expected);
}

#[test]
fn files_that_a_root_reaches_pass() {
    check_files(
        &[
            ("crates/a/build.rs", "fn main() {}"),
            ("crates/a/src/lib.rs", "pub mod money; mod old;"),
            (
                "crates/a/src/money.rs",
                "mod currency; #[cfg(test)] mod tests { mod deep; }",
            ),
            ("crates/a/src/money/currency.rs", ""),
            ("crates/a/src/money/tests/deep.rs", ""),
            ("crates/a/src/old/mod.rs", "mod older;"),
            ("crates/a/src/old/older.rs", ""),
            (
                "crates/a/tests/suite/main.rs",
                "mod sums; #[path = \"../shared/cases.rs\"] mod cases;",
            ),
            ("crates/a/tests/suite/sums.rs", ""),
            ("crates/a/tests/shared/cases.rs", "mod more;"),
            ("crates/a/tests/shared/more.rs", ""),
        ],
        &[],
    );
}

#[test]
fn a_test_file_that_the_suite_does_not_declare_is_found() {
    check_files(
        &[
            ("crates/a/tests/suite/main.rs", "mod sums;"),
            ("crates/a/tests/suite/sums.rs", ""),
            ("crates/a/tests/suite/splits.rs", ""),
            ("crates/a/tests/lonely.rs", ""),
        ],
        &[
            "crates/a/tests/suite/splits.rs: is compiled by no target: no `mod` names it",
            "crates/a/tests/lonely.rs: is compiled by no target: no `mod` names it",
        ],
    );
}

#[test]
fn a_source_file_without_a_parent_is_found() {
    check_files(
        &[
            ("crates/a/src/lib.rs", "// mod money;"),
            ("crates/a/src/money.rs", ""),
        ],
        &["crates/a/src/money.rs: is compiled by no target: no `mod` names it"],
    );
}
