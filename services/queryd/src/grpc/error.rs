//! What only queryd says when something went wrong; the rest is [`rich_error`] (CONVENTIONS.md 2.4).

use perennial_domain::ids::AgreementId;
use perennial_domain::log::Position;
use perennial_transport::rich_error::{self, Quota, RETRY_AFTER, RichError, position_not_yet};
use perennial_views::QuestionError;
use perennial_wire::query::AmountOutOfRange;
use tonic::{Code, Status};

use crate::projection::Damage;

pub(crate) use perennial_transport::rich_error::{
    invalid_field, invalid_request, missing_ledger, stopping, unavailable,
};

pub(crate) fn amount_out_of_range(problem: &AmountOutOfRange) -> Status {
    RichError::new(Code::OutOfRange, "FIGURE_OUT_OF_RANGE", problem.to_string())
        .with("currency", problem.currency)
        .into_status()
}

pub(crate) fn resume_token_mismatch() -> Status {
    rich_error::resume_token_mismatch(
        "the resume token is of another view, filter or ledger: subscribe without it, with a snapshot",
    )
}

pub(crate) fn unknown_agreement(name: &str) -> Status {
    let message = format!("there is no agreement \"{name}\" (or it might not exist)");
    RichError::new(Code::NotFound, "UNKNOWN_AGREEMENT", message)
        .with("agreement_id", name)
        .into_status()
}

/// A reference that names several agreements; `ids` are ascending.
pub(crate) fn ambiguous_reference(name: &str, ids: &[AgreementId]) -> Status {
    let ids: Vec<&str> = ids.iter().map(AgreementId::as_str).collect();
    let message = format!(
        "\"{name}\" names {} agreements: {}",
        ids.len(),
        ids.join(", ")
    );
    RichError::new(Code::FailedPrecondition, "AMBIGUOUS_REFERENCE", message)
        .with("reference", name)
        .with("agreement_ids", ids.join(" "))
        .into_status()
}

pub(crate) fn lagging(required: Option<Position>, current: Option<Position>) -> Status {
    let text = |position: Option<Position>| {
        position.map_or_else(|| "none".to_owned(), |position| position.to_string())
    };
    let message = match required {
        Some(required) => format!(
            "the views stand at position {}, not yet at {required}",
            text(current)
        ),
        None => format!(
            "the views are being built and stand at position {}",
            text(current)
        ),
    };
    let error = RichError::new(Code::Unavailable, "PROJECTION_LAGGING", message)
        .with("current", text(current));
    match required {
        Some(required) => error.with("required", required),
        None => error,
    }
    .retry_after(RETRY_AFTER)
    .into_status()
}

/// The ledger's history is not what it was.
pub(crate) fn damaged(damage: &Damage) -> Status {
    let first_bad_position = damage.first_bad_position.map(|position| position.0);
    rich_error::integrity_failure(&*damage.problem, first_bad_position)
}

/// More is asked of this process at once than it serves: `limit` is how many of `counted` there may be.
pub(crate) fn too_many(message: impl Into<String>, counted: &str, limit: usize) -> Status {
    let quota = Quota {
        subject: "queryd",
        counted,
        limit,
    };
    rich_error::rate_limited(message, quota).into_status()
}

/// A question without an answer. Filters and keys are checked where their fields are decoded, too.
pub(crate) fn question(error: &QuestionError) -> Status {
    match error {
        QuestionError::LostPage(lost) => unavailable(lost.to_string()),
        QuestionError::NothingRecorded => position_not_yet(error.to_string(), None::<Position>),
        QuestionError::BeyondHead { head, .. } => position_not_yet(error.to_string(), Some(head)),
        QuestionError::NoSuchFilter { .. } => invalid_field("page.filter", error),
        QuestionError::NoSuchBasis { .. } => invalid_field("options.currency_basis", error),
        QuestionError::NotRestated { .. } => invalid_field("options.restated", error),
        QuestionError::NoSuchCalendar { name, known } => {
            RichError::new(Code::NotFound, "UNKNOWN_CALENDAR", error.to_string())
                .with("calendar", name)
                .with("known", known.join(" "))
                .into_status()
        }
        QuestionError::ListRequired { .. } => invalid_field("list", error),
        QuestionError::NoSuchList { name, .. } => {
            RichError::new(Code::NotFound, "UNKNOWN_LIST", error.to_string())
                .with("list", name)
                .into_status()
        }
        QuestionError::NoSuchGrouping { .. } => invalid_field("group_by", error),
        QuestionError::NoSuchMapping { .. } => invalid_field("options.pillar_mapping", error),
        QuestionError::NoSuchScheme { name } => {
            RichError::new(Code::NotFound, "UNKNOWN_SCHEME", error.to_string())
                .with("scheme", name)
                .into_status()
        }
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::StatusExt as _;

    use super::*;

    #[test]
    fn too_many_of_something_is_a_quota_that_passes() {
        let status = too_many(
            "too many subscriptions are open",
            "open subscriptions",
            1_000,
        );
        assert_eq!(status.code(), Code::ResourceExhausted);
        let details = status.get_error_details();
        let quota = &details.quota_failure().unwrap().violations[0];
        assert_eq!(
            (quota.subject.as_str(), quota.description.as_str()),
            ("queryd", "at most 1000 open subscriptions")
        );
        assert!(details.retry_info().is_some());
    }

    #[test]
    fn damaged_history_says_where_it_begins() {
        let damage = Damage {
            problem: "a record is damaged".into(),
            first_bad_position: Some(Position(9)),
        };
        let details = damaged(&damage).get_error_details();
        let metadata = &details.error_info().unwrap().metadata;
        assert_eq!(metadata["first_bad_position"], "9");
    }
}
