use perennial_wire::pb;
use tonic::{Request, Response, Status};

use super::get_ledger::encode_ledger;
use super::{Handlers, error};

const PAGE_SIZE: usize = 100;
const PAGE_SIZE_MAX: usize = 1_000;

/// The ledgers of this node, ascending by id. The page token is the last id of the page before.
pub(super) fn list_ledgers(
    handlers: &Handlers,
    request: &Request<pb::admin::ListLedgersRequest>,
) -> Result<Response<pb::admin::ListLedgersResponse>, Status> {
    let request = request.get_ref();
    let page_size = match usize::try_from(request.page_size) {
        Ok(0) => PAGE_SIZE,
        Ok(size) => size.min(PAGE_SIZE_MAX),
        Err(_) => return Err(error::invalid_field("page_size", "must not be negative")),
    };
    let all = handlers.ledgers.all();
    let mut after = all
        .iter()
        .filter(|(ledger_id, _)| request.page_token.as_str() < ledger_id.as_str());
    let ledgers: Vec<_> = after
        .by_ref()
        .take(page_size)
        .map(|(ledger_id, slot)| encode_ledger(ledger_id, slot))
        .collect();
    let more = after.next().is_some();
    let last = ledgers
        .last()
        .map(|ledger| ledger.ledger_id.clone())
        .unwrap_or_default();
    let next_page_token = if more { last } else { String::new() };
    Ok(Response::new(pb::admin::ListLedgersResponse {
        ledgers,
        next_page_token,
    }))
}
