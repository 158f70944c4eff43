//! Request ids for ever (INV-5), with an index that holds those which memory has forgotten.

use perennial_app::ledger::{Ledger, OpenError, WriterTask};
use perennial_app::ports::cache::{Hash, LogPoint};
use perennial_app::recovery::{RecoverError, recover};
use perennial_app::submission::SubmitError;
use perennial_app::writer::{WriterOptions, WriterStopped};
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::Position;
use perennial_testkit::log::MemoryLog;
use perennial_testkit::request_index::MemoryRequestIndex;
use perennial_testkit::snapshot_store::MemorySnapshotStore;

use crate::world::{World, pay, position, sign, submit};

/// Two ids stay in memory.
fn forgetful() -> WriterOptions {
    WriterOptions {
        recent_requests_max: 2,
        ..WriterOptions::default()
    }
}

/// A ledger with records 1 to `records`, whose request ids are the bytes of their positions.
async fn filled(world: &World, options: WriterOptions, records: u8) -> (Ledger, WriterTask) {
    let (ledger, task) = world.create_with(LedgerPolicy::default(), options).await;
    submit(&ledger, 1, vec![sign(1)]).await.unwrap();
    for request in 2..=records {
        submit(&ledger, request, vec![pay(1, 1)]).await.unwrap();
    }
    (ledger, task)
}

async fn stop(ledger: Ledger, task: WriterTask) {
    drop(ledger);
    task.ended().await.unwrap();
}

/// Every id from 1 to `records` still gets its first answer, and another command under it is refused.
async fn every_id_is_taken(world: &World, ledger: &Ledger, records: u8) {
    let before = world.log.entries().len();
    for request in 1..=records {
        let command = if request == 1 { sign(1) } else { pay(1, 1) };
        let again = submit(ledger, request, vec![command]).await.unwrap();
        assert_eq!(
            (position(&again), again.replayed),
            (u64::from(request), true)
        );
        let reused = submit(ledger, request, vec![sign(9)]).await;
        let original = Position(u64::from(request));
        assert_eq!(
            reused,
            Err(SubmitError::RequestIdReused { position: original })
        );
    }
    assert_eq!(world.log.entries().len(), before, "INV-5");
}

#[tokio::test]
async fn inv_5_ids_that_memory_has_forgotten_are_found_in_the_index() {
    let world = World::new();
    let (ledger, task) = filled(&world, forgetful(), 20).await;
    while world.index.ids() < 20 {
        tokio::task::yield_now().await;
    }
    // What is indexed is forgotten with the next record.
    submit(&ledger, 21, vec![pay(1, 1)]).await.unwrap();
    every_id_is_taken(&world, &ledger, 21).await;
    assert!(30 < world.index.finds(), "{}", world.index.finds());
    stop(ledger, task).await;
}

#[tokio::test]
async fn inv_5_ids_are_taken_for_ever_after_any_number_of_restarts() {
    let world = World::new();
    let (ledger, task) = filled(&world, forgetful(), 20).await;
    stop(ledger, task).await;
    for _ in 0..3 {
        let (ledger, task) = world.open_with(forgetful()).await.unwrap();
        every_id_is_taken(&world, &ledger, 20).await;
        stop(ledger, task).await;
    }
    assert_eq!((world.index.ids(), world.index.begun()), (21, 0));
}

#[tokio::test]
async fn a_new_id_reads_no_storage_and_an_unlucky_one_is_looked_up_and_taken() {
    let world = World::new();
    let (ledger, task) = filled(&world, WriterOptions::default(), 20).await;
    assert_eq!(world.index.finds(), 0);
    world.index.hold_anything();
    let accepted = submit(&ledger, 21, vec![pay(1, 1)]).await.unwrap();
    assert_eq!((position(&accepted), accepted.replayed), (21, false));
    assert_eq!(world.index.finds(), 1);
    stop(ledger, task).await;
}

#[tokio::test]
async fn inv_5_an_index_that_cannot_be_read_makes_no_id_new() {
    let world = World::new();
    let (ledger, task) = filled(&world, WriterOptions::default(), 5).await;
    stop(ledger, task).await;
    let (ledger, task) = world.open().await.unwrap();
    world.index.refuse_finds();
    let entries = world.log.entries().len();
    let unknown = submit(&ledger, 3, vec![pay(1, 1)]).await;
    assert!(
        matches!(unknown, Err(SubmitError::Unavailable { .. })),
        "{unknown:?}"
    );
    assert_eq!(world.log.entries().len(), entries);
    // An id that the index certainly does not hold needs no look.
    assert!(submit(&ledger, 6, vec![pay(1, 1)]).await.is_ok());
    stop(ledger, task).await;
}

#[tokio::test]
async fn inv_5_a_deleted_or_damaged_index_is_built_again_from_the_log() {
    for damaged in [false, true] {
        let world = World::new();
        let (ledger, task) = filled(&world, WriterOptions::default(), 20).await;
        stop(ledger, task).await;
        let world = if damaged {
            world.index.damage();
            world
        } else {
            World::with_caches(
                world.log.clone(),
                &(world.snapshots.clone(), MemoryRequestIndex::default()),
            )
        };
        let (ledger, task) = world.open().await.unwrap();
        every_id_is_taken(&world, &ledger, 20).await;
        stop(ledger, task).await;
        assert_eq!(world.index.ids(), 21);
        assert_eq!(world.index.begun(), usize::from(damaged));
    }
}

#[tokio::test]
async fn inv_5_what_the_index_had_not_kept_before_a_crash_is_read_from_the_log() {
    let world = World::new();
    let (_ledger, _task) = filled(&world, WriterOptions::default(), 20).await;
    while world.index.ids() < 21 {
        tokio::task::yield_now().await;
    }
    // The first writer never stopped, so nothing was flushed.
    let (ledger, task) = world.open().await.unwrap();
    every_id_is_taken(&world, &ledger, 20).await;
    stop(ledger, task).await;
}

#[tokio::test]
async fn inv_12_a_large_log_is_indexed_again_with_few_ids_in_memory() {
    let world = World::new();
    let (ledger, task) = filled(&world, WriterOptions::default(), 60).await;
    stop(ledger, task).await;
    let world = World::on(world.log.clone());
    let options = WriterOptions {
        unindexed_requests_max: 4,
        ..forgetful()
    };
    let (ledger, task) = world.open_with(options).await.unwrap();
    every_id_is_taken(&world, &ledger, 60).await;
    assert!(50 < world.index.finds());
    stop(ledger, task).await;
}

#[tokio::test]
async fn an_index_of_another_record_is_begun_anew_and_one_beyond_the_logs_end_is_lost_history() {
    let world = World::new();
    let (ledger, task) = filled(&world, WriterOptions::default(), 5).await;
    let head = ledger.head().borrow().newest.unwrap();
    stop(ledger, task).await;
    let recovered = world.recover().unwrap();
    let newest = recovered.newest.unwrap();
    assert_eq!(newest.record_hash, head.record_hash);
    drop(recovered);

    world.index.claim(LogPoint {
        record_hash: Hash::of(b"another"),
        ..newest
    });
    let (ledger, task) = world.open().await.unwrap();
    assert_eq!(world.index.begun(), 1);
    every_id_is_taken(&world, &ledger, 5).await;
    stop(ledger, task).await;

    world.index.claim(LogPoint {
        position: Position(6),
        ..newest
    });
    let lost = world.open().await.err();
    assert!(
        matches!(
            &lost,
            Some(OpenError::Recover {
                source: RecoverError::LostHistory {
                    position: Position(6),
                    ..
                },
                ..
            })
        ),
        "{lost:?}"
    );
}

#[tokio::test]
async fn an_index_that_kept_more_than_a_cut_log_holds_is_lost_history() {
    let world = World::new();
    let (ledger, task) = filled(&world, WriterOptions::default(), 5).await;
    stop(ledger, task).await;
    let entries = world.log.entries();
    let cut = MemoryLog::holding(entries[..entries.len() - 1].to_vec());
    let cut = World::with_caches(cut, &(MemorySnapshotStore::default(), world.index.clone()));
    let lost = recover(&cut.source(), None, &WriterOptions::default()).err();
    assert!(
        matches!(
            lost,
            Some(RecoverError::LostHistory {
                position: Position(5),
                ..
            })
        ),
        "{lost:?}"
    );
}

#[tokio::test]
async fn inv_12_with_a_broken_index_the_ledger_goes_on_while_memory_has_room_and_then_stops() {
    let world = World::new();
    world.index.refuse_saves();
    let options = WriterOptions {
        unindexed_requests_max: 10,
        ..forgetful()
    };
    let (ledger, task) = filled(&world, options, 8).await;
    every_id_is_taken(&world, &ledger, 8).await;
    // The tenth id, the creation's included, is the last.
    assert!(submit(&ledger, 9, vec![pay(1, 1)]).await.is_ok());
    let after = submit(&ledger, 10, vec![pay(1, 1)]).await;
    assert!(after.is_err(), "{after:?}");
    assert!(matches!(
        task.ended().await,
        Err(WriterStopped::RequestsUnindexed)
    ));
}
