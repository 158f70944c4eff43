//! `log.proto`: a refused submission that its ledger keeps as evidence.

use perennial_domain::command::Submission;
use perennial_domain::rejection::{Class, Refusal, Refused};
use perennial_domain::rule::{Figure, Rule};

use super::error::{At, DecodeError, Problem, enumeration, list, optional};
use super::event::rule;
use super::value::figure;
use crate::enums::Coded;
use crate::pb::log as pb;

/// What kind of answer a refusal was: it decides the gRPC code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalClass {
    /// The submission could never be valid (`INVALID_ARGUMENT`).
    Invalid,
    /// The submitter may not do it (`PERMISSION_DENIED`).
    NotPermitted,
    /// Something it names does not exist (`NOT_FOUND`).
    NotFound,
    /// A stream moved on (`ABORTED`); only beside other reasons, since it alone is never kept.
    Conflict,
    /// It breaks a business rule (`FAILED_PRECONDITION`).
    Rule,
}

/// Why a submission was refused whole, as it was answered: independent of this software's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRefusal {
    /// At least one, in the order in which they were found.
    pub violations: Vec<StoredViolation>,
}

/// One reason for a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredViolation {
    /// What kind of answer it was.
    pub class: RefusalClass,
    /// Reason of the error catalogue, as in `DISBURSEMENT_EXCEEDS_COMMITMENT`.
    pub reason: String,
    /// The command that it is about, from 0; `None`: the whole submission.
    pub command_index: Option<u32>,
    /// Dotted path of the field at fault, relative to the command.
    pub field: Option<String>,
    /// The broken rule, if it is a numbered one.
    pub rule: Option<Rule>,
    /// What broke it: a stream, or a line of it; may be empty.
    pub subject: String,
    /// The figures that show it, in a fixed order per reason.
    pub figures: Vec<Figure>,
    /// One sentence for people; may be empty.
    pub description: String,
}

impl From<RefusalClass> for pb::RefusalClass {
    fn from(class: RefusalClass) -> Self {
        match class {
            RefusalClass::Invalid => Self::Invalid,
            RefusalClass::NotPermitted => Self::NotPermitted,
            RefusalClass::NotFound => Self::NotFound,
            RefusalClass::Conflict => Self::Conflict,
            RefusalClass::Rule => Self::Rule,
        }
    }
}

impl Coded for pb::RefusalClass {
    type Domain = RefusalClass;

    fn domain(self) -> Option<RefusalClass> {
        match self {
            Self::Unspecified => None,
            Self::Invalid => Some(RefusalClass::Invalid),
            Self::NotPermitted => Some(RefusalClass::NotPermitted),
            Self::NotFound => Some(RefusalClass::NotFound),
            Self::Conflict => Some(RefusalClass::Conflict),
            Self::Rule => Some(RefusalClass::Rule),
        }
    }
}

impl From<&StoredRefusal> for pb::Refusal {
    fn from(refusal: &StoredRefusal) -> Self {
        Self {
            violations: refusal.violations.iter().map(Into::into).collect(),
        }
    }
}

impl From<&StoredViolation> for pb::RefusalViolation {
    fn from(violation: &StoredViolation) -> Self {
        Self {
            class: pb::RefusalClass::from(violation.class).into(),
            reason: violation.reason.clone(),
            command_index: violation.command_index,
            rule: violation.rule.map(|rule| rule.code().to_owned()),
            subject: violation.subject.clone(),
            figures: violation.figures.iter().map(Into::into).collect(),
            description: violation.description.clone(),
            field: violation.field.clone(),
        }
    }
}

pub(super) fn refusal(message: pb::Refusal) -> Result<StoredRefusal, DecodeError> {
    if message.violations.is_empty() {
        return Err(Problem::Absent).at("violations");
    }
    Ok(StoredRefusal {
        violations: list("violations", message.violations, violation)?,
    })
}

fn violation(message: pb::RefusalViolation) -> Result<StoredViolation, DecodeError> {
    Ok(StoredViolation {
        class: enumeration::<pb::RefusalClass>(message.class).at("class")?,
        reason: message.reason,
        command_index: message.command_index,
        field: message.field,
        rule: optional("rule", message.rule.as_deref(), rule)?,
        subject: message.subject,
        figures: list("figures", message.figures, figure)?,
        description: message.description,
    })
}

impl From<Class> for RefusalClass {
    fn from(class: Class) -> Self {
        match class {
            Class::Invalid => Self::Invalid,
            Class::NotPermitted => Self::NotPermitted,
            Class::NotFound => Self::NotFound,
            Class::Conflict => Self::Conflict,
            Class::Precondition => Self::Rule,
        }
    }
}

impl StoredRefusal {
    /// Returns the refusal of `submission` as it is answered and, in a ledger that keeps refusals, recorded.
    pub fn of(refusal: &Refusal, submission: &Submission) -> Self {
        let violation = |refused| violation_of(refused, submission);
        Self {
            violations: refusal.reasons().map(violation).collect(),
        }
    }
}

fn violation_of(refused: &Refused, submission: &Submission) -> StoredViolation {
    let rejection = &refused.rejection;
    let command = refused
        .command_index
        .and_then(|index| submission.commands.get(index));
    let name = command
        .map(|command| command.action.name())
        .unwrap_or_default();
    StoredViolation {
        class: rejection.class().into(),
        reason: rejection.reason().to_owned(),
        // A submission has at most 1,000 commands.
        command_index: refused
            .command_index
            .and_then(|index| u32::try_from(index).ok()),
        // A command's own fields stand inside its action; the date and the references beside it.
        field: rejection.field().map(|field| match field {
            "effective_on" | "external_reference" | "evidence" | "overrides" => field.to_owned(),
            inside => format!("{name}.{inside}"),
        }),
        rule: rejection.breach().map(|breach| breach.rule),
        subject: rejection.subject(),
        figures: rejection.figures(),
        description: rejection.to_string(),
    }
}
