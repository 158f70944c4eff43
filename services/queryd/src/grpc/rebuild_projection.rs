use perennial_wire::pb::admin::{RebuildProjectionRequest, RebuildProjectionResponse};
use tonic::{Response, Status};

use super::{Handlers, error};

/// Begins a new generation of one ledger's views beside the live one.
pub(super) async fn rebuild_projection(
    handlers: &Handlers,
    request: &RebuildProjectionRequest,
) -> Result<Response<RebuildProjectionResponse>, Status> {
    let projection = handlers.projection(&request.ledger_id)?;
    let begun = tokio::task::spawn_blocking(move || projection.rebuild_beside()).await;
    let begun = begun.map_err(error::unavailable)?;
    let generation = begun.map_err(|problem| error::unavailable(&problem))?;
    Ok(Response::new(RebuildProjectionResponse {
        generation: generation.0,
    }))
}
