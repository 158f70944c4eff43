use perennial_views::{Published, View};
use perennial_wire::pb::query::{ListRateTablesRequest, ListRateTablesResponse, row};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};

/// Answers with rows of `rate-tables`.
pub(super) async fn list_rate_tables(
    handlers: &Handlers,
    request: &Request<ListRateTablesRequest>,
) -> Result<Response<ListRateTablesResponse>, Status> {
    let asked = request.get_ref();
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        ..Parts::default()
    };
    let view = View::Published(Published::RateTables);
    let ask = Ask::check(handlers, request, view, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    Ok(Response::new(ListRateTablesResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn row_of(row: row::Row) -> Option<perennial_wire::pb::query::RateTableRow> {
    if let row::Row::RateTable(row) = row {
        Some(row)
    } else {
        None
    }
}
