//! Statuses with machine-readable details that always fit into HTTP/2 trailers (CONVENTIONS.md 2.4), and those that
//! more than one service answers.

mod answers;

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{
    ErrorDetails, FieldViolation, PreconditionViolation, QuotaViolation, StatusExt as _,
};

pub use answers::{
    Quota, integrity, integrity_failure, invalid_field, invalid_request, missing_ledger,
    position_not_yet, rate_limited, resume_token_mismatch, stopping, unavailable, unknown_ledger,
};

/// `ErrorInfo.domain` of every error.
pub const DOMAIN: &str = "perennial";

/// The most bytes of encoded details. Beyond 5.9 kB some clients fail at random (measured).
pub const DETAILS_BYTES_MAX: usize = 5_000;

/// When a client may try again after a passing failure.
pub const RETRY_AFTER: Duration = Duration::from_millis(200);

/// A status being built.
#[derive(Clone, Debug)]
pub struct RichError {
    code: Code,
    reason: String,
    message: String,
    metadata: Vec<(String, String)>,
    fields: Vec<FieldViolation>,
    rules: Vec<PreconditionViolation>,
    quotas: Vec<QuotaViolation>,
    /// Violations that were found and not listed.
    unlisted: usize,
    retry_after: Option<Duration>,
}

impl RichError {
    /// Returns an error of `code` with its documented `reason` (`UPPER_SNAKE`) and a message for people.
    pub fn new(code: Code, reason: impl Into<String>, message: impl Into<String>) -> Self {
        let (metadata, fields, rules) = (Vec::new(), Vec::new(), Vec::new());
        let (reason, message) = (reason.into(), message.into());
        Self {
            code,
            reason,
            message,
            metadata,
            fields,
            rules,
            quotas: Vec::new(),
            unlisted: 0,
            retry_after: None,
        }
    }

    /// Adds a key that programs may rely on.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl std::fmt::Display) -> Self {
        self.metadata.push((key.into(), value.to_string()));
        self
    }

    /// Adds a violated field: its dotted path, and what is wrong with it.
    #[must_use]
    pub fn with_field(mut self, path: impl Into<String>, problem: impl Into<String>) -> Self {
        self.fields.push(FieldViolation::new(path, problem));
        self
    }

    /// Adds a broken rule: its reason, what broke it, and the figures.
    #[must_use]
    pub fn with_rule(
        mut self,
        reason: impl Into<String>,
        subject: impl Into<String>,
        figures: impl Into<String>,
    ) -> Self {
        self.rules
            .push(PreconditionViolation::new(reason, subject, figures));
        self
    }

    /// Says that `count` more violations were found than were added.
    #[must_use]
    pub fn with_unlisted(mut self, count: usize) -> Self {
        self.unlisted = count;
        self
    }

    /// Adds a quota that is used up: whose it is, and how much it allows.
    #[must_use]
    pub fn with_quota(mut self, subject: impl Into<String>, limit: impl Into<String>) -> Self {
        self.quotas.push(QuotaViolation::new(subject, limit));
        self
    }

    /// Says that the same call may be sent again, and when.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// Returns the status. Violations that do not fit are left out, and `violations_total` and
    /// `truncated = true` say so.
    pub fn into_status(self) -> Status {
        let listed = self.fields.len().saturating_add(self.rules.len());
        let total = listed.saturating_add(self.unlisted);
        let mut kept = listed;
        loop {
            let status = self.with_violations(kept, total);
            if status.details().len() <= DETAILS_BYTES_MAX || kept == 0 {
                return status;
            }
            kept = kept.saturating_mul(3) / 4;
        }
    }

    fn with_violations(&self, kept: usize, total: usize) -> Status {
        let mut metadata: HashMap<String, String> = self
            .metadata
            .iter()
            .map(|(key, value)| (key.clone(), cut(value)))
            .collect();
        if kept < total {
            metadata.insert("violations_total".to_owned(), total.to_string());
            metadata.insert("truncated".to_owned(), "true".to_owned());
        }
        let mut details = ErrorDetails::new();
        details.set_error_info(&self.reason, DOMAIN, metadata);
        let fields: Vec<_> = self.fields.iter().take(kept).cloned().collect();
        let rules: Vec<_> = self
            .rules
            .iter()
            .take(kept.saturating_sub(fields.len()))
            .cloned()
            .collect();
        if !fields.is_empty() {
            details.set_bad_request(fields);
        }
        if !rules.is_empty() {
            details.set_precondition_failure(rules);
        }
        if !self.quotas.is_empty() {
            details.set_quota_failure(self.quotas.clone());
        }
        if let Some(delay) = self.retry_after {
            details.set_retry_info(Some(delay));
        }
        Status::with_error_details(self.code, cut(&self.message), details)
    }
}

/// Texts from outside may be long; what does not fit a status line is cut.
fn cut(text: &str) -> String {
    const CHARACTERS_MAX: usize = 500;
    if text.chars().count() <= CHARACTERS_MAX {
        return text.to_owned();
    }
    text.chars()
        .take(CHARACTERS_MAX)
        .chain("…".chars())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(rules: usize) -> RichError {
        let error = RichError::new(
            Code::FailedPrecondition,
            "DISBURSEMENT_EXCEEDS_COMMITMENT",
            "refused",
        );
        (0..rules).fold(error, |error, index| {
            error.with_rule(
                "R10",
                format!("agreement/grant-{index:04}"),
                "limit 100.00 EUR, attempted 101.00 EUR",
            )
        })
    }

    #[test]
    fn a_few_broken_rules_are_all_told() {
        let details = refused(20).into_status().get_error_details();
        let told = details
            .precondition_failure()
            .map(|failure| failure.violations.len());
        assert_eq!(told, Some(20));
        assert!(
            !details
                .error_info()
                .unwrap()
                .metadata
                .contains_key("truncated")
        );
    }

    #[test]
    fn a_quota_that_is_used_up_is_named_with_its_limit_and_when_to_come_again() {
        let quota = Quota {
            subject: "writer",
            counted: "waiting submissions",
            limit: 1024,
        };
        let status = rate_limited("the queue is full", quota).into_status();
        assert_eq!(status.code(), Code::ResourceExhausted);
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!(info.reason, "RATE_LIMITED");
        assert_eq!(info.metadata.get("limit").map(String::as_str), Some("1024"));
        let quota = &details.quota_failure().unwrap().violations[0];
        assert_eq!(
            (quota.subject.as_str(), quota.description.as_str()),
            ("writer", "at most 1024 waiting submissions")
        );
        assert_eq!(
            details.retry_info().unwrap().retry_delay,
            Some(Duration::from_millis(200))
        );
    }

    #[test]
    fn damage_says_where_it_begins_if_that_is_known() {
        let position = |status: &Status| {
            let details = status.get_error_details();
            let info = details.error_info().unwrap();
            assert_eq!(
                (status.code(), info.reason.as_str()),
                (Code::DataLoss, "INTEGRITY_FAILURE")
            );
            info.metadata.get("first_bad_position").cloned()
        };
        let found = integrity_failure("a hash does not hold", Some(0));
        assert_eq!(position(&found).as_deref(), Some("0"));
        assert_eq!(
            position(&integrity_failure("the files are gone", None)),
            None
        );
    }

    #[test]
    fn what_passes_says_when_to_try_again() {
        let status = unavailable("the disk is away");
        assert_eq!(
            (status.code(), status.message()),
            (Code::Unavailable, "the disk is away")
        );
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().reason, "LOG_UNAVAILABLE");
        assert_eq!(details.retry_info().unwrap().retry_delay, Some(RETRY_AFTER));
    }

    #[test]
    fn violations_that_were_not_listed_are_counted_all_the_same() {
        let error = RichError::new(Code::InvalidArgument, "INVALID_FIELD", "3 fields")
            .with_field("commands[0].effective_on", "is missing")
            .with_unlisted(2);
        let details = error.into_status().get_error_details();
        let metadata = &details.error_info().unwrap().metadata;
        assert_eq!(
            metadata.get("violations_total").map(String::as_str),
            Some("3")
        );
        assert_eq!(metadata.get("truncated").map(String::as_str), Some("true"));
        assert_eq!(details.bad_request().unwrap().field_violations.len(), 1);
    }

    #[test]
    fn a_thousand_broken_rules_are_cut_and_counted() {
        let status = refused(1000).into_status();
        assert!(
            status.details().len() <= DETAILS_BYTES_MAX,
            "{} bytes",
            status.details().len()
        );
        let details = status.get_error_details();
        let metadata = &details.error_info().unwrap().metadata;
        assert_eq!(metadata.get("truncated").map(String::as_str), Some("true"));
        assert_eq!(
            metadata.get("violations_total").map(String::as_str),
            Some("1000")
        );
        assert!(
            details
                .precondition_failure()
                .is_some_and(|failure| !failure.violations.is_empty())
        );
    }
}
