use perennial_views::{Published, View};
use perennial_wire::pb::query::{ListCodesRequest, ListCodesResponse, row};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};

/// Answers with rows of `codes`.
pub(super) async fn list_codes(
    handlers: &Handlers,
    request: &Request<ListCodesRequest>,
) -> Result<Response<ListCodesResponse>, Status> {
    let asked = request.get_ref();
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        beside: asked.codelist.clone(),
        list: asked.codelist.clone(),
        ..Parts::default()
    };
    let view = View::Published(Published::Codes);
    let ask = Ask::check(handlers, request, view, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    Ok(Response::new(ListCodesResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn row_of(row: row::Row) -> Option<perennial_wire::pb::query::CodeRow> {
    if let row::Row::Code(row) = row {
        Some(row)
    } else {
        None
    }
}
