//! Every reason that an error can carry has a page in docs/errors, and the index lists exactly these pages; every
//! code that an import can give has a row in docs/import-reasons.md. The first line of a page's "What to do" is what
//! the command line prints, so it is plain text, and the page's example shows it.
//!
//! A reason is a string of the form `[A-Z][A-Z0-9_]{3,62}` that stands, outside tests and attributes,
//! - in a call of `RichError::new` (any file below a `src` folder; what services answer alike is made in
//!   `crates/transport/src/rich_error`),
//! - in a function `reason`, or in `as_str` of a type `Reason` (likewise),
//! - in the macro `rules!`, which names the reason of every numbered rule (likewise), or
//! - anywhere in a file `error.rs` of a service, where reasons may be constants or go through functions.
//!
//! A code of an import is such a string anywhere in `IMPORT_SOURCE`.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::Violation;
use crate::workspace::{SourceFile, Tree};

const FOLDER: &str = "docs/errors/";
const INDEX: &str = "docs/errors/README.md";
const IMPORT_PAGE: &str = "docs/import-reasons.md";
const IMPORT_SOURCE: &str = "crates/iati/src/plan/reason.rs";

/// What a page must say beside its name.
const SECTIONS: &[&str] = &["## What comes with it", "## What to do", "## Example"];

/// Returns every reason without a page, page without a reason, page that lacks a part, difference between the
/// pages and the index, and difference between the codes of an import and their page.
pub fn check(tree: &Tree) -> Vec<Violation> {
    let reasons = reasons(tree);
    let pages: BTreeMap<&str, &SourceFile> = tree.files.iter().filter_map(page).collect();
    let mut violations = Vec::new();
    for (reason, place) in &reasons {
        if !pages.contains_key(reason.as_str()) {
            violations.push(Violation {
                path: place.path.to_owned(),
                line: Some(place.line),
                problem: format!("reason {reason} has no page {FOLDER}{reason}.md"),
                remedy: "write the page: what happened, what comes with it, what to do",
            });
        }
    }
    for (reason, file) in &pages {
        if !reasons.contains_key(*reason) {
            violations.push(Violation {
                path: file.path.clone(),
                line: None,
                problem: format!("no source gives the reason {reason}"),
                remedy: "correct the name, or remove the page and its row",
            });
        }
        violations.extend(missing_parts(reason, file));
        violations.extend(check_advice(reason, file));
    }
    violations.extend(check_index(tree, &pages));
    violations.extend(check_import_page(tree));
    violations
}

fn page(file: &SourceFile) -> Option<(&str, &SourceFile)> {
    let name = file.path.strip_prefix(FOLDER)?.strip_suffix(".md")?;
    (file.path != INDEX).then_some((name, file))
}

fn missing_parts(reason: &str, file: &SourceFile) -> Vec<Violation> {
    let title = format!("# {reason}");
    let parts = std::iter::once(title.as_str()).chain(SECTIONS.iter().copied());
    let missing = parts.filter(|part| file.text.lines().all(|line| line != *part));
    let blame = |part| Violation {
        path: file.path.clone(),
        line: None,
        problem: format!("lacks the heading \"{part}\""),
        remedy: "follow the pages beside it",
    };
    missing.map(blame).collect()
}

/// The first line below "What to do" is one point of plain text, and an example that shows the reason shows it too.
fn check_advice(reason: &str, file: &SourceFile) -> Vec<Violation> {
    let blame = |problem: &str| Violation {
        path: file.path.clone(),
        line: None,
        problem: problem.to_owned(),
        remedy: "the command line prints the first point of \"What to do\" after `try:`",
    };
    let Some((_, after)) = file.text.split_once("\n## What to do\n") else {
        // Another check tells.
        return Vec::new();
    };
    let first = after.trim_start().lines().next().unwrap_or_default();
    let Some(advice) = first.strip_prefix("- ").filter(|advice| !advice.is_empty()) else {
        return vec![blame("\"What to do\" does not begin with a point")];
    };
    if advice.contains("](") || advice.contains("**") {
        return vec![blame(
            "the first point of \"What to do\" has a link or emphasis",
        )];
    }
    let shows_reason = |line: &str| {
        line.strip_prefix("why: ")
            .and_then(|line| line.strip_prefix(reason))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let shows_advice = |line: &str| line.strip_prefix("try: ") == Some(advice);
    if after.lines().any(shows_reason) && !after.lines().any(shows_advice) {
        return vec![blame(
            "the example does not show the first point of \"What to do\"",
        )];
    }
    Vec::new()
}

/// The index has one row per page, `| [REASON](REASON.md) | …`, and no other.
fn check_index(tree: &Tree, pages: &BTreeMap<&str, &SourceFile>) -> Vec<Violation> {
    let index = tree.text(INDEX).unwrap_or_default();
    let blame = |line, problem, remedy| Violation {
        path: INDEX.to_owned(),
        line,
        problem,
        remedy,
    };
    let mut listed: BTreeMap<&str, usize> = BTreeMap::new();
    let mut violations = Vec::new();
    for (line, cell) in first_cells(index) {
        let link = cell
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(".md)"))
            .and_then(|rest| rest.split_once("]("));
        let Some((reason, target)) = link else {
            continue;
        };
        if reason != target {
            let problem = format!("{reason} links to the page of {target}");
            violations.push(blame(Some(line), problem, "link each reason to its page"));
        }
        if !pages.contains_key(reason) {
            let problem = format!("lists {reason}, which has no page");
            violations.push(blame(
                Some(line),
                problem,
                "write the page, or remove the row",
            ));
        }
        if let Some(first) = listed.insert(reason, line) {
            let problem = format!("lists {reason} again, after line {first}");
            violations.push(blame(Some(line), problem, "keep one row per reason"));
        }
    }
    for reason in pages.keys().filter(|reason| !listed.contains_key(*reason)) {
        let problem = format!("does not list {reason}");
        violations.push(blame(
            None,
            problem,
            "add its row, in the catalogue's order",
        ));
    }
    violations
}

/// Every code has one row of the page that begins with it, and every such row has its code.
fn check_import_page(tree: &Tree) -> Vec<Violation> {
    let mut codes = BTreeMap::new();
    if let Some(file) = tree.files.iter().find(|file| file.path == IMPORT_SOURCE) {
        take_reasons(file, true, &mut codes);
    }
    let text = tree.text(IMPORT_PAGE).unwrap_or_default();
    let rows: BTreeMap<&str, usize> = first_cells(text)
        .filter_map(|(line, cell)| {
            let code = cell.strip_prefix('`')?.strip_suffix('`')?;
            is_reason(code).then_some((code, line))
        })
        .collect();
    let mut violations = Vec::new();
    for (code, place) in &codes {
        if !rows.contains_key(code.as_str()) {
            violations.push(Violation {
                path: place.path.to_owned(),
                line: Some(place.line),
                problem: format!("{code} has no row in {IMPORT_PAGE}"),
                remedy: "add the row: what it means, what to do",
            });
        }
    }
    for (code, line) in rows.iter().filter(|(code, _)| !codes.contains_key(**code)) {
        violations.push(Violation {
            path: IMPORT_PAGE.to_owned(),
            line: Some(*line),
            problem: format!("{code} is no code of {IMPORT_SOURCE}"),
            remedy: "correct the code, or remove the row",
        });
    }
    violations
}

/// Returns the first cell of every row of every table, with its line from 1.
fn first_cells(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines()).filter_map(|(number, line)| {
        let (first, _) = line.strip_prefix('|')?.split_once('|')?;
        Some((number, first.trim()))
    })
}

/// Where a reason stands.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    path: &'a str,
    line: usize,
}

/// Returns every reason of the source with the first place that gives it.
fn reasons(tree: &Tree) -> BTreeMap<String, Place<'_>> {
    let mut reasons = BTreeMap::new();
    for file in tree.rust_files().filter(|file| is_below_src(&file.path)) {
        let is_whole = file.path.starts_with("services/") && file.name() == "error.rs";
        take_reasons(file, is_whole, &mut reasons);
    }
    reasons
}

fn is_below_src(path: &str) -> bool {
    let mut folders = path.split('/').rev().skip(1);
    folders.any(|folder| folder == "src")
}

/// Adds the reasons of one file; `is_whole`: every string of it may be one. A file that is no Rust has none;
/// another check tells.
fn take_reasons<'a>(
    file: &'a SourceFile,
    is_whole: bool,
    reasons: &mut BTreeMap<String, Place<'a>>,
) {
    let Ok(parsed) = syn::parse_file(&file.text) else {
        return;
    };
    let mut strings = Strings {
        depth: usize::from(is_whole),
        ..Strings::default()
    };
    strings.visit_file(&parsed);
    for (reason, line) in strings.found {
        let path = &file.path;
        reasons.entry(reason).or_insert(Place { path, line });
    }
}

fn is_reason(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    (4..=63).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(is_part)
}

/// Collects the strings that stand where reasons stand.
#[derive(Default)]
struct Strings {
    /// How many places that hold reasons are around what is visited.
    depth: usize,
    /// Whether the functions visited are those of a type `Reason`.
    in_reason_type: bool,
    found: Vec<(String, usize)>,
}

impl Strings {
    fn inside(&mut self, holds_reasons: bool, visit: impl FnOnce(&mut Self)) {
        let depth = self.depth;
        self.depth = depth.saturating_add(usize::from(holds_reasons));
        visit(self);
        self.depth = depth;
    }

    fn take(&mut self, string: &syn::LitStr) {
        let text = string.value();
        if is_reason(&text) {
            self.found.push((text, string.span().start().line));
        }
    }

    fn take_tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.take_tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    if let syn::Lit::Str(string) = syn::Lit::new(literal) {
                        self.take(&string);
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_test = attribute
            .parse_args::<syn::Ident>()
            .is_ok_and(|argument| argument == "test");
        attribute.path().is_ident("cfg") && is_test
    })
}

fn last_name(path: &syn::Path) -> String {
    let last = path.segments.last();
    last.map(|segment| segment.ident.to_string())
        .unwrap_or_default()
}

fn is_rich_error_new(function: &syn::Expr) -> bool {
    let syn::Expr::Path(function) = function else {
        return false;
    };
    let mut names = function.path.segments.iter().rev();
    names.next().is_some_and(|name| name.ident == "new")
        && names.next().is_some_and(|name| name.ident == "RichError")
}

impl<'ast> Visit<'ast> for Strings {
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_lit_str(&mut self, string: &'ast syn::LitStr) {
        if self.depth > 0 {
            self.take(string);
        }
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if self.depth > 0 || call.path.is_ident("rules") {
            self.take_tokens(call.tokens.clone());
        }
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        self.inside(is_rich_error_new(&call.func), |strings| {
            visit::visit_expr_call(strings, call);
        });
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if is_for_tests(&function.attrs) {
            return;
        }
        self.inside(function.sig.ident == "reason", |strings| {
            visit::visit_item_fn(strings, function);
        });
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        let outer = self.in_reason_type;
        self.in_reason_type = matches!(
            &*block.self_ty,
            syn::Type::Path(owner) if last_name(&owner.path) == "Reason"
        );
        visit::visit_item_impl(self, block);
        self.in_reason_type = outer;
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        let name = &function.sig.ident;
        let holds_reasons = name == "reason" || (self.in_reason_type && name == "as_str");
        self.inside(holds_reasons, |strings| {
            visit::visit_impl_item_fn(strings, function);
        });
    }
}
