use perennial_views::{Published, View};
use perennial_wire::pb::query::{ListSchemeElementsRequest, ListSchemeElementsResponse, row};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};

/// Answers with rows of `scheme-elements`.
pub(super) async fn list_scheme_elements(
    handlers: &Handlers,
    request: &Request<ListSchemeElementsRequest>,
) -> Result<Response<ListSchemeElementsResponse>, Status> {
    let asked = request.get_ref();
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        beside: asked.scheme.clone(),
        list: asked.scheme.clone(),
        ..Parts::default()
    };
    let view = View::Published(Published::SchemeElements);
    let ask = Ask::check(handlers, request, view, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    Ok(Response::new(ListSchemeElementsResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn row_of(row: row::Row) -> Option<perennial_wire::pb::query::SchemeElementRow> {
    if let row::Row::SchemeElement(row) = row {
        Some(row)
    } else {
        None
    }
}
