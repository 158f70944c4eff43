//! A file and a function each fit into a head: at most 600 and 70 lines, with no exceptions.

use syn::visit::{self, Visit};

use super::Violation;
use crate::workspace::{SourceFile, Tree};

/// The longest file, in lines.
pub const FILE_LINES_MAX: usize = 600;
/// The longest function, in lines from its first (attributes and documentation aside) to its closing brace.
pub const FUNCTION_LINES_MAX: usize = 70;

/// Returns every Rust file and every function that is too long.
pub fn check(tree: &Tree) -> Vec<Violation> {
    tree.rust_files().flat_map(check_file).collect()
}

fn check_file(file: &SourceFile) -> Vec<Violation> {
    let blame = |line, problem, remedy| Violation {
        path: file.path.clone(),
        line,
        problem,
        remedy,
    };
    let mut violations = Vec::new();
    let lines = file.text.lines().count();
    if lines > FILE_LINES_MAX {
        let problem = format!("has {lines} lines, more than {FILE_LINES_MAX}");
        violations.push(blame(None, problem, "split it by subject"));
    }
    match syn::parse_file(&file.text) {
        Ok(parsed) => {
            let mut functions = Functions::default();
            functions.visit_file(&parsed);
            violations.extend(functions.long.into_iter().map(|long| {
                let problem = format!(
                    "function `{}` has {} lines, more than {FUNCTION_LINES_MAX}",
                    long.name, long.lines
                );
                blame(
                    Some(long.line),
                    problem,
                    "give a part of it a name of its own",
                )
            }));
        }
        Err(error) => {
            let line = error.span().start().line;
            violations.push(blame(
                Some(line),
                format!("is not Rust: {error}"),
                "correct it",
            ));
        }
    }
    violations
}

struct LongFunction {
    name: String,
    line: usize,
    lines: usize,
}

#[derive(Default)]
struct Functions {
    long: Vec<LongFunction>,
}

impl Functions {
    fn measure(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.fn_token.span.start().line;
        let last = block.brace_token.span.close().end().line;
        let lines = last.saturating_sub(first).saturating_add(1);
        if lines > FUNCTION_LINES_MAX {
            self.long.push(LongFunction {
                name: signature.ident.to_string(),
                line: first,
                lines,
            });
        }
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.measure(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}
