use perennial_views::{Published, View};
use perennial_wire::pb::query::{ListPillarMappingsRequest, ListPillarMappingsResponse, row};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};

/// Answers with rows of `pillar-mappings`.
pub(super) async fn list_pillar_mappings(
    handlers: &Handlers,
    request: &Request<ListPillarMappingsRequest>,
) -> Result<Response<ListPillarMappingsResponse>, Status> {
    let asked = request.get_ref();
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        ..Parts::default()
    };
    let view = View::Published(Published::PillarMappings);
    let ask = Ask::check(handlers, request, view, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    Ok(Response::new(ListPillarMappingsResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn row_of(row: row::Row) -> Option<perennial_wire::pb::query::PillarMappingRow> {
    if let row::Row::PillarMapping(row) = row {
        Some(row)
    } else {
        None
    }
}
