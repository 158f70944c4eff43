//! `perennial health`: exit code 0 if the services are ready and every ledger is well.

use clap::Args;
use perennial_export::answers::{
    HealthDocument, LeaderDocument, LedgerHealthDocument, NodeDocument, ServiceHealthDocument,
};
use perennial_wire::pb::admin::{
    GetStatusRequest, GetStatusResponse, LedgerStatus, Role, ServiceStatus,
};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;

use crate::failure::{Exit, Failure};
use crate::session::Session;
use crate::time::instant_text;

/// The reason of a problem that only an operator can end.
const INTEGRITY: &str = "INTEGRITY_FAILURE";

const EXIT_CODES: &str = "\
Exit codes:
  0  the services are ready, and every ledger is served, shown and verified
  7  not ready, or a ledger is not served or followed now
  8  the records of a ledger are damaged or lost
";

/// Exits with 0 if the services are ready and every ledger is well.
#[derive(Debug, Args)]
#[command(after_long_help = EXIT_CODES)]
pub struct Arguments {
    /// One gRPC service by its full name; by default the whole process, with its ledgers.
    #[arg(long, value_name = "NAME", default_value = "")]
    service: String,
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, arguments: Arguments) -> Result<(), Failure> {
    let whole = arguments.service.is_empty();
    let request = HealthCheckRequest {
        service: arguments.service,
    };
    let answer = session
        .read("ask for health", || {
            let (mut client, request) = (session.connection.health(), request.clone());
            async move { client.check(request).await }
        })
        .await?;
    let status = match answer.status() {
        ServingStatus::Serving => "serving",
        ServingStatus::NotServing => "not_serving",
        ServingStatus::Unknown | ServingStatus::ServiceUnknown => "unknown",
    };
    let node = if whole { node(session).await? } else { None };
    let document = HealthDocument {
        server: session.connection.address().to_owned(),
        status: status.to_owned(),
        node,
    };
    if session.console.wants_json() {
        session.console.json(&document)?;
    } else {
        lines(&document)
            .iter()
            .try_for_each(|line| session.console.data(line))?;
    }
    match exit(answer.status(), document.node.as_ref()) {
        None => Ok(()),
        Some(exit) => Err(Failure::printed(exit)),
    }
}

/// What the process says of itself; nothing where it serves no status, as a server of another make.
async fn node(session: &Session) -> Result<Option<NodeDocument>, Failure> {
    let mut client = session.connection.node();
    match client.get_status(GetStatusRequest {}).await {
        Err(status) if status.code() == Code::Unimplemented => Ok(None),
        answer => Ok(Some(document(
            session.answered("ask for the status", answer)?,
        ))),
    }
}

fn document(status: GetStatusResponse) -> NodeDocument {
    let uptime = status.uptime.map_or(0, |uptime| uptime.seconds);
    NodeDocument {
        version: status.version,
        services: status.services,
        started_at: instant_text(status.started_at.as_ref()),
        uptime_s: u64::try_from(uptime).unwrap_or_default(),
        subscribers: status.subscribers.into(),
        ledgers: status.ledgers.into_iter().map(ledger).collect(),
    }
}

fn ledger(status: LedgerStatus) -> LedgerHealthDocument {
    let (head, status_role) = (status.head_position, status.role());
    let services = status.services.into_iter();
    LedgerHealthDocument {
        role: role(status_role).to_owned(),
        ledger_id: status.ledger_id,
        term: status.term,
        head_position: head,
        leader: given(status.leader_node).map(|node| LeaderDocument {
            node,
            address: given(status.leader_address),
        }),
        dead_records: status.dead_records,
        dead_claims: status.dead_claims,
        last_problem: given(status.last_problem),
        services: services.map(|told| service(told, head)).collect(),
    }
}

fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn service(status: ServiceStatus, head: Option<u64>) -> ServiceHealthDocument {
    // Positions count from 0: what has none yet is behind by one more.
    let records = |position: Option<u64>| position.map_or(0, |last| last.saturating_add(1));
    let lag = |head| records(Some(head)).saturating_sub(records(status.position));
    ServiceHealthDocument {
        lag_records: head.map(lag),
        role: role(status.role()).to_owned(),
        service: status.service,
        position: status.position,
        problem: given(status.problem),
        problem_reason: given(status.problem_reason),
        first_bad_position: status.first_bad_position,
    }
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::Unspecified => "unknown",
        Role::Leader => "leader",
        Role::Follower => "follower",
        Role::Stopped => "stopped",
    }
}

/// What a person reads.
fn lines(document: &HealthDocument) -> Vec<String> {
    let mut lines = vec![format!("{} {}", document.server, document.status)];
    let Some(node) = &document.node else {
        return lines;
    };
    lines.push(format!(
        "version {}, {}, up {} s, {} streams open",
        node.version,
        node.services.join(" and "),
        node.uptime_s,
        node.subscribers
    ));
    for ledger in &node.ledgers {
        let services: Vec<String> = ledger.services.iter().map(at).collect();
        lines.push(format!("{}: {}", ledger.ledger_id, services.join(", ")));
        lines.extend(seat(ledger));
        lines.extend(ledger.services.iter().filter_map(problem));
    }
    lines
}

/// Who leads, and what the log holds that does not count; nothing where nobody else could.
fn seat(ledger: &LedgerHealthDocument) -> Option<String> {
    let leader = ledger.leader.as_ref()?;
    let at = match &leader.address {
        Some(address) => format!(" at {address}"),
        None => String::new(),
    };
    Some(format!(
        "  term {} led by {}{at}; dead: {} records, {} claims",
        ledger.term, leader.node, ledger.dead_records, ledger.dead_claims
    ))
}

fn at(service: &ServiceHealthDocument) -> String {
    let position = service
        .position
        .map_or_else(String::new, |position| format!(" at {position}"));
    let lag = match service.lag_records {
        Some(lag) if 0 < lag => format!(", {lag} behind"),
        Some(_) | None => String::new(),
    };
    format!("{} {}{position}{lag}", service.service, service.role)
}

fn problem(service: &ServiceHealthDocument) -> Option<String> {
    let problem = service.problem.as_ref()?;
    let reason = service.problem_reason.as_deref().unwrap_or_default();
    let from = service
        .first_bad_position
        .map_or_else(String::new, |position| format!(" from position {position}"));
    Some(format!("  {}: {reason}{from}: {problem}", service.service))
}

/// How the command ends: damage is said by a code of its own, whatever else there is.
fn exit(serving: ServingStatus, node: Option<&NodeDocument>) -> Option<Exit> {
    let services = || {
        node.into_iter()
            .flat_map(|node| &node.ledgers)
            .flat_map(|ledger| &ledger.services)
    };
    if services().any(|service| service.problem_reason.as_deref() == Some(INTEGRITY)) {
        return Some(Exit::VerificationFailed);
    }
    let troubled = services().any(|service| service.problem.is_some());
    (troubled || serving != ServingStatus::Serving).then_some(Exit::Unavailable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(problem: &str, reason: &str) -> NodeDocument {
        let audited = ServiceStatus {
            service: "auditd".to_owned(),
            problem: problem.to_owned(),
            problem_reason: reason.to_owned(),
            ..ServiceStatus::default()
        };
        document(GetStatusResponse {
            ledgers: vec![LedgerStatus {
                ledger_id: "treasury".to_owned(),
                services: vec![audited],
                ..LedgerStatus::default()
            }],
            ..GetStatusResponse::default()
        })
    }

    #[test]
    fn damage_has_a_code_of_its_own_and_passing_trouble_another() {
        let well = told("", "");
        assert_eq!(exit(ServingStatus::Serving, Some(&well)), None);
        assert_eq!(exit(ServingStatus::Serving, None), None);
        assert_eq!(
            exit(ServingStatus::NotServing, Some(&well)),
            Some(Exit::Unavailable)
        );
        let passing = told("the log is away", "LOG_UNAVAILABLE");
        assert_eq!(
            exit(ServingStatus::Serving, Some(&passing)),
            Some(Exit::Unavailable)
        );
        let damaged = told("a hash does not hold", INTEGRITY);
        assert_eq!(
            exit(ServingStatus::NotServing, Some(&damaged)),
            Some(Exit::VerificationFailed)
        );
    }
}
