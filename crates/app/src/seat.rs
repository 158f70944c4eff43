//! A node's seat in one ledger: it follows, campaigns, or leads.
//!
//! On an exclusive log the seat leads as soon as it is taken, and a term without a known end ends the process. On a
//! shared log it *follows* first: it reads the log into a warm state and knows the leader from its claim. When the
//! leader falls silent it *campaigns*: it appends a claim for the next term and reads up to whichever claim wins. If
//! that is its own, it *leads*, until it reads another's claim or until anything about an append is odd; then only a new
//! claim can say what counts. Bad timing costs retries, never correctness: every reader judges the same log alike.
//! Source: DESIGN.md 4 "The fence", ADR-0017. Upholds INV-4 and INV-11.
//!
//! Read in order: [`status`], `following`, `patience`, `campaign`.

mod campaign;
mod following;
mod patience;
pub mod status;

use std::time::Duration;

use perennial_domain::ids::LedgerId;
use perennial_proof::planted::{Bug, planted};
use tokio::sync::mpsc;

use crate::ledger::Claimant;
use crate::submission::SubmitError;
use crate::writer::{Job, TermEnd, Writer, WriterStopped, answer};

use patience::Patience;
use status::{Leader, Role};

/// When a node that follows claims to lead.
#[derive(Clone, Copy, Debug)]
pub struct SeatOptions {
    /// How often the leader is asked whether it leads, and how long its answer is waited for.
    pub ping_interval: Duration,
    /// So many answers in a row have to be missing before a claim.
    pub silent_pings_max: u32,
    /// A claim then waits at most so long more: mostly by how much the node prefers the ledger, which spreads ledgers
    /// over nodes, and partly at random, so that two standbys seldom claim together.
    pub claim_wait_max: Duration,
}

impl Default for SeatOptions {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_millis(500),
            silent_pings_max: 3,
            claim_wait_max: Duration::from_millis(500),
        }
    }
}

/// A node's seat in one ledger.
pub(crate) struct Seat {
    writer: Writer,
    ledger_id: LedgerId,
    claimant: Claimant,
    patience: Patience,
}

impl Seat {
    pub(crate) fn new(writer: Writer, ledger_id: LedgerId, claimant: Claimant) -> Self {
        let patience = Patience::new(&writer.ports, writer.options.seat, &claimant);
        Self {
            writer,
            ledger_id,
            claimant,
            patience,
        }
    }

    /// Serves the queue until it is closed, in whatever role, then leaves the caches as they are of most use.
    ///
    /// # Errors
    /// [`WriterStopped`]; every waiting caller has been answered with what is known.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<Job>) -> Result<(), WriterStopped> {
        let served = if self.writer.shared.is_some() {
            self.sit(&mut queue).await
        } else {
            self.tell_alone();
            // Nobody else can claim, so a term ends with its queue or with an error.
            self.writer.lead(&mut queue).await.map(|_| ())
        };
        match &served {
            Ok(()) => self.writer.rest().await,
            Err(stopped) => self.note_problem(&stopped.to_string()),
        }
        self.writer.leave();
        // What nobody looked at was not recorded; a clean stop leaves nothing here.
        queue.close();
        while let Ok(job) = queue.try_recv() {
            let reason = "the ledger's writer has stopped".to_owned();
            answer(job, Err(SubmitError::Unavailable { reason }));
        }
        self.writer.close().await;
        served
    }

    async fn sit(&mut self, queue: &mut mpsc::Receiver<Job>) -> Result<(), WriterStopped> {
        self.find_leader();
        let leads = self.leads();
        let mut role = if leads {
            Role::Leading
        } else {
            Role::Following
        };
        loop {
            self.tell(role);
            role = match role {
                Role::Following => match self.follow(queue).await? {
                    Some(role) => role,
                    None => return Ok(()),
                },
                Role::Campaigning => {
                    if self.campaign().await? {
                        Role::Leading
                    } else {
                        Role::Following
                    }
                }
                Role::Leading => match self.writer.lead(queue).await? {
                    TermEnd::Closed => return Ok(()),
                    TermEnd::Deposed => {
                        // What was waited for before this node led says nothing of who leads now: without a new wait
                        // two nodes would depose each other for ever.
                        if !planted(Bug::ClaimWhenDeposed) {
                            self.patience.begin_anew();
                        }
                        Role::Following
                    }
                    TermEnd::Doubt(reason) => {
                        tracing::warn!(ledger = %self.ledger_id, reason, "the term ends: a new claim settles what counts");
                        self.note_problem(&reason);
                        self.writer.end_term();
                        Role::Campaigning
                    }
                },
            };
        }
    }

    fn leads(&self) -> bool {
        let shared = self.writer.shared.as_ref();
        shared.is_some_and(|shared| shared.leads.is_some())
    }

    fn tell(&mut self, role: Role) {
        let changed = self.writer.told.status.send_if_modified(|status| {
            let changed = status.role != role;
            status.role = role;
            changed
        });
        self.writer.tell_status();
        if changed {
            let term = self.writer.told.status.borrow().term.0;
            tracing::info!(ledger = %self.ledger_id, ?role, term, "the seat's role");
        }
    }

    /// On an exclusive log there is nothing to find out.
    fn tell_alone(&mut self) {
        let term = self.writer.term();
        let leader = Leader {
            term,
            node: self.claimant.node.clone(),
            address: self.claimant.address.clone(),
        };
        self.writer.told.status.send_modify(|status| {
            (status.role, status.term) = (Role::Leading, term);
            status.leader = Some(leader);
        });
    }

    fn note_problem(&mut self, problem: &str) {
        let status = &self.writer.told.status;
        status.send_modify(|status| status.last_problem = Some(problem.to_owned()));
    }

    /// Sends whoever asks to the leader, if there is another one.
    fn refer(&self, job: Job) {
        let elsewhere = self
            .writer
            .leader()
            .filter(|leader| !self.claimant.made_claim_of(leader));
        let error = match elsewhere {
            Some(leader) => SubmitError::NotLeader {
                leader: leader.clone(),
            },
            None => SubmitError::Unavailable {
                reason: "no node leads the ledger now".to_owned(),
            },
        };
        answer(job, Err(error));
    }
}
