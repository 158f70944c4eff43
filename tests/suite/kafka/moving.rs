//! A ledger that moves from files to Kafka and back.

use perennial_tests::server::Server;
use serde_json::Value;

use super::{BROKER, Place};
use crate::{binary, cli};

#[test]
fn a_ledger_copied_from_files_to_kafka_and_back_has_the_same_head_hash_and_goes_on_in_each() {
    let Some(bootstrap) = BROKER.bootstrap() else {
        return;
    };
    let place = Place::at(&bootstrap);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (files, back) = (path("files"), path("back"));
    let sign = cli().example("sign-agreement", folder.path()).unwrap();
    let submit = ["submit", &sign, "--yes"];
    let copy = |from: &str, to: &str| -> Value {
        let copy = ["log", "copy", "--from", from, "--to", to];
        let copy = [copy.as_slice(), &["--kafka-replicas", "1"]].concat();
        cli().json(&copy).unwrap()
    };
    let head_hash = |data: &str| {
        let verified = cli().on("treasury").json(&["verify", "--data", data]);
        verified.unwrap()["head_hash"].clone()
    };

    let server = Server::start(binary(), files.as_ref()).unwrap();
    let at = |server: &Server| cli().at(server.address()).on("treasury");
    let create = ["ledger", "create", "treasury", "--profile", "strict"];
    at(&server).json(&create).unwrap();
    assert_eq!(at(&server).json(&submit).unwrap()["position"], 1);
    let report = ["report", "registers"];
    let rows = at(&server).json(&report).unwrap()["rows"].clone();
    assert_eq!(server.terminate().unwrap(), 0);

    let there = copy(&files, &place.url);
    assert_eq!(
        (&there["records"], &there["appended"]),
        (&2.into(), &3.into()),
        "a claim and two records: {there}"
    );
    assert_eq!(there["head_hash"], head_hash(&files));
    assert_eq!(copy(&files, &place.url)["appended"], 0);
    assert_eq!(copy(&place.url, &back)["head_hash"], there["head_hash"]);
    assert_eq!(head_hash(&back), there["head_hash"]);

    let server = place.serve(path("node").as_ref(), &[]);
    let again = at(&server).json(&submit).unwrap();
    assert_eq!(
        (&again["position"], &again["replayed"]),
        (&1.into(), &true.into()),
        "{again}"
    );
    assert_eq!(at(&server).json(&report).unwrap()["rows"], rows);
    assert_eq!(server.terminate().unwrap(), 0);

    // The node's claim is of the history too, and what was copied is still its beginning.
    let more = copy(&place.url, &back);
    assert_eq!(
        (&more["records"], &more["appended"]),
        (&2.into(), &1.into()),
        "{more}"
    );
    assert_eq!(more["head_hash"], there["head_hash"]);
}
