use perennial_views::{Published, View};
use perennial_wire::pb::query::{ListCodelistsRequest, ListCodelistsResponse, row};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};

/// Answers with rows of `codelists`.
pub(super) async fn list_codelists(
    handlers: &Handlers,
    request: &Request<ListCodelistsRequest>,
) -> Result<Response<ListCodelistsResponse>, Status> {
    let asked = request.get_ref();
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        ..Parts::default()
    };
    let view = View::Published(Published::Codelists);
    let ask = Ask::check(handlers, request, view, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    Ok(Response::new(ListCodelistsResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn row_of(row: row::Row) -> Option<perennial_wire::pb::query::CodelistRow> {
    if let row::Row::Codelist(row) = row {
        Some(row)
    } else {
        None
    }
}
