//! Which facts a command adds to the ledger itself, or every reason against it. Pure.

use jiff::civil::Date;

use crate::agreement::decide::{Draft, Drafts};
use crate::finding::{Context, Findings};
use crate::ledger::state::LedgerState;
use crate::ledger::{Disposition, ExceptionId, LedgerCommand, LedgerEvent, LedgerPolicy};
use crate::rejection::Rejection;
use crate::rules;

/// As breaches name it.
const SUBJECT: &str = "ledger";
/// The most calendar months that `multi_year_months` may ask for.
const MULTI_YEAR_MONTHS_MAX: u32 = 600;

/// Decides a command on the ledger. `disposition` tells how far people are with an exception; nothing if there is no
/// such exception.
pub(crate) fn decide(
    context: Context<'_>,
    state: &LedgerState,
    disposition: impl Fn(ExceptionId) -> Option<Disposition>,
    (effective_on, command): (Date, &LedgerCommand),
) -> Drafts<LedgerEvent> {
    let mut findings = Findings::new(context.profile);
    findings.date("effective_on", effective_on);
    findings.breach(rules::date_not_future(
        SUBJECT,
        "effective_on",
        effective_on,
        context.today,
    ));
    let mut unsettled = |exception: ExceptionId| match disposition(exception) {
        None => findings.reject(Rejection::UnknownException(exception)),
        Some(Disposition::Resolved) => findings.reject(Rejection::ExceptionResolved(exception)),
        Some(Disposition::Open | Disposition::Acknowledged) => {}
    };
    let fact = match command {
        LedgerCommand::ChangePolicy { policy, reason } => {
            if effective_on < state.policy_since {
                findings.reject(Rejection::PolicyChangedLater {
                    changed_on: state.policy_since,
                    effective_on,
                });
            }
            check(&mut findings, policy);
            LedgerEvent::LedgerPolicyChanged {
                policy: policy.clone(),
                reason: reason.clone(),
            }
        }
        LedgerCommand::AcknowledgeException {
            exception,
            disposition,
        } => {
            unsettled(*exception);
            LedgerEvent::ExceptionAcknowledged {
                exception: *exception,
                disposition: disposition.clone(),
            }
        }
        LedgerCommand::ResolveException {
            exception,
            disposition,
        } => {
            unsettled(*exception);
            LedgerEvent::ExceptionResolved {
                exception: *exception,
                disposition: disposition.clone(),
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

/// What a policy may say, whoever made it.
fn check(findings: &mut Findings, policy: &LedgerPolicy) {
    if !(1..=MULTI_YEAR_MONTHS_MAX).contains(&policy.multi_year_months) {
        let problem = format!("must lie in 1 to {MULTI_YEAR_MONTHS_MAX}");
        findings.malformed("policy.multi_year_months", problem);
    }
    if crate::classification::WHOLE_PPM < policy.tolerance.relative_ppm {
        findings.malformed("policy.tolerance_relative_ppm", "must be at most 1000000");
    }
    let rules = policy.overridable.iter();
    if !rules
        .clone()
        .all(|overridable| overridable.rule.can_be_overridden())
        || !rules.is_sorted_by(|a, b| a.rule < b.rule)
    {
        findings.malformed(
            "policy.overridable",
            "must name rules that can be overridden, ascending, each once",
        );
    }
}
