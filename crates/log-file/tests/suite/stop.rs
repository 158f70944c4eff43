//! Clean stops, the head marker, and logs that became shorter than it (INV-1).

use std::fs;

use perennial_app::ports::log::{AppendOutcome, LogOffset, LogRead};
use perennial_log_file::{FileLog, HeadMarker, OpenError, Problem, Scanner};
use perennial_proof::{Hash, Position};

use crate::{Data, append, appended, texts};

/// A log with two batches that was cleanly stopped; returns where each ended.
fn stopped(data: &Data) -> (LogOffset, LogOffset) {
    let log = data.create();
    let (_, first) = appended(&log, &["a"]);
    let (_, second) = appended(&log, &["b"]);
    log.set_head(Position(1), Hash::of(b"head"));
    log.close().unwrap();
    (first, second)
}

fn lost(result: Result<FileLog, OpenError>) -> (LogOffset, LogOffset) {
    match result {
        Err(OpenError::LostHistory { end, marker, .. }) => (end, marker),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_clean_stop_leaves_where_the_log_stood() {
    let data = Data::new();
    let (_, offset) = stopped(&data);
    let log = data.open().unwrap();
    let marker = HeadMarker {
        offset,
        position: Position(1),
        record_hash: Hash::of(b"head"),
    };
    assert_eq!(log.marker(), Some(marker));
    assert_eq!(
        Scanner::open(data.path(), crate::LEDGER).unwrap().marker(),
        Some(marker)
    );
    assert_eq!(data.last_segment().metadata().unwrap().len(), offset.0);
}

#[test]
fn a_log_may_grow_beyond_its_marker_and_never_be_shorter() {
    let data = Data::new();
    let (first, second) = stopped(&data);
    let log = data.open().unwrap();
    appended(&log, &["c"]);
    drop(log);
    assert_eq!(texts(&data.open().unwrap()), ["a", "b", "c"]);
    let file = data.last_segment();
    let bytes = fs::read(&file).unwrap();
    let up_to = |offset: u64| &bytes[..usize::try_from(offset).unwrap()];
    // Exactly as long as the marker says is enough.
    fs::write(&file, up_to(second.0)).unwrap();
    assert_eq!(texts(&data.open().unwrap()), ["a", "b"]);
    // A byte less looks like an interrupted write, but it was acknowledged: nothing is cut.
    for end in [second.0 - 1, first.0 + 1, first.0] {
        fs::write(&file, up_to(end)).unwrap();
        assert_eq!(lost(data.open()), (first, second));
        assert_eq!(fs::read(&file).unwrap(), up_to(end));
    }
    fs::remove_file(&file).unwrap();
    assert_eq!(lost(data.open()), (LogOffset(0), second));
}

#[test]
fn scanning_a_log_that_is_shorter_than_its_marker_ends_with_lost_history() {
    let data = Data::new();
    let (first, _) = stopped(&data);
    let file = data.last_segment();
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..usize::try_from(first.0).unwrap()]).unwrap();
    let mut scanner = Scanner::open(data.path(), crate::LEDGER).unwrap();
    assert!(scanner.next_entry().unwrap().is_some());
    let error = scanner.next_entry().unwrap_err();
    assert!(matches!(error, OpenError::LostHistory { .. }), "{error:?}");
    assert!(error.is_integrity_failure());
}

#[test]
fn a_damaged_marker_refuses_to_open() {
    let data = Data::new();
    stopped(&data);
    let file = data.log_directory().join("head");
    let bytes = fs::read(&file).unwrap();
    for index in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[index] ^= 1;
        fs::write(&file, flipped).unwrap();
        let error = data.open().unwrap_err();
        assert!(
            matches!(
                error,
                OpenError::Damaged {
                    problem: Problem::Marker,
                    ..
                }
            ),
            "{error:?}"
        );
    }
    fs::write(&file, []).unwrap();
    assert!(data.open().unwrap_err().is_integrity_failure());
}

#[test]
fn a_closed_log_rejects_appends_and_closes_again() {
    let data = Data::new();
    let log = data.create();
    appended(&log, &["a"]);
    log.close().unwrap();
    assert!(matches!(
        append(&log, &["b"]),
        AppendOutcome::Rejected { .. }
    ));
    log.close().unwrap();
    assert_eq!(texts(&log), ["a"]);
    assert_eq!(log.marker(), None);
}

#[test]
fn a_stop_without_a_head_leaves_the_earlier_marker() {
    let data = Data::new();
    let (_, offset) = stopped(&data);
    let log = data.open().unwrap();
    appended(&log, &["c"]);
    log.close().unwrap();
    assert_eq!(data.open().unwrap().marker().unwrap().offset, offset);
}

#[test]
fn closing_answers_what_is_queued() {
    let data = Data::new();
    let log = data.create();
    let tickets: Vec<_> = (0..10)
        .map(|number| {
            let entry = crate::entry(&number.to_string());
            perennial_app::ports::log::Log::append(&log, vec![entry])
        })
        .collect();
    log.close().unwrap();
    for ticket in tickets {
        assert!(matches!(
            ticket.blocking_recv(),
            Ok(AppendOutcome::Durable { .. })
        ));
    }
    assert!(log.durable_end().borrow().0 > 0);
}

#[test]
fn a_ledger_is_made_once_and_opened_only_if_it_was_made() {
    let data = Data::new();
    assert!(matches!(data.open(), Err(OpenError::NotFound { .. })));
    let log = data.create();
    appended(&log, &["a"]);
    drop(log);
    let again = FileLog::create(&data.lock, crate::LEDGER, crate::small());
    assert!(matches!(again, Err(OpenError::Exists { .. })));
    assert_eq!(texts(&data.open().unwrap()), ["a"]);
}
