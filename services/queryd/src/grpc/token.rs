//! Tokens: where a listing or a subscription goes on. Opaque to clients, URL-safe, valid on any replica, and
//! granting nothing.
//!
//! A token carries the hash of everything that was asked, so that it cannot go on with another question.

use perennial_domain::Date;
use perennial_domain::log::Position;
use perennial_proof::Hash;
use perennial_views::{Cut, SCHEMA};

/// Version of the layout of both tokens.
const VERSION: &str = "1";

/// Identifies what is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scope(String);

impl Scope {
    /// The scope of a request, given as its own encoding without what may change between its calls.
    pub(crate) fn of(kind: &str, ledger_id: &str, request: &[u8]) -> Self {
        let hash = Hash::of_parts(&[kind.as_bytes(), b"\n", ledger_id.as_bytes(), b"\n", request]);
        Self(hash.to_string().chars().take(16).collect())
    }
}

/// Where a listing goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageStart {
    /// The one position of all pages.
    pub(crate) position: Position,
    /// The one cut-off of all pages.
    pub(crate) effective: Cut,
    /// Rows on the pages before.
    pub(crate) rows: usize,
}

impl PageStart {
    pub(crate) fn token(&self, scope: &Scope) -> String {
        format!(
            "{VERSION}.{}.{}.{}.{}",
            self.position,
            cut_text(self.effective),
            self.rows,
            scope.0
        )
    }

    /// Reads a token of this scope.
    pub(crate) fn parse(token: &str, scope: &Scope) -> Option<Self> {
        let mut parts = token.split('.');
        let fields = (
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next(),
        );
        let (VERSION, position, effective, rows, of, None) = fields else {
            return None;
        };
        let start = Self {
            position: Position(position.parse().ok()?),
            effective: parse_cut(effective)?,
            rows: rows.parse().ok()?,
        };
        (of == scope.0).then_some(start)
    }
}

/// Where a subscription goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resume {
    /// The last position whose changes were told.
    pub(crate) position: Position,
    /// The cut-off that was fixed at the start.
    pub(crate) effective: Cut,
    /// The rows are of the schema of this software.
    pub(crate) same_schema: bool,
}

impl Resume {
    pub(crate) fn token(position: Position, effective: Cut, scope: &Scope) -> String {
        format!(
            "{VERSION}.{position}.{}.{}.{}",
            cut_text(effective),
            schema(),
            scope.0
        )
    }

    /// Reads a token of this scope.
    pub(crate) fn parse(token: &str, scope: &Scope) -> Option<Self> {
        let mut parts = token.split('.');
        let fields = (
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next(),
        );
        let (VERSION, position, effective, of_schema, of, None) = fields else {
            return None;
        };
        let resume = Self {
            position: Position(position.parse().ok()?),
            effective: parse_cut(effective)?,
            same_schema: of_schema == schema(),
        };
        (of == scope.0).then_some(resume)
    }
}

fn schema() -> String {
    Hash::of(SCHEMA.as_bytes())
        .to_string()
        .chars()
        .take(8)
        .collect()
}

fn cut_text(cut: Cut) -> String {
    match cut {
        Cut::On(date) => date.to_string(),
        Cut::Open => "open".to_owned(),
    }
}

fn parse_cut(text: &str) -> Option<Cut> {
    match text {
        "open" => Some(Cut::Open),
        date => date.parse::<Date>().ok().map(Cut::On),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(filter: &str) -> Scope {
        Scope::of("nexus", "demo", filter.as_bytes())
    }

    #[test]
    fn tokens_go_on_where_they_were_given() {
        for effective in [Cut::On(Date::constant(2026, 3, 31)), Cut::Open] {
            let start = PageStart {
                position: Position(42),
                effective,
                rows: 1_000,
            };
            let token = start.token(&scope("a"));
            assert_eq!(PageStart::parse(&token, &scope("a")), Some(start));
            let token = Resume::token(Position(42), effective, &scope("a"));
            let resume = Resume {
                position: Position(42),
                effective,
                same_schema: true,
            };
            assert_eq!(Resume::parse(&token, &scope("a")), Some(resume));
            let url_safe =
                |character: char| character.is_ascii_alphanumeric() || "-._~".contains(character);
            assert!(token.chars().all(url_safe), "{token}");
        }
    }

    #[test]
    fn tokens_of_another_question_or_of_noise_are_none() {
        let token = Resume::token(Position(42), Cut::Open, &scope("a"));
        assert_eq!(Resume::parse(&token, &scope("b")), None);
        assert_eq!(
            PageStart::parse(&token, &scope("a")),
            None,
            "a token of the other kind"
        );
        for noise in [
            "",
            "1",
            "1.2.3",
            "2.42.open.5.0",
            &format!("{token}.x"),
            &token.replace("42", "-1"),
        ] {
            assert_eq!(Resume::parse(noise, &scope("a")), None, "{noise}");
        }
    }

    #[test]
    fn a_token_of_another_schema_is_told_apart() {
        let token =
            Resume::token(Position(42), Cut::Open, &scope("a")).replace(&schema(), "00000000");
        assert_eq!(
            Resume::parse(&token, &scope("a")).map(|resume| resume.same_schema),
            Some(false)
        );
    }
}
