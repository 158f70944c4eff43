use std::collections::BTreeMap;
use std::pin::Pin;

use futures_util::{Stream, StreamExt as _};
use perennial_domain::log::Position;
use perennial_testkit::random::Random;
use perennial_views::{AsOf, Question, View};
use perennial_wire::pb::query::query_service_server::QueryService as _;
use perennial_wire::pb::query::subscribe_request::Effective;
use perennial_wire::pb::query::subscribe_response::Message;
use perennial_wire::pb::query::{Row, SubscribeRequest, SubscribeResponse};
use tonic::{Code, Request, Status};

use crate::{Data, LEDGER, Reader, grown, reason};

/// What a reader of a subscription holds.
struct Subscriber {
    messages: Pin<Box<dyn Stream<Item = Result<SubscribeResponse, Status>> + Send>>,
    rows: BTreeMap<String, Row>,
    /// The newest token, and the position it is of.
    token: String,
    position: u64,
    received: usize,
}

fn request(view: View) -> SubscribeRequest {
    SubscribeRequest {
        ledger_id: LEDGER.to_owned(),
        view: view.name().to_owned(),
        effective: Some(Effective::EffectiveOpen(true)),
        ..SubscribeRequest::default()
    }
}

async fn subscribe(reader: &Reader, request: SubscribeRequest) -> Result<Subscriber, Status> {
    let messages = reader
        .handlers
        .subscribe(Request::new(request))
        .await?
        .into_inner();
    Ok(Subscriber {
        messages,
        rows: BTreeMap::new(),
        token: String::new(),
        position: 0,
        received: 0,
    })
}

impl Subscriber {
    async fn next(&mut self) -> Result<Message, Status> {
        let answer = self.messages.next().await.unwrap();
        self.received += 1;
        Ok(answer?.message.unwrap())
    }

    /// Takes one message into what is held.
    fn take(&mut self, message: Message) {
        match message {
            Message::Confirmation(_)
            | Message::CaughtUp(_)
            | Message::FellBehind(_)
            | Message::Heartbeat(_) => {}
            Message::SnapshotBegin(_) | Message::Reset(_) => self.rows.clear(),
            Message::SnapshotEnd(end) => self.note(end.position, end.resume_token),
            Message::RowUpsert(upsert) => {
                self.rows.insert(upsert.row_key, upsert.row.unwrap());
                self.note(upsert.position, upsert.resume_token);
            }
            Message::RowDelete(delete) => {
                self.rows.remove(&delete.row_key);
                self.note(delete.position, delete.resume_token);
            }
            Message::Progress(progress) => self.note(progress.position, progress.resume_token),
        }
    }

    fn note(&mut self, position: u64, token: String) {
        assert!(self.position <= position, "positions do not decrease");
        self.position = position;
        if !token.is_empty() {
            self.token = token;
        }
    }

    /// Reads until the stream says that it has reached the head.
    async fn caught_up(&mut self) {
        loop {
            let message = self.next().await.unwrap();
            let done = matches!(message, Message::CaughtUp(_));
            self.take(message);
            if done {
                return;
            }
        }
    }

    /// Reads until what is held is the view at `position`, which must come.
    async fn reaches(&mut self, reader: &Reader, view: View, position: u64) {
        let wanted = evaluated(reader, view, position);
        while self.rows != wanted {
            let message = self.next().await.unwrap();
            self.take(message);
            assert!(
                self.position <= position,
                "the view at {position} was never held"
            );
        }
    }
}

/// The rows of a view at a position, as a subscriber should hold them.
fn evaluated(reader: &Reader, view: View, position: u64) -> BTreeMap<String, Row> {
    let live = reader.projection().live().unwrap();
    live.read(|facts| {
        let question = Question {
            at: AsOf::Position(Position(position)),
            ..Question::default()
        };
        let answer = view.evaluate(facts, &question).unwrap();
        answer
            .rows
            .iter()
            .map(|row| (row.key().0, Row::try_from(row).unwrap()))
            .collect()
    })
}

const VIEWS: [View; 4] = [
    View::Agreement,
    View::Nexus,
    View::Registers,
    View::Exceptions,
];

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_begins_with_a_confirmation_and_a_whole_snapshot() {
    let (data, log) = (Data::new(), grown(20));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let mut subscriber = subscribe(&reader, request(View::Agreement)).await.unwrap();
    let Message::Confirmation(confirmation) = subscriber.next().await.unwrap() else {
        panic!("always first")
    };
    assert_eq!(confirmation.from_position, 19);
    assert_eq!(confirmation.heartbeat_interval.unwrap().seconds, 15);
    assert_eq!(
        confirmation.read_info.unwrap().effective_as_of,
        None,
        "open"
    );
    let Message::SnapshotBegin(begin) = subscriber.next().await.unwrap() else {
        panic!("then the snapshot")
    };
    assert_eq!(begin.position, 19);
    subscriber.caught_up().await;
    assert_eq!(subscriber.rows, evaluated(&reader, View::Agreement, 19));
    assert_eq!((subscriber.rows.len(), subscriber.position), (4, 19));
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_seen_exactly_as_the_view_differs() {
    let (data, mut log) = (Data::new(), grown(5));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let mut subscribers = Vec::new();
    for view in VIEWS {
        let mut subscriber = subscribe(&reader, request(view)).await.unwrap();
        subscriber.caught_up().await;
        subscribers.push((view, subscriber));
    }
    let mut random = Random::for_test("every_change_is_seen_exactly_as_the_view_differs");
    while log.records() < 120 {
        let more = log.records() + random.between(1, 9);
        log.grow_to(more);
        reader.caught_up(&log).await;
        for (view, subscriber) in &mut subscribers {
            subscriber.reaches(&reader, *view, more - 1).await;
        }
    }
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_comes_back_with_any_token_holds_the_view_again() {
    let (data, mut log) = (Data::new(), grown(30));
    let mut random =
        Random::for_test("a_reader_that_comes_back_with_any_token_holds_the_view_again");
    let mut reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let mut subscriber = subscribe(&reader, request(View::Agreement)).await.unwrap();
    subscriber.caught_up().await;
    for round in 0..12 {
        let more = log.records() + random.between(1, 40);
        log.grow_to(more);
        reader.caught_up(&log).await;
        // It leaves somewhere in between what has changed.
        for _ in 0..random.below(4) {
            if subscriber.rows == evaluated(&reader, View::Agreement, more - 1) {
                break;
            }
            let message = subscriber.next().await.unwrap();
            subscriber.take(message);
        }
        let (rows, token) = (subscriber.rows, subscriber.token);
        drop(subscriber.messages);
        if round % 3 == 2 {
            reader.stop().await;
            std::fs::remove_dir_all(data.cache()).unwrap();
            reader = Reader::start(&data, &log);
        }
        let resumed = SubscribeRequest {
            resume_token: token,
            ..request(View::Agreement)
        };
        subscriber = subscribe(&reader, resumed).await.unwrap();
        subscriber.rows = rows;
        subscriber.caught_up().await;
        assert_eq!(
            subscriber.rows,
            evaluated(&reader, View::Agreement, more - 1),
            "round {round}"
        );
    }
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_gets_the_newest_rows_only() {
    let (data, mut log) = (Data::new(), grown(2));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let mut subscriber = subscribe(&reader, request(View::Registers)).await.unwrap();
    subscriber.caught_up().await;
    // Every record but the refusals changes a row; nothing is read meanwhile.
    for _ in 0..300 {
        let more = log.records() + 10;
        log.grow_to(more);
        reader.caught_up(&log).await;
    }
    let before = subscriber.received;
    let last = log.records() - 1;
    subscriber.reaches(&reader, View::Registers, last).await;
    // Two rows changed 300 times at least. The channel holds 64 messages, one more was on its way, and then came
    // what is newest.
    assert!(
        subscriber.received - before <= 64 + 1 + 4,
        "{} messages",
        subscriber.received - before
    );
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cut_off_is_fixed_at_the_start_and_kept_by_the_token() {
    let (data, log) = (Data::new(), grown(10));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let today = SubscribeRequest {
        effective: None,
        ..request(View::Agreement)
    };
    let mut subscriber = subscribe(&reader, today.clone()).await.unwrap();
    let Message::Confirmation(confirmation) = subscriber.next().await.unwrap() else {
        panic!("always first")
    };
    let cut_off = confirmation.read_info.unwrap().effective_as_of.unwrap();
    assert_eq!((cut_off.year, cut_off.month, cut_off.day), (2026, 3, 31));
    subscriber.caught_up().await;
    assert!(subscriber.token.contains("2026-03-31"));
    let again = SubscribeRequest {
        resume_token: subscriber.token.clone(),
        ..today
    };
    let mut again = subscribe(&reader, again).await.unwrap();
    let Message::Confirmation(confirmation) = again.next().await.unwrap() else {
        panic!("always first")
    };
    let kept = confirmation.read_info.unwrap().effective_as_of;
    assert_eq!(kept, Some(cut_off));
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_subscription_is_refused_and_one_of_another_schema_resets() {
    let (data, log) = (Data::new(), grown(10));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let mut subscriber = subscribe(&reader, request(View::Agreement)).await.unwrap();
    subscriber.caught_up().await;
    let token = subscriber.token.clone();
    let other = SubscribeRequest {
        resume_token: token.clone(),
        ..request(View::Registers)
    };
    let refused = subscribe(&reader, other).await.err().unwrap();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::InvalidArgument, "RESUME_TOKEN_MISMATCH")
    );

    let mut parts: Vec<&str> = token.split('.').collect();
    parts[3] = "00000000";
    let older = SubscribeRequest {
        resume_token: parts.join("."),
        ..request(View::Agreement)
    };
    let mut subscriber = subscribe(&reader, older).await.unwrap();
    subscriber.next().await.unwrap();
    let Message::Reset(reset) = subscriber.next().await.unwrap() else {
        panic!("the rows are of no use")
    };
    assert_eq!(reset.view_schema, perennial_views::SCHEMA);
    subscriber.caught_up().await;
    assert_eq!(subscriber.rows, evaluated(&reader, View::Agreement, 9));
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_without_an_answer_is_refused_before_the_stream() {
    let (data, log) = (Data::new(), grown(10));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    for wrong in [
        SubscribeRequest {
            view: "nothing".to_owned(),
            ..request(View::Nexus)
        },
        SubscribeRequest {
            filter: "rule = R10".to_owned(),
            ..request(View::Nexus)
        },
        SubscribeRequest {
            group_by: vec!["pillar".to_owned(), "currency".to_owned()],
            ..request(View::Registers)
        },
    ] {
        let refused = subscribe(&reader, wrong).await.err().unwrap();
        assert_eq!(reason(&refused), "INVALID_FIELD");
    }
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_words_of_a_stopping_node_are_a_token_and_unavailable() {
    let (data, log) = (Data::new(), grown(10));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let mut subscriber = subscribe(&reader, request(View::Agreement)).await.unwrap();
    subscriber.caught_up().await;
    reader.stop.cancel();
    let Message::Progress(progress) = subscriber.next().await.unwrap() else {
        panic!("first where to resume")
    };
    assert_eq!(
        (progress.position, progress.resume_token),
        (9, subscriber.token.clone())
    );
    assert_eq!(
        subscriber.next().await.unwrap_err().code(),
        Code::Unavailable
    );
    assert!(subscriber.messages.next().await.is_none());
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_stream_gives_signs_of_life() {
    let (data, log) = (Data::new(), grown(10));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let every_second = prost_types::Duration {
        seconds: 1,
        nanos: 0,
    };
    let asked = SubscribeRequest {
        heartbeat_interval: Some(every_second),
        ..request(View::Agreement)
    };
    let mut subscriber = subscribe(&reader, asked).await.unwrap();
    subscriber.caught_up().await;
    let Message::Heartbeat(heartbeat) = subscriber.next().await.unwrap() else {
        panic!("nothing has happened")
    };
    assert_eq!(heartbeat.position, Some(9));
    reader.stop().await;
}
