use perennial_domain::log::EventId;
use perennial_wire::pb;
use tonic::{Response, Status};

use super::encode::{self, Wanted};
use super::{Handlers, error, get_record};

/// One event, decoded, in its record.
pub(super) async fn get_event(
    handlers: &Handlers,
    request: pb::audit::GetEventRequest,
) -> Result<Response<pb::audit::GetEventResponse>, Status> {
    let follower = handlers.follower(&request.ledger_id)?;
    let event_id = EventId::parse(&request.event_id)
        .map_err(|failed| error::invalid_field("event_id", failed))?;
    let found = get_record::find(follower, event_id.position).await?;
    let mut record = encode::record(
        &found,
        Wanted {
            events: true,
            stored_bytes: false,
        },
    )?;
    record
        .events
        .retain(|event| event.event_id == request.event_id);
    if record.events.is_empty() {
        return Err(error::unknown_event(&request.event_id));
    }
    Ok(Response::new(pb::audit::GetEventResponse {
        record: Some(record),
    }))
}
