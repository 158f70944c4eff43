//! A ledgerd that serves logs in memory and nothing else.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use perennial_app::ports::log::{LogOffset, LogRead as _};
use perennial_testkit::log::MemoryLog;
use perennial_wire::pb::admin::ledger_admin_service_server::{
    LedgerAdminService, LedgerAdminServiceServer,
};
use perennial_wire::pb::admin::{
    ChangeLedgerPolicyRequest, ChangeLedgerPolicyResponse, CreateLedgerRequest,
    CreateLedgerResponse, GetLedgerRequest, GetLedgerResponse, Ledger, ListLedgersRequest,
    ListLedgersResponse,
};
use perennial_wire::pb::logstream::log_stream_service_server::{
    LogStreamService, LogStreamServiceServer,
};
use perennial_wire::pb::logstream::{TailEntry, TailRequest, TailResponse};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::Stream;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Request, Response, Status};

/// Bytes of entries in one message: small, so that a log takes many.
const MESSAGE_BYTES: usize = 2_000;

/// The logs of a server; shared by one that is started again.
#[derive(Clone, Default)]
pub(crate) struct Logs {
    by_ledger: Arc<Mutex<BTreeMap<String, MemoryLog>>>,
    /// Messages sent so far.
    pub(crate) sent: Arc<AtomicUsize>,
    /// After so many messages every stream breaks off; 0: never.
    pub(crate) break_after: Arc<AtomicUsize>,
}

impl Logs {
    pub(crate) fn add(&self, ledger_id: &str, log: MemoryLog) {
        self.by_ledger
            .lock()
            .unwrap()
            .insert(ledger_id.to_owned(), log);
    }

    fn find(&self, ledger_id: &str) -> Result<MemoryLog, Status> {
        self.by_ledger
            .lock()
            .unwrap()
            .get(ledger_id)
            .cloned()
            .ok_or_else(|| Status::not_found("no such ledger"))
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(logs: Logs) -> Self {
        Self::start_at(logs, "127.0.0.1:0".parse().unwrap()).await
    }

    pub(crate) async fn start_at(logs: Logs, address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = tonic::transport::Server::builder()
            .add_service(LedgerAdminServiceServer::new(logs.clone()))
            .add_service(LogStreamServiceServer::new(logs))
            .serve_with_incoming(TcpListenerStream::new(listener));
        let served = tokio::spawn(async move {
            // Dropping the future drops its connections, as a killed process does.
            tokio::select! {
                served = serving => served.unwrap(),
                _ = stopped => {}
            }
        });
        Self {
            address,
            stop,
            served,
        }
    }

    pub(crate) async fn kill(self) {
        drop(self.stop);
        self.served.await.unwrap();
    }
}

#[tonic::async_trait]
impl LedgerAdminService for Logs {
    async fn change_ledger_policy(
        &self,
        _: Request<ChangeLedgerPolicyRequest>,
    ) -> Result<Response<ChangeLedgerPolicyResponse>, Status> {
        Err(Status::unimplemented("only reading"))
    }

    async fn create_ledger(
        &self,
        _: Request<CreateLedgerRequest>,
    ) -> Result<Response<CreateLedgerResponse>, Status> {
        Err(Status::unimplemented("only reading"))
    }

    async fn get_ledger(
        &self,
        _: Request<GetLedgerRequest>,
    ) -> Result<Response<GetLedgerResponse>, Status> {
        Err(Status::unimplemented("only reading"))
    }

    /// One ledger a page.
    async fn list_ledgers(
        &self,
        request: Request<ListLedgersRequest>,
    ) -> Result<Response<ListLedgersResponse>, Status> {
        let after = request.into_inner().page_token;
        let logs = self.by_ledger.lock().unwrap();
        let mut ids = logs.keys().filter(|id| after < **id);
        let first = ids.next().cloned();
        let next_page_token = if ids.next().is_some() {
            first.clone().unwrap_or_default()
        } else {
            String::new()
        };
        let ledgers = first
            .into_iter()
            .map(|ledger_id| Ledger {
                ledger_id,
                ..Ledger::default()
            })
            .collect();
        Ok(Response::new(ListLedgersResponse {
            ledgers,
            next_page_token,
        }))
    }
}

#[tonic::async_trait]
impl LogStreamService for Logs {
    type TailStream = Pin<Box<dyn Stream<Item = Result<TailResponse, Status>> + Send>>;

    async fn tail(
        &self,
        request: Request<TailRequest>,
    ) -> Result<Response<Self::TailStream>, Status> {
        let request = request.into_inner();
        let log = self.find(&request.ledger_id)?;
        let damaged =
            |error: perennial_app::ports::log::ReadError| Status::data_loss(error.to_string());
        let mut tail = log.tail(LogOffset(request.from_offset)).map_err(damaged)?;
        let (sender, messages) = mpsc::channel(1);
        let (sent, break_after) = (Arc::clone(&self.sent), Arc::clone(&self.break_after));
        let mut end = log.durable_end();
        tokio::spawn(async move {
            let mut messages = 0;
            loop {
                let durable_end = end.borrow_and_update().0;
                let entries = tail.read(MESSAGE_BYTES).unwrap();
                if entries.is_empty() {
                    if !request.follow || end.changed().await.is_err() {
                        return;
                    }
                    continue;
                }
                let entries = entries.into_iter().map(|entry| TailEntry {
                    offset: entry.offset.0,
                    next_offset: entry.next_offset.0,
                    entry: entry.entry.0.into(),
                });
                let message = TailResponse {
                    entries: entries.collect(),
                    durable_end,
                };
                if sender.send(Ok(message)).await.is_err() {
                    return;
                }
                sent.fetch_add(1, Ordering::SeqCst);
                messages += 1;
                if messages == break_after.load(Ordering::SeqCst) {
                    drop(sender.send(Err(Status::unavailable("broken off"))).await);
                    return;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(messages))))
    }
}
