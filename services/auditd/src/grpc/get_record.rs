use std::sync::Arc;

use bytes::Bytes;
use perennial_app::records::LedgerRecord;
use perennial_domain::log::Position;
use perennial_wire::pb;
use tonic::{Response, Status};

use super::{Handlers, error};
use crate::follower::Follower;

/// How much of the log one look for a record reads.
const READ_BYTES: usize = 64 * 1024;

/// One record as stored, with its hash.
pub(super) async fn get_record(
    handlers: &Handlers,
    request: pb::audit::GetRecordRequest,
) -> Result<Response<pb::audit::GetRecordResponse>, Status> {
    let follower = handlers.follower(&request.ledger_id)?;
    let record = find(follower, Position(request.position)).await?;
    Ok(Response::new(pb::audit::GetRecordResponse {
        header_bytes: Bytes::copy_from_slice(record.header_bytes()),
        body_bytes: Bytes::copy_from_slice(record.body_bytes()),
        record_hash: Bytes::copy_from_slice(record.record_hash.as_bytes()),
    }))
}

/// Finds the record at `position`, off the network's threads.
pub(super) async fn find(
    follower: Arc<Follower>,
    position: Position,
) -> Result<LedgerRecord, Status> {
    let found = tokio::task::spawn_blocking(move || {
        let mut reader = follower
            .reader_before(position)
            .map_err(|failed| error::read_error(&failed, None))?;
        loop {
            let read = reader.read(READ_BYTES);
            let next = Position(reader.chain().next_position().0);
            let records = read.map_err(|failed| error::read_error(&failed, Some(next)))?;
            let Some(last) = records.last() else {
                let head = next.0.checked_sub(1).map(Position);
                return Err(error::position_not_yet(position, head));
            };
            if position <= last.position {
                return records
                    .into_iter()
                    .find(|record| record.position == position)
                    .ok_or_else(|| error::unavailable("the record was skipped"));
            }
        }
    });
    found
        .await
        .unwrap_or_else(|join| Err(error::unavailable(join)))
}
