//! Time in this process, for limits to waiting; and instants as text.

use std::time::Instant;

#[expect(
    clippy::disallowed_methods,
    reason = "limits to waiting for brokers; nothing that is stored depends on it"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

const MICROS_A_SECOND: i64 = 1_000_000;
const SECONDS_A_DAY: i64 = 86_400;

/// Returns an instant as RFC 3339 has it, in UTC with microseconds: `2026-01-31T12:00:00.000000Z`.
///
/// None beyond the years 0 to 9999, which RFC 3339 cannot write.
pub(crate) fn rfc3339(unix_micros: i64) -> Option<String> {
    let seconds = unix_micros.div_euclid(MICROS_A_SECOND);
    let micros = unix_micros.rem_euclid(MICROS_A_SECOND);
    let (days, second) = (
        seconds.div_euclid(SECONDS_A_DAY),
        seconds.rem_euclid(SECONDS_A_DAY),
    );
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    (0..=9999).contains(&year).then(|| {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
    })
}

/// Returns year, month and day of a day that counts from 1970-01-01, in the Gregorian calendar.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    // From here on years begin in March, so that the day that may be missing is the last one.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_told_in_utc_with_microseconds() {
        for (micros, expected) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (951_868_800_000_000, "2000-03-01T00:00:00.000000Z"),
            (4_107_542_399_999_999, "2100-02-28T23:59:59.999999Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
            (1_790_856_000_000_001, "2026-10-01T12:00:00.000001Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(rfc3339(micros).as_deref(), Some(expected));
        }
        assert_eq!(rfc3339(253_402_300_800_000_000), None);
        assert_eq!(rfc3339(i64::MIN), None);
    }
}
