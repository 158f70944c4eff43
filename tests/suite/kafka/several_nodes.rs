//! Several nodes on one broker: who follows refers to who leads, and takes its place when it is gone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use perennial_client::{ClientError, Connection, ErrorAnswer, LedgerClient, RetryPolicy};
use perennial_tests::server::Server;
use perennial_tests::signing::Signing;
use perennial_wire::pb::ledger::{GetHeadRequest, GetHeadResponse, SubmitRequest};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{BROKER, Place, digest, eventually};
use crate::cli;

const LEDGER: &str = "shared-one";
const CLIENTS: u64 = 8;
/// So many acknowledgements are waited for before and after a leader is killed.
const ACKNOWLEDGED: usize = 40;
/// A standby answers writes within a few seconds; a busy machine may take longer.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(30);

fn submission(number: u64) -> SubmitRequest {
    Signing::numbered(LEDGER, number).submission()
}

/// A client that goes to any of `nodes` and on to the one that leads.
fn client(nodes: &[&Server]) -> LedgerClient {
    let addresses: Vec<&str> = nodes.iter().map(|node| node.address()).collect();
    let connection = Connection::open(&addresses.join(",")).unwrap();
    LedgerClient::new(connection, RetryPolicy::WRITE)
}

/// What `node` itself answers to a submission that it is not to record.
async fn refused(node: &Server, number: u64) -> Result<ErrorAnswer, String> {
    let connection = Connection::open(node.address()).unwrap();
    match connection.ledger().submit(submission(number)).await {
        Ok(answer) => Err(format!("recorded: {answer:?}")),
        Err(status) => match ClientError::from_status(node.address(), status) {
            ClientError::Answered(answer) => Ok(*answer),
            other @ (ClientError::NoAnswer { .. } | ClientError::Protocol(_)) => {
                Err(other.to_string())
            }
        },
    }
}

/// Where the ledger stands, as `node` itself says.
async fn head(node: &Server) -> GetHeadResponse {
    let mut asked = Connection::open(node.address()).unwrap().ledger();
    let head = GetHeadRequest {
        ledger_id: LEDGER.to_owned(),
    };
    asked.get_head(head).await.unwrap().into_inner()
}

async fn leads(node: &Server) -> bool {
    head(node).await.leads
}

/// Submissions by several clients at once.
#[derive(Clone, Default)]
struct Load {
    /// Number of a submission to the position that it was acknowledged at.
    acknowledged: Arc<Mutex<BTreeMap<u64, u64>>>,
    next: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Load {
    fn start(&self, nodes: &[&Server]) -> Vec<tokio::task::JoinHandle<()>> {
        let run = |client: LedgerClient| {
            let load = self.clone();
            async move {
                while !load.over.load(Ordering::SeqCst) {
                    let number = load.next.fetch_add(1, Ordering::SeqCst);
                    let answer = client.submit(&submission(number)).await.unwrap();
                    let position = answer.position.unwrap();
                    load.acknowledged.lock().await.insert(number, position);
                }
            }
        };
        let clients = (0..CLIENTS).map(|_| client(nodes));
        clients.map(|client| tokio::spawn(run(client))).collect()
    }

    async fn count(&self) -> usize {
        self.acknowledged.lock().await.len()
    }

    /// Waits for so many more acknowledgements.
    async fn more(&self, count: usize) {
        let enough = self.count().await + count;
        eventually(async || (enough <= self.count().await).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_4_inv_5_a_standby_takes_the_place_of_a_killed_leader_and_nothing_acknowledged_is_lost()
{
    let Some(bootstrap) = tokio::task::block_in_place(|| BROKER.bootstrap()) else {
        return;
    };
    let place = Place::at(&bootstrap);
    let folder = tempfile::tempdir().unwrap();
    let serve = |name: &str| place.serve(&folder.path().join(name), &["--node", name]);
    let first = serve("first");
    cli()
        .at(first.address())
        .json(&["ledger", "create", LEDGER, "--profile", "strict"])
        .unwrap();
    let second = serve("second");

    // Who follows names the leader, and a client goes there.
    let answer = refused(&second, 0).await.unwrap();
    assert_eq!(answer.reason, "NOT_LEADER");
    assert_eq!(answer.leader_address(), Some(first.address()));
    let load = Load::default();
    let number = load.next.fetch_add(1, Ordering::SeqCst);
    let recorded = client(&[&second]).submit(&submission(number)).await;
    assert_eq!(recorded.unwrap().position, Some(1));
    load.acknowledged.lock().await.insert(number, 1);
    // Who follows tells of what was acknowledged elsewhere a moment ago.
    let head = head(&second).await;
    assert_eq!((head.head_position, head.leads), (1, false));
    assert_eq!(head.leader_address, first.address());

    let clients = load.start(&[&first, &second]);
    load.more(ACKNOWLEDGED).await;
    first.kill().unwrap();
    let killed = Instant::now();
    // What was acknowledged and not yet counted when it was killed is no sign of the other one.
    load.more(usize::try_from(CLIENTS).unwrap() + 1).await;
    let away = killed.elapsed();
    println!("taken over within {} ms", away.as_millis());
    assert!(away < TAKEN_OVER_WITHIN, "{away:?}");
    load.more(ACKNOWLEDGED).await;
    load.over.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.unwrap();
    }
    check(&load, &second).await;

    // A node that knows nothing, and the one that was killed, have the same views.
    let (third, first) = (serve("third"), serve("first"));
    let last = u64::try_from(load.count().await).unwrap();
    let expected = digest(second.address(), LEDGER, last).await;
    for node in [&third, &first] {
        assert_eq!(digest(node.address(), LEDGER, last).await, expected);
        let health = cli().at(node.address()).json(&["health"]).unwrap();
        let ledger = &health["node"]["ledgers"][0];
        assert_eq!(ledger["role"], "follower", "{health}");
        assert_eq!(ledger["leader"]["node"], "second", "{health}");
        assert_eq!(ledger["leader"]["address"], second.address(), "{health}");
    }

    replaced_while_it_hangs(&load, &second, [&third, &first]).await;
    check(&load, &third).await;
}

/// A leader that hangs is replaced, and follows when it goes on.
async fn replaced_while_it_hangs(load: &Load, leader: &Server, standbys: [&Server; 2]) {
    let [one, other] = standbys;
    leader.hold().unwrap();
    eventually(async || (leads(one).await || leads(other).await).then_some(())).await;
    let number = load.next.fetch_add(1, Ordering::SeqCst);
    let answer = client(&standbys).submit(&submission(number)).await;
    let position = answer.unwrap().position.unwrap();
    load.acknowledged.lock().await.insert(number, position);
    leader.resume().unwrap();
    let number = load.next.load(Ordering::SeqCst);
    let answer = eventually(async || refused(leader, number).await.ok()).await;
    assert!(
        matches!(
            answer.reason.as_str(),
            "NOT_LEADER" | "LOG_UNAVAILABLE" | "OUTCOME_UNKNOWN"
        ),
        "{answer:?}"
    );
    let named = eventually(async || {
        let answer = refused(leader, number).await.unwrap();
        answer.leader_address().map(str::to_owned)
    });
    let named = named.await;
    assert!([one.address(), other.address()].contains(&named.as_str()));
}

/// Everything that was acknowledged is there under its request id, once, and nothing else is.
async fn check(load: &Load, node: &Server) {
    let client = client(&[node]);
    let acknowledged = load.acknowledged.lock().await;
    for (number, position) in acknowledged.iter() {
        let answer = client.submit(&submission(*number)).await.unwrap();
        assert!(answer.replayed, "submission {number} is gone");
        assert_eq!(answer.position, Some(*position), "submission {number}");
    }
    let expected: Vec<u64> = (1..).take(acknowledged.len()).collect();
    let mut positions: Vec<u64> = acknowledged.values().copied().collect();
    positions.sort_unstable();
    assert_eq!(positions, expected, "each stands once, and nothing else");
    let at = cli().at(node.address()).on(LEDGER);
    let records = eventually(async || {
        let verified = at.json(&["verify", "--server", node.address()]).unwrap();
        let records = verified["records"].as_u64().unwrap();
        (expected.len() < usize::try_from(records).unwrap()).then_some(records)
    });
    assert_eq!(usize::try_from(records.await).unwrap(), expected.len() + 1);
}
