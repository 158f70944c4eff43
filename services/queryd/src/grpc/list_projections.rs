use std::sync::Arc;

use perennial_wire::pb::admin::{
    ListProjectionsRequest, ListProjectionsResponse, Projection as Message,
};
use tonic::{Response, Status};

use super::Handlers;
use crate::projection::Projection;

/// Tells how the views of every ledger are doing, or of one.
pub(super) fn list_projections(
    handlers: &Handlers,
    request: &ListProjectionsRequest,
) -> Result<Response<ListProjectionsResponse>, Status> {
    let asked = match request.ledger_id.as_str() {
        "" => handlers.projections().all(),
        ledger_id => vec![handlers.projection(ledger_id)?],
    };
    Ok(Response::new(ListProjectionsResponse {
        projections: asked.iter().map(message).collect(),
    }))
}

fn message(projection: &Arc<Projection>) -> Message {
    let status = projection.status();
    Message {
        ledger_id: projection.ledger().ledger_id.to_string(),
        schema: schema_number(perennial_views::SCHEMA),
        generation: status.reached.generation.unwrap_or_default().0,
        position: status.reached.position.map(|position| position.0),
        progress_permille: status.progress_permille,
        lag_records: status.lag_records,
        last_error: status.last_error,
    }
}

/// The version at the end of a schema's name, as in `perennial-views/1`.
fn schema_number(schema: &str) -> u32 {
    schema
        .rsplit('/')
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_has_a_number() {
        assert!(0 < schema_number(perennial_views::SCHEMA));
        assert_eq!(schema_number("perennial-views/12"), 12);
    }
}
