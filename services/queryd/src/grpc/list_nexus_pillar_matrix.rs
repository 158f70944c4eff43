use perennial_views::View;
use perennial_wire::pb::query::{ListNexusPillarMatrixRequest, ListNexusPillarMatrixResponse, row};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};

/// Answers with rows of `nexus`.
pub(super) async fn list_nexus_pillar_matrix(
    handlers: &Handlers,
    request: &Request<ListNexusPillarMatrixRequest>,
) -> Result<Response<ListNexusPillarMatrixResponse>, Status> {
    let asked = request.get_ref();
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        group_by: asked.group_by.clone(),
        ..Parts::default()
    };
    let ask = Ask::check(handlers, request, View::Nexus, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    Ok(Response::new(ListNexusPillarMatrixResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn row_of(row: row::Row) -> Option<perennial_wire::pb::query::NexusRow> {
    if let row::Row::Nexus(row) = row {
        Some(row)
    } else {
        None
    }
}
