//! The write side as a process: start, serve, drain.

use std::sync::Arc;

use perennial_app::ports::ledgers::LedgerLogs as _;
use perennial_transport::listen::Listener;
use perennial_transport::node::{self, Node};
use perennial_transport::readiness::{NotLetIn, Readiness};
use perennial_transport::serve::{Port, ServeError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::grpc::Handlers;
use crate::ledgers::{Failure, Ledgers, StartError};

/// Full names of the gRPC services of ledgerd, for health.
pub const SERVICES: [&str; 3] = [
    "perennial.ledger.v1.LedgerService",
    "perennial.admin.v1.LedgerAdminService",
    "perennial.logstream.v1.LogStreamService",
];

/// Why the service ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It could not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The port failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Whoever keeps the logs does not let this node in.
    #[error(transparent)]
    NotLetIn(#[from] NotLetIn),
    /// A writer stopped: the process must not go on answering.
    #[error("the writer of ledger \"{ledger_id}\" stopped: {problem}")]
    Writer {
        /// Whose writer.
        ledger_id: String,
        /// Why.
        problem: String,
    },
}

/// Opens the data directory for a node that listens on `address`.
///
/// # Errors
/// [`StartError`].
pub async fn start(
    config: Config,
    address: &str,
) -> Result<(Arc<Ledgers>, mpsc::Receiver<Failure>), StartError> {
    Ledgers::start(config, address).await
}

/// Waits for a writer to stop by itself; never returns while all of them run.
pub async fn failed(failures: &mut mpsc::Receiver<Failure>) -> RunError {
    match failures.recv().await {
        Some(failure) => RunError::Writer {
            ledger_id: failure.ledger_id.to_string(),
            problem: failure.problem,
        },
        None => std::future::pending().await,
    }
}

/// Runs ledgerd alone until `stop`; calls `ready` once its logs are reached and its
/// ledgers are open.
///
/// # Errors
/// [`RunError`].
pub async fn run(
    config: Config,
    listener: Listener,
    stop: CancellationToken,
    ready: impl FnOnce(),
) -> Result<(), RunError> {
    let address = listener.address().to_string();
    let (ledgers, mut failures) = start(config, &address).await?;
    let port = Port::new(perennial_wire::FILE_DESCRIPTOR_SET)?;
    let health = port.health();
    let handlers = Handlers::new(Arc::clone(&ledgers), stop.clone());
    let node = Node::start(vec![Box::new(handlers.clone())]);
    let port = port
        .with(|routes| handlers.add_to(routes))
        .with(|routes| node.add_to(routes));
    let readiness = Readiness {
        writing: SERVICES.to_vec(),
        reading: vec![node::SERVICE],
        reach: ledgers.reach(),
    };
    let outcome = tokio::select! {
        served = port.serve(listener, stop.clone()) => served.map_err(RunError::from),
        failure = failed(&mut failures) => Err(failure),
        refused = readiness.tell(health, ready) => Err(refused.into()),
    };
    stop.cancel();
    ledgers.close().await;
    outcome
}
