//! No room for a file to grow: refused as unavailable, nothing acknowledged is lost (INV-4), and it goes on once
//! there is room again.
//!
//! A limit on the length of files stands for the full disk: it needs no rights, and is met at the same calls.

use perennial_client::ErrorAnswer;
use perennial_tests::cli::Cli;
use perennial_tests::server::Server;
use perennial_wire::pb;
use perennial_wire::pb::google::r#type::Date;
use tonic::Code;
use tonic::transport::Channel;
use uuid::Uuid;

use crate::{binary, cli};

type Client = pb::ledger::ledger_service_client::LedgerServiceClient<Channel>;

const LEDGER: &str = "full-disk";
/// The log allocates 1 MiB at a time, so it has no room for a second one.
const LIMIT_BYTES: u64 = 1024 * 1024 + 1;
/// Characters of each description: the most that one may have.
const DESCRIPTION: usize = 20_000;
/// More than a file of the limited length holds.
const SUBMISSIONS_MAX: u64 = 100;

async fn connect(server: &Server) -> Client {
    let endpoint = Channel::from_shared(format!("http://{}", server.address())).unwrap();
    Client::new(endpoint.connect().await.unwrap())
}

/// The `number`th description of the example's agreement.
fn described(number: u64) -> pb::ledger::SubmitRequest {
    let describe = pb::ledger::DescribeAgreement {
        agreement_id: "grant-2026-001".to_owned(),
        description: format!("{number:0>DESCRIPTION$}"),
        ..Default::default()
    };
    pb::ledger::SubmitRequest {
        ledger_id: LEDGER.to_owned(),
        request_id: Uuid::new_v5(&Uuid::NAMESPACE_OID, &number.to_be_bytes()).to_string(),
        commands: vec![pb::ledger::Command {
            effective_on: Some(Date {
                year: 2026,
                month: 1,
                day: 15,
            }),
            action: Some(pb::ledger::command::Action::DescribeAgreement(describe)),
            ..Default::default()
        }],
        ..Default::default()
    }
}

/// Makes the ledger with the example's agreement.
fn create(cli: &Cli, folder: &std::path::Path) {
    cli.json(&["ledger", "create", LEDGER, "--profile", "strict"])
        .unwrap();
    let file = cli.example("sign-agreement", folder).unwrap();
    cli.json(&["submit", &file, "--yes"]).unwrap();
}

/// Submits until something is refused; returns the positions of what was acknowledged, and the refusal.
async fn submit_until_full(client: &mut Client) -> (Vec<u64>, ErrorAnswer) {
    let mut positions = Vec::new();
    for number in 0..SUBMISSIONS_MAX {
        match client.submit(described(number)).await {
            Ok(answer) => positions.push(answer.into_inner().position.unwrap()),
            Err(status) => return (positions, ErrorAnswer::from_status(&status)),
        }
    }
    panic!("{SUBMISSIONS_MAX} submissions found room");
}

fn is_unavailable(answer: &ErrorAnswer) {
    assert_eq!(answer.code, Code::Unavailable, "{answer:?}");
    let reasons = ["LOG_UNAVAILABLE", "OUTCOME_UNKNOWN"];
    assert!(reasons.contains(&answer.reason.as_str()), "{answer:?}");
    assert!(answer.is_retryable(), "{answer:?}");
}

/// Every acknowledged submission is there at its position, and its retry adds nothing.
async fn all_are_there(client: &mut Client, positions: &[u64]) {
    for (number, position) in (0..).zip(positions) {
        let answer = client.submit(described(number)).await.unwrap().into_inner();
        assert!(answer.replayed, "submission {number} was acknowledged");
        assert_eq!(answer.position, Some(*position), "submission {number}");
    }
}

fn next(positions: &[u64]) -> u64 {
    u64::try_from(positions.len()).unwrap()
}

/// The views say what a replay says, and the chain holds.
fn checks_out(server: Server, data: &std::path::Path, records: u64) {
    let cli = cli().at(server.address()).on(LEDGER);
    let replayed = cli.json(&["replay"]).unwrap();
    assert_eq!(replayed["equal"], true, "{replayed}");
    assert_eq!(server.terminate().unwrap(), 0);
    let verified = crate::cli()
        .json(&["verify", "--data", data.to_str().unwrap()])
        .unwrap();
    assert_eq!(verified["records"], records);
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_4_a_full_disk_refuses_as_unavailable_and_the_same_server_goes_on_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(binary(), &data).unwrap();
    let asking = cli().at(server.address()).on(LEDGER);
    create(&asking, folder.path());
    server.limit_files(Some(LIMIT_BYTES)).unwrap();
    let mut client = connect(&server).await;
    let (mut positions, refused) = submit_until_full(&mut client).await;
    assert!(10 < positions.len(), "{positions:?}");
    is_unavailable(&refused);
    server.says("an append was rejected").unwrap();
    // What is acknowledged is read, and nothing beside it.
    let report = asking.json(&["report", "agreement"]).unwrap();
    assert_eq!(report["read_info"]["position"], *positions.last().unwrap());

    server.limit_files(None).unwrap();
    let retried = client.submit(described(next(&positions))).await;
    let retried = retried.unwrap().into_inner();
    assert!(!retried.replayed);
    positions.push(retried.position.unwrap());
    assert_eq!(positions, (2..2 + next(&positions)).collect::<Vec<u64>>());

    server.kill().unwrap();
    let server = Server::start(binary(), &data).unwrap();
    all_are_there(&mut connect(&server).await, &positions).await;
    checks_out(server, &data, 2 + next(&positions));
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_4_what_a_full_disk_refused_is_taken_after_a_restart_with_room() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(binary(), &data).unwrap();
    let asking = cli().at(server.address()).on(LEDGER);
    create(&asking, folder.path());
    server.limit_files(Some(LIMIT_BYTES)).unwrap();
    let (positions, refused) = submit_until_full(&mut connect(&server).await).await;
    is_unavailable(&refused);
    assert_eq!(server.terminate().unwrap(), 0);

    let server = Server::start(binary(), &data).unwrap();
    let mut client = connect(&server).await;
    all_are_there(&mut client, &positions).await;
    let retried = client.submit(described(next(&positions))).await.unwrap();
    assert!(!retried.into_inner().replayed);
    checks_out(server, &data, 3 + next(&positions));
}

#[test]
fn a_ledger_for_which_there_is_no_room_is_not_made_and_can_be_made_later() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(binary(), folder.path()).unwrap();
    let cli = cli().at(server.address());
    server.limit_files(Some(64 * 1024)).unwrap();
    let create = ["ledger", "create", "no-room", "--profile", "strict"];
    let refused = cli.run(&create).unwrap();
    assert_eq!(refused.code, 7, "{refused:?}");
    server.limit_files(None).unwrap();
    let made = cli.run(&create).unwrap();
    assert_eq!(made.code, 0, "{made:?}");
    assert_eq!(server.terminate().unwrap(), 0);
}
