use perennial_wire::date::to_timestamp;
use perennial_wire::pb;
use tonic::Response;

use super::Handlers;
use crate::ledgers::Slot;

/// What this node runs and leads.
pub(super) fn get_status(handlers: &Handlers) -> Response<pb::admin::GetStatusResponse> {
    let ledgers = handlers
        .ledgers
        .all()
        .into_iter()
        .map(|(ledger_id, slot)| match slot {
            Slot::Open(ledger, log) => {
                let head = *ledger.head().borrow();
                let stats = log.stats();
                pb::admin::LedgerStatus {
                    ledger_id: ledger_id.to_string(),
                    role: pb::admin::Role::Leader.into(),
                    term: head.term.0,
                    head_position: head.newest.map(|place| place.position.0),
                    appended_entries: stats.entries,
                    flushes: stats.flushes,
                    ..Default::default()
                }
            }
            Slot::Refused(problem) => pb::admin::LedgerStatus {
                ledger_id: ledger_id.to_string(),
                role: pb::admin::Role::Stopped.into(),
                problem: problem.to_string(),
                ..Default::default()
            },
        });
    Response::new(pb::admin::GetStatusResponse {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        services: vec!["ledgerd".to_owned()],
        ledgers: ledgers.collect(),
        started_at: Some(to_timestamp(handlers.started_at)),
        subscribers: 0,
    })
}
