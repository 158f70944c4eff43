//! JSON text whose parts know where they stand.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A place in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// From 1.
    pub line: u64,
    /// In characters, from 1.
    pub column: u64,
}

impl Place {
    /// Where the byte at `offset` of a text lies.
    pub fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before
            .rfind('\n')
            .map_or(0, |newline| newline.saturating_add(1));
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX).saturating_add(1);
        Self {
            line: count(before.bytes().filter(|byte| *byte == b'\n').count()),
            column: count(before.get(line_start..).unwrap_or_default().chars().count()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Something that is wrong with the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Dotted path as the services name it, as in `commands[2].disburse.amount`; empty for the whole.
    pub path: String,
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub problem: String,
}

/// The whole input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'t> {
    text: &'t str,
}

impl<'t> Source<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text }
    }

    /// The byte where `part` begins, which must be a part of this very text.
    pub(super) fn offset(&self, part: &str) -> usize {
        part.as_ptr()
            .addr()
            .saturating_sub(self.text.as_ptr().addr())
    }

    /// Line and column of a byte.
    pub(super) fn place(&self, offset: usize) -> Place {
        Place::of(self.text, offset)
    }

    /// Where the name of the member begins whose value begins at `value`.
    pub(super) fn name_offset(&self, value: usize) -> usize {
        let before = self.text.get(..value).unwrap_or_default();
        let before = before.trim_end().trim_end_matches(':').trim_end();
        let Some(name) = before.strip_suffix('"') else {
            return value;
        };
        // The opening quote is the last one that no backslash escapes.
        let mut end = name.len();
        while let Some(quote) = name.get(..end).and_then(|head| head.rfind('"')) {
            let head = name.get(..quote).unwrap_or_default();
            let backslashes = head.bytes().rev().take_while(|byte| *byte == b'\\').count();
            if backslashes % 2 == 0 {
                return quote;
            }
            end = quote;
        }
        value
    }
}

/// The members of an object in the order written, repetitions included.
pub(super) struct Members<'t>(pub(super) Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let source = Source::new("{\n  \"ä\": 1}");
        assert_eq!(source.place(0), Place { line: 1, column: 1 });
        let value = source.offset(source.text.get(10..).unwrap());
        assert_eq!(source.place(value), Place { line: 2, column: 8 });
    }

    #[test]
    fn a_name_is_found_before_its_value_even_with_escaped_quotes() {
        let text = r#"{"a": 0, "b\"\\" :  17}"#;
        let source = Source::new(text);
        assert_eq!(source.name_offset(text.find("17").unwrap()), 9);
        assert_eq!(source.name_offset(text.find('0').unwrap()), 1);
    }
}
