//! Sending the same call again: bounded, jittered, and only where the error's type says so.

use std::future::Future;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder, Retryable as _};

use crate::ClientError;

/// How often and how patiently a call is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often it is sent again after the first time.
    pub retries_max: usize,
    /// The first delay; each later one is about twice as long, plus a random part of itself.
    pub delay_min: Duration,
    /// The longest delay, also where the service asks for a longer one.
    pub delay_max: Duration,
}

impl RetryPolicy {
    /// For reads by a person who waits: twice, within about a second.
    pub const READ: Self = Self {
        retries_max: 2,
        delay_min: Duration::from_millis(100),
        delay_max: Duration::from_secs(1),
    };

    /// For writes, whose outcome must become known: seven times, within about ten seconds.
    pub const WRITE: Self = Self {
        retries_max: 7,
        delay_min: Duration::from_millis(100),
        delay_max: Duration::from_secs(2),
    };

    /// For calls whose repetition is somebody else's decision.
    pub const NEVER: Self = Self {
        retries_max: 0,
        delay_min: Duration::ZERO,
        delay_max: Duration::ZERO,
    };

    /// Makes a call, and makes it again while its error allows that and the policy too.
    ///
    /// # Errors
    /// That of the last attempt.
    ///
    /// # Cancel safety
    /// Dropping it abandons the call, whose outcome is then unknown.
    pub async fn call<T, Call, Answer>(self, call: Call) -> Result<T, ClientError>
    where
        Call: FnMut() -> Answer,
        Answer: Future<Output = Result<T, ClientError>>,
    {
        call.retry(self.builder())
            .when(ClientError::is_retryable)
            .adjust(|error, delay| delay.map(|delay| self.delay(delay, error.retry_after())))
            .await
    }

    /// The longer of our own delay and the one asked for, within the policy.
    fn delay(self, own: Duration, asked: Option<Duration>) -> Duration {
        asked.map_or(own, |asked| asked.min(self.delay_max).max(own))
    }

    /// Returns the delays of one series of attempts.
    pub(crate) fn delays(self) -> ExponentialBackoff {
        self.builder().build()
    }

    fn builder(self) -> ExponentialBuilder {
        ExponentialBuilder::default()
            .with_min_delay(self.delay_min)
            .with_max_delay(self.delay_max)
            .with_max_times(self.retries_max)
            .with_jitter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_may_ask_for_a_longer_delay_but_not_beyond_the_policy() {
        let delay = |asked| RetryPolicy::WRITE.delay(Duration::from_millis(200), asked);
        assert_eq!(delay(None), Duration::from_millis(200));
        assert_eq!(
            delay(Some(Duration::from_millis(50))),
            Duration::from_millis(200)
        );
        assert_eq!(
            delay(Some(Duration::from_millis(1_500))),
            Duration::from_millis(1_500)
        );
        assert_eq!(delay(Some(Duration::from_mins(1))), Duration::from_secs(2));
    }
}
