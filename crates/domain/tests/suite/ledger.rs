//! The ledger itself: its policy changes by events, and what people say of its exceptions.

use perennial_domain::command::{Action, Command, Submission};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::ledger::{
    Disposition, ExceptionId, LedgerCommand, LedgerEvent, LedgerPolicy, Overridable, Tolerance,
};
use perennial_domain::log::{EventId, Revision};
use perennial_domain::rejection::{Class, Rejection};
use perennial_domain::rule::{Profile, Rule};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, Happened, given};

fn ask(on: &str, command: LedgerCommand) -> Command {
    let (day, pay) = disburse(on, eur(1));
    Command {
        action: Action::Ledger(command),
        ..asked(day, pay)
    }
}

fn tolerant(absolute_minor: u64) -> LedgerPolicy {
    LedgerPolicy {
        tolerance: Tolerance {
            absolute_minor,
            relative_ppm: 0,
        },
        ..LedgerPolicy::default()
    }
}

fn change(on: &str, policy: LedgerPolicy) -> Command {
    let reason = "the auditor asked for it".to_owned();
    ask(on, LedgerCommand::ChangePolicy { policy, reason })
}

fn changed(on: &str, policy: LedgerPolicy) -> Happened {
    let reason = "the auditor asked for it".to_owned();
    of_ledger(on, LedgerEvent::LedgerPolicyChanged { policy, reason })
}

fn of_ledger(on: &str, event: LedgerEvent) -> Happened {
    Happened {
        stream: Stream::Ledger,
        effective_on: date(on),
        fact: Fact::Ledger(event),
    }
}

fn pay_too_much(by: i128) -> Command {
    let (on, command) = disburse("2024-06-01", cents(100_00 + by));
    asked(on, command)
}

#[test]
fn decisions_follow_the_policy_that_was_recorded_last_for_back_dated_entries_too() {
    let tolerated = given(Profile::Strict, [signed(eur(100))])
        .when_asked(change("2026-03-01", tolerant(50)))
        .then([changed("2026-03-01", tolerant(50))]);
    assert_eq!(tolerated.book.policy(), &tolerant(50));
    assert_eq!(tolerated.book.revision(&Stream::Ledger), Some(Revision(2)));
    tolerated
        .clone()
        .when_asked(pay_too_much(50))
        .then_only_flagged([]);
    let over = |limit, attempted: &str| {
        breach(
            Rule::WithinCommitment,
            &[
                ("limit", limit),
                ("attempted", attempted),
                ("committed", "100.00 EUR"),
                ("on", "2024-06-01"),
            ],
        )
    };
    tolerated
        .clone()
        .when_asked(pay_too_much(51))
        .then_breaks(over("100.50 EUR", "100.51 EUR"));
    // To take a change back is to change again.
    tolerated
        .when_asked(change("2026-03-01", LedgerPolicy::default()))
        .accepted()
        .when_asked(pay_too_much(1))
        .then_breaks(over("100.00 EUR", "100.01 EUR"));
}

#[test]
fn a_policy_holds_for_the_commands_after_it_in_the_same_submission() {
    let submission = |commands| Submission {
        commands,
        expected: Vec::new(),
    };
    let given = || given(Profile::Strict, [signed(eur(100))]);
    let after = given()
        .when_submitted(&submission(vec![
            change("2026-03-01", tolerant(1)),
            pay_too_much(1),
        ]))
        .accepted();
    assert_eq!(after.agreement().undisbursed(), -1);
    let before = given().when_submitted(&submission(vec![
        pay_too_much(1),
        change("2026-03-01", tolerant(1)),
    ]));
    assert_eq!(before.reasons()[0].command_index, Some(0));
    let twice = given()
        .when_submitted(&submission(vec![
            change("2026-03-01", tolerant(1)),
            change("2026-03-02", tolerant(2)),
        ]))
        .accepted();
    assert_eq!(twice.book.policy(), &tolerant(2));
    assert_eq!(twice.book.revision(&Stream::Ledger), Some(Revision(3)));
}

#[test]
fn a_policy_is_never_dated_before_the_one_that_it_follows() {
    let history = || [changed("2026-03-01", tolerant(1))];
    given(Profile::Strict, history())
        .when_asked(change("2026-03-01", tolerant(2)))
        .then([changed("2026-03-01", tolerant(2))]);
    let too_early = Rejection::PolicyChangedLater {
        changed_on: date("2026-03-01"),
        effective_on: date("2026-02-28"),
    };
    assert_eq!(too_early.reason(), "POLICY_CHANGED_LATER");
    given(Profile::Mirror, history())
        .when_asked(change("2026-02-28", tolerant(2)))
        .then_rejected(too_early);
    // The first policy is of the day of creation.
    given(Profile::Strict, [])
        .when_asked(change("2014-12-31", tolerant(2)))
        .then_rejected(Rejection::PolicyChangedLater {
            changed_on: date("2015-01-01"),
            effective_on: date("2014-12-31"),
        });
}

#[test]
fn a_policy_that_makes_no_sense_is_malformed() {
    let overridable = |rules: &[Rule]| LedgerPolicy {
        overridable: rules
            .iter()
            .map(|&rule| Overridable {
                rule,
                needs_approver: true,
            })
            .collect(),
        ..LedgerPolicy::default()
    };
    let months = |multi_year_months| LedgerPolicy {
        multi_year_months,
        ..LedgerPolicy::default()
    };
    let ppm = |relative_ppm| LedgerPolicy {
        tolerance: Tolerance {
            absolute_minor: 0,
            relative_ppm,
        },
        ..LedgerPolicy::default()
    };
    for good in [
        overridable(&[]),
        overridable(&[Rule::WithinCommitment, Rule::RefundWithinDisbursed]),
        months(1),
        months(600),
        ppm(1_000_000),
    ] {
        given(Profile::Strict, [])
            .when_asked(change("2026-03-01", good.clone()))
            .then([changed("2026-03-01", good)]);
    }
    for (bad, field) in [
        (overridable(&[Rule::SplitExact]), "policy.overridable"),
        (
            overridable(&[Rule::RefundWithinDisbursed, Rule::WithinCommitment]),
            "policy.overridable",
        ),
        (
            overridable(&[Rule::WithinCommitment, Rule::WithinCommitment]),
            "policy.overridable",
        ),
        (months(0), "policy.multi_year_months"),
        (months(601), "policy.multi_year_months"),
        (ppm(1_000_001), "policy.tolerance_relative_ppm"),
    ] {
        let reasons = given(Profile::Strict, [])
            .when_asked(change("2026-03-01", bad))
            .reasons();
        assert_eq!(reasons[0].rejection.field(), Some(field));
    }
}

/// A mirror in which one payment was flagged with R10 and R12.
fn flagged() -> (Given, EventId) {
    let (on, command) = disburse("2026-01-01", eur(101));
    let outcome = given(Profile::Mirror, [signed(eur(100))]).when((on, command));
    let rules: Vec<Rule> = outcome.decision().events[0]
        .flags
        .iter()
        .map(|flag| flag.rule)
        .collect();
    assert_eq!(rules, [Rule::WithinCommitment, Rule::NotAfterEnd]);
    (outcome.accepted(), event_of(2))
}

fn acknowledge(exception: ExceptionId) -> Command {
    let disposition = "the amendment is on its way".to_owned();
    let command = LedgerCommand::AcknowledgeException {
        exception,
        disposition,
    };
    ask("2026-03-01", command)
}

fn resolve(exception: ExceptionId) -> Command {
    let disposition = "amended".to_owned();
    let command = LedgerCommand::ResolveException {
        exception,
        disposition,
    };
    ask("2026-03-01", command)
}

#[test]
fn an_exception_is_open_then_acknowledged_then_resolved_for_ever() {
    let (given, event_id) = flagged();
    let rule = Rule::WithinCommitment;
    let exception = ExceptionId { event_id, rule };
    let other = ExceptionId {
        event_id,
        rule: Rule::NotAfterEnd,
    };
    assert_eq!(given.book.disposition(exception), Some(Disposition::Open));
    let known = given.when_asked(acknowledge(exception)).accepted();
    assert_eq!(
        known.book.disposition(exception),
        Some(Disposition::Acknowledged)
    );
    let again = known.when_asked(acknowledge(exception)).accepted();
    let settled = again.when_asked(resolve(exception)).accepted();
    assert_eq!(
        settled.book.disposition(exception),
        Some(Disposition::Resolved)
    );
    assert_eq!(settled.book.disposition(other), Some(Disposition::Open));
    let resolved = Rejection::ExceptionResolved(exception);
    assert_eq!(
        (resolved.reason(), resolved.class(), resolved.to_string()),
        (
            "EXCEPTION_RESOLVED",
            Class::Precondition,
            "exception 2-0 R10 is already resolved".to_owned()
        )
    );
    settled
        .when_asked(resolve(exception))
        .then_rejected(resolved.clone())
        .when_asked(acknowledge(exception))
        .then_rejected(resolved)
        .when_asked(resolve(other))
        .accepted();
}

#[test]
fn what_no_event_carries_cannot_be_disposed_of() {
    let (given, event_id) = flagged();
    for unknown in [
        ExceptionId {
            event_id,
            rule: Rule::DateNotFuture,
        },
        ExceptionId {
            event_id: event_of(1),
            rule: Rule::WithinCommitment,
        },
        ExceptionId {
            event_id: event_of(99),
            rule: Rule::WithinCommitment,
        },
    ] {
        let rejection = Rejection::UnknownException(unknown);
        assert_eq!(rejection.reason(), "UNKNOWN_EXCEPTION");
        assert_eq!(rejection.class(), Class::NotFound);
        given
            .clone()
            .when_asked(resolve(unknown))
            .then_rejected(rejection.clone())
            .when_asked(acknowledge(unknown))
            .then_rejected(rejection);
    }
}

#[test]
fn resolving_twice_in_one_submission_is_refused_the_second_time() {
    let (given, event_id) = flagged();
    let rule = Rule::WithinCommitment;
    let exception = ExceptionId { event_id, rule };
    let submission = Submission {
        commands: vec![resolve(exception), resolve(exception)],
        expected: Vec::new(),
    };
    given
        .when_submitted(&submission)
        .then_refused([(Some(1), Rejection::ExceptionResolved(exception))]);
}

#[test]
fn commands_and_events_of_the_ledger_have_their_words() {
    let exception = ExceptionId {
        event_id: event_of(2),
        rule: Rule::WithinCommitment,
    };
    let disposition = || "known".to_owned();
    let policy = LedgerPolicy::default();
    let commands = [
        LedgerCommand::ChangePolicy {
            policy: policy.clone(),
            reason: disposition(),
        },
        LedgerCommand::AcknowledgeException {
            exception,
            disposition: disposition(),
        },
        LedgerCommand::ResolveException {
            exception,
            disposition: disposition(),
        },
    ];
    let words = commands.each_ref().map(|it| (it.name(), it.makes()));
    assert_eq!(
        words,
        [
            ("change_ledger_policy", "LedgerPolicyChanged"),
            ("acknowledge_exception", "ExceptionAcknowledged"),
            ("resolve_exception", "ExceptionResolved"),
        ]
    );
    let changed = LedgerEvent::LedgerPolicyChanged {
        policy,
        reason: disposition(),
    };
    assert_eq!(changed.kind(), "LedgerPolicyChanged");
    let dispositions = Disposition::ALL.map(Disposition::name);
    assert_eq!(dispositions, ["open", "acknowledged", "resolved"]);
}
