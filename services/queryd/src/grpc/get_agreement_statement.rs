use perennial_views::View;
use perennial_wire::pb::query::{
    AgreementRow, GetAgreementStatementRequest, GetAgreementStatementResponse, row,
};
use tonic::{Request, Response, Status};

use super::ask::{Ask, Parts};
use super::{Handlers, error};

/// Answers where one agreement stands, named by its id or by an external reference.
pub(super) async fn get_agreement_statement(
    handlers: &Handlers,
    request: &Request<GetAgreementStatementRequest>,
) -> Result<Response<GetAgreementStatementResponse>, Status> {
    let asked = request.get_ref();
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        agreement: Some(asked.agreement_id.clone()),
        ..Parts::default()
    };
    let ask = Ask::check(handlers, request, View::Agreement, parts)?;
    let listed = ask.page(handlers, |_| {}, row_of).await?;
    let row = listed.rows.into_iter().next();
    let unknown = || error::unknown_agreement(&asked.agreement_id);
    Ok(Response::new(GetAgreementStatementResponse {
        read_info: Some(listed.read_info),
        row: Some(row.ok_or_else(unknown)?),
    }))
}

pub(super) fn row_of(row: row::Row) -> Option<AgreementRow> {
    if let row::Row::Agreement(row) = row {
        Some(row)
    } else {
        None
    }
}
