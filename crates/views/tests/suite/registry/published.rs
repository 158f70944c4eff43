//! What is published and registered, listed: each version, what is in force, what was restated, who became whom.

use perennial_domain::Decimal;
use perennial_domain::agreement::RateSource;
use perennial_domain::classification::Pillar;
use perennial_domain::exchange::{RateTable, TableRate};
use perennial_domain::log::Position;
use perennial_domain::money::Currency;
use perennial_domain::reference::{
    Codelist, CodelistEntry, LocalActor, LocalActorClass, ReferenceEvent,
};
use perennial_views::rows::{
    Assessment, Merge, OrganisationRow, Party, PublishedRow, RateRow, RateTableRow, Row,
};
use perennial_views::{AsOf, Facts, Filter, Published, Question, QuestionError, View};

use super::{ask, mapping, on, one_line};
use crate::given::{
    Log, date, event_id, list, markers, merged, objectives, org, reference, scheme,
};

fn listed(of: Published, facts: &Facts, question: &Question) -> Vec<PublishedRow> {
    let rows = ask(View::Published(of), facts, question).into_iter();
    rows.map(|row| match row {
        Row::Published(row) => row,
        other => panic!("{other:?}"),
    })
    .collect()
}

/// The same question about one list.
fn of_list(name: &str, question: Question) -> Question {
    Question {
        filter: Filter {
            list: Some(name.to_owned()),
            ..question.filter
        },
        ..question
    }
}

fn at(position: u64, question: Question) -> Question {
    Question {
        at: AsOf::Position(Position(position)),
        ..question
    }
}

/// Versions of lists with whether each is in force.
fn in_force(rows: Vec<PublishedRow>) -> Vec<(String, bool)> {
    rows.into_iter()
        .map(|row| match row {
            PublishedRow::PillarMapping(row) => (row.mapping, row.in_force),
            PublishedRow::Scheme(row) => (row.list.to_string(), row.in_force),
            PublishedRow::Codelist(row) => (row.list.to_string(), row.in_force),
            other => panic!("{other:?}"),
        })
        .collect()
}

fn expect(versions: &[(&str, bool)]) -> Vec<(String, bool)> {
    let owned = |&(version, in_force): &(&str, bool)| (version.to_owned(), in_force);
    versions.iter().map(owned).collect()
}

#[test]
fn every_version_of_a_scheme_is_listed_and_its_name_stands_for_the_one_in_force() {
    let mut log = Log::new();
    log.record(&[reference(
        "2019-01-01",
        ReferenceEvent::SchemePublished(markers()),
    )]);
    log.record(&[reference(
        "2020-01-01",
        ReferenceEvent::SchemePublished(objectives()),
    )]);
    let newer = scheme("objectives@2026", true, &[("1", None), ("3", Some("1"))]);
    let second = log.record(&[reference(
        "2020-06-01",
        ReferenceEvent::SchemePublished(newer),
    )]);
    let facts = log.facts();
    let versions = |question: Question| in_force(listed(Published::Schemes, &facts, &question));
    assert_eq!(
        versions(on("2020-05-31")),
        expect(&[
            ("nwow@2016", true),
            ("objectives@2024", true),
            ("objectives@2026", false)
        ])
    );
    assert_eq!(
        versions(of_list("objectives", on("2020-06-01"))),
        expect(&[("objectives@2024", false), ("objectives@2026", true)])
    );
    assert_eq!(
        versions(at(second - 1, of_list("objectives", on("2020-06-01")))),
        expect(&[("objectives@2024", true)])
    );
    assert_eq!(versions(of_list("objectives@2025", on("2020-06-01"))), []);

    let codes = |question: Question| -> Vec<(String, Option<String>, bool)> {
        let rows = listed(Published::SchemeElements, &facts, &question).into_iter();
        rows.map(|row| match row {
            PublishedRow::SchemeElement(row) => (row.code, row.parent, row.verified),
            other => panic!("{other:?}"),
        })
        .collect()
    };
    let element = |code: &str, parent: Option<&str>, verified| {
        (code.to_owned(), parent.map(str::to_owned), verified)
    };
    let older = [
        element("1", None, true),
        element("1.1", Some("1"), true),
        element("1.2", Some("1"), true),
        element("2", None, false),
    ];
    assert_eq!(codes(of_list("objectives", on("2020-05-31"))), older);
    assert_eq!(
        codes(of_list("objectives", on("2020-06-01"))),
        [element("1", None, true), element("3", Some("1"), true)]
    );
    assert_eq!(codes(of_list("objectives@2024", on("2020-06-01"))), older);
    assert_eq!(
        codes(at(second - 1, of_list("objectives", on("2020-06-01")))),
        older
    );
}

#[test]
fn what_is_in_a_list_is_asked_for_of_one_that_there_is() {
    let mut log = Log::new();
    let first = log.record(&[reference(
        "2020-06-01",
        ReferenceEvent::SchemePublished(objectives()),
    )]);
    let facts = log.facts();
    for of in [
        Published::PillarRules,
        Published::SchemeElements,
        Published::Codes,
        Published::Rates,
    ] {
        let view = View::Published(of);
        assert_eq!(
            view.evaluate(&facts, &Question::default()).unwrap_err(),
            QuestionError::ListRequired { view }
        );
        let unknown = of_list("lunar", Question::default());
        assert_eq!(
            view.evaluate(&facts, &unknown).unwrap_err(),
            QuestionError::NoSuchList {
                view,
                name: "lunar".to_owned()
            }
        );
    }
    // Not published yet, not in force yet; its version is known all the same.
    let refused = |question: &Question| {
        let view = View::Published(Published::SchemeElements);
        view.evaluate(&facts, question).is_err()
    };
    assert!(refused(&at(
        first - 1,
        of_list("objectives@2024", on("2020-06-01"))
    )));
    assert!(refused(&of_list("objectives", on("2020-05-31"))));
    assert!(!refused(&of_list("objectives@2024", on("2020-05-31"))));
    assert!(!refused(&of_list("objectives", on("2020-06-01"))));
}

#[test]
fn codes_are_those_of_the_version_in_force() {
    let codelist = |version: &str, codes: &[&str]| {
        let entry = |code: &&str| CodelistEntry {
            code: (*code).into(),
            title: format!("Code {code}"),
        };
        ReferenceEvent::CodelistPublished(Codelist {
            list: list(version),
            title: "Headings".to_owned(),
            codes: codes.iter().map(entry).collect(),
            content_hash: [7; 32],
        })
    };
    let mut log = Log::new();
    log.record(&[reference("2020-01-01", codelist("headings@1", &["B", "A"]))]);
    log.record(&[reference("2020-06-01", codelist("headings@2", &["C"]))]);
    let facts = log.facts();
    let codes = |question: Question| -> Vec<(String, String)> {
        let question = of_list("headings", question);
        let rows = listed(Published::Codes, &facts, &question).into_iter();
        rows.map(|row| match row {
            PublishedRow::Code(row) => (row.codelist, row.code),
            other => panic!("{other:?}"),
        })
        .collect()
    };
    let code = |list: &str, code: &str| (list.to_owned(), code.to_owned());
    assert_eq!(
        codes(on("2020-05-31")),
        [code("headings@1", "B"), code("headings@1", "A")]
    );
    assert_eq!(codes(on("2020-06-01")), [code("headings@2", "C")]);
    assert_eq!(
        in_force(listed(Published::Codelists, &facts, &on("2020-06-01"))),
        expect(&[("headings@1", false), ("headings@2", true)])
    );
}

#[test]
fn mappings_are_the_compiled_in_ones_and_the_published_ones_with_their_rules() {
    let mut log = one_line(100);
    log.record(&[reference("2020-03-01", mapping("mine@1", false))]);
    let second = log.record(&[reference("2020-06-01", mapping("mine@2", true))]);
    let facts = log.facts();
    let mappings = |question: Question| {
        let rows = listed(Published::PillarMappings, &facts, &question);
        in_force(rows)
    };
    assert_eq!(
        mappings(on("2020-05-31")),
        expect(&[
            ("dac-core", true),
            ("dac-wide", true),
            ("mine@1", true),
            ("mine@2", false)
        ])
    );
    assert_eq!(
        mappings(at(second - 1, of_list("mine", on("2020-06-01")))),
        expect(&[("mine@1", true)])
    );
    let rows = listed(
        Published::PillarMappings,
        &facts,
        &of_list("mine@2", on("2020-06-01")),
    );
    let PublishedRow::PillarMapping(row) = &rows[0] else {
        panic!("{rows:?}");
    };
    assert!(row.reads_humanitarian_flag);
    assert_eq!(row.rules, 1);
    assert_eq!(
        (row.otherwise, row.unclassified),
        (Pillar::Development, Pillar::Unallocable)
    );
    let publication = row.publication.unwrap();
    assert_eq!(
        (publication.event_id, publication.effective_on),
        (event_id(second, 0), date("2020-06-01"))
    );

    let rules = |name: &str| -> Vec<(String, String, Pillar)> {
        let question = of_list(name, on("2020-06-01"));
        let rows = listed(Published::PillarRules, &facts, &question).into_iter();
        rows.map(|row| match row {
            PublishedRow::PillarRule(row) => (row.mapping, row.prefix, row.pillar),
            other => panic!("{other:?}"),
        })
        .collect()
    };
    let rule = |mapping: &str| (mapping.to_owned(), "72".to_owned(), Pillar::Peace);
    assert_eq!(rules("mine"), [rule("mine@2")]);
    assert_eq!(rules("mine@1"), [rule("mine@1")]);
    assert_eq!(rules(&row.content_hash), [rule("mine@2")]);
    let wide = rules("dac-wide");
    assert_eq!(wide.len(), 18);
    assert!(wide.is_sorted_by_key(|(_, prefix, _)| prefix.clone()));
    assert_eq!(wide[0].1, "15130");
}

fn table(version: &str, rates: &[(&str, &str, u32, &str)]) -> ReferenceEvent {
    let currency = |code: &str| Currency::parse(code).unwrap();
    let rate = |&(base, quote, value, rate_on): &(&str, &str, u32, &str)| TableRate {
        base: currency(base),
        quote: currency(quote),
        value: Decimal::from(value),
        rate_on: date(rate_on),
    };
    let version = list(version);
    ReferenceEvent::RateTablePublished(RateTable {
        source: RateSource::parse(&version.name).unwrap(),
        table_version: version.version,
        rates: rates.iter().map(rate).collect(),
        content_hash: [9; 32],
    })
}

/// Two tables of one source, the second of which states a rate of the first anew, and one of another source.
fn with_rates() -> (Log, u64) {
    let mut log = Log::new();
    log.record(&[reference(
        "2024-02-01",
        table(
            "ecb@2024-01",
            &[
                ("EUR", "CHF", 1, "2024-01-01"),
                ("EUR", "USD", 2, "2024-01-01"),
                ("EUR", "USD", 3, "2024-01-15"),
            ],
        ),
    )]);
    log.record(&[reference(
        "2024-02-01",
        table("imf@2024-01", &[("EUR", "USD", 4, "2024-01-01")]),
    )]);
    let restated = log.record(&[reference(
        "2024-03-01",
        table(
            "ecb@2024-01-restated",
            &[
                ("EUR", "USD", 5, "2024-01-15"),
                ("USD", "EUR", 6, "2024-01-15"),
            ],
        ),
    )]);
    (log, restated)
}

#[test]
fn tables_say_how_many_of_their_rates_another_one_states_anew() {
    let (log, restated) = with_rates();
    let facts = log.facts();
    let tables = |question: Question| -> Vec<RateTableRow> {
        let rows = listed(Published::RateTables, &facts, &question).into_iter();
        rows.map(|row| match row {
            PublishedRow::RateTable(row) => row,
            other => panic!("{other:?}"),
        })
        .collect()
    };
    let figures = |question: Question| -> Vec<(String, u64, u64, u64)> {
        let rows = tables(question).into_iter();
        rows.map(|row| (row.list.to_string(), row.rates, row.pairs, row.restated))
            .collect()
    };
    let row = |table: &str, rates, pairs, restated| (table.to_owned(), rates, pairs, restated);
    assert_eq!(
        figures(Question::default()),
        [
            row("ecb@2024-01", 3, 2, 1),
            row("ecb@2024-01-restated", 2, 2, 0),
            row("imf@2024-01", 1, 1, 0),
        ]
    );
    // One table of a source alone: what restates it is not asked for, and counts all the same.
    assert_eq!(
        figures(of_list("ecb@2024-01", Question::default())),
        [row("ecb@2024-01", 3, 2, 1)]
    );
    assert_eq!(
        figures(of_list("imf", Question::default())),
        [row("imf@2024-01", 1, 1, 0)]
    );
    assert_eq!(
        figures(at(restated - 1, of_list("ecb", Question::default()))),
        [row("ecb@2024-01", 3, 2, 0)]
    );
    let first = &tables(Question::default())[0];
    assert_eq!(
        (first.first_on, first.last_on),
        (Some(date("2024-01-01")), Some(date("2024-01-15")))
    );
}

#[test]
fn a_rate_names_the_table_that_counts_instead() {
    let (log, restated) = with_rates();
    let facts = log.facts();
    let rates = |question: Question| -> Vec<RateRow> {
        let rows = listed(Published::Rates, &facts, &question).into_iter();
        rows.map(|row| match row {
            PublishedRow::Rate(row) => row,
            other => panic!("{other:?}"),
        })
        .collect()
    };
    let figures = |question: Question| -> Vec<(String, String, Option<String>)> {
        let rows = rates(question).into_iter();
        rows.map(|row| (row.value, row.rate_on.to_string(), row.restated_by))
            .collect()
    };
    let row = |value: &str, on: &str, by: Option<&str>| {
        (value.to_owned(), on.to_owned(), by.map(str::to_owned))
    };
    let asked = of_list("ecb@2024-01", Question::default());
    assert_eq!(
        figures(asked.clone()),
        [
            row("1", "2024-01-01", None),
            row("2", "2024-01-01", None),
            row("3", "2024-01-15", Some("ecb@2024-01-restated")),
        ]
    );
    assert_eq!(
        figures(at(restated - 1, asked.clone()))[2],
        row("3", "2024-01-15", None)
    );
    let francs = Question {
        filter: Filter {
            currency: Some(Currency::parse("CHF").unwrap()),
            ..asked.filter
        },
        ..Question::default()
    };
    assert_eq!(figures(francs), [row("1", "2024-01-01", None)]);
    // A source alone is no table: it has no version in force.
    let source = of_list("ecb", Question::default());
    assert!(
        View::Published(Published::Rates)
            .evaluate(&facts, &source)
            .is_err()
    );
}

/// Merged one after the other, assessed, and the first one taken out of it again. Returns where the second merge and the
/// assessment are.
fn with_organisations() -> (Log, u64, u64) {
    let mut log = one_line(100);
    log.record(&[reference(
        "2020-02-01",
        ReferenceEvent::OrganisationRegistered(org("D-2", "Donors United")),
    )]);
    log.record(&[reference("2020-06-01", merged("D-1", "D-2"))]);
    let chained = log.record(&[reference("2020-07-01", merged("D-2", "D-3"))]);
    let assessed = log.record(&[reference(
        "2020-08-01",
        ReferenceEvent::LocalActorAssessed(LocalActor {
            org: org("D-2", "Donors United"),
            class: LocalActorClass::NationalNonState,
            method: list("localisation@2024"),
            reason: "charter".to_owned(),
        }),
    )]);
    log.record(&[reference("2020-09-01", merged("D-1", "D-1"))]);
    (log, chained, assessed)
}

fn organisations(facts: &Facts, question: &Question) -> Vec<OrganisationRow> {
    let rows = listed(Published::Organisations, facts, question).into_iter();
    rows.map(|row| match row {
        PublishedRow::Organisation(row) => row,
        other => panic!("{other:?}"),
    })
    .collect()
}

fn of_organisation(id: &str, question: Question) -> Question {
    Question {
        filter: Filter {
            organisation: Some(id.to_owned()),
            ..Filter::default()
        },
        ..question
    }
}

#[test]
fn a_merged_organisation_is_listed_with_what_it_became() {
    let (log, chained, _) = with_organisations();
    let facts = log.facts();
    let became = |question: Question| -> Vec<(String, Option<String>, Option<String>)> {
        let rows = organisations(&facts, &question).into_iter();
        rows.map(|row| {
            let merge = row.merge.map(|merge| (merge.into.id, merge.shown_as.id));
            let (into, shown_as) = merge.unzip();
            (row.organisation.id, into, shown_as)
        })
        .collect()
    };
    let row = |id: &str, merge: Option<(&str, &str)>| {
        let (into, shown_as) = merge.unzip();
        (
            id.to_owned(),
            into.map(str::to_owned),
            shown_as.map(str::to_owned),
        )
    };
    assert_eq!(became(on("2020-01-31")), []);
    assert_eq!(became(on("2020-05-31")), [row("D-2", None)]);
    assert_eq!(
        became(on("2020-06-30")),
        [row("D-1", Some(("D-2", "D-2"))), row("D-2", None)]
    );
    let all = [
        row("D-1", Some(("D-2", "D-3"))),
        row("D-2", Some(("D-3", "D-3"))),
        row("D-3", None),
    ];
    assert_eq!(became(on("2020-07-01")), all);
    assert_eq!(
        became(at(chained - 1, on("2020-07-01"))),
        [row("D-1", Some(("D-2", "D-2"))), row("D-2", None)]
    );
    // Merged into itself, it stands for itself again.
    assert_eq!(became(on("2020-09-01"))[0], row("D-1", None));
    assert_eq!(became(of_organisation("D-3", on("2020-07-01"))), all);
    assert_eq!(
        became(of_organisation("D-2", on("2020-07-01"))),
        [all[1].clone()]
    );
}

#[test]
fn an_organisation_is_listed_as_registered_and_assessed_last() {
    let (log, _, assessed) = with_organisations();
    let facts = log.facts();
    let party = |id: &str, name: &str| Party {
        id: id.to_owned(),
        name: name.to_owned(),
    };
    let whole = &organisations(&facts, &of_organisation("D-2", on("2020-08-01")))[0];
    assert_eq!(
        *whole,
        OrganisationRow {
            organisation: party("D-2", "Donors United"),
            type_code: None,
            registered_on: Some(date("2020-02-01")),
            merge: Some(Merge {
                into: party("D-3", ""),
                shown_as: party("D-3", ""),
                merged_on: date("2020-07-01"),
                reason: String::new(),
            }),
            assessment: Some(Assessment {
                class: LocalActorClass::NationalNonState,
                method: "localisation@2024".to_owned(),
                assessed_on: date("2020-08-01"),
                reason: "charter".to_owned(),
            }),
            publication: whole.publication,
        }
    );
    assert_eq!(whole.publication.event_id, event_id(assessed, 0));
    // One that was merely named by an agreement has the name of there.
    assert_eq!(
        organisations(&facts, &of_organisation("D-1", on("2020-09-01")))[0].organisation,
        party("D-1", "Donor One")
    );
}
