//! Which batches the writer flushes itself: few records, while no other submission waits to be decided.

use std::sync::{Arc, Mutex};

use perennial_app::ports::log::{Log, LogOffset, LogRead, LogTail, ReadError, StoredEntry, Ticket};
use perennial_app::writer::WriterOptions;
use perennial_testkit::log::MemoryLog;
use tokio::sync::watch;

use crate::world::{World, prepared, sign, submit};

/// A log that notes how many records each batch had, and whether it was appended in place.
struct NotingLog {
    log: MemoryLog,
    batches: Arc<Mutex<Vec<(usize, bool)>>>,
}

impl NotingLog {
    fn note(&self, batch: &[StoredEntry], in_place: bool) {
        self.batches.lock().unwrap().push((batch.len(), in_place));
    }
}

impl LogRead for NotingLog {
    fn tail(&self, from: LogOffset) -> Result<Box<dyn LogTail>, ReadError> {
        self.log.tail(from)
    }

    fn durable_end(&self) -> watch::Receiver<LogOffset> {
        self.log.durable_end()
    }
}

impl Log for NotingLog {
    fn claim(&self, claim: StoredEntry) -> Ticket {
        self.log.claim(claim)
    }

    fn append(&self, batch: Vec<StoredEntry>) -> Ticket {
        self.note(&batch, false);
        self.log.append(batch)
    }

    fn append_in_place(&self, batch: Vec<StoredEntry>) -> Ticket {
        self.note(&batch, true);
        self.log.append(batch)
    }
}

/// Submits one, and `more` while that one flushes. Returns the batches of all of them.
async fn batches(more: u8, options: WriterOptions) -> Vec<(usize, bool)> {
    let world = World::new();
    let batches = Arc::new(Mutex::default());
    let log = NotingLog {
        log: world.log.clone(),
        batches: Arc::clone(&batches),
    };
    let (ledger, _task) = world.create_on(Arc::new(log), options).await;
    batches.lock().unwrap().clear();
    world.log.hold();
    let mut answers = Vec::new();
    answers.push(ledger.enqueue(prepared(1, vec![sign(1)])).await.unwrap());
    while batches.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    for number in 2..2 + more {
        let submission = prepared(number, vec![sign(number.into())]);
        answers.push(ledger.enqueue(submission).await.unwrap());
    }
    if usize::from(more) < options.batch_records_max {
        // Once this is answered, everything before it is decided.
        let probe = ledger.submit(prepared(99, vec![sign(99)]), true).await;
        assert!(probe.is_ok());
    }
    world.log.release();
    for answer in answers {
        answer.answer().await.unwrap();
    }
    let batches = batches.lock().unwrap();
    batches.clone()
}

fn in_place_up_to(records: usize) -> WriterOptions {
    WriterOptions {
        in_place_records_max: records,
        ..WriterOptions::default()
    }
}

#[tokio::test]
async fn a_batch_is_flushed_in_place_up_to_the_limit_and_handed_over_above_it() {
    assert_eq!(batches(3, in_place_up_to(3)).await, [(1, true), (3, true)]);
    assert_eq!(batches(3, in_place_up_to(2)).await, [(1, true), (3, false)]);
    assert_eq!(
        batches(1, in_place_up_to(0)).await,
        [(1, false), (1, false)]
    );
}

#[tokio::test]
async fn nothing_is_flushed_in_place_while_a_submission_waits_to_be_decided() {
    let options = WriterOptions {
        batch_records_max: 2,
        ..in_place_up_to(2)
    };
    // The third that waits finds no room in the next batch, so that one is handed over.
    let batches = batches(3, options).await;
    let in_place: Vec<_> = batches.iter().map(|(_, in_place)| *in_place).collect();
    assert_eq!(in_place, [true, false, true], "{batches:?}");
    assert_eq!(batches.iter().map(|(records, _)| records).sum::<usize>(), 4);
}

#[tokio::test]
async fn a_submission_alone_is_flushed_in_place_by_default() {
    let world = World::new();
    let batches = Arc::new(Mutex::default());
    let log = NotingLog {
        log: world.log.clone(),
        batches: Arc::clone(&batches),
    };
    let options = WriterOptions::default();
    let (ledger, _task) = world.create_on(Arc::new(log), options).await;
    batches.lock().unwrap().clear();
    submit(&ledger, 1, vec![sign(1)]).await.unwrap();
    assert_eq!(*batches.lock().unwrap(), [(1, true)]);
}
