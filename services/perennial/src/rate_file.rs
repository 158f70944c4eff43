//! A file of exchange rates, one row a month or day and one column a currency: what it says, and what of it cannot be read.
//!
//! The first column is headed `DATE` and holds `2026-07` or `2026-07-01`; the other columns are headed by currencies. A
//! cell says how much of its currency one unit of the base is; an empty one says nothing. Numbers are rounded half to even
//! to the 9 decimals that a rate has. Rows of months follow each other without a gap: where one is left out, the row after
//! it is not believed.

use std::str::FromStr as _;

use perennial_domain::Date;
use perennial_domain::Decimal;
use perennial_domain::agreement::RateSource;
use perennial_domain::exchange::{RATE_DECIMALS_MAX, RateTable, TableRate, is_rate};
use perennial_domain::money::Currency;
use perennial_views::content::rate_table_hash;

/// How a file is to be read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The currency of which one unit is priced.
    pub base: Currency,
    /// Who states the rates.
    pub source: RateSource,
    /// What distinguishes this publication of the file; the versions of its tables begin with it.
    pub version: Option<String>,
}

/// What cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Row of the file, from 1: the headings.
    pub row: usize,
    /// The column's heading.
    pub column: String,
    /// What is wrong there.
    pub problem: String,
}

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateFile {
    /// How many rows it has below the headings.
    pub rows: usize,
    /// How many cells of them hold something, beside the dates: those with a rate, those left out and those unread.
    pub cells: usize,
    /// How many of the cells are the base's own, or of a column that is no currency that can be booked.
    pub left_out: usize,
    /// How many of the cells cannot be read, or stand in a row that is not believed.
    pub unread: usize,
    /// One table a row, with the row.
    pub tables: Vec<(usize, RateTable)>,
    /// What cannot be read, in the order of the file.
    pub troubles: Vec<Trouble>,
    /// Headings that are no currency that can be booked: their columns are left out.
    pub unknown: Vec<String>,
}

/// What is the matter with a file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRateFile {
    /// It has no first line.
    #[error("the file is empty")]
    Empty,
    /// Its first column is no date.
    #[error("the first column is headed \"{0}\" and not DATE")]
    NoDate(String),
    /// No column is a currency.
    #[error("no column is headed by a currency")]
    NoCurrency,
}

/// A row's date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Dated {
    first: Date,
    is_month: bool,
}

/// Reads a file of rates.
///
/// # Errors
/// [`NoRateFile`] if its headings are not those of one.
pub fn read(text: &str, reading: &Reading) -> Result<RateFile, NoRateFile> {
    let mut lines = text.lines();
    let headings: Vec<&str> = cells(lines.next().ok_or(NoRateFile::Empty)?).collect();
    let first = headings.first().copied().unwrap_or_default();
    if !first.eq_ignore_ascii_case("date") {
        return Err(NoRateFile::NoDate(first.to_owned()));
    }
    let mut file = RateFile::default();
    let mut columns: Vec<Option<Currency>> = vec![None];
    for heading in headings.iter().skip(1) {
        let currency = Currency::parse(heading).ok();
        if currency.is_none() {
            file.unknown.push((*heading).to_owned());
        }
        columns.push(currency);
    }
    if columns.iter().flatten().next().is_none() {
        return Err(NoRateFile::NoCurrency);
    }
    let mut before: Option<Dated> = None;
    for (row, line) in (2..).zip(lines) {
        let cells: Vec<&str> = cells(line).collect();
        // Files that were put together repeat their headings.
        if line.trim().is_empty() || cells == headings {
            continue;
        }
        let filled = cells.iter().skip(1).filter(|cell| !cell.is_empty()).count();
        file.rows = file.rows.saturating_add(1);
        file.cells = file.cells.saturating_add(filled);
        let date = cells.first().copied().unwrap_or_default();
        match dated(date, before) {
            Ok(dated) => {
                before = Some(dated);
                let rates = rates(
                    &mut file,
                    (&headings, &columns),
                    (row, &cells),
                    dated.first,
                    reading,
                );
                table(&mut file, row, date, rates, reading);
            }
            Err(problem) => {
                file.unread = file.unread.saturating_add(filled);
                file.troubles.push(Trouble {
                    row,
                    column: first.to_owned(),
                    problem,
                });
            }
        }
    }
    Ok(file)
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|cell| cell.trim().trim_matches('"'))
}

/// The date of a row after another one.
fn dated(text: &str, before: Option<Dated>) -> Result<Dated, String> {
    let month = Date::from_str(&format!("{text}-01"));
    let dated = match (month, Date::from_str(text)) {
        (Ok(first), _) if text.len() == 7 => Dated {
            first,
            is_month: true,
        },
        (_, Ok(first)) if text.len() == 10 => Dated {
            first,
            is_month: false,
        },
        _ => return Err(format!("\"{text}\" is no month and no day")),
    };
    let Some(before) = before else {
        return Ok(dated);
    };
    if dated.first <= before.first {
        return Err(format!("{text} is not after {}", before.text()));
    }
    if before.is_month && dated.is_month && before.next_month() != Some(dated.first) {
        return Err(format!(
            "{text} does not follow {}: months are left out",
            before.text()
        ));
    }
    Ok(dated)
}

impl Dated {
    fn text(self) -> String {
        let day = self.first.to_string();
        if self.is_month {
            day.get(..7).unwrap_or(&day).to_owned()
        } else {
            day
        }
    }

    fn next_month(self) -> Option<Date> {
        self.first.last_of_month().tomorrow().ok()
    }
}

impl RateFile {
    /// Notes a cell that cannot be read.
    fn unreadable(&mut self, trouble: Trouble) {
        self.unread = self.unread.saturating_add(1);
        self.troubles.push(trouble);
    }
}

/// The rates of one row; what cannot be read of them is noted.
fn rates(
    file: &mut RateFile,
    (headings, columns): (&[&str], &[Option<Currency>]),
    (row, cells): (usize, &[&str]),
    rate_on: Date,
    reading: &Reading,
) -> Vec<TableRate> {
    let mut rates = Vec::new();
    for (at, text) in cells.iter().enumerate().skip(1) {
        if text.is_empty() {
            continue;
        }
        let trouble = |problem: String| Trouble {
            row,
            column: headings.get(at).map_or_else(
                || format!("number {}", at.saturating_add(1)),
                |heading| (*heading).to_owned(),
            ),
            problem,
        };
        let Some(column) = columns.get(at) else {
            let problem = format!("\"{text}\" stands beyond the headings");
            file.unreadable(trouble(problem));
            continue;
        };
        let Some(quote) = column.filter(|quote| *quote != reading.base) else {
            file.left_out = file.left_out.saturating_add(1);
            continue;
        };
        match rate_value(text) {
            Some(value) => rates.push(TableRate {
                base: reading.base,
                quote,
                value,
                rate_on,
            }),
            None => file.unreadable(trouble(format!(
                "\"{text}\" is no rate above 0 and below 10^9"
            ))),
        }
    }
    rates
}

/// A rate of a cell, rounded half to even to the decimals that a rate has.
fn rate_value(text: &str) -> Option<Decimal> {
    let value = Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text));
    let value = value.ok()?.round_dp(RATE_DECIMALS_MAX).normalize();
    is_rate(value).then_some(value)
}

fn table(file: &mut RateFile, row: usize, date: &str, rates: Vec<TableRate>, reading: &Reading) {
    if rates.is_empty() {
        return;
    }
    let version = match &reading.version {
        None => date.to_owned(),
        Some(version) => format!("{version}:{date}"),
    };
    let mut table = RateTable {
        source: reading.source,
        table_version: version.into(),
        rates,
        content_hash: [0; 32],
    };
    table.sort();
    table.content_hash = rate_table_hash(&table);
    file.tables.push((row, table));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(text: &str, version: Option<&str>) -> RateFile {
        let reading = Reading {
            base: Currency::parse("USD").unwrap(),
            source: RateSource::Published,
            version: version.map(str::to_owned),
        };
        read(text, &reading).unwrap()
    }

    fn said(file: &RateFile) -> Vec<String> {
        let rates = file.tables.iter().flat_map(|(row, table)| {
            table.rates.iter().map(move |rate| {
                format!(
                    "{row} {} {} {} {}",
                    table.list(),
                    rate.quote,
                    rate.value,
                    rate.rate_on
                )
            })
        });
        rates.collect()
    }

    #[test]
    fn a_row_is_a_table_of_its_month() {
        let file = read_as(
            "DATE,EUR,USD,KWD\n2026-01,0.5,1,\n2026-02,0.25,1,0.3\n",
            None,
        );
        assert_eq!(
            said(&file),
            [
                "2 published@2026-01 EUR 0.5 2026-01-01",
                "3 published@2026-02 EUR 0.25 2026-02-01",
                "3 published@2026-02 KWD 0.3 2026-02-01",
            ]
        );
        assert_eq!(file.rows, 2);
        let named = read_as("DATE,EUR\n2026-01,0.5\n", Some("restated"));
        assert_eq!(
            said(&named),
            ["2 published@restated:2026-01 EUR 0.5 2026-01-01"]
        );
    }

    #[test]
    fn rates_are_rounded_half_to_even_to_nine_decimals() {
        let file = read_as(
            "DATE,EUR,JPY,KWD\n2026-01,0.1234567885,0.1234567895,1.5e-3\n",
            None,
        );
        assert_eq!(
            said(&file),
            [
                "2 published@2026-01 EUR 0.123456788 2026-01-01",
                "2 published@2026-01 JPY 0.12345679 2026-01-01",
                "2 published@2026-01 KWD 0.0015 2026-01-01",
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_is_said_with_row_and_column_and_the_rest_is_read() {
        let text = "DATE,EUR,HRD,JPY\nDATE,EUR,HRD,JPY\n2026-01,x,7.5,150\n2027-03,,,151\nundefin,0.9\n2026-02,0.9,,0,5\n";
        let file = read_as(text, None);
        assert_eq!(
            said(&file),
            [
                "3 published@2026-01 JPY 150 2026-01-01",
                "6 published@2026-02 EUR 0.9 2026-02-01",
            ]
        );
        let troubles: Vec<String> = file
            .troubles
            .iter()
            .map(|trouble| format!("{} {}: {}", trouble.row, trouble.column, trouble.problem))
            .collect();
        assert_eq!(
            troubles,
            [
                "3 EUR: \"x\" is no rate above 0 and below 10^9",
                "4 DATE: 2027-03 does not follow 2026-01: months are left out",
                "5 DATE: \"undefin\" is no month and no day",
                "6 JPY: \"0\" is no rate above 0 and below 10^9",
                "6 number 5: \"5\" stands beyond the headings",
            ]
        );
        assert_eq!(file.unknown, ["HRD"]);
        assert_eq!(file.rows, 4);
        // Two are rates, 7.5 is of no currency, and x, 151, 0.9, 0 and 5 cannot be taken over.
        assert_eq!((file.cells, file.left_out, file.unread), (8, 1, 5));
    }

    #[test]
    fn days_may_be_left_out_but_not_turn_back() {
        let file = read_as(
            "DATE,EUR\n2026-01-02,0.9\n2026-01-05,0.8\n2026-01-05,0.7\n",
            None,
        );
        assert_eq!(file.tables.len(), 2);
        assert_eq!(
            file.troubles[0].problem,
            "2026-01-05 is not after 2026-01-05"
        );
    }

    #[test]
    fn a_file_without_dates_or_currencies_is_none() {
        let reading = Reading {
            base: Currency::parse("USD").unwrap(),
            source: RateSource::Published,
            version: None,
        };
        assert_eq!(read("", &reading), Err(NoRateFile::Empty));
        let month = NoRateFile::NoDate("MONTH".to_owned());
        assert_eq!(read("MONTH,EUR\n", &reading), Err(month));
        assert_eq!(read("DATE,Euro\n", &reading), Err(NoRateFile::NoCurrency));
    }
}
