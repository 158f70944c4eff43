//! Sending the same call again: bounded, jittered, and only where the error's type says so.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Sleep;

use crate::connection::Lesson;
use crate::{ClientError, Connection};

/// How often and how patiently a call is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often it is sent again after the first time.
    pub retries_max: usize,
    /// The first delay; each later one is about twice as long, plus a random part of itself.
    pub delay_min: Duration,
    /// The longest delay, also where the service asks for a longer one.
    pub delay_max: Duration,
    /// No attempt begins later than this after the first.
    pub deadline: Duration,
}

/// So often in a row another server is asked at once, where errors name one, before it counts as a retry.
const HOPS_MAX: usize = 3;

impl RetryPolicy {
    /// For reads by a person who waits: twice, within about a second.
    pub const READ: Self = Self {
        retries_max: 2,
        delay_min: Duration::from_millis(100),
        delay_max: Duration::from_secs(1),
        deadline: Duration::from_secs(10),
    };

    /// For writes, whose outcome must become known: seven times, within about ten seconds.
    pub const WRITE: Self = Self {
        retries_max: 7,
        delay_min: Duration::from_millis(100),
        delay_max: Duration::from_secs(2),
        deadline: Duration::from_mins(1),
    };

    /// For calls whose repetition is somebody else's decision.
    pub const NEVER: Self = Self {
        retries_max: 0,
        delay_min: Duration::ZERO,
        delay_max: Duration::ZERO,
        deadline: Duration::ZERO,
    };

    /// Makes a call over `connection`, and makes it again while its error allows that and the policy too: at once
    /// where the error names another server to ask, else after a delay. No attempt begins after the deadline.
    ///
    /// # Errors
    /// That of the last attempt.
    ///
    /// # Cancel safety
    /// Dropping it abandons the call, whose outcome is then unknown.
    pub async fn call<T, Call, Answer>(
        self,
        connection: &Connection,
        mut call: Call,
    ) -> Result<T, ClientError>
    where
        Call: FnMut() -> Answer,
        Answer: Future<Output = Result<T, ClientError>>,
    {
        let mut attempts = Attempts::new(self);
        loop {
            let known = connection.lesson();
            match call().await {
                Ok(answer) => return Ok(answer),
                Err(error) => attempts.pause_after(connection, known, error).await?,
            }
        }
    }

    /// The longer of our own delay and the one asked for, within the policy.
    fn delay(self, own: Duration, asked: Option<Duration>) -> Duration {
        asked.map_or(own, |asked| asked.min(self.delay_max).max(own))
    }

    fn delays(self) -> ExponentialBackoff {
        ExponentialBuilder::default()
            .with_min_delay(self.delay_min)
            .with_max_delay(self.delay_max)
            .with_max_times(self.retries_max)
            .with_jitter()
            .build()
    }
}

/// One series of attempts.
pub(crate) struct Attempts {
    policy: RetryPolicy,
    delays: ExponentialBackoff,
    /// How often in a row another server was asked at once.
    hops: usize,
    over: Pin<Box<Sleep>>,
}

impl Attempts {
    pub(crate) fn new(policy: RetryPolicy) -> Self {
        Self {
            policy,
            delays: policy.delays(),
            hops: 0,
            over: Box::pin(tokio::time::sleep(policy.deadline)),
        }
    }

    /// Learns from an error over `connection`, of which `known` was known before the attempt, and waits until the next
    /// attempt may begin.
    ///
    /// # Errors
    /// The same error, if there is to be none.
    pub(crate) async fn pause_after(
        &mut self,
        connection: &Connection,
        known: Lesson,
        error: ClientError,
    ) -> Result<(), ClientError> {
        if !error.is_retryable() || self.policy.retries_max == 0 {
            return Err(error);
        }
        let at_once = connection.learn(known, &error);
        if at_once && self.hops < HOPS_MAX && !self.over.is_elapsed() {
            self.hops = self.hops.saturating_add(1);
            return Ok(());
        }
        self.hops = 0;
        let Some(delay) = self.delays.next() else {
            return Err(error);
        };
        let delay = self.policy.delay(delay, error.retry_after());
        tokio::select! {
            biased;
            () = self.over.as_mut() => Err(error),
            () = tokio::time::sleep(delay) => Ok(()),
        }
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
