//! The pair around every limit (INV-12).

use perennial_app::ports::log::{AppendOutcome, Log, LogOffset, StoredEntry};
use perennial_log_file::{FileLog, OpenError, Options, OptionsError};

use crate::{Data, append, appended, small, texts};

#[test]
fn an_entry_that_fills_a_segment_is_stored_and_one_byte_more_is_rejected() {
    let data = Data::new();
    let log = data.create();
    assert_eq!(small().entry_bytes_max(), 2048 - 512 - 28 - 4 - 8);
    let longest = usize::try_from(small().entry_bytes_max()).unwrap();
    for _ in 0..2 {
        let outcome = log
            .append(vec![StoredEntry(vec![7; longest])])
            .blocking_recv()
            .unwrap();
        assert!(matches!(outcome, AppendOutcome::Durable { .. }));
    }
    assert!(
        data.segments()
            .iter()
            .all(|file| file.metadata().unwrap().len() == 2048)
    );
    let outcome = log
        .append(vec![StoredEntry(vec![7; longest + 1])])
        .blocking_recv()
        .unwrap();
    assert!(
        matches!(outcome, AppendOutcome::Rejected { .. }),
        "{outcome:?}"
    );
    appended(&log, &["still there"]);
    assert_eq!(texts(&log).len(), 3);
}

#[test]
fn a_batch_that_fills_a_segment_is_stored_and_one_byte_more_is_rejected() {
    let data = Data::new();
    let log = data.create();
    let longest = usize::try_from(small().entry_bytes_max()).unwrap() - 8;
    let half = "x".repeat(longest / 2);
    appended(&log, &[&half, &half]);
    let outcome = append(&log, &[&half, &format!("{half}x")]);
    assert!(
        matches!(outcome, AppendOutcome::Rejected { .. }),
        "{outcome:?}"
    );
}

#[test]
fn impossible_options_are_refused() {
    let data = Data::new();
    let open = |options| FileLog::create(&data.lock, "options", options);
    for segment_bytes in [1023, (1 << 30) + 1] {
        let result = open(Options {
            segment_bytes,
            ..small()
        });
        let Err(OpenError::Options(error)) = result else {
            panic!("{result:?}")
        };
        assert_eq!(error, OptionsError::SegmentBytes(segment_bytes));
    }
    for (options, name) in [
        (
            Options {
                preallocate_bytes: 0,
                ..small()
            },
            "preallocate_bytes",
        ),
        (
            Options {
                queue_appends_max: 0,
                ..small()
            },
            "queue_appends_max",
        ),
        (
            Options {
                write_bytes_max: 0,
                ..small()
            },
            "write_bytes_max",
        ),
        (
            Options {
                index_every_bytes: 0,
                ..small()
            },
            "index_every_bytes",
        ),
        (
            Options {
                read_ahead_bytes: 0,
                ..small()
            },
            "read_ahead_bytes",
        ),
        (
            Options {
                open_threads: 0,
                ..small()
            },
            "open_threads",
        ),
    ] {
        let result = open(options);
        let Err(OpenError::Options(error)) = result else {
            panic!("{result:?}")
        };
        assert_eq!(error, OptionsError::Zero(name));
    }
    let smallest = Options {
        segment_bytes: 1024,
        ..small()
    };
    let log = FileLog::create(&data.lock, "smallest", smallest).unwrap();
    assert_eq!(appended(&log, &["a"]).0, LogOffset(512));
}
