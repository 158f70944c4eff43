//! Overrides: what a ledger's policy lets a command break, with reason and approver (DOMAIN.md 2.7, INV-2).

use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Conversion, DecreaseReason, ReversalReason, Terms,
};
use perennial_domain::command::{Action, Command, Submission};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::ledger::{LedgerPolicy, Overridable};
use perennial_domain::pledge::{PledgeAnnouncement, PledgeCommand, PledgeEvent};
use perennial_domain::rejection::{Class, NotOverridden, Refused, Rejection};
use perennial_domain::rule::{Breach, Override, Profile, Rule};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, Happened, given_with};

use crate::life_words::{condition, suspended};

/// A policy that lets exactly one rule be overridden.
fn only(rule: Rule, needs_approver: bool) -> LedgerPolicy {
    LedgerPolicy {
        overridable: vec![Overridable {
            rule,
            needs_approver,
        }],
        ..LedgerPolicy::default()
    }
}

fn nothing() -> LedgerPolicy {
    LedgerPolicy {
        overridable: Vec::new(),
        ..LedgerPolicy::default()
    }
}

fn of((on, command): (perennial_domain::Date, AgreementCommand)) -> Command {
    asked(on, command)
}

fn decrease(on: &str, amount: perennial_domain::money::Money) -> Command {
    let command = AgreementCommand::DecreaseCommitment {
        line_id: None,
        amount,
        year_shares: Vec::new(),
        reason: DecreaseReason::Decommitment,
        published: None,
        functional: None,
    };
    asked(date(on), command)
}

fn of_pledge(on: &str, command: PledgeCommand) -> Command {
    Command {
        action: Action::Pledge(pledge("pledge-1"), command),
        ..of(disburse(on, eur(1)))
    }
}

fn pledged() -> Happened {
    let announcement = PledgeAnnouncement {
        perspective: perennial_domain::agreement::Perspective::Provider,
        donor: org("XM-DONOR"),
        recipient: None,
        amount: eur(100),
        forum: None,
        intended_period: None,
        purposes: perennial_domain::classification::Split::default(),
        places: perennial_domain::classification::Split::default(),
        published: None,
        functional: None,
    };
    Happened {
        stream: Stream::Pledge(pledge("pledge-1")),
        effective_on: date("2024-01-01"),
        fact: Fact::Pledge(PledgeEvent::PledgeAnnounced(announcement)),
    }
}

fn refund(on: &str, amount: perennial_domain::money::Money) -> Command {
    let command = AgreementCommand::Refund {
        cash: cash(amount),
        reason: "unspent".to_owned(),
    };
    asked(date(on), command)
}

fn conditional() -> Happened {
    let due = date("2024-06-01");
    happened(
        "2024-02-01",
        AgreementEvent::TrancheScheduled {
            tranche_id: tranche("tranche-1"),
            amount: eur(20),
            due_on: due,
            period: perennial_domain::period::Period::day(due),
            conditions: vec![perennial_domain::agreement::Condition {
                condition_id: condition("report-2024"),
                text: "accepted".to_owned(),
            }],
        },
    )
}

/// A payment after what stops it.
fn stopped(mut history: Vec<Happened>, by: Happened) -> (Vec<Happened>, Command) {
    history.push(by);
    (history, of(disburse("2024-06-01", eur(20))))
}

/// A history and a command that breaks one rule in it and no other that refuses. Every rule that may be overridden
/// needs a row here.
fn broken(rule: Rule) -> Option<(Vec<Happened>, Command)> {
    let paid = || vec![signed(eur(100)), disbursed("2024-03-01", eur(80))];
    let mut foreign = cash(eur(10));
    foreign.conversion = Some(Conversion {
        original: minor(11_00, "USD"),
        rate: None,
    });
    let disordered = Terms {
        ends_on: Some(date("2023-12-31")),
        ..terms(eur(100))
    };
    let to_another = |mut paid: perennial_domain::agreement::Cash| {
        paid.receiver = Some(org("XM-OTHER"));
        paid
    };
    Some(match rule {
        Rule::DateNotFuture => (paid(), of(disburse("2026-04-02", eur(1)))),
        Rule::PeriodOrdered => (Vec::new(), of(sign(SIGNED_ON, disordered))),
        Rule::RateEvidence => (paid(), of(pay("2024-06-01", foreign))),
        Rule::ClosedPeriod => super::periods::too_late(),
        Rule::WithinCommitment => (paid(), of(disburse("2024-06-01", eur(21)))),
        Rule::NotBeforeSignature => {
            let later = Terms {
                signed_on: Some(date("2024-02-01")),
                ..terms(eur(100))
            };
            (vec![signed_as(later)], of(disburse("2024-01-31", eur(20))))
        }
        Rule::CommitmentAboveDisbursed => (paid(), decrease("2024-06-01", eur(21))),
        Rule::DisbursedNotNegative => {
            let mut history = paid();
            history.push(refunded("2024-06-01", eur(80)));
            // Its party was paid enough before that day: only the sum falls below zero, on a later one.
            (
                history,
                of(reverse("2024-06-01", event_of(2), ReversalReason::Error)),
            )
        }
        Rule::ConversionWithinPledge => {
            let convert = PledgeCommand::Convert {
                agreement_id: the_agreement(),
                amount: eur(101),
            };
            (
                vec![signed(eur(100)), pledged()],
                of_pledge("2024-06-01", convert),
            )
        }
        Rule::RefundWithinDisbursed => {
            let command = AgreementCommand::Refund {
                cash: to_another(cash(eur(1))),
                reason: "unspent".to_owned(),
            };
            (paid(), asked(date("2024-06-01"), command))
        }
        Rule::AllocationWithinParked => super::allocations::too_much(),
        Rule::ReallocationWithinPolicy => super::reallocation_policies::too_much(),
        Rule::NotWhileSuspended => stopped(paid(), suspended("2024-05-01")),
        Rule::ConditionsMet => stopped(paid(), conditional()),
        Rule::ReallocationBalances
        | Rule::ExpenditureWithinReceived
        | Rule::ReceiptMatchesSent
        | Rule::SplitExact
        | Rule::OnwardWithinReceived
        | Rule::ReversalTarget
        | Rule::NotAfterEnd
        | Rule::ScheduledWithinUndisbursed
        | Rule::MinorDigits => return None,
    })
}

/// What a command brings to break a rule with.
#[derive(Clone, Copy)]
enum Brings<'a> {
    Nothing,
    Reason,
    ReasonAndApprover(&'a str),
}

fn asks(profile: Profile, policy: LedgerPolicy, rule: Rule, brings: Brings<'_>) -> Asked {
    let (history, command) = broken(rule).unwrap();
    let command = match brings {
        Brings::Nothing => command,
        Brings::Reason => overriding(command, rule, None),
        Brings::ReasonAndApprover(approver) => overriding(command, rule, Some(approver)),
    };
    Asked {
        given: given_with(profile, policy, history),
        command,
    }
}

struct Asked {
    given: Given,
    command: Command,
}

impl Asked {
    #[track_caller]
    fn refused(self) -> Rejection {
        let reasons = self.given.when_asked(self.command).reasons();
        let [only] = &reasons[..] else {
            panic!("{reasons:#?}")
        };
        only.rejection.clone()
    }

    #[track_caller]
    fn recorded(self) -> (Vec<Breach>, Vec<Override>) {
        let outcome = self.given.when_asked(self.command);
        let [event] = &outcome.decision().events[..] else {
            panic!("{:#?}", outcome.decision().events)
        };
        (event.flags.clone(), event.overrides.clone())
    }
}

#[test]
fn exactly_the_rules_that_only_a_strict_ledger_refuses_may_be_overridden() {
    for &rule in Rule::ALL {
        assert_eq!(
            broken(rule).is_some(),
            rule.can_be_overridden(),
            "{}: every rule that may be overridden has a breach in `broken`, and no other",
            rule.code()
        );
    }
    let never = ["R3", "R4", "R5", "R12", "R17", "R22", "R23", "R25", "R26"];
    for &rule in Rule::ALL {
        assert_eq!(
            never.contains(&rule.code()),
            !rule.can_be_overridden(),
            "{}",
            rule.code()
        );
    }
}

#[test]
fn a_breach_that_the_policy_lets_pass_with_an_approver_is_a_flag_with_its_override() {
    for &rule in Rule::ALL.iter().filter(|rule| rule.can_be_overridden()) {
        let (flags, overrides) = asks(
            Profile::Strict,
            only(rule, true),
            rule,
            Brings::ReasonAndApprover("chief"),
        )
        .recorded();
        assert!(flags.iter().any(|flag| flag.rule == rule), "{rule:?}");
        assert_eq!(overrides, [permitted(rule, Some("chief"))], "{rule:?}");
    }
}

#[test]
fn an_approver_is_needed_only_where_the_policy_asks_for_one() {
    for &rule in Rule::ALL.iter().filter(|rule| rule.can_be_overridden()) {
        let refused = asks(Profile::Strict, only(rule, true), rule, Brings::Reason).refused();
        let Rejection::NotOverridden { breach, why } = refused else {
            panic!("{refused:?}")
        };
        assert_eq!((breach.rule, why), (rule, NotOverridden::ApproverMissing));
        let (_, overrides) =
            asks(Profile::Strict, only(rule, false), rule, Brings::Reason).recorded();
        assert_eq!(overrides, [permitted(rule, None)], "{rule:?}");
    }
}

#[test]
fn a_rule_that_the_policy_does_not_let_be_overridden_says_so_in_its_refusal() {
    for &rule in Rule::ALL.iter().filter(|rule| rule.can_be_overridden()) {
        let plain = asks(Profile::Strict, nothing(), rule, Brings::Nothing).refused();
        let refused = asks(
            Profile::Strict,
            nothing(),
            rule,
            Brings::ReasonAndApprover("chief"),
        )
        .refused();
        let Rejection::Breach(breach) = plain else {
            panic!("{plain:?}")
        };
        assert_eq!(refused.reason(), rule.reason());
        assert_eq!(refused.class(), Class::Precondition);
        assert_eq!(refused.breach(), Some(&breach));
        assert_eq!(
            refused.to_string(),
            format!("{breach}; this ledger's policy does not let the rule be overridden")
        );
        let figures = refused.figures();
        let (last, own) = figures.split_last().unwrap();
        assert_eq!(own, breach.figures);
        assert_eq!(
            (last.name.as_str(), last.value.as_str()),
            ("override", "not allowed")
        );
    }
}

#[test]
fn a_mirror_flags_the_breach_and_needs_no_override() {
    for &rule in Rule::ALL.iter().filter(|rule| rule.can_be_overridden()) {
        let (flags, overrides) = asks(
            Profile::Mirror,
            only(rule, true),
            rule,
            Brings::ReasonAndApprover("chief"),
        )
        .recorded();
        assert!(flags.iter().any(|flag| flag.rule == rule), "{rule:?}");
        assert_eq!(overrides, [], "{rule:?}");
    }
}

#[test]
fn by_default_r10_r11_and_r20_may_be_overridden_each_with_an_approver() {
    let policy = LedgerPolicy::default();
    for &rule in Rule::ALL {
        let expected = matches!(rule.code(), "R10" | "R11" | "R20").then_some(Overridable {
            rule,
            needs_approver: true,
        });
        assert_eq!(policy.overridable(rule), expected, "{rule:?}");
    }
}

#[test]
fn an_override_of_another_rule_does_not_help() {
    let (history, command) = broken(Rule::WithinCommitment).unwrap();
    let command = overriding(command, Rule::NotBeforeSignature, Some("chief"));
    let reasons = given_with(Profile::Strict, LedgerPolicy::default(), history)
        .when_asked(command)
        .reasons();
    assert!(matches!(
        &reasons[..],
        [Refused { rejection: Rejection::Breach(breach), .. }] if breach.rule == Rule::WithinCommitment
    ));
}

#[test]
fn an_override_that_nothing_needs_is_not_recorded() {
    let command = overriding(
        of(disburse("2024-06-01", eur(20))),
        Rule::WithinCommitment,
        Some("chief"),
    );
    let outcome = given_with(
        Profile::Strict,
        LedgerPolicy::default(),
        [signed(eur(100)), disbursed("2024-03-01", eur(80))],
    )
    .when_asked(command);
    assert_eq!(outcome.decision().events[0].flags, []);
    assert_eq!(outcome.decision().events[0].overrides, []);
}

#[test]
fn two_broken_rules_need_two_overrides_and_what_is_left_is_told() {
    let history = || {
        let later = Terms {
            signed_on: Some(date("2024-02-01")),
            ..terms(eur(100))
        };
        [signed_as(later)]
    };
    let pay = || of(disburse("2024-01-31", eur(101)));
    let given = || given_with(Profile::Strict, LedgerPolicy::default(), history());
    let rules = |reasons: Vec<Refused>| -> Vec<Rule> {
        let breaches = reasons
            .iter()
            .filter_map(|reason| reason.rejection.breach());
        breaches.map(|breach| breach.rule).collect()
    };
    assert_eq!(
        rules(given().when_asked(pay()).reasons()),
        [Rule::WithinCommitment, Rule::NotBeforeSignature]
    );
    let one = overriding(pay(), Rule::NotBeforeSignature, Some("chief"));
    assert_eq!(
        rules(given().when_asked(one.clone()).reasons()),
        [Rule::WithinCommitment]
    );
    let both = overriding(one, Rule::WithinCommitment, Some("chief"));
    let outcome = given().when_asked(both);
    let [event] = &outcome.decision().events[..] else {
        panic!("one event")
    };
    assert_eq!(
        event.overrides,
        [
            permitted(Rule::WithinCommitment, Some("chief")),
            permitted(Rule::NotBeforeSignature, Some("chief"))
        ]
    );
    let flags: Vec<Rule> = event.flags.iter().map(|flag| flag.rule).collect();
    assert_eq!(flags, [Rule::WithinCommitment, Rule::NotBeforeSignature]);
}

/// 100 committed, 120 paid: 20 too much, with leave.
fn overdrawn() -> Given {
    let command = overriding(
        of(disburse("2024-06-01", eur(120))),
        Rule::WithinCommitment,
        Some("chief"),
    );
    given_with(Profile::Strict, LedgerPolicy::default(), [signed(eur(100))])
        .when_asked(command)
        .accepted()
}

#[test]
fn an_overridden_breach_blocks_nobody_later() {
    overdrawn()
        .when(increase("2024-07-01", eur(10)))
        .then_only_flagged([]);
    overdrawn()
        .when_asked(refund("2024-07-01", eur(5)))
        .then_only_flagged([]);
    // A back-dated entry that makes nothing larger passes too.
    overdrawn()
        .when(increase("2024-02-01", eur(1)))
        .then_only_flagged([]);
}

#[test]
fn an_entry_that_makes_an_overridden_breach_larger_needs_leave_of_its_own() {
    let larger = breach(
        Rule::WithinCommitment,
        &[
            ("limit", "100.00 EUR"),
            ("attempted", "120.01 EUR"),
            ("committed", "100.00 EUR"),
            ("on", "2024-07-01"),
        ],
    );
    overdrawn()
        .when(disburse("2024-07-01", cents(1)))
        .then_breaks(larger.clone());
    let command = overriding(
        of(disburse("2024-07-01", cents(1))),
        Rule::WithinCommitment,
        Some("chief"),
    );
    overdrawn().when_asked(command).then_only_flagged([larger]);
}

#[test]
fn a_replacement_carries_the_override_of_what_takes_the_place() {
    let (on, replace) = replace(event_of(2), disburse("2024-06-01", eur(101)));
    let command = overriding(asked(on, replace), Rule::WithinCommitment, Some("chief"));
    let outcome = given_with(
        Profile::Strict,
        LedgerPolicy::default(),
        [signed(eur(100)), disbursed("2024-03-01", eur(80))],
    )
    .when_asked(command);
    let [reversal, payment] = &outcome.decision().events[..] else {
        panic!("two events")
    };
    assert_eq!(reversal.overrides, []);
    assert_eq!(
        payment.overrides,
        [permitted(Rule::WithinCommitment, Some("chief"))]
    );
}

#[test]
fn who_submits_is_not_who_approves() {
    let named = |approver| {
        overriding(
            of(disburse("2024-06-01", eur(1))),
            Rule::WithinCommitment,
            approver,
        )
    };
    let submission = Submission {
        commands: vec![named(Some("chief")), named(None), named(Some("clerk"))],
        expected: Vec::new(),
    };
    assert_eq!(submission.self_approvals("anonymous"), []);
    let own = submission.self_approvals("clerk");
    let rejection = Rejection::SelfApproval {
        approver: "clerk".to_owned(),
    };
    assert_eq!(rejection.reason(), "SELF_APPROVAL");
    assert_eq!(rejection.class(), Class::NotPermitted);
    assert_eq!(
        own,
        [Refused {
            command_index: Some(2),
            rejection
        }]
    );
}
