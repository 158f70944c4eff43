use perennial_app::ledger::{NewLedger, OpenError};
use perennial_domain::ids::LedgerId;
use perennial_wire::date::to_timestamp;
use perennial_wire::pb;
use tonic::{Request, Response, Status};

use super::{Handlers, actor, encode, error};
use crate::ledgers::{LedgerError, Slot};

/// Creates a ledger. The same request again finds the ledger that it made.
pub(super) async fn create_ledger(
    handlers: &Handlers,
    request: Request<pb::admin::CreateLedgerRequest>,
) -> Result<Response<pb::admin::CreateLedgerResponse>, Status> {
    let actor = actor(&request);
    let decoded = perennial_wire::request::create_ledger(
        request.into_inner(),
        &handlers.ledgers.config().limits,
    );
    let asked = decoded.map_err(|violations| error::invalid_request(&violations))?;
    let new = NewLedger {
        request_id: asked.request_id,
        actor,
        ledger_id: asked.ledger_id,
        profile: asked.profile,
        policy: asked.policy,
    };
    let ledger_id = new.ledger_id.clone();
    match handlers.ledgers.create(new.clone()).await {
        Ok(place) => Ok(Response::new(response(place, false))),
        Err(LedgerError::Open(OpenError::Exists { .. })) => {
            existing(handlers, &ledger_id, new).await
        }
        Err(failed) => Err(error::not_created(&failed)),
    }
}

/// The ledger exists: made by this very request, or by another.
async fn existing(
    handlers: &Handlers,
    ledger_id: &LedgerId,
    new: NewLedger,
) -> Result<Response<pb::admin::CreateLedgerResponse>, Status> {
    let ledger = match handlers.ledgers.slot(ledger_id) {
        Some(Slot::Open(ledger, _)) => ledger,
        Some(Slot::Refused(refused)) => return Err(error::not_served(&refused)),
        None => return Err(error::unavailable("the ledger exists, and is not open yet")),
    };
    let first =
        tokio::task::spawn_blocking(move || perennial_app::ledger::creation(&*ledger.log(), &new))
            .await;
    match first {
        Ok(Ok(Some(place))) => Ok(Response::new(response(place, true))),
        Ok(Ok(None)) => Err(error::ledger_exists(ledger_id)),
        Ok(Err(problem)) => Err(error::unavailable(problem)),
        Err(join) => Err(error::unavailable(join)),
    }
}

fn response(
    place: perennial_app::submission::Place,
    replayed: bool,
) -> pb::admin::CreateLedgerResponse {
    pb::admin::CreateLedgerResponse {
        position: place.position.0,
        recorded_at: Some(to_timestamp(place.recorded_at)),
        record_hash: encode::hash_bytes(place),
        replayed,
    }
}
