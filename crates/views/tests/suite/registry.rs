//! Reclassified lines, tags, requirements, published mappings and merged organisations: what every figure reads under
//! at (P, E).

use std::sync::Arc;

use perennial_domain::agreement::{AgreementEvent, LineSplits, Perspective, Terms, YearBasis};
use perennial_domain::classification::Pillar;
use perennial_domain::event::Fact;
use perennial_domain::log::Position;
use perennial_domain::pledge::{PledgeAnnouncement, PledgeEvent};
use perennial_domain::reference::{PillarRule, PillarTable, ReferenceEvent};
use perennial_domain::tag::{Tag, TagBasis, TagSet, TagSubject};
use perennial_views::content;
use perennial_views::rows::Row;
use perennial_views::view::coverage::CoverageRow;
use perennial_views::view::nexus::NexusRow;
use perennial_views::view::scheme::{SchemePart, SchemeRow};
use perennial_views::{
    AsOf, Cut, Dimension, Facts, Filter, MappingChoice, Question, QuestionError, View,
};

use crate::given::{
    Log, Random, agreement, date, dims, disbursed, line, line_id, list, markers, merged,
    objectives, org, plan, pledge, published_scheme, random_log, reclassified, reference,
    requirement, share, signed, tag_set, tagged, terms, usd,
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

// Reclassification.

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

// Tags.

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

fn amounts(rows: &[SchemeRow]) -> Vec<(String, i128, i128)> {
    rows.iter()
        .map(|row| {
            let name = match row.part {
                SchemePart::Element => row.element.clone().unwrap(),
                SchemePart::AnyTag | SchemePart::Untagged => row.part.name().to_owned(),
            };
            (name, row.committed, row.disbursed)
        })
        .collect()
}

fn expect(rows: &[(&str, i128, i128)]) -> Vec<(String, i128, i128)> {
    rows.iter()
        .map(|&(name, committed, disbursed)| (name.to_owned(), committed, disbursed))
        .collect()
}

fn with_schemes(cents: i128) -> Log {
    let mut log = one_line(cents);
    log.record(&[published_scheme(objectives()), published_scheme(markers())]);
    log
}

#[test]
fn parts_and_untagged_sum_to_the_whole_and_a_parent_holds_its_parts() {
    let mut log = with_schemes(100);
    let set = tag_set(
        TagSubject::Whole,
        "objectives@2024",
        &[("1.1", 333_333), ("1.2", 333_333), ("2", 333_333)],
    );
    log.record(&[(agreement("agreement-1"), "2020-01-15", tagged(set))]);
    let rows = scheme_rows(
        &log.facts(),
        &in_scheme("objectives", &[Dimension::Element]),
    );
    // 33.3333 thrice and 0.0001 untagged: the first code gets the odd cent; of 40, 13.33 thrice.
    assert_eq!(
        amounts(&rows),
        expect(&[
            ("1", 67, 27),
            ("1.1", 34, 14),
            ("1.2", 33, 13),
            ("2", 33, 13),
            ("any_tag", 100, 40),
        ])
    );
    assert!(rows.iter().all(|row| row.partition));
    assert_eq!(rows[3].verified, Some(false));
}

#[test]
fn one_ppm_less_than_all_leaves_one_ppm_untagged_and_loses_no_cent() {
    let mut log = with_schemes(100_000_000);
    let set = tag_set(TagSubject::Whole, "objectives@2024", &[("2", 999_999)]);
    log.record(&[(agreement("agreement-1"), "2020-01-15", tagged(set))]);
    let rows = scheme_rows(
        &log.facts(),
        &in_scheme("objectives@2024", &[Dimension::Element]),
    );
    assert_eq!(
        amounts(&rows),
        expect(&[
            ("2", 99_999_900, 40),
            ("any_tag", 99_999_900, 40),
            ("untagged", 100, 0),
        ])
    );
}

#[test]
fn overlapping_elements_have_no_total_and_each_line_counts_once_as_tagged() {
    let mut log = with_schemes(100);
    let set = tag_set(
        TagSubject::Whole,
        "nwow@2016",
        &[("CO", WHOLE), ("MY", 500_000)],
    );
    log.record(&[(agreement("agreement-1"), "2020-01-15", tagged(set))]);
    let rows = scheme_rows(&log.facts(), &in_scheme("nwow", &[Dimension::Element]));
    assert_eq!(
        amounts(&rows),
        expect(&[("CO", 100, 40), ("MY", 50, 20), ("any_tag", 100, 40)])
    );
}

#[test]
fn a_set_is_replaced_whole_from_its_day_on_and_stays_readable_before() {
    let mut log = with_schemes(100);
    let first = tag_set(TagSubject::Whole, "objectives@2024", &[("1.1", WHOLE)]);
    let second = tag_set(TagSubject::Whole, "objectives@2024", &[("2", WHOLE)]);
    log.record(&[(agreement("agreement-1"), "2020-02-01", tagged(first))]);
    let position = log.record(&[(agreement("agreement-1"), "2020-05-01", tagged(second))]);
    let facts = log.facts();
    let names = |question: Question| -> Vec<String> {
        let question = Question {
            effective: question.effective,
            at: question.at,
            ..in_scheme("objectives", &[Dimension::Element])
        };
        let rows = scheme_rows(&facts, &question);
        amounts(&rows).into_iter().map(|(name, ..)| name).collect()
    };
    assert_eq!(names(on("2020-01-31")), ["untagged"]);
    assert_eq!(names(on("2020-02-01")), ["1", "1.1", "any_tag"]);
    assert_eq!(names(on("2020-05-01")), ["2", "any_tag"]);
    let before = Question {
        at: AsOf::Position(Position(position - 1)),
        ..on("2020-05-01")
    };
    assert_eq!(names(before), ["1", "1.1", "any_tag"]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one history, told step by step")]
fn the_nearest_subject_wins_and_an_empty_set_is_none() {
    let mut log = Log::new();
    let lines = vec![
        line("line-1", usd(60), Vec::new()),
        line("line-2", usd(40), Vec::new()),
    ];
    log.record(&[
        published_scheme(objectives()),
        (
            agreement("agreement-1"),
            "2020-01-15",
            signed(terms(Perspective::Provider, lines)),
        ),
    ]);
    log.record(&[(
        pledge("pledge-1"),
        "2019-12-01",
        Fact::Pledge(PledgeEvent::PledgeAnnounced(PledgeAnnouncement {
            perspective: Perspective::Provider,
            donor: org("D-1", "Donor One"),
            recipient: None,
            amount: usd(100),
            forum: None,
            intended_period: None,
            purposes: dims(&[], &[]).purposes,
            places: dims(&[], &[]).places,
            published: None,
        })),
    )]);
    let figures = |log: &Log| {
        let question = in_scheme("objectives", &[Dimension::Element]);
        let rows = scheme_rows(&log.facts(), &question);
        let mut figures = Vec::new();
        for (name, committed, _) in amounts(&rows) {
            figures.push((name, committed));
        }
        figures
    };
    let pair = |name: &str, committed| (name.to_owned(), committed);
    let set = |subject, tags: &[(&str, u32)]| tag_set(subject, "objectives@2024", tags);
    let whole = |element: &str| set(TagSubject::Whole, &[(element, WHOLE)]);
    log.record(&[
        (
            pledge("pledge-1"),
            "2019-12-01",
            Fact::Pledge(PledgeEvent::TagSetReplaced(whole("1.1"))),
        ),
        (
            pledge("pledge-1"),
            "2020-01-15",
            Fact::Pledge(PledgeEvent::PledgeConverted {
                agreement_id: perennial_domain::ids::AgreementId::parse("agreement-1").unwrap(),
                amount: usd(100),
            }),
        ),
    ]);
    assert_eq!(
        figures(&log),
        [pair("1", 100), pair("1.1", 100), pair("any_tag", 100)],
        "by the pledge"
    );
    log.record(&[(agreement("agreement-1"), "2020-01-16", tagged(whole("1.2")))]);
    let of_line = |tags| tagged(set(TagSubject::Line(line_id("line-2")), tags));
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-16",
        of_line(&[("2", WHOLE)]),
    )]);
    assert_eq!(
        figures(&log),
        [
            pair("1", 60),
            pair("1.2", 60),
            pair("2", 40),
            pair("any_tag", 100)
        ],
        "by the agreement, and one line by its own"
    );
    log.record(&[(agreement("agreement-1"), "2020-01-17", of_line(&[]))]);
    assert_eq!(
        figures(&log),
        [pair("1", 100), pair("1.2", 100), pair("any_tag", 100)],
        "an empty set is none"
    );
}

#[test]
fn years_multi_year_and_the_basis_mix_are_parts_of_the_figure() {
    let mut log = with_schemes(101);
    let tag = |element: &str, share_ppm, basis| Tag {
        element: element.into(),
        share_ppm,
        basis,
    };
    let set = TagSet {
        tags: vec![
            tag("1.1", 500_000, TagBasis::Mapped),
            tag("1.2", 500_000, TagBasis::Inferred),
        ],
        ..tag_set(TagSubject::Whole, "objectives@2024", &[])
    };
    log.record(&[(agreement("agreement-1"), "2020-01-15", tagged(set))]);
    let rows = scheme_rows(
        &log.facts(),
        &in_scheme("objectives", &[Dimension::Element, Dimension::Year]),
    );
    let of = |element: &str, year: &str| {
        let mut rows = rows.iter();
        rows.find(|row| {
            row.element.as_deref() == Some(element) && row.year.as_deref() == Some(year)
        })
        .unwrap()
    };
    // 51 for 2020 and 50 for 2021, halves each; the first code gets the odd cent. The term reaches 24 months.
    assert_eq!(of("1.1", "2020").committed, 26);
    assert_eq!(of("1.2", "2020").committed, 25);
    assert_eq!(of("1", "2021").committed, 50);
    for row in &rows {
        assert_eq!(row.committed_multi_year, row.committed);
        if row.part == SchemePart::Element {
            assert_eq!(row.committed_by_basis.iter().sum::<i128>(), row.committed);
        }
    }
    assert_eq!(of("1", "2020").committed_by_basis, [0, 26, 25]);
}

#[test]
fn the_elements_of_random_ledgers_and_what_is_untagged_sum_to_what_nexus_says() {
    let mut random = Random::seeded();
    for _ in 0..4 {
        let facts = random_log(&mut random, 120).facts();
        for effective in [Cut::Open, Cut::On(date("2021-03-31"))] {
            for keys in [vec![], vec![Dimension::Year], vec![Dimension::Donor]] {
                let nexus_rows = nexus(
                    &facts,
                    &Question {
                        effective,
                        group_by: Some(keys.clone()),
                        ..Question::default()
                    },
                );
                for scheme in ["objectives", "nwow"] {
                    let question = Question {
                        effective,
                        ..in_scheme(scheme, &keys)
                    };
                    let rows = scheme_rows(&facts, &question);
                    // Years that a period is cut into are rounded as one partition: their sum is what must agree.
                    for expected in &nexus_rows {
                        let committed: i128 = nexus_rows
                            .iter()
                            .filter(|row| {
                                row.direction == expected.direction && row.donor == expected.donor
                            })
                            .map(|row| row.committed)
                            .sum();
                        let sum: i128 = rows
                            .iter()
                            .filter(|row| {
                                row.direction == expected.direction && row.donor == expected.donor
                            })
                            .map(|row| row.committed)
                            .sum();
                        assert_eq!(sum, committed, "{scheme} {expected:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_scheme_that_is_not_published_is_said_and_without_one_all_that_are_tagged_are_shown() {
    let mut log = with_schemes(100);
    let facts = log.facts();
    assert_eq!(
        View::Scheme.evaluate(&facts, &in_scheme("clusters", &[])),
        Err(QuestionError::NoSuchScheme {
            name: "clusters".to_owned()
        })
    );
    assert_eq!(scheme_rows(&facts, &Question::default()), []);
    let set = tag_set(TagSubject::Whole, "nwow@2016", &[("CO", WHOLE)]);
    log.record(&[(agreement("agreement-1"), "2020-01-15", tagged(set))]);
    let rows = scheme_rows(&log.facts(), &Question::default());
    assert!(rows.iter().all(|row| row.scheme == "nwow@2016"));
    assert!(!rows.is_empty());
}

#[test]
fn an_agreement_is_nexus_aligned_by_its_pillars_or_by_a_nexus_tag() {
    let aligned = |log: &Log| {
        let rows = ask(View::Agreement, &log.facts(), &Question::default());
        match rows.as_slice() {
            [Row::Agreement(row)] => (row.nexus_aligned, row.nexus_by.clone()),
            other => panic!("{other:?}"),
        }
    };
    let mut log = with_schemes(100);
    let other = tag_set(TagSubject::Whole, "objectives@2024", &[("2", WHOLE)]);
    log.record(&[(agreement("agreement-1"), "2020-01-15", tagged(other))]);
    assert_eq!(aligned(&log), (false, vec![]));
    let nexus = tag_set(
        TagSubject::Line(line_id("line-1")),
        "nwow@2016",
        &[("CO", 1)],
    );
    log.record(&[(agreement("agreement-1"), "2020-01-16", tagged(nexus))]);
    assert_eq!(aligned(&log), (true, vec!["nwow@2016".to_owned()]));
    log.record(&[(
        agreement("agreement-1"),
        "2020-02-01",
        reclassified("line-1", &[("72010", 500_000), ("15220", 500_000)], &[]),
    )]);
    assert_eq!(
        aligned(&log),
        (true, vec!["pillars".to_owned(), "nwow@2016".to_owned()])
    );
}

// Published mappings.

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

// Organisations.

#[test]
fn a_merged_organisation_is_shown_grouped_and_filtered_as_the_surviving_one() {
    let mut log = one_line(100);
    log.record(&[(
        agreement("agreement-2"),
        "2020-01-15",
        signed(Terms {
            provider: org("D-2", "Donor Two"),
            ..terms(
                Perspective::Provider,
                vec![line("line-1", usd(7), Vec::new())],
            )
        }),
    )]);
    log.record(&[reference("2020-06-01", merged("D-1", "D-2"))]);
    log.record(&[reference(
        "2020-07-01",
        ReferenceEvent::OrganisationRegistered(org("D-2", "Donors United")),
    )]);
    let facts = log.facts();
    let donors = |question: Question| -> Vec<(String, String, i128)> {
        let question = Question {
            group_by: Some(vec![Dimension::Donor]),
            ..question
        };
        nexus(&facts, &question)
            .into_iter()
            .map(|row| {
                let donor = row.donor.unwrap();
                (donor.id, donor.name, row.committed)
            })
            .collect()
    };
    let row = |id: &str, name: &str, committed| (id.to_owned(), name.to_owned(), committed);
    assert_eq!(
        donors(on("2020-05-31")),
        [row("D-1", "Donor One", 100), row("D-2", "Donor Two", 7)]
    );
    assert_eq!(donors(on("2020-06-01")), [row("D-2", "Donor Two", 107)]);
    assert_eq!(donors(on("2020-07-01")), [row("D-2", "Donors United", 107)]);
    for donor in ["D-1", "D-2"] {
        let filtered = Question {
            filter: Filter {
                donor: Some(donor.to_owned()),
                ..Filter::default()
            },
            ..on("2020-07-01")
        };
        assert_eq!(donors(filtered.clone()), [row("D-2", "Donors United", 107)]);
        assert_eq!(ask(View::Agreement, &facts, &filtered).len(), 2);
    }
}

// Requirements.

#[test]
#[expect(clippy::too_many_lines, reason = "one table, written out")]
fn coverage_says_what_is_asked_for_committed_paid_and_missing_by_objective_and_year() {
    let mut log = with_schemes(100);
    let set = tag_set(
        TagSubject::Whole,
        "objectives@2024",
        &[("1.1", 600_000), ("2", 400_000)],
    );
    log.record(&[(agreement("agreement-1"), "2020-01-15", tagged(set))]);
    let asks = [
        (Some("1"), "2020-01-01", "2021-12-31", 50),
        (Some("2"), "2020-01-01", "2020-12-31", 80),
        (None, "2020-01-01", "2020-12-31", 200),
    ];
    let first = log.record(&[(plan(), "2020-02-01", requirement("1", &asks))]);
    let facts = log.facts();
    let rows = coverage(&facts, &on("2020-12-31"));
    let said: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.objective.as_deref().unwrap_or("plan"),
                row.year.as_str(),
                row.required,
                (row.committed, row.disbursed),
                (row.gap, row.over),
                row.covered_ppm,
            )
        })
        .collect();
    // 50 over 731 days: 25.03 and 24.97, one partition.
    assert_eq!(
        said,
        [
            (
                "1",
                "2020",
                Some(25),
                (30, 24),
                (Some(0), Some(5)),
                Some(1_200_000)
            ),
            (
                "1",
                "2021",
                Some(25),
                (30, 0),
                (Some(0), Some(5)),
                Some(1_200_000)
            ),
            ("1.1", "2020", None, (30, 24), (None, None), None),
            ("1.1", "2021", None, (30, 0), (None, None), None),
            (
                "2",
                "2020",
                Some(80),
                (20, 16),
                (Some(60), Some(0)),
                Some(250_000)
            ),
            ("2", "2021", None, (20, 0), (None, None), None),
            (
                "plan",
                "2020",
                Some(200),
                (50, 40),
                (Some(150), Some(0)),
                Some(250_000)
            ),
            ("plan", "2021", None, (50, 0), (None, None), None),
        ]
    );
    // Nothing was asked for before the plan was published.
    assert_eq!(coverage(&facts, &on("2020-01-31")), []);
    let before = Question {
        at: AsOf::Position(Position(first - 1)),
        ..Question::default()
    };
    assert_eq!(coverage(&facts, &before), []);
}

#[test]
fn the_newest_version_of_a_requirement_counts_and_the_one_before_stays_readable() {
    let mut log = with_schemes(100);
    let asks = |cents| [(Some("2"), "2020-01-01", "2020-12-31", cents)];
    log.record(&[(plan(), "2020-02-01", requirement("1", &asks(80)))]);
    let second = log.record(&[(plan(), "2020-06-01", requirement("2", &asks(90)))]);
    let facts = log.facts();
    let required = |question: &Question| -> Vec<(String, Option<i128>)> {
        coverage(&facts, question)
            .into_iter()
            .map(|row| (row.version, row.required))
            .collect()
    };
    let version = |version: &str, required| vec![(version.to_owned(), Some(required))];
    assert_eq!(required(&on("2020-05-31")), version("1", 80));
    assert_eq!(required(&on("2020-06-01")), version("2", 90));
    let before = Question {
        at: AsOf::Position(Position(second - 1)),
        ..on("2020-06-01")
    };
    assert_eq!(required(&before), version("1", 80));
}
