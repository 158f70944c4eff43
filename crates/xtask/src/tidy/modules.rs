//! No forgotten file: every Rust file is reached by `mod` from the root of some target.
//!
//! rustc says nothing about a file that no `mod` names. A forgotten test file passes for ever.

use std::collections::BTreeSet;

use super::Violation;
use crate::workspace::{Metadata, Tree, relative};

/// Returns every Rust file of a package that no target reaches.
pub fn check(tree: &Tree, metadata: &Metadata) -> Vec<Violation> {
    let root = &metadata.workspace_root;
    let mut reached = Reached {
        tree,
        files: BTreeSet::new(),
    };
    for package in &metadata.packages {
        for target in &package.targets {
            reached.visit_root(&relative(root, &target.src_path));
        }
    }
    let folders: Vec<String> = metadata
        .packages
        .iter()
        .map(|package| format!("{}/", package.folder(root)))
        .collect();
    let forgotten = tree.files.iter().filter(|file| {
        file.extension() == "rs"
            && folders.iter().any(|folder| file.path.starts_with(folder))
            && !reached.files.contains(&file.path)
    });
    forgotten
        .map(|file| Violation {
            path: file.path.clone(),
            line: None,
            problem: "is compiled by no target: no `mod` names it".to_owned(),
            remedy: "declare it with `mod` in its parent (tests: in tests/suite/main.rs), or delete it",
        })
        .collect()
}

struct Reached<'a> {
    tree: &'a Tree,
    files: BTreeSet<String>,
}

impl Reached<'_> {
    /// Visits the root file of a target, whose modules lie beside it.
    fn visit_root(&mut self, path: &str) {
        let folder = parent(path).to_owned();
        self.visit(path, &folder);
    }

    /// Visits a file whose modules lie in `folder`.
    fn visit(&mut self, path: &str, folder: &str) {
        let Some(text) = self.tree.text(path) else {
            return;
        };
        if !self.files.insert(path.to_owned()) {
            return;
        }
        // A file that does not parse is reported by the check of sizes.
        if let Ok(file) = syn::parse_file(text) {
            self.visit_items(&file.items, path, folder);
        }
    }

    fn visit_items(&mut self, items: &[syn::Item], path: &str, folder: &str) {
        for item in items {
            let syn::Item::Mod(module) = item else {
                continue;
            };
            let inside = format!("{folder}/{}", module.ident);
            if let Some((_, items)) = &module.content {
                self.visit_items(items, path, &inside);
            } else if let Some(named) = path_attribute(module) {
                self.visit_root(&beside(path, &named));
            } else {
                self.visit(&format!("{inside}.rs"), &inside);
                self.visit(&format!("{inside}/mod.rs"), &inside);
            }
        }
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Returns the path that `named` has when written in the file at `path`.
fn beside(path: &str, named: &str) -> String {
    let mut parts: Vec<&str> = parent(path).split('/').collect();
    for part in named.split('/').filter(|part| *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// Returns the text of `#[path = "..."]`, if the module has one.
fn path_attribute(module: &syn::ItemMod) -> Option<String> {
    module.attrs.iter().find_map(|attribute| {
        let syn::Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        let syn::Expr::Lit(literal) = &pair.value else {
            return None;
        };
        let syn::Lit::Str(text) = &literal.lit else {
            return None;
        };
        pair.path.is_ident("path").then(|| text.value())
    })
}
