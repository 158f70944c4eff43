use std::time::Duration;

use perennial_client::connection::{AddressError, endpoint};
use tonic::transport::Channel;

/// Interval of HTTP/2 keep-alive pings: a peer that is gone without a word is noticed.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);
/// How long a ping may stay unanswered.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// The shortest and the longest wait before something that did not work is tried again.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Prepares a connection, which is made when first used and made again when lost.
pub(crate) fn channel(address: &str) -> Result<Channel, AddressError> {
    Ok(endpoint(address)?
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .connect_lazy())
}

/// Waits that double until something works again.
#[derive(Debug)]
pub(crate) struct Backoff(Duration);

impl Backoff {
    pub(crate) fn new() -> Self {
        Self(PAUSE_MIN)
    }

    pub(crate) fn reset(&mut self) {
        self.0 = PAUSE_MIN;
    }

    pub(crate) async fn pause(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = self.0.saturating_mul(2).min(PAUSE_MAX);
    }
}
