//! Prints an error with its causes in one line.

use std::error::Error;
use std::fmt;

/// Returns `error` and its sources, outermost first, as one line: `"outer: middle: innermost"`.
///
/// Each source is printed once, also where a foreign error's own text already ends with the text of its source.
/// Use it wherever an error is consumed: logging only the outermost error hides the cause.
pub fn error_chain<'a>(error: &'a (dyn Error + 'static)) -> ErrorChain<'a> {
    ErrorChain { outermost: error }
}

/// An error and its sources, ready to print. Made by [`error_chain`].
#[derive(Clone, Copy, Debug)]
pub struct ErrorChain<'a> {
    outermost: &'a (dyn Error + 'static),
}

impl fmt::Display for ErrorChain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut printed = self.outermost.to_string();
        formatter.write_str(&printed)?;
        let mut next = self.outermost.source();
        while let Some(source) = next {
            let text = source.to_string();
            if !ends_with_sentence(&printed, &text) {
                write!(formatter, ": {text}")?;
                printed = text;
            }
            next = source.source();
        }
        Ok(())
    }
}

/// Returns whether `printed` already ends with `text` as a part of its own, not as the tail of a longer word.
fn ends_with_sentence(printed: &str, text: &str) -> bool {
    printed.strip_suffix(text).is_some_and(|before| {
        before
            .chars()
            .next_back()
            .is_none_or(|last| !last.is_alphanumeric() && last != '"')
    })
}
