//! An answer is a pure function of a log prefix (INV-6), and effective-time answers of the set of events.

use std::sync::Arc;

use perennial_domain::agreement::Perspective;
use perennial_domain::log::{Position, RecordedAt};
use perennial_domain::money::Currency;
use perennial_views::columns::{BLOCK_ROWS, Columns, Row, Total};
use perennial_views::cube::{CellNo, Cube};
use perennial_views::day::Day;
use perennial_views::dictionary::{Dictionary, FacetNo, KindNo};
use perennial_views::history::Histories;
use perennial_views::posting::{Measure, Posting, Register};
use perennial_views::rows::Row as ViewRow;
use perennial_views::{
    Applied, ApplyError, AsOf, Cut, Delta, Facts, Gap, Question, QuestionError, View,
};

use crate::given::{DAY_MICROS, Log, agreement, date, event_id, line, signed, terms, usd};
use crate::random_ledger::{Random, random_log};

fn all_rows(facts: &Facts, question: &Question) -> Vec<(View, Vec<ViewRow>)> {
    // What is in one list is asked for by its name.
    let needs_list = |view: &View| match view.evaluate(facts, question) {
        Err(QuestionError::ListRequired { view }) => matches!(view, View::Published(_)),
        Err(_) | Ok(_) => false,
    };
    View::ALL
        .into_iter()
        .filter(|view| !needs_list(view))
        .map(|view| (view, view.evaluate(facts, question).unwrap().rows))
        .collect()
}

fn cuts() -> [Cut; 4] {
    [
        Cut::Open,
        Cut::On(date("2020-03-31")),
        Cut::On(date("2020-04-15")),
        Cut::On(date("2022-12-30")),
    ]
}

#[test]
fn an_answer_at_a_position_is_the_head_answer_of_that_prefix() {
    let mut random = Random::seeded();
    let log = random_log(&mut random, 160);
    let facts = log.facts();
    for records in [1, 2, 40, 80, 121, 161] {
        let prefix = log.facts_of_first(records);
        let at = Position(u64::try_from(records).unwrap() - 1);
        assert_eq!(facts.digest(at), prefix.digest(at));
        for effective in cuts() {
            let then = Question {
                at: AsOf::Position(at),
                effective,
                ..Question::default()
            };
            let head = Question {
                at: AsOf::Head,
                ..then.clone()
            };
            assert_eq!(all_rows(&facts, &then), all_rows(&prefix, &head));
        }
    }
}

#[test]
fn a_restored_ledger_answers_as_the_one_that_read_the_log() {
    let mut random = Random::seeded();
    let log = random_log(&mut random, 160);
    let mut applied = Facts::default();
    let mut restored = Facts::default();
    let mut deltas: Vec<Delta> = Vec::new();
    for (meta, events) in &log.records {
        let Applied::Now(delta) = applied.apply(*meta, events).unwrap() else {
            panic!("each record is new");
        };
        deltas.push(*delta);
    }
    for delta in &deltas {
        assert!(restored.restore(delta).unwrap());
    }
    assert!(!restored.restore(&deltas[3]).unwrap(), "known before");
    for effective in cuts() {
        for at in [AsOf::Head, AsOf::Position(Position(77))] {
            let question = Question {
                at,
                effective,
                ..Question::default()
            };
            for view in View::ALL {
                assert_eq!(
                    view.evaluate(&applied, &question),
                    view.evaluate(&restored, &question)
                );
            }
        }
    }
    // And it goes on alike: the same new record adds the same.
    let (meta, events) = random_log(&mut Random::seeded(), 161)
        .records
        .pop()
        .unwrap();
    assert_eq!(
        applied.apply(meta, &events).unwrap(),
        restored.apply(meta, &events).unwrap()
    );
}

#[test]
fn the_order_in_which_independent_events_arrive_changes_no_effective_answer() {
    let mut random = Random::seeded();
    let log = random_log(&mut random, 90);
    // Streams are independent of each other: sort records by stream, keeping each stream's own order.
    let mut reordered = Log::new();
    let mut records: Vec<_> = log.records.iter().skip(1).collect();
    records.sort_by(|(_, a), (_, b)| b[0].event.stream.cmp(&a[0].event.stream));
    let mut moved = std::collections::HashMap::new();
    for (meta, events) in records {
        let mut event = events[0].event.clone();
        retarget(&mut event.fact, &moved);
        let day = event.effective_on.to_string();
        let position = reordered.record(&[(event.stream, &day, event.fact)]);
        moved.insert(meta.position, Position(position));
    }
    for effective in cuts() {
        let question = Question {
            effective,
            ..Question::default()
        };
        for view in [
            View::ByYear,
            View::Nexus,
            View::MultiYear,
            View::Registers,
            View::Movements,
            View::Maturity,
        ] {
            assert_eq!(
                view.evaluate(&log.facts(), &question).unwrap().rows,
                view.evaluate(&reordered.facts(), &question).unwrap().rows,
                "{}",
                view.name()
            );
        }
    }
}

fn retarget(
    fact: &mut perennial_domain::event::Fact,
    moved: &std::collections::HashMap<Position, Position>,
) {
    use perennial_domain::agreement::AgreementEvent;
    use perennial_domain::event::Fact;
    if let Fact::Agreement(AgreementEvent::EntryReversed { target, .. }) = fact {
        target.position = moved[&target.position];
    }
}

#[test]
fn a_time_means_the_last_record_not_after_it() {
    let mut random = Random::seeded();
    let facts = random_log(&mut random, 5).facts();
    let resolve = |micros| facts.resolve(AsOf::RecordedAt(RecordedAt(micros)));
    assert_eq!(resolve(-1), Err(QuestionError::NothingRecorded));
    assert_eq!(resolve(0), Ok(Position(0)));
    assert_eq!(resolve(3 * DAY_MICROS - 1), Ok(Position(2)));
    assert_eq!(resolve(3 * DAY_MICROS), Ok(Position(3)));
    assert_eq!(resolve(99 * DAY_MICROS), Ok(Position(5)));
    assert_eq!(
        facts.resolve(AsOf::Position(Position(6))),
        Err(QuestionError::BeyondHead {
            position: Position(6),
            head: Position(5)
        })
    );
    assert_eq!(
        Facts::default().resolve(AsOf::Head),
        Err(QuestionError::NothingRecorded)
    );
}

#[test]
fn a_missing_record_is_refused_and_a_repeated_one_changes_nothing() {
    let mut random = Random::seeded();
    let log = random_log(&mut random, 8);
    let mut facts = log.facts_of_first(4);
    let (meta, events) = &log.records[5];
    assert_eq!(
        facts.apply(*meta, events),
        Err(ApplyError::Gap(Gap {
            expected: Position(4),
            found: Position(5)
        }))
    );
    let (meta, events) = &log.records[3];
    assert_eq!(facts.apply(*meta, events), Ok(Applied::Before));
    assert_eq!(facts.next(), Position(4));
    assert_eq!(facts.digest(Position(3)), log.facts().digest(Position(3)));
}

/// A cube of so many cells, all of one agreement: cell n is of kind n.
fn cube_of(cells: u32) -> Cube {
    let mut dictionary = Dictionary::default();
    let mut histories = Histories::default();
    let stream = agreement("agreement-1");
    let lines = vec![line("line-1", usd(0), Vec::new())];
    let mut log = Log::new();
    log.record(&[(
        stream.clone(),
        "2020-01-15",
        signed(terms(Perspective::Provider, lines)),
    )]);
    let recorded = log.records.pop().unwrap().1.pop().unwrap();
    histories.add_fact(&mut dictionary, &Arc::new(recorded));
    let currencies: Vec<Currency> = Currency::all().collect();
    for number in 0..cells {
        let at = usize::try_from(number).unwrap();
        let years = i16::try_from(at / currencies.len() % 100).unwrap();
        let month = i8::try_from(at / currencies.len() / 100).unwrap();
        let numbers = dictionary.numbers_of(&Posting {
            event_id: event_id(0, 0),
            entity: stream.clone(),
            line_id: None,
            measure: Measure::Disbursed,
            currency: currencies[at % currencies.len()],
            minor_units: 1,
            effective_on: perennial_domain::Date::new(1970 + years, 1 + month, 1).unwrap(),
            period: None,
            basis: None,
            firmness: perennial_domain::agreement::Firmness::Firm,
            provider: None,
            receiver: None,
            pillar: None,
            purpose: None,
            place: None,
            concerns: None,
            register: Register::Disbursement,
            entries: 1,
            functional: None,
        });
        assert_eq!((numbers.facet, numbers.kind), (FacetNo(0), KindNo(number)));
    }
    let mut cube = Cube::default();
    cube.extend(&dictionary, &mut histories);
    for number in 0..cells {
        let cell = cube.cell(FacetNo(0), KindNo(number));
        assert_eq!(cell, Some(CellNo(number)));
    }
    assert_eq!(cube.cells().len(), usize::try_from(cells).unwrap());
    cube
}

/// Totals by reading everything, as the roll-ups must give them.
fn plain_totals(rows: &[(u64, Row)], at: u64, cells: usize) -> Vec<Total> {
    let mut totals = vec![Total::default(); cells];
    for (_, row) in rows.iter().filter(|(position, _)| *position <= at) {
        totals[row.kind.index()].add(row);
    }
    totals
}

#[test]
fn roll_ups_give_the_totals_of_all_rows_at_every_kind_of_position() {
    let mut random = Random::seeded();
    let mut cube = cube_of(50);
    let mut columns = Columns::default();
    let mut rows: Vec<(u64, Row)> = Vec::new();
    // Half the rows of a block a record: blocks seal after every second record, and 35 of them make two levels.
    let records = 70_u64;
    for position in 0..records {
        let own: Vec<Row> = (0..u32::try_from(BLOCK_ROWS / 2).unwrap())
            .map(|index| Row {
                index,
                facet: FacetNo(0),
                kind: KindNo(u32::try_from(random.below(50)).unwrap()),
                day: Day(i32::try_from(random.below(3_000)).unwrap()),
                minor_units: i128::from(random.below(1_000)) - 500,
                entries: 1,
                period: None,
            })
            .collect();
        columns.add_record(Position(position), &own, &mut cube);
        rows.extend(own.into_iter().map(|row| (position, row)));
    }
    assert_eq!(columns.kept_rollups(), [(35, 35), (2, 2)]);
    for at in [0, 1, 2, 31, 32, 33, 34, 63, 64, 68, 69] {
        assert_eq!(
            columns.totals_at(Position(at)),
            plain_totals(&rows, at, 50),
            "at {at}"
        );
    }
    assert_eq!(columns.head(), plain_totals(&rows, records, 50));
    assert_eq!(columns.len(), 70 * BLOCK_ROWS / 2);
}

#[test]
fn a_roll_up_that_would_save_nothing_is_not_kept_and_totals_stay_right() {
    let rows_a_block = u32::try_from(BLOCK_ROWS).unwrap();
    let mut cube = cube_of(rows_a_block);
    let mut columns = Columns::default();
    let mut rows = Vec::new();
    for position in 0..2_u64 {
        let own: Vec<Row> = (0..rows_a_block)
            .map(|index| Row {
                index,
                facet: FacetNo(0),
                kind: KindNo(index),
                day: Day(0),
                minor_units: i128::from(index),
                entries: 0,
                period: None,
            })
            .collect();
        columns.add_record(Position(position), &own, &mut cube);
        rows.extend(own.into_iter().map(|row| (position, row)));
    }
    assert_eq!(columns.kept_rollups(), [(0, 2)]);
    for at in [0, 1] {
        assert_eq!(
            columns.totals_at(Position(at)),
            plain_totals(&rows, at, BLOCK_ROWS)
        );
    }
}
