use perennial_app::submission::Prepared;
use perennial_wire::pb;
use perennial_wire::stored::Actor;
use tonic::{Request, Response, Status};

use super::{Handlers, actor, encode, error};

/// One atomic list of commands: recorded whole, or refused whole.
pub(super) async fn submit(
    handlers: &Handlers,
    request: Request<pb::ledger::SubmitRequest>,
) -> Result<Response<pb::ledger::SubmitResponse>, Status> {
    let actor = actor(&request);
    let request = request.into_inner();
    let (ledger, _) = handlers.open_ledger(&request.ledger_id)?;
    let validate_only = request.validate_only;
    let prepared = prepare(handlers, request, actor)?;
    let accepted = ledger
        .submit(prepared, validate_only)
        .await
        .map_err(|refused| error::submit_error(&refused))?;
    Ok(Response::new(encode::accepted(accepted)))
}

/// Validates a request and computes its digest, before it takes a place in the queue.
pub(super) fn prepare(
    handlers: &Handlers,
    request: pb::ledger::SubmitRequest,
    actor: Actor,
) -> Result<Prepared, Status> {
    let limits = &handlers.ledgers.config().limits;
    let input = perennial_wire::request::submit(request, limits)
        .map_err(|violations| error::invalid_request(&violations))?;
    Ok(Prepared::new(input.request_id, actor, input.submission))
}
