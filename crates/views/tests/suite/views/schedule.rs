//! `by-year` with tranches, moves and plans.

use perennial_domain::agreement::{AgreementEvent, Perspective, ReversalReason, YearBasis};
use perennial_domain::event::Fact;
use perennial_views::rows::{ByYearRow, Row};
use perennial_views::{Question, View};

use crate::given::{
    Log, agreement, cash, disbursed, event_id, increased, line, paid_of_tranche, period, scheduled,
    share, signed, terms, usd,
};

fn by_year(log: &Log) -> Vec<ByYearRow> {
    let question = Question::default();
    let rows = View::ByYear.evaluate(&log.facts(), &question).unwrap().rows;
    rows.into_iter()
        .filter_map(|row| match row {
            Row::ByYear(row) => Some(row),
            _ => None,
        })
        .collect()
}

fn two_years() -> Log {
    let mut log = Log::new();
    let shares = vec![
        share("2020-01-01", "2020-12-31", 60, YearBasis::Scheduled),
        share("2021-01-01", "2021-12-31", 40, YearBasis::Scheduled),
    ];
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-15",
        signed(terms(
            Perspective::Provider,
            vec![line("line-1", usd(100), shares)],
        )),
    )]);
    log
}

/// A portion of 60 for 2020, of which 50 are paid on a day; the payment stores which day the portion was due on.
fn schedule_and_pay(log: &mut Log, due_on: &str, (paid_on, stored): (&str, Option<&str>)) {
    let of = period("2020-01-01", "2020-12-31");
    let stream = agreement("agreement-1");
    log.record(&[(stream.clone(), "2020-01-15", scheduled(60, due_on, of))]);
    let cash = cash(usd(50), &[("line-1", 50)]);
    log.record(&[(stream, paid_on, paid_of_tranche(cash, 50, stored, of))]);
}

#[test]
fn a_payment_counts_for_the_year_of_its_tranche_and_shows_in_the_year_of_its_date() {
    let mut log = two_years();
    schedule_and_pay(&mut log, "2020-11-30", ("2021-02-01", Some("2020-11-30")));
    let rows = by_year(&log);
    let words: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.year.as_deref().unwrap(),
                [
                    row.committed,
                    row.scheduled,
                    row.disbursed,
                    row.paid_for,
                    row.remaining,
                    row.overdrawn,
                ],
            )
        })
        .collect();
    assert_eq!(
        words,
        [
            ("2020", [60, 10, 0, 50, 10, 0]),
            ("2021", [40, 0, 50, 0, 40, 0])
        ]
    );
}

/// What is due in each year, and what counts for it.
fn due(log: &Log) -> Vec<(String, i128, i128)> {
    let rows = by_year(log).into_iter();
    rows.map(|row| (row.year.unwrap(), row.scheduled, row.paid_for))
        .collect()
}

/// A portion for 2020 that is due in January 2021, of which 50 were paid in November 2020.
fn paid_in_arrears(due_on: Option<&str>) -> Log {
    let mut log = two_years();
    schedule_and_pay(&mut log, "2021-01-31", ("2020-11-30", due_on));
    log
}

#[test]
fn a_payment_leaves_the_year_in_which_its_portion_is_due_and_counts_for_the_one_it_is_for() {
    let mut log = paid_in_arrears(Some("2021-01-31"));
    let row = |year: &str, scheduled, paid_for| (year.to_owned(), scheduled, paid_for);
    assert_eq!(due(&log), [row("2020", 0, 50), row("2021", 10, 0)]);
    // It came back: it is due again, and what it counts for ends in the year in which it came back.
    log.record(&[(
        agreement("agreement-1"),
        "2022-03-01",
        Fact::Agreement(AgreementEvent::EntryReversed {
            target: event_id(3, 0),
            reason: ReversalReason::Returned,
        }),
    )]);
    assert_eq!(
        due(&log),
        [row("2020", 0, 0), row("2021", 60, 0), row("2022", 0, 0)]
    );
}

#[test]
fn a_payment_from_before_due_days_were_stored_leaves_the_period_of_its_portion() {
    let log = paid_in_arrears(None);
    let row = |year: &str, scheduled, paid_for| (year.to_owned(), scheduled, paid_for);
    assert_eq!(due(&log), [row("2020", -50, 50), row("2021", 60, 0)]);
}

#[test]
fn more_than_a_year_was_committed_for_is_overdrawn_and_never_below_zero() {
    let mut log = two_years();
    log.record(&[(agreement("agreement-1"), "2020-05-01", disbursed(60))]);
    let row = by_year(&log).remove(0);
    assert_eq!((row.remaining, row.overdrawn), (0, 0));
    log.record(&[(agreement("agreement-1"), "2020-05-02", disbursed(1))]);
    let row = by_year(&log).remove(0);
    assert_eq!((row.remaining, row.overdrawn), (0, 1));
}

#[test]
fn cash_stands_in_the_row_of_the_best_basis_and_alone_as_actual() {
    let mut log = two_years();
    log.record(&[(
        agreement("agreement-1"),
        "2020-05-01",
        increased(
            7,
            vec![share("2020-05-01", "2020-05-01", 7, YearBasis::SigningYear)],
        ),
    )]);
    log.record(&[(agreement("agreement-1"), "2020-06-01", disbursed(65))]);
    log.record(&[(agreement("agreement-1"), "2022-06-01", disbursed(3))]);
    let words: Vec<_> = by_year(&log)
        .into_iter()
        .map(|row| {
            (
                row.year.unwrap(),
                row.year_basis.unwrap(),
                [row.committed, row.disbursed, row.remaining, row.overdrawn],
            )
        })
        .collect();
    let row = |year: &str, basis, figures| (year.to_owned(), basis, figures);
    assert_eq!(
        words,
        [
            row("2020", "scheduled", [60, 65, 2, 0]),
            row("2020", "signing_year", [7, 0, 0, 0]),
            row("2021", "scheduled", [40, 0, 40, 0]),
            row("2022", "actual", [0, 3, 0, 3]),
        ]
    );
}
