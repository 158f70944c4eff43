//! Further terms: as signed, and revised.

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Conditionality, CountedSide, EarmarkingModality,
    FlexibilityFeature, FurtherTerms, LimitBase, MoveDimension, NewHeading, ReallocationPolicy,
    ReallocationScope, ReversalReason, RevisableTerm, Terms, TermsRevision,
};
use perennial_domain::rejection::Rejection;
use perennial_domain::rule::Profile;
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Happened, given};

fn earmarked(modality: EarmarkingModality) -> FurtherTerms {
    FurtherTerms {
        earmarking: Some(modality),
        ..FurtherTerms::default()
    }
}

fn signed_with(further: FurtherTerms) -> Happened {
    signed_as(Terms {
        further: Some(Box::new(further)),
        ..terms(eur(100))
    })
}

fn revise(on: &str, revision: TermsRevision) -> (Date, AgreementCommand) {
    (date(on), AgreementCommand::ReviseTerms(Box::new(revision)))
}

fn softer() -> TermsRevision {
    TermsRevision {
        conditionality: Some(Conditionality::Restriction),
        further: FurtherTerms {
            flexibility: vec![FlexibilityFeature::Years],
            ..earmarked(EarmarkingModality::CountryOperations)
        },
        amendment: Some("A-1".to_owned()),
        ..TermsRevision::default()
    }
}

#[test]
fn a_revision_changes_only_what_it_says_from_its_day_on() {
    let signed = FurtherTerms {
        finance_type: Some(110),
        ..earmarked(EarmarkingModality::Project)
    };
    let after = given(Profile::Strict, [signed_with(signed.clone())])
        .when(revise("2024-06-01", softer()))
        .then([happened(
            "2024-06-01",
            AgreementEvent::TermsRevised(Box::new(softer())),
        )]);
    let agreement = after.agreement();
    assert_eq!(agreement.further_as_of(date("2024-05-31")), signed);
    assert_eq!(
        agreement.further_as_of(date("2024-06-01")),
        FurtherTerms {
            finance_type: Some(110),
            ..softer().further
        }
    );
    assert_eq!(
        agreement.conditionality_as_of(date("2024-05-31")),
        Conditionality::None
    );
    assert_eq!(
        agreement.conditionality_as_of(date("2024-06-01")),
        Conditionality::Restriction
    );
}

#[test]
fn a_back_dated_revision_gives_way_to_a_later_one() {
    let modality = |modality| TermsRevision {
        further: earmarked(modality),
        ..TermsRevision::default()
    };
    let after = given(Profile::Strict, [signed(eur(100))])
        .when(revise("2024-06-01", modality(EarmarkingModality::Core)))
        .accepted()
        .when(revise("2024-03-01", modality(EarmarkingModality::Project)))
        .accepted();
    let earmarking = |on| after.agreement().further_as_of(date(on)).earmarking;
    assert_eq!(earmarking("2024-02-29"), None);
    assert_eq!(earmarking("2024-03-01"), Some(EarmarkingModality::Project));
    assert_eq!(earmarking("2024-06-01"), Some(EarmarkingModality::Core));
}

#[test]
fn a_term_can_be_taken_back() {
    let cleared = TermsRevision {
        cleared: vec![RevisableTerm::Earmarking],
        ..TermsRevision::default()
    };
    let after = given(
        Profile::Strict,
        [signed_with(earmarked(EarmarkingModality::Project))],
    )
    .when(revise("2024-06-01", cleared))
    .accepted();
    assert_eq!(
        after.agreement().further_as_of(date("2024-06-01")),
        FurtherTerms::default()
    );
}

#[test]
fn a_revision_changes_something_and_does_not_contradict_itself() {
    let refused = |revision, field: &str, problem: &str| {
        given(Profile::Mirror, [signed(eur(100))])
            .when(revise("2024-06-01", revision))
            .then_rejected(Rejection::Malformed {
                field: field.to_owned(),
                problem: problem.to_owned(),
            });
    };
    refused(
        TermsRevision::default(),
        "terms",
        "must change at least one term",
    );
    refused(
        TermsRevision {
            cleared: vec![RevisableTerm::Earmarking],
            ..softer()
        },
        "cleared",
        "must not hold earmarking_modality, which is said too",
    );
}

#[test]
fn a_reversed_revision_never_was() {
    let after = given(Profile::Strict, [signed(eur(100))])
        .when(revise("2024-06-01", softer()))
        .accepted()
        .when(reverse("2024-07-01", event_of(2), ReversalReason::Error))
        .then([reversed("2024-06-01", event_of(2), ReversalReason::Error)]);
    assert_eq!(
        after.agreement().further_as_of(date("2024-12-31")),
        FurtherTerms::default()
    );
}

#[test]
fn the_letters_of_earmarking_belong_to_four_categories() {
    let categories: Vec<(&str, u8)> = EarmarkingModality::ALL
        .iter()
        .map(|modality| (modality.name(), modality.category()))
        .collect();
    assert_eq!(
        categories,
        [
            ("A", 1),
            ("B", 1),
            ("C", 1),
            ("D", 2),
            ("E", 2),
            ("F", 2),
            ("G", 3),
            ("H", 3),
            ("I", 4),
            ("J", 4),
            ("K", 4),
            ("L", 4),
        ]
    );
}

#[test]
fn a_policy_moves_at_most_all_and_names_what_it_forbids_in_order_and_once() {
    let of = |limit_ppm, forbidden: &[MoveDimension]| {
        let policy = ReallocationPolicy {
            limit_ppm,
            base: LimitBase::Original,
            cumulative: true,
            counted: CountedSide::Giving,
            scope: ReallocationScope::Heading,
            forbidden: forbidden.to_vec(),
            new_heading: NewHeading::Free,
        };
        let revision = TermsRevision {
            further: FurtherTerms {
                reallocation_policy: Some(policy),
                ..FurtherTerms::default()
            },
            ..TermsRevision::default()
        };
        given(Profile::Strict, [signed(eur(100))]).when(revise("2024-06-01", revision))
    };
    let malformed = |field: &str, problem: &str| Rejection::Malformed {
        field: format!("reallocation_policy.{field}"),
        problem: problem.to_owned(),
    };
    let (first, second) = (MoveDimension::Period, MoveDimension::Pillar);
    of(1_000_000, &[first, second]).then_only_flagged([]);
    of(1_000_001, &[first, second])
        .then_rejected(malformed("limit_ppm", "must be at most 1000000"));
    for wrong in [[second, first], [first, first]] {
        of(1_000_000, &wrong).then_rejected(malformed("forbidden", "must be ascending, each once"));
    }
}
