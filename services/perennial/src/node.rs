//! All services in one process, on one port and one data directory, whichever engine keeps the logs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use perennial_app::ports::ledgers::LedgerLogs;
use perennial_log_engine::Place;
use perennial_transport::listen::Listener;
use perennial_transport::node::{self, Node};
use perennial_transport::readiness::{NotLetIn, Readiness};
use perennial_transport::serve::Port;
use tokio_util::sync::CancellationToken;

/// What a node is told at start.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The data directory; made where there is none.
    pub data: PathBuf,
    /// Where the ledgers' logs are.
    pub place: Place,
    /// The node's name, as its claims carry it.
    pub name: String,
    /// Where clients and other nodes reach this node, HOST:PORT; by default where it listens.
    pub advertise: Option<String>,
    /// Added to every flush, to see how a slow disk would do.
    pub added_flush_delay: Duration,
    /// How many bytes of pages of views stay in memory, those of all ledgers together.
    pub view_memory_bytes: u64,
}

impl NodeConfig {
    /// A node on `data`, logs included, with the usual limits.
    pub fn new(data: PathBuf) -> Self {
        Self {
            place: Place::Files(data.clone()),
            name: "perennial".to_owned(),
            advertise: None,
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
    /// Whoever keeps the logs does not let this node in.
    #[error(transparent)]
    NotLetIn(#[from] NotLetIn),
}

/// Runs all services until `stop`; calls `ready` once the logs are reached and every ledger is open.
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
    write_side.place = config.place;
    write_side.node = config.name;
    write_side.advertise = config.advertise;
    let (ledgers, mut failures) = perennial_ledgerd::service::start(write_side, &address)
        .await
        .map_err(perennial_ledgerd::service::RunError::from)?;
    let logs: Arc<dyn LedgerLogs> = ledgers.clone();
    let followed = perennial_auditd::ledgers::Ledgers::start(&*logs, stop.clone());
    let mut read_side = perennial_queryd::Config::new(ledgers.caches());
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
    let reading = perennial_queryd::service::SERVICES
        .into_iter()
        .chain(perennial_auditd::service::SERVICES)
        .chain([node::SERVICE]);
    let readiness = Readiness {
        writing: perennial_ledgerd::service::SERVICES.to_vec(),
        reading: reading.collect(),
        reach: ledgers.reach(),
    };
    let outcome = tokio::select! {
        served = port.serve(listener, stop.clone()) => served.map_err(NodeError::from),
        failure = perennial_ledgerd::service::failed(&mut failures) => Err(failure.into()),
        refused = readiness.tell(health, ready) => Err(refused.into()),
    };
    stop.cancel();
    projections.close().await;
    ledgers.close().await;
    outcome
}
