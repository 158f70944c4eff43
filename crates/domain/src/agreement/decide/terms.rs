//! The further terms of an agreement: as signed, and revised.

use crate::agreement::decide::Case;
use crate::agreement::{AgreementEvent, FurtherTerms, TermsRevision};
use crate::classification::WHOLE_PPM;
use crate::finding::Findings;

pub(super) fn draft(
    _case: &Case<'_>,
    findings: &mut Findings,
    revision: &TermsRevision,
) -> Option<AgreementEvent> {
    if revision.is_empty() {
        findings.malformed("terms", "must change at least one term");
    }
    let ascending = |pair: &[crate::agreement::RevisableTerm]| matches!(pair, [a, b] if a < b);
    if !revision.cleared.windows(2).all(ascending) {
        findings.malformed("cleared", "must be ascending, each once");
    }
    for term in &revision.cleared {
        if revision.further.says(*term) {
            findings.malformed(
                "cleared",
                format!("must not hold {}, which is said too", term.name()),
            );
        }
    }
    check(findings, "", &revision.further);
    (!findings.unusable()).then(|| AgreementEvent::TermsRevised(Box::new(revision.clone())))
}

/// What can be said of further terms without an agreement.
pub(super) fn check(findings: &mut Findings, prefix: &str, further: &FurtherTerms) {
    if let Some(policy) = &further.reallocation_policy {
        let field = format!("{prefix}reallocation_policy");
        if WHOLE_PPM < policy.limit_ppm {
            findings.malformed(
                format!("{field}.limit_ppm"),
                format!("must be at most {WHOLE_PPM}"),
            );
        }
        if !policy
            .forbidden
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if a < b))
        {
            findings.malformed(format!("{field}.forbidden"), "must be ascending, each once");
        }
    }
    for (index, link) in further.upstream.iter().enumerate() {
        if let Some(amount) = link.amount {
            let field = format!("{prefix}upstream_links[{index}].amount");
            findings.positive(&field, amount, amount.currency());
        }
    }
    for (index, link) in further.pledges.iter().enumerate() {
        if let Some(amount) = link.amount {
            let field = format!("{prefix}pledge_links[{index}].amount");
            findings.positive(&field, amount, amount.currency());
        }
    }
}
