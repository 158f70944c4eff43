//! What the views answer about published files: the hand-checked vectors of SEMANTICS.md 1 and 3 and DOMAIN.md 4, from
//! the bytes of the file to the rows of the answer.
//!
//! They stand here because the views know of no importer.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use perennial_domain::event::{Event, Stream};
use perennial_domain::log::{Position, Recorded, RecordedAt};
use perennial_views::dictionary::EntityNo;
use perennial_views::lens::Lens;
use perennial_views::posting::{Direction, Measures, Register};
use perennial_views::rows::{AgreementRow, ByYearRow, Row};
use perennial_views::{Dimension, Facts, Filter, PillarMapping, Question, RecordMeta, View};

use crate::ledger::Ledger;
use crate::shared;

/// The facts of everything that a ledger recorded; its creation counts as an empty record.
fn facts_of(ledger: &Ledger) -> Facts {
    let mut records: BTreeMap<Position, Vec<Recorded<Event>>> = BTreeMap::new();
    records.insert(Position(0), Vec::new());
    for recorded in &ledger.events {
        let record = records.entry(recorded.event_id.position).or_default();
        record.push(recorded.clone());
    }
    let mut facts = Facts::default();
    for (position, events) in records {
        let meta = RecordMeta {
            position,
            recorded_at: RecordedAt(0),
            record_hash: [0; 32],
        };
        facts.apply(meta, &events).unwrap();
    }
    facts
}

/// Books one file; `None`, and said, where the shared data is not there.
fn of_file(name: &str) -> Option<Facts> {
    let bytes = shared::read(name)?;
    let mut ledger = Ledger::default();
    ledger.import(&String::from_utf8(bytes).unwrap());
    Some(facts_of(&ledger))
}

fn rows(facts: &Facts, view: View, question: &Question) -> Vec<Row> {
    view.evaluate(facts, question).unwrap().rows
}

fn grouped(key: Dimension) -> Question {
    Question {
        group_by: Some(vec![key]),
        ..Question::default()
    }
}

#[test]
fn the_iom_file_gives_its_registers_pillars_years_and_multi_year_share() {
    let Some(facts) = of_file("iati/iom-577-activities.xml") else {
        return;
    };
    let registers: Vec<_> = rows(&facts, View::Registers, &Question::default())
        .into_iter()
        .filter_map(|row| match row {
            Row::Register(row) => Some((
                row.iati_type,
                row.currency.code().to_owned(),
                row.entries,
                row.amount,
            )),
            _ => None,
        })
        .collect();
    assert_eq!(
        registers,
        [("11".to_owned(), "USD".to_owned(), 575, 241_761_550_712)]
    );
    let multi_year = rows(&facts, View::MultiYear, &Question::default());
    let [Row::MultiYear(row)] = multi_year.as_slice() else {
        panic!("one row, got {multi_year:?}");
    };
    assert_eq!((row.agreements, row.amount), (575, 241_761_550_712));
    assert_eq!(
        (row.multi_year_agreements, row.multi_year_amount),
        (175, 153_433_432_165)
    );
    let pillars: Vec<_> = rows(&facts, View::Nexus, &grouped(Dimension::Pillar))
        .into_iter()
        .filter_map(|row| match row {
            Row::Nexus(row) => Some((row.pillar.unwrap().name(), row.committed)),
            _ => None,
        })
        .collect();
    assert_eq!(
        pillars,
        [
            ("humanitarian", 109_108_730_485),
            ("development", 115_170_003_514),
            ("peace", 8_457_062_202),
            ("unallocable", 9_025_754_511),
        ]
    );
    for view in [View::ByYear, View::Nexus] {
        let years: BTreeMap<String, i128> = rows(&facts, view, &grouped(Dimension::Year))
            .into_iter()
            .filter_map(|row| match row {
                Row::ByYear(row) => Some((row.year.unwrap(), row.committed)),
                Row::Nexus(row) => Some((row.year.unwrap(), row.committed)),
                _ => None,
            })
            .collect();
        assert_eq!(years["2017"], 43_337_099_270, "{}", view.name());
        assert_eq!(years["2019"], 50_114_094_789, "{}", view.name());
    }
    let exceptions = rows(&facts, View::Exceptions, &Question::default());
    let zeros = exceptions.iter().find_map(|row| match row {
        Row::Exception(row) if row.reason == "ZERO_AMOUNT" => Some(row.count),
        _ => None,
    });
    assert_eq!(zeros, Some(2));
}

#[test]
fn the_iom_agreements_are_budgeted_or_prorated_and_their_years_sum_to_them() {
    let Some(facts) = of_file("iati/iom-577-activities.xml") else {
        return;
    };
    let mut bases: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut sums: BTreeMap<String, i128> = BTreeMap::new();
    let by_year: Vec<ByYearRow> = rows(&facts, View::ByYear, &Question::default())
        .into_iter()
        .filter_map(|row| match row {
            Row::ByYear(row) => Some(row),
            _ => None,
        })
        .collect();
    for row in by_year {
        let agreement = row.agreement_id.unwrap();
        let agreements = bases.entry(row.year_basis.unwrap()).or_default();
        agreements.insert(agreement.clone());
        *sums.entry(agreement).or_default() += row.committed;
    }
    let counts: BTreeMap<&str, usize> = bases
        .iter()
        .map(|(basis, agreements)| (*basis, agreements.len()))
        .collect();
    assert_eq!(counts, [("budgeted", 275), ("prorated", 300)].into());
    for row in rows(&facts, View::Agreement, &Question::default()) {
        if let Row::Agreement(row) = row
            && row.committed != 0
        {
            assert_eq!(sums[&row.agreement_id], row.committed);
        }
    }
}

#[test]
fn the_wide_mapping_only_moves_money_from_development_to_peace() {
    let Some(facts) = of_file("iati/iom-577-activities.xml") else {
        return;
    };
    let question = Question {
        mapping: PillarMapping::DAC_WIDE.into(),
        ..grouped(Dimension::Pillar)
    };
    let pillars: BTreeMap<&str, i128> = rows(&facts, View::Nexus, &question)
        .into_iter()
        .filter_map(|row| match row {
            Row::Nexus(row) => Some((row.pillar.unwrap().name(), row.committed)),
            _ => None,
        })
        .collect();
    assert_eq!(pillars["humanitarian"], 109_108_730_485);
    assert_eq!(pillars["unallocable"], 9_025_754_511);
    assert_eq!(
        pillars["development"] + pillars["peace"],
        115_170_003_514 + 8_457_062_202
    );
    assert!(8_457_062_202 < pillars["peace"]);
}

#[test]
fn the_dutch_file_gives_the_table_to_the_euro() {
    let Some(facts) = of_file("iati/nl-mfa-13-activities.xml") else {
        return;
    };
    let euro = |amount: i128| amount * 100;
    for (identifier, committed, disbursed, undisbursed) in [
        ("NL-1-PPR-24706", 2_000_000, 2_000_000, 0),
        ("NL-1-PPR-25275", 1_298_748, 1_298_749, -1),
        ("NL-1-PPR-27787", 125_592, 125_591, 1),
        ("NL-1-PPR-28385", 5_553_265, 4_753_363, 799_902),
        ("NL-1-PPR-28393", 1_606, 1_606, 0),
        ("XM-DAC-7-PPR-28250", 3_061_800, 3_061_800, 0),
    ] {
        let row = statement(&facts, identifier);
        assert_eq!(
            [row.committed, row.disbursed, row.undisbursed],
            [euro(committed), euro(disbursed), euro(undisbursed)],
            "{identifier}"
        );
        assert_eq!(row.signed, None, "{identifier}");
    }
    assert_eq!(statement(&facts, "NL-1-PPR-25275").overdrawn, 100);
    let multi_year = rows(&facts, View::MultiYear, &Question::default());
    let [Row::MultiYear(row)] = multi_year.as_slice() else {
        panic!("one row, got {multi_year:?}");
    };
    assert_eq!((row.agreements, row.multi_year_agreements), (13, 6));
    assert_eq!(
        (row.amount, row.multi_year_amount),
        (euro(13_389_863), euro(12_125_380))
    );
}

fn statement(facts: &Facts, identifier: &str) -> AgreementRow {
    let head = facts.head().unwrap().position;
    let named = facts.agreements_named(identifier, head);
    assert_eq!(named.len(), 1, "{identifier}");
    let stream = &facts.dictionary().entities.items()[named[0].index()];
    let Stream::Agreement(id) = stream else {
        panic!("{stream} is no agreement");
    };
    let question = Question {
        filter: Filter {
            agreements: vec![id.clone()],
            ..Filter::default()
        },
        ..Question::default()
    };
    let mut rows = rows(facts, View::Agreement, &question);
    match rows.pop() {
        Some(Row::Agreement(row)) => row,
        other => panic!("{identifier} has no statement but {other:?}"),
    }
}

/// What `report exceptions --standing --rule R10` shows of the corpus.
fn standing_exceptions_say_the_same(facts: &Facts) {
    let question = Question {
        filter: Filter {
            rule: Some("R10".to_owned()),
            standing: true,
            direction: Some(Direction::Outgoing),
            ..Filter::default()
        },
        ..Question::default()
    };
    let answer = View::Exceptions.evaluate(facts, &question).unwrap();
    assert_eq!(answer.rows.len(), 375 + 2_347);
    let said = "R10, outgoing: 375 of 5349 agreements with both commitments and payments exceed what is committed; 2347 \
                more are paid without any commitment";
    assert!(
        answer.info.notes.iter().any(|note| note == said),
        "{:?}",
        answer.info.notes
    );
}

/// What one outgoing agreement has in the registers.
#[derive(Clone, Copy, Default)]
struct Registers {
    committed: i128,
    commitments: u32,
    disbursed: i128,
    disbursements: u32,
}

#[test]
fn the_corpus_has_375_of_5349_agreements_that_pay_more_than_they_commit() {
    let Some(files) = shared::untar("iati/corpus-2021-05-26.tar.zst") else {
        return;
    };
    let mut ledger = Ledger::default();
    for (_, bytes) in files {
        let document = String::from_utf8(bytes).unwrap();
        // One of the files is no IATI, as `corpus` tests.
        if document.contains("<iati-activities") {
            ledger.import(&document);
        }
    }
    let facts = facts_of(&ledger);
    let question = Question::default();
    let lens = Lens::new(&facts, &question).unwrap();
    let mut agreements: HashMap<EntityNo, Registers> = HashMap::new();
    lens.each_posted(Measures::ALL, |posted| {
        if posted.class.direction != Direction::Outgoing {
            return;
        }
        let registers = agreements.entry(posted.facet.entity).or_default();
        match posted.series.kind.register {
            Register::Commitment => {
                registers.committed += posted.total.minor_units;
                registers.commitments += posted.total.plus;
            }
            Register::Disbursement | Register::Reimbursement => {
                registers.disbursed += posted.total.minor_units;
                registers.disbursements += posted.total.plus;
            }
            _ => {}
        }
    });
    let paying = agreements.values().filter(|of| 0 < of.disbursements);
    let (both, without): (Vec<&Registers>, Vec<&Registers>) =
        paying.partition(|of| 0 < of.commitments);
    assert_eq!(both.len(), 5_349);
    let above = both.iter().filter(|of| of.committed < of.disbursed);
    assert_eq!(above.count(), 375);
    assert_eq!(without.iter().filter(|of| 0 < of.disbursed).count(), 2_347);
    standing_exceptions_say_the_same(&facts);
    // The statements say the same of every one of them.
    let overdrawn = rows(&facts, View::Agreement, &question);
    let overdrawn: BTreeSet<String> = overdrawn
        .into_iter()
        .filter_map(|row| match row {
            Row::Agreement(row) if 0 < row.overdrawn => Some(row.agreement_id),
            _ => None,
        })
        .collect();
    for (entity, of) in &agreements {
        let stream = &facts.dictionary().entities.items()[entity.index()];
        if let Stream::Agreement(id) = stream {
            let says = overdrawn.contains(id.as_str());
            assert_eq!(says, of.committed < of.disbursed, "{id}");
        }
    }
}
