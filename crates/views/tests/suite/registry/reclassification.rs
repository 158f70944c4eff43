//! Reclassified lines: the split in force decides for every amount.

use perennial_domain::agreement::{AgreementEvent, LineSplits, Perspective};
use perennial_domain::classification::Pillar;
use perennial_domain::event::Fact;
use perennial_domain::log::Position;
use perennial_views::{AsOf, Cut, Dimension, Filter, MappingChoice, Question};

use super::{WHOLE, by_pillar, mapping, nexus, on, one_line};
use crate::given::{
    Log, agreement, date, disbursed, line, line_id, reclassified, reference, signed, terms, usd,
};
use crate::random_ledger::{Random, random_log};

#[test]
fn every_amount_of_a_line_reads_under_the_split_in_force_whatever_its_own_date() {
    let mut log = one_line(100);
    let position = log.record(&[(
        agreement("agreement-1"),
        "2020-06-01",
        reclassified("line-1", &[("15220", WHOLE)], &[("UG", WHOLE)]),
    )]);
    let facts = log.facts();
    assert_eq!(
        by_pillar(&facts, on("2020-05-31")),
        [("humanitarian", 100, 40)]
    );
    assert_eq!(by_pillar(&facts, on("2020-06-01")), [("peace", 100, 40)]);
    assert_eq!(by_pillar(&facts, Question::default()), [("peace", 100, 40)]);
    let before = Question {
        at: AsOf::Position(Position(position - 1)),
        ..on("2020-06-01")
    };
    assert_eq!(by_pillar(&facts, before), [("humanitarian", 100, 40)]);
}

#[test]
fn what_is_paid_after_a_reclassification_reads_under_it_too_and_its_country_moves() {
    let mut log = one_line(100);
    log.record(&[(
        agreement("agreement-1"),
        "2020-06-01",
        reclassified(
            "line-1",
            &[("72010", WHOLE)],
            &[("UG", 333_333), ("KE", 666_667)],
        ),
    )]);
    log.record(&[(agreement("agreement-1"), "2020-07-01", disbursed(1))]);
    let facts = log.facts();
    let question = Question {
        group_by: Some(vec![Dimension::Country]),
        ..Question::default()
    };
    let rows: Vec<(String, i128, i128)> = nexus(&facts, &question)
        .into_iter()
        .map(|row| (row.country.unwrap(), row.committed, row.disbursed))
        .collect();
    // 41 x 666,667 ppm is 27.33 and 41 x 333,333 ppm 13.67: the larger remainder gets the unit.
    assert_eq!(rows, [("KE".to_owned(), 67, 27), ("UG".to_owned(), 33, 14)]);
    let in_uganda = Question {
        filter: Filter {
            country: Some("UG".to_owned()),
            ..Filter::default()
        },
        ..question
    };
    assert_eq!(nexus(&facts, &in_uganda).len(), 1);
}

#[test]
fn a_later_record_of_an_earlier_day_does_not_undo_a_newer_split() {
    let mut log = one_line(100);
    let peace = reclassified("line-1", &[("15220", WHOLE)], &[]);
    let development = reclassified("line-1", &[("31120", WHOLE)], &[]);
    log.record(&[(agreement("agreement-1"), "2020-06-01", peace)]);
    log.record(&[(agreement("agreement-1"), "2020-03-01", development)]);
    let facts = log.facts();
    assert_eq!(
        by_pillar(&facts, on("2020-05-31")),
        [("development", 100, 40)]
    );
    assert_eq!(by_pillar(&facts, on("2020-06-01")), [("peace", 100, 40)]);
}

#[test]
fn a_reclassification_keeps_what_splits_do_not_say_and_may_declare_a_pillar() {
    let mut log = Log::new();
    let mut humanitarian = line("line-1", usd(100), Vec::new());
    humanitarian.dims.humanitarian = Some(true);
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-15",
        signed(terms(Perspective::Provider, vec![humanitarian])),
    )]);
    let splits = LineSplits {
        pillar: Some(Pillar::Development),
        ..LineSplits::default()
    };
    log.record(&[(
        agreement("agreement-1"),
        "2020-03-01",
        Fact::Agreement(AgreementEvent::SplitsReclassified {
            line_id: line_id("line-1"),
            splits,
            reason: String::new(),
        }),
    )]);
    log.record(&[(
        agreement("agreement-1"),
        "2020-04-01",
        reclassified("line-1", &[("31120", WHOLE)], &[]),
    )]);
    log.record(&[reference("2020-01-01", mapping("mine@1", true))]);
    let facts = log.facts();
    assert_eq!(
        by_pillar(&facts, on("2020-03-31")),
        [("development", 100, 0)],
        "declared"
    );
    let by_flag = Question {
        mapping: MappingChoice::Published("mine".to_owned()),
        ..on("2020-04-01")
    };
    assert_eq!(
        by_pillar(&facts, by_flag),
        [("humanitarian", 100, 0)],
        "the published flag stays"
    );
}

/// Cells and rows are two ways to the same figures: naming all agreements asks for rows.
#[test]
fn what_cells_say_of_reclassified_lines_is_what_their_rows_say() {
    let mut random = Random::seeded();
    for _ in 0..4 {
        let log = random_log(&mut random, 150);
        let facts = log.facts();
        let named = (0..150)
            .filter_map(|number| {
                let id = perennial_domain::ids::AgreementId::parse(&format!("agreement-{number}"));
                id.ok()
            })
            .collect::<Vec<_>>();
        let mut compared = 0;
        for (at, effective) in [
            (AsOf::Head, Cut::Open),
            (AsOf::Position(Position(75)), Cut::Open),
            (AsOf::Head, Cut::On(date("2021-02-14"))),
            (AsOf::Position(Position(110)), Cut::On(date("2020-09-30"))),
        ] {
            for keys in [
                vec![Dimension::Pillar],
                vec![Dimension::Country, Dimension::Year],
                vec![Dimension::Donor, Dimension::Pillar, Dimension::YearBasis],
                Vec::new(),
            ] {
                let by_cells = Question {
                    at,
                    effective,
                    group_by: Some(keys),
                    ..Question::default()
                };
                let by_rows = Question {
                    filter: Filter {
                        agreements: named.clone(),
                        ..Filter::default()
                    },
                    ..by_cells.clone()
                };
                assert_eq!(nexus(&facts, &by_cells), nexus(&facts, &by_rows));
                compared += 1;
            }
        }
        assert_eq!(compared, 16);
        assert!(!facts.histories().registry().reclassified().is_empty());
    }
}
