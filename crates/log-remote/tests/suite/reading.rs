use std::sync::Arc;
use std::sync::atomic::Ordering;

use perennial_app::ports::ledgers::{LedgerLogs as _, ReadableLedger};
use perennial_app::ports::log::{LogOffset, LogRead, LogTail, ReadError, StoredEntry, TailEntry};
use perennial_app::records::LedgerReader;
use perennial_log_remote::RemoteLogs;
use perennial_testkit::sample_log::SampleLog;
use tokio_util::sync::CancellationToken;

use crate::server::{Logs, Server};

const LEDGER: &str = "test-ledger";

fn grown(records: u64) -> SampleLog {
    let mut log = SampleLog::new(LEDGER);
    log.grow_to(records);
    log
}

/// Waits until a ledger appears.
async fn appeared(remote: &RemoteLogs, ledger_id: &str) -> ReadableLedger {
    let mut ledgers = remote.ledgers();
    let named = |ledgers: &Arc<Vec<ReadableLedger>>| {
        ledgers
            .iter()
            .any(|ledger| ledger.ledger_id.as_str() == ledger_id)
    };
    let ledgers = ledgers.wait_for(named).await.unwrap();
    ledgers
        .iter()
        .find(|ledger| ledger.ledger_id.as_str() == ledger_id)
        .unwrap()
        .clone()
}

/// Reads on until the log is read up to `end`, waiting for it to grow.
async fn read_to(
    log: &Arc<dyn LogRead>,
    mut tail: Box<dyn LogTail>,
    end: LogOffset,
) -> (Box<dyn LogTail>, Vec<TailEntry>) {
    let mut durable_end = log.durable_end();
    let mut read: Vec<TailEntry> = Vec::new();
    while read.last().is_none_or(|entry| entry.next_offset < end) {
        durable_end.borrow_and_update();
        let (returned, entries) = tokio::task::spawn_blocking(move || {
            let entries = tail.read(10_000).unwrap();
            (tail, entries)
        })
        .await
        .unwrap();
        tail = returned;
        if entries.is_empty() {
            durable_end.changed().await.unwrap();
        }
        read.extend(entries);
    }
    (tail, read)
}

fn stored(read: &[TailEntry]) -> Vec<StoredEntry> {
    read.iter().map(|entry| entry.entry.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_read_as_it_is_stored_and_followed_as_it_grows() {
    let (logs, mut sample) = (Logs::default(), grown(200));
    logs.add(LEDGER, sample.log());
    let server = Server::start(logs).await;
    let remote = RemoteLogs::start(&server.address.to_string(), CancellationToken::new()).unwrap();
    let ledger = appeared(&remote, LEDGER).await;
    assert_eq!(*ledger.log.durable_end().borrow(), LogOffset(201));

    let (tail, first) = read_to(
        &ledger.log,
        ledger.log.tail(LogOffset(0)).unwrap(),
        LogOffset(201),
    )
    .await;
    assert_eq!(stored(&first), sample.log().entries());
    sample.grow_to(400);
    let (_, more) = read_to(&ledger.log, tail, LogOffset(401)).await;
    assert_eq!(
        [stored(&first), stored(&more)].concat(),
        sample.log().entries()
    );

    let (_, middle) = read_to(
        &ledger.log,
        ledger.log.tail(LogOffset(150)).unwrap(),
        LogOffset(401),
    )
    .await;
    assert_eq!(middle.first().unwrap().offset, LogOffset(150));
    assert_eq!(stored(&middle), sample.log().entries().split_off(150));
    server.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_streams_and_a_restarted_server_leave_neither_gaps_nor_repeats() {
    let (logs, mut sample) = (Logs::default(), grown(100));
    logs.add(LEDGER, sample.log());
    logs.break_after.store(3, Ordering::SeqCst);
    let server = Server::start(logs.clone()).await;
    let remote = RemoteLogs::start(&server.address.to_string(), CancellationToken::new()).unwrap();
    let ledger = appeared(&remote, LEDGER).await;
    let (tail, mut read) = read_to(
        &ledger.log,
        ledger.log.tail(LogOffset(0)).unwrap(),
        LogOffset(101),
    )
    .await;

    let address = server.address;
    server.kill().await;
    sample.grow_to(150);
    let server = Server::start_at(logs, address).await;
    let (_, more) = read_to(&ledger.log, tail, LogOffset(151)).await;
    read.extend(more);
    assert_eq!(stored(&read), sample.log().entries());
    let offsets: Vec<u64> = read.iter().map(|entry| entry.offset.0).collect();
    assert_eq!(offsets, (0..151).collect::<Vec<_>>());
    server.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_records_takes_it_for_any_log() {
    let (logs, sample) = (Logs::default(), grown(60));
    logs.add(LEDGER, sample.log());
    let server = Server::start(logs).await;
    let remote = RemoteLogs::start(&server.address.to_string(), CancellationToken::new()).unwrap();
    let ledger = appeared(&remote, LEDGER).await;
    let records = tokio::task::spawn_blocking(move || {
        let mut reader = LedgerReader::from_start(&*ledger.log, LEDGER).unwrap();
        let mut records = Vec::new();
        loop {
            let read = reader.read(5_000).unwrap();
            if read.is_empty() {
                return records;
            }
            records.extend(read.into_iter().map(|record| record.position.0));
        }
    });
    assert_eq!(records.await.unwrap(), (0..60).collect::<Vec<_>>());
    server.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_read_is_not_fetched_without_bound() {
    let (logs, sample) = (Logs::default(), grown(60_000));
    logs.add(LEDGER, sample.log());
    let server = Server::start(logs.clone()).await;
    let remote = RemoteLogs::start(&server.address.to_string(), CancellationToken::new()).unwrap();
    let ledger = appeared(&remote, LEDGER).await;
    let tail = ledger.log.tail(LogOffset(0)).unwrap();
    let (tail, _) = read_to(&ledger.log, tail, LogOffset(1)).await;
    let all: usize = sample
        .log()
        .entries()
        .iter()
        .map(|entry| entry.0.len())
        .sum();
    let messages = all / 2_000;
    // The transport's windows hold some megabytes too; most of a log of three times that must still be on the other
    // side.
    let sent = logs.sent.load(Ordering::SeqCst);
    assert!(
        sent < messages / 2,
        "{sent} of {messages} messages were sent"
    );
    let (_, read) = read_to(&ledger.log, tail, LogOffset(60_001)).await;
    assert_eq!(read.last().unwrap().next_offset, LogOffset(60_001));
    server.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offset_that_the_log_does_not_reach_is_damage() {
    let (logs, sample) = (Logs::default(), grown(10));
    logs.add(LEDGER, sample.log());
    let server = Server::start(logs).await;
    let remote = RemoteLogs::start(&server.address.to_string(), CancellationToken::new()).unwrap();
    let ledger = appeared(&remote, LEDGER).await;
    let mut tail = ledger.log.tail(LogOffset(12)).unwrap();
    let read = tokio::task::spawn_blocking(move || {
        loop {
            match tail.read(1_000) {
                Ok(entries) => assert!(entries.is_empty()),
                Err(error) => return error,
            }
            std::thread::yield_now();
        }
    });
    let error = read.await.unwrap();
    assert!(
        matches!(
            error,
            ReadError::Damaged {
                offset: LogOffset(12),
                ..
            }
        ),
        "{error}"
    );
    server.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ledgers_appear_as_they_are_created_and_when_the_server_comes_up() {
    let logs = Logs::default();
    let server = Server::start(logs.clone()).await;
    let address = server.address;
    server.kill().await;
    let remote = RemoteLogs::start(&address.to_string(), CancellationToken::new()).unwrap();
    assert!(remote.ledgers().borrow().is_empty());
    logs.add(LEDGER, grown(1).log());
    let server = Server::start_at(logs.clone(), address).await;
    appeared(&remote, LEDGER).await;
    logs.add("another-ledger", SampleLog::new("another-ledger").log());
    appeared(&remote, "another-ledger").await;
    let ids: Vec<String> = remote
        .ledgers()
        .borrow()
        .iter()
        .map(|ledger| ledger.ledger_id.to_string())
        .collect();
    assert_eq!(ids, ["another-ledger", LEDGER]);
    server.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_a_reader_that_waits() {
    let (logs, sample) = (Logs::default(), grown(10));
    logs.add(LEDGER, sample.log());
    let server = Server::start(logs).await;
    let stop = CancellationToken::new();
    let remote = RemoteLogs::start(&server.address.to_string(), stop.clone()).unwrap();
    let ledger = appeared(&remote, LEDGER).await;
    server.kill().await;
    let mut tail = ledger.log.tail(LogOffset(0)).unwrap();
    let waiting = tokio::task::spawn_blocking(move || tail.read(1_000));
    stop.cancel();
    assert!(matches!(
        waiting.await.unwrap(),
        Err(ReadError::Unavailable { .. })
    ));
}
