use perennial_views::View;
use perennial_wire::pb::query::{ListSchemeFundingRequest, ListSchemeFundingResponse, row};
use tonic::{Request, Response, Status};

use super::ask::{Ask, Parts};
use super::{Handlers, error};

/// Answers with rows of `scheme`.
pub(super) async fn list_scheme_funding(
    handlers: &Handlers,
    request: &Request<ListSchemeFundingRequest>,
) -> Result<Response<ListSchemeFundingResponse>, Status> {
    let asked = request.get_ref();
    let scheme = match (asked.scheme.as_str(), asked.scheme_version.as_str()) {
        (name, "") => name.to_owned(),
        ("", _) => {
            let problem = "is of no scheme: name one";
            return Err(error::invalid_field("scheme_version", problem));
        }
        (name, version) => format!("{name}@{version}"),
    };
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        group_by: asked.group_by.clone(),
        beside: scheme.clone(),
        scheme,
        ..Parts::default()
    };
    let ask = Ask::check(handlers, request, View::Scheme, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    Ok(Response::new(ListSchemeFundingResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn row_of(row: row::Row) -> Option<perennial_wire::pb::query::SchemeRow> {
    if let row::Row::Scheme(row) = row {
        Some(row)
    } else {
        None
    }
}
