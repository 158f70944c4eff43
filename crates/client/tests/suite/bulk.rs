use std::collections::HashMap;
use std::num::NonZeroUsize;

use perennial_client::{Answered, BulkSubmission, Connection};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::scripted::{QUICK, Scripted, Turn, submission};

/// Pushes submissions `id-1`, `id-2` … and returns every answer as `id: position or reason`.
async fn submit_all(connection: Connection, window: usize, count: usize) -> Vec<String> {
    let window = NonZeroUsize::new(window).unwrap();
    let mut bulk = BulkSubmission::new(connection, QUICK, window);
    let mut answers = Vec::new();
    for index in 1..=count {
        answers.extend(bulk.push(submission(&format!("id-{index}"))).await.unwrap());
        assert!(bulk.unanswered() <= window.get());
    }
    while let Some(answer) = bulk.next().await.unwrap() {
        answers.push(answer);
    }
    answers.iter().map(line).collect()
}

fn line(answered: &Answered) -> String {
    let outcome = match &answered.outcome {
        Ok(response) => response.position.unwrap().to_string(),
        Err(refused) => refused.reason.clone(),
    };
    format!("{}: {outcome}", answered.submission.request_id)
}

fn refused(code: Code, reason: &str) -> Turn {
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, "perennial", HashMap::new());
    Turn::Refuse(Box::new(Status::with_error_details(
        code, "in words", details,
    )))
}

#[tokio::test]
async fn answers_come_in_order_and_a_refusal_ends_nothing() {
    let turns = [
        Turn::Record(1),
        refused(Code::FailedPrecondition, "DISBURSEMENT_EXCEEDS_COMMITMENT"),
        Turn::Record(2),
    ];
    let (_, connection) = Scripted::serve(turns).await;
    assert_eq!(
        submit_all(connection, 8, 3).await,
        [
            "id-1: 1",
            "id-2: DISBURSEMENT_EXCEEDS_COMMITMENT",
            "id-3: 2"
        ]
    );
}

#[tokio::test]
async fn what_a_broken_stream_left_unanswered_is_sent_again_under_its_own_ids() {
    let turns = [
        Turn::Record(1),
        Turn::Break,
        Turn::Record(2),
        Turn::Record(3),
    ];
    let (scripted, connection) = Scripted::serve(turns).await;
    assert_eq!(
        submit_all(connection, 1, 3).await,
        ["id-1: 1", "id-2: 2", "id-3: 3"]
    );
    assert_eq!(scripted.received(), ["id-1", "id-2", "id-2", "id-3"]);
}

#[tokio::test]
async fn a_full_queue_is_tried_again_and_never_reported_as_refused() {
    let turns = [
        refused(Code::ResourceExhausted, "RATE_LIMITED"),
        Turn::Record(1),
        Turn::Record(2),
    ];
    let (_, connection) = Scripted::serve(turns).await;
    assert_eq!(submit_all(connection, 1, 2).await, ["id-1: 1", "id-2: 2"]);
}

#[tokio::test]
async fn a_stream_that_never_recovers_is_given_up() {
    let (scripted, connection) = Scripted::serve((0..9).map(|_| Turn::Break)).await;
    let mut bulk = BulkSubmission::new(connection, QUICK, NonZeroUsize::MIN);
    bulk.push(submission("id-1")).await.unwrap();
    assert!(bulk.next().await.unwrap_err().is_retryable());
    assert_eq!(scripted.received().len(), 4);
    assert_eq!(bulk.unanswered(), 1);
}
