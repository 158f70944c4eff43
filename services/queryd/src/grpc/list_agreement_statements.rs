use perennial_views::View;
use perennial_wire::pb::query::{ListAgreementStatementsRequest, ListAgreementStatementsResponse};
use tonic::{Request, Response, Status};

use super::Handlers;
use super::ask::{Ask, Parts};
use super::get_agreement_statement::row_of;

/// Answers with rows of `agreement`.
pub(super) async fn list_agreement_statements(
    handlers: &Handlers,
    request: &Request<ListAgreementStatementsRequest>,
) -> Result<Response<ListAgreementStatementsResponse>, Status> {
    let asked = request.get_ref();
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        ..Parts::default()
    };
    let ask = Ask::check(handlers, request, View::Agreement, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    Ok(Response::new(ListAgreementStatementsResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}
