//! From text to submissions, with everything that is wrong with it.

use std::collections::{BTreeMap, HashMap};

use perennial_wire::pb::ledger::SubmitRequest;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::value::RawValue;

use super::request_id::derived_request_id;
use super::source::{Place, Source, Violation};
use super::walk::Walk;

/// The descriptors built into this program cannot be read: a mistake in the build.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// They do not decode.
    #[error("read the built-in descriptors")]
    Descriptors(#[source] prost_reflect::DescriptorError),
    /// The message is not among them.
    #[error("no message {0} in the built-in descriptors")]
    Missing(&'static str),
}

const SUBMIT_REQUEST: &str = "perennial.ledger.v1.SubmitRequest";

/// What a submission looks like.
pub struct SubmissionSchema {
    submission: MessageDescriptor,
}

/// One submission of an input.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// Ready to be sent: ledger and request id are set.
    pub submission: SubmitRequest,
    /// Where the paths of its fields stand in the input, for errors that the service finds.
    pub places: BTreeMap<String, Place>,
}

impl SubmissionSchema {
    /// Reads the descriptors built into this program.
    ///
    /// # Errors
    /// [`SchemaError`].
    pub fn built_in() -> Result<Self, SchemaError> {
        let pool = DescriptorPool::decode(perennial_wire::FILE_DESCRIPTOR_SET)
            .map_err(SchemaError::Descriptors)?;
        let submission = pool.get_message_by_name(SUBMIT_REQUEST);
        Ok(Self {
            submission: submission.ok_or(SchemaError::Missing(SUBMIT_REQUEST))?,
        })
    }

    /// Reads the submissions of `text`, one after the other, for the ledger `ledger_id`. A submission without a
    /// request id gets one that depends on nothing but the ledger, its own text and how often that text stood
    /// before in the input: the same file again is the same submissions again.
    ///
    /// # Errors
    /// Everything that is wrong, in order of the input, at most a few hundred violations.
    pub fn decode(&self, text: &str, ledger_id: &str) -> Result<Vec<Decoded>, Vec<Violation>> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let source = Source::new(text);
        let mut decoded = Vec::new();
        let mut violations = Vec::new();
        let mut repeated: HashMap<&str, u64> = HashMap::new();
        for raw in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
            let raw = match raw {
                Ok(raw) => raw,
                Err(error) => {
                    violations.push(syntax(&error));
                    break;
                }
            };
            let mut walk = Walk::new(source);
            let message = walk.message(&self.submission, raw, "", 0);
            violations.append(&mut walk.violations);
            let Some(message) = message else { continue };
            let occurrence = repeated.entry(raw.get()).or_default();
            *occurrence = occurrence.saturating_add(1);
            let place = |offset: &usize| source.place(*offset);
            let places: BTreeMap<_, _> = walk
                .places
                .iter()
                .map(|(path, offset)| (path.clone(), place(offset)))
                .collect();
            match complete(&message, ledger_id, (raw.get(), *occurrence)) {
                Ok(submission) => decoded.push(Decoded { submission, places }),
                Err((path, problem)) => {
                    let whole = source.place(source.offset(raw.get()));
                    let place = places.get(path).copied().unwrap_or(whole);
                    violations.push(Violation {
                        path: path.to_owned(),
                        place,
                        problem,
                    });
                }
            }
        }
        if decoded.is_empty() && violations.is_empty() {
            let (path, place) = (String::new(), Place { line: 1, column: 1 });
            violations.push(Violation {
                path,
                place,
                problem: "there is no submission".to_owned(),
            });
        }
        if violations.is_empty() {
            Ok(decoded)
        } else {
            Err(violations)
        }
    }

    /// Prints a submission in the API's own JSON mapping, field names as in the proto files.
    ///
    /// # Errors
    /// That of the mapping.
    pub fn print(&self, submission: &SubmitRequest) -> Result<String, serde_json::Error> {
        let mut message = DynamicMessage::new(self.submission.clone());
        message
            .transcode_from(submission)
            .map_err(serde::de::Error::custom)?;
        let options = SerializeOptions::new()
            .use_proto_field_name(true)
            .skip_default_fields(true);
        let mut bytes = Vec::new();
        message.serialize_with_options(&mut serde_json::Serializer::new(&mut bytes), &options)?;
        String::from_utf8(bytes).map_err(serde::de::Error::custom)
    }
}

/// Makes the message of the API, with its ledger and its request id; `written` is its text and how often that
/// stood in the input so far. The error is a path and what is wrong there.
fn complete(
    message: &DynamicMessage,
    ledger_id: &str,
    (text, occurrence): (&str, u64),
) -> Result<SubmitRequest, (&'static str, String)> {
    let mut submission: SubmitRequest = message
        .transcode_to()
        .map_err(|error| ("", error.to_string()))?;
    if submission.ledger_id.is_empty() {
        ledger_id.clone_into(&mut submission.ledger_id);
    } else if submission.ledger_id != ledger_id {
        let named = &submission.ledger_id;
        return Err((
            "ledger_id",
            format!("names ledger \"{named}\", the command \"{ledger_id}\""),
        ));
    }
    if submission.request_id.is_empty() {
        submission.request_id = derived_request_id(ledger_id, text, occurrence);
    }
    Ok(submission)
}

fn syntax(error: &serde_json::Error) -> Violation {
    let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX).max(1);
    let place = Place {
        line: number(error.line()),
        column: number(error.column()),
    };
    let text = error.to_string();
    let problem = text
        .split_once(" at line ")
        .map_or(text.as_str(), |(problem, _)| problem);
    Violation {
        path: String::new(),
        place,
        problem: format!("is no JSON: {problem}"),
    }
}
