//! Interrupted writes: the last batch is cut, whatever part of it arrived, and nothing else is.

use std::fs;

use perennial_app::ports::log::LogRead;
use perennial_log_file::Scanner;

use crate::{Data, appended, texts};

/// A log with the batches `["a", "b"]` and `last`, not cleanly stopped; returns the bytes of its
/// segment and where the last batch begins and ends in them.
fn log_with_last_batch(data: &Data, last: &[&str]) -> (Vec<u8>, usize, usize) {
    let log = data.create();
    let (_, begin) = appended(&log, &["a", "b"]);
    let (_, end) = appended(&log, last);
    drop(log);
    let bytes = fs::read(data.last_segment()).unwrap();
    let (begin, end) = (
        usize::try_from(begin.0).unwrap(),
        usize::try_from(end.0).unwrap(),
    );
    assert_eq!(bytes.len(), end, "one segment");
    (bytes, begin, end)
}

/// The log opens with the first batch alone, and goes on.
#[track_caller]
fn check_cut(data: &Data, bytes: &[u8]) {
    fs::write(data.last_segment(), bytes).unwrap();
    let log = data.open().unwrap();
    assert_eq!(texts(&log), ["a", "b"]);
    appended(&log, &["after the cut"]);
    drop(log);
    assert_eq!(texts(&data.open().unwrap()), ["a", "b", "after the cut"]);
}

#[test]
fn a_write_that_stopped_at_any_byte_is_cut() {
    let data = Data::new();
    let (bytes, begin, end) = log_with_last_batch(&data, &["c", "dd"]);
    for stopped in begin..end {
        // The file was allocated ahead: zeros follow.
        let mut torn = bytes[..stopped].to_vec();
        torn.resize(end + 900, 0);
        check_cut(&data, &torn);
    }
}

#[test]
fn a_file_that_ends_within_the_last_batch_is_cut() {
    let data = Data::new();
    let (bytes, begin, end) = log_with_last_batch(&data, &["c", "dd"]);
    for stopped in [
        begin,
        begin + 1,
        begin + 27,
        begin + 28,
        begin + 40,
        end - 1,
    ] {
        check_cut(&data, &bytes[..stopped]);
    }
}

#[test]
fn a_write_of_which_any_sector_did_not_arrive_is_cut() {
    let data = Data::new();
    let long = "x".repeat(1200);
    let (bytes, begin, end) = log_with_last_batch(&data, &[&long]);
    let mut sectors = 0;
    let mut from = begin;
    while from < end {
        let to = end.min((from / 512 + 1) * 512);
        let mut torn = bytes.clone();
        torn[from..to].fill(0);
        check_cut(&data, &torn);
        from = to;
        sectors += 1;
    }
    assert_eq!(sectors, 3);
}

#[test]
fn a_whole_last_batch_is_kept_though_nobody_heard_of_it() {
    let data = Data::new();
    let (bytes, ..) = log_with_last_batch(&data, &["c", "dd"]);
    let mut allocated = bytes.clone();
    allocated.resize(bytes.len() + 900, 0);
    fs::write(data.last_segment(), allocated).unwrap();
    assert_eq!(texts(&data.open().unwrap()), ["a", "b", "c", "dd"]);
}

#[test]
fn a_segment_that_was_begun_and_has_no_batch_yet_is_gone_on_with() {
    let data = Data::new();
    let log = data.create();
    let (_, end) = appended(&log, &["a"]);
    appended(&log, &[&"x".repeat(1480)]);
    drop(log);
    assert_eq!(data.segments().len(), 2);
    // The process stopped just after it had made the second segment.
    let mut begun = fs::read(data.last_segment()).unwrap();
    begun.truncate(512);
    begun.resize(1400, 0);
    fs::write(data.last_segment(), begun).unwrap();
    let log = data.open().unwrap();
    assert_eq!(*log.durable_end().borrow(), end);
    appended(&log, &["b"]);
    drop(log);
    assert_eq!(data.segments().len(), 2);
    assert_eq!(texts(&data.open().unwrap()), ["a", "b"]);
}

#[test]
fn what_was_being_made_when_the_process_stopped_is_removed() {
    let data = Data::new();
    let log = data.create();
    appended(&log, &["a"]);
    drop(log);
    let unfinished = data.log_directory().join("00000000000000000600.seg.new");
    fs::write(&unfinished, b"half").unwrap();
    assert_eq!(texts(&data.open().unwrap()), ["a"]);
    assert!(!unfinished.exists());
}

#[test]
fn scanning_says_so_and_cuts_nothing() {
    let data = Data::new();
    let (bytes, begin, end) = log_with_last_batch(&data, &["c", "dd"]);
    let mut torn = bytes[..end - 5].to_vec();
    torn.resize(end + 900, 0);
    fs::write(data.last_segment(), &torn).unwrap();
    let mut scanner = Scanner::open(data.path(), crate::LEDGER).unwrap();
    let mut count = 0;
    while scanner.next_entry().unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 2);
    let scan_end = scanner.end().unwrap();
    assert_eq!(usize::try_from(scan_end.end.0).unwrap(), begin);
    let torn_bytes = u64::try_from(end - 5 - begin).unwrap();
    assert_eq!(scan_end.torn, Some((data.last_segment(), torn_bytes)));
    assert_eq!(fs::read(data.last_segment()).unwrap(), torn);
}
