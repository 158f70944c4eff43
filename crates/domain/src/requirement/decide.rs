//! Which facts a command adds to a plan, or every reason against it. Pure.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::agreement::decide::{Draft, Drafts};
use crate::event::Stream;
use crate::finding::{Context, Findings};
use crate::ids::PlanId;
use crate::money::MINOR_UNITS_LIMIT;
use crate::reference::Reference;
use crate::rejection::Rejection;
use crate::requirement::{ASKS_MAX, Plan, Requirement, RequirementCommand, RequirementEvent};
use crate::rules;

/// Decides a command on a plan, which is absent before its first version.
pub(crate) fn decide(
    context: Context<'_>,
    (id, plan): (&PlanId, Option<&Plan>),
    (effective_on, command): (Date, &RequirementCommand),
) -> Drafts<RequirementEvent> {
    let mut findings = Findings::new(context.profile);
    let stream = Stream::Requirement(id.clone());
    findings.date("effective_on", effective_on);
    findings.breach(rules::date_not_future(
        &stream.to_string(),
        "effective_on",
        effective_on,
        context.today,
    ));
    let RequirementCommand::Publish(requirement) = command;
    check_version(&mut findings, &stream, plan, requirement);
    check_objectives(&mut findings, context.schemes, requirement);
    check_asks(&mut findings, &stream, requirement);
    let verdict = findings.finish(&context)?;
    Ok(vec![Draft {
        effective_on,
        fact: RequirementEvent::RequirementPublished(requirement.clone()),
        verdict,
    }])
}

/// A version is published once; what it says never changes.
fn check_version(
    findings: &mut Findings,
    stream: &Stream,
    plan: Option<&Plan>,
    requirement: &Requirement,
) {
    let what = requirement.version.to_string();
    match plan.and_then(|plan| plan.version(&requirement.version)) {
        None => {}
        Some(published) if published == requirement => {
            findings.reject(Rejection::AlreadyPublished {
                stream: stream.clone(),
                what,
            });
        }
        Some(_) => findings.reject(Rejection::PublishedDifferently {
            stream: stream.clone(),
            what,
            hashes: None,
        }),
    }
}

fn check_objectives(
    findings: &mut Findings,
    schemes: Option<&Reference>,
    requirement: &Requirement,
) {
    let list = &requirement.list;
    let Some(scheme) = schemes.and_then(|schemes| schemes.scheme(list)) else {
        findings.reject(Rejection::UnknownScheme(list.clone()));
        return;
    };
    let objectives: BTreeSet<&str> = requirement
        .asks
        .iter()
        .filter_map(|ask| ask.objective.as_deref())
        .collect();
    for objective in objectives {
        if !scheme.has(objective) {
            findings.reject(Rejection::UnknownElement {
                list: list.clone(),
                element: objective.to_owned(),
            });
        }
    }
}

/// Amounts above 0, in one currency, within what a total can hold.
fn check_asks(findings: &mut Findings, stream: &Stream, requirement: &Requirement) {
    if !(1..=ASKS_MAX).contains(&requirement.asks.len()) {
        findings.malformed("asks", format!("must hold 1 to {ASKS_MAX} asks"));
    }
    let Some(first) = requirement.asks.first() else {
        return;
    };
    let mut total = 0_i128;
    for (index, ask) in requirement.asks.iter().enumerate() {
        let field = format!("asks[{index}].amount");
        findings.positive(&field, ask.amount, first.amount.currency());
        total = total.saturating_add(ask.amount.minor_units());
    }
    if MINOR_UNITS_LIMIT <= total {
        findings.reject(Rejection::TotalOutOfRange {
            stream: stream.clone(),
        });
    }
}
