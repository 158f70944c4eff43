//! Years of calendars that a ledger publishes.

use perennial_domain::agreement::{
    AgreementEvent, EvidenceLevel, ForecastEntry, Perspective, YearBasis,
};
use perennial_domain::event::Fact;
use perennial_domain::ids::TrancheId;
use perennial_domain::log::Position;
use perennial_domain::period::FiscalCalendar;
use perennial_views::day::Day;
use perennial_views::rows::{ByYearRow, MovementRow, NexusRow, Row};
use perennial_views::{
    AsOf, CalendarChoice, Cut, Dimension, Facts, Filter, Question, QuestionError, View,
};

use crate::given::{
    Log, agreement, calendar_id, cash, date, disbursed, increased, line, opened, period, share,
    signed, terms, usd,
};
use crate::random_ledger::{Random, random_log};

/// Years that begin on 11 September, on the 12th before a leap year, as in Ethiopia.
pub(super) const ETHIOPIA: [(&str, &str, &str); 3] = [
    ("2012 EC", "2019-09-12", "2020-09-10"),
    ("2013 EC", "2020-09-11", "2021-09-10"),
    ("2014 EC", "2021-09-11", "2022-09-10"),
];

/// Years that begin in the middle of July, as in Nepal; three days were left out.
pub(super) const NEPAL: [(&str, &str, &str); 2] = [
    ("2076/77", "2019-07-17", "2020-07-15"),
    ("2077/78", "2020-07-19", "2021-07-15"),
];

pub(super) fn publish(log: &mut Log, id: &str, periods: &[(&str, &str, &str)]) {
    for (label, from, to) in periods {
        log.record(&[opened(id, label, (from, to))]);
    }
}

/// An agreement of 1,000.00 USD over 2020 and 2021.
fn agreed() -> Log {
    let mut log = Log::new();
    let shares = vec![share(
        "2020-01-01",
        "2021-12-31",
        100_000,
        YearBasis::Scheduled,
    )];
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-15",
        signed(terms(
            Perspective::Provider,
            vec![line("line-1", usd(100_000), shares)],
        )),
    )]);
    log
}

fn by(id: &str) -> Question {
    Question {
        calendar: CalendarChoice::Published(calendar_id(id)),
        ..Question::default()
    }
}

fn by_year(facts: &Facts, question: &Question) -> Vec<ByYearRow> {
    let rows = View::ByYear.evaluate(facts, question).unwrap().rows;
    let row = |row| match row {
        Row::ByYear(row) => row,
        other => panic!("{other:?}"),
    };
    rows.into_iter().map(row).collect()
}

fn nexus(facts: &Facts, question: &Question) -> Vec<NexusRow> {
    let rows = View::Nexus.evaluate(facts, question).unwrap().rows;
    let row = |row| match row {
        Row::Nexus(row) => row,
        other => panic!("{other:?}"),
    };
    rows.into_iter().map(row).collect()
}

fn movements(facts: &Facts, question: &Question) -> Vec<MovementRow> {
    let rows = View::Movements.evaluate(facts, question).unwrap().rows;
    let row = |row| match row {
        Row::Movement(row) => row,
        other => panic!("{other:?}"),
    };
    rows.into_iter().map(row).collect()
}

/// Years with what was paid, whole agreements and over all of them.
fn paid(facts: &Facts, question: &Question) -> Vec<(String, i128)> {
    let grouped = Question {
        group_by: Some(vec![Dimension::Year]),
        ..question.clone()
    };
    let over_all: Vec<(String, i128)> = nexus(facts, &grouped)
        .into_iter()
        .filter(|row| row.disbursed != 0)
        .map(|row| (row.year.unwrap(), row.disbursed))
        .collect();
    let of_agreements: Vec<(String, i128)> = by_year(facts, question)
        .into_iter()
        .filter(|row| row.disbursed != 0)
        .map(|row| (row.year.unwrap(), row.disbursed))
        .collect();
    assert_eq!(over_all, of_agreements);
    over_all
}

fn year(label: &str, minor_units: i128) -> (String, i128) {
    (label.to_owned(), minor_units)
}

#[test]
fn payments_beside_a_boundary_inside_a_month_are_in_the_years_of_their_days() {
    let mut log = agreed();
    publish(&mut log, "ethiopia", &ETHIOPIA);
    log.record(&[(agreement("agreement-1"), "2020-09-10", disbursed(1))]);
    log.record(&[(agreement("agreement-1"), "2020-09-11", disbursed(20))]);
    log.record(&[(agreement("agreement-1"), "2021-09-10", disbursed(300))]);
    log.record(&[(agreement("agreement-1"), "2021-09-11", disbursed(4_000))]);
    let facts = log.facts();
    assert_eq!(
        paid(&facts, &by("ethiopia")),
        [
            year("2012 EC", 1),
            year("2013 EC", 320),
            year("2014 EC", 4_000)
        ]
    );
    let until = |on: &str| Question {
        effective: Cut::On(date(on)),
        ..by("ethiopia")
    };
    assert_eq!(paid(&facts, &until("2020-09-10")), [year("2012 EC", 1)]);
    assert_eq!(
        paid(&facts, &until("2020-09-11")),
        [year("2012 EC", 1), year("2013 EC", 20)]
    );
}

#[test]
fn days_of_no_period_are_in_the_year_unknown_and_nothing_is_dropped() {
    let mut log = agreed();
    publish(&mut log, "nepal", &NEPAL);
    for (on, minor_units) in [
        ("2019-07-16", 1),
        ("2019-07-17", 20),
        ("2020-07-15", 300),
        ("2020-07-16", 4_000),
        ("2020-07-18", 50_000),
        ("2020-07-19", 600_000),
        ("2021-07-15", 7_000_000),
        ("2021-07-16", 80_000_000),
    ] {
        log.record(&[(agreement("agreement-1"), on, disbursed(minor_units))]);
    }
    let facts = log.facts();
    assert_eq!(
        paid(&facts, &by("nepal")),
        [
            year("2076/77", 320),
            year("2077/78", 7_600_000),
            year("unknown", 80_054_001),
        ]
    );
    let answer = View::ByYear.evaluate(&facts, &by("nepal")).unwrap();
    let note = "year unknown: of days that no period of the calendar nepal holds".to_owned();
    assert!(answer.info.notes.contains(&note), "{:?}", answer.info.notes);
    assert_eq!(answer.info.fiscal_calendar, "nepal");
    let only = Question {
        filter: Filter {
            year: Some("unknown".to_owned()),
            ..Filter::default()
        },
        ..by("nepal")
    };
    assert_eq!(paid(&facts, &only), [year("unknown", 80_054_001)]);
}

#[test]
fn commitments_are_cut_by_the_days_of_published_years() {
    let mut log = agreed();
    publish(&mut log, "ethiopia", &ETHIOPIA[..2]);
    let facts = log.facts();
    let rows = by_year(&facts, &by("ethiopia"));
    let said: Vec<(&str, i128, bool)> = rows
        .iter()
        .map(|row| (row.year.as_deref().unwrap(), row.committed, row.prorated))
        .collect();
    // 254, 365 and 112 of 731 days.
    assert_eq!(
        said,
        [
            ("2012 EC", 34_747, true),
            ("2013 EC", 49_932, true),
            ("unknown", 15_321, true),
        ]
    );
}

#[test]
fn what_is_for_days_inside_one_month_is_cut_there_too() {
    let mut log = agreed();
    publish(&mut log, "ethiopia", &ETHIOPIA);
    let reported = |from: &str, to: &str, minor_units| {
        Fact::Agreement(AgreementEvent::ExpenditureReported {
            cash: cash(usd(minor_units), &[("line-1", minor_units)]),
            period: period(from, to),
            evidence_level: EvidenceLevel::Claimed,
        })
    };
    let spent = reported("2020-09-09", "2020-09-12", 40);
    log.record(&[(agreement("agreement-1"), "2020-10-01", spent)]);
    let spent = reported("2020-09-11", "2020-09-12", 100);
    log.record(&[(agreement("agreement-1"), "2020-10-01", spent)]);
    let facts = log.facts();
    let grouped = Question {
        group_by: Some(vec![Dimension::Year]),
        ..by("ethiopia")
    };
    let spent: Vec<(String, i128)> = nexus(&facts, &grouped)
        .into_iter()
        .filter(|row| row.expended != 0)
        .map(|row| (row.year.unwrap(), row.expended))
        .collect();
    assert_eq!(spent, [year("2012 EC", 20), year("2013 EC", 120)]);
}

#[test]
fn portions_and_plans_are_in_the_years_of_their_own_days() {
    let mut log = agreed();
    publish(&mut log, "ethiopia", &ETHIOPIA);
    for (id, due_on, minor_units) in [
        ("tranche-1", "2020-09-10", 1_000),
        ("tranche-2", "2020-09-11", 2_000),
    ] {
        let scheduled = AgreementEvent::TrancheScheduled {
            tranche_id: TrancheId::parse(id).unwrap(),
            amount: usd(minor_units),
            due_on: date(due_on),
            period: period("2020-01-01", "2020-12-31"),
            conditions: Vec::new(),
        };
        log.record(&[(
            agreement("agreement-1"),
            "2020-01-15",
            Fact::Agreement(scheduled),
        )]);
    }
    let plan = |from: &str, minor_units| ForecastEntry {
        period: period(from, "2021-12-31"),
        amount: usd(minor_units),
        receiver: None,
    };
    let planned = AgreementEvent::ForecastReplaced {
        previous: Vec::new(),
        entries: vec![plan("2020-09-10", 7), plan("2020-09-11", 8)],
    };
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-15",
        Fact::Agreement(planned),
    )]);
    let rows = by_year(&log.facts(), &by("ethiopia"));
    let said: Vec<(&str, i128, i128)> = rows
        .iter()
        .map(|row| (row.year.as_deref().unwrap(), row.scheduled, row.forecast))
        .collect();
    assert_eq!(
        said,
        [
            ("2012 EC", 1_000, 7),
            ("2013 EC", 2_000, 8),
            ("2014 EC", 0, 0),
        ]
    );
}

#[test]
fn movements_follow_the_published_years_and_close_with_the_unknown_one() {
    let mut log = agreed();
    publish(&mut log, "nepal", &NEPAL);
    log.record(&[(agreement("agreement-1"), "2020-07-15", disbursed(300))]);
    log.record(&[(agreement("agreement-1"), "2020-07-17", disbursed(4_000))]);
    log.record(&[(
        agreement("agreement-1"),
        "2020-07-19",
        increased(10_000, Vec::new()),
    )]);
    let rows = movements(&log.facts(), &by("nepal"));
    let said: Vec<(&str, [i128; 5])> = rows
        .iter()
        .map(|row| {
            let figures = [
                row.opening,
                row.signed,
                row.increases,
                row.paid,
                row.closing,
            ];
            (row.year.as_str(), figures)
        })
        .collect();
    assert_eq!(
        said,
        [
            ("2076/77", [0, 100_000, 0, 300, 99_700]),
            ("2077/78", [99_700, 0, 10_000, 0, 109_700]),
            ("unknown", [109_700, 0, 0, 4_000, 105_700]),
        ]
    );
}

#[test]
fn registers_are_picked_by_the_days_of_a_published_year() {
    let mut log = agreed();
    publish(&mut log, "ethiopia", &ETHIOPIA);
    log.record(&[(agreement("agreement-1"), "2020-09-10", disbursed(1))]);
    log.record(&[(agreement("agreement-1"), "2020-09-11", disbursed(20))]);
    let of = |label: &str| Question {
        filter: Filter {
            year: Some(label.to_owned()),
            ..Filter::default()
        },
        ..by("ethiopia")
    };
    let facts = log.facts();
    let said = |label: &str| -> Vec<(String, u64, i128)> {
        let rows = View::Registers.evaluate(&facts, &of(label)).unwrap().rows;
        rows.into_iter()
            .map(|row| match row {
                Row::Register(row) => (row.iati_type, row.entries, row.amount),
                other => panic!("{other:?}"),
            })
            .collect()
    };
    assert_eq!(
        said("2012 EC"),
        [("2".to_owned(), 1, 100_000), ("3".to_owned(), 1, 1)]
    );
    assert_eq!(said("2013 EC"), [("3".to_owned(), 1, 20)]);
}

#[test]
fn years_stand_in_the_order_of_their_days_whatever_they_are_called() {
    let mut log = agreed();
    let periods = [
        ("second", "2020-07-16", "2021-07-15"),
        ("a third", "2021-07-16", "2022-07-15"),
        ("the first", "2019-07-16", "2020-07-15"),
    ];
    publish(&mut log, "words", &periods);
    let rows = by_year(&log.facts(), &by("words"));
    let labels: Vec<&str> = rows
        .iter()
        .map(|row| row.year.as_deref().unwrap())
        .collect();
    assert_eq!(labels, ["the first", "second", "a third"]);
}

#[test]
fn a_calendar_is_known_from_its_first_period_on_and_each_period_from_its_own() {
    let mut log = agreed();
    let before = u64::try_from(log.records.len()).unwrap() - 1;
    publish(&mut log, "ethiopia", &ETHIOPIA[..1]);
    publish(&mut log, "nepal", &NEPAL);
    let first = before + 1;
    publish(&mut log, "ethiopia", &ETHIOPIA[1..]);
    let facts = log.facts();
    let at = |position: u64| Question {
        at: AsOf::Position(Position(position)),
        ..by("ethiopia")
    };
    let refused = View::ByYear.evaluate(&facts, &at(before)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "no fiscal calendar \"ethiopia\" was published until then: there is january, april, july, october"
    );
    let labels = |position: u64| -> Vec<String> {
        let rows = by_year(&facts, &at(position));
        rows.into_iter().map(|row| row.year.unwrap()).collect()
    };
    assert_eq!(labels(first), ["2012 EC", "unknown"]);
    assert_eq!(
        labels(facts.head().unwrap().position.0),
        ["2012 EC", "2013 EC", "2014 EC"]
    );
    let unknown = View::Nexus.evaluate(&facts, &by("lunar")).unwrap_err();
    let known = ["january", "april", "july", "october", "ethiopia", "nepal"];
    assert_eq!(
        unknown,
        QuestionError::NoSuchCalendar {
            name: "lunar".to_owned(),
            known: known.map(str::to_owned).to_vec(),
        }
    );
}

/// A published calendar with the years of a compiled-in one, by the same labels.
fn publish_copy(log: &mut Log, id: &str, calendar: FiscalCalendar) {
    let mut year = calendar.year_of(date("1999-12-31"));
    for _ in 0..60 {
        let days = year.period();
        let (from, to) = (days.starts_on().to_string(), days.ends_on().to_string());
        log.record(&[opened(id, &year.label(), (&from, &to))]);
        year = year.next();
    }
}

#[test]
fn a_published_copy_of_a_compiled_in_calendar_gives_the_same_rows() {
    let mut random = Random::seeded();
    for _ in 0..20 {
        let mut log = random_log(&mut random, 60);
        for calendar in FiscalCalendar::ALL {
            publish_copy(&mut log, &format!("own-{}", calendar.name()), calendar);
        }
        let facts = log.facts();
        for calendar in FiscalCalendar::ALL {
            let effective = if random.below(2) == 0 {
                Cut::Open
            } else {
                Cut::On(date(&random.day()))
            };
            let compiled = Question {
                calendar: calendar.into(),
                effective,
                ..Question::default()
            };
            let own = Question {
                effective,
                ..by(&format!("own-{}", calendar.name()))
            };
            for view in View::ALL.into_iter().filter(|view| view.restates()) {
                let rows = |question| view.evaluate(&facts, question).unwrap().rows;
                assert_eq!(rows(&compiled), rows(&own), "{} {calendar:?}", view.name());
            }
        }
    }
}

#[test]
fn whatever_the_boundaries_all_years_together_are_the_whole_and_rows_agree_with_cells() {
    let mut random = Random::seeded();
    for _ in 0..40 {
        let mut log = random_log(&mut random, 60);
        // Periods of 1 to 90 days, some days left out between them.
        let mut day = Day::of(date("2018-01-01"));
        for number in 0..60 {
            let last = Day(day.0 + i32::try_from(random.below(90)).unwrap());
            let (from, to) = (day.date().to_string(), last.date().to_string());
            log.record(&[opened("random", &format!("period {number}"), (&from, &to))]);
            let gap = if random.below(3) == 0 { 4 } else { 0 };
            day = Day(last.0 + 1 + gap);
        }
        let facts = log.facts();
        let effective = if random.below(2) == 0 {
            Cut::Open
        } else {
            Cut::On(date(&random.day()))
        };
        let question = |keys: &[Dimension]| Question {
            effective,
            group_by: Some(keys.to_vec()),
            ..by("random")
        };
        let sums = |rows: &[ByYearRow]| {
            let sum = |of: &dyn Fn(&ByYearRow) -> i128| -> i128 { rows.iter().map(of).sum() };
            [
                sum(&|row| row.committed),
                sum(&|row| row.moved),
                sum(&|row| row.disbursed),
                sum(&|row| row.received),
                sum(&|row| row.scheduled),
                sum(&|row| row.forecast),
            ]
        };
        let whole = by_year(&facts, &question(&[]));
        let by_years = by_year(&facts, &question(&[Dimension::Year]));
        let all = by_year(&facts, &question(&[Dimension::Year, Dimension::Agreement]));
        assert_eq!(sums(&whole), sums(&by_years));
        assert_eq!(sums(&whole), sums(&all));
        for row in &by_years {
            // Cash is dated by single days, so it is whole in every grouping.
            let of_agreements = all.iter().filter(|one| {
                (&one.year, one.direction, one.currency) == (&row.year, row.direction, row.currency)
            });
            let paid: i128 = of_agreements.map(|one| one.disbursed).sum();
            assert_eq!(paid, row.disbursed, "{:?}", row.year);
        }
    }
}
