//! Every manifest inherits: versions, lints and the package's common lines are written once, in the root.

use toml::{Table, Value};

use super::Violation;
use crate::workspace::{Metadata, Package, Tree};

const SECTIONS: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];
const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];

/// Returns every line of a member's manifest that states what the root should, and every package misnamed.
pub fn check(tree: &Tree, metadata: &Metadata) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in &metadata.packages {
        let folder = package.folder(&metadata.workspace_root);
        let path = format!("{folder}/Cargo.toml");
        let manifest = tree.text(&path).and_then(|text| text.parse::<Table>().ok());
        let problems = match manifest {
            Some(manifest) => problems(tree, package, &folder, &manifest),
            None => vec![(
                "is not to be read as TOML".to_owned(),
                "correct the manifest",
            )],
        };
        violations.extend(problems.into_iter().map(|(problem, remedy)| Violation {
            path: path.clone(),
            line: None,
            problem,
            remedy,
        }));
    }
    violations
}

fn problems(
    tree: &Tree,
    package: &Package,
    folder: &str,
    manifest: &Table,
) -> Vec<(String, &'static str)> {
    let mut problems = Vec::new();
    let last = folder.rsplit('/').next().unwrap_or(folder);
    let expected = if last == "perennial" {
        last.to_owned()
    } else {
        format!("perennial-{last}")
    };
    if package.name != expected {
        problems.push((
            format!("package \"{}\" lies in folder \"{folder}\"", package.name),
            "name it `perennial-` and its folder",
        ));
    }
    for section in SECTIONS {
        for name in versions_of_its_own(manifest, section) {
            problems.push((
                format!("\"{name}\" in [{section}] has a version of its own"),
                "write `workspace = true` and put the version into the root manifest",
            ));
        }
    }
    let described = manifest.get("package").and_then(Value::as_table);
    for key in INHERITED {
        if !described
            .and_then(|table| table.get(*key))
            .is_some_and(is_inherited)
        {
            problems.push((
                format!("`{key}` is not inherited"),
                "write `workspace = true`",
            ));
        }
    }
    if !manifest.get("lints").is_some_and(is_inherited) {
        problems.push((
            "lints are not inherited".to_owned(),
            "add `[lints] workspace = true`",
        ));
    }
    let lists_tests =
        described.and_then(|table| table.get("autotests")) == Some(&Value::Boolean(false));
    if tree.holds(&format!("{folder}/tests")) && !lists_tests {
        problems.push((
            "has a tests folder and finds its tests by itself".to_owned(),
            "write `autotests = false` and one `[[test]]` with `path = \"tests/suite/main.rs\"`",
        ));
    }
    problems
}

fn versions_of_its_own<'a>(manifest: &'a Table, section: &str) -> Vec<&'a str> {
    let Some(dependencies) = manifest.get(section).and_then(Value::as_table) else {
        return Vec::new();
    };
    let own = dependencies
        .iter()
        .filter(|(_, value)| !is_inherited(value));
    own.map(|(name, _)| name.as_str()).collect()
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace") == Some(&Value::Boolean(true))
}
