//! The audit side on a port of its own.

use perennial_app::ports::ledgers::LedgerLogs;
use perennial_transport::listen::Listener;
use perennial_transport::node::{self, Node};
use perennial_transport::readiness::{NotLetIn, Readiness};
use perennial_transport::serve::{Port, ServeError};
use tokio_util::sync::CancellationToken;

use crate::grpc::Handlers;
use crate::ledgers::Ledgers;

/// Full names of the gRPC services of auditd, for health.
pub const SERVICES: [&str; 1] = ["perennial.audit.v1.AuditService"];

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

/// Runs auditd alone until `stop`; calls `ready` once the logs are reached and records are served.
///
/// # Errors
/// [`RunError`].
pub async fn run(
    logs: &dyn LedgerLogs,
    listener: Listener,
    stop: CancellationToken,
    ready: impl FnOnce(),
) -> Result<(), RunError> {
    let ledgers = Ledgers::start(logs, stop.clone());
    let port = Port::new(perennial_wire::FILE_DESCRIPTOR_SET)?;
    let health = port.health();
    let handlers = Handlers::new(ledgers, stop.clone());
    let node = Node::start(vec![Box::new(handlers.clone())]);
    let port = port
        .with(|routes| handlers.add_to(routes))
        .with(|routes| node.add_to(routes));
    let readiness = Readiness {
        writing: Vec::new(),
        reading: SERVICES.into_iter().chain([node::SERVICE]).collect(),
        reach: logs.reach(),
    };
    let served = tokio::select! {
        served = port.serve(listener, stop.clone()) => served.map_err(RunError::from),
        refused = readiness.tell(health, ready) => Err(refused.into()),
    };
    stop.cancel();
    served
}
