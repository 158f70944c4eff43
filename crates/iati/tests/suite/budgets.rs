//! When annual budgets give a commitment its years (SEMANTICS.md 1 "`year_basis`").

use perennial_domain::agreement::{AgreementCommand, YearBasis};
use perennial_domain::command::Action;
use perennial_iati::ActivityPlan;

use crate::ledger::{Ledger, commands};
use crate::xml::{of, transaction};

fn budget(kind: &str, starts_on: &str, ends_on: &str, value: &str) -> String {
    format!(
        "<budget type=\"{kind}\"><period-start iso-date=\"{starts_on}\"/><period-end iso-date=\"{ends_on}\"/>\
         <value value-date=\"{starts_on}\">{value}</value></budget>"
    )
}

fn year(kind: &str, year: u16, value: &str) -> String {
    budget(
        kind,
        &format!("{year}-01-01"),
        &format!("{year}-12-31"),
        value,
    )
}

/// The shares of each commitment: (year it starts in, minor units).
fn of_plan(plan: &ActivityPlan) -> Vec<Vec<(i16, i128)>> {
    commands(plan)
        .into_iter()
        .filter_map(|command| match command.action {
            Action::Agreement(
                _,
                AgreementCommand::IncreaseCommitment { year_shares, .. }
                | AgreementCommand::DecreaseCommitment { year_shares, .. },
            ) => Some(
                year_shares
                    .iter()
                    .map(|share| {
                        assert_eq!(share.basis, YearBasis::Budgeted);
                        (share.period.starts_on().year(), share.minor_units)
                    })
                    .collect(),
            ),
            _ => None,
        })
        .collect()
}

fn shares(body: &[String]) -> Vec<Vec<(i16, i128)>> {
    of_plan(
        &Ledger::default()
            .import(&of(&body.concat()))
            .plans
            .remove(0),
    )
}

const NONE: &[(i16, i128)] = &[];

#[test]
fn budgets_that_sum_to_the_commitment_within_a_minor_unit_a_period_give_its_years() {
    let with = |value: &str| {
        shares(&[
            year("1", 2020, "60"),
            year("1", 2021, "40"),
            transaction("2", "2020-05-01", value),
        ])
    };
    assert_eq!(with("100"), [[(2020, 6_000), (2021, 4_000)]]);
    assert_eq!(with("100.02"), [[(2020, 6_001), (2021, 4_001)]]);
    assert_eq!(with("99.98"), [[(2020, 5_999), (2021, 3_999)]]);
    assert_eq!(with("100.03"), [NONE]);
    assert_eq!(with("99.97"), [NONE]);
}

#[test]
fn a_budget_of_twelve_calendar_months_is_annual_and_a_day_more_is_not() {
    let with = |ends_on: &str| {
        shares(&[
            budget("1", "2020-03-15", ends_on, "100"),
            transaction("2", "2020-05-01", "100"),
        ])
    };
    assert_eq!(with("2021-03-14"), [[(2020, 10_000)]]);
    assert_eq!(with("2021-03-15"), [NONE]);
}

#[test]
fn a_revised_budget_replaces_the_original_of_its_period() {
    let body = |revised: &str| {
        shares(&[
            year("original", 2020, "70"),
            year("1", 2021, "40"),
            year(revised, 2020, "60"),
            transaction("2", "2020-05-01", "100"),
        ])
    };
    assert_eq!(body("2"), [[(2020, 6_000), (2021, 4_000)]]);
    assert_eq!(body("revised"), [[(2020, 6_000), (2021, 4_000)]]);
    // Two originals of one period are no annual budgets.
    assert_eq!(body("1"), [NONE]);
}

#[test]
fn negative_unreadable_and_foreign_budgets_give_no_years() {
    let commitment = transaction("2", "2020-05-01", "100");
    let negative = shares(&[
        year("1", 2020, "110"),
        year("1", 2021, "-10"),
        commitment.clone(),
    ]);
    assert_eq!(negative, [NONE]);
    let unreadable = shares(&[
        year("1", 2020, "100"),
        year("1", 2021, "much"),
        commitment.clone(),
    ]);
    assert_eq!(unreadable, [NONE]);
    let dollars = year("1", 2020, "100").replace("<value ", "<value currency=\"USD\" ");
    assert_eq!(shares(&[dollars.clone(), commitment.clone()]), [NONE]);
    // Budgets in another currency are beside the point.
    assert_eq!(
        shares(&[dollars, year("1", 2020, "100"), commitment.clone()]),
        [[(2020, 10_000)]]
    );
    assert_eq!(shares(&[commitment]), [NONE]);
}

#[test]
fn an_empty_budget_year_gets_no_share() {
    let found = shares(&[
        year("1", 2020, "0"),
        year("1", 2021, "100"),
        transaction("2", "2020-05-01", "100"),
    ]);
    assert_eq!(found, [[(2021, 10_000)]]);
}

#[test]
fn several_commitments_are_judged_by_their_net_and_each_divided_in_proportion() {
    let found = shares(&[
        year("1", 2020, "60"),
        year("1", 2021, "40"),
        transaction("2", "2020-05-01", "150"),
        transaction("2", "2020-06-01", "-50"),
    ]);
    assert_eq!(
        found,
        [
            [(2020, 9_000), (2021, 6_000)],
            [(2020, 3_000), (2021, 2_000)]
        ]
    );
}

/// 60 and later 40 committed, with budgets of 60 and 40.
fn with_a_later_commitment() -> String {
    let body = [
        year("1", 2020, "60"),
        year("1", 2021, "40"),
        transaction("2", "2020-05-01", "60"),
        transaction("2", "2021-02-01", "40"),
    ];
    of(&body.concat())
}

#[test]
fn a_later_commitment_fills_what_the_budgets_leave() {
    let first = [year("1", 2020, "60"), transaction("2", "2020-05-01", "60")];
    let mut ledger = Ledger::default();
    ledger.import(&of(&first.concat()));
    let plan = ledger.import(&with_a_later_commitment()).plans.remove(0);
    assert_eq!(of_plan(&plan), [[(2021, 4_000)]]);
}

#[test]
fn a_later_commitment_beside_shares_of_another_basis_is_not_budgeted() {
    let first = [year("1", 2020, "99"), transaction("2", "2020-05-01", "60")];
    let mut ledger = Ledger::default();
    ledger.import(&of(&first.concat()));
    // The first commitment was prorated: its budget did not equal it.
    let plan = ledger.import(&with_a_later_commitment()).plans.remove(0);
    assert_eq!(of_plan(&plan), [NONE]);
}
