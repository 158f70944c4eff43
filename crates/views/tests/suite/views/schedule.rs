//! `by-year` with tranches, moves and plans.

use perennial_domain::agreement::{AgreementEvent, Perspective, TrancheDraw, YearBasis};
use perennial_domain::event::Fact;
use perennial_domain::ids::TrancheId;
use perennial_views::rows::{ByYearRow, Row};
use perennial_views::{Question, View};

use crate::given::{
    Log, agreement, cash, date, disbursed, increased, line, period, share, signed, terms, usd,
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

#[test]
fn a_payment_counts_for_the_year_of_its_tranche_and_shows_in_the_year_of_its_date() {
    let mut log = two_years();
    let tranche_id = TrancheId::parse("tranche-1").unwrap();
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-15",
        Fact::Agreement(AgreementEvent::TrancheScheduled {
            tranche_id: tranche_id.clone(),
            amount: usd(60),
            due_on: date("2020-11-30"),
            period: period("2020-01-01", "2020-12-31"),
            conditions: Vec::new(),
        }),
    )]);
    log.record(&[(
        agreement("agreement-1"),
        "2021-02-01",
        Fact::Agreement(AgreementEvent::DisbursementMade {
            cash: cash(usd(50), &[("line-1", 50)]),
            draws: vec![TrancheDraw {
                tranche_id,
                period: period("2020-01-01", "2020-12-31"),
                minor_units: 50,
            }],
        }),
    )]);
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
