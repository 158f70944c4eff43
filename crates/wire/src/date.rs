//! Civil dates and instants: as stored (YYYYMMDD, microseconds) and as the APIs carry them.

use perennial_domain::Date;
use perennial_domain::log::RecordedAt;

use crate::pb::google::r#type as google;

const MICROSECONDS: i64 = 1_000_000;
const NANOS_PER_MICROSECOND: i32 = 1_000;

/// Returns `date` as the decimal number YYYYMMDD. Dates of a ledger lie between 1960 and 2100.
pub(crate) fn number(date: Date) -> u32 {
    let part = |value: i16| u32::try_from(value).unwrap_or_default();
    part(date.year()) * 10_000 + part(date.month().into()) * 100 + part(date.day().into())
}

/// Returns the date of the decimal number YYYYMMDD, if there is one.
pub(crate) fn from_number(number: u32) -> Option<Date> {
    let year = i16::try_from(number / 10_000)
        .ok()
        .filter(|&year| 0 < year)?;
    let month = i8::try_from(number / 100 % 100).ok()?;
    let day = i8::try_from(number % 100).ok()?;
    Date::new(year, month, day).ok()
}

/// Returns `date` as the APIs carry it.
pub fn to_google(date: Date) -> google::Date {
    google::Date {
        year: date.year().into(),
        month: date.month().into(),
        day: date.day().into(),
    }
}

/// Returns the civil date of an API message; `None` if a part is missing or the date does not exist.
pub fn from_google(message: google::Date) -> Option<Date> {
    let year = i16::try_from(message.year).ok().filter(|&year| 0 < year)?;
    let month = i8::try_from(message.month).ok()?;
    let day = i8::try_from(message.day).ok()?;
    Date::new(year, month, day).ok()
}

/// Returns `instant` as the APIs carry it.
pub fn to_timestamp(instant: RecordedAt) -> prost_types::Timestamp {
    let micros = i32::try_from(instant.0.rem_euclid(MICROSECONDS)).unwrap_or_default();
    prost_types::Timestamp {
        seconds: instant.0.div_euclid(MICROSECONDS),
        nanos: micros * NANOS_PER_MICROSECOND,
    }
}

/// Returns the instant of an API message, cut to whole microseconds; `None` if it is malformed or out of range.
pub fn from_timestamp(message: prost_types::Timestamp) -> Option<RecordedAt> {
    if !(0..1_000_000_000).contains(&message.nanos) {
        return None;
    }
    let micros = i64::from(message.nanos / NANOS_PER_MICROSECOND);
    let whole = message.seconds.checked_mul(MICROSECONDS)?;
    whole.checked_add(micros).map(RecordedAt)
}
