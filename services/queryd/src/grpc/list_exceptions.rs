use perennial_views::View;
use perennial_wire::pb::query::{
    ExceptionRow, ListExceptionsRequest, ListExceptionsResponse, Page, row,
};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};

/// Answers with what stands out.
pub(super) async fn list_exceptions(
    handlers: &Handlers,
    request: &Request<ListExceptionsRequest>,
) -> Result<Response<ListExceptionsResponse>, Status> {
    let asked = request.get_ref();
    let conditions = [
        asked.standing_only.then(|| "standing = true".to_owned()),
        asked.open_only.then(|| "open = true".to_owned()),
        of_rule(&asked.rule),
    ];
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: Some(with_conditions(asked.page.clone(), conditions)),
        ..Parts::default()
    };
    let ask = Ask::check(handlers, request, View::Exceptions, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    Ok(Response::new(ListExceptionsResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

/// The condition of a rule in the filter's language.
pub(super) fn of_rule(rule: &str) -> Option<String> {
    let quoted = rule.replace('\\', "\\\\").replace('"', "\\\"");
    (!rule.is_empty()).then(|| format!("rule = \"{quoted}\""))
}

/// The page whose filter also asks for these conditions.
pub(super) fn with_conditions<const N: usize>(
    page: Option<Page>,
    conditions: [Option<String>; N],
) -> Page {
    let mut page = page.unwrap_or_default();
    let own = Some(page.filter.trim().to_owned()).filter(|own| !own.is_empty());
    let all: Vec<String> = own
        .into_iter()
        .chain(conditions.into_iter().flatten())
        .collect();
    page.filter = all.join(" AND ");
    page
}

fn row_of(row: row::Row) -> Option<ExceptionRow> {
    if let row::Row::Exception(row) = row {
        Some(row)
    } else {
        None
    }
}
