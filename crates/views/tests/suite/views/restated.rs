//! Adjustments of closed periods: where they were booked, and restated where they belong.

use perennial_domain::agreement::{
    AgreementEvent, Perspective, ReversalReason, TrancheDraw, YearBasis, YearShare,
};
use perennial_domain::event::Fact;
use perennial_domain::ids::TrancheId;
use perennial_domain::log::EventId;
use perennial_domain::period::{FiscalCalendar, Period};
use perennial_views::rows::{ByYearRow, MovementRow, Row};
use perennial_views::{Cut, Dimension, Question, QuestionError, View};

use crate::given::{
    Log, agreement, calendar_id, cash, closed, date, disbursed, event_id, increased, line, opened,
    period, share, signed, terms, usd,
};

fn increased_by(shares: Vec<YearShare>) -> Fact {
    increased(shares.iter().map(|share| share.minor_units).sum(), shares)
}

fn in_2020() -> Period {
    period("2020-01-01", "2020-12-31")
}

/// 100.00 USD for each of 2020 and 2021, and 2020 is closed in January 2021.
fn agreed() -> Log {
    let mut log = Log::new();
    let shares = vec![
        share("2020-01-01", "2020-12-31", 10_000, YearBasis::Scheduled),
        share("2021-01-01", "2021-12-31", 10_000, YearBasis::Scheduled),
    ];
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-15",
        signed(terms(
            Perspective::Provider,
            vec![line("line-1", usd(20_000), shares)],
        )),
    )]);
    log.record(&[opened("own-years", "2020", ("2020-01-01", "2020-12-31"))]);
    log.record(&[closed(
        "own-years",
        ("2021-01-10", 0, "2021-01-10"),
        ("2020", "2020-01-01", "2020-12-31"),
    )]);
    log
}

fn booked() -> Question {
    Question::default()
}

fn restated() -> Question {
    Question {
        restated: true,
        ..Question::default()
    }
}

fn by_year(log: &Log, question: &Question) -> Vec<ByYearRow> {
    let rows = View::ByYear.evaluate(&log.facts(), question).unwrap().rows;
    let row = |row| match row {
        Row::ByYear(row) => row,
        other => panic!("{other:?}"),
    };
    let rows: Vec<ByYearRow> = rows.into_iter().map(row).collect();
    // The ledger's sums, which are read from cells, are those of its one agreement.
    let over_all = Question {
        group_by: Some(vec![Dimension::Year, Dimension::YearBasis]),
        ..question.clone()
    };
    let over_all = View::ByYear.evaluate(&log.facts(), &over_all).unwrap().rows;
    let summed: Vec<ByYearRow> = over_all.into_iter().map(row).collect();
    let of_all: Vec<ByYearRow> = rows
        .iter()
        .map(|row| ByYearRow {
            agreement_id: None,
            firmness: None,
            ..row.clone()
        })
        .collect();
    assert_eq!(summed, of_all);
    rows
}

/// Year, committed, disbursed, paid for, remaining, overdrawn.
fn said(rows: &[ByYearRow]) -> Vec<(&str, [i128; 5])> {
    rows.iter()
        .map(|row| {
            let figures = [
                row.committed,
                row.disbursed,
                row.paid_for,
                row.remaining,
                row.overdrawn,
            ];
            (row.year.as_deref().unwrap(), figures)
        })
        .collect()
}

#[test]
fn an_adjusting_payment_is_in_the_year_of_its_date_and_restated_in_the_one_it_concerns() {
    let mut log = agreed();
    log.record_adjusting(
        in_2020(),
        &[(agreement("agreement-1"), "2021-02-01", disbursed(500))],
    );
    assert_eq!(
        said(&by_year(&log, &booked())),
        [
            ("2020", [10_000, 0, 0, 10_000, 0]),
            ("2021", [10_000, 500, 500, 9_500, 0]),
        ]
    );
    assert_eq!(
        said(&by_year(&log, &restated())),
        [
            ("2020", [10_000, 500, 500, 9_500, 0]),
            ("2021", [10_000, 0, 0, 10_000, 0]),
        ]
    );
}

#[test]
fn an_adjusting_increase_is_booked_in_the_open_year_though_its_share_is_of_the_closed_one() {
    let mut log = agreed();
    let more = increased_by(vec![share(
        "2020-01-01",
        "2020-12-31",
        800,
        YearBasis::Scheduled,
    )]);
    log.record_adjusting(in_2020(), &[(agreement("agreement-1"), "2021-02-01", more)]);
    assert_eq!(
        said(&by_year(&log, &booked())),
        [
            ("2020", [10_000, 0, 0, 10_000, 0]),
            ("2021", [10_800, 0, 0, 10_800, 0]),
        ]
    );
    assert_eq!(
        said(&by_year(&log, &restated())),
        [
            ("2020", [10_800, 0, 0, 10_800, 0]),
            ("2021", [10_000, 0, 0, 10_000, 0]),
        ]
    );
}

#[test]
fn only_the_days_of_the_closed_period_are_booked_elsewhere() {
    let mut log = agreed();
    // 31 days before the boundary and 31 after it.
    let more = increased_by(vec![share(
        "2020-12-01",
        "2021-01-31",
        620,
        YearBasis::Prorated,
    )]);
    log.record_adjusting(in_2020(), &[(agreement("agreement-1"), "2022-02-01", more)]);
    let committed = |question: &Question| -> Vec<(String, i128)> {
        let rows = by_year(&log, question).into_iter();
        let rows = rows.filter(|row| row.year_basis == Some("prorated"));
        rows.map(|row| (row.year.unwrap(), row.committed)).collect()
    };
    let pair = |year: &str, minor_units| (year.to_owned(), minor_units);
    assert_eq!(committed(&booked()), [pair("2021", 310), pair("2022", 310)]);
    assert_eq!(
        committed(&restated()),
        [pair("2020", 310), pair("2021", 310)]
    );
}

fn reversed(target: EventId) -> Fact {
    Fact::Agreement(AgreementEvent::EntryReversed {
        target,
        reason: ReversalReason::Error,
    })
}

#[test]
fn an_adjusting_reversal_takes_later_years_out_of_themselves_in_both_readings() {
    let mut log = agreed();
    let more = increased_by(vec![
        share("2020-01-01", "2020-12-31", 100, YearBasis::Scheduled),
        share("2022-01-01", "2022-12-31", 300, YearBasis::Scheduled),
    ]);
    let at = log.record(&[(agreement("agreement-1"), "2020-06-01", more)]);
    let undo = reversed(event_id(at, 0));
    log.record_adjusting(in_2020(), &[(agreement("agreement-1"), "2021-02-01", undo)]);
    assert_eq!(
        said(&by_year(&log, &booked())),
        [
            ("2020", [10_100, 0, 0, 10_100, 0]),
            ("2021", [9_900, 0, 0, 9_900, 0]),
        ]
    );
    assert_eq!(
        said(&by_year(&log, &restated())),
        [
            ("2020", [10_000, 0, 0, 10_000, 0]),
            ("2021", [10_000, 0, 0, 10_000, 0]),
        ]
    );
}

#[test]
fn a_payment_that_drew_on_a_tranche_counts_once_in_both_readings() {
    let mut log = agreed();
    let scheduled = AgreementEvent::TrancheScheduled {
        tranche_id: TrancheId::parse("tranche-1").unwrap(),
        amount: usd(400),
        due_on: date("2020-06-30"),
        period: period("2020-06-01", "2020-06-30"),
        conditions: Vec::new(),
    };
    log.record(&[(
        agreement("agreement-1"),
        "2020-02-01",
        Fact::Agreement(scheduled),
    )]);
    let drawn = |from: &str, to: &str| {
        Fact::Agreement(AgreementEvent::DisbursementMade {
            cash: cash(usd(400), &[("line-1", 400)]),
            draws: vec![TrancheDraw {
                tranche_id: TrancheId::parse("tranche-1").unwrap(),
                period: period(from, to),
                minor_units: 400,
                due_on: Some(date("2020-06-30")),
            }],
        })
    };
    let of_closed = drawn("2020-06-01", "2020-06-30");
    log.record_adjusting(
        in_2020(),
        &[(agreement("agreement-1"), "2021-02-01", of_closed)],
    );
    let paid = |question: &Question| -> Vec<(String, i128, i128)> {
        let rows = by_year(&log, question);
        // Nothing is due any more of what was due in the closed year.
        assert!(rows.iter().all(|row| row.scheduled == 0));
        let rows = rows.into_iter();
        rows.map(|row| (row.year.unwrap(), row.disbursed, row.paid_for))
            .collect()
    };
    let said = |year: &str, disbursed, paid_for| (year.to_owned(), disbursed, paid_for);
    assert_eq!(
        paid(&booked()),
        [said("2020", 0, 0), said("2021", 400, 400)]
    );
    assert_eq!(
        paid(&restated()),
        [said("2020", 400, 400), said("2021", 0, 0)]
    );
}

fn movements(log: &Log, question: &Question) -> Vec<(String, [i128; 4])> {
    let rows = View::Movements
        .evaluate(&log.facts(), question)
        .unwrap()
        .rows;
    let row = |row| match row {
        Row::Movement(MovementRow {
            year,
            opening,
            increases,
            paid,
            closing,
            ..
        }) => (year, [opening, increases, paid, closing]),
        other => panic!("{other:?}"),
    };
    rows.into_iter().map(row).collect()
}

#[test]
fn movements_are_restated_and_end_with_the_same_balance() {
    let mut log = agreed();
    log.record(&[(agreement("agreement-1"), "2021-01-20", disbursed(70))]);
    log.record_adjusting(
        in_2020(),
        &[(agreement("agreement-1"), "2021-02-01", disbursed(500))],
    );
    let year = |label: &str, figures| (label.to_owned(), figures);
    assert_eq!(
        movements(&log, &booked()),
        [
            year("2020", [0, 0, 0, 20_000]),
            year("2021", [20_000, 0, 570, 19_430]),
        ]
    );
    assert_eq!(
        movements(&log, &restated()),
        [
            year("2020", [0, 0, 500, 19_500]),
            year("2021", [19_500, 0, 70, 19_430]),
        ]
    );
}

#[test]
fn a_closed_period_across_the_years_that_are_asked_for_is_cut_by_days() {
    let mut log = agreed();
    log.record_adjusting(
        in_2020(),
        &[(agreement("agreement-1"), "2021-05-01", disbursed(500))],
    );
    let april = Question {
        calendar: FiscalCalendar::April.into(),
        ..restated()
    };
    // 91 and 275 of 366 days: 124.3 and 375.7.
    let paid: Vec<(String, i128)> = movements(&log, &april)
        .into_iter()
        .map(|(year, figures)| (year, figures[2]))
        .collect();
    let part = |year: &str, minor_units| (year.to_owned(), minor_units);
    assert_eq!(paid, [part("2019/20", 124), part("2020/21", 376)]);
    let rows = by_year(&log, &april);
    let paid: Vec<(String, i128, bool)> = rows
        .into_iter()
        .filter(|row| row.disbursed != 0)
        .map(|row| (row.year.unwrap(), row.disbursed, row.prorated))
        .collect();
    assert_eq!(
        paid,
        [
            ("2019/20".to_owned(), 124, true),
            ("2020/21".to_owned(), 376, true)
        ]
    );
}

#[test]
fn a_day_inside_the_closed_period_shows_nothing_of_a_later_adjustment_in_either_reading() {
    let mut log = agreed();
    let before = by_year(&log, &booked());
    log.record_adjusting(
        in_2020(),
        &[(agreement("agreement-1"), "2021-02-01", disbursed(500))],
    );
    for question in [booked(), restated()] {
        let on = |day: &str| Question {
            effective: Cut::On(date(day)),
            ..question.clone()
        };
        assert_eq!(by_year(&log, &on("2021-01-31")), before);
        assert_ne!(by_year(&log, &on("2021-02-01")), before);
    }
}

#[test]
fn an_answer_says_in_words_which_reading_it_is() {
    let mut log = agreed();
    let notes = |log: &Log, question: &Question| {
        let info = View::Nexus.evaluate(&log.facts(), question).unwrap().info;
        assert_eq!(info.restated, question.restated);
        let about = |note: &String| note.contains("adjustments");
        info.notes.into_iter().find(about)
    };
    assert_eq!(notes(&log, &booked()), None, "nothing is adjusted yet");
    let adjusted =
        AgreementEvent::PriorPeriodAdjusted(Box::new(perennial_domain::calendar::AdjustedPeriod {
            name: perennial_domain::calendar::PeriodName {
                calendar_id: calendar_id("own-years"),
                label: "2020".to_owned(),
            },
            period: in_2020(),
        }));
    log.record_adjusting(
        in_2020(),
        &[
            (
                agreement("agreement-1"),
                "2021-02-01",
                Fact::Agreement(adjusted),
            ),
            (agreement("agreement-1"), "2021-02-01", disbursed(500)),
        ],
    );
    assert_eq!(
        notes(&log, &booked()).unwrap(),
        "as booked: adjustments of closed periods stand in the years in which they were made"
    );
    assert_eq!(
        notes(&log, &restated()).unwrap(),
        "restated: adjustments of closed periods stand in the years that they concern"
    );
}

#[test]
fn a_view_without_years_is_not_restated() {
    let log = agreed();
    for view in View::ALL {
        let answer = view.evaluate(&log.facts(), &restated());
        if view.restates() {
            answer.unwrap();
        } else {
            assert_eq!(answer.unwrap_err(), QuestionError::NotRestated { view });
        }
    }
    let refused = QuestionError::NotRestated {
        view: View::Registers,
    };
    assert_eq!(
        refused.to_string(),
        "the view registers shows no adjustments by the year that they concern"
    );
}
