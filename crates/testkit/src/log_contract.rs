//! What every [`Log`] does, whatever it is made of: one suite for the memory twin, segment files and real Kafka.
//!
//! A log may be shared, so it is led by a claim before anything is appended, and its entries are real ones. What one
//! engine promises beyond this is tested with that engine.

use perennial_app::ports::log::{
    AppendOutcome, Log, LogOffset, LogRead, ReadError, StoredEntry, TailEntry,
};
use perennial_proof::entry::{encode_claim, encode_record};
use perennial_proof::{Claim, Entry, Hash, Position, RecordHeader, Term};

use crate::must::must;

/// One property; takes a log that is new. Panics if the log does not have it.
pub type Property = fn(&dyn Log);

/// Every property, with what it says.
pub const PROPERTIES: [(&str, Property); 11] = [
    (
        "entries are read back in the order of the calls",
        in_call_order,
    ),
    ("a claim follows what was appended before it", claims_follow),
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
    (
        "what is durable lies before the durable end",
        durable_end_moves,
    ),
    (
        "a tail sees what became durable after it was opened",
        tail_goes_on,
    ),
    (
        "a read returns at least one entry, and no more than asked",
        read_is_bounded,
    ),
    ("what lies beyond the durable end is no offset", no_offset),
    ("an append of nothing is durable at once", nothing),
];

/// Checks every property. `on_new` calls it with a log of its own.
///
/// # Panics
/// If a property does not hold.
#[expect(
    clippy::print_stdout,
    reason = "a failing test says which property it was"
)]
pub fn check(mut on_new: impl FnMut(Property)) {
    for (name, property) in PROPERTIES {
        println!("{name}");
        on_new(property);
    }
}

/// Returns a record whose body is `text`, as it is stored. Its place in a chain is made up: a log does not look.
///
/// # Panics
/// If the text is longer than a body may be.
pub fn record(text: &str) -> StoredEntry {
    let body = text.as_bytes();
    let header = RecordHeader {
        format: 1,
        position: Position(7),
        term: Term(1),
        recorded_at: 1_700_000_000_000_000,
        prev_hash: Hash::of(b"before"),
        body_hash: Hash::of(body),
        body_length: must(u32::try_from(body.len())),
    };
    let mut stored = Vec::new();
    must(encode_record(&mut stored, &header.to_bytes(), body));
    StoredEntry(stored)
}

/// Returns a claim of a node named `text`, as it is stored.
///
/// # Panics
/// If the name is longer than it may be.
pub fn claim(text: &str) -> StoredEntry {
    let claim = Claim {
        term: Term(1),
        node: text.to_owned(),
        address: "127.0.0.1:0".to_owned(),
        nonce: [1; 16],
    };
    let mut stored = Vec::new();
    must(encode_claim(&mut stored, &claim));
    StoredEntry(stored)
}

/// Appends records and returns the outcome.
///
/// # Panics
/// If there is none.
pub fn append<L: Log + ?Sized>(log: &L, texts: &[&str]) -> AppendOutcome {
    let batch = texts.iter().map(|text| record(text)).collect();
    must(log.append(batch).blocking_recv())
}

/// Appends records and returns the offset of the first and the one after the last.
///
/// # Panics
/// If they are not durable.
#[track_caller]
pub fn appended<L: Log + ?Sized>(log: &L, texts: &[&str]) -> (LogOffset, LogOffset) {
    offsets(append(log, texts))
}

/// Appends a claim and returns its offset and the one after it.
///
/// # Panics
/// If it is not durable.
#[track_caller]
pub fn claimed<L: Log + ?Sized>(log: &L, text: &str) -> (LogOffset, LogOffset) {
    offsets(must(log.claim(claim(text)).blocking_recv()))
}

#[track_caller]
fn offsets(outcome: AppendOutcome) -> (LogOffset, LogOffset) {
    match outcome {
        AppendOutcome::Durable { first, next } => (first, next),
        AppendOutcome::Rejected { reason } => panic!("rejected: {reason}"),
        AppendOutcome::Unknown { reason } => panic!("unknown: {reason}"),
    }
}

/// Returns all entries from `from` on, read 300 bytes at a time.
///
/// # Panics
/// If they cannot be read.
#[track_caller]
pub fn read_from<L: LogRead + ?Sized>(log: &L, from: LogOffset) -> Vec<TailEntry> {
    let mut tail = must(log.tail(from));
    let mut entries = Vec::new();
    loop {
        let more = must(tail.read(300));
        if more.is_empty() {
            return entries;
        }
        entries.extend(more);
    }
}

/// Returns the texts of all entries: the bodies of records and the nodes of claims.
///
/// # Panics
/// If something else is stored.
#[track_caller]
pub fn texts<L: LogRead + ?Sized>(log: &L) -> Vec<String> {
    let entries = read_from(log, LogOffset(0));
    entries.iter().map(text).collect()
}

/// Returns the text of one entry, as [`texts`].
///
/// # Panics
/// As [`texts`].
#[track_caller]
pub fn text(read: &TailEntry) -> String {
    match must(Entry::decode(&read.entry.0)) {
        Entry::Record { body, .. } => must(String::from_utf8(body.to_vec())),
        Entry::Claim(claim) => claim.node,
    }
}

fn in_call_order(log: &dyn Log) {
    let (_, mut end) = claimed(log, "claim");
    let tickets = [
        log.append(vec![record("a"), record("b")]),
        log.append(vec![record("c")]),
        log.append(vec![record("d"), record("e"), record("f")]),
    ];
    for ticket in tickets {
        let (first, next) = offsets(must(ticket.blocking_recv()));
        assert!(end <= first && first < next);
        end = next;
    }
    assert_eq!(texts(log), ["claim", "a", "b", "c", "d", "e", "f"]);
}

fn claims_follow(log: &dyn Log) {
    claimed(log, "claim");
    let (_, end) = appended(log, &["a"]);
    assert!(end <= claimed(log, "claim 2").0);
    appended(log, &["b"]);
    claimed(log, "claim 3");
    assert_eq!(texts(log), ["claim", "a", "claim 2", "b", "claim 3"]);
}

fn in_place(log: &dyn Log) {
    claimed(log, "claim");
    let tickets = [
        log.append_in_place(vec![record("a"), record("b")]),
        log.append(vec![record("c")]),
        log.append_in_place(vec![record("d")]),
        log.append_in_place(vec![record("e")]),
        log.append(vec![record("f")]),
    ];
    let mut end = LogOffset(0);
    for ticket in tickets {
        let (first, next) = offsets(must(ticket.blocking_recv()));
        assert!(end <= first && first < next);
        end = next;
    }
    assert_eq!(*log.durable_end().borrow(), end);
    assert_eq!(texts(log), ["claim", "a", "b", "c", "d", "e", "f"]);
}

fn byte_for_byte(log: &dyn Log) {
    // INV-13
    let ascii: String = (0..=127).map(char::from).collect();
    let batch = [record(""), record(&ascii), record(&"é".repeat(300))];
    let (first, _) = claimed(log, "");
    offsets(must(log.append(batch.to_vec()).blocking_recv()));
    let read: Vec<_> = read_from(log, first)
        .into_iter()
        .map(|read| read.entry)
        .collect();
    let expected: Vec<_> = std::iter::once(claim("")).chain(batch).collect();
    assert_eq!(read, expected);
}

fn offsets_resume(log: &dyn Log) {
    claimed(log, "claim");
    for batch in [["a", "bb", "ccc"], ["d", "ee", "fff"], ["g", "hh", "iii"]] {
        appended(log, &batch);
    }
    let all = read_from(log, LogOffset(0));
    assert_eq!(all.len(), 10);
    for (index, entry) in all.iter().enumerate() {
        assert!(entry.offset < entry.next_offset);
        let from = |from| all.get(from..).unwrap_or_default();
        assert_eq!(read_from(log, entry.offset), from(index));
        assert_eq!(read_from(log, entry.next_offset), from(index + 1));
    }
}

fn outcome_tells_offsets(log: &dyn Log) {
    claimed(log, "claim");
    let (first, next) = appended(log, &["a", "b"]);
    let (then_first, then_next) = appended(log, &["c"]);
    let all = read_from(log, LogOffset(0));
    let [_, a, b, c] = all.as_slice() else {
        panic!("{} entries", all.len())
    };
    assert_eq!((a.offset, b.next_offset), (first, next));
    assert_eq!((c.offset, c.next_offset), (then_first, then_next));
    assert_eq!(b.next_offset, c.offset);
}

fn durable_end_moves(log: &dyn Log) {
    let mut end = log.durable_end();
    assert_eq!(*end.borrow_and_update(), LogOffset(0));
    let (_, next) = claimed(log, "claim");
    assert!(must(end.has_changed()));
    assert_eq!(*end.borrow_and_update(), next);
    let (_, next) = appended(log, &["a", "b"]);
    assert_eq!(*end.borrow_and_update(), next);
    assert_eq!(must(log.end_now().blocking_recv()), next);
}

fn tail_goes_on(log: &dyn Log) {
    let mut tail = must(log.tail(LogOffset(0)));
    assert_eq!(must(tail.read(1000)), []);
    claimed(log, "claim");
    assert_eq!(must(tail.read(1000)).len(), 1);
    for expected in ["a", "b"] {
        appended(log, &[expected]);
        let read = must(tail.read(1000));
        assert_eq!(read.iter().map(text).collect::<Vec<_>>(), [expected]);
        assert_eq!(must(tail.read(1000)), []);
    }
}

fn read_is_bounded(log: &dyn Log) {
    let (_, from) = claimed(log, "claim");
    appended(log, &["aaaa", "bbbb", "cccc", "dddd"]);
    let one = record("aaaa").0.len();
    for (bytes_max, expected) in [
        (0, 1),
        (one - 1, 1),
        (one, 1),
        (2 * one - 1, 1),
        (2 * one, 2),
        (3 * one - 1, 2),
        (4 * one, 4),
    ] {
        let read = must(must(log.tail(from)).read(bytes_max));
        assert_eq!(read.len(), expected, "{bytes_max} bytes");
    }
}

fn no_offset(log: &dyn Log) {
    let (_, next) = claimed(log, "claim");
    assert!(log.tail(next).is_ok());
    for bad in [next.0 + 1, u64::MAX] {
        let Err(error) = log.tail(LogOffset(bad)) else {
            panic!("{bad} is an offset")
        };
        assert!(matches!(error, ReadError::Damaged { offset, .. } if offset.0 == bad));
    }
}

fn nothing(log: &dyn Log) {
    let (_, end) = claimed(log, "claim");
    let (first, next) = (end, end);
    assert_eq!(append(log, &[]), AppendOutcome::Durable { first, next });
    assert_eq!(texts(log), ["claim"]);
}

#[cfg(test)]
mod tests {
    use crate::log::MemoryLog;

    #[test]
    fn the_log_in_memory_keeps_the_contract() {
        super::check(|property| property(&MemoryLog::default()));
    }
}
