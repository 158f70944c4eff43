//! Reading a line's money under other splits, and tagging it. Neither moves money.

use crate::agreement::decide::Case;
use crate::agreement::{AgreementCommand, AgreementEvent, LineSplits};
use crate::classification::LineDims;
use crate::finding::Findings;
use crate::rejection::Rejection;
use crate::rules;
use crate::tag::{self, TagSet, TagSubject};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "`Case::draft` names every command and sends only this family here"
)]
pub(super) fn draft(
    case: &Case<'_>,
    findings: &mut Findings,
    command: &AgreementCommand,
) -> Option<AgreementEvent> {
    match command {
        AgreementCommand::ReclassifySplits {
            line_id,
            splits,
            reason,
        } => {
            let at = case.line(findings, line_id.as_ref());
            check_splits(case, findings, at, splits);
            Some(AgreementEvent::SplitsReclassified {
                line_id: case.line_id(at?)?,
                splits: splits.clone(),
                reason: reason.clone(),
            })
        }
        AgreementCommand::ReplaceTagSet(set) => {
            check_subject(case, findings, set);
            let set = tag::check(findings, case.context, set);
            Some(AgreementEvent::TagSetReplaced(set))
        }
        _ => None,
    }
}

/// R4: exact in a strict ledger; what was published inexactly is flagged in a mirror.
fn check_splits(case: &Case<'_>, findings: &mut Findings, at: Option<usize>, splits: &LineSplits) {
    let Some(line_id) = at.and_then(|at| case.line_id(at)) else {
        return;
    };
    let subject = format!("{}/{line_id}", case.subject);
    let dims = LineDims {
        purposes: splits.purposes.clone(),
        places: splits.places.clone(),
        ..LineDims::default()
    };
    findings.breach(rules::split_exact(&subject, &dims));
}

fn check_subject(case: &Case<'_>, findings: &mut Findings, set: &TagSet) {
    match &set.subject {
        TagSubject::Whole => {}
        TagSubject::Line(line_id) => {
            case.line(findings, Some(line_id));
        }
        TagSubject::Tranche(tranche_id) => {
            if case.agreement.tranche(tranche_id).is_none() {
                findings.reject(Rejection::UnknownTranche {
                    agreement_id: case.id.clone(),
                    tranche_id: tranche_id.clone(),
                });
            }
        }
    }
}
