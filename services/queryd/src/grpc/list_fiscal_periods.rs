use perennial_views::View;
use perennial_wire::pb::query::{ListFiscalPeriodsRequest, ListFiscalPeriodsResponse, row};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};

/// Answers with rows of `calendars`.
pub(super) async fn list_fiscal_periods(
    handlers: &Handlers,
    request: &Request<ListFiscalPeriodsRequest>,
) -> Result<Response<ListFiscalPeriodsResponse>, Status> {
    let asked = request.get_ref();
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        beside: asked.calendar_id.clone(),
        calendar_id: asked.calendar_id.clone(),
        ..Parts::default()
    };
    let ask = Ask::check(handlers, request, View::Calendars, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    Ok(Response::new(ListFiscalPeriodsResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn row_of(row: row::Row) -> Option<perennial_wire::pb::query::FiscalPeriodRow> {
    if let row::Row::FiscalPeriod(row) = row {
        Some(row)
    } else {
        None
    }
}
