//! Conditions of tranches: met, waived, and what is paid before they are (R20).

use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Condition, ConditionEntry, ReversalReason, Tranche,
};
use perennial_domain::money::Money;
use perennial_domain::period::Period;
use perennial_domain::rejection::{LifeRejection, Rejection};
use perennial_domain::rule::{Profile, Rule};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Happened, given};

use crate::life_words::condition;

fn two_conditions() -> Vec<Condition> {
    ["report-2024", "audit-2024"]
        .iter()
        .map(|id| Condition {
            condition_id: condition(id),
            text: "accepted".to_owned(),
        })
        .collect()
}

/// Signed for 100, with a tranche of 50 under two conditions.
fn conditional() -> [Happened; 2] {
    let due = date("2024-06-01");
    [
        signed(eur(100)),
        happened(
            "2024-02-01",
            AgreementEvent::TrancheScheduled {
                tranche_id: tranche("tranche-1"),
                amount: eur(50),
                due_on: due,
                period: Period::day(due),
                conditions: two_conditions(),
            },
        ),
    ]
}

fn entry(condition_id: &str) -> ConditionEntry {
    ConditionEntry {
        tranche_id: tranche("tranche-1"),
        condition_id: condition(condition_id),
        reason: "letter".to_owned(),
    }
}

fn meet(on: &str, condition_id: &str) -> (perennial_domain::Date, AgreementCommand) {
    (
        date(on),
        AgreementCommand::MeetCondition(entry(condition_id)),
    )
}

fn waive(on: &str, condition_id: &str) -> (perennial_domain::Date, AgreementCommand) {
    (
        date(on),
        AgreementCommand::WaiveCondition(entry(condition_id)),
    )
}

fn met(on: &str, condition_id: &str) -> Happened {
    happened(on, AgreementEvent::TrancheConditionMet(entry(condition_id)))
}

fn waived(on: &str, condition_id: &str) -> Happened {
    happened(
        on,
        AgreementEvent::TrancheConditionWaived(entry(condition_id)),
    )
}

fn paid_from_the_tranche(on: &str, amount: Money) -> Happened {
    disbursed_from(
        on,
        amount,
        vec![draw(
            "tranche-1",
            period("2024-06-01", "2024-06-01"),
            amount,
        )],
    )
}

#[test]
fn a_tranche_is_paid_once_its_conditions_are_met_or_waived() {
    given(Profile::Strict, conditional())
        .when(meet("2024-05-01", "report-2024"))
        .then([met("2024-05-01", "report-2024")])
        .when(waive("2024-05-15", "audit-2024"))
        .then([waived("2024-05-15", "audit-2024")])
        .when(disburse("2024-05-15", eur(50)))
        .then([paid_from_the_tranche("2024-05-15", eur(50))]);
}

#[test]
fn an_unmet_condition_refuses_or_flags_with_what_is_missing() {
    let unmet = |missing: &str, on: &str| {
        breach_of(
            "agreement/agreement-1/tranche-1",
            Rule::ConditionsMet,
            &[
                ("unmet", missing),
                ("attempted", "10.00 EUR"),
                ("effective_on", on),
            ],
        )
    };
    given(Profile::Strict, conditional())
        .when(disburse("2024-06-01", eur(10)))
        .then_breaks(unmet("report-2024 audit-2024", "2024-06-01"));
    let half = given(Profile::Strict, conditional())
        .when(meet("2024-05-01", "report-2024"))
        .accepted();
    half.when(disburse("2024-06-01", eur(10)))
        .then_breaks(unmet("audit-2024", "2024-06-01"));
    given(Profile::Mirror, conditional())
        .when(disburse("2024-06-01", eur(10)))
        .then_flagged(
            [paid_from_the_tranche("2024-06-01", eur(10))],
            [Rule::ConditionsMet],
        );
    // Met on the day of the payment is met; a day later is not.
    let both = given(Profile::Strict, conditional())
        .when(meet("2024-05-01", "report-2024"))
        .accepted()
        .when(meet("2024-06-02", "audit-2024"))
        .accepted();
    both.clone()
        .when(disburse("2024-06-01", eur(10)))
        .then_breaks(unmet("audit-2024", "2024-06-01"));
    both.when(disburse("2024-06-02", eur(10)))
        .then([paid_from_the_tranche("2024-06-02", eur(10))]);
}

#[test]
fn a_condition_is_settled_once_and_must_be_there() {
    let given = given(Profile::Strict, conditional())
        .when(meet("2024-05-01", "report-2024"))
        .accepted();
    given
        .clone()
        .when(waive("2024-05-02", "report-2024"))
        .then_rejected(Rejection::Life(LifeRejection::ConditionSettled {
            agreement_id: the_agreement(),
            tranche_id: tranche("tranche-1"),
            condition_id: condition("report-2024"),
            by: event_of(3),
        }));
    given
        .when(meet("2024-05-02", "visit-2024"))
        .then_rejected(Rejection::Life(LifeRejection::UnknownCondition {
            agreement_id: the_agreement(),
            tranche_id: tranche("tranche-1"),
            condition_id: condition("visit-2024"),
        }));
}

#[test]
fn a_met_condition_is_reversed_only_before_the_tranche_is_paid() {
    let met = given(Profile::Strict, conditional())
        .when(meet("2024-05-01", "report-2024"))
        .accepted()
        .when(meet("2024-05-01", "audit-2024"))
        .accepted();
    met.clone()
        .when(disburse("2024-06-01", eur(10)))
        .accepted()
        .when(reverse("2024-06-02", event_of(3), ReversalReason::Error))
        .then_rejected(Rejection::EntryHasDependents {
            target: event_of(3),
            dependents: vec![event_of(5)],
        });
    let open = met
        .when(reverse("2024-06-02", event_of(3), ReversalReason::Error))
        .accepted();
    let tranche = open.agreement().tranche(&tranche("tranche-1")).unwrap();
    let unmet: Vec<_> = tranche.unmet_on(date("2024-06-02")).collect();
    assert_eq!(unmet, [&condition("report-2024")]);
}

#[test]
fn conditions_of_one_tranche_have_ids_of_their_own() {
    let mut conditions = two_conditions();
    conditions[1].condition_id = condition("report-2024");
    let command = AgreementCommand::ScheduleTranche(Tranche {
        tranche_id: tranche("tranche-1"),
        amount: eur(50),
        due_on: Some(date("2024-06-01")),
        period: None,
        conditions,
    });
    given(Profile::Strict, [signed(eur(100))])
        .when((date("2024-02-01"), command))
        .then_rejected(Rejection::Malformed {
            field: "conditions[1].condition_id".to_owned(),
            problem: "must be named once".to_owned(),
        });
}
