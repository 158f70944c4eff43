//! Brokers that are away: at the start, and later.

use perennial_client::{ClientError, Connection};
use perennial_kafka_rig::{Nodes, TestRig};
use perennial_tests::signing::Signing;

use super::{Place, eventually};
use crate::cli;

#[tokio::test(flavor = "multi_thread")]
async fn a_node_waits_for_brokers_that_are_away_at_the_start_and_shows_what_it_knows_when_they_go()
{
    let Some(rig) = TestRig::for_test(Nodes::One) else {
        return;
    };
    rig.terminate(1).unwrap();
    let place = Place::at(&rig.bootstrap());
    let folder = tempfile::tempdir().unwrap();
    let mut starting = place.spawn(folder.path(), &[]);
    let line = starting.says("listening").unwrap();
    let (_, address) = line.rsplit_once("address=").unwrap();
    let cli = cli().at(address).on("treasury");
    starting.says("no Kafka broker can be used").unwrap();
    let health = cli.run(&["health"]).unwrap();
    assert_eq!(health.code, 7, "{health:?}");
    assert!(health.stdout.contains("not_serving"), "{health:?}");
    // It cannot say yet that there is no such ledger: whoever submits is to ask again.
    let sent = Signing::numbered("treasury", 1).submission();
    let mut ledger = Connection::open(address).unwrap().ledger();
    let refused = ledger.submit(sent).await;
    let error = ClientError::from_status(address, refused.unwrap_err());
    assert!(error.is_retryable(), "{error:?}");

    rig.restart(1).unwrap();
    let server = starting.ready().unwrap();
    assert_eq!(server.address(), address);
    cli.json(&["ledger", "create", "treasury", "--profile", "strict"])
        .unwrap();
    assert_eq!(cli.run(&["health"]).unwrap().code, 0);
    let report = ["report", "registers", "--min-position", "0"];
    let shown = cli.json(&report).unwrap();

    rig.kill(1).unwrap();
    eventually(async || (cli.run(&["health"]).unwrap().code == 7).then_some(())).await;
    let again = cli.json(&report).unwrap();
    assert_eq!(
        again["read_info"]["position"],
        shown["read_info"]["position"]
    );
}
