//! Texts: Unicode NFC, no control characters, limited.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::check::Check;
use super::path::Path;

impl Check<'_> {
    /// A text that must say something.
    pub(crate) fn text(&mut self, path: Path<'_>, text: String, max: usize) -> Option<String> {
        if text.trim().is_empty() {
            return self.invalid(path, "is required");
        }
        self.text_or_empty(path, text, max)
    }

    /// A text where nothing said means absent.
    pub(crate) fn text_opt(
        &mut self,
        path: Path<'_>,
        text: String,
        max: usize,
    ) -> Option<Option<String>> {
        let text = self.text_or_empty(path, text, max)?;
        Some((!text.is_empty()).then_some(text))
    }

    /// A text that may be empty.
    pub(crate) fn text_or_empty(
        &mut self,
        path: Path<'_>,
        text: String,
        max: usize,
    ) -> Option<String> {
        self.checked(path, text, max, char::is_control)
    }

    /// A text of several lines, where nothing said means absent.
    pub(crate) fn lines_opt(
        &mut self,
        path: Path<'_>,
        text: String,
        max: usize,
    ) -> Option<Option<String>> {
        let forbidden = |character: char| character.is_control() && character != '\n';
        let text = self.checked(path, text, max, forbidden)?;
        Some((!text.is_empty()).then_some(text))
    }

    fn checked(
        &mut self,
        path: Path<'_>,
        text: String,
        max: usize,
        forbidden: impl Fn(char) -> bool,
    ) -> Option<String> {
        if let Some(character) = text.chars().find(|&character| forbidden(character)) {
            let code = u32::from(character);
            return self.invalid(path, format!("holds the control character U+{code:04X}"));
        }
        let text = normalised(text);
        // A character has at least one byte: most texts need no counting.
        if text.len() > max {
            let length = text.chars().count();
            if length > max {
                return self.invalid(path, format!("has {length} characters, more than {max}"));
            }
        }
        Some(text)
    }
}

fn normalised(text: String) -> String {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text,
        IsNormalized::No | IsNormalized::Maybe => text.nfc().collect(),
    }
}
