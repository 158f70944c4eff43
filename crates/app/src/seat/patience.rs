//! How long a standby waits before it claims: pings that the leader does not answer, then a random while.

use std::sync::Arc;
use std::time::Duration;

use perennial_domain::ids::LedgerId;
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
    silent: u32,
    step: Step,
    /// The claim of the leader, looked for in the log.
    found: Option<oneshot::Receiver<Option<WonClaim>>>,
}

impl Patience {
    pub(super) fn new(ports: &WriterPorts, options: SeatOptions) -> Self {
        Self {
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
                        WaitsFor::Nobody => self.last(),
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
            self.note(pulse);
        }
    }

    /// Takes notice of an answer, or that there was none in time.
    fn note(&mut self, pulse: Option<Pulse>) {
        if let Some(Pulse::Leads(_)) = pulse {
            return self.begin_anew();
        }
        self.silent = self.silent.saturating_add(1);
        if self.options.silent_pings_max <= self.silent {
            return self.last();
        }
        // Who did not answer in time was waited for long enough already.
        let pause = match pulse {
            Some(_) => self.options.ping_interval,
            None => Duration::ZERO,
        };
        self.step = Step::Pause(self.tasks.sleep(pause));
    }

    fn last(&mut self) {
        let most = u64::try_from(self.options.claim_wait_max.as_micros()).unwrap_or(u64::MAX);
        let random = u128::from_le_bytes(self.ids.random());
        let wait = random.checked_rem(u128::from(most).saturating_add(1));
        let wait = u64::try_from(wait.unwrap_or_default()).unwrap_or_default();
        self.step = Step::Last(self.tasks.sleep(Duration::from_micros(wait)));
    }
}
