//! A node alone: everything that works on files works on a topic.

use std::net::SocketAddr;

use perennial_log_kafka::{KafkaCluster, KafkaLogs, KafkaSettings};
use perennial_transport::listen::Listener;
use tokio_util::sync::CancellationToken;

use super::{BROKER, Place, digest};
use crate::cli;

#[test]
fn a_ledger_on_kafka_is_written_shown_and_verified_and_found_again_by_a_node_with_an_empty_directory()
 {
    let Some(bootstrap) = BROKER.bootstrap() else {
        return;
    };
    let place = Place::at(&bootstrap);
    let folder = tempfile::tempdir().unwrap();
    let server = place.serve(&folder.path().join("first"), &[]);
    let cli = cli().on("treasury");
    let at = |server: &str| cli.clone().at(server);
    let first = at(server.address());
    first
        .json(&["ledger", "create", "treasury", "--profile", "strict"])
        .unwrap();
    let file = first.example("sign-agreement", folder.path()).unwrap();
    let submit = ["submit", &file, "--yes"];
    let submitted = first.json(&submit).unwrap();
    assert_eq!(submitted["position"], 1, "{submitted}");
    let report = ["report", "registers"];
    let shown = first.json(&report).unwrap();
    assert_eq!(shown["rows"].as_array().unwrap().len(), 1, "{shown}");
    assert_eq!(first.json(&["replay"]).unwrap()["equal"], true);
    let verify = ["verify", "--server", server.address()];
    assert_eq!(first.json(&verify).unwrap()["records"], 2);
    let health = first.json(&["health"]).unwrap();
    assert_eq!(health["status"], "serving", "{health}");
    assert_eq!(health["node"]["ledgers"][0]["role"], "leader", "{health}");
    let made = first.json(&["ledger", "create", "treasury", "--profile", "mirror"]);
    assert!(made.unwrap_err().to_string().contains("LEDGER_EXISTS"));

    let reads = tokio::runtime::Runtime::new().unwrap();
    let apart = reads.block_on(digest_apart(&place, server.address()));
    assert_eq!(apart.0, apart.1, "a queryd that reads the topic for itself");
    assert_eq!(server.terminate().unwrap(), 0);

    let server = place.serve(&folder.path().join("second"), &[]);
    let second = at(server.address());
    let again = second.json(&submit).unwrap();
    assert_eq!(
        (&again["position"], &again["replayed"]),
        (&1.into(), &true.into())
    );
    assert_eq!(second.json(&report).unwrap()["rows"], shown["rows"]);
    assert_eq!(server.terminate().unwrap(), 0);
}

/// The digests at position 1 of the node at `address`, and of a queryd that follows the topic by itself.
async fn digest_apart(place: &Place, address: &str) -> (Vec<u8>, Vec<u8>) {
    let stop = CancellationToken::new();
    let settings = KafkaSettings {
        replicas: 1,
        ..KafkaSettings::from_url(&place.url).unwrap()
    };
    let logs = KafkaLogs::start(KafkaCluster::connect(settings).unwrap(), stop.clone());
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = Listener::bind(loopback, false).await.unwrap();
    let queryd = listener.address().to_string();
    let views = tempfile::tempdir().unwrap();
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    let serving = tokio::spawn(perennial_queryd::service::run(
        perennial_queryd::Config::new(views.path().to_owned()),
        logs,
        listener,
        stop.clone(),
        move || ready.send(()).unwrap(),
    ));
    is_ready.await.unwrap();
    let digests = (
        digest(address, "treasury", 1).await,
        digest(&queryd, "treasury", 1).await,
    );
    stop.cancel();
    serving.await.unwrap().unwrap();
    digests
}

#[test]
fn a_node_that_the_brokers_do_not_let_in_says_so_and_ends() {
    let Some(bootstrap) = BROKER.sasl_bootstrap() else {
        return;
    };
    let place = Place::at(&bootstrap);
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    let user = [
        "--kafka-sasl",
        "plain",
        "--kafka-username",
        "perennial",
        "--kafka-password-file",
        password.to_str().unwrap(),
    ];
    std::fs::write(&password, "not the password\n").unwrap();
    let (code, said) = place.spawn(folder.path(), &user).end().unwrap();
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("the logs cannot be reached: "), "{said}");
    assert!(said.contains("try: correct the user"), "{said}");
    assert!(!said.contains("not the password"), "{said}");
    std::fs::write(&password, "perennial\n").unwrap();
    let server = place.serve(folder.path(), &user);
    assert_eq!(server.terminate().unwrap(), 0);
}
