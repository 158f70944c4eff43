use perennial_domain::ids::LedgerId;
use perennial_domain::rule::Profile;
use perennial_wire::pb;
use tonic::{Request, Response, Status};

use super::Handlers;
use crate::ledgers::Slot;

/// One ledger's profile, policy and head; a ledger that is not served says why.
pub(super) fn get_ledger(
    handlers: &Handlers,
    request: &Request<pb::admin::GetLedgerRequest>,
) -> Result<Response<pb::admin::GetLedgerResponse>, Status> {
    let (ledger_id, slot) = handlers.slot(&request.get_ref().ledger_id)?;
    Ok(Response::new(pb::admin::GetLedgerResponse {
        ledger: Some(encode_ledger(&ledger_id, &slot)),
    }))
}

pub(super) fn encode_ledger(ledger_id: &LedgerId, slot: &Slot) -> pb::admin::Ledger {
    let ledger_id = ledger_id.to_string();
    match slot {
        Slot::Open(ledger, _) => {
            let head = *ledger.head().borrow();
            let in_force = ledger.in_force();
            pb::admin::Ledger {
                ledger_id,
                profile: encode_profile(ledger.profile()).into(),
                policy: Some((&in_force.policy).into()),
                head_position: head
                    .newest
                    .map(|place| place.position.0)
                    .unwrap_or_default(),
                term: head.term.0,
                problem: String::new(),
                revision: in_force.revision.0,
            }
        }
        Slot::Refused(refused) => pb::admin::Ledger {
            ledger_id,
            problem: refused.to_string(),
            ..Default::default()
        },
    }
}

fn encode_profile(profile: Profile) -> pb::admin::Profile {
    match profile {
        Profile::Strict => pb::admin::Profile::Strict,
        Profile::Mirror => pb::admin::Profile::Mirror,
    }
}
