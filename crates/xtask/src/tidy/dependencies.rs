//! Dependencies point inwards: the table of who may use whom, checked against `cargo metadata`.
//!
//! This is what keeps `domain`, `views` and `proof` free of IO (INV-10): they name no package that could do any.

use std::collections::BTreeSet;

use super::Violation;
use super::table::{
    ADAPTERS, BUILD_THIRD_PARTY, CONFINED, CORE, FOR_TESTS, Row, SERVICE_THIRD_PARTY, SERVICES,
    TABLE, UNRESTRICTED, WITHOUT_GRPC,
};
use crate::workspace::{Dependency, DependencyKind, Metadata, Package, short_name};

/// Returns every dependency that the table does not allow, and every crate without a row.
pub fn check(metadata: &Metadata) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in &metadata.packages {
        let path = format!("{}/Cargo.toml", package.folder(&metadata.workspace_root));
        let Some(rules) = Rules::of(package.short_name()) else {
            violations.push(Violation {
                path,
                line: None,
                problem: format!("\"{}\" has no row in the dependency table", package.name),
                remedy: "add its row in crates/xtask/src/tidy/table.rs and say why in the review",
            });
            continue;
        };
        for dependency in &package.dependencies {
            let problem = rules.problem(package, dependency);
            if let Some(problem) = problem.or_else(|| grpc_problem(metadata, package, dependency)) {
                let path = path.clone();
                let remedy = "move the code to a crate that may, or change the table with an ADR";
                violations.push(Violation {
                    path,
                    line: None,
                    problem,
                    remedy,
                });
            }
        }
    }
    violations
}

/// Returns what is wrong if a crate that must not know gRPC takes `wire` with its gRPC part.
fn grpc_problem(metadata: &Metadata, user: &Package, wire: &Dependency) -> Option<String> {
    if !WITHOUT_GRPC.contains(&user.short_name()) || short_name(&wire.name) != "wire" {
        return None;
    }
    let package = metadata
        .packages
        .iter()
        .find(|package| package.name == wire.name)?;
    let tonic = package
        .dependencies
        .iter()
        .find(|dependency| dependency.name == "tonic")?;
    let default = wire.uses_default_features.then_some("default");
    let mut asked: Vec<&str> = wire
        .features
        .iter()
        .map(String::as_str)
        .chain(default)
        .collect();
    let mut on = BTreeSet::new();
    while let Some(feature) = asked.pop() {
        if on.insert(feature) {
            asked.extend(
                package
                    .features
                    .get(feature)
                    .into_iter()
                    .flatten()
                    .map(String::as_str),
            );
        }
    }
    let has_tonic =
        |feature: &&str| matches!(*feature, "tonic" | "dep:tonic") || feature.starts_with("tonic/");
    let taken = !tonic.optional || on.iter().any(has_tonic);
    taken.then(|| format!("\"{}\" takes \"wire\" with its gRPC part", user.name))
}

/// What holds for one crate.
enum Rules {
    Row(&'static Row),
    Service { name: &'static str },
    Unrestricted { name: &'static str },
}

impl Rules {
    fn of(name: &str) -> Option<Self> {
        let same = |known: &&&'static str| **known == name;
        let row = TABLE.iter().find(|row| row.name == name).map(Self::Row);
        row.or_else(|| {
            SERVICES
                .iter()
                .find(same)
                .map(|name| Self::Service { name })
        })
        .or_else(|| {
            UNRESTRICTED
                .iter()
                .find(same)
                .map(|name| Self::Unrestricted { name })
        })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Row(row) => row.name,
            Self::Service { name } | Self::Unrestricted { name } => name,
        }
    }

    /// Returns what is wrong with `dependency`, if anything.
    fn problem(&self, package: &Package, dependency: &Dependency) -> Option<String> {
        let (own, used) = (self.name(), short_name(&dependency.name));
        if let Some((_, home)) = CONFINED.iter().find(|(confined, _)| *confined == used)
            && *home != own
        {
            return Some(format!(
                "\"{used}\" may appear in the manifest of \"{home}\" only"
            ));
        }
        if ADAPTERS.contains(&own) && ADAPTERS.contains(&used) {
            return Some(format!("adapter \"{own}\" uses adapter \"{used}\""));
        }
        let allowed = match (dependency.kind, dependency.path.is_some()) {
            (None, true) => self.may_use_crate(used),
            (None, false) => used == "thiserror" || self.may_use_third_party(used),
            (Some(DependencyKind::Dev), true) => self.may_test_with_crate(used),
            (Some(DependencyKind::Dev), false) => true,
            (Some(DependencyKind::Build), _) => {
                matches!(self, Self::Unrestricted { .. })
                    || BUILD_THIRD_PARTY.contains(&(own, used))
            }
        };
        let section = match dependency.kind {
            None => "dependencies",
            Some(DependencyKind::Dev) => "dev-dependencies",
            Some(DependencyKind::Build) => "build-dependencies",
        };
        (!allowed).then(|| {
            format!(
                "\"{}\" may not have \"{used}\" in its {section}",
                package.name
            )
        })
    }

    fn may_use_crate(&self, used: &str) -> bool {
        match self {
            Self::Row(row) => row.workspace.contains(&used),
            // A service is a thin shell over the inner crates; only the one binary holds them all.
            Self::Service { name } => {
                !FOR_TESTS.contains(&used)
                    && !UNRESTRICTED.contains(&used)
                    && (!SERVICES.contains(&used) || *name == "perennial")
            }
            Self::Unrestricted { .. } => true,
        }
    }

    fn may_use_third_party(&self, used: &str) -> bool {
        match self {
            Self::Row(row) => row.third_party.contains(&used),
            Self::Service { .. } => {
                SERVICE_THIRD_PARTY.contains(&used)
                    || TABLE.iter().any(|row| row.third_party.contains(&used))
            }
            Self::Unrestricted { .. } => true,
        }
    }

    fn may_test_with_crate(&self, used: &str) -> bool {
        match self {
            Self::Row(row) => {
                row.workspace.contains(&used) || CORE.contains(&used) || FOR_TESTS.contains(&used)
            }
            Self::Service { .. } => !UNRESTRICTED.contains(&used),
            Self::Unrestricted { .. } => true,
        }
    }
}
