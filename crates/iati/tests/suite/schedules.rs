//! Planned disbursements, descriptions and moved ends.

use perennial_domain::agreement::{AgreementCommand, Description, ForecastEntry, Perspective};
use perennial_domain::command::Action;
use perennial_iati::ActivityPlan;
use perennial_iati::plan::PlanLimits;

use crate::ledger::{Ledger, commands};
use crate::xml::{IDENTIFIER, of, transaction};

fn planned(starts_on: &str, ends_on: &str, value: &str, more: &str) -> String {
    format!(
        "<planned-disbursement><period-start iso-date=\"{starts_on}\"/><period-end iso-date=\"{ends_on}\"/>\
         <value value-date=\"{starts_on}\">{value}</value>{more}</planned-disbursement>"
    )
}

fn forecasts(plan: &ActivityPlan) -> Vec<Vec<ForecastEntry>> {
    commands(plan)
        .into_iter()
        .filter_map(|command| match command.action {
            Action::Agreement(_, AgreementCommand::ReplaceForecast(entries)) => {
                assert_eq!(command.effective_on.to_string(), "2021-06-01");
                Some(entries)
            }
            _ => None,
        })
        .collect()
}

fn description(plan: &ActivityPlan) -> Option<Description> {
    commands(plan)
        .into_iter()
        .find_map(|command| match command.action {
            Action::Agreement(_, AgreementCommand::Describe(description)) => Some(description),
            _ => None,
        })
}

#[test]
fn the_published_plan_is_replaced_whole_and_only_if_it_differs() {
    let committed = transaction("2", "2020-05-01", "5");
    let (one, two) = (
        planned("2021-01-01", "2021-12-31", "7", ""),
        planned("2020-01-01", "2020-12-31", "-3", ""),
    );
    let mut ledger = Ledger::default();
    let first = ledger
        .import(&of(&[&committed, one.as_str(), &two].concat()))
        .plans
        .remove(0);
    let entries = &forecasts(&first)[0];
    let read: Vec<(String, String)> = entries
        .iter()
        .map(|entry| {
            (
                entry.period.starts_on().to_string(),
                entry.amount.to_string(),
            )
        })
        .collect();
    let row = |on: &str, amount: &str| (on.to_owned(), amount.to_owned());
    assert_eq!(
        read,
        [
            row("2020-01-01", "-3.00 EUR"),
            row("2021-01-01", "7.00 EUR")
        ]
    );
    let swapped = ledger.import(&of(&[&committed, two.as_str(), &one].concat()));
    assert_eq!(swapped.submissions, 0, "the published order says nothing");
    let fewer = ledger
        .import(&of(&[&committed, one.as_str()].concat()))
        .plans
        .remove(0);
    assert_eq!(forecasts(&fewer)[0].len(), 1);
    let none = ledger.import(&of(&committed)).plans.remove(0);
    assert_eq!(forecasts(&none), [vec![]]);
}

#[test]
fn a_plan_alone_opens_an_outgoing_agreement_or_an_incoming_one_if_the_reporter_is_to_get_it() {
    let sides = |more: &str| {
        let plan = Ledger::default()
            .import(&of(&planned("2021-01-01", "2021-12-31", "7", more)))
            .plans
            .remove(0);
        commands(&plan)
            .into_iter()
            .filter_map(|command| match command.action {
                Action::Agreement(_, AgreementCommand::Sign(terms)) => {
                    assert_eq!(terms.lines.len(), 1);
                    assert_eq!(command.effective_on.to_string(), "2021-06-01");
                    Some(terms.perspective)
                }
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(sides(""), [Perspective::Provider]);
    assert_eq!(
        sides("<receiver-org ref=\"XM-NGO\"/>"),
        [Perspective::Provider]
    );
    assert_eq!(
        sides("<receiver-org ref=\"XM-TEST\"/>"),
        [Perspective::Recipient]
    );
}

#[test]
fn plans_that_are_zero_unreadable_or_end_before_they_start_are_said() {
    let remarks = |body: &str| {
        let plan = Ledger::default().import(&of(body)).plans.remove(0);
        let reasons: Vec<_> = plan.remarks.iter().map(|item| item.reason.code()).collect();
        (reasons, forecasts(&plan).len())
    };
    assert_eq!(
        remarks(&planned("2021-01-01", "2021-12-31", "0", "")),
        (vec!["FORECAST_ZERO"], 0)
    );
    assert_eq!(
        remarks(&planned("soon", "2021-12-31", "7", "")),
        (vec!["FORECAST_UNREADABLE"], 0)
    );
    assert_eq!(
        remarks(&planned("2021-01-01", "2021-12-31", "seven", "")),
        (vec!["FORECAST_UNREADABLE"], 0)
    );
    assert_eq!(
        remarks(&planned("2021-01-01", "2020-12-31", "7", "")),
        (vec!["FORECAST_ENDS_BEFORE_START"], 1)
    );
    assert_eq!(
        remarks(&planned("2021-01-01", "2021-01-01", "7", "")),
        (vec![], 1)
    );
}

#[test]
fn words_are_described_once_and_again_only_if_they_change() {
    let body = format!(
        "<description><narrative>Two wells</narrative></description>\
         <participating-org ref=\"XM-FUND\" role=\"1\"/><participating-org ref=\"XM-NGO\" role=\"4\"/>\
         <other-identifier ref=\"77\" type=\"A4\"/><activity-status code=\"2\"/>\
         <related-activity type=\"1\" ref=\"XM-PARENT\"/>{}",
        transaction("2", "2020-05-01", "5")
    );
    let mut ledger = Ledger::default();
    let said = description(&ledger.import(&of(&body)).plans[0]).unwrap();
    assert_eq!(said.title.as_deref(), Some("Wells"));
    assert_eq!(said.description.as_deref(), Some("Two wells"));
    let identifiers: Vec<(&str, &str)> = said
        .identifiers
        .iter()
        .map(|known| (&*known.system, &*known.reference))
        .collect();
    assert_eq!(identifiers, [("iati", IDENTIFIER), ("iati-other-a4", "77")]);
    let roles: Vec<(&str, u8)> = said
        .participating
        .iter()
        .map(|part| (part.org.key(), part.role_code))
        .collect();
    assert_eq!(roles, [("XM-FUND", 1), ("XM-NGO", 4)]);
    assert_eq!(said.reporting_org.unwrap().key(), "XM-TEST");
    assert_eq!((said.published_status, said.hierarchy), (Some(2), Some(1)));
    assert_eq!(said.parent.as_deref(), Some("XM-PARENT"));

    let renamed = ledger.import(&of(&body.replace("Two wells", "Three wells")));
    assert_eq!(
        description(&renamed.plans[0])
            .unwrap()
            .description
            .as_deref(),
        Some("Three wells")
    );
    assert_eq!(commands(&renamed.plans[0]).len(), 1);
}

#[test]
fn a_published_end_that_moves_extends_or_shortens_the_period() {
    let body = transaction("2", "2020-05-01", "5");
    let ending = |on: &str| of(&body).replace("2021-12-31", on);
    let mut ledger = Ledger::default();
    ledger.import(&ending("2021-12-31"));
    let moved = |ledger: &mut Ledger, on: &str| {
        let plan = ledger.import(&ending(on)).plans.remove(0);
        commands(&plan)
            .into_iter()
            .map(|command| match command.action {
                Action::Agreement(_, AgreementCommand::ExtendPeriod { new_ends_on, .. }) => {
                    format!("extended to {new_ends_on}")
                }
                Action::Agreement(_, AgreementCommand::ShortenPeriod { new_ends_on, .. }) => {
                    format!("shortened to {new_ends_on}")
                }
                other => panic!("{other:?}"),
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(moved(&mut ledger, "2022-06-30"), ["extended to 2022-06-30"]);
    assert!(moved(&mut ledger, "2022-06-30").is_empty());
    assert_eq!(
        moved(&mut ledger, "2022-06-29"),
        ["shortened to 2022-06-29"]
    );
}

#[test]
fn an_end_published_later_or_before_the_start_is_recorded_all_the_same() {
    let body = transaction("2", "2020-05-01", "5");
    let endless = of(&body).replace("<activity-date type=\"3\" iso-date=\"2021-12-31\"/>", "");
    let mut ledger = Ledger::default();
    ledger.import(&endless);
    assert_eq!(commands(&ledger.import(&of(&body)).plans[0]).len(), 1);
    let reversed = ledger.import(&of(&body).replace("2021-12-31", "2019-12-31"));
    assert_eq!(commands(&reversed.plans[0]).len(), 1);
    let gone = ledger.import(&endless);
    assert_eq!(gone.submissions, 0);
    assert_eq!(gone.tally.reasons()[0].reason, "TERM_CHANGED_UPSTREAM");
}

#[test]
fn a_published_start_that_moves_is_said_and_the_first_one_kept() {
    let body = transaction("2", "2020-05-01", "5");
    let mut ledger = Ledger::default();
    ledger.import(&of(&body));
    let moved = ledger.import(&of(&body).replace("2020-01-01", "2020-02-01"));
    assert_eq!(moved.submissions, 0);
    assert_eq!(moved.tally.reasons()[0].reason, "TERM_CHANGED_UPSTREAM");
}

#[test]
fn long_texts_are_cut_and_said() {
    let limits = PlanLimits {
        title_chars_max: 5,
        ..PlanLimits::default()
    };
    let body = transaction("2", "2020-05-01", "5");
    let whole = Ledger::default().import_with(&of(&body), limits);
    assert_eq!(
        description(&whole.plans[0]).unwrap().title.as_deref(),
        Some("Wells")
    );
    assert!(whole.plans[0].remarks.is_empty());
    let cut = Ledger::default().import_with(&of(&body).replace("Wells", "Wells!"), limits);
    assert_eq!(
        description(&cut.plans[0]).unwrap().title.as_deref(),
        Some("Well…")
    );
    assert_eq!(cut.plans[0].remarks[0].reason.code(), "CUT_SHORT");
}

#[test]
fn lists_longer_than_a_ledger_keeps_are_cut_and_said() {
    let limits = PlanLimits {
        identifiers_max: 2,
        participating_max: 2,
        forecast_entries_max: 2,
        ..PlanLimits::default()
    };
    let body = |count: u32| {
        let items = |item: fn(u32) -> String| (0..count).map(item).collect::<String>();
        [
            items(|at| format!("<participating-org ref=\"XM-{at}\" role=\"1\"/>")),
            items(|at| planned(&format!("2021-01-{:02}", at + 1), "2021-12-31", "7", "")),
        ]
        .concat()
    };
    let import = |count: u32| {
        let mut ledger = Ledger::default();
        let import = ledger.import_with(&of(&body(count)), limits);
        let plan = &import.plans[0];
        let remarks: Vec<_> = plan.remarks.iter().map(|item| item.reason.code()).collect();
        let sizes = (
            description(plan).unwrap().participating.len(),
            forecasts(plan)[0].len(),
        );
        assert_eq!(ledger.import_with(&of(&body(count)), limits).submissions, 0);
        (remarks, sizes)
    };
    assert_eq!(import(2), (vec![], (2, 2)));
    assert_eq!(import(3), (vec!["CUT_SHORT", "CUT_SHORT"], (2, 2)));
}
