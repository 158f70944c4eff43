//! Serving routes until told to stop, then draining.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::listen::Listener;
use crate::request_size::RequestSizeLayer;

/// The most bytes of one request message (CONVENTIONS.md 8 "Limits").
pub const REQUEST_BYTES_MAX: usize = 1024 * 1024;

/// What tonic itself may decode: above [`REQUEST_BYTES_MAX`], so that our answer comes first.
pub const DECODE_BYTES_MAX: usize = 2 * REQUEST_BYTES_MAX;

/// How long open calls may go on after a stop.
pub const DRAIN_MAX: Duration = Duration::from_secs(25);

/// Interval of HTTP/2 keep-alive pings.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);

/// Why serving ended early.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The descriptor set for reflection is damaged.
    #[error("read the descriptors for reflection")]
    Descriptors(#[source] tonic_reflection::server::Error),
    /// The transport failed.
    #[error("serve connections")]
    Transport(#[source] tonic::transport::Error),
}

/// Routes of one port, with health and reflection.
pub struct Port {
    routes: Routes,
    health: HealthReporter,
}

impl Port {
    /// Starts a port's routes with health (everything `NOT_SERVING`) and reflection, v1 and v1alpha.
    ///
    /// # Errors
    /// [`ServeError::Descriptors`].
    pub fn new(descriptors: &'static [u8]) -> Result<Self, ServeError> {
        let (health, health_service) = tonic_health::server::health_reporter();
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(descriptors)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        let mut routes = Routes::new(health_service);
        routes = routes.add_service(reflection().build_v1().map_err(ServeError::Descriptors)?);
        routes = routes.add_service(
            reflection()
                .build_v1alpha()
                .map_err(ServeError::Descriptors)?,
        );
        Ok(Self { routes, health })
    }

    /// Adds a service with `add`, as in `port.with(|routes| routes.add_service(server))`.
    #[must_use]
    pub fn with(mut self, add: impl FnOnce(Routes) -> Routes) -> Self {
        self.routes = add(self.routes);
        self
    }

    /// Sets the health of `service` (a full gRPC service name; the empty text stands for the whole process).
    pub fn health(&self) -> HealthReporter {
        self.health.clone()
    }

    /// Serves until `stop` is cancelled, then lets open calls end for at most [`DRAIN_MAX`].
    ///
    /// # Errors
    /// [`ServeError::Transport`].
    pub async fn serve(
        self,
        listener: Listener,
        stop: CancellationToken,
    ) -> Result<(), ServeError> {
        let health = self.health.clone();
        let stopped = stop.clone();
        tracing::info!(address = %listener.address(), "listening");
        let serving = Server::builder()
            .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
            .layer(RequestSizeLayer {
                bytes_max: REQUEST_BYTES_MAX,
            })
            .add_routes(self.routes)
            .serve_with_incoming_shutdown(listener.into_incoming(), async move {
                stopped.cancelled().await;
                health
                    .set_service_status("", ServingStatus::NotServing)
                    .await;
            });
        let overdue = async {
            stop.cancelled().await;
            tokio::time::sleep(DRAIN_MAX).await;
        };
        tokio::select! {
            ended = serving => ended.map_err(ServeError::Transport),
            () = overdue => {
                tracing::warn!(after = ?DRAIN_MAX, "calls were still open when the time to drain was over");
                Ok(())
            }
        }
    }
}
