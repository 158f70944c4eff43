use perennial_domain::Date;
use perennial_views::View;
use perennial_views::rows::Row;
use perennial_wire::date::from_google;
use perennial_wire::pb::google::r#type as google;
use perennial_wire::pb::query::{
    CashForecastRow, ListCashForecastRequest, ListCashForecastResponse, row,
};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};
use super::error;

/// Answers with rows of `cash-forecast`.
pub(super) async fn list_cash_forecast(
    handlers: &Handlers,
    request: &Request<ListCashForecastRequest>,
) -> Result<Response<ListCashForecastResponse>, Status> {
    let asked = request.get_ref();
    let overdue_only = asked.overdue_only;
    let due_from = due("due_from_on", asked.due_from_on)?;
    let due_to = due("due_to_on", asked.due_to_on)?;
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        beside: format!("overdue only: {overdue_only}, due {due_from:?} to {due_to:?}"),
        ..Parts::default()
    };
    let ask = Ask::check(handlers, request, View::CashForecast, parts)?;
    let arrange = move |rows: &mut Vec<Row>| {
        rows.retain(|row| {
            let Row::CashForecast(row) = row else {
                return false;
            };
            let late = row.days_late.is_some_and(|days| 0 < days);
            (late || !overdue_only)
                && due_from.is_none_or(|from| from <= row.due_on)
                && due_to.is_none_or(|to| row.due_on <= to)
        });
    };
    let listed = ask.page(handlers, arrange, row_of).await?;
    Ok(Response::new(ListCashForecastResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn due(field: &'static str, date: Option<google::Date>) -> Result<Option<Date>, Status> {
    let invalid = || error::invalid_field(field, "is no date");
    date.map(|date| from_google(date).ok_or_else(invalid))
        .transpose()
}

fn row_of(row: row::Row) -> Option<CashForecastRow> {
    if let row::Row::CashForecast(row) = row {
        Some(row)
    } else {
        None
    }
}
