//! stdout carries data, stderr everything else.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use comfy_table::{CellAlignment, LineStyle, Table, presets};
use perennial_export::cell::Cell;
use serde::Serialize;

use crate::cli::{Color, OutputFormat};
use crate::failure::{Exit, Failure};

/// Where this process writes, and how.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    format: Option<OutputFormat>,
}

impl Console {
    /// Returns the console of this process.
    pub fn new(format: Option<OutputFormat>, color: Color) -> Self {
        match color {
            Color::Auto => anstream::ColorChoice::Auto.write_global(),
            Color::Always => anstream::ColorChoice::Always.write_global(),
            Color::Never => anstream::ColorChoice::Never.write_global(),
        }
        Self { format }
    }

    /// How results are printed: as asked, else as a table.
    pub fn format(&self) -> OutputFormat {
        self.format.unwrap_or(OutputFormat::Table)
    }

    /// How results are printed: as asked, else `otherwise`.
    pub fn format_or(&self, otherwise: OutputFormat) -> OutputFormat {
        self.format.unwrap_or(otherwise)
    }

    /// Whether a program reads the results.
    pub fn wants_json(&self) -> bool {
        match self.format() {
            OutputFormat::Json | OutputFormat::Ndjson => true,
            OutputFormat::Table | OutputFormat::Csv => false,
        }
    }

    /// Whether somebody can be asked: stdin and stderr are terminals.
    pub fn is_interactive(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Whether progress can be drawn.
    pub fn draws_progress(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Prints a line of data.
    ///
    /// # Errors
    /// If nobody reads stdout any more.
    pub fn data(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = anstream::stdout().lock();
        writeln!(stdout, "{text}")
            .and_then(|()| stdout.flush())
            .map_err(|error| lost(&error))
    }

    /// Prints text that has its own line ends.
    ///
    /// # Errors
    /// As [`Self::data`].
    pub fn raw(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = anstream::stdout().lock();
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
            .map_err(|error| lost(&error))
    }

    /// Prints a document as one line of JSON.
    ///
    /// # Errors
    /// As [`Self::data`].
    pub fn json(&self, document: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(document)
            .map_err(|error| Failure::caused(Exit::Other, "print the result as JSON", &error))?;
        self.data(&text)
    }

    /// Prints rows as a table for people, with a header.
    ///
    /// # Errors
    /// As [`Self::data`].
    pub fn table(&self, columns: &[&str], rows: &[Vec<Cell>]) -> Result<(), Failure> {
        let mut table = Table::new();
        let line = LineStyle::none().fill('─').junction('─');
        table.load_style(presets::NOTHING.header_separator(line));
        table.set_header(columns.iter().map(|column| column.replace('_', " ")));
        for row in rows {
            table.add_row(row.iter().map(|cell| {
                let text = if cell.is_number() {
                    grouped(&cell.plain())
                } else {
                    cell.plain()
                };
                let alignment = if cell.is_number() {
                    CellAlignment::Right
                } else {
                    CellAlignment::Left
                };
                comfy_table::Cell::new(text).set_alignment(alignment)
            }));
        }
        self.data(&table.trim_fmt())
    }

    /// Writes a line for people.
    pub fn say(&self, text: &str) {
        // Where stderr is closed, nobody wants to be told.
        drop(writeln!(anstream::stderr().lock(), "{text}"));
    }

    /// Writes a line about a failure, its label in colour.
    pub fn fail(&self, label: &str, text: &str) {
        let colour = if label == "error:" {
            "\u{1b}[1;31m"
        } else {
            "\u{1b}[1m"
        };
        self.say(&format!("{colour}{label}\u{1b}[0m {text}"));
    }

    /// Asks a question that is answered with `y`; anything else, and the end of input, is no.
    pub fn confirm(&self, question: &str) -> bool {
        let mut stderr = anstream::stderr().lock();
        if write!(stderr, "{question} [y/N] ")
            .and_then(|()| stderr.flush())
            .is_err()
        {
            return false;
        }
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
    }
}

/// stdout is closed: the reader has what it wanted, or the disk behind it is full.
fn lost(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Failure::printed(Exit::Other);
    }
    Failure::caused(Exit::Other, "write the result", error)
}

/// A number with its digits in groups of three.
fn grouped(number: &str) -> String {
    let (sign, digits) = number
        .strip_prefix('-')
        .map_or(("", number), |digits| ("-", digits));
    let (whole, rest) = digits
        .find('.')
        .map_or((digits, ""), |dot| digits.split_at(dot));
    let mut text = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index != 0 && whole.len().saturating_sub(index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_are_grouped_by_three_before_the_dot() {
        let cases = [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("-123456", "-123,456"),
            ("2417615507.12", "2,417,615,507.12"),
        ];
        for (number, expected) in cases {
            assert_eq!(grouped(number), expected);
        }
    }
}
