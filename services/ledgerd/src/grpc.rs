//! The gRPC services of ledgerd: one file per RPC, each decode, authorise, call, encode, map the error.

mod change_ledger_policy;
mod create_ledger;
mod encode;
mod error;
mod get_head;
mod get_ledger;
mod list_ledgers;
mod status;
mod submit;
mod submit_stream;
mod tail;

use std::sync::Arc;

use perennial_app::ledger::Ledger;
use perennial_app::ports::ledgers::LedgerLogs as _;
use perennial_domain::ids::LedgerId;
use perennial_log_engine::EngineLog;
use perennial_transport::node::OpenStreams;
use perennial_wire::pb;
use perennial_wire::stored::Actor;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use crate::ledgers::{Ledgers, Slot};

/// What every handler works with.
#[derive(Clone)]
pub struct Handlers {
    ledgers: Arc<Ledgers>,
    streams: OpenStreams,
    stop: CancellationToken,
}

impl Handlers {
    /// Serves `ledgers` until `stop`, which ends open streams.
    pub fn new(ledgers: Arc<Ledgers>, stop: CancellationToken) -> Self {
        Self {
            ledgers,
            streams: OpenStreams::default(),
            stop,
        }
    }

    /// Adds the services of ledgerd to a port.
    pub fn add_to(self, routes: Routes) -> Routes {
        let limit = perennial_transport::serve::DECODE_BYTES_MAX;
        let ledger = pb::ledger::ledger_service_server::LedgerServiceServer::new(self.clone());
        let admin =
            pb::admin::ledger_admin_service_server::LedgerAdminServiceServer::new(self.clone());
        let stream = pb::logstream::log_stream_service_server::LogStreamServiceServer::new(self);
        routes
            .add_service(ledger.max_decoding_message_size(limit))
            .add_service(admin.max_decoding_message_size(limit))
            .add_service(stream.max_decoding_message_size(limit))
    }

    /// The UTC date now.
    fn today() -> perennial_domain::Date {
        perennial_app::ports::clock::Clock::now(&crate::system::SystemClock).date()
    }

    fn open_ledger(&self, ledger_id: &str) -> Result<(Ledger, EngineLog), Status> {
        match self.slot(ledger_id)?.1 {
            Slot::Open(ledger, log) => Ok((ledger, log)),
            Slot::Refused(refused) => Err(error::not_served(&refused)),
        }
    }

    fn slot(&self, ledger_id: &str) -> Result<(LedgerId, Slot), Status> {
        let parsed =
            LedgerId::parse(ledger_id).map_err(|malformed| error::malformed_id(&malformed))?;
        match self.ledgers.slot(&parsed) {
            Some(slot) => Ok((parsed, slot)),
            None => Err(error::missing_ledger(
                ledger_id,
                &self.ledgers.reach().borrow(),
                self.ledgers.stop().is_cancelled(),
            )),
        }
    }
}

/// Who is asking. Without authentication everybody is `anonymous`.
fn actor<T>(request: &Request<T>) -> Actor {
    let peer = request
        .remote_addr()
        .map(|address| address.to_string())
        .unwrap_or_default();
    Actor {
        subject: "anonymous".to_owned(),
        peer,
    }
}

#[tonic::async_trait]
impl pb::ledger::ledger_service_server::LedgerService for Handlers {
    type SubmitStreamStream = submit_stream::Answers;

    async fn submit(
        &self,
        request: Request<pb::ledger::SubmitRequest>,
    ) -> Result<Response<pb::ledger::SubmitResponse>, Status> {
        submit::submit(self, request).await
    }

    async fn submit_stream(
        &self,
        request: Request<tonic::Streaming<pb::ledger::SubmitStreamRequest>>,
    ) -> Result<Response<Self::SubmitStreamStream>, Status> {
        Ok(submit_stream::submit_stream(self, request))
    }

    async fn get_head(
        &self,
        request: Request<pb::ledger::GetHeadRequest>,
    ) -> Result<Response<pb::ledger::GetHeadResponse>, Status> {
        get_head::get_head(self, request).await
    }
}

#[tonic::async_trait]
impl pb::admin::ledger_admin_service_server::LedgerAdminService for Handlers {
    async fn create_ledger(
        &self,
        request: Request<pb::admin::CreateLedgerRequest>,
    ) -> Result<Response<pb::admin::CreateLedgerResponse>, Status> {
        create_ledger::create_ledger(self, request).await
    }

    async fn change_ledger_policy(
        &self,
        request: Request<pb::admin::ChangeLedgerPolicyRequest>,
    ) -> Result<Response<pb::admin::ChangeLedgerPolicyResponse>, Status> {
        change_ledger_policy::change_ledger_policy(self, request).await
    }

    async fn get_ledger(
        &self,
        request: Request<pb::admin::GetLedgerRequest>,
    ) -> Result<Response<pb::admin::GetLedgerResponse>, Status> {
        get_ledger::get_ledger(self, &request)
    }

    async fn list_ledgers(
        &self,
        request: Request<pb::admin::ListLedgersRequest>,
    ) -> Result<Response<pb::admin::ListLedgersResponse>, Status> {
        list_ledgers::list_ledgers(self, &request)
    }
}

#[tonic::async_trait]
impl pb::logstream::log_stream_service_server::LogStreamService for Handlers {
    type TailStream = tail::Entries;

    async fn tail(
        &self,
        request: Request<pb::logstream::TailRequest>,
    ) -> Result<Response<Self::TailStream>, Status> {
        tail::tail(self, &request)
    }
}
