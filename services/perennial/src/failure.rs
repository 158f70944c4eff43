//! How a command fails: exit code, what happened, why, and what to try.

mod advice;

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use advice::advice;
use perennial_client::{ClientError, ErrorAnswer};
use perennial_export::answers::{ErrorDocument, FieldViolationDocument, RuleViolationDocument};
use perennial_observe::error_chain;
use tonic::Code;

use crate::console::Console;
use crate::submission::{Place, Violation};

/// Exit codes (CONVENTIONS.md 4); 0 is success and 2 a usage error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Any other failure.
    Other = 1,
    /// The command cannot be understood.
    Usage = 2,
    /// Something named does not exist.
    NotFound = 3,
    /// Not permitted, or not authenticated.
    NotPermitted = 4,
    /// Something else was recorded before.
    Conflict = 5,
    /// The input is wrong, or a rule refuses it.
    Refused = 6,
    /// Not available now; safe to repeat.
    Unavailable = 7,
    /// Stored bytes, a hash or a figure do not hold.
    VerificationFailed = 8,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// The process's exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Other => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::NotPermitted => 4,
            Self::Conflict => 5,
            Self::Refused => 6,
            Self::Unavailable => 7,
            Self::VerificationFailed => 8,
            Self::Interrupted => 130,
        }
    }

    /// For an error that a service answered.
    pub fn of(answer: &ErrorAnswer) -> Self {
        match answer.code {
            Code::NotFound => Self::NotFound,
            Code::PermissionDenied | Code::Unauthenticated => Self::NotPermitted,
            Code::Aborted | Code::AlreadyExists => Self::Conflict,
            Code::Unavailable | Code::ResourceExhausted if answer.is_retryable() => {
                Self::Unavailable
            }
            Code::InvalidArgument
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::ResourceExhausted => Self::Refused,
            Code::Unavailable => Self::Unavailable,
            Code::DataLoss => Self::VerificationFailed,
            Code::Ok
            | Code::Cancelled
            | Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal => Self::Other,
        }
    }
}

/// A failed command.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    error: String,
    why: Vec<String>,
    tries: Vec<String>,
    /// What a service answered, or what a service would have answered to wrong input.
    document: Option<Box<ErrorDocument>>,
    /// Nothing is to be said: the result is printed already, or nobody reads it.
    silent: bool,
    /// stdout holds the command's result already: no second document.
    has_result: bool,
}

/// What went wrong below the call: a status without details says it in its causes, and again in its own text.
fn transport_cause(status: &tonic::Status) -> String {
    match std::error::Error::source(status) {
        Some(cause) => error_chain(cause).to_string(),
        None => format!("{}: {}", code_name(status.code()), status.message()),
    }
}

impl Failure {
    /// A failure that says `error` and exits with `exit`.
    pub fn new(exit: Exit, error: impl Into<String>) -> Self {
        let (why, tries) = (Vec::new(), Vec::new());
        Self {
            exit,
            error: error.into(),
            why,
            tries,
            document: None,
            silent: false,
            has_result: false,
        }
    }

    /// A failure with an error's causes as reason.
    pub fn caused(
        exit: Exit,
        error: impl Into<String>,
        cause: &(dyn std::error::Error + 'static),
    ) -> Self {
        Self::new(exit, error).because(error_chain(cause).to_string())
    }

    /// The result is printed; only the exit code is left to say.
    pub fn printed(exit: Exit) -> Self {
        Self {
            silent: true,
            ..Self::new(exit, "")
        }
    }

    /// Says that the command's result is printed all the same.
    #[must_use]
    pub fn after_result(mut self) -> Self {
        self.has_result = true;
        self
    }

    /// Ctrl-C.
    pub fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "interrupted")
    }

    /// Adds a reason.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why.push(why.into());
        self
    }

    /// Adds something to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.tries.push(hint.into());
        self
    }

    /// Which code the process exits with.
    pub const fn exit(&self) -> Exit {
        self.exit
    }

    /// A call that ended without an ordinary answer; `doing` says what was being done.
    pub fn from_client(doing: &str, error: &ClientError) -> Self {
        Self::from_client_at(doing, error, &BTreeMap::new())
    }

    /// As [`Self::from_client`], for input whose `places` are known.
    pub fn from_client_at(
        doing: &str,
        error: &ClientError,
        places: &BTreeMap<String, Place>,
    ) -> Self {
        match error {
            ClientError::Answered(answer) => Self::from_answer(doing, answer, places),
            ClientError::NoAnswer { address, source } => Self::new(
                Exit::Unavailable,
                format!("{doing}: no answer from {address}"),
            )
            .because(transport_cause(source))
            .hint("start the services with `perennial serve`, or name them with --server ADDR"),
            ClientError::Protocol(_) => Self::caused(Exit::Other, doing, error),
        }
    }

    /// An error that a service answered.
    pub fn from_answer(
        doing: &str,
        answer: &ErrorAnswer,
        places: &BTreeMap<String, Place>,
    ) -> Self {
        let mut failure = Self::new(Exit::of(answer), format!("{doing}: {}", answer.message));
        let code = code_name(answer.code);
        let reason = if answer.reason.is_empty() {
            code
        } else {
            answer.reason.as_str()
        };
        let figures: Vec<String> = answer
            .metadata
            .iter()
            .map(|(key, value)| format!("{key} {value}"))
            .collect();
        failure = failure.because(if figures.is_empty() {
            reason.to_owned()
        } else {
            format!("{reason} ({})", figures.join(", "))
        });
        for field in &answer.fields {
            let place = places.get(&field.path).map(|place| format!(" ({place})"));
            let line = format!(
                "{}{}: {}",
                field.path,
                place.unwrap_or_default(),
                field.problem
            );
            if line != answer.message {
                failure = failure.because(line);
            }
        }
        for rule in &answer.rules {
            // Most descriptions begin with the subject already.
            let named = rule.description.starts_with(&rule.subject);
            let subject = if named {
                String::new()
            } else {
                format!(" {}", rule.subject)
            };
            failure = failure.because(format!("{}{subject}: {}", rule.reason, rule.description));
        }
        // The leading reason first, then what else is wrong, each once.
        let mut told = BTreeSet::new();
        let reasons = answer.rules.iter().map(|rule| rule.reason.as_str());
        for reason in std::iter::once(answer.reason.as_str()).chain(reasons) {
            if told.insert(reason)
                && let Some(advice) = advice(reason)
            {
                failure = failure.hint(advice);
            }
        }
        failure.document = Some(Box::new(document(answer, places, failure.exit)));
        failure
    }

    /// Input that is wrong before anything was sent.
    pub fn from_violations(input: &str, violations: &[Violation]) -> Self {
        let count = violations.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        let message = format!("{input} has {count} {noun}; nothing was sent");
        let mut failure = Self::new(Exit::Refused, message.clone());
        for violation in violations {
            let path = match violation.path.as_str() {
                "" => String::new(),
                path => format!(" {path}:"),
            };
            failure = failure.because(format!("{}:{path} {}", violation.place, violation.problem));
        }
        let field = |violation: &Violation| FieldViolationDocument {
            path: violation.path.clone(),
            line: Some(violation.place.line),
            column: Some(violation.place.column),
            problem: violation.problem.clone(),
        };
        failure.document = Some(Box::new(ErrorDocument {
            code: code_name(Code::InvalidArgument).to_owned(),
            reason: "INVALID_FIELD".to_owned(),
            message,
            exit_code: Exit::Refused.code(),
            metadata: BTreeMap::new(),
            field_violations: violations.iter().map(field).collect(),
            rule_violations: Vec::new(),
            hints: Vec::new(),
        }));
        failure.hint("`perennial submit --example KIND` prints a submission that is right")
    }

    /// Says what happened and returns the exit code.
    pub fn report(&self, console: &Console) -> ExitCode {
        if !self.silent {
            console.fail("error:", &self.error);
            for why in &self.why {
                console.fail("why:", why);
            }
            for hint in &self.tries {
                console.fail("try:", hint);
            }
            if console.wants_json() && !self.has_result {
                // Nobody reads stdout any more if this fails, and the exit code tells.
                drop(console.json(&serde_json::json!({ "error": self.json() })));
            }
        }
        ExitCode::from(self.exit.code())
    }

    fn json(&self) -> ErrorDocument {
        let document = self.document.as_deref().cloned();
        ErrorDocument {
            hints: self.tries.clone(),
            ..document.unwrap_or_else(|| ErrorDocument {
                code: String::new(),
                reason: String::new(),
                message: [std::slice::from_ref(&self.error), self.why.as_slice()]
                    .concat()
                    .join(": "),
                exit_code: self.exit.code(),
                metadata: BTreeMap::new(),
                field_violations: Vec::new(),
                rule_violations: Vec::new(),
                hints: Vec::new(),
            })
        }
    }
}

fn document(answer: &ErrorAnswer, places: &BTreeMap<String, Place>, exit: Exit) -> ErrorDocument {
    let fields = answer.fields.iter().map(|field| {
        let place = places.get(&field.path);
        FieldViolationDocument {
            path: field.path.clone(),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            problem: field.problem.clone(),
        }
    });
    let rules = answer.rules.iter().map(|rule| RuleViolationDocument {
        reason: rule.reason.clone(),
        subject: rule.subject.clone(),
        description: rule.description.clone(),
    });
    ErrorDocument {
        code: code_name(answer.code).to_owned(),
        reason: answer.reason.clone(),
        message: answer.message.clone(),
        exit_code: exit.code(),
        metadata: answer.metadata.clone(),
        field_violations: fields.collect(),
        rule_violations: rules.collect(),
        hints: Vec::new(),
    }
}

/// The code's name in every language's gRPC documentation.
const fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
