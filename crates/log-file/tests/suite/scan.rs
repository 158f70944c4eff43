//! Reading a log that is not open.

use perennial_app::ports::log::LogOffset;
use perennial_log_file::{FileLog, OpenError, ScanEnd, Scanner, list_ledgers};

use crate::{Data, appended, read_from, small};

#[test]
fn a_scan_gives_what_a_tail_gives_with_file_and_byte() {
    let data = Data::new();
    let log = data.create();
    for number in 0..30 {
        appended(&log, &[&number.to_string(), &"x".repeat(number * 5)]);
    }
    let expected = read_from(&log, LogOffset(0));
    log.close().unwrap();
    assert!(data.segments().len() > 2);
    let mut scanner = Scanner::open(data.path(), crate::LEDGER).unwrap();
    let mut files = Vec::new();
    for entry in &expected {
        let found = scanner.next_entry().unwrap().unwrap();
        assert_eq!(
            (found.offset, found.bytes),
            (entry.offset, entry.entry.0.as_slice())
        );
        let stored = std::fs::read(found.file).unwrap();
        let frame = usize::try_from(found.byte).unwrap();
        assert!(stored[frame + 8..].starts_with(found.bytes));
        files.push(found.file.to_owned());
    }
    assert_eq!(scanner.end(), None);
    assert_eq!(scanner.next_entry().unwrap(), None);
    let end = expected.last().unwrap().next_offset;
    assert_eq!(scanner.end(), Some(&ScanEnd { end, torn: None }));
    assert_eq!(scanner.next_entry().unwrap(), None);
    files.dedup();
    assert_eq!(files, data.segments());
}

#[test]
fn an_empty_log_scans_to_its_end_at_once() {
    let data = Data::new();
    drop(data.create());
    let mut scanner = Scanner::open(data.path(), crate::LEDGER).unwrap();
    assert_eq!(scanner.next_entry().unwrap(), None);
    assert_eq!(
        scanner.end(),
        Some(&ScanEnd {
            end: LogOffset(0),
            torn: None
        })
    );
}

#[test]
fn a_ledger_that_is_not_there_is_not_found() {
    let data = Data::new();
    let missing = Scanner::open(data.path(), "missing");
    assert!(matches!(missing, Err(OpenError::NotFound { .. })));
    assert!(matches!(
        Scanner::open(data.path(), "../x"),
        Err(OpenError::LedgerId(_))
    ));
}

#[test]
fn ledgers_are_listed_by_name() {
    let data = Data::new();
    assert_eq!(list_ledgers(data.path()).unwrap(), Vec::<String>::new());
    for ledger in ["iom", "acme", "nl-1"] {
        drop(FileLog::create(&data.lock, ledger, small()).unwrap());
    }
    std::fs::create_dir(data.path().join("ledgers/no-log")).unwrap();
    assert_eq!(list_ledgers(data.path()).unwrap(), ["acme", "iom", "nl-1"]);
}
