//! Requests beyond a limit are refused with its name, and the connection goes on.

use perennial_client::ErrorAnswer;
use perennial_tests::server::Server;
use perennial_wire::pb;
use tonic::Code;
use tonic::transport::Channel;

use crate::{binary, cli};

type Client = pb::ledger::ledger_service_client::LedgerServiceClient<Channel>;

const REQUEST_ID: &str = "6a1e2f0c-3b54-4d1e-9a77-0c5d2f8e4b10";

fn described(title_bytes: usize) -> pb::ledger::SubmitRequest {
    let describe = pb::ledger::DescribeAgreement {
        agreement_id: "grant-one".to_owned(),
        description: "x".repeat(title_bytes),
        ..Default::default()
    };
    let date = pb::google::r#type::Date {
        year: 2026,
        month: 1,
        day: 15,
    };
    pb::ledger::SubmitRequest {
        ledger_id: "limits-one".to_owned(),
        request_id: REQUEST_ID.to_owned(),
        commands: vec![pb::ledger::Command {
            effective_on: Some(date),
            action: Some(pb::ledger::command::Action::DescribeAgreement(describe)),
            ..Default::default()
        }],
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_12_a_request_of_two_mebibytes_is_refused_and_its_connection_lives() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(binary(), data.path()).unwrap();
    cli()
        .at(server.address())
        .json(&["ledger", "create", "limits-one", "--profile", "strict"])
        .unwrap();
    // One connection: a second one would hide that the first was lost.
    let endpoint = Channel::from_shared(format!("http://{}", server.address())).unwrap();
    let mut client = Client::new(endpoint.connect().await.unwrap());

    let refused = client.submit(described(2 * 1024 * 1024)).await.unwrap_err();
    let answer = ErrorAnswer::from_status(&refused);
    assert_eq!(
        (answer.code, answer.reason.as_str()),
        (Code::ResourceExhausted, "REQUEST_TOO_LARGE")
    );
    assert_eq!(
        answer.metadata.get("limit").map(String::as_str),
        Some("1048576")
    );

    // Within the limit the request is read: it is the agreement that is missing, or the text that is too long.
    let read = client.submit(described(100)).await.unwrap_err();
    assert_eq!(ErrorAnswer::from_status(&read).reason, "UNKNOWN_AGREEMENT");
    let request = pb::ledger::GetHeadRequest {
        ledger_id: "limits-one".to_owned(),
    };
    assert_eq!(
        client
            .get_head(request)
            .await
            .unwrap()
            .into_inner()
            .head_position,
        0
    );
}
