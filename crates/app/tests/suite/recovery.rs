use perennial_app::ledger::OpenError;
use perennial_app::recovery::{KnownPoint, RecoverError, recover};
use perennial_app::writer::WriterOptions;
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::{Position, RecordedAt};
use perennial_proof::Hash;
use perennial_testkit::log::MemoryLog;

use crate::world::{NOW, World, pay, position, sign, submit};

#[tokio::test]
async fn inv_6_a_reopened_ledger_decides_as_if_it_had_never_stopped() {
    let world = World::new();
    let (ledger, _task) = world.create(LedgerPolicy::default()).await;
    submit(&ledger, 1, vec![sign(1), pay(1, 60)]).await.unwrap();
    drop(ledger);
    let (ledger, _task) = world.open().await.unwrap();
    assert!(submit(&ledger, 2, vec![pay(1, 41)]).await.is_err());
    assert_eq!(
        position(&submit(&ledger, 3, vec![pay(1, 40)]).await.unwrap()),
        2
    );
}

#[tokio::test]
async fn inv_11_each_opening_begins_a_new_term() {
    let world = World::new();
    let (ledger, _task) = world.create(LedgerPolicy::default()).await;
    assert_eq!(ledger.head().borrow().term.0, 1);
    let (ledger, _task) = world.open().await.unwrap();
    assert_eq!(ledger.head().borrow().term.0, 2);
}

#[tokio::test]
async fn inv_11_records_of_a_deposed_writer_are_dead_for_every_reader() {
    let world = World::new();
    let (deposed, _task) = world.create(LedgerPolicy::default()).await;
    let (leader, _task) = world.open().await.unwrap();
    submit(&leader, 1, vec![sign(1)]).await.unwrap();
    // A memory log has no lock: the deposed writer's record lands behind the leader's.
    submit(&deposed, 2, vec![sign(2)]).await.unwrap();
    let recovered = World::on(world.log.clone()).recover().unwrap();
    assert_eq!(
        (recovered.chain.next_position().0, recovered.chain.dead()),
        (2, 1)
    );
}

#[tokio::test]
async fn a_creation_that_was_cut_off_after_its_claim_can_be_made_again() {
    let world = World::new();
    let (_ledger, _task) = world.create(LedgerPolicy::default()).await;
    let claim_only = world.log.entries().into_iter().take(1).collect();
    let world = World::on(MemoryLog::holding(claim_only));
    assert!(matches!(
        world.open().await,
        Err(OpenError::Recover {
            source: RecoverError::NotCreated,
            ..
        })
    ));
    let (ledger, _task) = world.create(LedgerPolicy::default()).await;
    assert_eq!(ledger.head().borrow().term.0, 2);
}

#[tokio::test]
async fn a_log_shorter_than_a_known_point_lost_history() {
    let world = World::new();
    let (ledger, _task) = world.create(LedgerPolicy::default()).await;
    submit(&ledger, 1, vec![sign(1)]).await.unwrap();
    let head = ledger.head().borrow().newest.unwrap();
    let known = |position, record_hash| {
        Some(KnownPoint {
            position: Position(position),
            record_hash,
        })
    };
    let source = World::on(world.log.clone()).source();
    let recover = |known| recover(&source, known, &WriterOptions::default());
    assert!(recover(known(1, head.record_hash)).is_ok());
    for (position, hash) in [(2, head.record_hash), (1, Hash::of(b"another"))] {
        let lost = recover(known(position, hash)).err();
        assert!(
            matches!(lost, Some(RecoverError::LostHistory { .. })),
            "{lost:?}"
        );
    }
}

#[tokio::test]
async fn a_clock_ten_seconds_behind_the_last_record_may_lead_and_one_tick_more_may_not() {
    let world = World::new();
    let (_ledger, _task) = world.create(LedgerPolicy::default()).await;
    world.clock.set(RecordedAt(NOW.0 - 10_000_000));
    assert!(world.open().await.is_ok());
    world.clock.set(RecordedAt(NOW.0 - 10_000_001));
    assert!(matches!(
        world.open().await,
        Err(OpenError::ClockBehind { .. })
    ));
}
