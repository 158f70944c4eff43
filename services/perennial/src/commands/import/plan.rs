//! Reads and plans a file on a thread of its own, while earlier plans are on their way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use perennial_iati::read::ReadError;
use perennial_iati::{ActivityPlan, Known, Planner};
use tokio::sync::mpsc;

use super::files::FileActivities;

/// Plans that may wait to be sent.
const PLANS_MAX: usize = 64;

/// What is to be done about one activity.
pub(super) struct Step {
    /// The plan.
    pub(super) plan: ActivityPlan,
    /// Present where the plan begins the run: tells the planner whether the ledger took that.
    pub(super) started: Option<SyncSender<bool>>,
}

/// A file being planned.
pub(super) struct Planning {
    /// Plans in published order; ends with the file.
    pub(super) steps: mpsc::Receiver<Step>,
    /// Gives the planner back, and what is wrong with the file.
    pub(super) end: tokio::task::JoinHandle<(Planner, Option<ReadError>)>,
}

/// Begins to plan `activities` against what the ledger holds, until the end of the file or `stop`.
pub(super) fn begin(
    activities: FileActivities,
    planner: Planner,
    known: Arc<Known>,
    stop: Arc<AtomicBool>,
) -> Planning {
    let (send, steps) = mpsc::channel(PLANS_MAX);
    let end =
        tokio::task::spawn_blocking(move || plan(activities, planner, &known, (&send, &stop)));
    Planning { steps, end }
}

fn plan(
    activities: FileActivities,
    mut planner: Planner,
    known: &Known,
    (send, stop): (&mpsc::Sender<Step>, &AtomicBool),
) -> (Planner, Option<ReadError>) {
    for activity in activities {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let activity = match activity {
            Ok(activity) => activity,
            Err(error) => return (planner, Some(error)),
        };
        let plan = planner.plan(known, &activity);
        let starts = plan
            .submissions
            .iter()
            .any(|submission| submission.starts_import);
        let (started, answer): (_, Option<Receiver<bool>>) = if starts {
            let (started, answer) = sync_channel(1);
            (Some(started), Some(answer))
        } else {
            (None, None)
        };
        if send.blocking_send(Step { plan, started }).is_err() {
            break; // Nobody sends any more: the import has failed, and says so itself.
        }
        // Until the ledger has the run's beginning, nothing else is planned: what follows depends on it.
        match answer.map(|answer| answer.recv()) {
            Some(Ok(false)) => planner.start_refused(),
            Some(Ok(true)) | None => {}
            Some(Err(_)) => break,
        }
    }
    (planner, None)
}
