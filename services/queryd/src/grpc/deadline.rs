//! How long a call may wait.

use std::time::Duration;

/// The longest that a read waits for the views.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// What is left of a caller's deadline for the answer's way back.
const WAY_BACK: Duration = Duration::from_millis(100);

/// How long a call may wait for the views: its deadline, less the way back, and never long.
pub(super) fn wait_max(metadata: &tonic::metadata::MetadataMap) -> Duration {
    let deadline = metadata
        .get("grpc-timeout")
        .and_then(|value| value.to_str().ok())
        .and_then(timeout);
    deadline.map_or(WAIT_MAX, |deadline| {
        deadline.saturating_sub(WAY_BACK).min(WAIT_MAX)
    })
}

/// Reads a `grpc-timeout`: at most 8 digits and a unit.
fn timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if !(1..=8).contains(&digits.len()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count.saturating_mul(3_600))),
        "M" => Some(Duration::from_secs(count.saturating_mul(60))),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(timeout: &str) -> Duration {
        let mut metadata = tonic::metadata::MetadataMap::new();
        metadata.insert("grpc-timeout", timeout.parse().unwrap());
        wait_max(&metadata)
    }

    #[test]
    fn a_read_waits_no_longer_than_its_deadline_less_the_way_back_and_5_s() {
        assert_eq!(waits("1S"), Duration::from_millis(900));
        assert_eq!(waits("5099m"), Duration::from_millis(4_999));
        assert_eq!(waits("5100m"), Duration::from_secs(5));
        assert_eq!(waits("2H"), Duration::from_secs(5));
        assert_eq!(waits("50m"), Duration::ZERO);
        assert_eq!(waits("soon"), Duration::from_secs(5));
        assert_eq!(
            wait_max(&tonic::metadata::MetadataMap::new()),
            Duration::from_secs(5)
        );
    }
}
