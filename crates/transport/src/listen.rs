//! Where a port listens, and why not everywhere.

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// It reaches beyond this machine, and there is no TLS and no authentication yet.
    #[error(
        "{address} is not a loopback address, and connections are neither encrypted nor authenticated yet"
    )]
    NotLoopback {
        /// The address.
        address: SocketAddr,
    },
    /// It cannot be bound.
    #[error("listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// A bound port.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds `address`; port 0 picks a free one.
    ///
    /// # Errors
    /// [`ListenError::NotLoopback`] unless `insecure`, [`ListenError::Bind`].
    pub async fn bind(address: SocketAddr, insecure: bool) -> Result<Self, ListenError> {
        if !address.ip().is_loopback() {
            if !insecure {
                return Err(ListenError::NotLoopback { address });
            }
            tracing::warn!(%address, "listening beyond this machine without TLS and authentication (--insecure)");
        }
        let bind = |source| ListenError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        Ok(Self { listener, address })
    }

    /// Where it really listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its connections. Without `TCP_NODELAY` answers wait 40 ms for delayed acknowledgements.
    pub fn into_incoming(self) -> TcpIncoming {
        TcpIncoming::from(self.listener).with_nodelay(Some(true))
    }
}
