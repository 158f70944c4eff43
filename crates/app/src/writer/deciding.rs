//! What is decided on a submission, and how it becomes a record.

use std::sync::Arc;

use perennial_domain::Date;
use perennial_domain::book::Decision;
use perennial_domain::event::Stream;
use perennial_domain::log::{Position, RecordedAt};
use perennial_domain::rejection::{Class, Refusal};
use perennial_proof::SealError;
use perennial_proof::planted::{Bug, planted};
use perennial_wire::stored::{Outcome, RecordBody, StoredRefusal};

use super::batch::Waiting;
use super::{Job, Writer, answer, repeat};
use crate::ledger::InForce;
use crate::ports::log::StoredEntry;
use crate::requests::Taken;
use crate::submission::{Accepted, Place, Prepared, SubmitError};

impl Writer {
    pub(super) fn take(&mut self, job: Job) {
        match self.requests.find(job.prepared.request_id) {
            Ok(None) => {}
            Ok(Some(taken)) => return self.repeat(job, taken),
            Err(error) => {
                let reason = format!("whether the request id is taken is not known: {error}");
                return answer(job, Err(SubmitError::Unavailable { reason }));
            }
        }
        self.take_new(job);
    }

    /// Decides a submission whose request id is not taken.
    pub(super) fn take_new(&mut self, job: Job) {
        let at = Position(self.chain.next_position().0);
        let now = self.ports.clock.now();
        let today = now.max(self.last_recorded_at().unwrap_or_default()).date();
        match self.decide(&job, at, today) {
            Ok(decision) if job.validate_only => {
                let accepted = Accepted::of(&decision.events, at, None);
                answer(job, Ok(accepted));
            }
            Ok(decision) => self.seal_events(job, decision, now),
            Err(refusal) if !job.validate_only && self.keeps(&refusal) => {
                self.seal_refusal(job, &refusal, now);
            }
            Err(refusal) => {
                let refusal = StoredRefusal::of(&refusal, &job.prepared.submission);
                let kept = None;
                self.refuse(job, SubmitError::Refused { refusal, kept });
            }
        }
    }

    /// What is decided; who submits cannot be who approves, whatever else is right or wrong.
    fn decide(&self, job: &Job, at: Position, today: Date) -> Result<Decision, Refusal> {
        let Prepared {
            submission, actor, ..
        } = &job.prepared;
        let decided = self.book.decide(submission, at, today);
        let own = submission.self_approvals(&actor.subject);
        match (decided, Refusal::of(own.clone())) {
            (decided, None) => decided,
            (Ok(_), Some(refusal)) => Err(refusal),
            (Err(refusal), Some(_)) => Err(refusal.with(own)),
        }
    }

    /// A belief that a stream's progress made wrong is no evidence: the client reads again under the same id.
    fn keeps(&self, refusal: &Refusal) -> bool {
        self.book.policy().keep_refusals && refusal.class() != Class::Conflict
    }

    /// A refusal without a record. It says what the state is, and on a shared log that may have become another node's
    /// to say: the answer waits until this node knows that it still led after it decided.
    fn refuse(&mut self, job: Job, error: SubmitError) {
        if self.shared.is_none() || job.validate_only || planted(Bug::RefuseUnasked) {
            return answer(job, Err(error));
        }
        let after = Position(self.chain.next_position().0);
        self.held.refuse(job, error, after);
    }

    /// A request id that is known: answered from its record, now or once that is durable (INV-5).
    fn repeat(&mut self, job: Job, Taken { position, offset }: Taken) {
        match offset {
            Some(offset) => repeat::answer_from_log(&self.ports, job, position, offset),
            None => self.held.repeat(job, position),
        }
    }

    fn seal_events(&mut self, job: Job, decision: Decision, now: RecordedAt) {
        let at = decision.at;
        let accepted = Accepted::of(&decision.events, at, None);
        let body = self.body(&job.prepared, Outcome::Events(decision.events));
        match self.seal(&body, now) {
            Ok((entry, place)) => {
                let mut in_force = None;
                if let Outcome::Events(events) = body.outcome {
                    let of_ledger = events.iter().any(|event| event.stream == Stream::Ledger);
                    self.snapshots.began(&events);
                    self.book.apply(&Decision { at, events });
                    in_force = of_ledger.then(|| Arc::new(InForce::of(&self.book)));
                }
                self.requests.insert_pending(job.prepared.request_id, at);
                let answer = Ok(Accepted {
                    place: Some(place),
                    ..accepted
                });
                let waiting = Waiting {
                    job,
                    answer,
                    place,
                    in_force,
                };
                self.pending.push(entry, waiting);
            }
            Err(error) => answer(job, Err(error)),
        }
    }

    fn seal_refusal(&mut self, job: Job, refusal: &Refusal, now: RecordedAt) {
        let at = Position(self.chain.next_position().0);
        let refusal = StoredRefusal::of(refusal, &job.prepared.submission);
        let body = self.body(&job.prepared, Outcome::Refusal(refusal.clone()));
        match self.seal(&body, now) {
            Ok((entry, place)) => {
                self.requests.insert_pending(job.prepared.request_id, at);
                let answer = Err(SubmitError::Refused {
                    refusal,
                    kept: Some(place),
                });
                let waiting = Waiting {
                    job,
                    answer,
                    place,
                    in_force: None,
                };
                self.pending.push(entry, waiting);
            }
            Err(error) => answer(job, Err(error)),
        }
    }

    fn body(&self, prepared: &Prepared, outcome: Outcome) -> RecordBody {
        RecordBody {
            request_id: prepared.request_id,
            command_digest: prepared.command_digest,
            actor: prepared.actor.clone(),
            profile: self.book.profile(),
            salt: self.ports.ids.random(),
            outcome,
        }
    }

    fn seal(
        &mut self,
        body: &RecordBody,
        now: RecordedAt,
    ) -> Result<(StoredEntry, Place), SubmitError> {
        let bytes = perennial_wire::stored::encode_body(body);
        let mut entry = Vec::new();
        let sealed = self
            .chain
            .seal(now.0, &bytes, &mut entry)
            .map_err(|error| match error {
                SealError::BodyTooLong(bytes) => SubmitError::RecordTooLarge {
                    bytes,
                    limit: perennial_proof::entry::BODY_BYTES_MAX,
                },
                SealError::NoTerm | SealError::PositionsExhausted => SubmitError::Unavailable {
                    reason: error.to_string(),
                },
            })?;
        let place = Place {
            position: Position(sealed.position.0),
            recorded_at: RecordedAt(sealed.recorded_at),
            record_hash: sealed.record_hash,
        };
        Ok((StoredEntry(entry), place))
    }
}
