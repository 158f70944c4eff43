//! The read side on a port of its own.

use std::sync::Arc;

use perennial_app::ports::ledgers::LedgerLogs;
use perennial_transport::listen::Listener;
use perennial_transport::node::{self, Node};
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

/// Runs queryd alone until `stop`; calls `ready` once questions are answered.
///
/// # Errors
/// [`ServeError`] if the port failed.
pub async fn run(
    config: Config,
    logs: Arc<dyn LedgerLogs>,
    listener: Listener,
    stop: CancellationToken,
    ready: impl FnOnce(),
) -> Result<(), ServeError> {
    let projections = Projections::start(config, logs, stop.clone());
    let port = Port::new(perennial_wire::FILE_DESCRIPTOR_SET)?;
    let health = port.health();
    let handlers = Handlers::new(Arc::clone(&projections), stop.clone());
    let node = Node::start(vec![Box::new(handlers.clone())]);
    let port = port
        .with(|routes| handlers.add_to(routes))
        .with(|routes| node.add_to(routes));
    for service in SERVICES.into_iter().chain([node::SERVICE, ""]) {
        health
            .set_service_status(service, tonic_health::ServingStatus::Serving)
            .await;
    }
    ready();
    let served = port.serve(listener, stop.clone()).await;
    stop.cancel();
    projections.close().await;
    served
}
