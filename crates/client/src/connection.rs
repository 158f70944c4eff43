//! Where the services are reached.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use perennial_wire::pb;
use tonic::transport::{Channel, Endpoint};

/// How long a new connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Interval of HTTP/2 keep-alive pings.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// How long a ping may stay unanswered.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a service may take until it begins to answer; each submission has a shorter time of its own.
const ANSWER_MAX: Duration = Duration::from_mins(1);
/// The most bytes of one answer: a page of rows, or a batch of records with stored bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// An address that cannot be one of a server.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It does not parse.
    #[error("server address \"{address}\" is not HOST:PORT")]
    Malformed {
        /// As given.
        address: String,
    },
    /// It asks for TLS, which the services do not offer yet.
    #[error("server address \"{address}\" asks for TLS, which is not offered yet")]
    Tls {
        /// As given.
        address: String,
    },
}

/// One or several HTTP/2 connections to one address, made when first used and made again when lost.
/// Clones share them.
#[derive(Clone, Debug)]
pub struct Connection {
    address: Arc<str>,
    channels: Arc<[Channel]>,
    next: Arc<AtomicUsize>,
}

impl Connection {
    /// Prepares one connection to `address`, as in `127.0.0.1:7410` or `http://host:7410`. Sends nothing yet.
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn open(address: &str) -> Result<Self, AddressError> {
        Self::open_many(address, NonZeroUsize::MIN)
    }

    /// As [`Self::open`], with `connections` connections that are used in turn: one carries about 40,000 small
    /// calls per second.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn open_many(address: &str, connections: NonZeroUsize) -> Result<Self, AddressError> {
        let endpoint = endpoint(address)?.timeout(ANSWER_MAX);
        Ok(Self {
            address: address.into(),
            channels: (0..connections.get())
                .map(|_| endpoint.connect_lazy())
                .collect(),
            next: Arc::default(),
        })
    }

    /// Returns the address as given.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the next connection in turn.
    ///
    /// # Panics
    /// Never: there is at least one.
    pub fn channel(&self) -> Channel {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let index = turn.checked_rem(self.channels.len()).unwrap_or(0);
        #[expect(
            clippy::expect_used,
            reason = "the count is NonZeroUsize and the index its remainder"
        )]
        self.channels
            .get(index)
            .cloned()
            .expect("at least one channel")
    }

    /// Returns the write side's generated client.
    pub fn ledger(&self) -> pb::ledger::ledger_service_client::LedgerServiceClient<Channel> {
        pb::ledger::ledger_service_client::LedgerServiceClient::new(self.channel())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Returns the generated client for making and listing ledgers.
    pub fn ledger_admin(
        &self,
    ) -> pb::admin::ledger_admin_service_client::LedgerAdminServiceClient<Channel> {
        pb::admin::ledger_admin_service_client::LedgerAdminServiceClient::new(self.channel())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Returns the generated client for a process's status.
    pub fn node(&self) -> pb::admin::node_service_client::NodeServiceClient<Channel> {
        pb::admin::node_service_client::NodeServiceClient::new(self.channel())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Returns the read side's generated client.
    pub fn query(&self) -> pb::query::query_service_client::QueryServiceClient<Channel> {
        pb::query::query_service_client::QueryServiceClient::new(self.channel())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Returns the audit side's generated client.
    pub fn audit(&self) -> pb::audit::audit_service_client::AuditServiceClient<Channel> {
        pb::audit::audit_service_client::AuditServiceClient::new(self.channel())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Returns the standard health client.
    pub fn health(&self) -> tonic_health::pb::health_client::HealthClient<Channel> {
        tonic_health::pb::health_client::HealthClient::new(self.channel())
    }
}

/// Reads an address, as in `127.0.0.1:7410` or `http://host:7410`, and prepares a connection to it: quick to notice a
/// peer that is gone, without a limit on how long an answer may take. Connects to nothing yet.
///
/// # Errors
/// [`AddressError`].
pub fn endpoint(address: &str) -> Result<Endpoint, AddressError> {
    let malformed = || AddressError::Malformed {
        address: address.to_owned(),
    };
    if address.starts_with("https://") {
        return Err(AddressError::Tls {
            address: address.to_owned(),
        });
    }
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
        .keep_alive_while_idle(true))
}
