//! The real binary on a real Kafka: one node, several nodes, and brokers that are away.

mod away;
mod moving;
mod one_node;
mod several_nodes;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::Path;
use std::time::Duration;

use perennial_client::Connection;
use perennial_kafka_rig::Broker;
use perennial_tests::server::{Server, Starting};
use perennial_wire::pb::query::GetDigestRequest;

use crate::binary;

/// The broker that the tests of one process share.
static BROKER: Broker = Broker::new();

/// Topics of its own for one test, on a broker that may be shared.
#[derive(Clone, Debug)]
struct Place {
    url: String,
}

impl Place {
    fn at(bootstrap: &str) -> Self {
        let run = RandomState::new().build_hasher().finish();
        let prefix = format!("test-{run:016x}");
        Self {
            url: format!("kafka://{bootstrap}/{prefix}"),
        }
    }

    /// Starts a node on `data` and waits until it is ready.
    fn serve(&self, data: &Path, further: &[&str]) -> Server {
        self.spawn(data, further).ready().unwrap()
    }

    fn spawn(&self, data: &Path, further: &[&str]) -> Starting {
        let mut arguments = vec!["--log", &self.url, "--kafka-replicas", "1"];
        arguments.extend(further);
        Starting::spawn(binary(), data, &arguments).unwrap()
    }
}

/// The digest of a ledger's views at a position, as one queryd has it.
async fn digest(address: &str, ledger_id: &str, position: u64) -> Vec<u8> {
    let mut client = Connection::open(address).unwrap().query();
    let request = || GetDigestRequest {
        ledger_id: ledger_id.to_owned(),
        at_position: Some(position),
    };
    // A replica learns of a ledger, and of records, a moment after the leader.
    let answered = eventually(async || client.get_digest(request()).await.ok()).await;
    answered.into_inner().digest
}

/// Asks again and again until there is an answer, for a minute at most.
async fn eventually<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        let mut turn = tokio::time::interval(Duration::from_millis(20));
        loop {
            turn.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), asking)
        .await
        .expect("it comes within a minute")
}
