//! `ledger_service.proto`: a submission.

use perennial_domain::command::{Expected, Submission};
use perennial_domain::event::Stream;
use perennial_domain::ids::{LedgerId, RequestId};
use perennial_domain::log::Revision;
use prost::Message;

use super::check::Check;
use super::limits::Limits;
use super::path::Path;
use super::violation::{Excess, Violations};
use crate::pb::ledger as pb;
use crate::pb::ledger::expected_revision::Expectation;

/// First bytes of [`canonical_submission`]: another encoding gets another version.
const CANONICAL_VERSION: &[u8] = b"submission.1\n";

/// A request to submit, checked and normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmitInput {
    /// The ledger.
    pub ledger_id: LedgerId,
    /// The client's key.
    pub request_id: RequestId,
    /// What is asked for.
    pub submission: Submission,
    /// Whether nothing is to be recorded.
    pub validate_only: bool,
}

/// Checks and normalises a request to submit.
///
/// # Errors
/// [`Violations`]: every field that is not as the contract says. Fix the request.
pub fn submit(message: pb::SubmitRequest, limits: &Limits) -> Result<SubmitInput, Violations> {
    let mut check = Check::new(limits);
    let at = Path::top("ledger_id");
    let ledger_id = check.id(at, &message.ledger_id, LedgerId::parse);
    let request_id = check.request_id(Path::top("request_id"), &message.request_id);
    let submission = check.submission(message.commands, message.expected_revisions);
    let input = (|| {
        Some(SubmitInput {
            ledger_id: ledger_id?,
            request_id: request_id?,
            submission: submission?,
            validate_only: message.validate_only,
        })
    })();
    check.finish(input)
}

impl Check<'_> {
    fn submission(
        &mut self,
        commands: Vec<pb::Command>,
        expected: Vec<pb::ExpectedRevision>,
    ) -> Option<Submission> {
        let (at, max) = (Path::top("commands"), self.limits.commands_max);
        let count = commands.len();
        let commands = if count > max {
            let problem = format!("has {count} commands, more than {max}: split the submission");
            let excess = Excess {
                size: count,
                limit: max,
            };
            self.too_large(at, excess, problem)
        } else {
            let commands = self.list(at, commands, max, Self::command);
            self.at_least(at, 1, commands)
        };
        let (at, max) = (
            Path::top("expected_revisions"),
            self.limits.expected_revisions_max,
        );
        let mut expected = self.list(at, expected, max, Self::expected)?;
        expected.sort_by(|(a, _), (b, _)| a.cmp(b));
        if expected
            .windows(2)
            .any(|pair| matches!(pair, [(a, _), (b, _)] if a == b))
        {
            return self.invalid(at, "names a stream twice");
        }
        let commands = commands?;
        Some(Submission { commands, expected })
    }

    fn expected(
        &mut self,
        path: Path<'_>,
        message: pb::ExpectedRevision,
    ) -> Option<(Stream, Expected)> {
        let stream = match Stream::parse(&message.stream) {
            Some(stream) => Some(stream),
            None => self.invalid(path.field("stream"), "is no stream, as in agreement/abcd"),
        };
        let expected = match message.expectation {
            Some(Expectation::ExpectedRevision(0) | Expectation::NoStream(true)) => {
                Some(Expected::NoStream)
            }
            Some(Expectation::ExpectedRevision(revision)) => {
                Some(Expected::Exactly(Revision(revision)))
            }
            Some(Expectation::NoStream(false)) => {
                self.invalid(path.field("no_stream"), "means nothing if it is false")
            }
            None => self.invalid(path, "needs an expected_revision or no_stream"),
        };
        Some((stream?, expected?))
    }

    pub(super) fn request_id(&mut self, path: Path<'_>, text: &str) -> Option<RequestId> {
        if text.is_empty() {
            return self.invalid(path, "is required: make a UUID and keep it before you send");
        }
        match parse_request_id(text) {
            Some(id) => Some(id),
            None => self.invalid(path, "is no UUID, or the nil UUID"),
        }
    }
}

/// Reads a UUID in its usual form, `8-4-4-4-12` hexadecimal digits of either case. The nil UUID is no request id.
pub fn parse_request_id(text: &str) -> Option<RequestId> {
    let mut id = [0_u8; 16];
    let mut digits = 0_usize;
    for (index, character) in text.chars().enumerate() {
        if matches!(index, 8 | 13 | 18 | 23) {
            if character != '-' {
                return None;
            }
            continue;
        }
        let digit = u8::try_from(character.to_digit(16)?).ok()?;
        let byte = id.get_mut(digits / 2)?;
        *byte = *byte << 4 | digit;
        digits += 1;
    }
    (digits == 32 && id != [0; 16]).then_some(RequestId(id))
}

/// Returns the one encoding of a submission that equal submissions share, whatever client sent them: what
/// `command_digest` is taken over.
///
/// It is the version, then the API message of commands and expected revisions (ascending by stream), without ledger
/// and request id. Additive changes of the API leave the bytes of older submissions as they are; golden files pin
/// them.
pub fn canonical_submission(submission: &Submission) -> Vec<u8> {
    let mut message = pb::SubmitRequest::from(submission);
    message
        .expected_revisions
        .sort_by(|a, b| a.stream.cmp(&b.stream));
    let mut bytes = CANONICAL_VERSION.to_vec();
    bytes.reserve(message.encoded_len());
    bytes.extend(message.encode_to_vec());
    bytes
}
