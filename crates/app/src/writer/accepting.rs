//! What becomes of what was sent, and who is told.

use std::sync::Arc;

use perennial_domain::ids::RequestId;
use perennial_domain::log::Position;
use perennial_proof::planted::{Bug, planted};

use super::batch::{Batch, Waiting};
use super::reading::indexed;
use super::{Job, TermEnd, Writer, WriterStopped, answer, repeat};
use crate::ledger::{Head, InForce, head_of};
use crate::ports::cache::LogPoint;
use crate::ports::log::{AppendOutcome, LogOffset};
use crate::ports::request_index::IndexedRequest;
use crate::records::{LedgerRecord, WonClaim};
use crate::recovery::{RecoverError, recover_state};
use crate::requests::Taken;
use crate::submission::{Place, SubmitError};

/// Accepted records, with who waits for them.
#[derive(Default)]
pub(super) struct Group {
    waiting: Vec<Waiting>,
    ids: Vec<IndexedRequest>,
    newest: Option<(LogPoint, Place)>,
    in_force: Option<Arc<InForce>>,
}

impl Group {
    pub(super) fn push(
        &mut self,
        record: &LedgerRecord,
        request_id: RequestId,
        waiting: Option<Waiting>,
    ) {
        self.ids.push(indexed(record, request_id));
        self.waiting.extend(waiting);
        self.pass_over(record);
    }

    pub(super) fn pass_over(&mut self, record: &LedgerRecord) {
        let point = LogPoint {
            position: record.position,
            record_hash: record.record_hash,
            term: record.term,
            offset: record.offset,
        };
        let place = Place {
            position: record.position,
            recorded_at: record.recorded_at,
            record_hash: record.record_hash,
        };
        self.newest = Some((point, place));
    }

    pub(super) fn in_force(&mut self, in_force: InForce) {
        self.in_force = Some(Arc::new(in_force));
    }
}

fn unavailable(reason: &str) -> SubmitError {
    SubmitError::Unavailable {
        reason: reason.to_owned(),
    }
}

impl Writer {
    /// Takes notice of the outcome of an append.
    pub(super) fn settle(
        &mut self,
        outcome: AppendOutcome,
    ) -> Result<Option<TermEnd>, WriterStopped> {
        if self.shared.is_some() {
            return self.settle_shared(outcome);
        }
        match outcome {
            AppendOutcome::Durable { first, .. } => {
                self.accept_flights(first);
                Ok(None)
            }
            AppendOutcome::Rejected { reason } => {
                self.abandon(|| unavailable(&reason));
                self.rebuild().map(|()| None)
            }
            AppendOutcome::Unknown { reason } => {
                self.abandon(|| SubmitError::OutcomeUnknown {
                    reason: reason.clone(),
                });
                Err(WriterStopped::OutcomeUnknown { reason })
            }
        }
    }

    /// Durable is not accepted here: only reading back tells. Anything odd ends the term.
    fn settle_shared(&mut self, outcome: AppendOutcome) -> Result<Option<TermEnd>, WriterStopped> {
        match outcome {
            AppendOutcome::Durable { first, next } => {
                if planted(Bug::AnswerOnAck) {
                    self.flights.answer_early();
                }
                let is_odd = !self.flights.acknowledged(first, next);
                let doubt = || TermEnd::Doubt("an append stands at an odd offset".to_owned());
                Ok(is_odd.then(doubt))
            }
            AppendOutcome::Rejected { reason } | AppendOutcome::Unknown { reason } => {
                if planted(Bug::AbsentIsNotWritten) || planted(Bug::ReusePosition) {
                    if planted(Bug::AbsentIsNotWritten) {
                        self.read_on()?;
                    }
                    self.abandon(|| unavailable(&reason));
                    return self.rebuild().map(|()| None);
                }
                Ok(Some(TermEnd::Doubt(reason)))
            }
        }
    }

    /// Everything on its way is durable from `first` on, and so accepted.
    fn accept_flights(&mut self, first: LogOffset) {
        let waiting = Vec::from(self.flights.take());
        let Some(place) = waiting.last().map(|waiting| waiting.place) else {
            return;
        };
        let id = |waiting: &Waiting| IndexedRequest {
            request_id: waiting.job.prepared.request_id,
            position: waiting.place.position,
            offset: first,
        };
        let point = LogPoint {
            position: place.position,
            record_hash: place.record_hash,
            term: self.chain.term(),
            offset: first,
        };
        self.finish(Group {
            ids: waiting.iter().map(id).collect(),
            waiting,
            newest: Some((point, place)),
            in_force: None,
        });
    }

    /// Tells everybody whom it concerns that records are accepted.
    pub(super) fn finish(&mut self, group: Group) {
        let Some((point, place)) = group.newest else {
            return;
        };
        self.told.head.send_replace(Head {
            newest: Some(place),
            term: point.term,
        });
        if let Some(in_force) = group.in_force {
            self.told.in_force.send_replace(in_force);
        }
        for waiting in group.waiting {
            if let Some(in_force) = waiting.in_force {
                self.told.in_force.send_replace(in_force);
            }
            answer(waiting.job, waiting.answer);
        }
        self.newest = Some(point);
        self.requests.settle(group.ids, point);
        self.snapshots.finish_if_durable(self.newest);
        for (position, job) in self.held.repeats_until(place.position) {
            self.repeat_accepted(job, position);
        }
    }

    fn repeat_accepted(&mut self, job: Job, position: Position) {
        match self.requests.find(job.prepared.request_id) {
            Ok(Some(Taken {
                offset: Some(offset),
                ..
            })) => repeat::answer_from_log(&self.ports, job, position, offset),
            Ok(_) => answer(job, Err(unavailable("the record was not read yet"))),
            Err(error) => answer(job, Err(unavailable(&error.to_string()))),
        }
    }

    /// Fails everything that is not known to be accepted.
    pub(super) fn abandon(&mut self, error: impl Fn() -> SubmitError) {
        let pending = std::mem::take(&mut self.pending);
        for waiting in self
            .flights
            .take()
            .into_iter()
            .chain(pending.into_waiting())
        {
            answer(waiting.job, Err(error()));
        }
        for job in self.held.repeats_from(Position(0)) {
            answer(job, Err(error()));
        }
        for refusal in self.held.take_refusals() {
            answer(refusal.job, Err(error()));
        }
        self.requests.forget_pending();
        self.watch_flights(false);
    }

    /// Ends the own term: what was not sent will not be, and what was sent waits for the claim that settles it.
    pub(crate) fn end_term(&mut self) {
        if let Some(shared) = &mut self.shared {
            (shared.leads, shared.stall) = (None, None);
        }
        let pending = std::mem::take(&mut self.pending);
        let over = "the term ended before the submission was sent to the log";
        let first = pending.first();
        self.give_up(pending, || unavailable(over));
        if let Some(first) = first {
            for job in self.held.repeats_from(first) {
                answer(job, Err(unavailable(over)));
            }
        }
        for refusal in self.held.take_refusals() {
            answer(refusal.job, Err(unavailable(over)));
        }
        #[cfg(feature = "planted-bugs")]
        if planted(Bug::ResendUnsettled) {
            let unsettled = self.flights.take();
            let jobs = unsettled.into_iter().map(|waiting| waiting.job);
            self.resent.extend(jobs);
            self.pollute();
        }
        self.requests.forget_pending();
        for waiting in self.flights.iter() {
            let request_id = waiting.job.prepared.request_id;
            self.requests
                .insert_pending(request_id, waiting.place.position);
        }
    }

    /// Tells what is on its way as not written, before that is known: a bug on purpose.
    pub(crate) fn settle_unread(&mut self) {
        for waiting in self.flights.take() {
            let reason = "nothing was written";
            answer(waiting.job, Err(unavailable(reason)));
        }
        self.pollute();
    }

    /// Leaves the ledger: whoever still waits is told that nobody knows.
    pub(crate) fn leave(&mut self) {
        self.abandon(|| SubmitError::OutcomeUnknown {
            reason: "the ledger was closed before the outcome was known".to_owned(),
        });
    }

    fn give_up(&mut self, batch: Batch, error: impl Fn() -> SubmitError) {
        if !batch.is_empty() {
            self.pollute();
        }
        for waiting in batch.into_waiting() {
            answer(waiting.job, Err(error()));
        }
    }

    /// A claim won: what is not accepted by now never will be.
    pub(super) fn term_began(&mut self, won: WonClaim) {
        let Some(shared) = &mut self.shared else {
            return;
        };
        let next_offset = won.next_offset;
        let leader = won.leader.clone();
        shared.began(won);
        let ours = shared.leads.is_some();
        if ours {
            self.flights.begin_term(next_offset);
        }
        self.told.head.send_modify(|head| head.term = leader.term);
        let dead = || {
            if ours {
                unavailable("the submission came to nothing: it was overtaken by a new term")
            } else {
                let node = &leader.node;
                let reason = format!("node \"{node}\" leads from term {} on", leader.term);
                SubmitError::OutcomeUnknown { reason }
            }
        };
        let elsewhere = || {
            if ours {
                unavailable("the term ended before the submission was sent to the log")
            } else {
                SubmitError::NotLeader {
                    leader: leader.clone(),
                }
            }
        };
        let flights = self.flights.take();
        if !flights.is_empty() {
            self.pollute();
        }
        for waiting in flights {
            answer(waiting.job, Err(dead()));
        }
        let pending = std::mem::take(&mut self.pending);
        self.give_up(pending, elsewhere);
        for job in self.held.repeats_from(Position(0)) {
            answer(job, Err(dead()));
        }
        for refusal in self.held.take_refusals() {
            answer(refusal.job, Err(elsewhere()));
        }
        self.requests.forget_pending();
        self.watch_flights(false);
    }

    /// The state holds what will never be part of the ledger: it is read back once nothing is on its way.
    pub(super) fn pollute(&mut self) {
        if let Some(shared) = &mut self.shared
            && !planted(Bug::KeepDeadState)
        {
            shared.polluted = true;
            self.snapshots.give_up();
        }
    }

    /// Reads the state back from the log.
    pub(super) fn rebuild(&mut self) -> Result<(), WriterStopped> {
        let source = self.ports.source(&self.ledger_id);
        let state = recover_state(&source, &mut self.requests).map_err(WriterStopped::Recover)?;
        let created = || WriterStopped::Recover(RecoverError::NotCreated);
        self.book = state.book.ok_or_else(created)?;
        self.chain = state.reader.chain().clone();
        self.newest = state.newest;
        self.snapshots.restart(&self.book);
        if let Some(shared) = &mut self.shared {
            shared.replace(state.reader);
            self.told.head.send_replace(head_of(&self.chain));
            let in_force = Arc::new(InForce::of(&self.book));
            self.told.in_force.send_replace(in_force);
        }
        Ok(())
    }

    /// Asks for the log's end, if a refusal waits for it.
    pub(super) fn ask_end(&mut self) {
        if self.held.wants_end() {
            self.held.ask(self.ports.log.end_now());
        }
    }

    /// Takes notice of the log's end, or that nobody knows it.
    pub(super) fn ends_at(&mut self, end: Option<LogOffset>) {
        match end {
            Some(end) => {
                self.held.ends_at(end);
                self.tell_refusals();
            }
            None => {
                for refusal in self.held.unknown() {
                    let unknown = "whether this node still leads is not known";
                    answer(refusal.job, Err(unavailable(unknown)));
                }
            }
        }
    }

    /// Tells the refusals that this node could still give when the log was as long as it has read.
    pub(super) fn tell_refusals(&mut self) {
        let Some(shared) = self.shared.as_ref().filter(|shared| shared.leads.is_some()) else {
            return;
        };
        let next = Position(shared.chain().next_position().0);
        for refusal in self.held.tellable(next, shared.reader.next_offset()) {
            answer(refusal.job, Err(refusal.error));
        }
    }
}
