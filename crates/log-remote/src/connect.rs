use std::time::Duration;

use tonic::transport::{Channel, Endpoint};

/// How long a new connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Interval of HTTP/2 keep-alive pings: a peer that is gone without a word is noticed.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);
/// How long a ping may stay unanswered.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// The shortest and the longest wait before something that did not work is tried again.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// An address that cannot be one of a ledgerd.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ledgerd address \"{0}\" is not HOST:PORT")]
pub struct AddressError(pub String);

/// Prepares a connection, which is made when first used and made again when lost.
pub(crate) fn channel(address: &str) -> Result<Channel, AddressError> {
    let malformed = || AddressError(address.to_owned());
    let authority = address
        .strip_prefix("http://")
        .unwrap_or(address)
        .trim_end_matches('/');
    let (host, port) = authority.rsplit_once(':').ok_or_else(malformed)?;
    if host.is_empty() || port.parse::<u16>().is_err() {
        return Err(malformed());
    }
    let endpoint = Endpoint::from_shared(format!("http://{authority}")).map_err(|_| malformed())?;
    Ok(endpoint
        .connect_timeout(CONNECT_MAX)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_is_a_host_and_a_port() {
        for good in ["127.0.0.1:7410", "http://localhost:1/", "[::1]:7410"] {
            assert!(channel(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "localhost",
            ":7410",
            "localhost:port",
            "localhost:70000",
            "a b:1",
        ] {
            assert_eq!(channel(bad).err(), Some(AddressError(bad.to_owned())));
        }
    }
}
