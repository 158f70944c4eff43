//! Opening with a snapshot: the state is the folded one, or the snapshot is dropped, or history was lost.

use perennial_app::ports::cache::Hash;
use perennial_app::recovery::{RecoverError, Recovered};
use perennial_app::writer::WriterOptions;
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::Position;
use perennial_testkit::log::{Fault, MemoryLog};
use perennial_testkit::random::Random;
use perennial_testkit::request_index::MemoryRequestIndex;
use perennial_testkit::snapshot_store::FinishedSnapshot;

use crate::world::{World, pay, prepared, sign, submit};

const OFTEN: u64 = 5;

fn often() -> WriterOptions {
    WriterOptions {
        snapshot_every_records: OFTEN,
        snapshot_part_bytes: 1,
        ..WriterOptions::default()
    }
}

/// A ledger that was stopped in order, with one agreement and this many payments of one euro.
async fn stopped(payments: u8) -> World {
    let world = World::new();
    let (ledger, task) = world.create(LedgerPolicy::default()).await;
    submit(&ledger, 200, vec![sign(1)]).await.unwrap();
    for request in 1..=payments {
        submit(&ledger, request, vec![pay(1, 1)]).await.unwrap();
    }
    drop(ledger);
    task.ended().await.unwrap();
    world
}

/// The state folded from the log alone.
#[track_caller]
fn folded(world: &World) -> Recovered {
    let recovered = World::on(world.log.clone()).recover().unwrap();
    assert_eq!(recovered.snapshot, None);
    recovered
}

#[track_caller]
fn equals_the_fold(world: &World, recovered: &Recovered) {
    let folded = folded(world);
    assert!(recovered.book == folded.book, "INV-6");
    assert_eq!(recovered.chain.point(), folded.chain.point());
    let hash = |recovered: &Recovered| {
        let newest = recovered.newest.unwrap();
        (newest.position, newest.record_hash)
    };
    assert_eq!(hash(recovered), hash(&folded));
}

#[track_caller]
fn is_dropped(world: &World) {
    let recovered = world.recover().unwrap();
    assert_eq!(recovered.snapshot, None);
    equals_the_fold(world, &recovered);
}

#[track_caller]
fn is_lost_history(world: &World, at: u64) {
    let lost = world.recover().err();
    let expected = Position(at);
    assert!(
        matches!(lost, Some(RecoverError::LostHistory { position, .. }) if position == expected),
        "{lost:?}"
    );
}

fn change(world: &World, change: impl FnOnce(&mut FinishedSnapshot)) {
    let mut snapshot = world.snapshots.newest().unwrap();
    change(&mut snapshot);
    world.snapshots.replace(Some(snapshot));
}

#[tokio::test]
async fn inv_6_a_stop_leaves_a_snapshot_after_which_nothing_is_folded() {
    let world = stopped(20).await;
    let recovered = world.recover().unwrap();
    assert_eq!(
        (recovered.snapshot, recovered.folded),
        (Some(Position(21)), 0)
    );
    equals_the_fold(&world, &recovered);
    drop(recovered);
    let (ledger, _task) = world.open().await.unwrap();
    assert!(submit(&ledger, 250, vec![pay(1, 81)]).await.is_err());
    assert!(submit(&ledger, 251, vec![pay(1, 80)]).await.is_ok());
}

#[tokio::test]
async fn a_stop_without_new_records_leaves_the_snapshot_as_it_is() {
    let world = stopped(3).await;
    assert_eq!(world.snapshots.finished(), 1);
    let (ledger, task) = world.open().await.unwrap();
    drop(ledger);
    task.ended().await.unwrap();
    assert_eq!(world.snapshots.finished(), 1);
    let (ledger, task) = world.open().await.unwrap();
    submit(&ledger, 100, vec![pay(1, 1)]).await.unwrap();
    drop(ledger);
    task.ended().await.unwrap();
    assert_eq!(world.snapshots.finished(), 2);
}

#[tokio::test]
async fn inv_6_a_snapshot_taken_while_records_go_on_and_the_tail_give_the_folded_state() {
    let world = World::new();
    let (ledger, _task) = world.create_with(LedgerPolicy::default(), often()).await;
    for request in 0..=200 {
        let number = u32::from(request) / 3;
        let commands = if request % 3 == 0 {
            vec![sign(number)]
        } else {
            vec![pay(number, 1)]
        };
        submit(&ledger, request, commands).await.unwrap();
        if request % 20 == 0 {
            // As after a kill: whatever snapshot is in place now.
            let recovered = world.recover().unwrap();
            equals_the_fold(&world, &recovered);
        }
    }
    let recovered = world.recover().unwrap();
    let snapshot = recovered.snapshot.unwrap();
    assert!(Position(10) < snapshot, "{snapshot}");
    assert_eq!(recovered.folded, 201 - snapshot.0);
    assert!(5 < world.snapshots.finished());
    equals_the_fold(&world, &recovered);
}

#[tokio::test]
async fn inv_6_snapshots_under_load_saw_nothing_that_is_not_durable() {
    let mut random = Random::for_test("inv_6_snapshots_under_load");
    let world = World::new();
    let (ledger, task) = world.create_with(LedgerPolicy::default(), often()).await;
    let mut fuzzy = 0;
    for round in 0..20_u8 {
        world.log.hold();
        let mut waiting = Vec::new();
        for index in 0..10 {
            let request = round * 10 + index;
            let number = u32::from(request) / 2;
            let command = if request % 2 == 0 {
                sign(number)
            } else {
                pay(number, 7)
            };
            waiting.push(
                ledger
                    .enqueue(prepared(request, vec![command]))
                    .await
                    .unwrap(),
            );
            if random.one_in(3) {
                tokio::task::yield_now().await;
            }
        }
        if random.one_in(4) {
            world.log.fail_next(Fault::Reject);
        }
        world.log.release();
        for answer in waiting {
            // Rejected with its batch, or refused because what it stands on was.
            drop(answer.answer().await);
        }
        if let Some((mark, _)) = world.snapshots.newest() {
            fuzzy += usize::from(mark.low.position < mark.high.position);
        }
        equals_the_fold(&world, &world.recover().unwrap());
    }
    drop(ledger);
    task.ended().await.unwrap();
    println!("{fuzzy} snapshots saw records beyond their low point");
    let recovered = world.recover().unwrap();
    assert_eq!(recovered.folded, 0);
    equals_the_fold(&world, &recovered);
}

#[tokio::test]
async fn a_damaged_or_deleted_snapshot_is_dropped_and_the_log_folded() {
    let world = stopped(20).await;
    world.snapshots.damage();
    is_dropped(&world);
    world.snapshots.replace(None);
    let world = stopped(20).await;
    world.snapshots.replace(None);
    is_dropped(&world);
}

#[tokio::test]
async fn a_snapshot_that_does_not_decode_is_dropped() {
    let world = stopped(20).await;
    change(&world, |(_, parts)| {
        let part = parts.last_mut().unwrap();
        part.push(0xff);
    });
    is_dropped(&world);
    let world = stopped(20).await;
    change(&world, |(_, parts)| parts.clear());
    is_dropped(&world);
}

#[tokio::test]
async fn a_snapshot_of_another_record_is_dropped() {
    let world = stopped(20).await;
    change(&world, |(mark, _)| {
        mark.low.record_hash = Hash::of(b"another");
    });
    is_dropped(&world);
    let world = stopped(20).await;
    change(&world, |(mark, _)| mark.low.term.0 += 1);
    is_dropped(&world);
    let world = stopped(20).await;
    // An offset behind the record: what is found there is a later one.
    let world_offset = |(mark, _): &mut FinishedSnapshot| mark.low.position.0 = 5;
    change(&world, world_offset);
    is_dropped(&world);
}

#[tokio::test]
async fn a_snapshot_whose_last_seen_record_is_another_one_is_dropped() {
    let world = stopped(20).await;
    let (ledger, _task) = world.open().await.unwrap();
    submit(&ledger, 100, vec![pay(1, 1)]).await.unwrap();
    change(&world, |(mark, _)| {
        mark.high.position = Position(22);
        mark.high.record_hash = Hash::of(b"another");
    });
    is_dropped(&world);
}

#[tokio::test]
async fn a_snapshot_that_contradicts_the_records_after_it_is_dropped() {
    let world = stopped(2).await;
    let (_, early) = world.snapshots.newest().unwrap();
    let (ledger, task) = world.open().await.unwrap();
    submit(&ledger, 100, vec![pay(1, 1)]).await.unwrap();
    submit(&ledger, 101, vec![pay(1, 1)]).await.unwrap();
    drop(ledger);
    task.ended().await.unwrap();
    // The state of an early snapshot under the mark of a late one: the next event of the agreement finds a gap.
    change(&world, |(_, parts)| *parts = early);
    let (ledger, _task) = World::on(world.log.clone()).open().await.unwrap();
    submit(&ledger, 102, vec![pay(1, 1)]).await.unwrap();
    is_dropped(&world);
}

#[tokio::test]
async fn a_snapshot_beyond_the_logs_end_is_lost_history() {
    let whole = stopped(20).await;
    let entries = whole.log.entries();
    let caches = (whole.snapshots.clone(), MemoryRequestIndex::default());
    for kept in [3, entries.len() - 1] {
        let cut = MemoryLog::holding(entries[..kept].to_vec());
        is_lost_history(&World::with_caches(cut, &caches), 21);
    }
    let same = MemoryLog::holding(entries);
    assert!(World::with_caches(same, &caches).recover().is_ok());
}

#[tokio::test]
async fn a_snapshot_that_saw_records_beyond_the_logs_end_is_lost_history() {
    let world = stopped(20).await;
    change(&world, |(mark, _)| mark.high.position = Position(22));
    is_lost_history(&world, 22);
    change(&world, |(mark, _)| mark.low.position = Position(22));
    is_lost_history(&world, 22);
}

#[tokio::test]
async fn a_snapshot_of_another_record_beyond_the_logs_end_is_lost_history_too() {
    let world = stopped(20).await;
    let entries = world.log.entries();
    let caches = (world.snapshots.clone(), MemoryRequestIndex::default());
    // The log is shorter, and its records are not those of the snapshot.
    let other = stopped(1).await;
    change(&world, |(mark, _)| mark.low.offset.0 = 1);
    let world = World::with_caches(other.log.clone(), &caches);
    assert!(other.log.entries().len() < entries.len());
    is_lost_history(&world, 21);
}

#[tokio::test]
async fn a_store_that_does_not_take_snapshots_holds_nothing_up() {
    let world = World::new();
    world.snapshots.fail(true);
    let (ledger, task) = world.create_with(LedgerPolicy::default(), often()).await;
    submit(&ledger, 200, vec![sign(1)]).await.unwrap();
    for request in 1..=30 {
        submit(&ledger, request, vec![pay(1, 1)]).await.unwrap();
    }
    assert_eq!(world.snapshots.finished(), 0);
    world.snapshots.fail(false);
    let mut request = 31;
    while world.snapshots.finished() == 0 {
        assert!(request < 100, "it is tried again");
        submit(&ledger, request, vec![pay(1, 1)]).await.unwrap();
        request += 1;
        tokio::task::yield_now().await;
    }
    drop(ledger);
    task.ended().await.unwrap();
    equals_the_fold(&world, &world.recover().unwrap());
}

#[tokio::test]
async fn a_rejected_batch_is_in_no_snapshot() {
    let world = World::new();
    let (ledger, task) = world.create_with(LedgerPolicy::default(), often()).await;
    submit(&ledger, 200, vec![sign(1)]).await.unwrap();
    for request in 1..=10 {
        submit(&ledger, request, vec![pay(1, 1)]).await.unwrap();
    }
    world.log.fail_next(Fault::Reject);
    assert!(submit(&ledger, 11, vec![pay(1, 50)]).await.is_err());
    // Nothing of the 50 is left: 90 are.
    assert!(submit(&ledger, 12, vec![pay(1, 91)]).await.is_err());
    assert!(submit(&ledger, 13, vec![pay(1, 90)]).await.is_ok());
    drop(ledger);
    task.ended().await.unwrap();
    equals_the_fold(&world, &world.recover().unwrap());
}
