//! Following: read what the leader writes, refer whoever asks, and lose patience when it falls silent.

use std::sync::Arc;

use perennial_proof::planted::{Bug, planted};
use perennial_proof::{Chain, Entry, Term};
use tokio::sync::{mpsc, oneshot};

use super::Seat;
use super::patience::{Ended, WaitsFor};
use super::status::{Leader, Role};
use crate::ports::log::{LogOffset, LogRead};
use crate::records::WonClaim;
use crate::writer::{Job, Wake, Writer, WriterStopped};

/// How much of the log is read at a time when the leader's claim is looked for.
const READ_BYTES: usize = 512 * 1024;

impl Seat {
    /// Follows until it is time to campaign; `None` once the queue is closed.
    pub(super) async fn follow(
        &mut self,
        queue: &mut mpsc::Receiver<Job>,
    ) -> Result<Option<Role>, WriterStopped> {
        self.writer.read_on()?;
        loop {
            self.writer.snapshots.begin_if_due(self.writer.newest());
            let leader = self.writer.leader();
            let waits_for = WaitsFor::of(leader, &self.claimant);
            tokio::select! {
                biased;
                wake = Wake::of(&mut self.writer.shared) => match wake {
                    Wake::More => {
                        let term = self.writer.term();
                        self.writer.read_on()?;
                        if term < self.writer.term() {
                            self.patience.begin_anew();
                        }
                    }
                    // Nothing of this node is on its way in a term of its own.
                    Wake::Stalled => {}
                },
                job = queue.recv() => match job {
                    Some(job) if planted(Bug::ForgetQueue) => drop(job),
                    Some(job) => self.refer(job),
                    None => return Ok(None),
                },
                room = self.writer.snapshots.room() => self.writer.step_snapshot(room),
                ended = self.patience.ends(&self.ledger_id, waits_for) => match ended {
                    Ended::Found(claim) => self.writer.know_leader(claim),
                    Ended::RanOut => return Ok(Some(Role::Campaigning)),
                },
            }
        }
    }

    /// Looks for the claim of the leader, if it stands before where this node began to read.
    pub(super) fn find_leader(&mut self) {
        let Some(shared) = &self.writer.shared else {
            return;
        };
        if shared.claim.is_some() || shared.chain().term() == Term(0) {
            return;
        }
        let log = Arc::clone(&self.writer.ports.log);
        let (ledger_id, term) = (self.ledger_id.to_string(), shared.chain().term());
        let (sender, found) = oneshot::channel();
        self.writer.ports.tasks.run_blocking(Box::new(move || {
            // A seat that was left needs no leader.
            drop(sender.send(claim_of(&*log, &ledger_id, term)));
        }));
        self.patience.look_for(found);
    }
}

/// Reads a log's claims up to the one that began `term`; nothing if the log cannot be read.
fn claim_of(log: &dyn LogRead, ledger_id: &str, term: Term) -> Option<WonClaim> {
    let mut tail = log.tail(LogOffset::default()).ok()?;
    let mut chain = Chain::new(ledger_id);
    loop {
        let entries = tail.read(READ_BYTES).ok()?;
        if entries.is_empty() {
            return None;
        }
        for stored in entries {
            // Which claims win does not depend on records.
            let Ok(entry @ Entry::Claim(_)) = Entry::decode(&stored.entry.0) else {
                continue;
            };
            let before = chain.term();
            if chain.judge(&entry).is_err() || before == chain.term() || chain.term() != term {
                continue;
            }
            if let Entry::Claim(claim) = entry {
                let leader = Leader {
                    term,
                    node: claim.node,
                    address: claim.address,
                };
                return Some(WonClaim {
                    leader,
                    nonce: claim.nonce,
                    next_offset: stored.next_offset,
                });
            }
        }
    }
}

impl Writer {
    /// Takes notice of who leads, unless a newer claim was read meanwhile.
    fn know_leader(&mut self, found: Option<WonClaim>) {
        if let Some(shared) = &mut self.shared
            && shared.claim.is_none()
        {
            shared.claim = found.filter(|claim| claim.leader.term == shared.chain().term());
        }
        self.tell_status();
    }
}
