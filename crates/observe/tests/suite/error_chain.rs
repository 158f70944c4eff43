//! An error is printed with every cause, and each cause once.

use std::error::Error;
use std::fmt;

use perennial_observe::error_chain;

#[derive(Debug)]
struct Layer {
    text: &'static str,
    source: Option<Box<dyn Error + 'static>>,
}

impl fmt::Display for Layer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text)
    }
}

impl Error for Layer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref()
    }
}

/// Builds a chain from the outermost text to the innermost.
fn chain(texts: &[&'static str]) -> Layer {
    let mut layers = texts.iter().rev();
    let mut error = Layer {
        text: layers.next().expect("one text"),
        source: None,
    };
    for text in layers {
        error = Layer {
            text,
            source: Some(Box::new(error)),
        };
    }
    error
}

#[track_caller]
fn check(texts: &[&'static str], expected: &str) {
    assert_eq!(error_chain(&chain(texts)).to_string(), expected);
}

#[test]
fn an_error_without_a_cause_is_its_own_text() {
    check(&["ledger is locked"], "ledger is locked");
}

#[test]
fn causes_follow_from_the_outermost_to_the_innermost() {
    check(
        &[
            "open ledger \"oda\"",
            "read segment 0",
            "input/output error",
        ],
        "open ledger \"oda\": read segment 0: input/output error",
    );
}

#[test]
fn a_cause_that_the_outer_text_repeats_is_printed_once() {
    check(&["connect: refused", "refused"], "connect: refused");
    check(
        &["transport error", "transport error", "refused"],
        "transport error: refused",
    );
}

#[test]
fn a_cause_that_only_looks_like_the_tail_of_a_word_is_kept() {
    check(&["flush refused", "used"], "flush refused: used");
    check(&["flush is refused", "refused"], "flush is refused");
}
