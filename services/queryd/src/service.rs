//! The read side on a port of its own.

use std::sync::Arc;

use perennial_app::ports::ledgers::LedgerLogs;
use perennial_transport::listen::Listener;
use perennial_transport::node::{self, Node};
use perennial_transport::readiness::{NotLetIn, Readiness};
use perennial_transport::serve::{Port, ServeError};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::grpc::Handlers;
use crate::projections::Projections;

/// Full names of the gRPC services of queryd, for health.
pub const SERVICES: [&str; 2] = [
    "perennial.query.v1.QueryService",
    "perennial.admin.v1.ProjectionAdminService",
];

/// Why the service ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The port failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Whoever keeps the logs does not let this process in.
    #[error(transparent)]
    NotLetIn(#[from] NotLetIn),
}

/// Runs queryd alone until `stop`; calls `ready` once the logs are reached and questions are answered.
///
/// # Errors
/// [`RunError`].
pub async fn run(
    config: Config,
    logs: Arc<dyn LedgerLogs>,
    listener: Listener,
    stop: CancellationToken,
    ready: impl FnOnce(),
) -> Result<(), RunError> {
    let reach = logs.reach();
    let projections = Projections::start(config, logs, stop.clone());
    let port = Port::new(perennial_wire::FILE_DESCRIPTOR_SET)?;
    let health = port.health();
    let handlers = Handlers::new(Arc::clone(&projections), stop.clone());
    let node = Node::start(vec![Box::new(handlers.clone())]);
    let port = port
        .with(|routes| handlers.add_to(routes))
        .with(|routes| node.add_to(routes));
    let readiness = Readiness {
        writing: Vec::new(),
        reading: SERVICES.into_iter().chain([node::SERVICE]).collect(),
        reach,
    };
    let served = tokio::select! {
        served = port.serve(listener, stop.clone()) => served.map_err(RunError::from),
        refused = readiness.tell(health, ready) => Err(refused.into()),
    };
    stop.cancel();
    projections.close().await;
    served
}
