//! Each service on a port of its own: only ledgerd opens the log, the others tail it.

use std::net::SocketAddr;
use std::path::Path;

use perennial_tests::cli::Cli;
use perennial_transport::listen::Listener;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::cli;

/// The three services in one test process, on three ports, knowing each other by address only.
struct Apart {
    ledgerd: SocketAddr,
    queryd: SocketAddr,
    auditd: SocketAddr,
    stop: CancellationToken,
}

async fn listener() -> Listener {
    Listener::bind(SocketAddr::from(([127, 0, 0, 1], 0)), false)
        .await
        .unwrap()
}

async fn start(data: &Path) -> Apart {
    let stop = CancellationToken::new();
    let (write, read, audit) = (listener().await, listener().await, listener().await);
    let apart = Apart {
        ledgerd: write.address(),
        queryd: read.address(),
        auditd: audit.address(),
        stop: stop.clone(),
    };
    let config = perennial_ledgerd::config::Config::new(data.join("logs"));
    let (ready, started) = tokio::sync::oneshot::channel();
    let ledgerd = perennial_ledgerd::service::run(config, write, stop.clone(), move || {
        ready.send(()).unwrap();
    });
    tokio::spawn(ledgerd);
    started.await.unwrap();
    let logs =
        perennial_log_remote::RemoteLogs::start(&apart.ledgerd.to_string(), stop.clone()).unwrap();
    let config = perennial_queryd::Config::new(data.join("views"));
    tokio::spawn(perennial_queryd::service::run(
        config,
        logs.clone(),
        read,
        stop.clone(),
        || {},
    ));
    tokio::spawn(async move { perennial_auditd::service::run(&*logs, audit, stop, || {}).await });
    apart
}

/// Asks until the service has heard of the ledger: it learns of new ones by asking ledgerd now and then.
fn once_known(cli: &Cli, question: &[&str]) -> Value {
    const QUESTIONS_MAX: usize = 2_000;
    let mut answers = (0..QUESTIONS_MAX).map(|_| cli.json(question));
    answers
        .find_map(Result::ok)
        .expect("the service never heard of the ledger")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ledgerd_records_is_read_from_queryd_and_verified_by_auditd_over_the_wire() {
    let data = tempfile::tempdir().unwrap();
    let apart = start(data.path()).await;
    let (ledgerd, queryd, auditd) = (
        apart.ledgerd.to_string(),
        apart.queryd.to_string(),
        apart.auditd.to_string(),
    );
    let folder = data.path().to_owned();
    let scenario = tokio::task::spawn_blocking(move || {
        let write = cli().at(&ledgerd).on("apart-one");
        write
            .json(&["ledger", "create", "apart-one", "--profile", "strict"])
            .unwrap();
        let file = write.example("sign-agreement", &folder).unwrap();
        let submitted = write.run(&["submit", &file, "--yes"]).unwrap();
        assert_eq!(submitted.code, 0, "{submitted:?}");

        // Position 1 is the signature: the question waits until the view has it.
        let read = cli().at(&queryd).on("apart-one");
        let report = once_known(&read, &["report", "registers", "--min-position", "1"]);
        assert_eq!(report["read_info"]["position"], 1);
        assert_eq!(report["rows"].as_array().unwrap().len(), 1, "{report}");

        let audit = cli().at(&auditd).on("apart-one");
        let verified = once_known(&audit, &["verify", "--server", &auditd]);
        assert_eq!(verified["records"], 2, "{verified}");
    });
    scenario.await.unwrap();
    apart.stop.cancel();
}
