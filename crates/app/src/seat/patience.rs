//! How long a standby waits before it claims: pings that the leader does not answer, then a random while.

use std::sync::Arc;
use std::time::Duration;

use perennial_domain::ids::LedgerId;
use perennial_proof::Hash;
use tokio::sync::oneshot;

use super::SeatOptions;
use super::status::Leader;
use crate::ledger::Claimant;
use crate::ports::ids::Ids;
use crate::ports::liveness::{Liveness, Pulse, PulseAnswer};
use crate::ports::tasks::{Task, Tasks};
use crate::records::WonClaim;
use crate::writer::WriterPorts;

/// Whom a follower waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WaitsFor {
    /// A leader that can be asked.
    Leader(Leader),
    /// Nobody: the last claim is this node's own, from before it stopped or lost its way, or nobody ever led.
    Nobody,
}

/// Why waiting ended.
pub(super) enum Ended {
    /// The leader was silent for long enough.
    RanOut,
    /// The leader's claim was looked for, and found or not.
    Found(Option<WonClaim>),
}

impl WaitsFor {
    /// Says whom a node waits for, by who led last.
    pub(super) fn of(leader: Option<&Leader>, own: &Claimant) -> Self {
        match leader {
            Some(leader) if !own.made_claim_of(leader) => Self::Leader(leader.clone()),
            Some(_) | None => Self::Nobody,
        }
    }
}

enum Step {
    /// Until the leader is asked.
    Pause(Task),
    /// Until the leader answers, but not for ever.
    Asking(PulseAnswer, Task),
    /// Until the claim.
    Last(Task),
}

/// A follower's patience with the leader.
pub(super) struct Patience {
    tasks: Arc<dyn Tasks>,
    ids: Arc<dyn Ids>,
    liveness: Arc<dyn Liveness>,
    options: SeatOptions,
    /// Tells this node from others.
    own: String,
    silent: u32,
    step: Step,
    /// The claim of the leader, looked for in the log.
    found: Option<oneshot::Receiver<Option<WonClaim>>>,
}

impl Patience {
    pub(super) fn new(ports: &WriterPorts, options: SeatOptions, claimant: &Claimant) -> Self {
        Self {
            own: format!("{}\n{}", claimant.node, claimant.address),
            tasks: Arc::clone(&ports.tasks),
            ids: Arc::clone(&ports.ids),
            liveness: Arc::clone(&ports.liveness),
            options,
            silent: 0,
            step: Step::Pause(ports.tasks.sleep(options.ping_interval)),
            found: None,
        }
    }

    /// Begins anew: another node leads now, or a claim of this node came to nothing.
    pub(super) fn begin_anew(&mut self) {
        self.silent = 0;
        self.step = Step::Pause(self.tasks.sleep(self.options.ping_interval));
    }

    /// Waits for the claim of the leader to be found before anything else.
    pub(super) fn look_for(&mut self, found: oneshot::Receiver<Option<WonClaim>>) {
        self.found = Some(found);
    }

    /// Waits until the leader was silent for long enough, or until its claim is found.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(super) async fn ends(&mut self, ledger_id: &LedgerId, waits_for: WaitsFor) -> Ended {
        if let Some(found) = &mut self.found {
            let claim = found.await.unwrap_or_default();
            self.found = None;
            return Ended::Found(claim);
        }
        self.runs_out(ledger_id, waits_for).await;
        Ended::RanOut
    }

    async fn runs_out(&mut self, ledger_id: &LedgerId, waits_for: WaitsFor) {
        loop {
            let pulse = match &mut self.step {
                Step::Pause(pause) => {
                    pause.as_mut().await;
                    match &waits_for {
                        WaitsFor::Leader(leader) => {
                            let answer = self.liveness.pulse(ledger_id, leader);
                            let limit = self.tasks.sleep(self.options.ping_interval);
                            self.step = Step::Asking(answer, limit);
                        }
                        WaitsFor::Nobody => self.last(ledger_id),
                    }
                    continue;
                }
                Step::Last(last) => return last.as_mut().await,
                Step::Asking(answer, limit) => tokio::select! {
                    biased;
                    pulse = answer.as_mut() => Some(pulse),
                    () = limit.as_mut() => None,
                },
            };
            self.note(ledger_id, pulse);
        }
    }

    /// Takes notice of an answer, or that there was none in time.
    fn note(&mut self, ledger_id: &LedgerId, pulse: Option<Pulse>) {
        if let Some(Pulse::Leads(_)) = pulse {
            return self.begin_anew();
        }
        self.silent = self.silent.saturating_add(1);
        if self.options.silent_pings_max <= self.silent {
            return self.last(ledger_id);
        }
        // Who did not answer in time was waited for long enough already.
        let pause = match pulse {
            Some(_) => self.options.ping_interval,
            None => Duration::ZERO,
        };
        self.step = Step::Pause(self.tasks.sleep(pause));
    }

    /// Begins the last wait: mostly by this node's preference for the ledger, so that ledgers whose leader is gone are
    /// spread over the nodes that are left, and a part at random, so that no two nodes always claim together.
    fn last(&mut self, ledger_id: &LedgerId) {
        let most = u64::try_from(self.options.claim_wait_max.as_micros()).unwrap_or(u64::MAX);
        let at_random = most / CLAIM_WAIT_RANDOM_PART;
        let preferred = part_of(
            most.saturating_sub(at_random),
            preference(ledger_id, &self.own),
        );
        let random = u128::from_le_bytes(self.ids.random());
        let random = random.checked_rem(u128::from(at_random).saturating_add(1));
        let random = u64::try_from(random.unwrap_or_default()).unwrap_or_default();
        let wait = Duration::from_micros(preferred.saturating_add(random));
        self.step = Step::Last(self.tasks.sleep(wait));
    }
}

/// One part in so many of the last wait is random.
const CLAIM_WAIT_RANDOM_PART: u64 = 4;

/// How little a node prefers a ledger, out of all of `u32`: the same on every node that computes it, and as good as
/// random over ledgers and nodes.
fn preference(ledger_id: &LedgerId, node: &str) -> u32 {
    let parts = [
        b"perennial.seat.v1\n",
        ledger_id.as_str().as_bytes(),
        b"\n",
        node.as_bytes(),
    ];
    let hash = Hash::of_parts(&parts);
    let [first, second, third, fourth, ..] = *hash.as_bytes();
    u32::from_be_bytes([first, second, third, fourth])
}

/// Returns `preference` out of all of `u32`, as a part of `whole`.
fn part_of(whole: u64, preference: u32) -> u64 {
    let part = (u128::from(whole).saturating_mul(u128::from(preference))) >> u32::BITS;
    u64::try_from(part).unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_ledgers_of_a_node_that_is_gone_are_spread_over_those_that_are_left() {
        let nodes = [
            "node-2\n10.0.0.2:7410",
            "node-3\n10.0.0.3:7410",
            "node-4\n10.0.0.4:7410",
        ];
        let mut led: BTreeMap<&str, u32> = BTreeMap::new();
        for number in 0..300 {
            let ledger_id = LedgerId::parse(&format!("ledger-{number}")).unwrap();
            let first = nodes.iter().min_by_key(|node| preference(&ledger_id, node));
            *led.entry(first.unwrap()).or_default() += 1;
        }
        for node in nodes {
            assert!((70..=130).contains(&led[node]), "{led:?}");
        }
    }

    #[test]
    fn a_preference_is_a_part_of_the_wait() {
        assert_eq!(part_of(375_000, 0), 0);
        assert_eq!(part_of(375_000, 1 << 31), 187_500);
        assert_eq!(part_of(375_000, u32::MAX), 374_999);
    }
}
