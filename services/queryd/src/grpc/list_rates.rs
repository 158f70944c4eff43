use perennial_views::{Published, View};
use perennial_wire::pb::query::{ListRatesRequest, ListRatesResponse, row};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};

/// Answers with rows of `rates`.
pub(super) async fn list_rates(
    handlers: &Handlers,
    request: &Request<ListRatesRequest>,
) -> Result<Response<ListRatesResponse>, Status> {
    let asked = request.get_ref();
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        beside: asked.table.clone(),
        list: asked.table.clone(),
        ..Parts::default()
    };
    let view = View::Published(Published::Rates);
    let ask = Ask::check(handlers, request, view, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    Ok(Response::new(ListRatesResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn row_of(row: row::Row) -> Option<perennial_wire::pb::query::RateRow> {
    if let row::Row::Rate(row) = row {
        Some(row)
    } else {
        None
    }
}
