//! Logs that reject, fail or fill up: what clients are told (INV-4, INV-12).

use perennial_app::submission::SubmitError;
use perennial_app::writer::{WriterOptions, WriterStopped};
use perennial_domain::ledger::LedgerPolicy;
use perennial_testkit::log::Fault;

use crate::world::{World, pay, position, prepared, sign, submit};

#[tokio::test]
async fn inv_4_an_append_that_wrote_nothing_is_unavailable_and_forgotten() {
    let world = World::new();
    let (ledger, _task) = world.create(LedgerPolicy::default()).await;
    world.log.fail_next(Fault::Reject);
    let rejected = submit(&ledger, 1, vec![sign(1)]).await;
    assert!(
        matches!(rejected, Err(SubmitError::Unavailable { .. })),
        "{rejected:?}"
    );
    // The signature is forgotten: it can be made again, at the position that was not used.
    let accepted = submit(&ledger, 1, vec![sign(1)]).await.unwrap();
    assert_eq!((position(&accepted), accepted.replayed), (1, false));
}

#[tokio::test]
async fn inv_4_what_was_decided_on_a_rejected_batch_is_rejected_with_it() {
    let world = World::new();
    let (ledger, _task) = world.create(LedgerPolicy::default()).await;
    world.log.hold();
    world.log.fail_next(Fault::Reject);
    let signed = ledger.enqueue(prepared(1, vec![sign(1)])).await.unwrap();
    let probe = ledger.submit(prepared(8, vec![sign(8)]), true).await;
    assert!(probe.is_ok());
    let paid = ledger.enqueue(prepared(2, vec![pay(1, 10)])).await.unwrap();
    let probe = ledger.submit(prepared(9, vec![sign(9)]), true).await;
    assert!(probe.is_ok());
    world.log.release();
    for answer in [signed.answer().await, paid.answer().await] {
        assert!(
            matches!(answer, Err(SubmitError::Unavailable { .. })),
            "{answer:?}"
        );
    }
    assert_eq!(world.log.entries().len(), 2);
}

#[tokio::test]
async fn inv_4_an_unknown_outcome_is_told_as_unknown_and_ends_the_writer() {
    let world = World::new();
    let (ledger, task) = world.create(LedgerPolicy::default()).await;
    world.log.fail_next(Fault::UnknownButWritten);
    let unknown = submit(&ledger, 1, vec![sign(1)]).await;
    assert!(
        matches!(unknown, Err(SubmitError::OutcomeUnknown { .. })),
        "{unknown:?}"
    );
    assert!(matches!(
        task.ended().await,
        Err(WriterStopped::OutcomeUnknown { .. })
    ));
    let after = submit(&ledger, 2, vec![sign(2)]).await;
    assert!(
        matches!(
            after,
            Err(SubmitError::Unavailable { .. } | SubmitError::OutcomeUnknown { .. })
        ),
        "{after:?}"
    );
}

#[tokio::test]
async fn inv_4_the_retry_after_an_unknown_outcome_finds_what_was_written() {
    for (fault, replayed) in [
        (Fault::UnknownButWritten, true),
        (Fault::UnknownAndLost, false),
    ] {
        let world = World::new();
        let (ledger, _task) = world.create(LedgerPolicy::default()).await;
        world.log.fail_next(fault);
        let unknown = submit(&ledger, 1, vec![sign(1)]).await;
        assert!(
            matches!(unknown, Err(SubmitError::OutcomeUnknown { .. })),
            "{unknown:?}"
        );
        let (ledger, _task) = World::on(world.log.clone()).open().await.unwrap();
        let accepted = submit(&ledger, 1, vec![sign(1)]).await.unwrap();
        assert_eq!((position(&accepted), accepted.replayed), (1, replayed));
    }
}

#[tokio::test]
async fn inv_12_a_full_queue_refuses_at_once_and_names_its_limit() {
    let world = World::new();
    let options = WriterOptions {
        queue_submissions_max: 2,
        batch_records_max: 1,
        ..WriterOptions::default()
    };
    let (ledger, _task) = world.create_limited(options).await;
    world.log.hold();
    // One record flushes, one is decided and waits, two fill the queue: then there is no room.
    let mut waiting = Vec::new();
    let full = loop {
        let request = u8::try_from(waiting.len() + 1).unwrap();
        match ledger.try_enqueue(prepared(request, vec![sign(request.into())])) {
            Err(full) if 4 <= waiting.len() => break full,
            Err(_) => tokio::task::yield_now().await,
            Ok(pending) => waiting.push(pending),
        }
    };
    assert_eq!(
        (full, waiting.len()),
        (SubmitError::QueueFull { limit: 2 }, 4)
    );
    world.log.release();
    for pending in waiting {
        pending.answer().await.unwrap();
    }
}
