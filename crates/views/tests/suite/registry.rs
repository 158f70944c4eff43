//! Reclassified lines, tags, requirements, published mappings and merged organisations: what every figure reads under
//! at (P, E).

mod mappings;
mod organisations;
mod published;
mod reclassification;
mod requirements;
mod tags;

use perennial_domain::agreement::{Perspective, YearBasis};
use perennial_domain::classification::Pillar;
use perennial_domain::reference::{PillarRule, PillarTable, ReferenceEvent};
use perennial_views::content;
use perennial_views::rows::Row;
use perennial_views::view::coverage::CoverageRow;
use perennial_views::view::nexus::NexusRow;
use perennial_views::view::scheme::SchemeRow;
use perennial_views::{Cut, Dimension, Facts, Filter, Question, View};

use crate::given::{
    Log, agreement, date, disbursed, line, list, markers, objectives, published_scheme, share,
    signed, terms, usd,
};

const WHOLE: u32 = 1_000_000;

fn ask(view: View, facts: &Facts, question: &Question) -> Vec<Row> {
    view.evaluate(facts, question).unwrap().rows
}

fn nexus(facts: &Facts, question: &Question) -> Vec<NexusRow> {
    ask(View::Nexus, facts, question)
        .into_iter()
        .map(|row| match row {
            Row::Nexus(row) => row,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn scheme_rows(facts: &Facts, question: &Question) -> Vec<SchemeRow> {
    ask(View::Scheme, facts, question)
        .into_iter()
        .map(|row| match row {
            Row::Scheme(row) => row,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn coverage(facts: &Facts, question: &Question) -> Vec<CoverageRow> {
    ask(View::Coverage, facts, question)
        .into_iter()
        .map(|row| match row {
            Row::Coverage(row) => row,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn on(day: &str) -> Question {
    Question {
        effective: Cut::On(date(day)),
        ..Question::default()
    }
}

/// An agreement of one line of `cents` for 2020 and 2021, all humanitarian in South Sudan, and a payment.
fn one_line(cents: i128) -> Log {
    let mut log = Log::new();
    let shares = vec![
        share(
            "2020-01-01",
            "2020-12-31",
            cents - cents / 2,
            YearBasis::Scheduled,
        ),
        share("2021-01-01", "2021-12-31", cents / 2, YearBasis::Scheduled),
    ];
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-15",
        signed(terms(
            Perspective::Provider,
            vec![line("line-1", usd(cents), shares)],
        )),
    )]);
    log.record(&[(agreement("agreement-1"), "2020-02-01", disbursed(40))]);
    log
}

fn by_pillar(facts: &Facts, question: Question) -> Vec<(&'static str, i128, i128)> {
    let question = Question {
        group_by: Some(vec![Dimension::Pillar]),
        ..question
    };
    nexus(facts, &question)
        .into_iter()
        .map(|row| (row.pillar.unwrap().name(), row.committed, row.disbursed))
        .collect()
}

fn in_scheme(name: &str, keys: &[Dimension]) -> Question {
    Question {
        filter: Filter {
            scheme: Some(name.to_owned()),
            ..Filter::default()
        },
        group_by: Some(keys.to_vec()),
        ..Question::default()
    }
}

fn with_schemes(cents: i128) -> Log {
    let mut log = one_line(cents);
    log.record(&[published_scheme(objectives()), published_scheme(markers())]);
    log
}

fn mapping(name: &str, reads_humanitarian_flag: bool) -> ReferenceEvent {
    let mut table = PillarTable {
        list: list(name),
        rules: vec![PillarRule {
            prefix: "72".into(),
            pillar: Pillar::Peace,
        }],
        otherwise: Pillar::Development,
        unclassified: Pillar::Unallocable,
        reads_humanitarian_flag,
        content_hash: [0; 32],
    };
    table.content_hash = content::pillar_table_hash(&table);
    ReferenceEvent::PillarMappingPublished(table)
}
