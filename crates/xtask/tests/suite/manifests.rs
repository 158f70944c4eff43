//! Manifests inherit from the root.

use perennial_xtask::tidy::manifests::check;

use crate::{metadata, package, told, tree};

const GOOD: &str = r#"
[package]
name = "perennial-domain"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true
autotests = false
[lints]
workspace = true
[dependencies]
jiff.workspace = true
tokio = { workspace = true, features = ["sync"] }
"#;

#[track_caller]
fn check_manifest(manifest: &str, expected: &[&str]) {
    let files = [
        ("crates/domain/Cargo.toml", manifest),
        ("crates/domain/tests/suite/main.rs", "//! Tests."),
    ];
    let metadata = metadata(vec![package("crates/domain", &[])]);
    let expected: Vec<String> = expected
        .iter()
        .map(|problem| format!("crates/domain/Cargo.toml: {problem}"))
        .collect();
    assert_eq!(told(&check(&tree(&files), &metadata)), expected);
}

#[test]
fn a_manifest_that_inherits_everything_passes() {
    check_manifest(GOOD, &[]);
}

#[test]
fn a_version_outside_the_root_manifest_is_found() {
    let manifest = GOOD.replace(
        "jiff.workspace = true",
        "jiff = \"1\"\nsha2 = { version = \"1\" }",
    );
    check_manifest(
        &manifest,
        &[
            "\"jiff\" in [dependencies] has a version of its own",
            "\"sha2\" in [dependencies] has a version of its own",
        ],
    );
}

#[test]
fn lints_and_the_edition_are_inherited() {
    let manifest = GOOD
        .replace("[lints]\nworkspace = true\n", "")
        .replace("edition.workspace = true", "edition = \"2021\"");
    check_manifest(
        &manifest,
        &["`edition` is not inherited", "lints are not inherited"],
    );
}

#[test]
fn tests_are_listed_never_found() {
    let manifest = GOOD.replace("autotests = false\n", "");
    check_manifest(
        &manifest,
        &["has a tests folder and finds its tests by itself"],
    );
}

#[test]
fn a_package_is_named_after_its_folder() {
    let mut package = package("crates/domain", &[]);
    package.name = "perennial-money".to_owned();
    let found = check(
        &tree(&[("crates/domain/Cargo.toml", GOOD)]),
        &metadata(vec![package]),
    );
    assert_eq!(
        told(&found),
        ["crates/domain/Cargo.toml: package \"perennial-money\" lies in folder \"crates/domain\""]
    );
}
