//! A ledger's log copied from one engine to another (INV-1, INV-13).

use std::ops::ControlFlow::{Break, Continue};
use std::sync::Arc;

use perennial_app::copying::{Copied, CopyError, LogCopy};
use perennial_app::records::LedgerReader;
use perennial_domain::log::Position;
use perennial_proof::Chain;
use perennial_testkit::log::{Fault, MemoryLog};
use perennial_testkit::sample_log::SampleLog;

const LEDGER: &str = "treasury";

fn copy(from: &MemoryLog, to: &MemoryLog) -> Result<Copied, CopyError> {
    LogCopy::begin(LEDGER, from, Arc::new(to.clone()))?.catch_up(&mut |_| Continue(()))
}

/// A claim, three records, a dead claim, another term with two records: six entries count besides the dead one.
fn source() -> SampleLog {
    let mut source = SampleLog::new(LEDGER);
    source.grow_to(3);
    source.dead_claim();
    source.claim();
    source.grow_to(5);
    source
}

fn chain_of(log: &MemoryLog) -> Chain {
    let mut reader = LedgerReader::from_start(log, LEDGER).unwrap();
    while !reader.read(1024).unwrap().is_empty() {}
    reader.chain().clone()
}

#[test]
fn a_copy_holds_every_record_and_claim_that_counts_byte_for_byte_and_nothing_dead() {
    let (source, target) = (source(), MemoryLog::default());
    let copied = copy(&source.log(), &target).unwrap();
    let mut expected = source.log().entries();
    assert_eq!(expected.len(), 8);
    expected.remove(4);
    assert_eq!(target.entries(), expected);
    assert_eq!(
        copied,
        Copied {
            records: 5,
            head_hash: chain_of(&source.log()).head_hash(),
            appended: 7,
            left_behind: 1,
        }
    );
    assert_eq!(chain_of(&target).point(), chain_of(&source.log()).point());
}

#[test]
fn a_log_without_records_gives_a_copy_without_records() {
    let (empty, target) = (MemoryLog::default(), MemoryLog::default());
    let copied = copy(&empty, &target).unwrap();
    assert_eq!((copied.records, copied.appended), (0, 0));
    assert_eq!(copied.head_hash, Chain::new(LEDGER).head_hash());
    assert_eq!(target.entries(), []);
}

#[test]
fn the_same_copy_again_adds_nothing() {
    let (source, target) = (source(), MemoryLog::default());
    copy(&source.log(), &target).unwrap();
    let before = target.entries();
    let again = copy(&source.log(), &target).unwrap();
    assert_eq!((again.records, again.appended), (5, 0));
    assert_eq!(target.entries(), before);
}

#[test]
fn a_copy_catches_up_with_what_its_source_got_meanwhile() {
    let (mut source, target) = (source(), MemoryLog::default());
    let mut running = LogCopy::begin(LEDGER, &source.log(), Arc::new(target.clone())).unwrap();
    assert_eq!(running.catch_up(&mut |_| Continue(())).unwrap().records, 5);
    source.grow_to(6);
    source.claim();
    let copied = running.catch_up(&mut |_| Continue(())).unwrap();
    assert_eq!((copied.records, copied.appended), (6, 9));
    assert_eq!(chain_of(&target).point(), chain_of(&source.log()).point());
}

#[test]
fn a_long_log_is_copied_in_portions_and_each_is_told() {
    let (mut source, target) = (SampleLog::new(LEDGER), MemoryLog::default());
    source.grow_to(6_000);
    let mut told = Vec::new();
    let mut copy = LogCopy::begin(LEDGER, &source.log(), Arc::new(target.clone())).unwrap();
    copy.catch_up(&mut |records| {
        told.push(records);
        Continue(())
    })
    .unwrap();
    assert!(2 < told.len(), "{told:?}");
    assert!(told.is_sorted(), "{told:?}");
    assert_eq!(told.last(), Some(&6_000));
    assert_eq!(target.entries(), source.log().entries());
}

#[test]
fn a_copy_that_is_stopped_holds_whole_portions_and_goes_on_later() {
    let (mut source, target) = (SampleLog::new(LEDGER), MemoryLog::default());
    source.grow_to(6_000);
    let mut copy = LogCopy::begin(LEDGER, &source.log(), Arc::new(target.clone())).unwrap();
    let stopped = copy.catch_up(&mut |_| Break(())).unwrap();
    assert!((1..6_000).contains(&stopped.records), "{stopped:?}");
    assert_eq!(chain_of(&target).next_position().0, stopped.records);
    let copied = copy.catch_up(&mut |_| Continue(())).unwrap();
    assert_eq!((copied.records, copied.appended), (6_000, 6_001));
    assert_eq!(target.entries(), source.log().entries());
}

#[test]
fn a_copy_that_broke_off_goes_on_where_it_stood_whatever_became_of_its_last_portion() {
    for (fault, held) in [
        (Fault::Reject, 0),
        (Fault::UnknownAndLost, 0),
        (Fault::UnknownButWritten, 7),
    ] {
        let (source, target) = (source(), MemoryLog::default());
        target.fail_next(fault.clone());
        let error = copy(&source.log(), &target).unwrap_err();
        match fault {
            Fault::Reject => assert!(matches!(error, CopyError::Refused { .. }), "{error}"),
            Fault::UnknownAndLost | Fault::UnknownButWritten => {
                assert!(matches!(error, CopyError::Unknown { .. }), "{error}");
            }
        }
        assert!(!error.is_integrity_failure());
        assert_eq!(target.entries().len(), held);
        let copied = copy(&source.log(), &target).unwrap();
        assert_eq!(copied.appended, 7 - u64::try_from(held).unwrap());
        assert_eq!(chain_of(&target).point(), chain_of(&source.log()).point());
    }
}

#[test]
fn a_target_with_another_history_is_refused_and_left_as_it_is() {
    let (source, mut other) = (source(), SampleLog::new(LEDGER));
    other.grow_to(2);
    other.append_record(perennial_domain::log::RecordedAt(i64::MAX / 2), Vec::new());
    let before = other.log().entries();
    let error = copy(&source.log(), &other.log()).unwrap_err();
    let CopyError::Another { position } = error else {
        panic!("{error}")
    };
    assert_eq!(position, Position(2));
    assert_eq!(other.log().entries(), before);
}

#[test]
fn a_target_that_is_longer_than_its_source_is_refused() {
    let mut source = SampleLog::new(LEDGER);
    source.grow_to(3);
    let shorter = MemoryLog::holding(source.log().entries());
    source.grow_to(4);
    let error = copy(&shorter, &source.log()).unwrap_err();
    assert!(
        matches!(
            error,
            CopyError::Longer {
                position: Position(3)
            }
        ),
        "{error}"
    );
    assert!(error.is_integrity_failure());
    // As long as its source is not longer.
    source = SampleLog::new(LEDGER);
    source.grow_to(3);
    assert_eq!(copy(&shorter, &source.log()).unwrap().appended, 0);
}

#[test]
fn a_copy_ends_when_somebody_else_leads_the_target() {
    let (mut source, target) = (source(), MemoryLog::shared());
    let mut running = LogCopy::begin(LEDGER, &source.log(), Arc::new(target.clone())).unwrap();
    running.catch_up(&mut |_| Continue(())).unwrap();
    let mut node = SampleLog::new(LEDGER);
    node.claim();
    node.claim();
    target.push(node.log().entries().pop().unwrap());
    source.grow_to(6);
    let error = running.catch_up(&mut |_| Continue(())).unwrap_err();
    assert!(
        matches!(
            error,
            CopyError::Another {
                position: Position(5)
            }
        ),
        "{error}"
    );
}
