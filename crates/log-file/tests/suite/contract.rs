//! The contract of every `Log`, and what segment files promise beyond it.

use perennial_app::ports::log::{
    AppendOutcome, Log as _, LogOffset, LogRead as _, ReadError, StoredEntry,
};
use perennial_testkit::log_contract;

use crate::{Data, appended, read_from};

#[test]
fn the_log_on_segment_files_keeps_the_contract() {
    log_contract::check(|property| property(&Data::new().create()));
}

#[test]
fn any_bytes_are_stored_as_they_are() {
    // INV-13
    let data = Data::new();
    let log = data.create();
    let entries = [vec![], vec![0; 40], (0..=255).collect::<Vec<u8>>()].map(StoredEntry);
    let outcome = log.append(entries.to_vec()).blocking_recv();
    assert!(matches!(outcome, Ok(AppendOutcome::Durable { .. })));
    let read: Vec<_> = read_from(&log, LogOffset(0))
        .into_iter()
        .map(|read| read.entry)
        .collect();
    assert_eq!(read, entries);
}

#[test]
fn what_lies_within_an_entry_is_no_offset() {
    let data = Data::new();
    let log = data.create();
    let (first, next) = appended(&log, &["a", "b"]);
    for bad in [first.0 + 1, next.0 - 1] {
        let Err(error) = log.tail(LogOffset(bad)) else {
            panic!("{bad} is an offset")
        };
        assert!(matches!(error, ReadError::Damaged { offset, .. } if offset.0 == bad));
    }
}
