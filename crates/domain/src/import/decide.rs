//! Which facts a command adds to an import run, or every reason against it. Pure.

use jiff::civil::Date;

use crate::agreement::decide::{Draft, Drafts};
use crate::finding::{Context, Findings};
use crate::ids::ImportId;
use crate::import::{
    Import, ImportCommand, ImportCounts, ImportEvent, LOCATORS_MAX, RefusedReason,
};
use crate::rejection::Rejection;
use crate::rules;

/// Decides a command on an import run, which is absent before its start. `newest` is the newest publication
/// that the ledger has started to import.
pub(crate) fn decide(
    context: Context<'_>,
    id: &ImportId,
    import: Option<&Import>,
    newest: Option<Date>,
    (effective_on, command): (Date, &ImportCommand),
) -> Drafts<ImportEvent> {
    let mut findings = Findings::new(context.profile);
    let subject = format!("import/{id}");
    findings.date("effective_on", effective_on);
    findings.breach(rules::date_not_future(
        &subject,
        "effective_on",
        effective_on,
        context.today,
    ));
    let fact = match command {
        ImportCommand::Start(source) => {
            if import.is_some() {
                findings.reject(Rejection::ImportExists(id.clone()));
            }
            findings.date("published_on", source.published_on);
            if let Some(newest) = newest.filter(|&newest| source.published_on < newest) {
                findings.reject(Rejection::PublishedBeforeNewest {
                    newest,
                    published_on: source.published_on,
                });
            }
            ImportEvent::ImportStarted(source.clone())
        }
        ImportCommand::Complete { counts, reasons } => {
            match import {
                None => findings.reject(Rejection::UnknownImport(id.clone())),
                Some(import) if import.completed => {
                    findings.reject(Rejection::ImportCompleted(id.clone()));
                }
                Some(_) => {}
            }
            check_counts(&mut findings, *counts);
            ImportEvent::ImportCompleted {
                counts: *counts,
                reasons: checked(&mut findings, reasons),
            }
        }
    };
    let verdict = findings.finish(&context)?;
    Ok(vec![Draft {
        effective_on,
        fact,
        verdict,
    }])
}

/// Read = booked + flagged + refused + unchanged (SEMANTICS.md 3 "Counts").
fn check_counts(findings: &mut Findings, counts: ImportCounts) {
    let parts = [
        counts.booked,
        counts.flagged,
        counts.refused,
        counts.unchanged,
    ];
    let sum = parts
        .iter()
        .try_fold(0_u64, |sum, &part| sum.checked_add(part));
    if sum != Some(counts.transactions) {
        findings.reject(Rejection::CountsUnreconciled { counts });
    }
}

/// The reasons ascending, each once, with no more locators than are kept.
fn checked(findings: &mut Findings, reasons: &[RefusedReason]) -> Vec<RefusedReason> {
    for (index, reason) in reasons.iter().enumerate() {
        if LOCATORS_MAX < reason.locators.len() {
            findings.malformed(
                format!("reasons[{index}].locators"),
                format!("must hold at most {LOCATORS_MAX} locators"),
            );
        }
    }
    let mut reasons = reasons.to_vec();
    reasons.sort_by(|a, b| a.reason.cmp(&b.reason));
    if reasons
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a.reason == b.reason))
    {
        findings.malformed("reasons", "must name each reason once");
    }
    reasons
}
