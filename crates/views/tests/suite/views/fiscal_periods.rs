//! `calendars`: the published periods, and the state of their books.

use perennial_domain::log::Position;
use perennial_views::rows::{Books, FiscalPeriodRow, Row};
use perennial_views::{AsOf, Cut, Facts, Filter, Question, View};

use super::calendars::{ETHIOPIA, NEPAL, publish};
use crate::given::{Log, closed, date, period, reopened};

fn calendars(facts: &Facts, question: &Question) -> Vec<FiscalPeriodRow> {
    let rows = View::Calendars.evaluate(facts, question).unwrap().rows;
    let row = |row| match row {
        Row::FiscalPeriod(row) => row,
        other => panic!("{other:?}"),
    };
    rows.into_iter().map(row).collect()
}

#[test]
fn the_books_of_a_period_are_open_then_in_grace_then_closed_and_open_again() {
    let mut log = Log::new();
    publish(&mut log, "nepal", &NEPAL);
    let (label, from, to) = NEPAL[0];
    let closing = log.record(&[closed(
        "nepal",
        ("2020-07-31", 10, "2020-08-10"),
        (label, from, to),
    )]);
    let reopening = log.record(&[reopened("nepal", "2020-09-01", (label, from, to))]);
    let facts = log.facts();
    let books = |on: &str, at: u64| {
        let question = Question {
            at: AsOf::Position(Position(at)),
            effective: Cut::On(date(on)),
            ..Question::default()
        };
        calendars(&facts, &question)[0].clone()
    };
    assert_eq!(books("2020-07-30", reopening).books, Books::Open);
    assert_eq!(books("2020-07-31", closing - 1).books, Books::Open);
    assert_eq!(books("2020-07-31", reopening).books, Books::Grace);
    assert_eq!(books("2020-08-09", reopening).books, Books::Grace);
    assert_eq!(books("2020-08-10", reopening).books, Books::Closed);
    assert_eq!(books("2020-08-31", reopening).books, Books::Closed);
    assert_eq!(books("2020-09-01", closing).books, Books::Closed);
    let again = books("2020-09-01", reopening);
    let expected = FiscalPeriodRow {
        calendar_id: "nepal".to_owned(),
        pattern: None,
        label: label.to_owned(),
        period: period(from, to),
        gap_reason: None,
        books: Books::Open,
        closed_on: None,
        grace_days: None,
        closed_from: None,
        reopened_on: Some(date("2020-09-01")),
        reopen_reason: Some("late invoices".to_owned()),
        reopen_approver: Some("head-of-finance".to_owned()),
    };
    assert_eq!(again, expected);
    let closed = books("2020-08-10", reopening);
    assert_eq!(
        closed,
        FiscalPeriodRow {
            books: Books::Closed,
            closed_on: Some(date("2020-07-31")),
            grace_days: Some(10),
            closed_from: Some(date("2020-08-10")),
            reopened_on: None,
            reopen_reason: None,
            reopen_approver: None,
            ..expected
        }
    );
}

#[test]
fn periods_are_listed_by_calendar_and_day_and_an_unknown_calendar_is_said() {
    let mut log = Log::new();
    publish(&mut log, "nepal", &NEPAL);
    publish(&mut log, "ethiopia", &ETHIOPIA[1..2]);
    publish(&mut log, "ethiopia", &ETHIOPIA[..1]);
    let facts = log.facts();
    let labels = |question: &Question| -> Vec<(String, String)> {
        let rows = calendars(&facts, question).into_iter();
        rows.map(|row| (row.calendar_id, row.label)).collect()
    };
    let pair = |id: &str, label: &str| (id.to_owned(), label.to_owned());
    assert_eq!(
        labels(&Question::default()),
        [
            pair("ethiopia", "2012 EC"),
            pair("ethiopia", "2013 EC"),
            pair("nepal", "2076/77"),
            pair("nepal", "2077/78"),
        ]
    );
    let of = |id: &str| Question {
        filter: Filter {
            calendar: Some(id.to_owned()),
            ..Filter::default()
        },
        ..Question::default()
    };
    assert_eq!(
        labels(&of("nepal")),
        [pair("nepal", "2076/77"), pair("nepal", "2077/78")]
    );
    let unknown = View::Calendars
        .evaluate(&facts, &of("january"))
        .unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "no fiscal calendar \"january\" was published until then: there is ethiopia, nepal"
    );
}
