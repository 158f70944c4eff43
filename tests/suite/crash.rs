//! SIGKILL under load: what was acknowledged is there, once (INV-4, INV-5), and the chain holds (INV-9).

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use perennial_tests::server::Server;
use perennial_tests::signing::Signing;
use perennial_wire::pb;
use tokio::sync::Mutex;
use tonic::transport::Channel;

use crate::{binary, cli};

type Client = pb::ledger::ledger_service_client::LedgerServiceClient<Channel>;

const CLIENTS: u64 = 32;
/// Kills in the test run; `PERENNIAL_TEST_KILLS` asks for more.
const KILLS: u64 = 5;
/// How long the load runs between two kills: long enough for thousands of acknowledgements.
const LOAD: Duration = Duration::from_millis(400);

#[test]
fn inv_4_inv_5_after_sigkill_every_acknowledged_submission_is_there_exactly_once() {
    let kills = std::env::var_os("PERENNIAL_TEST_KILLS").map_or(KILLS, |text| {
        text.to_str()
            .and_then(|text| text.parse().ok())
            .expect("a number of kills")
    });
    let data = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let acknowledged = Arc::new(Mutex::new(HashMap::new()));
    let unanswered = Arc::new(Mutex::new(Vec::new()));
    let next = Arc::new(AtomicU64::new(0));
    create(data.path());
    for _ in 0..kills {
        let server = Server::start(binary(), data.path()).unwrap();
        let address = server.address().to_owned();
        let load = Load {
            acknowledged: Arc::clone(&acknowledged),
            unanswered: Arc::clone(&unanswered),
            next: Arc::clone(&next),
            over: Arc::new(AtomicBool::new(false)),
        };
        let clients = runtime.block_on(load.start(&address));
        std::thread::park_timeout(LOAD);
        server.kill().unwrap();
        load.over.store(true, Ordering::SeqCst);
        runtime.block_on(async {
            for client in clients {
                client.await.unwrap();
            }
        });
    }
    let server = Server::start(binary(), data.path()).unwrap();
    runtime.block_on(retry_and_check(
        server.address(),
        &acknowledged,
        &unanswered,
    ));
    // INV-6: the views that went through every kill equal those of a replay from the first record.
    let replayed = cli()
        .at(server.address())
        .on("crash-test")
        .json(&["replay"])
        .unwrap();
    assert_eq!(replayed["equal"], true, "{replayed}");
    assert_eq!(server.terminate().unwrap(), 0);
    let verified = cli()
        .json(&["verify", "--data", data.path().to_str().unwrap()])
        .unwrap();
    let acknowledged = runtime.block_on(async { acknowledged.lock().await.len() });
    println!(
        "{kills} kills, {acknowledged} acknowledged submissions, {} records",
        verified["records"]
    );
    assert_eq!(
        verified["records"].as_u64().unwrap(),
        u64::try_from(acknowledged).unwrap() + 1
    );
}

fn create(data: &Path) {
    let server = Server::start(binary(), data).unwrap();
    let cli = cli().at(server.address()).on("crash-test");
    cli.json(&["ledger", "create", "crash-test", "--profile", "strict"])
        .unwrap();
    assert_eq!(server.terminate().unwrap(), 0);
}

struct Load {
    /// Request number to the position it was answered with.
    acknowledged: Arc<Mutex<HashMap<u64, u64>>>,
    /// Requests whose answer never came.
    unanswered: Arc<Mutex<Vec<u64>>>,
    next: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Load {
    async fn start(&self, address: &str) -> Vec<tokio::task::JoinHandle<()>> {
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            let client = connect(address).await;
            let (acknowledged, unanswered) =
                (Arc::clone(&self.acknowledged), Arc::clone(&self.unanswered));
            let (next, over) = (Arc::clone(&self.next), Arc::clone(&self.over));
            clients.push(tokio::spawn(async move {
                let mut client = client;
                while !over.load(Ordering::SeqCst) {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    let Ok(answer) = client.submit(submission(number)).await else {
                        unanswered.lock().await.push(number);
                        return;
                    };
                    let position = answer.into_inner().position.unwrap();
                    acknowledged.lock().await.insert(number, position);
                }
            }));
        }
        clients
    }
}

async fn connect(address: &str) -> Client {
    let endpoint = Channel::from_shared(format!("http://{address}")).unwrap();
    Client::new(endpoint.connect().await.unwrap())
}

async fn retry_and_check(
    address: &str,
    acknowledged: &Mutex<HashMap<u64, u64>>,
    unanswered: &Mutex<Vec<u64>>,
) {
    let mut client = connect(address).await;
    let mut acknowledged = acknowledged.lock().await;
    let first_answers = acknowledged.clone();
    for number in unanswered.lock().await.drain(..) {
        let answer = client
            .submit(submission(number))
            .await
            .unwrap()
            .into_inner();
        acknowledged.insert(number, answer.position.unwrap());
    }
    for (number, position) in first_answers {
        let answer = client
            .submit(submission(number))
            .await
            .unwrap()
            .into_inner();
        assert!(
            answer.replayed,
            "submission {number} was acknowledged and is gone"
        );
        assert_eq!(answer.position, Some(position), "submission {number}");
    }
    let mut positions: Vec<u64> = acknowledged.values().copied().collect();
    positions.sort_unstable();
    positions.dedup();
    assert_eq!(
        positions.len(),
        acknowledged.len(),
        "two submissions share a position"
    );
}

/// Signs the `number`th agreement.
fn submission(number: u64) -> pb::ledger::SubmitRequest {
    Signing::numbered("crash-test", number).submission()
}
