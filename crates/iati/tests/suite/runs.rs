//! Runs: how activities become submissions, when a run begins and ends, how it resumes, and what is counted.

use perennial_domain::command::{Action, Expected};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::import::{ImportCommand, ImportCounts, ImportEvent, LOCATORS_MAX};
use perennial_domain::log::Revision;
use perennial_iati::plan::PlanLimits;
use perennial_iati::{Activity, Known, Planner, Tally};

use crate::ledger::{Ledger, commands, source};
use crate::xml::{activity, document, of, read, transaction};

fn numbered(count: u32) -> String {
    (1..=count)
        .map(|value| transaction("3", "2020-05-01", &value.to_string()))
        .collect()
}

fn starts(plan: &perennial_iati::ActivityPlan) -> Vec<bool> {
    plan.submissions
        .iter()
        .map(|planned| {
            let first = &planned.submission.commands[0].action;
            let starts = matches!(first, Action::Import(_, ImportCommand::Start(_)));
            assert_eq!(starts, planned.starts_import);
            starts
        })
        .collect()
}

fn only(document: &str) -> Activity {
    read(document).unwrap().remove(0)
}

#[test]
fn an_activity_is_one_submission_up_to_the_limit_of_commands_and_several_above() {
    let sizes = |transactions: u32| {
        let limits = PlanLimits {
            commands_max: 10,
            ..PlanLimits::default()
        };
        let import = Ledger::default().import_with(&of(&numbered(transactions)), limits);
        import.plans[0]
            .submissions
            .iter()
            .map(|planned| planned.submission.commands.len())
            .collect::<Vec<_>>()
    };
    // ImportStarted, the signature and the description come before the entries.
    assert_eq!(sizes(7), [10]);
    assert_eq!(sizes(8), [10, 1]);
    assert_eq!(sizes(18), [10, 10, 1]);
}

#[test]
fn a_real_ledgers_thousand_commands_are_kept_to() {
    let import = Ledger::default().import(&of(&numbered(1_532)));
    let sizes: Vec<usize> = import.plans[0]
        .submissions
        .iter()
        .map(|planned| planned.submission.commands.len())
        .collect();
    assert_eq!(sizes, [1_000, 535]);
    assert_eq!(import.tally.counts().transactions, 1_532);
}

#[test]
fn the_estimate_of_bytes_splits_too_and_one_large_command_still_goes_alone() {
    let limits = PlanLimits {
        bytes_max: 2_000,
        ..PlanLimits::default()
    };
    let import = Ledger::default().import_with(&of(&numbered(20)), limits);
    assert!(import.plans[0].submissions.len() > 3);
    let limits = PlanLimits {
        bytes_max: 1,
        ..PlanLimits::default()
    };
    let import = Ledger::default().import_with(&of(&numbered(2)), limits);
    assert_eq!(import.plans[0].submissions.len(), 5);
}

#[test]
fn more_lines_than_a_signature_takes_are_opened_one_by_one() {
    let body: String = (0..5)
        .map(|index| {
            transaction("2", "2020-05-01", "5").replace(
                "</transaction>",
                &format!("<receiver-org ref=\"XM-{index}\"/></transaction>"),
            )
        })
        .collect();
    let limits = PlanLimits {
        signed_lines_max: 3,
        ..PlanLimits::default()
    };
    let plan = Ledger::default()
        .import_with(&of(&body), limits)
        .plans
        .remove(0);
    let kinds: Vec<&str> = commands(&plan)
        .iter()
        .map(|command| match &command.action {
            Action::Agreement(_, action) => match action {
                perennial_domain::agreement::AgreementCommand::Sign(terms) => {
                    assert_eq!(terms.lines.len(), 3);
                    "sign"
                }
                perennial_domain::agreement::AgreementCommand::OpenLine(_) => "open",
                perennial_domain::agreement::AgreementCommand::Describe(_) => "describe",
                _ => "increase",
            },
            _ => "other",
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "sign", "open", "open", "describe", "increase", "increase", "increase", "increase",
            "increase"
        ]
    );
}

#[test]
fn import_started_travels_with_the_first_change_only() {
    let second = activity(&numbered(1)).replace("XM-TEST-1", "XM-TEST-2");
    let nothing = activity("").replace("XM-TEST-1", "XM-TEST-0");
    let import = Ledger::default().import(&document(
        &[nothing, activity(&numbered(1)), second].concat(),
    ));
    let found: Vec<Vec<bool>> = import.plans.iter().map(starts).collect();
    assert_eq!(found, [vec![], vec![true], vec![false]]);
}

#[test]
fn a_file_that_changes_nothing_begins_no_run() {
    let mut ledger = Ledger::default();
    let import = ledger.import(&of(&transaction("3", "2020-05-01", "0")));
    assert_eq!((import.submissions, ledger.events.len()), (0, 0));
    assert_eq!(import.tally.counts().refused, 1);
    assert_eq!(ledger.import(&of("")).submissions, 0);
}

#[test]
fn a_run_ends_with_its_counts_and_reasons() {
    let mut ledger = Ledger::default();
    ledger.import(&of(&[
        numbered(2),
        transaction("2", "2020-04-01", "9"),
        transaction("3", "2020-05-01", "0"),
    ]
    .concat()));
    let last = &ledger.events.last().unwrap().event;
    assert!(matches!(last.stream, Stream::Import(_)));
    let Fact::Import(ImportEvent::ImportCompleted { counts, reasons }) = &last.fact else {
        panic!()
    };
    let expected = ImportCounts {
        activities: 1,
        transactions: 4,
        booked: 3,
        flagged: 0,
        refused: 1,
        unchanged: 0,
    };
    assert_eq!(*counts, expected);
    assert_eq!(
        (reasons[0].reason.as_str(), reasons[0].count),
        ("ZERO_AMOUNT", 1)
    );
    assert_eq!(reasons[0].locators, ["XM-TEST-1 line 11"]);
}

#[test]
fn an_interrupted_run_goes_on_under_its_own_id_with_what_is_missing() {
    let document = of(&numbered(20));
    let limits = PlanLimits {
        commands_max: 10,
        ..PlanLimits::default()
    };
    let mut ledger = Ledger::default();
    let mut planner = Planner::new(source(&document), &ledger.known, limits);
    let plan = planner.plan(&ledger.known, &only(&document));
    ledger.record(&plan.submissions[0].submission);
    let begun = planner.import_id().clone();

    let resumed = Planner::new(source(&document), &ledger.known, limits);
    assert_eq!((resumed.import_id(), resumed.started()), (&begun, true));
    let import = ledger.import_with(&document, limits);
    assert_eq!(starts(&import.plans[0]), [false, false]);
    let counts = import.tally.counts();
    assert_eq!((counts.unchanged, counts.booked + counts.flagged), (7, 13));
    // The run is over: the same file begins none, and another file begins another.
    assert_eq!(ledger.import(&document).submissions, 0);
    let next = Planner::new(source(&document), &ledger.known, limits);
    assert_ne!(next.import_id(), &begun);
}

#[test]
fn a_start_that_was_refused_is_carried_by_the_next_submission() {
    let known = Known::default();
    let document = of(&numbered(1));
    let mut planner = Planner::new(source(&document), &known, PlanLimits::default());
    let first = planner.plan(&known, &only(&document));
    assert_eq!(starts(&first), [true]);
    planner.start_refused();
    let second = planner.plan(&known, &only(&document.replace("XM-TEST-1", "XM-TEST-2")));
    assert_eq!(starts(&second), [true]);
}

#[test]
fn a_submission_names_the_revisions_it_was_planned_on() {
    let mut ledger = Ledger::default();
    let first = ledger.import(&of(&numbered(1))).plans.remove(0);
    let expected = &first.submissions[0].submission.expected;
    assert!(
        expected
            .iter()
            .all(|(_, expected)| *expected == Expected::NoStream)
    );
    assert_eq!(expected.len(), 2);
    let later = ledger.import(&of(&numbered(2))).plans.remove(0);
    let streams: Vec<&Expected> = later.submissions[0]
        .submission
        .expected
        .iter()
        .map(|(_, expected)| expected)
        .collect();
    // The import is new; the agreement holds its signature, its words and one payment.
    assert_eq!(
        streams,
        [&Expected::NoStream, &Expected::Exactly(Revision(3))]
    );
}

#[test]
fn the_same_file_gives_the_same_plan() {
    let plan = || {
        let known = Known::default();
        let document = of(&numbered(3));
        Planner::new(source(&document), &known, PlanLimits::default())
            .plan(&known, &only(&document))
    };
    assert_eq!(plan(), plan());
}

#[test]
fn flagged_is_what_carries_a_broken_rule_or_a_note() {
    let known = Known::default();
    // One commitment, one payment on its line, one payment to a line without a commitment.
    let elsewhere = transaction("3", "2020-05-02", "5").replace(
        "</transaction>",
        "<receiver-org ref=\"XM-NGO\"/></transaction>",
    );
    let document = of(&[
        transaction("2", "2020-05-01", "5"),
        transaction("3", "2020-05-01", "5"),
        elsewhere,
    ]
    .concat());
    let mut planner = Planner::new(source(&document), &known, PlanLimits::default());
    let plan = planner.plan(&known, &only(&document));
    let submission = &plan.submissions[0];
    assert_eq!(submission.transactions.len(), 3);
    let count = |flagged: &dyn Fn(usize) -> bool| {
        let mut tally = Tally::default();
        tally.planned(&plan);
        tally.recorded(submission, flagged);
        let counts = tally.counts();
        (counts.booked, counts.flagged)
    };
    assert_eq!(count(&|_| false), (2, 1));
    let commitment = submission.transactions[0].command;
    assert_eq!(count(&|command| command == commitment), (1, 2));
    assert_eq!(count(&|_| true), (0, 3));
}

#[test]
fn a_refused_submission_refuses_all_its_transactions() {
    let known = Known::default();
    let document = of(&numbered(3));
    let plan = Planner::new(source(&document), &known, PlanLimits::default())
        .plan(&known, &only(&document));
    let mut tally = Tally::default();
    tally.planned(&plan);
    tally.refused(&plan.submissions[0], "REVISION_CONFLICT");
    assert_eq!(
        (tally.counts().transactions, tally.counts().refused),
        (3, 3)
    );
    assert_eq!(tally.reasons()[0].reason, "REVISION_CONFLICT");
    assert_eq!(tally.reasons()[0].locators.len(), 3);
}

#[test]
fn a_reason_keeps_its_first_hundred_places_and_counts_on() {
    let body: String = (0..=LOCATORS_MAX)
        .map(|_| transaction("3", "2020-05-01", "0"))
        .collect();
    let import = Ledger::default().import(&of(&body));
    let reason = &import.tally.reasons()[0];
    assert_eq!((reason.count, reason.locators.len()), (101, 100));
}
