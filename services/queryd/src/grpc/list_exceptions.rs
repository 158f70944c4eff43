use perennial_views::View;
use perennial_views::rows::Row;
use perennial_wire::pb::query::{ExceptionRow, ListExceptionsRequest, ListExceptionsResponse, row};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};

/// Answers with what stands out.
pub(super) async fn list_exceptions(
    handlers: &Handlers,
    request: &Request<ListExceptionsRequest>,
) -> Result<Response<ListExceptionsResponse>, Status> {
    let asked = request.get_ref();
    let standing_only = asked.standing_only;
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        beside: format!("standing only: {standing_only}"),
        ..Parts::default()
    };
    let ask = Ask::check(handlers, request, View::Exceptions, parts)?;
    let arrange = move |rows: &mut Vec<Row>| {
        if standing_only {
            rows.retain(|row| matches!(row, Row::Exception(row) if row.standing == Some(true)));
        }
    };
    let listed = ask.page(handlers, arrange, row_of).await?;
    Ok(Response::new(ListExceptionsResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn row_of(row: row::Row) -> Option<ExceptionRow> {
    if let row::Row::Exception(row) = row {
        Some(row)
    } else {
        None
    }
}
