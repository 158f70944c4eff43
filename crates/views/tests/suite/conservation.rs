//! Splitting over years, lines, countries and pillars loses and invents nothing (INV-3).

use std::collections::BTreeMap;

use perennial_domain::classification::Pillar;
use perennial_views::posting::Direction;
use perennial_views::rows::Row;
use perennial_views::{Cut, Dimension, Facts, Filter, Question, View};

use crate::given::date;
use crate::random_ledger::{Random, random_log};

fn nexus(facts: &Facts, question: &Question) -> Vec<perennial_views::rows::NexusRow> {
    let rows = View::Nexus.evaluate(facts, question).unwrap().rows;
    rows.into_iter()
        .map(|row| match row {
            Row::Nexus(row) => row,
            other => panic!("{other:?} is no nexus row"),
        })
        .collect()
}

fn by_direction(
    rows: impl Iterator<Item = (Direction, [i128; 4])>,
) -> BTreeMap<Direction, [i128; 4]> {
    let mut sums: BTreeMap<Direction, [i128; 4]> = BTreeMap::new();
    for (direction, figures) in rows {
        let sum = sums.entry(direction).or_default();
        for (sum, figure) in sum.iter_mut().zip(figures) {
            *sum += figure;
        }
    }
    sums
}

fn totals(facts: &Facts, question: &Question) -> BTreeMap<Direction, [i128; 4]> {
    let rows = nexus(facts, question).into_iter();
    by_direction(rows.map(|row| {
        let figures = [row.committed, row.disbursed, row.received, row.expended];
        (row.direction, figures)
    }))
}

#[test]
fn every_grouping_of_the_nexus_sums_to_the_statements() {
    let mut random = Random::seeded();
    let facts = random_log(&mut random, 400).facts();
    for effective in [Cut::Open, Cut::On(date("2020-06-30"))] {
        let question = Question {
            effective,
            ..Question::default()
        };
        let statements = View::Agreement.evaluate(&facts, &question).unwrap().rows;
        let expected = by_direction(statements.into_iter().map(|row| match row {
            Row::Agreement(row) => {
                let figures = [row.committed, row.disbursed, row.received, row.expended];
                assert_eq!(
                    row.pillars.iter().map(|(_, amount)| amount).sum::<i128>(),
                    row.committed
                );
                (row.direction, figures)
            }
            other => panic!("{other:?} is no statement"),
        }));
        let groupings: [Option<Vec<Dimension>>; 6] = [
            None,
            Some(vec![]),
            Some(vec![Dimension::Pillar]),
            Some(vec![Dimension::Year]),
            Some(vec![Dimension::Country, Dimension::Year, Dimension::Pillar]),
            Some(vec![Dimension::Donor, Dimension::YearBasis]),
        ];
        for group_by in groupings {
            let question = Question {
                group_by,
                ..question.clone()
            };
            assert_eq!(totals(&facts, &question), expected);
        }
    }
}

#[test]
fn the_years_of_an_agreement_sum_to_its_commitment_in_every_calendar() {
    use perennial_domain::period::FiscalCalendar;
    let mut random = Random::seeded();
    let facts = random_log(&mut random, 300).facts();
    let statements = View::Agreement
        .evaluate(&facts, &Question::default())
        .unwrap()
        .rows;
    for calendar in FiscalCalendar::ALL {
        let question = Question {
            calendar: calendar.into(),
            ..Question::default()
        };
        let mut committed: BTreeMap<String, i128> = BTreeMap::new();
        for row in View::ByYear.evaluate(&facts, &question).unwrap().rows {
            let Row::ByYear(row) = row else {
                panic!("no by-year row")
            };
            assert_eq!(row.remaining.min(row.overdrawn), 0);
            *committed.entry(row.agreement_id.unwrap()).or_default() += row.committed;
        }
        for statement in &statements {
            let Row::Agreement(statement) = statement else {
                panic!("no statement")
            };
            let years = committed.get(&statement.agreement_id).copied();
            assert_eq!(years.unwrap_or_default(), statement.committed);
        }
    }
}

#[test]
fn movements_close_with_the_undisbursed_amounts_of_the_statements() {
    let mut random = Random::seeded();
    let facts = random_log(&mut random, 300).facts();
    for effective in [Cut::Open, Cut::On(date("2021-02-11"))] {
        let question = Question {
            effective,
            ..Question::default()
        };
        let mut undisbursed: BTreeMap<Direction, i128> = BTreeMap::new();
        for row in View::Agreement.evaluate(&facts, &question).unwrap().rows {
            if let Row::Agreement(row) = row {
                *undisbursed.entry(row.direction).or_default() += row.undisbursed;
            }
        }
        let mut closing: BTreeMap<Direction, i128> = BTreeMap::new();
        for row in View::Movements.evaluate(&facts, &question).unwrap().rows {
            if let Row::Movement(row) = row {
                let opening = closing.insert(row.direction, row.closing);
                assert_eq!(row.opening, opening.unwrap_or_default());
            }
        }
        assert_eq!(closing, undisbursed);
    }
}

#[test]
fn the_parts_of_maturity_sum_to_what_is_undisbursed_and_what_is_overdrawn_is_apart() {
    let mut random = Random::seeded();
    let facts = random_log(&mut random, 300).facts();
    for effective in [Cut::Open, Cut::On(date("2021-02-11"))] {
        let question = Question {
            effective,
            ..Question::default()
        };
        let mut expected: BTreeMap<Direction, [i128; 2]> = BTreeMap::new();
        for row in View::Agreement.evaluate(&facts, &question).unwrap().rows {
            if let Row::Agreement(row) = row {
                let [undisbursed, overdrawn] = expected.entry(row.direction).or_default();
                *undisbursed += row.undisbursed.max(0);
                *overdrawn += (-row.undisbursed).max(0);
            }
        }
        let mut found: BTreeMap<Direction, [i128; 2]> = BTreeMap::new();
        for row in View::Maturity.evaluate(&facts, &question).unwrap().rows {
            if let Row::Maturity(row) = row {
                let parts = [
                    row.under_one_year,
                    row.one_to_five_years,
                    row.over_five_years,
                ];
                assert!(parts.iter().all(|&part| 0 <= part), "{row:?}");
                assert_eq!(parts.iter().sum::<i128>(), row.undisbursed);
                let [undisbursed, overdrawn] = found.entry(row.direction).or_default();
                *undisbursed += row.undisbursed;
                *overdrawn += row.overdrawn;
            }
        }
        let any = found.values().any(|&[undisbursed, _]| 0 < undisbursed);
        assert!(any, "{found:?}");
        assert_eq!(found, expected);
    }
}

#[test]
fn the_entries_behind_a_figure_sum_to_it() {
    use perennial_views::exact::Exact;
    use perennial_views::lens::Lens;
    use perennial_views::view::{by_year, nexus as nexus_view};
    let mut random = Random::seeded();
    let facts = random_log(&mut random, 200).facts();
    let question = Question {
        effective: Cut::On(date("2021-08-20")),
        group_by: Some(vec![Dimension::Year, Dimension::Pillar, Dimension::Donor]),
        ..Question::default()
    };
    let lens = Lens::new(&facts, &question).unwrap();
    let rows = nexus(&facts, &question);
    assert!(10 < rows.len());
    for row in &rows {
        for (figure, amount) in [
            ("committed", row.committed),
            ("disbursed", row.disbursed),
            ("expended", row.expended),
        ] {
            let mut sum = Exact::default();
            for entry in nexus_view::contributions(&lens, &row.key(), figure) {
                sum.add(entry.minor_units, entry.weight);
            }
            assert!(
                (sum.rounded() - amount).abs() <= 1,
                "{figure} {amount} of {row:?}"
            );
        }
    }
    let question = Question {
        group_by: None,
        ..question.clone()
    };
    let by_agreement = Lens::new(&facts, &question).unwrap();
    for row in by_year::evaluate(&by_agreement).into_iter().take(25) {
        let mut sum = Exact::default();
        for entry in by_year::contributions(&by_agreement, &row.key(), "disbursed") {
            sum.add(entry.minor_units, entry.weight);
        }
        assert_eq!(sum.rounded(), row.disbursed);
    }
}

#[test]
fn a_filter_on_a_key_changes_no_figure() {
    let mut random = Random::seeded();
    let facts = random_log(&mut random, 200).facts();
    let all = nexus(&facts, &Question::default());
    let filtered = Question {
        filter: Filter {
            country: Some("UG".to_owned()),
            pillar: Some("peace".to_owned()),
            year: Some("2020".to_owned()),
            ..Filter::default()
        },
        ..Question::default()
    };
    let expected: Vec<_> = all
        .into_iter()
        .filter(|row| {
            row.country.as_deref() == Some("UG")
                && row.pillar.map(Pillar::name) == Some("peace")
                && row.year.as_deref() == Some("2020")
        })
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(nexus(&facts, &filtered), expected);
}
