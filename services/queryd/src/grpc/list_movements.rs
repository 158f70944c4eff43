use perennial_views::View;
use perennial_wire::pb::query::{ListMovementsRequest, ListMovementsResponse, row};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};

/// Answers with rows of `movements`.
pub(super) async fn list_movements(
    handlers: &Handlers,
    request: &Request<ListMovementsRequest>,
) -> Result<Response<ListMovementsResponse>, Status> {
    let asked = request.get_ref();
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        ..Parts::default()
    };
    let ask = Ask::check(handlers, request, View::Movements, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    Ok(Response::new(ListMovementsResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn row_of(row: row::Row) -> Option<perennial_wire::pb::query::MovementRow> {
    if let row::Row::Movement(row) = row {
        Some(row)
    } else {
        None
    }
}
