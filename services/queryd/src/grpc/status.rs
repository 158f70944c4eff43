//! What queryd tells of its ledgers.

use perennial_transport::node::{INTEGRITY, Part, TROUBLE};
use perennial_wire::pb::admin::{LedgerStatus, Role, ServiceStatus};

use super::{Handlers, SUBSCRIPTIONS_MAX};
use crate::projection::{Problem, Projection};

impl Part for Handlers {
    fn name(&self) -> &'static str {
        "queryd"
    }

    fn ledgers(&self) -> Vec<LedgerStatus> {
        let projections = self.projections.all();
        projections
            .iter()
            .map(|projection| status(projection))
            .collect()
    }

    fn subscribers(&self) -> usize {
        SUBSCRIPTIONS_MAX.saturating_sub(self.subscriptions.available_permits())
    }
}

fn status(projection: &Projection) -> LedgerStatus {
    let status = projection.status();
    let position = status.reached.position.map(|position| position.0);
    let (role, reason, first_bad_position) = match &status.reached.problem {
        Some(Problem::Integrity(damage)) => (Role::Stopped, INTEGRITY, damage.first_bad_position),
        Some(Problem::Trouble(_)) => (Role::Follower, TROUBLE, None),
        // A projector that makes no progress has no problem of its own to tell.
        None if !status.last_error.is_empty() => (Role::Follower, TROUBLE, None),
        None => (Role::Follower, "", None),
    };
    LedgerStatus {
        ledger_id: projection.ledger().ledger_id.to_string(),
        head_position: position,
        services: vec![ServiceStatus {
            role: role.into(),
            position,
            problem: status.last_error,
            problem_reason: reason.to_owned(),
            first_bad_position: first_bad_position.map(|position| position.0),
            ..ServiceStatus::default()
        }],
        ..LedgerStatus::default()
    }
}
