//! `by-year` with tranches, moves and plans.

use perennial_domain::agreement::{
    AgreementEvent, Perspective, Rescheduling, ReversalReason, YearBasis,
};
use perennial_domain::event::Fact;
use perennial_domain::ids::AgreementId;
use perennial_domain::log::Position;
use perennial_views::lens::Lens;
use perennial_views::rows::{ByYearRow, Row, RowKey};
use perennial_views::view::by_year::contributions;
use perennial_views::{AsOf, Cut, Dimension, Filter, Question, View};

use crate::given::{
    Log, agreement, cash, date, disbursed, event_id, increased, line, paid_of_tranche, period,
    scheduled, share, signed, terms, tranche_id, usd,
};

fn by_year(log: &Log) -> Vec<ByYearRow> {
    by_year_of(log, &Question::default())
}

fn by_year_of(log: &Log, question: &Question) -> Vec<ByYearRow> {
    let rows = View::ByYear.evaluate(&log.facts(), question).unwrap().rows;
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

/// A portion of 60, due in November 2020. Position 2.
fn scheduled_for_2020() -> Log {
    let mut log = two_years();
    let of = period("2020-01-01", "2020-12-31");
    let portion = scheduled(60, "2020-11-30", of);
    log.record(&[(agreement("agreement-1"), "2020-01-15", portion)]);
    log
}

fn pay(log: &mut Log, (drawn, due_on): (i128, &str)) -> u64 {
    let of = period("2020-01-01", "2020-12-31");
    let cash = cash(usd(drawn), &[("line-1", drawn)]);
    let payment = paid_of_tranche(cash, drawn, Some(due_on), of);
    log.record(&[(agreement("agreement-1"), "2020-03-01", payment)])
}

/// What is open then moves, as the event says.
fn reschedule(log: &mut Log, open: i128, (from, to): (&str, &str)) -> u64 {
    let moved = AgreementEvent::TrancheRescheduled(Rescheduling {
        tranche_id: tranche_id(),
        open: usd(open),
        previous_due_on: date(from),
        new_due_on: date(to),
        period: period("2020-01-01", "2020-12-31"),
        reason: "later".to_owned(),
    });
    let stream = agreement("agreement-1");
    log.record(&[(stream, "2020-05-01", Fact::Agreement(moved))])
}

fn take_back(log: &mut Log, payment: u64, (on, reason): (&str, ReversalReason)) -> u64 {
    let reversal = AgreementEvent::EntryReversed {
        target: event_id(payment, 0),
        reason,
    };
    log.record(&[(agreement("agreement-1"), on, Fact::Agreement(reversal))])
}

const BY_ERROR: (&str, ReversalReason) = ("2020-03-01", ReversalReason::Error);

/// What is due in each year.
type Due = Vec<(String, i128)>;

/// What `by-year` schedules for each year, without years of nothing, and what `cash-forecast` expects in it.
fn owed(log: &Log, question: &Question) -> (Due, Due) {
    let facts = log.facts();
    let rows = |view: View| view.evaluate(&facts, question).unwrap().rows.into_iter();
    let by_year = rows(View::ByYear).filter_map(|row| match row {
        Row::ByYear(row) if row.scheduled != 0 => Some((row.year.unwrap(), row.scheduled)),
        _ => None,
    });
    let forecast = rows(View::CashForecast).filter_map(|row| match row {
        Row::CashForecast(row) => Some((row.due_on.year().to_string(), row.open)),
        _ => None,
    });
    (by_year.collect(), forecast.collect())
}

/// Both views say the same, at the head.
#[track_caller]
fn assert_owed(log: &Log, expected: &[(&str, i128)]) {
    let (by_year, forecast) = owed(log, &Question::default());
    let expected: Vec<_> = expected
        .iter()
        .map(|&(y, due)| (y.to_owned(), due))
        .collect();
    assert_eq!((by_year, forecast), (expected.clone(), expected));
}

#[test]
fn what_a_payment_drew_is_due_with_its_portion_when_it_is_reversed_before_the_rescheduling() {
    let mut log = scheduled_for_2020();
    let payment = pay(&mut log, (60, "2020-11-30"));
    assert_owed(&log, &[]);
    take_back(&mut log, payment, BY_ERROR);
    assert_owed(&log, &[("2020", 60)]);
    reschedule(&mut log, 60, ("2020-11-30", "2021-06-30"));
    assert_owed(&log, &[("2021", 60)]);
}

#[test]
fn what_a_payment_drew_is_due_with_its_portion_when_it_is_reversed_after_the_rescheduling() {
    let mut log = scheduled_for_2020();
    let payment = pay(&mut log, (50, "2020-11-30"));
    reschedule(&mut log, 10, ("2020-11-30", "2021-06-30"));
    assert_owed(&log, &[("2021", 10)]);
    take_back(&mut log, payment, BY_ERROR);
    assert_owed(&log, &[("2021", 60)]);
    // Moved again it is moved whole.
    reschedule(&mut log, 60, ("2021-06-30", "2022-06-30"));
    assert_owed(&log, &[("2022", 60)]);
    // Before the reversal was known, it was paid.
    let known = Question {
        at: AsOf::Position(Position(4)),
        ..Question::default()
    };
    let due = vec![("2021".to_owned(), 10)];
    assert_eq!(owed(&log, &known), (due.clone(), due));
}

#[test]
fn only_the_reversed_one_of_two_payments_moves_with_a_portion_that_was_moved_twice() {
    let mut log = scheduled_for_2020();
    let payment = pay(&mut log, (20, "2020-11-30"));
    reschedule(&mut log, 40, ("2020-11-30", "2021-06-30"));
    pay(&mut log, (15, "2021-06-30"));
    reschedule(&mut log, 25, ("2021-06-30", "2022-06-30"));
    assert_owed(&log, &[("2022", 25)]);
    take_back(&mut log, payment, BY_ERROR);
    assert_owed(&log, &[("2022", 45)]);
}

#[test]
fn money_that_came_back_is_due_with_its_portion_from_the_day_on_which_it_came() {
    let mut log = scheduled_for_2020();
    let payment = pay(&mut log, (50, "2020-11-30"));
    reschedule(&mut log, 10, ("2020-11-30", "2021-06-30"));
    let back = ("2020-07-01", ReversalReason::Returned);
    take_back(&mut log, payment, back);
    let on = |day: &str| {
        let question = Question {
            effective: Cut::On(date(day)),
            ..Question::default()
        };
        owed(&log, &question)
    };
    let due = |year: &str, amount| {
        let due = vec![(year.to_owned(), amount)];
        (due.clone(), due)
    };
    assert_eq!(on("2020-04-30"), due("2020", 10));
    assert_eq!(on("2020-05-01"), due("2021", 10));
    assert_eq!(on("2020-06-30"), due("2021", 10));
    assert_eq!(on("2020-07-01"), due("2021", 60));
}

#[test]
fn a_payment_of_before_the_rescheduling_that_is_recorded_after_it_leaves_the_day_of_then() {
    let mut log = scheduled_for_2020();
    reschedule(&mut log, 60, ("2020-11-30", "2021-06-30"));
    pay(&mut log, (50, "2021-06-30"));
    assert_owed(&log, &[("2021", 10)]);
    let before = Question {
        effective: Cut::On(date("2020-04-30")),
        ..Question::default()
    };
    let due = vec![("2020".to_owned(), 10)];
    assert_eq!(owed(&log, &before), (due.clone(), due));
}

#[test]
fn the_entries_behind_what_is_due_say_which_rescheduling_moved_what_was_paid_and_reversed() {
    let mut log = scheduled_for_2020();
    let payment = pay(&mut log, (50, "2020-11-30"));
    let moved = reschedule(&mut log, 10, ("2020-11-30", "2021-06-30"));
    let reversal = take_back(&mut log, payment, BY_ERROR);
    let facts = log.facts();
    let question = Question::default();
    let lens = Lens::new(&facts, &question).unwrap();
    let behind = |year: &str| {
        let basis = "scheduled";
        let key = ["agreement-1", "outgoing", year, "USD", basis, "firm"];
        let entries = contributions(&lens, &RowKey::of(&key), "scheduled").into_iter();
        let amounts = entries.map(|entry| (entry.event_id.position.0, entry.minor_units));
        amounts.collect::<Vec<_>>()
    };
    let of_2020 = [
        (2, 60),
        (payment, -50),
        (moved, -10),
        (moved, -50),
        (reversal, 50),
    ];
    assert_eq!(behind("2020"), of_2020);
    assert_eq!(behind("2021"), [(moved, 10), (moved, 50)]);
}

#[test]
fn what_is_due_elsewhere_follows_filters_and_groups_as_every_scheduled_amount_does() {
    let mut log = scheduled_for_2020();
    let payment = pay(&mut log, (50, "2020-11-30"));
    reschedule(&mut log, 10, ("2020-11-30", "2021-06-30"));
    take_back(&mut log, payment, BY_ERROR);
    let due = |filter: Filter| {
        let question = Question {
            group_by: Some(vec![Dimension::Year]),
            filter,
            ..Question::default()
        };
        let rows = by_year_of(&log, &question).into_iter();
        let due = rows.filter(|row| row.scheduled != 0);
        due.map(|row| (row.year.unwrap(), row.scheduled))
            .collect::<Vec<_>>()
    };
    let all = vec![("2021".to_owned(), 60)];
    let asked = |year: &str| Filter {
        year: Some(year.to_owned()),
        ..Filter::default()
    };
    let of = |donor: &str| Filter {
        donor: Some(donor.to_owned()),
        ..Filter::default()
    };
    assert_eq!(due(Filter::default()), all);
    assert_eq!(due(asked("2021")), all);
    assert_eq!(due(asked("2020")), []);
    assert_eq!(due(of("D-1")), all);
    assert_eq!(due(of("R-1")), []);
}

#[test]
fn behind_a_figure_are_the_entries_of_the_asked_agreements_alone() {
    let mut log = Log::new();
    let ids = ["agreement-1", "agreement-2"];
    for (id, amount) in ids.into_iter().zip([100, 7]) {
        let shares = vec![share(
            "2020-01-01",
            "2020-12-31",
            amount,
            YearBasis::Scheduled,
        )];
        let line = line("line-1", usd(amount), shares);
        let terms = signed(terms(Perspective::Provider, vec![line]));
        log.record(&[(agreement(id), "2020-01-15", terms)]);
    }
    let facts = log.facts();
    let behind = |asked: &[&str]| {
        let asked = asked.iter().map(|id| AgreementId::parse(id).unwrap());
        let question = Question {
            group_by: Some(vec![Dimension::Year]),
            filter: Filter {
                agreements: asked.collect(),
                ..Filter::default()
            },
            ..Question::default()
        };
        let lens = Lens::new(&facts, &question).unwrap();
        let key = RowKey::of(&["", "outgoing", "2020", "USD", "", ""]);
        let entries = contributions(&lens, &key, "committed").into_iter();
        entries.map(|entry| entry.minor_units).collect::<Vec<_>>()
    };
    assert_eq!(behind(&[]), [100, 7]);
    assert_eq!(behind(&["agreement-2"]), [7]);
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
