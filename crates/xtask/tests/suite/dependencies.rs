//! Who may use whom.

use perennial_xtask::tidy::dependencies::check;
use perennial_xtask::workspace::Dependency;

use crate::{builds_with, metadata, package, tests_with, told, uses};

/// Checks one package with these dependencies and compares what is told about it.
#[track_caller]
fn check_package(folder: &str, dependencies: Vec<Dependency>, expected: &[&str]) {
    let mut package = package(folder, &[]);
    package.dependencies = dependencies;
    let path = format!("{folder}/Cargo.toml: ");
    let expected: Vec<String> = expected
        .iter()
        .map(|problem| format!("{path}{problem}"))
        .collect();
    assert_eq!(told(&check(&metadata(vec![package]))), expected);
}

#[test]
fn the_domain_may_use_dates_and_rates_only() {
    let allowed = vec![uses("jiff"), uses("rust_decimal"), uses("thiserror")];
    check_package("crates/domain", allowed, &[]);
    check_package(
        "crates/domain",
        vec![uses("tokio"), uses("serde"), uses("perennial-wire")],
        &[
            "\"perennial-domain\" may not have \"tokio\" in its dependencies",
            "\"perennial-domain\" may not have \"serde\" in its dependencies",
            "\"perennial-domain\" may not have \"wire\" in its dependencies",
        ],
    );
}

#[test]
fn dependencies_point_inwards() {
    check_package("crates/views", vec![uses("perennial-domain")], &[]);
    check_package(
        "crates/app",
        vec![uses("perennial-views"), uses("perennial-proof")],
        &[],
    );
    check_package(
        "crates/views",
        vec![uses("perennial-app")],
        &["\"perennial-views\" may not have \"app\" in its dependencies"],
    );
}

#[test]
fn adapters_never_use_each_other_not_even_in_tests() {
    check_package(
        "crates/views-sled",
        vec![
            uses("perennial-log-file"),
            tests_with("perennial-log-kafka"),
        ],
        &[
            "adapter \"views-sled\" uses adapter \"log-file\"",
            "adapter \"views-sled\" uses adapter \"log-kafka\"",
        ],
    );
}

#[test]
fn sled_appears_in_one_manifest_only() {
    check_package("crates/views-sled", vec![uses("sled")], &[]);
    check_package(
        "tests",
        vec![tests_with("sled")],
        &["\"sled\" may appear in the manifest of \"views-sled\" only"],
    );
    check_package(
        "services/perennial",
        vec![uses("rdkafka")],
        &["\"rdkafka\" may appear in the manifest of \"log-kafka\" only"],
    );
}

#[test]
fn testkit_is_for_tests() {
    check_package(
        "crates/domain",
        vec![tests_with("perennial-testkit"), tests_with("insta")],
        &[],
    );
    check_package(
        "services/ledgerd",
        vec![tests_with("perennial-testkit")],
        &[],
    );
    check_package(
        "services/ledgerd",
        vec![uses("perennial-testkit")],
        &["\"perennial-ledgerd\" may not have \"testkit\" in its dependencies"],
    );
}

#[test]
fn the_tests_of_a_pure_crate_reach_no_adapter() {
    check_package(
        "crates/views",
        vec![
            tests_with("perennial-wire"),
            tests_with("perennial-views-sled"),
        ],
        &["\"perennial-views\" may not have \"views-sled\" in its dev-dependencies"],
    );
}

#[test]
fn only_the_one_binary_holds_other_services() {
    check_package("services/perennial", vec![uses("perennial-queryd")], &[]);
    check_package(
        "services/ledgerd",
        vec![uses("perennial-log-file"), uses("perennial-queryd")],
        &["\"perennial-ledgerd\" may not have \"queryd\" in its dependencies"],
    );
}

#[test]
fn only_wire_generates_code() {
    check_package("crates/wire", vec![builds_with("protox")], &[]);
    check_package(
        "crates/app",
        vec![builds_with("protox")],
        &["\"perennial-app\" may not have \"protox\" in its build-dependencies"],
    );
}

#[test]
fn tests_and_tasks_may_use_everything_that_is_not_confined() {
    let everything = vec![
        uses("perennial-testkit"),
        uses("perennial-ledgerd"),
        uses("syn"),
    ];
    check_package("tests", everything.clone(), &[]);
    check_package("crates/xtask", everything, &[]);
}

#[test]
fn a_new_crate_needs_a_row() {
    check_package(
        "crates/fog",
        Vec::new(),
        &["\"perennial-fog\" has no row in the dependency table"],
    );
}

/// The pure crates name no package that does IO or reads a clock: this is how INV-10 is held.
#[test]
fn no_pure_crate_may_reach_the_outside() {
    for folder in ["crates/domain", "crates/views", "crates/proof"] {
        for outside in ["tokio", "rustix", "uuid", "tracing", "sled", "tempfile"] {
            let mut package = package(folder, &[]);
            package.dependencies = vec![uses(outside)];
            assert_eq!(
                check(&metadata(vec![package])).len(),
                1,
                "{folder} and {outside}"
            );
        }
    }
}

/// Checks `app` with this dependency on a `wire` whose feature `grpc` brings tonic, by way of `server`.
#[track_caller]
fn check_app_with(wire: Dependency, expected: &[&str]) {
    let mut wire_package = package("crates/wire", &[]);
    wire_package.dependencies = vec![Dependency {
        optional: true,
        ..uses("tonic")
    }];
    let turns_on = |feature: &str, on: &str| (feature.to_owned(), vec![on.to_owned()]);
    wire_package.features = [
        turns_on("default", "grpc"),
        turns_on("grpc", "server"),
        turns_on("server", "dep:tonic"),
    ]
    .into();
    let mut app = package("crates/app", &[]);
    app.dependencies = vec![wire];
    assert_eq!(told(&check(&metadata(vec![wire_package, app]))), expected);
}

#[test]
fn what_decides_knows_no_transport() {
    let plain = Dependency {
        uses_default_features: false,
        ..uses("perennial-wire")
    };
    let told = "crates/app/Cargo.toml: \"perennial-app\" takes \"wire\" with its gRPC part";
    check_app_with(plain.clone(), &[]);
    check_app_with(
        Dependency {
            features: vec!["grpc".to_owned()],
            ..plain
        },
        &[told],
    );
    check_app_with(uses("perennial-wire"), &[told]);
}
