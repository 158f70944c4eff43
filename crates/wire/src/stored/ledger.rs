//! `ledger.proto`: events of the ledger itself.

use perennial_domain::ids::LedgerId;
use perennial_domain::ledger::{LedgerEvent, LedgerPolicy, Overridable, Tolerance};

use super::error::{At, DecodeError, Problem, enumeration, list, optional, required};
use super::event::rule;
use super::value::currency;
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
