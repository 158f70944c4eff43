//! Records as messages.

use bytes::Bytes;
use perennial_app::records::LedgerRecord;
use perennial_domain::ids::RequestId;
use perennial_domain::log::EventId;
use perennial_wire::date::to_timestamp;
use perennial_wire::pb;
use prost::Message as _;
use tonic::Status;

use super::error;

/// What of a record is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) events: bool,
    pub(super) stored_bytes: bool,
}

/// Encodes a record; the stored events pass through as they are.
pub(super) fn record(record: &LedgerRecord, wanted: Wanted) -> Result<pb::audit::Record, Status> {
    let mut message = pb::audit::Record {
        position: record.position.0,
        recorded_at: Some(to_timestamp(record.recorded_at)),
        record_hash: Bytes::copy_from_slice(record.record_hash.as_bytes()),
        ..Default::default()
    };
    if wanted.stored_bytes {
        message.header_bytes = Bytes::copy_from_slice(record.header_bytes());
        message.body_bytes = Bytes::copy_from_slice(record.body_bytes());
    }
    if wanted.events {
        let undecodable = |failed: prost::DecodeError| {
            let problem = format!(
                "decode the record at position {}: {failed}",
                record.position
            );
            error::integrity_failure(problem, Some(record.position.0))
        };
        let body = pb::log::RecordBody::decode(record.body_bytes()).map_err(undecodable)?;
        message.request_id = <[u8; 16]>::try_from(body.request_id.as_slice())
            .map(|id| RequestId(id).to_string())
            .unwrap_or_default();
        message.actor = body.actor;
        message.refusal = body.refusal;
        message.events = (0..)
            .zip(body.events)
            .map(|(index, event)| pb::audit::RecordedEvent {
                event_id: EventId {
                    position: record.position,
                    index,
                }
                .to_string(),
                kind: perennial_wire::stored::kind(&event).to_owned(),
                event: Some(event),
            })
            .collect();
    }
    Ok(message)
}
