//! The limits of files and functions, each as a pair.

use perennial_xtask::tidy::sizes::check;

use crate::{told, tree};

#[track_caller]
fn check_text(text: &str, expected: &[&str]) {
    assert_eq!(told(&check(&tree(&[("src/a.rs", text)]))), expected);
}

/// Returns a function of so many lines, its first and last included.
fn function(lines: usize) -> String {
    format!("fn long() {{\n{}}}\n", "    go();\n".repeat(lines - 2))
}

#[test]
fn a_file_of_600_lines_passes() {
    check_text(&"// a line\n".repeat(600), &[]);
}

#[test]
fn a_file_of_601_lines_is_too_long() {
    check_text(
        &"// a line\n".repeat(601),
        &["src/a.rs: has 601 lines, more than 600"],
    );
}

#[test]
fn a_function_of_70_lines_passes() {
    check_text(&function(70), &[]);
}

#[test]
fn a_function_of_71_lines_is_too_long() {
    check_text(
        &format!("/// Documented.\n#[test]\n{}", function(71)),
        &["src/a.rs:3: function `long` has 71 lines, more than 70"],
    );
}

#[test]
fn methods_defaults_and_inner_functions_are_measured_too() {
    let (long, short) = (function(71), function(3));
    let told = "function `long` has 71 lines, more than 70";
    check_text(
        &format!("impl A {{\n{short}{long}}}"),
        &[&format!("src/a.rs:5: {told}")],
    );
    check_text(
        &format!("trait A {{\n{long}}}"),
        &[&format!("src/a.rs:2: {told}")],
    );
    check_text(
        &format!("mod a {{ mod b {{\n{long}}} }}"),
        &[&format!("src/a.rs:2: {told}")],
    );
}

#[test]
fn generated_files_are_nobodys_to_shorten() {
    check_text(&format!("// @generated\n{}", function(900)), &[]);
}

#[test]
fn a_file_that_is_not_rust_is_found() {
    check_text(
        "fn a() {}\nfn 7() {}",
        &["src/a.rs:2: is not Rust: expected identifier"],
    );
}
