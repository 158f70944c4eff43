//! What to do about each documented reason: the first line of "What to do" on its page. The pages are built in, so the
//! command line and the documents cannot say different things.

/// Builds in the page of each reason.
macro_rules! pages {
    ($($reason:literal),* $(,)?) => {
        &[$(($reason, include_str!(concat!("../../../../docs/errors/", $reason, ".md")))),*]
    };
}

/// Every documented reason, ascending, with its page.
const PAGES: &[(&str, &str)] = pages![
    "AGREEMENT_ALREADY_PAID",
    "AGREEMENT_EXISTS",
    "AGREEMENT_NOT_SETTLED",
    "AGREEMENT_SUSPENDED",
    "ALLOCATION_EXCEEDS_PARKED",
    "ALLOCATION_EXISTS",
    "ALREADY_PUBLISHED",
    "AMBIGUOUS_REFERENCE",
    "AMOUNT_PRECISION",
    "ANCESTOR_TAGGED",
    "CARRY_OVER_EXCEEDS_UNDISBURSED",
    "CLOSING_BLOCKED",
    "CODE_NOT_ON_LINE",
    "COMMITMENT_BELOW_DISBURSED",
    "CONDITION_SETTLED",
    "CONVERSION_EXCEEDS_PLEDGE",
    "COUNTS_UNRECONCILED",
    "CURRENCY_MISMATCH",
    "DATE_IN_FUTURE",
    "DECOMMITMENT_DIFFERS",
    "DISBURSED_NEGATIVE",
    "DISBURSEMENT_AFTER_END",
    "DISBURSEMENT_BEFORE_SIGNATURE",
    "DISBURSEMENT_EXCEEDS_COMMITMENT",
    "END_NOT_EARLIER",
    "END_NOT_LATER",
    "ENTRY_HAS_DEPENDENTS",
    "EXCEPTION_RESOLVED",
    "EXPENDITURE_EXCEEDS_RECEIVED",
    "EXTERNAL_REFERENCE_EXISTS",
    "FIGURE_OUT_OF_RANGE",
    "FISCAL_PERIOD_ALREADY_CLOSED",
    "FISCAL_PERIOD_EXISTS",
    "FISCAL_PERIOD_GAP",
    "FISCAL_PERIOD_NOT_CLOSED",
    "FISCAL_PERIOD_NOT_ENDED",
    "FISCAL_PERIOD_OFF_PATTERN",
    "FISCAL_PERIOD_OVERLAPS",
    "FUNCTIONAL_DIFFERS",
    "IMPORT_COMPLETED",
    "IMPORT_EXISTS",
    "INTEGRITY_FAILURE",
    "INVALID_FIELD",
    "LEDGER_EXISTS",
    "LEG_EXCEEDS_UNDISBURSED",
    "LINE_EXISTS",
    "LINE_REQUIRED",
    "LOG_UNAVAILABLE",
    "MERGE_CYCLE",
    "NOT_LEADER",
    "ONWARD_CYCLE",
    "ONWARD_EXCEEDS_RECEIVED",
    "OUTCOME_UNKNOWN",
    "PAYMENT_EXISTS",
    "PERIOD_CLOSED",
    "PERIOD_ENDS_BEFORE_START",
    "PILLAR_NOT_DECLARED",
    "PLEDGE_EXISTS",
    "POLICY_CHANGED_LATER",
    "POSITION_NOT_YET",
    "PROJECTION_LAGGING",
    "PUBLISHED_BEFORE_NEWEST",
    "PUBLISHED_DIFFERENTLY",
    "RATE_EVIDENCE_MISSING",
    "RATE_LIMITED",
    "REALLOCATION_EXCEEDS_POLICY",
    "REALLOCATION_UNBALANCED",
    "RECEIPT_DIFFERS_FROM_SENT",
    "RECORD_TOO_LARGE",
    "RECOVERY_EXCEEDS_PAID",
    "RECOVERY_EXCEEDS_WRITTEN_OFF",
    "REFUND_EXCEEDS_DISBURSED",
    "REFUSED",
    "RELEASE_EXCEEDS_ALLOCATED",
    "REQUEST_ID_REUSED",
    "REQUEST_TOO_LARGE",
    "RESUME_TOKEN_MISMATCH",
    "REVERSAL_TARGET",
    "REVISION_CONFLICT",
    "SCHEDULED_EXCEEDS_UNDISBURSED",
    "SELF_APPROVAL",
    "SPLIT_INEXACT",
    "STATUS_FORBIDS",
    "TAGS_EXCEED_WHOLE",
    "TOTAL_OUT_OF_RANGE",
    "TRANCHE_CONDITION_UNMET",
    "TRANCHE_EXISTS",
    "TRANCHE_NOT_OPEN",
    "TRANSFER_EXISTS",
    "UNKNOWN_AGREEMENT",
    "UNKNOWN_ALLOCATION",
    "UNKNOWN_CALENDAR",
    "UNKNOWN_CONDITION",
    "UNKNOWN_ELEMENT",
    "UNKNOWN_EVENT",
    "UNKNOWN_EXCEPTION",
    "UNKNOWN_FISCAL_PERIOD",
    "UNKNOWN_IMPORT",
    "UNKNOWN_LEDGER",
    "UNKNOWN_LINE",
    "UNKNOWN_LIST",
    "UNKNOWN_PAYMENT",
    "UNKNOWN_PLEDGE",
    "UNKNOWN_RATE",
    "UNKNOWN_SCHEME",
    "UNKNOWN_TRANCHE",
    "WRITE_OFF_EXCEEDS_RECEIVABLE",
    "ZERO_AMOUNT",
];

/// What to do about `reason`; nothing if it is not documented.
pub(super) fn advice(reason: &str) -> Option<&'static str> {
    let found = PAGES.binary_search_by_key(&reason, |(documented, _)| documented);
    let (_, page) = PAGES.get(found.ok()?)?;
    let (_, after) = page.split_once("\n## What to do\n")?;
    after.trim_start().lines().next()?.strip_prefix("- ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reasons that docs/errors has a page of, ascending.
    fn documented() -> Vec<String> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors");
        let files = std::fs::read_dir(folder).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut reasons: Vec<String> = names
            .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
            .filter(|name| name != "README")
            .collect();
        reasons.sort_unstable();
        reasons
    }

    #[test]
    fn every_documented_reason_has_its_page_built_in() {
        let built_in: Vec<&str> = PAGES.iter().map(|(reason, _)| *reason).collect();
        assert_eq!(built_in, documented());
    }

    #[test]
    fn every_reason_says_what_to_do_as_its_page_does() {
        for reason in documented() {
            let said = advice(&reason);
            assert!(
                said.is_some_and(|said| 10 < said.len()),
                "{reason}: {said:?}"
            );
        }
        assert_eq!(
            advice("OUTCOME_UNKNOWN"),
            Some(
                "Send the same submission again with the same `request_id`, never with a new one: a new id could \
                 book it twice."
            )
        );
        assert_eq!(advice("NO_SUCH_REASON"), None);
    }
}
