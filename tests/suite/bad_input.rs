//! Bad input gets a clear answer, and nothing is appended.

use std::io::Write as _;

use perennial_tests::cli::{Cli, Printed};
use perennial_tests::server::Server;

use crate::{binary, cli};

struct Ledger {
    _server: Server,
    _data: tempfile::TempDir,
    cli: Cli,
}

fn strict() -> Ledger {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(binary(), data.path()).unwrap();
    let cli = cli().at(server.address()).on("strict-one");
    cli.json(&["ledger", "create", "strict-one", "--profile", "strict"])
        .unwrap();
    Ledger {
        _server: server,
        _data: data,
        cli,
    }
}

impl Ledger {
    fn submit(&self, json: &str) -> Printed {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(json.as_bytes()).unwrap();
        let path = file.path().to_str().unwrap();
        self.cli
            .run(&["submit", path, "--yes", "--output", "json"])
            .unwrap()
    }

    fn position(&self) -> u64 {
        self.cli.json(&["report", "registers"]).unwrap()["read_info"]["position"]
            .as_u64()
            .unwrap()
    }
}

fn signed(amount: &str) -> String {
    format!(
        r#"{{"commands": [{{"effective_on": "2026-01-15", "sign_agreement": {{
            "agreement_id": "grant-one", "perspective": "PERSPECTIVE_PROVIDER",
            "provider": {{"id": "XM-TEST-1"}}, "recipient": {{"id": "XM-TEST-2"}},
            "signed_on": "2026-01-15", "starts_on": "2026-01-01", "ends_on": "2026-12-31",
            "currency_code": "{currency}", "conditionality": "CONDITIONALITY_NONE",
            "lines": [{{"line_id": "main", "amount": "{amount}"}}]}}}}]}}"#,
        currency = amount.split(' ').nth(1).unwrap(),
    )
}

fn refused(printed: &Printed, needle: &str) {
    assert_eq!(printed.code, 6, "{printed:?}");
    let said = format!("{}{}", printed.stdout, printed.stderr);
    assert!(said.contains(needle), "\"{needle}\" is not in {printed:?}");
}

#[test]
fn malformed_fields_are_refused_with_their_paths_and_nothing_is_appended() {
    let ledger = strict();
    let before = ledger.position();
    refused(&ledger.submit(&signed("0.5 JPY")), "amount");
    refused(&ledger.submit(&signed("10 XXX")), "XXX");
    refused(
        &ledger.submit(&signed("10 EUR").replace("2026-12-31", "9999-12-31")),
        "ends_on",
    );
    refused(
        &ledger.submit(&signed("10 EUR").replace("XM-TEST-2", "XM-\\u0007-2")),
        "recipient",
    );
    refused(
        &ledger.submit(&signed("10 EUR").replace("\"currency_code\"", "\"curency_code\"")),
        "curency_code",
    );
    assert_eq!(ledger.position(), before);
}

#[test]
fn a_submission_of_which_one_command_breaks_a_rule_is_refused_whole_with_its_figures() {
    let ledger = strict();
    let json = signed("100 EUR");
    let both = json.trim_end_matches("]}").to_owned()
        + r#", {"effective_on": "2026-02-01", "disburse": {"agreement_id": "grant-one",
            "amount": "101.00 EUR"}}]}"#;
    let before = ledger.position();
    refused(&ledger.submit(&both), "DISBURSEMENT_EXCEEDS_COMMITMENT");
    refused(&ledger.submit(&both), "101.00");
    assert_eq!(ledger.position(), before);
}

#[test]
fn serving_beyond_loopback_needs_insecure_and_says_why() {
    let data = tempfile::tempdir().unwrap();
    let printed = cli()
        .run(&[
            "serve",
            "--data",
            data.path().to_str().unwrap(),
            "--listen",
            "0.0.0.0:0",
        ])
        .unwrap();
    assert_ne!(printed.code, 0);
    assert!(printed.stderr.contains("--insecure"), "{printed:?}");
    assert_eq!(printed.stdout, "");
}

#[test]
fn broken_xml_is_refused_with_file_and_line() {
    let ledger = strict();
    let mirror = ledger.cli.clone().on("mirror-one");
    mirror
        .json(&["ledger", "create", "mirror-one", "--profile", "mirror"])
        .unwrap();
    let files = [
        (
            "cut-off.xml",
            "<iati-activities version=\"2.03\">\n<iati-activity>\n",
        ),
        ("not-xml.xml", "{\"activities\": []}\n"),
        ("not-iati.xml", "<?xml version=\"1.0\"?>\n<html></html>\n"),
        (
            "bomb.xml",
            "<!DOCTYPE a [<!ENTITY b \"c\">]>\n<iati-activities>&b;</iati-activities>\n",
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let printed = mirror
            .run(&["import", "iati", path.to_str().unwrap(), "--output", "json"])
            .unwrap();
        assert_eq!(printed.code, 6, "{name}: {printed:?}");
        let said = format!("{}{}", printed.stdout, printed.stderr);
        assert!(said.contains(name), "{printed:?}");
    }
    let all = mirror
        .run(&[
            "import",
            "iati",
            folder.path().to_str().unwrap(),
            "--output",
            "json",
        ])
        .unwrap();
    assert_eq!(all.code, 0, "{all:?}");
    assert_eq!(
        all.json().unwrap()["bad_files"].as_array().unwrap().len(),
        4
    );
    let strict = mirror
        .run(&[
            "import",
            "iati",
            folder.path().to_str().unwrap(),
            "--strict",
        ])
        .unwrap();
    assert_eq!(strict.code, 6, "{strict:?}");
}

#[test]
fn importing_into_a_strict_ledger_names_the_mirror_profile() {
    let ledger = strict();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.xml");
    std::fs::write(
        &path,
        "<iati-activities version=\"2.03\"></iati-activities>\n",
    )
    .unwrap();
    let printed = ledger
        .cli
        .run(&["import", "iati", path.to_str().unwrap()])
        .unwrap();
    assert_eq!(printed.code, 6, "{printed:?}");
    assert!(printed.stderr.contains("--profile mirror"), "{printed:?}");
}
