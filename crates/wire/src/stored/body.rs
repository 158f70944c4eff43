//! `log.proto`: the body of a record.

use perennial_domain::event::Event;
use perennial_domain::ids::RequestId;
use perennial_domain::rule::Profile;
use prost::Message;

use super::error::{At, DecodeError, Problem, array, enumeration, list};
use super::event::{event_from_message, event_to_message};
use super::refusal::{StoredRefusal, refusal};
use crate::pb::log as pb;

/// Who submitted something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Opaque subject of the credential; `anonymous` without authentication.
    pub subject: String,
    /// Network address it came from; may be empty.
    pub peer: String,
}

/// What became of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its events, in order: at least one.
    Events(Vec<Event>),
    /// Why it was refused, in a ledger that keeps refusals.
    Refusal(StoredRefusal),
}

/// The body of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordBody {
    /// The client's key for the submission.
    pub request_id: RequestId,
    /// SHA-256 over the normalised submission.
    pub command_digest: [u8; 32],
    /// Who submitted it.
    pub actor: Actor,
    /// The profile by which it was judged.
    pub profile: Profile,
    /// Random: hides the body from who only holds its hash.
    pub salt: [u8; 16],
    /// What became of it.
    pub outcome: Outcome,
}

/// Returns the stored bytes of `body`. The limit of 900,000 bytes is for the caller to check.
pub fn encode_body(body: &RecordBody) -> Vec<u8> {
    let (events, refusal) = match &body.outcome {
        Outcome::Events(events) => (events.iter().map(event_to_message).collect(), None),
        Outcome::Refusal(refusal) => (Vec::new(), Some(refusal.into())),
    };
    let message = pb::RecordBody {
        request_id: body.request_id.0.to_vec(),
        command_digest: body.command_digest.to_vec(),
        actor: Some((&body.actor).into()),
        policy_profile: pb::Profile::from(body.profile).into(),
        salt: body.salt.to_vec(),
        events,
        refusal,
    };
    message.encode_to_vec()
}

/// Decodes the body of a record from its stored bytes.
///
/// # Errors
/// [`DecodeError`] with the path of the first field that is not as this version writes it. The ledger's reader
/// stops there, visibly (STYLE.md 7).
pub fn decode_body(bytes: &[u8]) -> Result<RecordBody, DecodeError> {
    let message = pb::RecordBody::decode(bytes).map_err(Problem::Bytes)?;
    let actor = message.actor.ok_or(Problem::Absent).at("actor")?;
    let outcome = match (message.events.is_empty(), message.refusal) {
        (false, None) => Outcome::Events(list("events", message.events, event_from_message)?),
        (true, Some(message)) => Outcome::Refusal(refusal(message).at("refusal")?),
        (true, None) => return Err(Problem::Absent).at("events"),
        (false, Some(_)) => return Err(Problem::Both).at("refusal"),
    };
    Ok(RecordBody {
        request_id: RequestId(array(&message.request_id).at("request_id")?),
        command_digest: array(&message.command_digest).at("command_digest")?,
        actor: actor.into(),
        profile: enumeration::<pb::Profile>(message.policy_profile).at("policy_profile")?,
        salt: array(&message.salt).at("salt")?,
        outcome,
    })
}

impl From<&Actor> for pb::Actor {
    fn from(actor: &Actor) -> Self {
        Self {
            subject: actor.subject.clone(),
            peer: actor.peer.clone(),
        }
    }
}

impl From<pb::Actor> for Actor {
    fn from(message: pb::Actor) -> Self {
        Self {
            subject: message.subject,
            peer: message.peer,
        }
    }
}
