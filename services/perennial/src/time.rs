//! Instants and dates between people and the API.

use perennial_domain::Date;
use perennial_domain::log::RecordedAt;
use perennial_wire::pb::google::r#type as google;
use prost_types::Timestamp;

/// The text of an instant: UTC, as in `2027-01-31T12:00:00.000001Z`.
pub fn instant_text(instant: Option<&Timestamp>) -> Option<String> {
    instant.map(Timestamp::to_string)
}

/// Reads an instant, with its zone: `2027-01-31T12:00:00Z`. A date alone means the end of that day in UTC.
///
/// # Errors
/// What is wrong, for people.
pub fn parse_instant(text: &str) -> Result<Timestamp, String> {
    let whole = match crate::submission::parse_date(text) {
        Some(date) => format!("{date}T23:59:59.999999Z"),
        None => text.to_owned(),
    };
    whole.parse().map_err(|_| {
        format!("\"{text}\" is no time: write it as 2027-01-31 or 2027-01-31T12:00:00Z")
    })
}

/// Reads a civil date: `2027-01-31`.
///
/// # Errors
/// What is wrong, for people.
pub fn parse_date(text: &str) -> Result<Date, String> {
    crate::submission::parse_date(text)
        .ok_or_else(|| format!("\"{text}\" is no date: write it as 2027-01-31"))
}

/// Today in UTC.
#[expect(
    clippy::disallowed_methods,
    reason = "a command line is where the clock is read"
)]
pub fn today() -> Date {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let micros = since.map_or(0, |since| {
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    });
    RecordedAt(micros).date()
}

/// A civil date as the API has it.
pub fn api_date(date: Date) -> google::Date {
    google::Date {
        year: i32::from(date.year()),
        month: i32::from(date.month()),
        day: i32::from(date.day()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_alone_means_the_end_of_that_day() {
        let instant = parse_instant("2027-01-31").unwrap();
        assert_eq!(instant.to_string(), "2027-01-31T23:59:59.999999Z");
        let instant = parse_instant("2027-01-31T12:00:00+02:00").unwrap();
        assert_eq!(instant.to_string(), "2027-01-31T10:00:00Z");
        assert!(parse_instant("yesterday").is_err());
    }
}
