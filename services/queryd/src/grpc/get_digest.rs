use std::sync::Arc;

use perennial_app::ports::view_store::LoadError;
use perennial_domain::log::Position;
use perennial_views::{AsOf, SCHEMA, StateDigest};
use perennial_wire::pb::query::{GetDigestRequest, GetDigestResponse};
use tonic::{Request, Response, Status};

use super::ask::ready;
use super::{Handlers, deadline, error};
use crate::projection::{Live, Projection};
use crate::waiting::Need;

/// Answers with the digest of a ledger's state at one position; at the head it reads all stored rows again.
pub(super) async fn get_digest(
    handlers: &Handlers,
    request: &Request<GetDigestRequest>,
) -> Result<Response<GetDigestResponse>, Status> {
    let asked = request.get_ref();
    let projection = handlers.projection(&asked.ledger_id)?;
    let (at, need) = match asked.at_position.map(Position) {
        Some(position) => (AsOf::Position(position), Need::Position(position)),
        None => (AsOf::Head, Need::Complete),
    };
    let live = ready(&projection, need, deadline::wait_max(request.metadata())).await?;
    let of = Arc::clone(&projection);
    let computed = tokio::task::spawn_blocking(move || {
        let (position, digest, head) = live.read(|facts| {
            let position = facts
                .resolve(at)
                .map_err(|problem| error::question(&problem))?;
            let head = facts.head().map(|head| head.position);
            let digest = facts.digest(position).unwrap_or_default();
            match facts.lost_page() {
                Some(lost) => Err(error::unavailable(lost.to_string())),
                None => Ok((position, digest, head)),
            }
        })?;
        let stored = if Some(position) == head {
            stored_digest(&of, &live, digest)
        } else {
            Vec::new()
        };
        Ok(GetDigestResponse {
            schema: SCHEMA.to_owned(),
            position: position.0,
            digest: digest.0.to_vec(),
            stored_digest: stored,
        })
    });
    computed
        .await
        .map_err(error::unavailable)?
        .map(Response::new)
}

/// Stands for stored rows that cannot be read.
const UNREADABLE: [u8; 32] = [0; 32];

/// Reads all stored rows and compares them with their own digest, and the state after the last of them with the
/// state in memory. Returns `digest` if both are as they should be, else another one; nothing if nothing is stored.
/// Damaged rows are built again.
fn stored_digest(projection: &Arc<Projection>, live: &Live, digest: StateDigest) -> Vec<u8> {
    let mut last = None;
    let loaded = live
        .generation()
        .load(&mut |delta| last = Some((delta.record.position, delta.digest)));
    if let Err(damage) = loaded {
        let problem = perennial_observe::error_chain(&damage).to_string();
        let (ledger, generation) = (&projection.ledger().ledger_id, live.number().0);
        tracing::warn!(%ledger, generation, problem, "stored rows of the views are damaged; they are built again");
        if let Err(problem) = projection.rebuild_beside() {
            tracing::warn!(%ledger, problem, "views cannot be built again");
        }
        return match damage {
            LoadError::Digest { found, .. } => found.0.as_bytes().to_vec(),
            LoadError::Engine { .. } | LoadError::Damaged { .. } => UNREADABLE.to_vec(),
        };
    }
    match last {
        // Rows are saved a moment after they are applied, so their end may be a little before the head.
        Some((position, stored)) if live.read(|facts| facts.digest(position)) == Some(stored) => {
            digest.0.to_vec()
        }
        Some((_, stored)) => stored.0.to_vec(),
        None => Vec::new(),
    }
}
