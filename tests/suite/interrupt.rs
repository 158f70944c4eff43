//! Ctrl-C during an import: what was booked is said and stays, and the same command goes on (CONVENTIONS.md 4).

use std::fmt::Write as _;

use perennial_tests::cli::Cli;
use perennial_tests::server::Server;
use perennial_wire::pb;
use serde_json::{Value, json};
use tonic::transport::Channel;

use crate::{binary, cli};

const ACTIVITIES: u64 = 2_000;
const LEDGER: &str = "interrupted";
/// The import is interrupted once the ledger stands here: some is booked, most is not.
const INTERRUPT_AT: u64 = 100;

/// A file of activities with one commitment of 10.50 USD each.
fn published() -> String {
    let mut text = String::from(
        "<iati-activities version=\"2.03\" generated-datetime=\"2024-05-01T00:00:00Z\">\n",
    );
    for number in 1..=ACTIVITIES {
        write!(
            text,
            r#"<iati-activity default-currency="USD">
<iati-identifier>XX-ORG-1-{number}</iati-identifier>
<reporting-org ref="XX-ORG-1" type="21"><narrative>Horizon</narrative></reporting-org>
<title><narrative>Activity {number}</narrative></title>
<activity-date type="1" iso-date="2023-01-01"/>
<activity-date type="3" iso-date="2025-12-31"/>
<recipient-country code="SD"/>
<transaction>
<transaction-type code="11"/>
<transaction-date iso-date="2023-02-01"/>
<value value-date="2023-02-01">10.50</value>
<provider-org ref="XX-DONOR-1"><narrative>Northland</narrative></provider-org>
</transaction>
</iati-activity>
"#
        )
        .unwrap();
    }
    text.push_str("</iati-activities>\n");
    text
}

/// Asks where the ledger stands until it stands at `position` or beyond.
async fn reaches(address: &str, position: u64) {
    let endpoint = Channel::from_shared(format!("http://{address}")).unwrap();
    let channel = endpoint.connect().await.unwrap();
    let mut client = pb::ledger::ledger_service_client::LedgerServiceClient::new(channel);
    loop {
        let request = pb::ledger::GetHeadRequest {
            ledger_id: LEDGER.to_owned(),
        };
        let head = client.get_head(request).await.unwrap().into_inner();
        if position <= head.head_position {
            return;
        }
    }
}

fn count(document: &Value, name: &str) -> u64 {
    document[name].as_u64().unwrap()
}

/// Booked and flagged, of what a document counts.
fn booked(document: &Value) -> u64 {
    count(document, "booked") + count(document, "flagged")
}

fn registers(cli: &Cli) -> Value {
    cli.json(&["report", "registers"]).unwrap()["rows"].clone()
}

#[test]
fn inv_5_an_interrupted_import_says_what_is_booked_and_the_same_command_completes_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("published.xml");
    std::fs::write(&file, published()).unwrap();
    // A slow disk, so that the interrupt meets the import in its midst on any machine.
    let data = folder.path().join("data");
    let server = Server::start_with(binary(), &data, &["--added-flush-ms", "100"]).unwrap();
    let cli = cli().at(server.address()).on(LEDGER);
    cli.json(&["ledger", "create", LEDGER, "--profile", "mirror"])
        .unwrap();
    let file = file.to_str().unwrap();

    let importing = cli
        .start(&["import", "iati", file, "--output", "json"])
        .unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(reaches(server.address(), INTERRUPT_AT));
    importing.interrupt().unwrap();
    let printed = importing.end().unwrap();
    assert_eq!(printed.code, 130, "{printed:?}");
    let first = printed.json().unwrap();
    let already = booked(&first);
    assert!(
        (1..ACTIVITIES).contains(&already),
        "the interrupt came outside the import: {first}"
    );
    for said in [
        "error: interrupted".to_owned(),
        format!("why: {already} transactions are booked and stay"),
        format!("try: perennial import iati {file} --server"),
        "what is booked is not booked twice".to_owned(),
    ] {
        assert!(printed.stderr.contains(&said), "{said}: {printed:?}");
    }
    // Everything that was sent is answered, and nothing is recorded that was not told.
    let entries = registers(&cli)[0]["entries"].as_u64().unwrap();
    assert_eq!(entries, already);

    let second = cli.json(&["import", "iati", file]).unwrap();
    assert_eq!(count(&second, "transactions"), ACTIVITIES);
    assert_eq!(count(&second, "unchanged"), already);
    assert_eq!(booked(&second), ACTIVITIES - already);
    let whole = json!([
        {"iati_type": "11", "currency": "USD", "entries": ACTIVITIES, "amount": "21000.00"}
    ]);
    assert_eq!(registers(&cli), whole);

    let third = cli.json(&["import", "iati", file]).unwrap();
    assert_eq!(count(&third, "unchanged"), ACTIVITIES);
    assert_eq!(third["position"], second["position"]);
    assert_eq!(server.terminate().unwrap(), 0);
}

#[test]
fn a_second_interrupt_ends_at_once_and_says_that_the_last_outcomes_are_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("published.xml");
    std::fs::write(&file, published()).unwrap();
    // A slow disk, so that most is still to be sent when some is booked.
    let data = folder.path().join("data");
    let server = Server::start_with(binary(), &data, &["--added-flush-ms", "1000"]).unwrap();
    let cli = cli().at(server.address()).on(LEDGER);
    cli.json(&["ledger", "create", LEDGER, "--profile", "mirror"])
        .unwrap();
    let file = file.to_str().unwrap();
    let mut importing = cli.start(&["import", "iati", file]).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // The submission that begins the run is sent alone. The next one is on the disk for a second, and what is sent
    // meanwhile waits behind it.
    runtime.block_on(reaches(server.address(), 2));
    // What was sent is not answered between the first interrupt and the second, however slow this machine is.
    server.hold().unwrap();
    importing.interrupt().unwrap();
    importing.says("Ctrl-C again ends at once").unwrap();
    importing.interrupt().unwrap();
    let printed = importing.end().unwrap();
    assert_eq!(
        (printed.code, printed.stdout.as_str()),
        (130, ""),
        "{printed:?}"
    );
    assert!(
        printed.stderr.contains("may be booked or not"),
        "{printed:?}"
    );
    let again = format!("try: perennial import iati {file} --server");
    assert!(printed.stderr.contains(&again), "{printed:?}");
    server.kill().unwrap();
    let server = Server::start(binary(), &data).unwrap();
    let cli = cli.at(server.address());
    let second = cli.json(&["import", "iati", file]).unwrap();
    assert_eq!(booked(&second) + count(&second, "unchanged"), ACTIVITIES);
    let entries = registers(&cli)[0]["entries"].as_u64().unwrap();
    assert_eq!(entries, ACTIVITIES);
    assert_eq!(server.terminate().unwrap(), 0);
}
