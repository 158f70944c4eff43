//! `maturity`: how soon what is undisbursed falls due, and how far it can be relied on.

use perennial_domain::agreement::{Firmness, Perspective, YearBasis, YearShare};
use perennial_domain::event::{Fact, Stream};
use perennial_views::posting::Direction;
use perennial_views::rows::{MaturityRow, Row};
use perennial_views::{Cut, Question, View};

use crate::given::{Log, agreement, date, disbursed, line, received, share, signed, terms, usd};

fn of_year(year: u16, minor_units: i128, firmness: Firmness) -> YearShare {
    let (from, to) = (format!("{year}-01-01"), format!("{year}-12-31"));
    YearShare {
        firmness,
        ..share(&from, &to, minor_units, YearBasis::Scheduled)
    }
}

fn opened(log: &mut Log, id: &str, perspective: Perspective, shares: Vec<YearShare>) -> Stream {
    let stream = agreement(id);
    let whole = shares.iter().map(|share| share.minor_units).sum();
    let lines = vec![line("line-1", usd(whole), shares)];
    log.record(&[(
        stream.clone(),
        "2020-01-15",
        signed(terms(perspective, lines)),
    )]);
    stream
}

fn rows(log: &Log, day: &str) -> Vec<MaturityRow> {
    let question = Question {
        effective: Cut::On(date(day)),
        ..Question::default()
    };
    let rows = View::Maturity
        .evaluate(&log.facts(), &question)
        .unwrap()
        .rows;
    rows.into_iter()
        .map(|row| match row {
            Row::Maturity(row) => row,
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Firmness, the three parts, their sum, what is overdrawn.
type Words = (Option<&'static str>, [i128; 3], i128, i128);

fn words(rows: &[MaturityRow]) -> Vec<Words> {
    let words = rows.iter().map(|row| {
        let parts = [
            row.under_one_year,
            row.one_to_five_years,
            row.over_five_years,
        ];
        (row.firmness, parts, row.undisbursed, row.overdrawn)
    });
    words.collect()
}

#[test]
fn a_period_is_under_a_year_until_the_same_day_of_the_next_year() {
    let mut log = Log::new();
    let shares = vec![
        of_year(2021, 100, Firmness::Firm),
        share("2022-01-01", "2025-12-31", 400, YearBasis::Prorated),
        of_year(2026, 50, Firmness::Firm),
    ];
    opened(&mut log, "agreement-1", Perspective::Provider, shares);
    assert_eq!(
        words(&rows(&log, "2020-12-31")),
        [(Some("firm"), [100, 400, 50], 550, 0)]
    );
    // A day earlier the last day of 2021 and of 2025 is beyond the limits: 364 of 365 days, and 1,460 of 1,461.
    assert_eq!(
        words(&rows(&log, "2020-12-30")),
        [(Some("firm"), [99, 400, 51], 550, 0)]
    );
    // Years later everything is due, also what is overdue.
    assert_eq!(
        words(&rows(&log, "2026-02-01")),
        [(Some("firm"), [550, 0, 0], 550, 0)]
    );
    assert_eq!(words(&rows(&log, "2020-01-14")), []);
}

#[test]
fn payments_take_away_from_what_falls_due_first_the_firmest_first() {
    let mut log = Log::new();
    let shares = vec![
        of_year(2021, 100, Firmness::Firm),
        of_year(2021, 60, Firmness::SubjectToAppropriation),
        of_year(2022, 40, Firmness::Indicative),
    ];
    let stream = opened(&mut log, "agreement-1", Perspective::Provider, shares);
    assert_eq!(
        words(&rows(&log, "2020-12-31")),
        [
            (Some("firm"), [100, 0, 0], 100, 0),
            (Some("subject_to_appropriation"), [60, 0, 0], 60, 0),
            (Some("indicative"), [0, 40, 0], 40, 0),
        ]
    );
    log.record(&[(stream.clone(), "2020-03-01", disbursed(120))]);
    assert_eq!(
        words(&rows(&log, "2020-12-31")),
        [
            (Some("subject_to_appropriation"), [40, 0, 0], 40, 0),
            (Some("indicative"), [0, 40, 0], 40, 0),
        ]
    );
    log.record(&[(stream, "2020-03-02", disbursed(80))]);
    assert_eq!(words(&rows(&log, "2020-12-31")), []);
}

#[test]
fn what_one_agreement_is_overdrawn_by_pays_nothing_of_another() {
    let mut log = Log::new();
    let shares = |minor_units| vec![of_year(2020, minor_units, Firmness::Firm)];
    let one = opened(&mut log, "agreement-1", Perspective::Provider, shares(100));
    opened(&mut log, "agreement-2", Perspective::Provider, shares(50));
    log.record(&[(one, "2020-03-01", disbursed(130))]);
    assert_eq!(
        words(&rows(&log, "2020-12-31")),
        [(None, [0, 0, 0], 0, 30), (Some("firm"), [50, 0, 0], 50, 0)]
    );
}

#[test]
fn incoming_money_is_due_until_it_is_received_and_is_apart() {
    let mut log = Log::new();
    let shares = || vec![of_year(2021, 100, Firmness::Firm)];
    let incoming = opened(&mut log, "agreement-1", Perspective::Recipient, shares());
    opened(&mut log, "agreement-2", Perspective::Provider, shares());
    let happens = |log: &mut Log, fact: Fact| log.record(&[(incoming.clone(), "2020-03-01", fact)]);
    happens(&mut log, received(30));
    // Who receives may hear of a payment on its way: it is still due.
    happens(&mut log, disbursed(10));
    let found = rows(&log, "2020-12-31");
    let shown: Vec<(Direction, i128)> = found
        .iter()
        .map(|row| (row.direction, row.under_one_year))
        .collect();
    assert_eq!(
        shown,
        [(Direction::Incoming, 70), (Direction::Outgoing, 100)]
    );
}
