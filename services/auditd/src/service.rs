//! The audit side on a port of its own.

use perennial_app::ports::ledgers::LedgerLogs;
use perennial_transport::listen::Listener;
use perennial_transport::node::{self, Node};
use perennial_transport::serve::{Port, ServeError};
use tokio_util::sync::CancellationToken;

use crate::grpc::Handlers;
use crate::ledgers::Ledgers;

/// Full names of the gRPC services of auditd, for health.
pub const SERVICES: [&str; 1] = ["perennial.audit.v1.AuditService"];

/// Runs auditd alone until `stop`; calls `ready` once records are served.
///
/// # Errors
/// [`ServeError`] if the port failed.
pub async fn run(
    logs: &dyn LedgerLogs,
    listener: Listener,
    stop: CancellationToken,
    ready: impl FnOnce(),
) -> Result<(), ServeError> {
    let ledgers = Ledgers::start(logs, stop.clone());
    let port = Port::new(perennial_wire::FILE_DESCRIPTOR_SET)?;
    let health = port.health();
    let handlers = Handlers::new(ledgers, stop.clone());
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
    served
}
