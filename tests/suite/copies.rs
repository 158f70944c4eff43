//! A live copy of ledgers in files elsewhere, and the way back from it.

use std::path::Path;

use perennial_tests::cli::Cli;
use perennial_tests::server::Server;
use serde_json::Value;

use crate::{binary, cli};

/// A server with a ledger "treasury" of one record.
fn server(data: &Path) -> Server {
    let server = Server::start(binary(), data).unwrap();
    create(&server, "treasury");
    server
}

fn create(server: &Server, ledger: &str) {
    let cli = cli().at(server.address());
    cli.json(&["ledger", "create", ledger, "--profile", "strict"])
        .unwrap();
}

/// Records an agreement in "treasury".
fn sign(cli: &Cli, folder: &Path) -> Value {
    let file = cli.example("sign-agreement", folder).unwrap();
    let submit = ["submit", &file, "--yes"];
    cli.clone().on("treasury").json(&submit).unwrap()
}

fn verified(data: &str, ledger: &str) -> Value {
    let verified = cli().on(ledger).json(&["verify", "--data", data]).unwrap();
    assert!(verified["first_bad_position"].is_null(), "{verified}");
    verified
}

#[test]
fn a_copy_of_what_a_server_holds_is_verified_and_served_like_the_original() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder.path().join("data"));
    let original = cli().at(server.address()).on("treasury");
    let copy = folder.path().join("copy");
    let copy = copy.to_str().unwrap();
    let once = ["mirror", "--to", copy, "--once"];
    let copied = original.json(&once).unwrap();
    assert_eq!(
        (&copied["records"], &copied["appended"]),
        (&1.into(), &2.into()),
        "a claim and a record: {copied}"
    );

    assert_eq!(sign(&original, folder.path())["position"], 1);
    let copied = original.json(&once).unwrap();
    assert_eq!(
        (&copied["records"], &copied["appended"]),
        (&2.into(), &1.into()),
        "{copied}"
    );
    assert_eq!(original.json(&once).unwrap()["appended"], 0);
    let whole = verified(copy, "treasury");
    assert_eq!(whole["head_hash"], copied["head_hash"]);
    let report = ["report", "registers"];
    let rows = original.json(&report).unwrap();
    let other = original.clone().on("no-such").run(&once).unwrap();
    assert_eq!(other.code, 3, "{other:?}");

    // The drill: the original is lost, and the copy is served.
    assert_eq!(server.terminate().unwrap(), 0);
    let rescued = Server::start(binary(), Path::new(copy)).unwrap();
    let drill = cli().at(rescued.address()).on("treasury");
    assert_eq!(drill.json(&report).unwrap()["rows"], rows["rows"]);
    assert_eq!(drill.json(&["replay"]).unwrap()["equal"], true);
    assert_eq!(rescued.terminate().unwrap(), 0);

    // It has a history of its own now, and is no copy any more.
    let server = Server::start(binary(), &folder.path().join("data")).unwrap();
    create(&server, "another");
    let refused = cli()
        .at(server.address())
        .on("treasury")
        .run(&once)
        .unwrap();
    assert_eq!(refused.code, 8, "{refused:?}");
    assert!(
        refused
            .stderr
            .contains("another history from position 2 on"),
        "{refused:?}"
    );
    assert_eq!(verified(copy, "treasury")["head_hash"], whole["head_hash"]);
}

#[test]
fn a_mirror_follows_every_ledger_until_it_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder.path().join("data"));
    let cli = cli().at(server.address());
    let copy = folder.path().join("copy");
    let copy = copy.to_str().unwrap();
    let mut mirror = cli.start(&["mirror", "--to", copy]).unwrap();
    mirror
        .says("treasury: 1 records are copied; following")
        .unwrap();
    let busy = cli.run(&["mirror", "--to", copy, "--once"]).unwrap();
    assert_eq!(busy.code, 7, "{busy:?}");
    create(&server, "later");
    mirror
        .says("later: 1 records are copied; following")
        .unwrap();
    sign(&cli, folder.path());
    // What is acknowledged arrives in the copy a moment later: a second mirror would find nothing to do then.
    mirror.interrupt().unwrap();
    let ended = mirror.end().unwrap();
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(ended.stdout.lines().count(), 2, "{ended:?}");
    let copied = cli.on("treasury").json(&["mirror", "--to", copy, "--once"]);
    assert_eq!(copied.unwrap()["records"], 2);
    assert_eq!(verified(copy, "treasury")["records"], 2);
    assert_eq!(verified(copy, "later")["records"], 1);
}

#[test]
fn ledgers_of_a_directory_in_use_or_of_none_are_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = server(&data);
    let (data, to) = (data.to_str().unwrap(), folder.path().join("copy"));
    let copy = ["log", "copy", "--from", data, "--to", to.to_str().unwrap()];
    let busy = cli().run(&copy).unwrap();
    assert_eq!(busy.code, 7, "{busy:?}");
    assert!(busy.stderr.contains("perennial mirror"), "{busy:?}");
    assert_eq!(server.terminate().unwrap(), 0);
    let copied = cli().json(&copy).unwrap();
    assert_eq!(copied["records"], 1, "{copied}");
    assert_eq!(cli().on("no-such").run(&copy).unwrap().code, 3);
    let nowhere = ["log", "copy", "--from", "no-such-directory", "--to", data];
    assert_eq!(cli().run(&nowhere).unwrap().code, 3);
    let wrong = [
        "log",
        "copy",
        "--from",
        data,
        "--to",
        "http://broker/prefix",
    ];
    let wrong = cli().run(&wrong).unwrap();
    assert_eq!(wrong.code, 2, "{wrong:?}");
}
