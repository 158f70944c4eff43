use std::time::Duration;

use perennial_app::ledger::Ledger;
use perennial_app::seat::status::Role;
use perennial_wire::date::to_timestamp;
use perennial_wire::pb;
use tonic::{Request, Response, Status};

use super::{Handlers, encode};

/// How long a node that follows looks for what others recorded before it answers with what it knows.
const LOOKS_MAX: Duration = Duration::from_secs(2);

/// Where a ledger stands, as its leader knows it. A node that follows asks the log for its end first, and reads up to
/// it: whoever asks after a record was acknowledged is told of it, at whichever node.
pub(super) async fn get_head(
    handlers: &Handlers,
    request: Request<pb::ledger::GetHeadRequest>,
) -> Result<Response<pb::ledger::GetHeadResponse>, Status> {
    let (ledger, _) = handlers.open_ledger(&request.get_ref().ledger_id)?;
    let follows = ledger.status().borrow().role == Role::Following;
    let asks_others = follows && handlers.ledgers.is_shared();
    if asks_others
        && tokio::time::timeout(LOOKS_MAX, catch_up(&ledger))
            .await
            .is_err()
    {
        tracing::debug!(ledger = %ledger.ledger_id(), "the head is told as it was last known");
    }
    let head = *ledger.head().borrow();
    let seat = ledger.status().borrow().clone();
    Ok(Response::new(pb::ledger::GetHeadResponse {
        head_position: head
            .newest
            .map(|place| place.position.0)
            .unwrap_or_default(),
        record_hash: head.newest.map(encode::hash_bytes).unwrap_or_default(),
        recorded_at: head.newest.map(|place| to_timestamp(place.recorded_at)),
        term: head.term.0,
        leader_address: seat.leader.map(|leader| leader.address).unwrap_or_default(),
        leads: seat.role == Role::Leading,
    }))
}

/// Waits until this node has read to where the log ends now.
async fn catch_up(ledger: &Ledger) {
    let mut seat = ledger.status();
    if let Ok(end) = ledger.log().end_now().await {
        // The seat has left if this fails: what it knew is told.
        drop(seat.wait_for(|seat| end <= seat.read_to).await);
    }
}
