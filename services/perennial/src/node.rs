//! All services in one process, on one port and one data directory.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use perennial_app::ports::ledgers::LedgerLogs;
use perennial_transport::listen::Listener;
use perennial_transport::node::{self, Node};
use perennial_transport::serve::Port;
use tokio_util::sync::CancellationToken;
use tonic_health::ServingStatus;

/// What a node is told at start.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The data directory; made where there is none.
    pub data: PathBuf,
    /// The node's name, as its claims carry it.
    pub name: String,
    /// Added to every flush, to see how a slow disk would do.
    pub added_flush_delay: Duration,
    /// How many bytes of pages of views stay in memory, those of all ledgers together.
    pub view_memory_bytes: u64,
}

impl NodeConfig {
    /// A node on `data` with the usual limits.
    pub fn new(data: PathBuf) -> Self {
        Self {
            name: "perennial".to_owned(),
            added_flush_delay: Duration::ZERO,
            view_memory_bytes: perennial_queryd::config::VIEW_MEMORY_BYTES,
            data,
        }
    }
}

/// Why a node ended.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The write side could not start, or a writer stopped.
    #[error(transparent)]
    Ledgerd(#[from] perennial_ledgerd::service::RunError),
    /// The port failed.
    #[error(transparent)]
    Serve(#[from] perennial_transport::serve::ServeError),
}

/// Runs all services until `stop`; calls `ready` once writes are accepted.
///
/// # Errors
/// [`NodeError`].
pub async fn run(
    config: NodeConfig,
    listener: Listener,
    stop: CancellationToken,
    ready: impl FnOnce(),
) -> Result<(), NodeError> {
    let address = listener.address().to_string();
    let mut write_side = perennial_ledgerd::config::Config::new(config.data.clone())
        .with_added_flush_delay(config.added_flush_delay);
    write_side.node = config.name;
    let (ledgers, mut failures) = perennial_ledgerd::service::start(write_side, &address)
        .await
        .map_err(perennial_ledgerd::service::RunError::from)?;
    let logs: Arc<dyn LedgerLogs> = ledgers.clone();
    let followed = perennial_auditd::ledgers::Ledgers::start(&*logs, stop.clone());
    let mut read_side = perennial_queryd::Config::new(config.data);
    read_side.view_memory_bytes = config.view_memory_bytes;
    let projections = perennial_queryd::Projections::start(read_side, logs, stop.clone());
    let writing = perennial_ledgerd::grpc::Handlers::new(Arc::clone(&ledgers), stop.clone());
    let auditing = perennial_auditd::grpc::Handlers::new(followed, stop.clone());
    let querying = perennial_queryd::grpc::Handlers::new(Arc::clone(&projections), stop.clone());
    let node = Node::start(vec![
        Box::new(writing.clone()),
        Box::new(querying.clone()),
        Box::new(auditing.clone()),
    ]);
    let port = Port::new(perennial_wire::FILE_DESCRIPTOR_SET)?;
    let health = port.health();
    let port = port
        .with(|routes| writing.add_to(routes))
        .with(|routes| querying.add_to(routes))
        .with(|routes| auditing.add_to(routes))
        .with(|routes| node.add_to(routes));
    let services = perennial_ledgerd::service::SERVICES
        .into_iter()
        .chain(perennial_queryd::service::SERVICES)
        .chain(perennial_auditd::service::SERVICES);
    for service in services.chain([node::SERVICE, ""]) {
        health
            .set_service_status(service, ServingStatus::Serving)
            .await;
    }
    ready();
    let outcome = tokio::select! {
        served = port.serve(listener, stop.clone()) => served.map_err(NodeError::from),
        failure = perennial_ledgerd::service::failed(&mut failures) => Err(failure.into()),
    };
    stop.cancel();
    projections.close().await;
    ledgers.close().await;
    outcome
}
