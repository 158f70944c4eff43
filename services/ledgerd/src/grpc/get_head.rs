use perennial_wire::date::to_timestamp;
use perennial_wire::pb;
use tonic::{Request, Response, Status};

use super::{Handlers, encode};

/// Where a ledger stands, as its leader knows it.
pub(super) fn get_head(
    handlers: &Handlers,
    request: &Request<pb::ledger::GetHeadRequest>,
) -> Result<Response<pb::ledger::GetHeadResponse>, Status> {
    let (ledger, _) = handlers.open_ledger(&request.get_ref().ledger_id)?;
    let head = *ledger.head().borrow();
    Ok(Response::new(pb::ledger::GetHeadResponse {
        head_position: head
            .newest
            .map(|place| place.position.0)
            .unwrap_or_default(),
        record_hash: head.newest.map(encode::hash_bytes).unwrap_or_default(),
        recorded_at: head.newest.map(|place| to_timestamp(place.recorded_at)),
        term: head.term.0,
        leader_address: handlers.ledgers.address().to_owned(),
    }))
}
