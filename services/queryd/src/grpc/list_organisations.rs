use perennial_views::{Published, View};
use perennial_wire::pb::query::{ListOrganisationsRequest, ListOrganisationsResponse, row};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};

/// Answers with rows of `organisations`.
pub(super) async fn list_organisations(
    handlers: &Handlers,
    request: &Request<ListOrganisationsRequest>,
) -> Result<Response<ListOrganisationsResponse>, Status> {
    let asked = request.get_ref();
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        beside: asked.organisation_id.clone(),
        organisation_id: asked.organisation_id.clone(),
        ..Parts::default()
    };
    let view = View::Published(Published::Organisations);
    let ask = Ask::check(handlers, request, view, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    Ok(Response::new(ListOrganisationsResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn row_of(row: row::Row) -> Option<perennial_wire::pb::query::OrganisationRow> {
    if let row::Row::Organisation(row) = row {
        Some(row)
    } else {
        None
    }
}
