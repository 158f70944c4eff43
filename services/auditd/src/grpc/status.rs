//! What auditd tells of its ledgers.

use perennial_transport::node::{INTEGRITY, Part, TROUBLE};
use perennial_wire::pb::admin::{LedgerStatus, Role, ServiceStatus};

use super::Handlers;
use crate::follower::{Follower, Problem};

impl Part for Handlers {
    fn name(&self) -> &'static str {
        "auditd"
    }

    fn ledgers(&self) -> Vec<LedgerStatus> {
        let followers = self.ledgers.all();
        followers.iter().map(|follower| status(follower)).collect()
    }

    fn subscribers(&self) -> usize {
        self.streams.count()
    }
}

fn status(follower: &Follower) -> LedgerStatus {
    let checked = follower.checked().borrow().clone();
    let position = checked.head.map(|head| head.position.0);
    let (role, reason) = match &checked.problem {
        None => (Role::Follower, ""),
        Some(Problem::Passing(_)) => (Role::Follower, TROUBLE),
        Some(Problem::BrokenOff(_)) => (Role::Stopped, TROUBLE),
        Some(Problem::Damaged { .. }) => (Role::Stopped, INTEGRITY),
    };
    let first_bad_position = match &checked.problem {
        Some(Problem::Damaged {
            first_bad_position, ..
        }) => first_bad_position.map(|position| position.0),
        Some(Problem::Passing(_) | Problem::BrokenOff(_)) | None => None,
    };
    let problem = checked.problem.as_ref().map(Problem::text);
    LedgerStatus {
        ledger_id: follower.ledger().ledger_id.to_string(),
        head_position: position,
        services: vec![ServiceStatus {
            role: role.into(),
            position,
            problem: problem.unwrap_or_default().to_owned(),
            problem_reason: reason.to_owned(),
            first_bad_position,
            ..ServiceStatus::default()
        }],
        ..LedgerStatus::default()
    }
}
