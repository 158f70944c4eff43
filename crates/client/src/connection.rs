//! Where the services are reached.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use perennial_wire::pb;
use tonic::transport::{Channel, Endpoint};

use crate::ClientError;

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

/// Connections to one server, or to several that share their ledgers, made when first used and made again when lost.
/// Clones share them, and what they learn: see [`Connection::learn`].
#[derive(Clone, Debug)]
pub struct Connection {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// As given.
    addresses: String,
    peers: Vec<Arc<Peer>>,
    connections: NonZeroUsize,
    routes: Mutex<Routes>,
}

/// One server.
#[derive(Debug)]
struct Peer {
    address: String,
    channels: Vec<Channel>,
    next: AtomicUsize,
}

/// Where calls go now.
#[derive(Debug, Default)]
struct Routes {
    /// Counts what was learned.
    lesson: u64,
    /// Which of the given servers is asked.
    turn: usize,
    /// The server that leads, if another one named it: it is asked whatever only a leader does.
    leader: Option<Arc<Peer>>,
}

/// What a connection knew when a call was made.
#[derive(Clone, Copy, Debug)]
pub struct Lesson(u64);

impl Connection {
    /// Prepares one connection to each of `addresses`, which are separated by commas, as in `127.0.0.1:7410` or
    /// `http://host:7410`. Sends nothing yet. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn open(addresses: &str) -> Result<Self, AddressError> {
        Self::open_many(addresses, NonZeroUsize::MIN)
    }

    /// As [`Self::open`], with `connections` connections to each server that are used in turn: one carries about
    /// 40,000 small calls per second.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn open_many(addresses: &str, connections: NonZeroUsize) -> Result<Self, AddressError> {
        let peers = addresses.split(',').map(|address| {
            let peer = Peer::open(address.trim(), connections)?;
            Ok(Arc::new(peer))
        });
        let shared = Shared {
            addresses: addresses.to_owned(),
            peers: peers.collect::<Result<_, AddressError>>()?,
            connections,
            routes: Mutex::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Returns the addresses as given.
    pub fn address(&self) -> &str {
        &self.shared.addresses
    }

    /// Returns the address at which the write side is asked now.
    pub fn write_address(&self) -> String {
        self.writing().address.clone()
    }

    /// Returns what is known now, to be given to [`Self::learn`] after a call.
    pub fn lesson(&self) -> Lesson {
        Lesson(self.routes().lesson)
    }

    /// Learns from an error where to ask next, unless something was learned since `made`. Returns whether it is worth
    /// asking there at once.
    ///
    /// Who answers `NOT_LEADER` names the leader: writes go there. Where there is no answer, or nobody leads, it is the
    /// next given server's turn. Must be called within a tokio runtime.
    pub fn learn(&self, made: Lesson, error: &ClientError) -> bool {
        let mut routes = self.routes();
        if routes.lesson != made.0 {
            return true;
        }
        let several = 1 < self.shared.peers.len();
        let at_once = match error {
            ClientError::Answered(answer) => match answer.leader_address() {
                Some(leader) => {
                    let Some(peer) = self.peer(leader) else {
                        return false;
                    };
                    routes.leader = Some(peer);
                    true
                }
                None if answer.is_retryable() && answer.code == tonic::Code::Unavailable => {
                    routes.leader = None;
                    routes.turn = routes.turn.wrapping_add(1);
                    false
                }
                None => return false,
            },
            // Whoever named it knows no better yet, and has to be given time.
            ClientError::NoAnswer { .. } if routes.leader.take().is_some() => false,
            ClientError::NoAnswer { .. } => {
                routes.turn = routes.turn.wrapping_add(1);
                several
            }
            ClientError::Protocol(_) => return false,
        };
        routes.lesson = routes.lesson.wrapping_add(1);
        at_once
    }

    fn routes(&self) -> MutexGuard<'_, Routes> {
        let routes = self.shared.routes.lock();
        routes.unwrap_or_else(PoisonError::into_inner)
    }

    /// A given server, or one that was named by another.
    fn peer(&self, address: &str) -> Option<Arc<Peer>> {
        let given = self.shared.peers.iter();
        let known = given.clone().find(|peer| peer.address == address);
        known.map(Arc::clone).or_else(|| {
            let opened = Peer::open(address, self.shared.connections);
            opened.ok().map(Arc::new)
        })
    }

    /// The given server whose turn it is.
    ///
    /// # Panics
    /// Never: there is at least one.
    #[expect(
        clippy::expect_used,
        reason = "splitting a text gives at least one part, and the index is a remainder of the count"
    )]
    fn reading(&self) -> Arc<Peer> {
        let peers = &self.shared.peers;
        let index = self.routes().turn.checked_rem(peers.len()).unwrap_or(0);
        Arc::clone(peers.get(index).expect("at least one server"))
    }

    /// The server that leads, as far as it is known.
    fn writing(&self) -> Arc<Peer> {
        let leader = self.routes().leader.clone();
        leader.unwrap_or_else(|| self.reading())
    }

    /// Returns the next connection in turn to the server that is asked now.
    pub fn channel(&self) -> Channel {
        self.reading().channel()
    }

    /// Returns the write side's generated client.
    pub fn ledger(&self) -> pb::ledger::ledger_service_client::LedgerServiceClient<Channel> {
        pb::ledger::ledger_service_client::LedgerServiceClient::new(self.writing().channel())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Returns the generated client for making and listing ledgers.
    pub fn ledger_admin(
        &self,
    ) -> pb::admin::ledger_admin_service_client::LedgerAdminServiceClient<Channel> {
        pb::admin::ledger_admin_service_client::LedgerAdminServiceClient::new(
            self.writing().channel(),
        )
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

impl Peer {
    fn open(address: &str, connections: NonZeroUsize) -> Result<Self, AddressError> {
        let endpoint = endpoint(address)?.timeout(ANSWER_MAX);
        Ok(Self {
            address: address.to_owned(),
            channels: (0..connections.get())
                .map(|_| endpoint.connect_lazy())
                .collect(),
            next: AtomicUsize::default(),
        })
    }

    /// # Panics
    /// Never: there is at least one.
    #[expect(
        clippy::expect_used,
        reason = "the count is NonZeroUsize and the index its remainder"
    )]
    fn channel(&self) -> Channel {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let index = turn.checked_rem(self.channels.len()).unwrap_or(0);
        self.channels
            .get(index)
            .cloned()
            .expect("at least one channel")
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
