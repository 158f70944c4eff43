//! What a process tells about itself, whichever services it runs: `NodeService`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Instant, SystemTime};

use perennial_wire::pb::admin::node_service_server::{NodeService, NodeServiceServer};
use perennial_wire::pb::admin::{
    GetStatusRequest, GetStatusResponse, LedgerStatus, Role, ServiceStatus,
};
use prost_types::Timestamp;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

/// Full name of the gRPC service, for health.
pub const SERVICE: &str = "perennial.admin.v1.NodeService";

/// Reason of a problem that only an operator can end: records are damaged or lost.
pub const INTEGRITY: &str = "INTEGRITY_FAILURE";
/// Reason of a problem that may pass.
pub const TROUBLE: &str = "LOG_UNAVAILABLE";

/// One service of a process, as far as its status is concerned.
pub trait Part: Send + Sync {
    /// `ledgerd`, `queryd` or `auditd`.
    fn name(&self) -> &'static str;

    /// What it does for each of its ledgers, in any order. Each message has the one [`ServiceStatus`] that
    /// [`Self::name`] is put into, and beside it only what no other service knows.
    fn ledgers(&self) -> Vec<LedgerStatus>;

    /// How many subscriptions and followed streams are open.
    fn subscribers(&self) -> usize;
}

/// The status of a process that runs `parts`.
#[derive(Clone)]
pub struct Node {
    parts: Arc<[Box<dyn Part>]>,
    started_at: Timestamp,
    started: Instant,
}

impl Node {
    /// Tells of `parts`, which start now.
    #[expect(
        clippy::disallowed_methods,
        reason = "when a process started is told to its operators and goes into no record"
    )]
    pub fn start(parts: Vec<Box<dyn Part>>) -> Self {
        Self {
            parts: parts.into(),
            started_at: Timestamp::from(SystemTime::now()),
            started: Instant::now(),
        }
    }

    /// Adds the service to a port.
    pub fn add_to(self, routes: Routes) -> Routes {
        routes.add_service(NodeServiceServer::new(self))
    }

    /// What the process is doing.
    pub fn status(&self) -> GetStatusResponse {
        let mut ledgers: BTreeMap<String, LedgerStatus> = BTreeMap::new();
        for part in self.parts.iter() {
            for mut told in part.ledgers() {
                for service in &mut told.services {
                    part.name().clone_into(&mut service.service);
                }
                let known = ledgers.entry(told.ledger_id.clone()).or_default();
                add(known, told);
            }
        }
        let subscribers: usize = self.parts.iter().map(|part| part.subscribers()).sum();
        GetStatusResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            services: self
                .parts
                .iter()
                .map(|part| part.name().to_owned())
                .collect(),
            ledgers: ledgers.into_values().map(summed_up).collect(),
            started_at: Some(self.started_at),
            subscribers: u32::try_from(subscribers).unwrap_or(u32::MAX),
            uptime: prost_types::Duration::try_from(self.started.elapsed()).ok(),
        }
    }
}

/// Adds what one more service tells of a ledger.
fn add(known: &mut LedgerStatus, told: LedgerStatus) {
    known.ledger_id = told.ledger_id;
    known.term = known.term.max(told.term);
    known.head_position = known.head_position.max(told.head_position);
    known.appended_entries = known.appended_entries.max(told.appended_entries);
    known.flushes = known.flushes.max(told.flushes);
    known.dead_records = known.dead_records.max(told.dead_records);
    known.dead_claims = known.dead_claims.max(told.dead_claims);
    // One service alone knows of these.
    for (known, told) in [
        (&mut known.leader_node, told.leader_node),
        (&mut known.leader_address, told.leader_address),
        (&mut known.last_problem, told.last_problem),
    ] {
        if !told.is_empty() {
            *known = told;
        }
    }
    known.services.extend(told.services);
}

/// Fills what a ledger's services are summed up in.
fn summed_up(mut ledger: LedgerStatus) -> LedgerStatus {
    let role = |wanted: Role| {
        let is_wanted = |service: &ServiceStatus| service.role() == wanted;
        ledger.services.iter().any(is_wanted).then_some(wanted)
    };
    let role = role(Role::Leader)
        .or_else(|| role(Role::Follower))
        .unwrap_or(Role::Stopped);
    // One that has nothing yet is behind one that has something: absent is before any position.
    let followers = ledger
        .services
        .iter()
        .filter(|service| service.role() != Role::Leader && service.service != "ledgerd");
    let position = followers.map(|service| service.position).min().flatten();
    let problems: Vec<String> = ledger
        .services
        .iter()
        .filter(|service| !service.problem.is_empty())
        .map(|service| format!("{}: {}", service.service, service.problem))
        .collect();
    ledger.set_role(role);
    ledger.position = position;
    ledger.problem = problems.join("; ");
    ledger
}

#[tonic::async_trait]
impl NodeService for Node {
    async fn get_status(
        &self,
        _request: Request<GetStatusRequest>,
    ) -> Result<Response<GetStatusResponse>, Status> {
        Ok(Response::new(self.status()))
    }
}

/// Counts the streams that are open.
#[derive(Clone, Debug, Default)]
pub struct OpenStreams(Arc<AtomicUsize>);

impl OpenStreams {
    /// Counts one more until the returned value is dropped.
    pub fn open(&self) -> OpenStream {
        self.0.fetch_add(1, Ordering::Relaxed);
        OpenStream(Arc::clone(&self.0))
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// One open stream. See [`OpenStreams::open`].
#[derive(Debug)]
pub struct OpenStream(Arc<AtomicUsize>);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Told(&'static str, Vec<LedgerStatus>);

    impl Part for Told {
        fn name(&self) -> &'static str {
            self.0
        }

        fn ledgers(&self) -> Vec<LedgerStatus> {
            self.1.clone()
        }

        fn subscribers(&self) -> usize {
            2
        }
    }

    fn ledger(
        ledger_id: &str,
        role: Role,
        position: Option<u64>,
        head_position: Option<u64>,
    ) -> LedgerStatus {
        LedgerStatus {
            ledger_id: ledger_id.to_owned(),
            head_position,
            services: vec![ServiceStatus {
                role: role.into(),
                position,
                ..ServiceStatus::default()
            }],
            ..LedgerStatus::default()
        }
    }

    fn node(parts: Vec<Box<dyn Part>>) -> GetStatusResponse {
        Node::start(parts).status()
    }

    #[test]
    fn services_of_one_process_tell_of_a_ledger_together() {
        let writing = Told(
            "ledgerd",
            vec![ledger("one", Role::Leader, Some(9), Some(9))],
        );
        let reading = Told("queryd", vec![ledger("one", Role::Follower, Some(8), None)]);
        let auditing = Told("auditd", vec![ledger("one", Role::Follower, Some(7), None)]);
        let status = node(vec![
            Box::new(writing),
            Box::new(reading),
            Box::new(auditing),
        ]);
        assert_eq!(status.services, ["ledgerd", "queryd", "auditd"]);
        assert_eq!(status.subscribers, 6);
        assert!(status.uptime.is_some());
        let [one] = status.ledgers.as_slice() else {
            panic!("{status:?}");
        };
        assert_eq!(one.role(), Role::Leader);
        assert_eq!((one.head_position, one.position), (Some(9), Some(7)));
        let positions: Vec<_> = one
            .services
            .iter()
            .map(|service| (service.service.as_str(), service.position))
            .collect();
        assert_eq!(
            positions,
            [
                ("ledgerd", Some(9)),
                ("queryd", Some(8)),
                ("auditd", Some(7))
            ]
        );
    }

    #[test]
    fn a_stream_counts_while_it_is_open() {
        let streams = OpenStreams::default();
        let (first, second) = (streams.open(), streams.open());
        assert_eq!(streams.count(), 2);
        drop(first);
        assert_eq!(streams.count(), 1);
        drop(second);
        assert_eq!(streams.count(), 0);
    }

    #[test]
    fn one_service_that_stopped_is_said_while_the_others_go_on() {
        let mut stopped = ledger("one", Role::Stopped, None, None);
        "a hash does not hold".clone_into(&mut stopped.services[0].problem);
        let reading = Told("queryd", vec![ledger("one", Role::Follower, Some(8), None)]);
        let auditing = Told("auditd", vec![stopped]);
        let status = node(vec![Box::new(reading), Box::new(auditing)]);
        let one = &status.ledgers[0];
        assert_eq!(one.role(), Role::Follower);
        // What was verified is not known any more, whatever the views hold.
        assert_eq!(one.position, None);
        assert_eq!(one.problem, "auditd: a hash does not hold");
    }
}
