use perennial_app::submission::Prepared;
use perennial_wire::date::to_timestamp;
use perennial_wire::pb;
use tonic::{Request, Response, Status};

use super::{Handlers, actor, encode, error};

/// Makes a ledger follow another policy from today on: a submission like any other.
pub(super) async fn change_ledger_policy(
    handlers: &Handlers,
    request: Request<pb::admin::ChangeLedgerPolicyRequest>,
) -> Result<Response<pb::admin::ChangeLedgerPolicyResponse>, Status> {
    let actor = actor(&request);
    let request = request.into_inner();
    let (ledger, _) = handlers.open_ledger(&request.ledger_id)?;
    let limits = &handlers.ledgers.config().limits;
    let asked = perennial_wire::request::change_policy(request, limits)
        .map_err(|violations| error::invalid_request(&violations))?;
    let prepared = Prepared::policy_change(
        asked.request_id,
        actor,
        (asked.command, asked.expected),
        Handlers::today(),
    );
    let accepted = ledger
        .submit(prepared, false)
        .await
        .map_err(|refused| error::submit_error(&refused))?;
    let place = accepted.place.ok_or_else(|| {
        error::unavailable("the change was accepted, and where it stands is not known")
    })?;
    Ok(Response::new(pb::admin::ChangeLedgerPolicyResponse {
        position: place.position.0,
        recorded_at: Some(to_timestamp(place.recorded_at)),
        record_hash: encode::hash_bytes(place),
        replayed: accepted.replayed,
    }))
}
