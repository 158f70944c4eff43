//! Published mappings: which one a question reads under.

use std::sync::Arc;

use perennial_domain::classification::Pillar;
use perennial_domain::log::Position;
use perennial_domain::reference::{PillarRule, PillarTable};
use perennial_views::content;
use perennial_views::{AsOf, MappingChoice, Question, QuestionError, View};

use super::{by_pillar, mapping, on, one_line};
use crate::given::{list, reference};

#[test]
fn a_published_mapping_is_chosen_by_name_version_or_hash_at_the_position_asked() {
    let mut log = one_line(100);
    log.record(&[reference("2020-03-01", mapping("mine@1", false))]);
    let second = log.record(&[reference("2020-06-01", mapping("mine@2", true))]);
    let facts = log.facts();
    let info = |choice: &str, question: Question| {
        let question = Question {
            mapping: MappingChoice::Published(choice.to_owned()),
            ..question
        };
        let answer = View::Nexus.evaluate(&facts, &question);
        answer.map(|answer| (answer.info.mapping_name, answer.info.mapping_hash))
    };
    let name = |choice, question| info(choice, question).unwrap().0;
    assert_eq!(name("mine", on("2020-05-31")), "mine@1");
    assert_eq!(name("mine", on("2020-06-01")), "mine@2");
    assert_eq!(name("mine@1", on("2020-06-01")), "mine@1");
    let before = Question {
        at: AsOf::Position(Position(second - 1)),
        ..on("2020-06-01")
    };
    assert_eq!(name("mine", before.clone()), "mine@1");
    let (_, hash) = info("mine@2", Question::default()).unwrap();
    assert_eq!(name(&hash, Question::default()), "mine@2");
    assert_eq!(
        info(&hash, before),
        Err(QuestionError::NoSuchMapping { name: hash.clone() })
    );
    assert_eq!(
        by_pillar(
            &facts,
            Question {
                mapping: MappingChoice::Published("mine".to_owned()),
                ..Question::default()
            }
        ),
        [("peace", 100, 40)]
    );
}

#[test]
fn a_published_copy_of_a_compiled_in_mapping_has_its_hash() {
    let core = perennial_views::PillarMapping::DAC_CORE;
    let rules = [
        ("152", Pillar::Peace),
        ("51010", Pillar::Unallocable),
        ("600", Pillar::Unallocable),
        ("72", Pillar::Humanitarian),
        ("73", Pillar::Humanitarian),
        ("74", Pillar::Humanitarian),
        ("910", Pillar::Unallocable),
        ("930", Pillar::Unallocable),
        ("998", Pillar::Unallocable),
    ];
    let mut table = PillarTable {
        list: list("copy@1"),
        rules: rules
            .iter()
            .rev()
            .map(|&(prefix, pillar)| PillarRule {
                prefix: prefix.into(),
                pillar,
            })
            .collect(),
        otherwise: Pillar::Development,
        unclassified: Pillar::Unallocable,
        reads_humanitarian_flag: false,
        content_hash: [0; 32],
    };
    table.content_hash = content::pillar_table_hash(&table);
    let copy = perennial_views::PillarMapping::published(Arc::new(table));
    assert_eq!(copy.content_hash(), core.content_hash());
    assert_eq!(copy.pillar_of("72010"), core.pillar_of("72010"));
}

#[test]
fn the_names_of_compiled_in_mappings_are_taken() {
    let names = perennial_views::PillarMapping::ALL.map(|mapping| mapping.name());
    assert_eq!(names, perennial_domain::reference::COMPILED_IN_MAPPINGS);
}
