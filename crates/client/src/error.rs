//! What a call can end with, taken apart.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use perennial_wire::pb::google::rpc;
use prost::Message as _;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// `ErrorInfo.domain` of every error that a service itself answers.
const DOMAIN: &str = "perennial";

/// Why a call has no ordinary answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The service answered with an error: the reason says what to do.
    #[error(transparent)]
    Answered(Box<ErrorAnswer>),
    /// There was no answer. What was asked may have happened: a write is settled by the same `request_id`.
    #[error("no answer from {address}")]
    NoAnswer {
        /// Where the service should be.
        address: String,
        /// What the transport said.
        #[source]
        source: Box<Status>,
    },
    /// The answer breaks the protocol.
    #[error("answer of the service: {0}")]
    Protocol(String),
}

/// An error that a service answered, with its details decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorAnswer {
    /// The gRPC code.
    pub code: Code,
    /// Documented reason, as in `REQUEST_ID_REUSED`; empty if the error is not one of the services' own.
    pub reason: String,
    /// For people.
    pub message: String,
    /// Figures that programs may rely on, by key.
    pub metadata: BTreeMap<String, String>,
    /// Violated fields, in the order given.
    pub fields: Vec<FieldProblem>,
    /// Broken rules, in the order given.
    pub rules: Vec<BrokenRule>,
    /// When the same call may be sent again.
    pub retry_after: Option<Duration>,
}

/// One violated field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// Dotted path, as in `commands[2].disburse.amount`.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenRule {
    /// The rule's reason, as in `DISBURSEMENT_EXCEEDS_COMMITMENT`.
    pub reason: String,
    /// What breaks it.
    pub subject: String,
    /// The figures that show it, in words.
    pub description: String,
}

impl fmt::Display for ErrorAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason.as_str() {
            "" => write!(f, "{:?}: {}", self.code, self.message),
            reason => write!(f, "{reason}: {}", self.message),
        }
    }
}

impl std::error::Error for ErrorAnswer {}

impl ErrorAnswer {
    /// Takes a status apart.
    pub fn from_status(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info();
        let fields = details
            .bad_request()
            .map(|bad| bad.field_violations.as_slice());
        let rules = details
            .precondition_failure()
            .map(|failure| failure.violations.as_slice());
        Self {
            code: status.code(),
            reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
            message: status.message().to_owned(),
            metadata: info
                .map(|info| info.metadata.clone().into_iter().collect())
                .unwrap_or_default(),
            fields: fields
                .unwrap_or_default()
                .iter()
                .map(|field| FieldProblem {
                    path: field.field.clone(),
                    problem: field.description.clone(),
                })
                .collect(),
            rules: rules
                .unwrap_or_default()
                .iter()
                .map(|rule| BrokenRule {
                    reason: rule.r#type.clone(),
                    subject: rule.subject.clone(),
                    description: rule.description.clone(),
                })
                .collect(),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
        }
    }

    /// Takes the status inside an answer of a stream apart.
    pub fn from_message(message: &rpc::Status) -> Self {
        let code = Code::from_i32(message.code);
        let details = message.encode_to_vec().into();
        Self::from_status(&Status::with_details(
            code,
            message.message.clone(),
            details,
        ))
    }

    /// Where the node is that leads instead of the one that answered, if it says so.
    pub fn leader_address(&self) -> Option<&str> {
        let address = self.metadata.get("leader_address")?;
        (self.reason == "NOT_LEADER" && !address.is_empty()).then_some(address.as_str())
    }

    /// Whether the same call, with the same `request_id`, may be sent again.
    pub fn is_retryable(&self) -> bool {
        self.code == Code::Unavailable
            || (self.code == Code::ResourceExhausted && self.reason == "RATE_LIMITED")
    }
}

impl ClientError {
    /// Sorts a status that a call to `address` ended with.
    pub fn from_status(address: &str, status: Status) -> Self {
        let is_own = status
            .get_details_error_info()
            .is_some_and(|info| info.domain == DOMAIN);
        let from_transport = matches!(
            status.code(),
            Code::Unavailable | Code::Cancelled | Code::Unknown | Code::DeadlineExceeded
        );
        if is_own || !from_transport {
            return Self::Answered(Box::new(ErrorAnswer::from_status(&status)));
        }
        Self::NoAnswer {
            address: address.to_owned(),
            source: Box::new(status),
        }
    }

    /// Returns the service's own answer, if there is one.
    pub fn answer(&self) -> Option<&ErrorAnswer> {
        match self {
            Self::Answered(answer) => Some(answer),
            Self::NoAnswer { .. } | Self::Protocol(_) => None,
        }
    }

    /// Whether the same call, with the same `request_id`, may be sent again.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Answered(answer) => answer.is_retryable(),
            Self::NoAnswer { .. } => true,
            Self::Protocol(_) => false,
        }
    }

    /// When the service asked to be called again, if it did.
    pub fn retry_after(&self) -> Option<Duration> {
        self.answer().and_then(|answer| answer.retry_after)
    }
}
