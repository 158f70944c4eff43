//! All services in one process, on one port: what `serve` runs, and what `demo` runs for a moment.

use std::net::SocketAddr;
use std::sync::Arc;

use perennial_ledgerd::service::RunError;
use perennial_transport::listen::Listener;
use perennial_transport::serve::Port;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic_health::ServingStatus;

/// A node that accepts writes and reads.
pub struct Node {
    address: SocketAddr,
    stop: CancellationToken,
    running: tokio::task::JoinHandle<Result<(), RunError>>,
}

impl Node {
    /// Opens the data directory and serves ledgerd, queryd and auditd on `listener` until [`Node::stop`] or
    /// until `stop` is cancelled.
    ///
    /// # Errors
    /// [`RunError`] if the data directory cannot be had.
    pub async fn start(
        config: perennial_ledgerd::config::Config,
        listener: Listener,
        stop: CancellationToken,
    ) -> Result<Self, RunError> {
        let address = listener.address();
        let data = config.data.clone();
        let (ledgers, failures) = perennial_ledgerd::service::start(config, &address.to_string()).await?;
        let logs: Arc<dyn perennial_app::ports::ledgers::LedgerLogs> = Arc::clone(&ledgers) as _;
        let audited = perennial_auditd::ledgers::Ledgers::start(&*logs, stop.clone());
        let projections = perennial_queryd::Projections::start(
            perennial_queryd::Config::new(data),
            Arc::clone(&logs),
            stop.clone(),
        );
        let port = Port::new(perennial_wire::FILE_DESCRIPTOR_SET)?;
        let health = port.health();
        let write = perennial_ledgerd::grpc::Handlers::new(Arc::clone(&ledgers), stop.clone());
        let audit = perennial_auditd::grpc::Handlers::new(audited, stop.clone());
        let read = perennial_queryd::grpc::Handlers::new(Arc::clone(&projections), stop.clone());
        let port = port.with(|routes| read.add_to(audit.add_to(write.add_to(routes))));
        let services = perennial_ledgerd::service::SERVICES
            .into_iter()
            .chain(perennial_auditd::service::SERVICES)
            .chain(perennial_queryd::SERVICES)
            .chain([""]);
        for service in services {
            health.set_service_status(service, ServingStatus::Serving).await;
        }
        let parts = Parts { ledgers, projections, failures };
        let running = tokio::spawn(run(parts, port, listener, stop.clone()));
        Ok(Self { address, stop, running })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Errors
    /// [`RunError`] if it had stopped by itself.
    pub async fn stop(self) -> Result<(), RunError> {
        self.stop.cancel();
        self.ended().await
    }

    /// Waits until it has stopped.
    ///
    /// # Errors
    /// [`RunError`] if it stopped by itself.
    pub async fn ended(self) -> Result<(), RunError> {
        self.running.await.unwrap_or_else(|join| {
            Err(RunError::Writer { ledger_id: "?".to_owned(), problem: join.to_string() })
        })
    }
}

struct Parts {
    ledgers: Arc<perennial_ledgerd::ledgers::Ledgers>,
    projections: Arc<perennial_queryd::Projections>,
    failures: mpsc::Receiver<perennial_ledgerd::ledgers::Failure>,
}

async fn run(
    mut parts: Parts,
    port: Port,
    listener: Listener,
    stop: CancellationToken,
) -> Result<(), RunError> {
    let outcome = tokio::select! {
        served = port.serve(listener, stop.clone()) => served.map_err(RunError::from),
        failure = perennial_ledgerd::service::failed(&mut parts.failures) => Err(failure),
    };
    // Whatever ended it, nothing may go on answering.
    stop.cancel();
    parts.projections.close().await;
    parts.ledgers.close().await;
    outcome
}
