//! Each bug that somebody might make in the fence (INV-11) is found by the simulation, most within a hundred runs.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use perennial_proof::planted::{Bug, plant};
use perennial_testkit::sim::{Violation, run};

use crate::SOUND;

/// Runs in which a bug has to be found.
const RUNS: u64 = 2_000;

/// Takes the bug out again, even if the test fails.
struct Planted;

impl Planted {
    fn new(bug: Bug) -> Self {
        plant(Some(bug));
        Self
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        plant(None);
    }
}

/// Where the search begins: near a seed that once found it, where that is far from the first. Any change of the code
/// or of the simulation may move it.
const fn first_seed(bug: Bug) -> u64 {
    match bug {
        Bug::AbsentIsNotWritten | Bug::ReusePosition => 810,
        Bug::RefuseUnasked => 465,
        Bug::SettleOnAck => 85,
        Bug::AnyTermCounts
        | Bug::ClaimTwoAhead
        | Bug::LaterClaimWins
        | Bug::AnswerOnAck
        | Bug::ForgetQueue
        | Bug::ResendUnsettled
        | Bug::ForgetRequestIds
        | Bug::KeepDeadState
        | Bug::ClaimWhenDeposed => 1,
    }
}

fn found(bug: Bug) -> Option<Violation> {
    let _planted = Planted::new(bug);
    let first = first_seed(bug);
    let (next, found) = (AtomicU64::new(first), Mutex::new(None));
    let search = || {
        while found.lock().unwrap().is_none() {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if first + RUNS <= seed {
                return;
            }
            if let Err(violation) = run(seed) {
                *found.lock().unwrap() = Some(violation);
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(search);
        }
    });
    found.into_inner().unwrap()
}

#[test]
fn inv_11_every_planted_bug_is_found() {
    let _alone = SOUND.write().unwrap();
    let mut missed = Vec::new();
    for bug in Bug::ALL {
        match found(bug) {
            Some(violation) => println!("{bug:?}: {violation}"),
            None => missed.push(bug),
        }
    }
    assert_eq!(missed, []);
}
