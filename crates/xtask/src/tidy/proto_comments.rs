//! The comments of the proto files are the API's reference: every message, field, enum, value, service and call
//! has one directly above it.

use super::Violation;
use crate::workspace::{SourceFile, Tree};

const FOLDER: &str = "proto/perennial/";

/// Returns every declaration without a comment of its own.
pub fn check(tree: &Tree) -> Vec<Violation> {
    let ours = |file: &&SourceFile| file.path.starts_with(FOLDER) && file.extension() == "proto";
    let files = tree.files.iter().filter(ours);
    files
        .flat_map(|file| {
            undocumented(&file.text)
                .into_iter()
                .map(|declaration| Violation {
                    path: file.path.clone(),
                    line: Some(declaration.line),
                    problem: format!(
                        "{} `{}` has no comment above it",
                        declaration.kind, declaration.name
                    ),
                    remedy: "say what it is, its unit and since which version",
                })
        })
        .collect()
}

/// A declaration of a proto file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// Line from 1.
    pub line: usize,
    /// `message`, `field`, `enum`, `value`, `oneof`, `service` or `rpc`.
    pub kind: &'static str,
    /// Its own name.
    pub name: String,
}

/// Returns the declarations of a proto file that have no comment directly above them, in their order.
pub fn undocumented(text: &str) -> Vec<Declaration> {
    let tokens = tokens(text);
    let mut statement: Vec<&Token> = Vec::new();
    let mut documented_until = None;
    let mut ended_on = 0;
    let mut found = Vec::new();
    // Where we are: a statement in an enum is a value, elsewhere a field.
    let mut scopes: Vec<&'static str> = Vec::new();
    let mut options_depth = 0_usize;
    for token in &tokens {
        match token.text.as_str() {
            _ if token.is_comment => {
                // A comment behind a statement belongs to that one, not to the next.
                if statement.is_empty() && token.line != ended_on {
                    documented_until = Some(token.last_line);
                }
            }
            "[" => options_depth += 1,
            "]" => options_depth = options_depth.saturating_sub(1),
            _ if options_depth > 0 => {}
            ";" | "{" | "}" => {
                let scope = scopes.last().copied();
                let declaration = declaration(&statement, scope);
                if token.text == "{" {
                    scopes.push(declaration.as_ref().map_or("option", |found| found.kind));
                } else if token.text == "}" {
                    scopes.pop();
                }
                let above = |line: usize| documented_until.is_some_and(|last| last + 1 == line);
                found.extend(declaration.filter(|found| !above(found.line)));
                statement.clear();
                documented_until = None;
                ended_on = token.line;
            }
            _ => statement.push(token),
        }
    }
    found
}

/// Reads the words before `;` or `{`. Returns `None` for what needs no comment: options, imports, reserved numbers.
fn declaration(statement: &[&Token], scope: Option<&'static str>) -> Option<Declaration> {
    let first = statement.first()?;
    let second = statement.get(1).map(|token| token.text.as_str());
    let named = |kind, name: Option<&str>| {
        Some(Declaration {
            line: first.line,
            kind,
            name: name?.to_owned(),
        })
    };
    match (first.text.as_str(), scope) {
        ("syntax" | "edition" | "package" | "import" | "option" | "reserved" | "extensions", _) => {
            None
        }
        (_, Some("option" | "rpc")) => None,
        ("message", _) if second != Some("=") => named("message", second),
        ("enum", _) => named("enum", second),
        ("service", _) => named("service", second),
        ("oneof", _) => named("oneof", second),
        ("rpc", _) => named("rpc", second),
        (name, Some("enum")) => named("value", Some(name)),
        (_, Some("message" | "oneof")) => {
            let equals = statement.iter().position(|token| token.text == "=")?;
            named(
                "field",
                statement
                    .get(equals.checked_sub(1)?)
                    .map(|token| token.text.as_str()),
            )
        }
        _ => None,
    }
}

/// A word, a mark, a text in quotes, or a comment.
struct Token {
    text: String,
    line: usize,
    last_line: usize,
    is_comment: bool,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let length = token_length(rest, first);
        let (taken, left) = rest.split_at(length);
        let last_line = line + taken.matches('\n').count();
        if !first.is_whitespace() {
            let is_comment = taken.starts_with("//") || taken.starts_with("/*");
            tokens.push(Token {
                text: taken.to_owned(),
                line,
                last_line,
                is_comment,
            });
        }
        (rest, line) = (left, last_line);
    }
    tokens
}

/// Returns how many bytes the token at the start of `rest` takes; `first` is its first character.
fn token_length(rest: &str, first: char) -> usize {
    let while_word = |part: char| part.is_alphanumeric() || part == '_' || part == '.';
    if rest.starts_with("//") {
        rest.find('\n').unwrap_or(rest.len())
    } else if rest.starts_with("/*") {
        rest.find("*/").map_or(rest.len(), |end| end + 2)
    } else if first == '"' || first == '\'' {
        let mut escaped = false;
        let end = rest.char_indices().skip(1).find(|&(_, character)| {
            let closes = character == first && !escaped;
            escaped = character == '\\' && !escaped;
            closes
        });
        end.map_or(rest.len(), |(at, _)| at + 1)
    } else if while_word(first) {
        rest.find(|part| !while_word(part)).unwrap_or(rest.len())
    } else {
        first.len_utf8()
    }
}
