use perennial_client::{ClientError, LedgerClient};
use tonic::{Code, Status};

use crate::scripted::{QUICK, Scripted, Turn, submission};

#[tokio::test]
async fn an_unknown_outcome_is_settled_under_the_same_request_id() {
    let unavailable = || Turn::Refuse(Box::new(Status::unavailable("try again")));
    let (scripted, connection) =
        Scripted::serve([unavailable(), unavailable(), Turn::Record(7)]).await;
    let answer = LedgerClient::new(connection, QUICK)
        .submit(&submission("id-1"))
        .await
        .unwrap();
    assert_eq!(answer.position, Some(7));
    assert_eq!(scripted.received(), ["id-1", "id-1", "id-1"]);
}

#[tokio::test]
async fn attempts_are_bounded() {
    let unavailable = || Turn::Refuse(Box::new(Status::unavailable("try again")));
    let (scripted, connection) = Scripted::serve((0..9).map(|_| unavailable())).await;
    let error = LedgerClient::new(connection, QUICK)
        .submit(&submission("id-1"))
        .await
        .unwrap_err();
    assert!(matches!(error, ClientError::NoAnswer { .. }), "{error:?}");
    assert_eq!(scripted.received().len(), 4);
}

#[tokio::test]
async fn a_refusal_is_not_sent_again() {
    let refusal = Status::failed_precondition("over the commitment");
    let (scripted, connection) = Scripted::serve([Turn::Refuse(Box::new(refusal))]).await;
    let error = LedgerClient::new(connection, QUICK)
        .submit(&submission("id-1"))
        .await
        .unwrap_err();
    assert_eq!(error.answer().unwrap().code, Code::FailedPrecondition);
    assert_eq!(scripted.received(), ["id-1"]);
}
