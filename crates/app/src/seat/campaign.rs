//! Campaigning: append a claim for the next term, and read up to whichever claim begins it.

use perennial_proof::planted::{Bug, planted};

use super::Seat;
use crate::founding::claim_entry;
use crate::ledger::check_clock;
use crate::ports::log::{AppendOutcome, Ticket};
use crate::writer::{Wake, WriterStopped};

impl Seat {
    /// Claims to lead; true once the claim was read and has won. Whatever wins, everything of an earlier term is
    /// settled then.
    pub(super) async fn campaign(&mut self) -> Result<bool, WriterStopped> {
        let won = self.claim().await?;
        if !won {
            self.patience.begin_anew();
        }
        Ok(won)
    }

    async fn claim(&mut self) -> Result<bool, WriterStopped> {
        let before = self.writer.term();
        self.writer.read_on()?;
        if before < self.writer.term() {
            // Another node leads already, and what was in doubt is settled.
            return Ok(false);
        }
        let last = self.writer.last_recorded_at();
        if let Err(behind) = check_clock(last, self.writer.ports.clock.now()) {
            return Ok(self.lost(&behind.to_string()));
        }
        let Some(term) = self.writer.next_term() else {
            return Ok(self.lost("no term is left"));
        };
        let nonce = self.writer.ports.ids.random();
        let entry = match claim_entry(&self.claimant, term, nonce) {
            Ok((_, entry)) => entry,
            Err(problem) => return Ok(self.lost(&problem)),
        };
        self.writer.begin_campaign(nonce);
        let mut ticket = Some(self.writer.ports.log.claim(entry));
        let wait = self.writer.options.append_wait_max;
        let mut limit = self.writer.ports.tasks.sleep(wait);
        while self.writer.term() < term {
            tokio::select! {
                biased;
                wake = Wake::of(&mut self.writer.shared) => match wake {
                    Wake::More => self.writer.read_on()?,
                    Wake::Stalled => {}
                },
                outcome = told(&mut ticket) => match outcome {
                    // It stands in the log: reading comes to it.
                    AppendOutcome::Durable { .. } => {
                        if planted(Bug::SettleOnAck) {
                            self.writer.settle_unread();
                        }
                    }
                    // It may still appear, and win; then its nonce is not the newest of this node any more.
                    AppendOutcome::Rejected { reason } | AppendOutcome::Unknown { reason } => {
                        return Ok(self.lost(&reason));
                    }
                },
                () = limit.as_mut() => return Ok(self.lost("nothing became of the claim in time")),
            }
        }
        Ok(self.leads())
    }

    /// Gives the claim up: if it is read later, it is as another node's.
    fn lost(&mut self, problem: &str) -> bool {
        tracing::warn!(ledger = %self.ledger_id, problem, "the claim to lead came to nothing");
        self.note_problem(problem);
        if let Some(shared) = &mut self.writer.shared {
            shared.claimed = None;
        }
        false
    }
}

/// Waits for the outcome of the claim, once; for ever after that.
async fn told(ticket: &mut Option<Ticket>) -> AppendOutcome {
    let Some(waiting) = ticket else {
        return std::future::pending().await;
    };
    let outcome = waiting.await.unwrap_or_else(|_| AppendOutcome::Unknown {
        reason: "the log stopped without an answer".to_owned(),
    });
    *ticket = None;
    outcome
}
