//! `ledger.proto`: events of the ledger itself.

use perennial_domain::ids::LedgerId;
use perennial_domain::ledger::{ExceptionId, LedgerEvent, LedgerPolicy, Overridable, Tolerance};

use super::error::{At, DecodeError, Problem, enumeration, list, optional, required};
use super::event::rule;
use super::value::{currency, event_id};
use crate::pb::log as pb;
use crate::pb::log::stored_event::Kind;

pub(super) fn to_kind(event: &LedgerEvent) -> Kind {
    match event {
        LedgerEvent::LedgerCreated {
            ledger_id,
            profile,
            policy,
        } => Kind::LedgerCreated(pb::LedgerCreated {
            ledger_id: ledger_id.to_string(),
            profile: pb::Profile::from(*profile).into(),
            policy: Some(policy.into()),
        }),
        LedgerEvent::LedgerPolicyChanged { policy, reason } => {
            Kind::LedgerPolicyChanged(pb::LedgerPolicyChanged {
                policy: Some(policy.into()),
                reason: reason.clone(),
            })
        }
        LedgerEvent::ExceptionAcknowledged {
            exception,
            disposition,
        } => Kind::ExceptionAcknowledged(pb::ExceptionAcknowledged {
            target: Some(exception.event_id.into()),
            rule: exception.rule.code().to_owned(),
            disposition: disposition.clone(),
        }),
        LedgerEvent::ExceptionResolved {
            exception,
            disposition,
        } => Kind::ExceptionResolved(pb::ExceptionResolved {
            target: Some(exception.event_id.into()),
            rule: exception.rule.code().to_owned(),
            disposition: disposition.clone(),
        }),
    }
}

pub(super) fn created(message: pb::LedgerCreated) -> Result<LedgerEvent, DecodeError> {
    Ok(LedgerEvent::LedgerCreated {
        ledger_id: LedgerId::parse(&message.ledger_id)
            .map_err(Problem::from)
            .at("ledger_id")?,
        profile: enumeration::<pb::Profile>(message.profile).at("profile")?,
        policy: required("policy", message.policy, policy)?,
    })
}

pub(super) fn policy_changed(message: pb::LedgerPolicyChanged) -> Result<LedgerEvent, DecodeError> {
    Ok(LedgerEvent::LedgerPolicyChanged {
        policy: required("policy", message.policy, policy)?,
        reason: message.reason,
    })
}

pub(super) fn acknowledged(message: pb::ExceptionAcknowledged) -> Result<LedgerEvent, DecodeError> {
    Ok(LedgerEvent::ExceptionAcknowledged {
        exception: exception(message.target, &message.rule)?,
        disposition: message.disposition,
    })
}

pub(super) fn resolved(message: pb::ExceptionResolved) -> Result<LedgerEvent, DecodeError> {
    Ok(LedgerEvent::ExceptionResolved {
        exception: exception(message.target, &message.rule)?,
        disposition: message.disposition,
    })
}

fn exception(target: Option<pb::EventId>, code: &str) -> Result<ExceptionId, DecodeError> {
    Ok(ExceptionId {
        event_id: required("target", target, event_id)?,
        rule: rule(code).at("rule")?,
    })
}

impl From<&LedgerPolicy> for pb::LedgerPolicy {
    fn from(policy: &LedgerPolicy) -> Self {
        Self {
            functional_currency: policy
                .functional_currency
                .map(|currency| currency.to_string()),
            fiscal_calendar: pb::FiscalCalendar::from(policy.fiscal_calendar).into(),
            tolerance_absolute_minor: policy.tolerance.absolute_minor,
            tolerance_relative_ppm: policy.tolerance.relative_ppm,
            multi_year_months: policy.multi_year_months,
            pillar_mapping: policy.pillar_mapping.clone(),
            keep_refusals: policy.keep_refusals,
            overridable: overridable_message(&policy.overridable),
            rate_source: policy
                .rate_source
                .map(|source| pb::RateSource::from(source).into()),
        }
    }
}

fn policy(message: pb::LedgerPolicy) -> Result<LedgerPolicy, DecodeError> {
    let functional = message.functional_currency.as_deref();
    Ok(LedgerPolicy {
        functional_currency: optional("functional_currency", functional, currency)?,
        fiscal_calendar: enumeration::<pb::FiscalCalendar>(message.fiscal_calendar)
            .at("fiscal_calendar")?,
        tolerance: Tolerance {
            absolute_minor: message.tolerance_absolute_minor,
            relative_ppm: message.tolerance_relative_ppm,
        },
        multi_year_months: message.multi_year_months,
        pillar_mapping: message.pillar_mapping,
        keep_refusals: message.keep_refusals,
        overridable: match message.overridable {
            None => Overridable::by_default(),
            Some(message) => list("overridable.rules", message.rules, overridable)?,
        },
        rate_source: optional(
            "rate_source",
            message.rate_source,
            enumeration::<pb::RateSource>,
        )?,
    })
}

/// What is stored of the rules that may be overridden: nothing where they are the default, as before the policy could
/// say any.
fn overridable_message(rules: &[Overridable]) -> Option<pb::OverridableRules> {
    if rules == Overridable::by_default() {
        return None;
    }
    let rules = rules.iter().map(|overridable| pb::OverridableRule {
        rule: overridable.rule.code().to_owned(),
        needs_approver: overridable.needs_approver,
    });
    Some(pb::OverridableRules {
        rules: rules.collect(),
    })
}

fn overridable(message: pb::OverridableRule) -> Result<Overridable, DecodeError> {
    Ok(Overridable {
        rule: rule(&message.rule).at("rule")?,
        needs_approver: message.needs_approver,
    })
}
