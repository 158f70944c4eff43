//! What ledgerd tells of its ledgers.

use perennial_app::seat::status::Role as SeatRole;
use perennial_domain::ids::LedgerId;
use perennial_transport::node::{INTEGRITY, Part, TROUBLE};
use perennial_wire::pb::admin::{LedgerStatus, Role, ServiceStatus};

use super::Handlers;
use crate::ledgers::Slot;

impl Part for Handlers {
    fn name(&self) -> &'static str {
        "ledgerd"
    }

    fn ledgers(&self) -> Vec<LedgerStatus> {
        let slots = self.ledgers.all();
        slots
            .iter()
            .map(|(ledger_id, slot)| status(ledger_id, slot))
            .collect()
    }

    fn subscribers(&self) -> usize {
        self.streams.count()
    }
}

fn status(ledger_id: &LedgerId, slot: &Slot) -> LedgerStatus {
    let ledger_id = ledger_id.to_string();
    match slot {
        Slot::Open(ledger, log) => {
            let head = *ledger.head().borrow();
            let seat = ledger.status().borrow().clone();
            let stats = log.stats();
            let position = head.newest.map(|place| place.position.0);
            let leader = seat.leader.unwrap_or_default();
            LedgerStatus {
                ledger_id,
                term: head.term.0,
                head_position: position,
                appended_entries: stats.entries,
                flushes: stats.flushes,
                leader_node: leader.node,
                leader_address: leader.address,
                dead_records: seat.dead_records,
                dead_claims: seat.dead_claims,
                last_problem: seat.last_problem.unwrap_or_default(),
                services: vec![ServiceStatus {
                    role: role(seat.role).into(),
                    position,
                    ..ServiceStatus::default()
                }],
                ..LedgerStatus::default()
            }
        }
        Slot::Refused(refused) => LedgerStatus {
            ledger_id,
            services: vec![ServiceStatus {
                role: Role::Stopped.into(),
                problem: refused.to_string(),
                problem_reason: if refused.damaged { INTEGRITY } else { TROUBLE }.to_owned(),
                first_bad_position: refused.first_bad_position.map(|position| position.0),
                ..ServiceStatus::default()
            }],
            ..LedgerStatus::default()
        },
    }
}

const fn role(role: SeatRole) -> Role {
    match role {
        SeatRole::Leading => Role::Leader,
        SeatRole::Following | SeatRole::Campaigning => Role::Follower,
    }
}
