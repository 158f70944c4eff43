//! Rows as CSV: UTF-8, RFC 4180, for programs and for spreadsheets.
//!
//! A text cell that a spreadsheet would take for a formula gets a leading apostrophe (OWASP ASVS 5.0 1.2.10);
//! numbers stay numbers, so `-150.00` stays one.

use std::io;

use crate::cell::Cell;

/// Writes rows with the same columns. The header line comes first, also where no row follows.
pub struct CsvRows<W: io::Write> {
    writer: csv::Writer<W>,
    /// The cells that begin every row: where the figures stand in time.
    leading: Vec<String>,
}

impl<W: io::Write> CsvRows<W> {
    /// Begins with the header: names of `leading`, then `columns`.
    ///
    /// # Errors
    /// That of the writer.
    pub fn begin(
        output: W,
        leading: &[(&str, String)],
        columns: &[impl AsRef<str>],
    ) -> Result<Self, csv::Error> {
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(output);
        let names = leading.iter().map(|(name, _)| *name);
        writer.write_record(names.chain(columns.iter().map(AsRef::as_ref)))?;
        let leading = leading.iter().map(|(_, value)| harmless(value)).collect();
        Ok(Self { writer, leading })
    }

    /// Writes one row.
    ///
    /// # Errors
    /// That of the writer, or a row of another width than the header.
    pub fn row<'c>(&mut self, cells: impl IntoIterator<Item = &'c Cell>) -> Result<(), csv::Error> {
        let mut record = self.leading.clone();
        record.extend(cells.into_iter().map(|cell| {
            if cell.is_number() {
                cell.plain()
            } else {
                harmless(&cell.plain())
            }
        }));
        self.writer.write_record(record)
    }

    /// Passes on what is still buffered.
    ///
    /// # Errors
    /// That of the writer.
    pub fn end(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Text that no spreadsheet takes for a formula.
fn harmless(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
