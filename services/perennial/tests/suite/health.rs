//! What a process says of itself and of its ledgers.

use serde_json::Value;

use crate::command_line::perennial;
use crate::serve::{Server, with_examples};

/// What `health` says of `ledger`, as exit code and document.
fn health(server: &Server) -> (i32, Value) {
    let (code, stdout, stderr) = server.ask(&["health", "--output", "json"]);
    let document: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stderr}"));
    (code, document)
}

#[test]
fn every_service_of_a_process_tells_how_far_it_is_with_each_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let server = with_examples(folder.path(), &["sign-agreement"]);
    // Both answers wait until what they are about is there.
    server.json(&["report", "registers"]);
    server.json(&["verify"]);
    let (code, document) = health(&server);
    assert_eq!((code, &document["status"]), (0, &"serving".into()));
    let node = &document["node"];
    assert_eq!(node["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        node["services"],
        serde_json::json!(["ledgerd", "queryd", "auditd"])
    );
    assert!(node["uptime_s"].is_u64() && node["started_at"].is_string());
    let ledger = &node["ledgers"][0];
    assert_eq!(ledger["ledger_id"], "treasury");
    assert_eq!(ledger["role"], "leader");
    assert_eq!(ledger["head_position"], 1);
    let told: Vec<(&str, &str)> = ledger["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|service| {
            (
                service["service"].as_str().unwrap(),
                service["role"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("ledgerd", "leader"),
            ("queryd", "follower"),
            ("auditd", "follower")
        ]
    );
    assert_eq!(ledger["services"][0]["position"], 1);
    assert_eq!(ledger["services"][1]["position"], 1);
    let (code, text, _) = server.ask(&["health"]);
    assert_eq!(code, 0);
    assert!(
        text.contains("treasury: ledgerd leader at 1, queryd follower at 1"),
        "{text}"
    );
    assert_eq!(server.stop(), 0);
}

#[test]
fn one_service_is_asked_about_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let service = "perennial.admin.v1.NodeService";
    let document = server.json(&["health", "--service", service]);
    assert_eq!(document["status"], "serving");
    assert_eq!(document.get("node"), None);
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_damaged_ledger_is_told_with_its_position_and_has_an_exit_code_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let kinds = ["announce-pledge", "sign-agreement", "convert-pledge"];
    assert_eq!(with_examples(folder.path(), &kinds).stop(), 0);
    let data = folder.path().join("data");
    let segment = data.join(format!("ledgers/treasury/log/{:020}.seg", 0));
    let mut bytes = std::fs::read(&segment).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    *bytes.get_mut(end / 2).unwrap() ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let (code, stdout, _) = perennial(&["verify", "--data", data.to_str().unwrap()]);
    assert_eq!(code, 8, "{stdout}");
    let verified: Value = serde_json::from_str(&stdout).unwrap();

    let server = Server::start(&data);
    let (code, document) = health(&server);
    assert_eq!(code, 8, "{document}");
    let told = &document["node"]["ledgers"][0]["services"][0];
    assert_eq!(told["service"], "ledgerd");
    assert_eq!(told["role"], "stopped");
    assert_eq!(told["problem_reason"], "INTEGRITY_FAILURE");
    assert_eq!(
        told["first_bad_position"], verified["first_bad_position"],
        "{document}"
    );
    // What a command is answered says the same.
    let (code, stdout, stderr) = server.ask(&[
        "report",
        "registers",
        "--ledger",
        "treasury",
        "--output",
        "json",
    ]);
    assert_eq!(code, 8, "{stderr}");
    let answer: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(answer["error"]["reason"], "INTEGRITY_FAILURE");
    assert_eq!(
        answer["error"]["metadata"]["first_bad_position"],
        verified["first_bad_position"].to_string()
    );
    assert!(
        stderr.contains("try: Stop the server, keep the data directory as it is"),
        "{stderr}"
    );
    assert_eq!(server.stop(), 0);
}
