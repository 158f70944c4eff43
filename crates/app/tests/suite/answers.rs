//! What a submission is answered, the first time and again (INV-5).

use perennial_app::submission::{Prepared, SubmitError};
use perennial_domain::ids::RequestId;
use perennial_domain::ledger::{LedgerCommand, LedgerPolicy};
use perennial_domain::log::{Position, RecordedAt, Revision};
use perennial_domain::rule::{Override, Rule};
use perennial_wire::stored::RefusalClass;

use crate::world::{NOW, World, actor, pay, position, prepared, sign, submit};

#[tokio::test]
async fn a_submission_is_one_record_with_all_its_events() {
    let world = World::new();
    let (ledger, _task) = world.create(LedgerPolicy::default()).await;
    let accepted = submit(&ledger, 1, vec![sign(1), pay(1, 40)]).await.unwrap();
    let kinds: Vec<_> = accepted
        .events
        .iter()
        .map(|event| (event.event_id.to_string(), event.kind))
        .collect();
    assert_eq!(
        kinds,
        [
            ("1-0".to_owned(), "AgreementSigned"),
            ("1-1".to_owned(), "DisbursementMade")
        ]
    );
    // A claim, the creation, the submission.
    assert_eq!(world.log.entries().len(), 3);
}

#[tokio::test]
async fn inv_5_the_same_request_again_gets_the_same_answer_and_appends_nothing() {
    let world = World::new();
    let (ledger, _task) = world.create(LedgerPolicy::default()).await;
    let first = submit(&ledger, 1, vec![sign(1)]).await.unwrap();
    let again = submit(&ledger, 1, vec![sign(1)]).await.unwrap();
    assert!(!first.replayed);
    assert!(again.replayed);
    assert_eq!((again.place, &again.events), (first.place, &first.events));
    assert_eq!(world.log.entries().len(), 3);
}

#[tokio::test]
async fn inv_5_the_same_request_id_with_another_command_is_refused_with_the_original_position() {
    let world = World::new();
    let (ledger, _task) = world.create(LedgerPolicy::default()).await;
    submit(&ledger, 1, vec![sign(1)]).await.unwrap();
    let reused = submit(&ledger, 1, vec![sign(2)]).await;
    assert_eq!(
        reused,
        Err(SubmitError::RequestIdReused {
            position: Position(1)
        })
    );
}

#[tokio::test]
async fn inv_5_a_repeat_that_overtakes_the_flush_gets_the_first_answer() {
    let world = World::new();
    let (ledger, _task) = world.create(LedgerPolicy::default()).await;
    world.log.hold();
    let (first, again) = (
        ledger.enqueue(prepared(1, vec![sign(1)])),
        ledger.enqueue(prepared(1, vec![sign(1)])),
    );
    let (first, again) = (first.await.unwrap(), again.await.unwrap());
    // The writer must have taken both before the flush may end.
    let probe = ledger.submit(prepared(9, vec![sign(9)]), true).await;
    assert!(probe.is_ok());
    world.log.release();
    let (first, again) = (first.answer().await.unwrap(), again.answer().await.unwrap());
    assert_eq!((first.replayed, again.replayed), (false, true));
    assert_eq!(first.place, again.place);
    assert_eq!(world.log.entries().len(), 3);
}

#[tokio::test]
async fn what_is_decided_while_a_batch_flushes_sees_that_batch() {
    let world = World::new();
    let (ledger, _task) = world.create(LedgerPolicy::default()).await;
    world.log.hold();
    let signed = ledger.enqueue(prepared(1, vec![sign(1)])).await.unwrap();
    let paid = ledger
        .enqueue(prepared(2, vec![pay(1, 100)]))
        .await
        .unwrap();
    let overpaid = ledger.submit(prepared(3, vec![pay(1, 1)]), false).await;
    assert!(
        matches!(overpaid, Err(SubmitError::Refused { .. })),
        "{overpaid:?}"
    );
    world.log.release();
    assert_eq!(position(&signed.answer().await.unwrap()), 1);
    assert_eq!(position(&paid.answer().await.unwrap()), 2);
}

#[tokio::test]
async fn a_question_appends_nothing_and_has_no_position() {
    let world = World::new();
    let (ledger, _task) = world.create(LedgerPolicy::default()).await;
    let asked = ledger
        .submit(prepared(1, vec![sign(1)]), true)
        .await
        .unwrap();
    assert_eq!((asked.place, asked.events.len()), (None, 1));
    assert_eq!(world.log.entries().len(), 2);
    // The id was not used up by asking.
    assert!(!submit(&ledger, 1, vec![sign(1)]).await.unwrap().replayed);
}

#[tokio::test]
async fn a_refused_id_may_be_used_again_where_refusals_are_not_kept() {
    let world = World::new();
    let (ledger, _task) = world.create(LedgerPolicy::default()).await;
    let refused = submit(&ledger, 1, vec![pay(1, 10)]).await;
    assert!(
        matches!(refused, Err(SubmitError::Refused { kept: None, .. })),
        "{refused:?}"
    );
    assert_eq!(
        position(&submit(&ledger, 1, vec![sign(1)]).await.unwrap()),
        1
    );
}

#[tokio::test]
async fn a_kept_refusal_is_a_record_and_answers_its_id_for_ever() {
    let world = World::new();
    let (ledger, _task) = world
        .create(LedgerPolicy {
            keep_refusals: true,
            ..LedgerPolicy::default()
        })
        .await;
    let first = submit(&ledger, 1, vec![pay(1, 10)]).await;
    let Err(SubmitError::Refused {
        refusal,
        kept: Some(place),
    }) = first
    else {
        panic!("{first:?}");
    };
    assert_eq!(place.position, Position(1));
    assert_eq!(refusal.violations[0].reason, "UNKNOWN_AGREEMENT");
    let again = submit(&ledger, 1, vec![pay(1, 10)]).await;
    assert_eq!(
        again,
        Err(SubmitError::Refused {
            refusal,
            kept: Some(place)
        })
    );
    assert_eq!(world.log.entries().len(), 3);
}

#[tokio::test]
async fn inv_9_recorded_at_never_decreases_when_the_clock_does() {
    let world = World::new();
    let (ledger, _task) = world.create(LedgerPolicy::default()).await;
    submit(&ledger, 1, vec![sign(1)]).await.unwrap();
    world.clock.set(RecordedAt(NOW.0 - 5_000_000));
    let accepted = submit(&ledger, 2, vec![sign(2)]).await.unwrap();
    assert_eq!(accepted.place.unwrap().recorded_at, NOW);
}

#[tokio::test]
async fn a_policy_is_in_force_for_readers_once_its_change_is_durable_and_after_a_reopening() {
    let world = World::new();
    let (ledger, task) = world.create(LedgerPolicy::default()).await;
    assert_eq!(ledger.in_force().revision, Revision(1));
    let command = || LedgerCommand::ChangePolicy {
        policy: LedgerPolicy {
            keep_refusals: true,
            ..LedgerPolicy::default()
        },
        reason: "evidence".to_owned(),
    };
    let change = |day: &str| {
        Prepared::policy_change(
            RequestId([7; 16]),
            actor(),
            (command(), Some(Revision(1))),
            day.parse().unwrap(),
        )
    };
    let today = NOW.date().to_string();
    let tomorrow = NOW.date().tomorrow().unwrap().to_string();
    let changed = ledger.submit(change(&today), false).await.unwrap();
    assert!(ledger.in_force().policy.keep_refusals);
    assert_eq!(ledger.in_force().revision, Revision(2));
    // The same request on another day is the same request.
    let again = ledger.submit(change(&tomorrow), false).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.place, changed.place);
    // From now on refusals are kept.
    let refused = submit(&ledger, 8, vec![sign(1), pay(1, 101)]).await;
    assert!(
        matches!(refused, Err(SubmitError::Refused { kept: Some(_), .. })),
        "{refused:?}"
    );
    drop(ledger);
    task.ended().await.unwrap();
    let (reopened, _task) = world.open().await.unwrap();
    assert!(reopened.in_force().policy.keep_refusals);
    assert_eq!(reopened.in_force().revision, Revision(2));
}

#[tokio::test]
async fn who_submits_an_override_cannot_approve_it() {
    let world = World::new();
    let (ledger, _task) = world.create(LedgerPolicy::default()).await;
    submit(&ledger, 1, vec![sign(1)]).await.unwrap();
    let overpaid = |approver: &str| {
        let mut command = pay(1, 101);
        command.overrides.push(Override {
            rule: Rule::WithinCommitment,
            reason: "agreed".to_owned(),
            approver: Some(approver.to_owned()),
        });
        command
    };
    let own = submit(&ledger, 2, vec![overpaid(&actor().subject)]).await;
    let Err(SubmitError::Refused { refusal, .. }) = own else {
        panic!("{own:?}")
    };
    let reasons: Vec<&str> = refusal
        .violations
        .iter()
        .map(|violation| violation.reason.as_str())
        .collect();
    assert_eq!(reasons, ["SELF_APPROVAL"]);
    assert_eq!(refusal.violations[0].class, RefusalClass::NotPermitted);
    let other = submit(&ledger, 3, vec![overpaid("head-of-finance")]).await;
    let event = other.unwrap().events.remove(0);
    assert_eq!(event.flags[0].rule, Rule::WithinCommitment);
    // The answer says what let it pass, also when the same is submitted again.
    let again = submit(&ledger, 3, vec![overpaid("head-of-finance")]).await;
    let again = again.unwrap();
    assert!(again.replayed);
    for event in [&event, &again.events[0]] {
        let permitted: Vec<_> = event
            .overrides
            .iter()
            .map(|given| (given.rule, given.approver.as_deref()))
            .collect();
        let expected = (Rule::WithinCommitment, Some("head-of-finance"));
        assert_eq!(permitted, [expected]);
    }
}
