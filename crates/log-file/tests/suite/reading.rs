//! Segments, and tails that read while the writer appends.

use perennial_app::ports::log::{Log, LogOffset, LogRead};
use perennial_log_file::FileLog;

use crate::{Data, appended, read_from, small, texts};

/// 300 entries of 1 to 70 bytes, in batches of 3.
fn fill(log: &FileLog) -> Vec<String> {
    let text = |number: usize| format!("{number:0width$}", width = 1 + number % 70);
    let texts: Vec<String> = (0..300).map(text).collect();
    for batch in texts.chunks(3) {
        appended(log, &batch.iter().map(String::as_str).collect::<Vec<_>>());
    }
    texts
}

#[test]
fn a_log_goes_on_in_the_next_segment_when_one_is_full() {
    let data = Data::new();
    let log = data.create();
    let expected = fill(&log);
    assert!(data.segments().len() > 5, "{:?}", data.segments());
    assert_eq!(texts(&log), expected);
}

#[test]
fn a_full_segment_is_as_long_as_what_is_in_it_and_the_next_begins_there() {
    let data = Data::new();
    let log = data.create();
    fill(&log);
    let mut base = 0;
    for file in data.segments() {
        assert_eq!(
            file.file_name().unwrap().to_str().unwrap(),
            format!("{base:020}.seg")
        );
        base += file.metadata().unwrap().len();
    }
    drop(log);
    let total: u64 = data
        .segments()
        .iter()
        .map(|file| file.metadata().unwrap().len())
        .sum();
    assert_eq!(
        *data.open().unwrap().durable_end().borrow(),
        LogOffset(total)
    );
}

#[test]
fn every_offset_of_every_segment_resumes_before_and_after_reopening() {
    let data = Data::new();
    let log = data.create();
    fill(&log);
    let all = read_from(&log, LogOffset(0));
    let check = |log: &FileLog| {
        for (index, entry) in all.iter().enumerate() {
            let first = log.tail(entry.offset).unwrap().read(0).unwrap();
            assert_eq!(first, all[index..=index]);
        }
        assert_eq!(read_from(log, all[150].next_offset), all[151..]);
    };
    check(&log);
    drop(log);
    check(&data.open().unwrap());
}

#[test]
fn a_reopened_log_goes_on_where_it_ended() {
    let data = Data::new();
    let mut expected = Vec::new();
    drop(data.create());
    for round in 0..5 {
        let log = data.open().unwrap();
        assert_eq!(log.entries_found(), 2 * round);
        assert_eq!(texts(&log), expected);
        let end = *log.durable_end().borrow();
        let (a, b) = (format!("a{round}"), format!("b{round}"));
        let (first, _) = appended(&log, &[&a, &b]);
        assert_eq!(first.0, if round == 0 { 512 } else { end.0 });
        expected.extend([a, b]);
    }
}

#[test]
fn two_tails_see_every_entry_in_order_while_the_writer_appends() {
    let data = Data::new();
    let log = data.create();
    let follow = |bytes_max| {
        let mut tail = log.tail(LogOffset(0)).unwrap();
        let end = log.durable_end();
        let mut seen = Vec::new();
        while seen.len() < 300 {
            for entry in tail.read(bytes_max).unwrap() {
                assert!(entry.next_offset <= *end.borrow(), "durable entries only");
                seen.push(String::from_utf8(entry.entry.0).unwrap());
            }
            std::thread::yield_now();
        }
        seen
    };
    let (written, slow, fast) = std::thread::scope(|scope| {
        let slow = scope.spawn(|| follow(1));
        let fast = scope.spawn(|| follow(100_000));
        (fill(&log), slow.join().unwrap(), fast.join().unwrap())
    });
    assert_eq!(slow, written);
    assert_eq!(fast, written);
}

#[test]
fn a_tail_goes_on_reading_after_the_log_is_closed() {
    let data = Data::new();
    let log = data.create();
    let mut tail = log.tail(LogOffset(0)).unwrap();
    appended(&log, &["a"]);
    log.close().unwrap();
    assert_eq!(tail.read(100).unwrap().len(), 1);
}

#[test]
fn a_batch_of_many_entries_is_read_in_parts() {
    let data = Data::new();
    let log = FileLog::create(
        &data.lock,
        "many",
        perennial_log_file::Options {
            segment_bytes: 1 << 20,
            ..small()
        },
    );
    let log = log.unwrap();
    let texts: Vec<_> = (0..5000).map(|number| format!("entry {number}")).collect();
    appended(&log, &texts.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(crate::texts(&log), texts);
    assert_eq!(log.stats().batches, 1);
    let claim = log.claim(crate::entry("claim")).blocking_recv();
    assert!(claim.is_ok());
}
