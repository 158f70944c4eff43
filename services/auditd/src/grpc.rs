//! The gRPC service of auditd: one file per RPC.

mod encode;
mod error;
mod get_event;
mod get_record;
mod read_events;
mod resume;
mod status;
mod verify_ledger;

use std::sync::Arc;

use perennial_domain::ids::LedgerId;
use perennial_transport::node::OpenStreams;
use perennial_wire::pb;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use crate::follower::Follower;
use crate::ledgers::Ledgers;

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

    /// Adds the service of auditd to a port.
    pub fn add_to(self, routes: Routes) -> Routes {
        routes.add_service(pb::audit::audit_service_server::AuditServiceServer::new(
            self,
        ))
    }

    fn follower(&self, ledger_id: &str) -> Result<Arc<Follower>, Status> {
        let parsed =
            LedgerId::parse(ledger_id).map_err(|error| error::invalid_field("ledger_id", error))?;
        self.ledgers.find(&parsed).ok_or_else(|| {
            let reach = self.ledgers.reach();
            error::missing_ledger(ledger_id, &reach, self.stop.is_cancelled())
        })
    }
}

#[tonic::async_trait]
impl pb::audit::audit_service_server::AuditService for Handlers {
    type ReadEventsStream = read_events::Messages;
    type VerifyLedgerStream = verify_ledger::Messages;

    async fn get_record(
        &self,
        request: Request<pb::audit::GetRecordRequest>,
    ) -> Result<Response<pb::audit::GetRecordResponse>, Status> {
        get_record::get_record(self, request.into_inner()).await
    }

    async fn get_event(
        &self,
        request: Request<pb::audit::GetEventRequest>,
    ) -> Result<Response<pb::audit::GetEventResponse>, Status> {
        get_event::get_event(self, request.into_inner()).await
    }

    async fn read_events(
        &self,
        request: Request<pb::audit::ReadEventsRequest>,
    ) -> Result<Response<Self::ReadEventsStream>, Status> {
        read_events::read_events(self, request.get_ref())
    }

    async fn verify_ledger(
        &self,
        request: Request<pb::audit::VerifyLedgerRequest>,
    ) -> Result<Response<Self::VerifyLedgerStream>, Status> {
        verify_ledger::verify_ledger(self, request.get_ref())
    }
}
