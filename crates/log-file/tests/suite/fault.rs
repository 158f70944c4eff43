//! Disks that fail, and appends that meet in one flush.

use std::fs::File;
use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};

use perennial_app::ports::log::{AppendOutcome, Log, LogRead};
use perennial_log_file::{CloseError, Device, Disk, FileLog, Options};

use crate::{Data, append, appended, entry, small, texts};

/// What goes wrong, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// No space is left.
    Preallocate,
    /// So many bytes arrive, then the write fails.
    Write { arrived: usize },
    /// All bytes arrive; whether they are durable is unknown.
    Flush,
}

/// A disk that fails when told to.
#[derive(Clone, Default)]
struct FaultyDisk {
    next: Arc<Mutex<Option<Fault>>>,
}

impl FaultyDisk {
    fn fail(&self, fault: Fault) {
        *self.next.lock().unwrap() = Some(fault);
    }

    fn fails(&self, is_now: impl Fn(Fault) -> bool) -> Option<Fault> {
        self.next.lock().unwrap().take_if(|fault| is_now(*fault))
    }
}

impl Device for FaultyDisk {
    fn preallocate(&mut self, file: &File, offset: u64, length: u64) -> io::Result<()> {
        match self.fails(|fault| fault == Fault::Preallocate) {
            Some(_) => Err(io::ErrorKind::StorageFull.into()),
            None => Disk.preallocate(file, offset, length),
        }
    }

    fn write(&mut self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        match self.fails(|fault| matches!(fault, Fault::Write { .. })) {
            Some(Fault::Write { arrived }) => {
                Disk.write(file, &bytes[..arrived.min(bytes.len())], offset)?;
                Err(io::Error::other("the cable was pulled"))
            }
            Some(Fault::Preallocate | Fault::Flush) | None => Disk.write(file, bytes, offset),
        }
    }

    fn flush(&mut self, file: &File) -> io::Result<()> {
        match self.fails(|fault| fault == Fault::Flush) {
            Some(_) => Err(io::Error::other("the disk says no")),
            None => Disk.flush(file),
        }
    }
}

/// A log with the entry "before" on a disk that can be made to fail.
fn faulty_log(data: &Data) -> (FileLog, FaultyDisk) {
    drop(data.create());
    let disk = FaultyDisk::default();
    let log = FileLog::open_on(&data.lock, crate::LEDGER, small(), Box::new(disk.clone())).unwrap();
    appended(&log, &["before"]);
    (log, disk)
}

/// The log has failed: everything is unknown, nothing moves, and it does not stop cleanly.
#[track_caller]
fn check_failed(log: &FileLog, outcome: &AppendOutcome, end: u64) {
    assert!(
        matches!(outcome, AppendOutcome::Unknown { .. }),
        "{outcome:?}"
    );
    let failure = log.failure().borrow().clone();
    assert!(failure.is_some());
    let later = append(log, &["later"]);
    assert!(matches!(later, AppendOutcome::Unknown { .. }), "{later:?}");
    assert_eq!(log.durable_end().borrow().0, end);
    assert_eq!(texts(log), ["before"]);
    log.set_head(perennial_proof::Position(0), perennial_proof::Hash::of(b""));
    assert!(matches!(log.close(), Err(CloseError::Failed(_))));
    assert_eq!(log.marker(), None);
}

#[test]
fn a_failed_flush_makes_this_and_every_later_append_unknown() {
    // INV-4
    let data = Data::new();
    let (log, disk) = faulty_log(&data);
    let end = log.durable_end().borrow().0;
    assert_eq!(*log.failure().borrow(), None);
    disk.fail(Fault::Flush);
    let outcome = append(&log, &["unknown"]);
    check_failed(&log, &outcome, end);
    drop(log);
    // It did arrive, as it may; what came later was never written.
    assert_eq!(texts(&data.open().unwrap()), ["before", "unknown"]);
}

#[test]
fn a_failed_flush_in_place_makes_this_and_every_later_append_unknown() {
    // INV-4
    let data = Data::new();
    let (log, disk) = faulty_log(&data);
    let end = log.durable_end().borrow().0;
    disk.fail(Fault::Flush);
    for text in ["unknown", "later"] {
        let outcome = log.append_in_place(vec![entry(text)]).try_recv();
        assert!(
            matches!(outcome, Ok(AppendOutcome::Unknown { .. })),
            "{outcome:?}"
        );
    }
    check_failed(&log, &append(&log, &["later still"]), end);
    drop(log);
    assert_eq!(texts(&data.open().unwrap()), ["before", "unknown"]);
}

/// A disk whose driver falls over in the middle of a flush.
struct PanickingDisk;

impl Device for PanickingDisk {
    fn preallocate(&mut self, file: &File, offset: u64, length: u64) -> io::Result<()> {
        Disk.preallocate(file, offset, length)
    }

    fn write(&mut self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        Disk.write(file, bytes, offset)
    }

    fn flush(&mut self, _file: &File) -> io::Result<()> {
        panic!("on purpose")
    }
}

#[test]
fn nothing_is_written_after_a_panic_in_place_and_the_log_does_not_stop_cleanly() {
    // INV-4
    let data = Data::new();
    appended(&data.create(), &["before"]);
    let disk = Box::new(PanickingDisk);
    let log = FileLog::open_on(&data.lock, crate::LEDGER, small(), disk).unwrap();
    let panicked = std::thread::scope(|scope| {
        let append = || drop(log.append_in_place(vec![entry("unknown")]));
        scope.spawn(append).join().is_err()
    });
    assert!(panicked);
    let in_place = log.append_in_place(vec![entry("later")]).blocking_recv();
    assert!(
        matches!(in_place, Ok(AppendOutcome::Unknown { .. })),
        "{in_place:?}"
    );
    // Handed to a thread that finds no writer: without an answer the outcome is as unknown.
    let queued = log.append(vec![entry("later")]).blocking_recv();
    assert!(
        !matches!(
            queued,
            Ok(AppendOutcome::Durable { .. } | AppendOutcome::Rejected { .. })
        ),
        "{queued:?}"
    );
    log.set_head(perennial_proof::Position(0), perennial_proof::Hash::of(b""));
    assert!(matches!(log.close(), Err(CloseError::Failed(_))));
    drop(log);
    assert_eq!(texts(&data.open().unwrap()), ["before", "unknown"]);
}

#[test]
fn a_write_that_fails_anywhere_is_unknown_and_settled_by_opening_again() {
    for (arrived, expected) in [
        (0, ["before"].as_slice()),
        (1, &["before"]),
        (28, &["before"]),
        (42, &["before"]),
        (47, &["before", "unknown"]),
    ] {
        let data = Data::new();
        let (log, disk) = faulty_log(&data);
        let end = log.durable_end().borrow().0;
        disk.fail(Fault::Write { arrived });
        let outcome = append(&log, &["unknown"]);
        check_failed(&log, &outcome, end);
        drop(log);
        let log = data.open().unwrap();
        assert_eq!(texts(&log), expected, "{arrived} bytes arrived");
        assert_eq!(log.durable_end().borrow().0 > end, expected.len() > 1);
    }
}

#[test]
fn a_disk_that_is_full_before_the_write_rejects_and_the_log_goes_on() {
    // INV-4
    let data = Data::new();
    let (log, disk) = faulty_log(&data);
    // More than is allocated, in this segment; then more than is left of it.
    for length in [600, 1400] {
        let text = "x".repeat(length);
        let end = log.durable_end().borrow().0;
        disk.fail(Fault::Preallocate);
        let outcome = append(&log, &[&text]);
        assert!(
            matches!(outcome, AppendOutcome::Rejected { .. }),
            "{outcome:?}"
        );
        assert_eq!(log.durable_end().borrow().0, end);
        assert_eq!(*log.failure().borrow(), None);
        appended(&log, &[&text]);
    }
    assert_eq!(texts(&log).len(), 3);
    assert_eq!(data.segments().len(), 2);
    drop(log);
    assert_eq!(texts(&data.open().unwrap()).len(), 3);
}

#[test]
fn a_new_segment_that_cannot_be_made_durable_fails_the_log() {
    let data = Data::new();
    let (log, disk) = faulty_log(&data);
    let end = log.durable_end().borrow().0;
    disk.fail(Fault::Flush);
    let outcome = append(&log, &[&"x".repeat(1480)]);
    check_failed(&log, &outcome, end);
    drop(log);
    assert_eq!(texts(&data.open().unwrap()), ["before"]);
}

/// A disk whose flushes wait: it says when one begins and goes on when told.
struct SlowDisk {
    begins: Sender<()>,
    go_on: Receiver<()>,
}

impl Device for SlowDisk {
    fn preallocate(&mut self, file: &File, offset: u64, length: u64) -> io::Result<()> {
        Disk.preallocate(file, offset, length)
    }

    fn write(&mut self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        Disk.write(file, bytes, offset)
    }

    fn flush(&mut self, file: &File) -> io::Result<()> {
        self.begins.send(()).map_err(io::Error::other)?;
        self.go_on.recv().map_err(io::Error::other)?;
        Disk.flush(file)
    }
}

/// A log whose first flushes (of the segment's header and of the entry "first") are under way.
fn log_that_flushes(data: &Data, options: Options) -> (FileLog, Receiver<()>, Sender<()>) {
    drop(data.create());
    let ((begins, begun), (go, go_on)) = (mpsc::channel(), mpsc::channel());
    let disk = SlowDisk { begins, go_on };
    let log = FileLog::open_on(&data.lock, crate::LEDGER, options, Box::new(disk)).unwrap();
    (log, begun, go)
}

#[test]
fn appends_that_wait_for_a_flush_share_the_next_one() {
    let data = Data::new();
    let (log, begun, go) = log_that_flushes(&data, small());
    let first = log.append(vec![entry("first")]);
    begun.recv().unwrap();
    go.send(()).unwrap();
    begun.recv().unwrap();
    let waiting: Vec<_> = ["a", "b", "c"]
        .map(|text| log.append(vec![entry(text), entry(&text.to_uppercase())]))
        .into_iter()
        .collect();
    assert_eq!(texts(&log), Vec::<String>::new(), "nothing is durable yet");
    go.send(()).unwrap();
    go.send(()).unwrap();
    assert!(matches!(
        first.blocking_recv(),
        Ok(AppendOutcome::Durable { .. })
    ));
    let mut offsets = Vec::new();
    for ticket in waiting {
        let Ok(AppendOutcome::Durable { first, next }) = ticket.blocking_recv() else {
            panic!("not durable")
        };
        offsets.push((first, next));
    }
    assert_eq!(texts(&log), ["first", "a", "A", "b", "B", "c", "C"]);
    let read = crate::read_from(&log, perennial_app::ports::log::LogOffset(0));
    let expected: Vec<_> = [1, 3, 5]
        .map(|index| (read[index].offset, read[index + 1].next_offset))
        .to_vec();
    assert_eq!(offsets, expected, "each is answered with its own offsets");
    let stats = log.stats();
    assert_eq!((stats.batches, stats.flushes, stats.entries), (2, 2, 7));
    assert_eq!(stats.bytes, (32 + 13) + (32 + 6 * 9));
}

#[test]
fn an_append_in_place_is_answered_when_the_call_returns() {
    let data = Data::new();
    let log = data.create();
    let outcome = log.append_in_place(vec![entry("a")]).try_recv();
    let Ok(AppendOutcome::Durable { next, .. }) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(*log.durable_end().borrow(), next);
    assert_eq!(texts(&log), ["a"]);
}

#[test]
fn an_append_in_place_queues_behind_what_is_not_answered() {
    let data = Data::new();
    let (log, begun, go) = log_that_flushes(&data, small());
    let first = log.append(vec![entry("first")]);
    begun.recv().unwrap();
    go.send(()).unwrap();
    begun.recv().unwrap();
    let mut second = log.append_in_place(vec![entry("second")]);
    assert!(second.try_recv().is_err(), "the first is not durable yet");
    go.send(()).unwrap();
    go.send(()).unwrap();
    for ticket in [first, second] {
        assert!(matches!(
            ticket.blocking_recv(),
            Ok(AppendOutcome::Durable { .. })
        ));
    }
    assert_eq!(texts(&log), ["first", "second"]);
}

#[test]
fn merged_appends_stay_below_the_write_limit() {
    let data = Data::new();
    let options = Options {
        write_bytes_max: 40,
        ..small()
    };
    let (log, begun, go) = log_that_flushes(&data, options);
    let mut tickets = vec![log.append(vec![entry("first")])];
    begun.recv().unwrap();
    go.send(()).unwrap();
    begun.recv().unwrap();
    // Each takes 20 bytes with its frame: two fit into a write, the third does not.
    for _ in 0..5 {
        tickets.push(log.append(vec![entry("twelve bytes")]));
    }
    for _ in 0..4 {
        go.send(()).unwrap();
    }
    for ticket in tickets {
        assert!(matches!(
            ticket.blocking_recv(),
            Ok(AppendOutcome::Durable { .. })
        ));
    }
    assert_eq!(log.stats().batches, 4);
}

#[test]
fn a_full_queue_rejects_at_once() {
    // INV-12
    let data = Data::new();
    let options = Options {
        queue_appends_max: 2,
        ..small()
    };
    let (log, begun, go) = log_that_flushes(&data, options);
    let first = log.append(vec![entry("first")]);
    begun.recv().unwrap();
    let queued = [log.append(vec![entry("a")]), log.append(vec![entry("b")])];
    let beyond = log.append(vec![entry("c")]).blocking_recv().unwrap();
    assert!(
        matches!(beyond, AppendOutcome::Rejected { .. }),
        "{beyond:?}"
    );
    for _ in 0..3 {
        go.send(()).unwrap();
    }
    for ticket in [first].into_iter().chain(queued) {
        assert!(matches!(
            ticket.blocking_recv(),
            Ok(AppendOutcome::Durable { .. })
        ));
    }
    assert_eq!(texts(&log), ["first", "a", "b"]);
}

#[test]
fn an_added_delay_is_part_of_every_flush() {
    let data = Data::new();
    let added_flush_delay = std::time::Duration::from_millis(2);
    let log = FileLog::create(
        &data.lock,
        "slow",
        Options {
            added_flush_delay,
            ..small()
        },
    )
    .unwrap();
    appended(&log, &["a"]);
    assert!(log.stats().last_flush_micros >= 2000);
}
