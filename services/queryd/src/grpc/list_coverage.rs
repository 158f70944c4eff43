use perennial_views::View;
use perennial_wire::pb::query::{ListCoverageRequest, ListCoverageResponse, row};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};

/// Answers with rows of `coverage`.
pub(super) async fn list_coverage(
    handlers: &Handlers,
    request: &Request<ListCoverageRequest>,
) -> Result<Response<ListCoverageResponse>, Status> {
    let asked = request.get_ref();
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        beside: asked.plan_id.clone(),
        plan_id: asked.plan_id.clone(),
        ..Parts::default()
    };
    let ask = Ask::check(handlers, request, View::Coverage, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    Ok(Response::new(ListCoverageResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn row_of(row: row::Row) -> Option<perennial_wire::pb::query::CoverageRow> {
    if let row::Row::Coverage(row) = row {
        Some(row)
    } else {
        None
    }
}
