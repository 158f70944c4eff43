use perennial_views::{Published, View};
use perennial_wire::pb::query::{ListPillarRulesRequest, ListPillarRulesResponse, row};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};

/// Answers with rows of `pillar-rules`.
pub(super) async fn list_pillar_rules(
    handlers: &Handlers,
    request: &Request<ListPillarRulesRequest>,
) -> Result<Response<ListPillarRulesResponse>, Status> {
    let asked = request.get_ref();
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        beside: asked.mapping.clone(),
        list: asked.mapping.clone(),
        ..Parts::default()
    };
    let view = View::Published(Published::PillarRules);
    let ask = Ask::check(handlers, request, view, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    Ok(Response::new(ListPillarRulesResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn row_of(row: row::Row) -> Option<perennial_wire::pb::query::PillarRuleRow> {
    if let row::Row::PillarRule(row) = row {
        Some(row)
    } else {
        None
    }
}
