use perennial_views::View;
use perennial_wire::pb::query::{ListMaturityRequest, ListMaturityResponse, row};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};

/// Answers with rows of `maturity`.
pub(super) async fn list_maturity(
    handlers: &Handlers,
    request: &Request<ListMaturityRequest>,
) -> Result<Response<ListMaturityResponse>, Status> {
    let asked = request.get_ref();
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        ..Parts::default()
    };
    let ask = Ask::check(handlers, request, View::Maturity, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    Ok(Response::new(ListMaturityResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn row_of(row: row::Row) -> Option<perennial_wire::pb::query::MaturityRow> {
    if let row::Row::Maturity(row) = row {
        Some(row)
    } else {
        None
    }
}
