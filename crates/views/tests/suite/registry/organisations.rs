//! Merged and renamed organisations.

use perennial_domain::agreement::{Perspective, Terms};
use perennial_domain::reference::ReferenceEvent;
use perennial_views::{Dimension, Filter, Question, View};

use super::{ask, nexus, on, one_line};
use crate::given::{agreement, line, merged, org, reference, signed, terms, usd};

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
