use perennial_views::View;
use perennial_wire::pb::query::{ListReallocationTrailRequest, ListReallocationTrailResponse, row};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};

/// Answers with rows of `reallocations`.
pub(super) async fn list_reallocation_trail(
    handlers: &Handlers,
    request: &Request<ListReallocationTrailRequest>,
) -> Result<Response<ListReallocationTrailResponse>, Status> {
    let asked = request.get_ref();
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        ..Parts::default()
    };
    let ask = Ask::check(handlers, request, View::Reallocations, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    Ok(Response::new(ListReallocationTrailResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn row_of(row: row::Row) -> Option<perennial_wire::pb::query::ReallocationRow> {
    if let row::Row::Reallocation(row) = row {
        Some(row)
    } else {
        None
    }
}
