//! Time in this process, for limits to waiting; and instants as text.

use std::time::Instant;

use jiff::SignedDuration;
use jiff::civil::date;

#[expect(
    clippy::disallowed_methods,
    reason = "limits to waiting for brokers; nothing that is stored depends on it"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Returns an instant as RFC 3339 has it, in UTC with microseconds: `2026-01-31T12:00:00.000000Z`.
///
/// None beyond the years 0 to 9999, which RFC 3339 cannot write.
pub(crate) fn rfc3339(unix_micros: i64) -> Option<String> {
    let epoch = date(1970, 1, 1).at(0, 0, 0, 0);
    let since = SignedDuration::from_micros(unix_micros);
    let instant = epoch.checked_add(since).ok()?;
    (0 <= instant.year()).then(|| format!("{instant:.6}Z"))
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
