//! One submission of every kind, to begin with.

macro_rules! examples {
    ($($kind:literal),* $(,)?) => {
        &[$(($kind, include_str!(concat!("../../submissions/", $kind, ".json")))),*]
    };
}

/// In the order in which an agreement lives.
const EXAMPLES: &[(&str, &str)] = examples![
    "announce-pledge",
    "revise-pledge",
    "sign-agreement",
    "convert-pledge",
    "withdraw-pledge",
    "lapse-pledge",
    "describe-agreement",
    "open-line",
    "increase-commitment",
    "decrease-commitment",
    "extend-period",
    "shorten-period",
    "revise-terms",
    "schedule-tranche",
    "reschedule-tranche",
    "cancel-tranche",
    "replace-forecast",
    "meet-tranche-condition",
    "waive-tranche-condition",
    "reallocate-funds",
    "allocate",
    "release-allocation",
    "carry-over-funds",
    "transfer-funds",
    "link-onward-grant",
    "disburse",
    "reimburse",
    "refund",
    "confirm-receipt",
    "confirm-refund",
    "report-expenditure",
    "reduce-expenditure",
    "record-other-flow",
    "suspend-agreement",
    "resume-agreement",
    "terminate-agreement",
    "cancel-agreement",
    "end-agreement",
    "write-off-receivable",
    "recover-receivable",
    "close-agreement",
    "reverse-entry",
    "replace-entry",
    "open-fiscal-period",
    "close-fiscal-period",
    "reopen-fiscal-period",
    "adjust-prior-period",
    "start-import",
    "complete-import",
    "change-ledger-policy",
    "acknowledge-exception",
    "resolve-exception",
    "reclassify-splits",
    "replace-tag-set",
    "publish-rate-table",
    "publish-codelist",
    "publish-pillar-mapping",
    "publish-scheme",
    "register-organisation",
    "merge-organisation",
    "assess-local-actor",
    "publish-requirement",
];

/// Returns the names of every kind of command.
pub fn example_kinds() -> impl Iterator<Item = &'static str> {
    EXAMPLES.iter().map(|(kind, _)| *kind)
}

/// Returns a submission of a kind, as a file would hold it.
pub fn example(kind: &str) -> Option<&'static str> {
    EXAMPLES
        .iter()
        .find(|(name, _)| *name == kind)
        .map(|(_, text)| *text)
}
