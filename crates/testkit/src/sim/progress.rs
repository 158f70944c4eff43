//! What must go on once nothing goes wrong any more: one node comes to lead, and leads to the end without new claims;
//! whoever asks is answered, and soon knows.
//!
//! Timing never makes the ledger tell what is not so, so `check` sees nothing of nodes that depose each other for ever.

use perennial_app::seat::status::Role;

use super::check::History;
use super::client::{Diary, Told};
use super::executor::{MS, Moment};
use super::node::{Cluster, name};

/// Whatever went wrong has its last effect so long after everything healed. Late messages come within 4 s, whoever
/// waits for an append in vain gives up after 2 s, a clock that went ahead by 15 s lets nobody claim for 5 s, and
/// losing patience takes a second.
pub(super) const SETTLES: Moment = 8_000 * MS;

/// So long it is looked on after that, at least.
pub(super) const QUIET: Moment = 3_000 * MS;

/// Claims of each node from when everything heals until it is quiet, at most: for what it had begun, when it gives that
/// up, and for who was silent.
const CLAIMS_MAX: usize = 4;

/// Claims when it is quiet, at most. Where an entry that counts for nobody stands in the log, the next append comes to
/// stand at another offset than the leader expects, which ends its term: it claims once more.
const QUIET_CLAIMS_MAX: usize = 1;

/// How long an answer takes at most when nothing goes wrong: less than any caller's own limit.
const ANSWER_MAX: Moment = 100 * MS;

/// How long a client asks at most until it knows, when nothing goes wrong. It may go to wrong nodes meanwhile, and rests
/// after each.
const KNOWS_MAX: Moment = 5_000 * MS;

/// A moment of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) at: Moment,
    /// Entries in the log.
    pub(super) entries: usize,
}

impl Mark {
    /// Marks this moment.
    pub(super) fn now(cluster: &Cluster) -> Self {
        Self {
            at: cluster.clockwork.now(),
            entries: cluster.broker.end(),
        }
    }
}

/// When everything healed, and when its effects were over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calm {
    pub(super) heals: Mark,
    pub(super) quiet: Mark,
}

/// Says what did not go on.
pub(super) fn check(
    history: &History,
    diary: &Diary,
    (calm, cluster): (Calm, &Cluster),
) -> Result<(), String> {
    check_claims(history, (calm, cluster))?;
    check_leader(history, cluster)?;
    check_answers(diary, (calm, cluster))
}

fn check_claims(history: &History, (calm, cluster): (Calm, &Cluster)) -> Result<(), String> {
    let between = |from: usize, to: usize| {
        let claims = history.claims.iter();
        claims.filter(move |claim| (from..to).contains(&claim.entry))
    };
    let (heals, quiet) = (calm.heals.entries, calm.quiet.entries);
    for (from, to, most) in [
        (heals, quiet, CLAIMS_MAX.saturating_mul(cluster.count())),
        (quiet, usize::MAX, QUIET_CLAIMS_MAX),
    ] {
        let claims = between(from, to).count();
        let won = between(from, to).filter(|claim| claim.won).count();
        if most < claims {
            let since = if from == quiet {
                "it was quiet"
            } else {
                "everything healed"
            };
            return Err(format!(
                "since {since} nodes claimed {claims} times, and {won} times won, where {most} are enough"
            ));
        }
    }
    let led = between(0, quiet).rfind(|claim| claim.won);
    let led = led.map_or("", |claim| claim.node.as_str());
    if led != history.leader {
        return Err(format!(
            "{led} led when it became quiet, and {} leads at the end",
            history.leader
        ));
    }
    Ok(())
}

fn check_leader(history: &History, cluster: &Cluster) -> Result<(), String> {
    let statuses = cluster.statuses();
    if statuses.len() < cluster.count() {
        return Err(format!("some nodes do not come up again: {statuses:?}"));
    }
    let mut leaders = statuses
        .iter()
        .filter(|(_, status, _)| status.role == Role::Leading)
        .map(|(number, _, _)| name(*number));
    if leaders.next().as_deref() == Some(&history.leader) && leaders.next().is_none() {
        return Ok(());
    }
    Err(format!(
        "{} should lead, and nobody else: {statuses:?}",
        history.leader
    ))
}

fn check_answers(diary: &Diary, (calm, cluster): (Calm, &Cluster)) -> Result<(), String> {
    let quiet = calm.quiet.at;
    for attempt in &diary.attempts {
        let took = attempt.ended.saturating_sub(attempt.begun);
        let most = if quiet <= attempt.begun {
            ANSWER_MAX
        } else {
            cluster.answer_wait_max()
        };
        if most < took {
            return Err(format!(
                "request {} was answered after {took} us, where {most} are enough: {:?}",
                attempt.request_id, attempt.told
            ));
        }
        if quiet <= attempt.begun && attempt.told == Told::Unknown {
            return Err(format!(
                "nothing went wrong any more, and nobody knew what became of request {}",
                attempt.request_id
            ));
        }
    }
    for wait in &diary.waits {
        let took = wait.ended.saturating_sub(wait.begun.max(quiet));
        if KNOWS_MAX < took {
            return Err(format!(
                "client {} came to know only {took} us after nothing went wrong any more",
                wait.client
            ));
        }
    }
    Ok(())
}
