//! The same submission twice adds nothing, whatever histories are made of (INV-5).

use perennial_app::ledger::Ledger;
use perennial_app::submission::{Accepted, Prepared, SubmitError};
use perennial_domain::command::Submission;
use perennial_domain::ids::RequestId;
use perennial_domain::log::RecordedAt;
use perennial_testkit::story::{Story, each_story};

use crate::world::{World, actor, position};

/// 2015-01-01T00:00:00Z, the day on which their ledgers are created.
const CREATED: RecordedAt = RecordedAt(1_420_070_400_000_000);

/// 2026-06-30T00:00:00Z, the day on which stories are recorded.
const STORY_DAY: RecordedAt = RecordedAt(1_782_777_600_000_000);

/// A submission of a history under its request id, with its first answer.
struct Asked {
    request_id: RequestId,
    submission: Submission,
    accepted: Option<Accepted>,
}

impl Asked {
    async fn ask(&self, ledger: &Ledger) -> Result<Accepted, SubmitError> {
        let prepared = Prepared::new(self.request_id, actor(), self.submission.clone());
        ledger.submit(prepared, false).await
    }

    /// Asks once more: the answer is the first one, and nothing is appended. What was refused is remembered nowhere; where
    /// the ledger went on it may be accepted now.
    async fn again(&self, world: &World, ledger: &Ledger) {
        let Some(first) = &self.accepted else {
            return;
        };
        let entries = world.log.entries().len();
        let again = self.ask(ledger).await.unwrap();
        assert!(again.replayed, "{:#?}", self.submission);
        assert_eq!((again.place, &again.events), (first.place, &first.events));
        assert_eq!(world.log.entries().len(), entries);
    }
}

/// Tells a history to a writer, and every submission of it again: at once, some time later, and to a writer that was
/// opened on the same log, with its caches and without them.
async fn tell(story: &mut Story, steps: u32) -> usize {
    let world = World::new();
    world.clock.set(CREATED);
    let policy = story.first_policy().clone();
    let (ledger, task) = world.create_as(story.book.profile(), policy).await;
    world.clock.set(STORY_DAY);
    let mut told: Vec<Asked> = Vec::new();
    for number in 0..steps {
        let step = story.step();
        let mut request_id = [0; 16];
        request_id[..4].copy_from_slice(&number.to_be_bytes());
        let mut asked = Asked {
            request_id: RequestId(request_id),
            submission: step.submission,
            accepted: None,
        };
        let entries = world.log.entries().len();
        match (asked.ask(&ledger).await, &step.decided) {
            (Ok(accepted), Ok(decision)) => {
                assert!(!accepted.replayed);
                assert_eq!(position(&accepted), story.next.0 - 1);
                assert_eq!(accepted.events.len(), decision.events.len());
                asked.accepted = Some(accepted);
                asked.again(&world, &ledger).await;
            }
            (Err(SubmitError::Refused { .. }), Err(_)) => {
                let again = asked.ask(&ledger).await;
                assert!(again.is_err(), "{again:?}");
                assert_eq!(world.log.entries().len(), entries);
            }
            (answer, decided) => panic!("{answer:?}\nbut decided {decided:?}"),
        }
        told.push(asked);
        let earlier = story.random.pick(&told);
        earlier.again(&world, &ledger).await;
    }
    drop(ledger);
    task.ended().await.unwrap();
    let caches = (world.snapshots.clone(), world.index.clone());
    for world in [
        World::with_caches(world.log.clone(), &caches),
        World::on(world.log.clone()),
    ] {
        world.clock.set(STORY_DAY);
        let (ledger, _task) = world.open().await.unwrap();
        for asked in &told {
            asked.again(&world, &ledger).await;
        }
    }
    told.iter().filter(|asked| asked.accepted.is_some()).count()
}

#[test]
fn inv_5_the_same_submission_twice_adds_nothing_to_any_history() {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_time().build().unwrap();
    let mut accepted = 0;
    each_story(
        "inv_5_the_same_submission_twice_adds_nothing_to_any_history",
        60,
        |mut story| accepted += runtime.block_on(tell(&mut story, 25)),
    );
    println!("submissions that were accepted and asked again: {accepted}");
    assert!(0 < accepted);
}
