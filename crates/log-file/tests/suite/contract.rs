//! What every `Log` does, whatever it is made of.

use perennial_app::ports::log::{AppendOutcome, Log, LogOffset, ReadError, StoredEntry};

use crate::{Data, append, appended, entry, read_from, texts};

/// One property; takes a log that is new.
type Property = fn(&dyn Log);

const PROPERTIES: [(&str, Property); 10] = [
    (
        "entries are read back in the order of the calls",
        in_call_order,
    ),
    ("an append in place follows those before it", in_place),
    ("entries are stored byte for byte", byte_for_byte),
    (
        "offsets ascend, and each names where to resume",
        offsets_resume,
    ),
    (
        "the outcome tells the offsets that a tail tells",
        outcome_tells_offsets,
    ),
    ("the durable end moves with each append", durable_end_moves),
    (
        "a tail sees what became durable after it was opened",
        tail_goes_on,
    ),
    (
        "a read returns at least one entry, and no more than asked",
        read_is_bounded,
    ),
    ("what is no offset of the log is refused", no_offset),
    ("an append of nothing is durable at once", nothing),
];

#[test]
fn the_log_on_segment_files_keeps_the_contract() {
    for (name, property) in PROPERTIES {
        println!("{name}");
        property(&Data::new().create());
    }
}

fn in_call_order(log: &dyn Log) {
    let tickets = [
        log.claim(entry("claim")),
        log.append(vec![entry("a"), entry("b")]),
        log.append(vec![entry("c")]),
        log.claim(entry("claim 2")),
        log.append(vec![entry("d")]),
    ];
    for ticket in tickets {
        assert!(matches!(
            ticket.blocking_recv(),
            Ok(AppendOutcome::Durable { .. })
        ));
    }
    assert_eq!(texts(log), ["claim", "a", "b", "c", "claim 2", "d"]);
}

fn in_place(log: &dyn Log) {
    let tickets = [
        log.append_in_place(vec![entry("a"), entry("b")]),
        log.append(vec![entry("c")]),
        log.append_in_place(vec![entry("d")]),
        log.append_in_place(vec![entry("e")]),
        log.append(vec![entry("f")]),
    ];
    let mut end = LogOffset(0);
    for ticket in tickets {
        let Ok(AppendOutcome::Durable { first, next }) = ticket.blocking_recv() else {
            panic!("not durable")
        };
        assert!(end <= first && first < next);
        end = next;
    }
    assert_eq!(*log.durable_end().borrow(), end);
    assert_eq!(texts(log), ["a", "b", "c", "d", "e", "f"]);
}

fn byte_for_byte(log: &dyn Log) {
    // INV-13
    let entries = [vec![], vec![0; 40], (0..=255).collect::<Vec<u8>>()].map(StoredEntry);
    let outcome = log.append(entries.to_vec()).blocking_recv();
    assert!(matches!(outcome, Ok(AppendOutcome::Durable { .. })));
    let read: Vec<_> = read_from(log, LogOffset(0))
        .into_iter()
        .map(|read| read.entry)
        .collect();
    assert_eq!(read, entries);
}

fn offsets_resume(log: &dyn Log) {
    for batch in [["a", "bb", "ccc"], ["d", "ee", "fff"], ["g", "hh", "iii"]] {
        appended(log, &batch);
    }
    let all = read_from(log, LogOffset(0));
    assert_eq!(all.len(), 9);
    for (index, entry) in all.iter().enumerate() {
        assert!(entry.offset < entry.next_offset);
        assert_eq!(read_from(log, entry.offset), all[index..]);
        assert_eq!(read_from(log, entry.next_offset), all[index + 1..]);
    }
}

fn outcome_tells_offsets(log: &dyn Log) {
    let (first, next) = appended(log, &["a", "b"]);
    let (then_first, then_next) = appended(log, &["c"]);
    let all = read_from(log, LogOffset(0));
    assert_eq!((all[0].offset, all[1].next_offset), (first, next));
    assert_eq!((all[2].offset, all[2].next_offset), (then_first, then_next));
    assert_eq!(all[1].next_offset, all[2].offset);
}

fn durable_end_moves(log: &dyn Log) {
    let mut end = log.durable_end();
    assert_eq!(*end.borrow_and_update(), LogOffset(0));
    let (_, next) = appended(log, &["a"]);
    assert!(end.has_changed().unwrap());
    assert_eq!(*end.borrow_and_update(), next);
    let (_, next) = appended(log, &["b"]);
    assert_eq!(*end.borrow_and_update(), next);
}

fn tail_goes_on(log: &dyn Log) {
    let mut tail = log.tail(LogOffset(0)).unwrap();
    assert_eq!(tail.read(1000).unwrap(), []);
    for text in ["a", "b"] {
        appended(log, &[text]);
        let read = tail.read(1000).unwrap();
        assert_eq!(
            read.iter().map(|read| &read.entry).collect::<Vec<_>>(),
            [&entry(text)]
        );
        assert_eq!(tail.read(1000).unwrap(), []);
    }
}

fn read_is_bounded(log: &dyn Log) {
    appended(log, &["aaaa", "bbbb", "cccc", "dddd"]);
    for (bytes_max, expected) in [(0, 1), (3, 1), (4, 1), (7, 1), (8, 2), (11, 2), (16, 4)] {
        let read = log.tail(LogOffset(0)).unwrap().read(bytes_max).unwrap();
        assert_eq!(read.len(), expected, "{bytes_max} bytes");
    }
}

fn no_offset(log: &dyn Log) {
    let (first, next) = appended(log, &["a", "b"]);
    for bad in [first.0 + 1, next.0 - 1, next.0 + 1, u64::MAX] {
        let Err(error) = log.tail(LogOffset(bad)) else {
            panic!("{bad} is an offset")
        };
        assert!(matches!(error, ReadError::Damaged { offset, .. } if offset.0 == bad));
    }
}

fn nothing(log: &dyn Log) {
    let (_, end) = appended(log, &["a"]);
    assert_eq!(
        append(log, &[]),
        AppendOutcome::Durable {
            first: end,
            next: end
        }
    );
    assert_eq!(texts(log), ["a"]);
}
