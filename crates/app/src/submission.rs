//! A submission on its way through the writer, and what it is answered.

use perennial_domain::Date;
use perennial_domain::command::{Action, Command, Expected, Submission};
use perennial_domain::event::{Event, Stream};
use perennial_domain::ids::RequestId;
use perennial_domain::ledger::LedgerCommand;
use perennial_domain::log::{EventId, Position, RecordedAt, Revision};
use perennial_domain::rule::{Breach, Override};
use perennial_proof::Hash;
use perennial_wire::stored::{Actor, StoredRefusal};

use crate::seat::status::Leader;

/// First bytes of what a command digest is taken over; a new normalisation gets a new tag.
const DIGEST_TAG: &[u8] = b"perennial.command.v1\n";
/// The same for changes of policy that name no day.
const POLICY_DIGEST_TAG: &[u8] = b"perennial.policy-change.v1\n";

/// A validated submission with everything that is worked out before it takes its place in the queue.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The client's key.
    pub request_id: RequestId,
    /// Hash of the normalised commands: the same request id with another digest is refused (INV-5).
    pub command_digest: [u8; 32],
    /// Who sent it.
    pub actor: Actor,
    /// What is asked for.
    pub submission: Submission,
}

impl Prepared {
    /// Computes the digest of `submission` and keeps it beside it.
    pub fn new(request_id: RequestId, actor: Actor, submission: Submission) -> Self {
        let canonical = perennial_wire::request::canonical_submission(&submission);
        let command_digest = *Hash::of_parts(&[DIGEST_TAG, &canonical]).as_bytes();
        Self {
            request_id,
            command_digest,
            actor,
            submission,
        }
    }
}

impl Prepared {
    /// A change of policy as an administrator asks for it, effective on `today`. Its digest leaves the day out, so that
    /// the same request on a later day is the same request (INV-5).
    pub fn policy_change(
        request_id: RequestId,
        actor: Actor,
        (command, expected): (LedgerCommand, Option<Revision>),
        today: Date,
    ) -> Self {
        let on = |effective_on| Submission {
            commands: vec![Command {
                effective_on,
                external_reference: None,
                evidence: Vec::new(),
                overrides: Vec::new(),
                action: Action::Ledger(command.clone()),
                functional_from_table: false,
            }],
            expected: expected
                .map(|revision| (Stream::Ledger, Expected::Exactly(revision)))
                .into_iter()
                .collect(),
        };
        let canonical = perennial_wire::request::canonical_submission(&on(Date::ZERO));
        let command_digest = *Hash::of_parts(&[POLICY_DIGEST_TAG, &canonical]).as_bytes();
        Self {
            request_id,
            command_digest,
            actor,
            submission: on(today),
        }
    }
}

/// One event of an accepted submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Its id.
    pub event_id: EventId,
    /// Its kind, as in `DisbursementMade`.
    pub kind: &'static str,
    /// Its stream.
    pub stream: Stream,
    /// The stream's revision after it.
    pub revision: Revision,
    /// The rules it broke, each once.
    pub flags: Vec<Breach>,
    /// Those of them that only an override let pass.
    pub overrides: Vec<Override>,
}

/// Where an accepted submission stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its record's position.
    pub position: Position,
    /// When it was recorded.
    pub recorded_at: RecordedAt,
    /// Its record's hash.
    pub record_hash: Hash,
}

/// The answer to an accepted submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Where it stands; absent for `validate_only`.
    pub place: Option<Place>,
    /// Its events, in order.
    pub events: Vec<RecordedEvent>,
    /// True if it had been accepted before, under the same request id.
    pub replayed: bool,
}

impl Accepted {
    /// Describes `events`, which stand or would stand at `at`.
    pub fn of(events: &[Event], at: Position, place: Option<Place>) -> Self {
        let events = (0_u32..)
            .zip(events)
            .map(|(index, event)| RecordedEvent {
                event_id: EventId {
                    position: at,
                    index,
                },
                kind: event.fact.kind(),
                stream: event.stream.clone(),
                revision: event.revision,
                flags: event.flags.clone(),
                overrides: event.overrides.clone(),
            })
            .collect();
        Self {
            place,
            events,
            replayed: false,
        }
    }
}

/// Why a submission was not accepted. One variant for each thing that the client can do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// A rule or the state of the ledger is against it. Change the command or the state first.
    #[error("the submission was refused")]
    Refused {
        /// Every reason, in a stable order; the same whether it was decided now or is read back.
        refusal: StoredRefusal,
        /// Where the refusal is kept, in a ledger that keeps refusals.
        kept: Option<Place>,
    },
    /// The request id belongs to another command (R1).
    #[error("the request id was used for another command, at position {position}")]
    RequestIdReused {
        /// That command's record.
        position: Position,
    },
    /// The events do not fit into one record. Split the submission.
    #[error("the record body would have {bytes} bytes, more than {limit}")]
    RecordTooLarge {
        /// What it would need.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The queue is full: nothing was done. Slow down.
    #[error("the writer's queue of {limit} submissions is full")]
    QueueFull {
        /// The queue's capacity.
        limit: usize,
    },
    /// Another node leads the ledger: nothing was appended here. Go there with the same request id.
    #[error("node \"{}\" leads the ledger, in term {}", leader.node, leader.term)]
    NotLeader {
        /// Who leads, as far as this node has read.
        leader: Leader,
    },
    /// Nothing was appended and nothing will be; try again later with the same request id.
    #[error("the log cannot be written: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
    /// It may have been appended. Retry the same request id, never a new one.
    #[error("the outcome is unknown: {reason}")]
    OutcomeUnknown {
        /// Why.
        reason: String,
    },
    /// The ledger's own bytes contradict each other. Call the operator.
    #[error("the ledger is damaged: {problem}")]
    Damaged {
        /// Where.
        position: Position,
        /// What was found.
        problem: String,
    },
}
