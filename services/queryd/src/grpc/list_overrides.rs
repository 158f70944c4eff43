use perennial_views::View;
use perennial_wire::pb::query::{ListOverridesRequest, ListOverridesResponse, OverrideRow, row};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};
use super::list_exceptions::{of_rule, with_conditions};

/// Answers with what let breaches be recorded.
pub(super) async fn list_overrides(
    handlers: &Handlers,
    request: &Request<ListOverridesRequest>,
) -> Result<Response<ListOverridesResponse>, Status> {
    let asked = request.get_ref();
    let conditions = [
        asked.open_only.then(|| "open = true".to_owned()),
        of_rule(&asked.rule),
    ];
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: Some(with_conditions(asked.page.clone(), conditions)),
        ..Parts::default()
    };
    let ask = Ask::check(handlers, request, View::Overrides, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    Ok(Response::new(ListOverridesResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn row_of(row: row::Row) -> Option<OverrideRow> {
    if let row::Row::Override(row) = row {
        Some(row)
    } else {
        None
    }
}
