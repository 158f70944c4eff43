//! `ledger_admin_service.proto`: a new ledger and its policy.

use perennial_domain::agreement::RateSource;
use perennial_domain::ids::{LedgerId, RequestId};
use perennial_domain::ledger::{LedgerCommand, LedgerPolicy, Overridable, Tolerance};
use perennial_domain::log::Revision;
use perennial_domain::period::FiscalCalendar;
use perennial_domain::rule::Profile;

use super::check::Check;
use super::limits::Limits;
use super::path::Path;
use super::violation::Violations;
use crate::pb::admin as pb;

/// The most months that `multi_year_months` may ask for.
const MULTI_YEAR_MONTHS_MAX: u32 = 600;
const WHOLE_PPM: u32 = perennial_domain::classification::WHOLE_PPM;

/// A request for a new ledger, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateLedgerInput {
    /// The client's key.
    pub request_id: RequestId,
    /// The ledger.
    pub ledger_id: LedgerId,
    /// Fixed for ever.
    pub profile: Profile,
    /// The first policy. Whether its pillar mapping exists is for the caller to check.
    pub policy: LedgerPolicy,
}

/// Checks a request for a new ledger.
///
/// # Errors
/// [`Violations`]: every field that is not as the contract says. Fix the request.
pub fn create_ledger(
    message: pb::CreateLedgerRequest,
    limits: &Limits,
) -> Result<CreateLedgerInput, Violations> {
    let mut check = Check::new(limits);
    let request_id = check.request_id(Path::top("request_id"), &message.request_id);
    let at = Path::top("ledger_id");
    let ledger_id = check.id(at, &message.ledger_id, LedgerId::parse);
    let profile = check.enumeration::<pb::Profile>(Path::top("profile"), message.profile);
    let policy = message.policy.unwrap_or_default();
    let policy = check.policy(Path::top("policy"), policy);
    let input = (|| {
        Some(CreateLedgerInput {
            request_id: request_id?,
            ledger_id: ledger_id?,
            profile: profile?,
            policy: policy?,
        })
    })();
    check.finish(input)
}

/// A request for another policy, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangePolicyInput {
    /// The client's key.
    pub request_id: RequestId,
    /// The ledger.
    pub ledger_id: LedgerId,
    /// How many events the ledger's own stream is believed to hold.
    pub expected: Option<Revision>,
    /// What is asked for.
    pub command: LedgerCommand,
}

/// Checks a request for another policy.
///
/// # Errors
/// [`Violations`]: every field that is not as the contract says. Fix the request.
pub fn change_policy(
    message: pb::ChangeLedgerPolicyRequest,
    limits: &Limits,
) -> Result<ChangePolicyInput, Violations> {
    let mut check = Check::new(limits);
    let request_id = check.request_id(Path::top("request_id"), &message.request_id);
    let at = Path::top("ledger_id");
    let ledger_id = check.id(at, &message.ledger_id, LedgerId::parse);
    let policy = check.required(Path::top("policy"), message.policy, Check::policy);
    let max = limits.reason_chars_max;
    let reason = check.text(Path::top("reason"), message.reason, max);
    let revision = message.expected_revision;
    let input = (|| {
        Some(ChangePolicyInput {
            request_id: request_id?,
            ledger_id: ledger_id?,
            expected: (0 < revision).then_some(Revision(revision)),
            command: LedgerCommand::ChangePolicy {
                policy: policy?,
                reason: reason?,
            },
        })
    })();
    check.finish(input)
}

impl Check<'_> {
    pub(super) fn policy(
        &mut self,
        path: Path<'_>,
        message: pb::LedgerPolicy,
    ) -> Option<LedgerPolicy> {
        let default = LedgerPolicy::default();
        let code = Some(message.functional_currency).filter(|code| !code.is_empty());
        let at = path.field("functional_currency");
        let functional = self.optional(at, code, |check, path, code| check.currency(path, &code));
        let at = path.field("fiscal_calendar");
        let fiscal_calendar = if message.fiscal_calendar.is_empty() {
            Some(default.fiscal_calendar)
        } else {
            let calendar = FiscalCalendar::parse(&message.fiscal_calendar);
            calendar.or_else(|| self.invalid(at, "is not january, april, july or october"))
        };
        let months = message
            .multi_year_months
            .unwrap_or(default.multi_year_months);
        if !(1..=MULTI_YEAR_MONTHS_MAX).contains(&months) {
            self.invalid::<()>(path.field("multi_year_months"), "is not between 1 and 600");
        }
        let ppm = message.tolerance_relative_ppm;
        if ppm > WHOLE_PPM {
            self.invalid::<()>(path.field("tolerance_relative_ppm"), "is above 1000000");
        }
        let (at, max) = (path.field("pillar_mapping"), self.limits.code_chars_max);
        let mapping = self.text_opt(at, message.pillar_mapping, max);
        let overridable = match message.overridable {
            None => Some(default.overridable),
            Some(message) => self.overridable(path.field("overridable"), message.rules),
        };
        let source = Some(message.rate_source).filter(|name| !name.is_empty());
        let at = path.field("rate_source");
        let rate_source = self.optional(at, source, |check, path, name| {
            let source = RateSource::parse(&name);
            source.or_else(|| check.invalid(path, "is no source of rates"))
        });
        Some(LedgerPolicy {
            functional_currency: functional?,
            fiscal_calendar: fiscal_calendar?,
            tolerance: Tolerance {
                absolute_minor: message.tolerance_absolute_minor,
                relative_ppm: ppm,
            },
            multi_year_months: months,
            pillar_mapping: mapping?.unwrap_or(default.pillar_mapping),
            keep_refusals: message.keep_refusals,
            overridable: overridable?,
            rate_source: rate_source?,
        })
    }

    fn overridable(
        &mut self,
        path: Path<'_>,
        messages: Vec<pb::OverridableRule>,
    ) -> Option<Vec<Overridable>> {
        let (at, max) = (path.field("rules"), self.limits.overrides_max);
        let mut rules = self.list(at, messages, max, |check, path, message| {
            let rule = check.rule(path.field("rule"), &message.rule)?;
            if !rule.can_be_overridden() {
                let problem = format!("{} cannot be overridden in any ledger", rule.code());
                return check.invalid(path.field("rule"), problem);
            }
            Some(Overridable {
                rule,
                needs_approver: message.needs_approver,
            })
        })?;
        rules.sort_by_key(|overridable| overridable.rule);
        if rules
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.rule == b.rule))
        {
            return self.invalid(at, "names a rule twice");
        }
        Some(rules)
    }
}

impl From<&LedgerPolicy> for pb::LedgerPolicy {
    fn from(policy: &LedgerPolicy) -> Self {
        let functional = policy
            .functional_currency
            .map(|currency| currency.to_string());
        Self {
            functional_currency: functional.unwrap_or_default(),
            fiscal_calendar: policy.fiscal_calendar.name().to_owned(),
            tolerance_absolute_minor: policy.tolerance.absolute_minor,
            tolerance_relative_ppm: policy.tolerance.relative_ppm,
            multi_year_months: Some(policy.multi_year_months),
            pillar_mapping: policy.pillar_mapping.clone(),
            keep_refusals: policy.keep_refusals,
            overridable: Some(pb::OverridableRules {
                rules: policy.overridable.iter().map(Into::into).collect(),
            }),
            rate_source: policy
                .rate_source
                .map(|source| source.name().to_owned())
                .unwrap_or_default(),
        }
    }
}

impl From<&Overridable> for pb::OverridableRule {
    fn from(overridable: &Overridable) -> Self {
        Self {
            rule: overridable.rule.code().to_owned(),
            needs_approver: overridable.needs_approver,
        }
    }
}
