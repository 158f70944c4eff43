//! Policies of ledgers, and what a command brings to break a rule with.

use perennial_wire::pb::ledger as pb;
use perennial_wire::pb::ledger::command::Action as Message;
use perennial_wire::request::{Limits, Reason, create_ledger};

use crate::requests::{check, command, disburse, refused, request, usd};

#[test]
fn a_new_ledger_needs_an_id_and_a_profile_and_has_the_default_policy() {
    use perennial_wire::pb::admin;
    let ask = |profile: admin::Profile, policy| admin::CreateLedgerRequest {
        request_id: "0192f0c1-2b3c-7d4e-8f50-123456789abc".to_owned(),
        ledger_id: "acme-books".to_owned(),
        profile: profile.into(),
        policy,
    };
    let input = create_ledger(ask(admin::Profile::Strict, None), &Limits::default()).unwrap();
    assert_eq!(
        input.policy,
        perennial_domain::ledger::LedgerPolicy::default()
    );
    let written = admin::LedgerPolicy::from(&input.policy);
    let again = create_ledger(
        ask(admin::Profile::Strict, Some(written)),
        &Limits::default(),
    );
    assert_eq!(again, Ok(input));
    let policy = admin::LedgerPolicy {
        functional_currency: "ZZZ".to_owned(),
        fiscal_calendar: "may".to_owned(),
        tolerance_relative_ppm: 1_000_001,
        multi_year_months: Some(0),
        ..Default::default()
    };
    let asked = ask(admin::Profile::Unspecified, Some(policy));
    let violations = create_ledger(asked, &Limits::default()).unwrap_err();
    let paths: Vec<&str> = violations
        .violations
        .iter()
        .map(|v| v.field.as_str())
        .collect();
    assert_eq!(
        paths,
        [
            "profile",
            "policy.functional_currency",
            "policy.fiscal_calendar",
            "policy.multi_year_months",
            "policy.tolerance_relative_ppm",
        ]
    );
}

fn permitted(rule: &str, reason: &str) -> pb::Override {
    pb::Override {
        rule: rule.to_owned(),
        reason: reason.to_owned(),
        approver: String::new(),
    }
}

#[test]
fn an_override_names_a_known_rule_once_with_its_reason() {
    let with = |overrides| {
        request(vec![pb::Command {
            overrides,
            ..command(Message::Disburse(disburse(usd(1, 0))))
        }])
    };
    let good = check(with(vec![permitted("R11", "b"), permitted("R10", "a")])).unwrap();
    let rules: Vec<&str> = good.submission.commands[0]
        .overrides
        .iter()
        .map(|permitted| permitted.rule.code())
        .collect();
    assert_eq!(rules, ["R10", "R11"]);
    let invalid = Reason::InvalidField;
    refused(
        with(vec![permitted("R10", "a"), permitted("R10", "b")]),
        &[("commands[0].overrides", invalid)],
    );
    refused(
        with(vec![permitted("R99", " "), permitted("", "a")]),
        &[
            ("commands[0].overrides[0].rule", invalid),
            ("commands[0].overrides[0].reason", invalid),
            ("commands[0].overrides[1].rule", invalid),
        ],
    );
    let many = |count| {
        let violations = check(with(vec![permitted("R10", "a"); count])).unwrap_err();
        violations[0].description.clone()
    };
    assert_eq!(many(32), "names a rule twice");
    assert_eq!(many(33), "has 33 items, more than 32");
}

#[test]
fn a_policy_names_only_rules_that_can_be_overridden_each_once() {
    use perennial_wire::pb::admin;
    let ask = |rules: &[&str]| admin::CreateLedgerRequest {
        request_id: "0192f0c1-2b3c-7d4e-8f50-123456789abc".to_owned(),
        ledger_id: "acme-books".to_owned(),
        profile: admin::Profile::Strict.into(),
        policy: Some(admin::LedgerPolicy {
            overridable: Some(admin::OverridableRules {
                rules: rules
                    .iter()
                    .map(|rule| admin::OverridableRule {
                        rule: (*rule).to_owned(),
                        needs_approver: false,
                    })
                    .collect(),
            }),
            ..Default::default()
        }),
    };
    let codes = |rules: &[&str]| -> Result<Vec<&'static str>, Vec<String>> {
        let input = create_ledger(ask(rules), &Limits::default()).map_err(|violations| {
            violations
                .violations
                .into_iter()
                .map(|violation| violation.field)
                .collect::<Vec<_>>()
        })?;
        let rules = input.policy.overridable.iter();
        Ok(rules.map(|overridable| overridable.rule.code()).collect())
    };
    assert_eq!(codes(&[]), Ok(Vec::new()));
    assert_eq!(codes(&["R13", "R10"]), Ok(vec!["R10", "R13"]));
    let at = |path: &str| Err(vec![format!("policy.overridable.{path}")]);
    for never in ["R3", "R4", "R5", "R12", "R17", "R25"] {
        assert_eq!(codes(&[never]), at("rules[0].rule"), "{never}");
    }
    assert_eq!(codes(&["R10", "R10"]), at("rules"));
}
