use perennial_views::View;
use perennial_views::rows::{AgreementRow, Row};
use perennial_wire::pb::query::{FindAgreementsRequest, FindAgreementsResponse};
use tonic::{Request, Response, Status};

use super::ask::{Ask, Parts};
use super::get_agreement_statement::row_of;
use super::{Handlers, error};

/// The most characters of a search.
const CHARACTERS_MAX: usize = 200;

/// Answers with the agreements whose id, references, title or parties hold a text, in any case.
pub(super) async fn find_agreements(
    handlers: &Handlers,
    request: &Request<FindAgreementsRequest>,
) -> Result<Response<FindAgreementsResponse>, Status> {
    let asked = request.get_ref();
    if CHARACTERS_MAX < asked.text.chars().count() {
        return Err(error::invalid_field(
            "text",
            &format!("has more than {CHARACTERS_MAX} characters"),
        ));
    }
    if asked
        .page
        .as_ref()
        .is_some_and(|page| !page.filter.is_empty())
    {
        return Err(error::invalid_field(
            "page.filter",
            "is not understood here",
        ));
    }
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        beside: format!("find {}", asked.text),
        ..Parts::default()
    };
    let ask = Ask::check(handlers, request, View::Agreement, parts)?;
    let text = asked.text.to_lowercase();
    let arrange = move |rows: &mut Vec<Row>| {
        rows.retain(|row| {
            if let Row::Agreement(row) = row {
                holds(row, &text)
            } else {
                false
            }
        });
    };
    let listed = ask.page(handlers, arrange, row_of).await?;
    Ok(Response::new(FindAgreementsResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn holds(row: &AgreementRow, text: &str) -> bool {
    let references = row
        .external_references
        .iter()
        .map(|external| &*external.reference);
    let parties = [&row.provider, &row.recipient]
        .into_iter()
        .flat_map(|party| [&*party.id, &*party.name]);
    let words = [row.agreement_id.as_str()]
        .into_iter()
        .chain(row.title.as_deref());
    words
        .chain(references)
        .chain(parties)
        .any(|word| word.to_lowercase().contains(text))
}
