//! Several servers that share ledgers: who leads is named by the others.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use perennial_client::{BulkSubmission, Connection, LedgerClient};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::scripted::{QUICK, Scripted, Turn, submission};

/// What a node answers that follows the one at `address`.
fn refer(address: &str) -> Turn {
    let metadata = HashMap::from([("leader_address".to_owned(), address.to_owned())]);
    let details = ErrorDetails::with_error_info("NOT_LEADER", "perennial", metadata);
    let message = "another node leads";
    Turn::Refuse(Box::new(Status::with_error_details(
        Code::Unavailable,
        message,
        details,
    )))
}

/// An address that nobody listens on any more.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test]
async fn a_submission_follows_to_the_node_that_leads_and_later_ones_go_there_at_once() {
    let (leader, at_leader) = Scripted::serve([Turn::Record(7), Turn::Record(8)]).await;
    let (follower, connection) = Scripted::serve([refer(at_leader.address())]).await;
    let client = LedgerClient::new(connection, QUICK);
    for (id, position) in [("id-1", 7), ("id-2", 8)] {
        let answer = client.submit(&submission(id)).await.unwrap();
        assert_eq!(answer.position, Some(position));
    }
    assert_eq!(follower.received(), ["id-1"]);
    assert_eq!(leader.received(), ["id-1", "id-2"]);
}

#[tokio::test]
async fn where_the_leader_is_gone_the_one_that_named_it_is_asked_again() {
    let gone = nobody();
    let (follower, connection) = Scripted::serve([refer(&gone), Turn::Record(7)]).await;
    let client = LedgerClient::new(connection, QUICK);
    let answer = client.submit(&submission("id-1")).await.unwrap();
    assert_eq!(answer.position, Some(7));
    assert_eq!(follower.received(), ["id-1", "id-1"]);
}

#[tokio::test]
async fn where_one_server_does_not_answer_it_is_the_next_ones_turn() {
    let (second, at_second) = Scripted::serve([Turn::Record(7), Turn::Record(8)]).await;
    let addresses = format!("{}, {}", nobody(), at_second.address());
    let connection = Connection::open(&addresses).unwrap();
    assert_eq!(connection.address(), addresses);
    let client = LedgerClient::new(connection, QUICK);
    for (id, position) in [("id-1", 7), ("id-2", 8)] {
        let answer = client.submit(&submission(id)).await.unwrap();
        assert_eq!(answer.position, Some(position));
    }
    assert_eq!(second.received(), ["id-1", "id-2"]);
}

#[tokio::test]
async fn two_nodes_that_name_each_other_are_not_asked_for_ever() {
    let (first, at_first) = Scripted::serve([]).await;
    let (second, at_second) = Scripted::serve([]).await;
    let connection = Connection::open(at_first.address()).unwrap();
    for _ in 0..20 {
        first.then(refer(at_second.address()));
        second.then(refer(at_first.address()));
    }
    let client = LedgerClient::new(connection, QUICK);
    let error = client.submit(&submission("id-1")).await.unwrap_err();
    assert_eq!(error.answer().unwrap().reason, "NOT_LEADER");
    // Four series of one attempt and three that follow at once.
    assert_eq!(first.received().len() + second.received().len(), 16);
}

#[tokio::test]
async fn a_stream_of_submissions_follows_with_everything_that_is_unanswered() {
    let (leader, at_leader) = Scripted::serve([Turn::Record(7), Turn::Record(8)]).await;
    let (_, connection) = Scripted::serve([refer(at_leader.address()), Turn::Break]).await;
    let mut bulk = BulkSubmission::new(connection, QUICK, NonZeroUsize::new(4).unwrap());
    for id in ["id-1", "id-2"] {
        assert!(bulk.push(submission(id)).await.unwrap().is_none());
    }
    for position in [7, 8] {
        let answered = bulk.next().await.unwrap().unwrap();
        assert_eq!(answered.outcome.unwrap().position, Some(position));
    }
    assert_eq!(leader.received(), ["id-1", "id-2"]);
}
