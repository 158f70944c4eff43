use perennial_views::View;
use perennial_wire::pb::query::{ListViewsRequest, ListViewsResponse, ViewDescription};
use tonic::{Response, Status};

use super::Handlers;

/// Tells which views there are. They are the same for every ledger, which must exist all the same.
pub(super) fn list_views(
    handlers: &Handlers,
    request: &ListViewsRequest,
) -> Result<Response<ListViewsResponse>, Status> {
    handlers.projection(&request.ledger_id)?;
    let views = View::ALL.into_iter().map(|view| ViewDescription {
        name: view.name().to_owned(),
        keys: view
            .keys()
            .iter()
            .map(|key| key.name().to_owned())
            .collect(),
        filters: view
            .filters()
            .iter()
            .map(|&filter| filter.to_owned())
            .collect(),
        accepts_restated: view.restates(),
    });
    Ok(Response::new(ListViewsResponse {
        views: views.collect(),
    }))
}
