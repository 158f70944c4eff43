//! Tags: what of each figure is an element's, and what is untagged.

use perennial_domain::agreement::{AgreementEvent, Perspective, ReversalReason};
use perennial_domain::event::Fact;
use perennial_domain::ids::AgreementId;
use perennial_domain::log::Position;
use perennial_domain::pledge::{PledgeAnnouncement, PledgeEvent};
use perennial_domain::tag::{Tag, TagBasis, TagSet, TagSubject};
use perennial_views::rows::Row;
use perennial_views::view::scheme::{SchemePart, SchemeRow};
use perennial_views::{AsOf, Cut, Dimension, Filter, Question, QuestionError, View};

use super::{WHOLE, ask, in_scheme, nexus, on, scheme_rows, with_schemes};
use crate::given::{
    Log, Wish, agreement, cash, date, dims, event_id, line, line_id, objectives, org,
    paid_of_tranche, period, pledge, published_scheme, reclassified, scheduled, signed, tag_set,
    tagged, terms, tranche_id, usd,
};
use crate::random_ledger::{Random, random_log};

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

/// A pledge of `cents` by the donor of every agreement.
fn announced(cents: i128) -> Wish<'static> {
    let announcement = PledgeAnnouncement {
        perspective: Perspective::Provider,
        donor: org("D-1", "Donor One"),
        recipient: None,
        amount: usd(cents),
        forum: None,
        intended_period: None,
        purposes: dims(&[], &[]).purposes,
        places: dims(&[], &[]).places,
        published: None,
        functional: None,
    };
    (
        pledge("pledge-1"),
        "2019-12-01",
        Fact::Pledge(PledgeEvent::PledgeAnnounced(announcement)),
    )
}

fn committed_by_objective(log: &Log) -> Vec<(String, i128)> {
    let question = in_scheme("objectives", &[Dimension::Element]);
    let rows = scheme_rows(&log.facts(), &question);
    let mut figures = Vec::new();
    for (name, committed, _) in amounts(&rows) {
        figures.push((name, committed));
    }
    figures
}

#[test]
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
    log.record(&[announced(100)]);
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
        committed_by_objective(&log),
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
        committed_by_objective(&log),
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
        committed_by_objective(&log),
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

/// 1,000 committed on two lines of 600 and 400 and tagged as a whole, a tranche of 50 with a set of its own, and a payment of
/// 80 on both lines that draws it: 50 of 80 are the tranche's.
fn paid_of_a_tagged_tranche() -> Log {
    let mut log = Log::new();
    log.record(&[published_scheme(objectives())]);
    let lines = vec![
        line("line-1", usd(600), Vec::new()),
        line("line-2", usd(400), Vec::new()),
    ];
    let stream = agreement("agreement-1");
    log.record(&[(
        stream.clone(),
        "2020-01-15",
        signed(terms(Perspective::Provider, lines)),
    )]);
    let of = period("2020-03-01", "2020-03-01");
    log.record(&[(
        stream.clone(),
        "2020-01-15",
        scheduled(50, "2020-03-01", of),
    )]);
    let whole = tag_set(TagSubject::Whole, "objectives@2024", &[("1.1", WHOLE)]);
    log.record(&[(stream.clone(), "2020-01-15", tagged(whole))]);
    let own = TagSubject::Tranche(tranche_id());
    let own = tag_set(own, "objectives@2024", &[("2", 800_000)]);
    log.record(&[(stream.clone(), "2020-02-01", tagged(own))]);
    let cash = cash(usd(80), &[("line-1", 48), ("line-2", 32)]);
    let paid = paid_of_tranche(cash, 50, Some("2020-03-01"), of);
    log.record(&[(stream, "2020-03-05", paid)]);
    log
}

#[test]
fn what_is_paid_of_a_tranche_reads_under_the_tranches_tags_and_the_rest_under_the_lines() {
    let log = paid_of_a_tagged_tranche();
    let rows = scheme_rows(
        &log.facts(),
        &in_scheme("objectives", &[Dimension::Element]),
    );
    // Of the 50 drawn 40 are for 2 and 10 for nothing; the other 30 are for 1.1, as all that is committed.
    assert_eq!(
        amounts(&rows),
        expect(&[
            ("1", 1_000, 30),
            ("1.1", 1_000, 30),
            ("2", 0, 40),
            ("any_tag", 1_000, 70),
            ("untagged", 0, 10),
        ])
    );
}

#[test]
fn a_payment_of_a_tagged_tranche_that_was_reversed_leaves_nothing_of_its_tags() {
    let mut log = paid_of_a_tagged_tranche();
    let payment = u64::try_from(log.records.len()).unwrap() - 1;
    let reversed = Fact::Agreement(AgreementEvent::EntryReversed {
        target: event_id(payment, 0),
        reason: ReversalReason::Error,
    });
    log.record(&[(agreement("agreement-1"), "2020-03-05", reversed)]);
    let question = in_scheme("objectives", &[Dimension::Element]);
    let rows = scheme_rows(&log.facts(), &question);
    assert_eq!(
        amounts(&rows),
        expect(&[("1", 1_000, 0), ("1.1", 1_000, 0), ("any_tag", 1_000, 0)])
    );
    // As it was known before, and as it was true before the tranche was tagged.
    let known = Question {
        at: AsOf::Position(Position(payment)),
        ..question.clone()
    };
    assert_eq!(scheme_rows(&log.facts(), &known)[2].disbursed, 40);
    let other = Question {
        filter: Filter {
            agreements: vec![AgreementId::parse("agreement-2").unwrap()],
            ..question.filter.clone()
        },
        ..known
    };
    assert_eq!(scheme_rows(&log.facts(), &other), []);
}
