use std::collections::HashMap;
use std::time::Duration;

use perennial_client::{ClientError, ErrorAnswer};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt as _};

use crate::scripted::{QUICK, Scripted, Turn, submission};

fn with_reason(code: Code, reason: &str) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, "perennial", HashMap::new());
    Status::with_error_details(code, "in words", details)
}

#[test]
fn fields_rules_and_figures_are_taken_apart() {
    let mut details = ErrorDetails::new();
    let metadata = HashMap::from([("position".to_owned(), "17".to_owned())]);
    details.set_error_info("DISBURSEMENT_EXCEEDS_COMMITMENT", "perennial", metadata);
    details.set_bad_request(vec![FieldViolation::new(
        "commands[2].disburse.amount",
        "is 0",
    )]);
    details.set_precondition_failure(vec![PreconditionViolation::new(
        "R10",
        "agreement/abcd",
        "limit 100.00 EUR",
    )]);
    details.set_retry_info(Some(Duration::from_millis(250)));
    let answer = ErrorAnswer::from_status(&Status::with_error_details(
        Code::FailedPrecondition,
        "refused",
        details,
    ));
    assert_eq!(answer.code, Code::FailedPrecondition);
    assert_eq!(answer.reason, "DISBURSEMENT_EXCEEDS_COMMITMENT");
    assert_eq!(
        answer.metadata.get("position").map(String::as_str),
        Some("17")
    );
    assert_eq!(answer.fields[0].path, "commands[2].disburse.amount");
    assert_eq!(answer.fields[0].problem, "is 0");
    assert_eq!(answer.rules[0].reason, "R10");
    assert_eq!(answer.rules[0].subject, "agreement/abcd");
    assert_eq!(answer.rules[0].description, "limit 100.00 EUR");
    assert_eq!(answer.retry_after, Some(Duration::from_millis(250)));
    assert_eq!(
        answer.to_string(),
        "DISBURSEMENT_EXCEEDS_COMMITMENT: refused"
    );
}

#[test]
fn only_unavailable_and_rate_limits_may_be_sent_again() {
    let retryable =
        |code, reason| ClientError::from_status("here:1", with_reason(code, reason)).is_retryable();
    assert!(retryable(Code::Unavailable, "OUTCOME_UNKNOWN"));
    assert!(retryable(Code::ResourceExhausted, "RATE_LIMITED"));
    assert!(!retryable(Code::ResourceExhausted, "REQUEST_TOO_LARGE"));
    assert!(!retryable(Code::Aborted, "REVISION_CONFLICT"));
    assert!(!retryable(Code::DataLoss, "INTEGRITY_FAILURE"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_no_answer() {
    let (_, connection) = Scripted::serve([Turn::Record(1)]).await;
    drop(connection);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let connection = perennial_client::Connection::open(&nobody.to_string()).unwrap();
    let client = perennial_client::LedgerClient::new(connection, QUICK);
    let error = client.submit(&submission("id-1")).await.unwrap_err();
    assert!(
        matches!(&error, ClientError::NoAnswer { address, .. } if *address == nobody.to_string())
    );
    assert!(error.is_retryable());
}
