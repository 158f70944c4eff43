//! R4: what money is for and where, as exact parts of a whole.

use std::sync::Arc;

use perennial_domain::agreement::{AgreementCommand, LineSplits};
use perennial_domain::classification::{InexactSplit, Pillar, Share, Split, Vocabulary};
use perennial_domain::rule::{Profile, Rule};
use perennial_testkit::history::given;
use perennial_testkit::history::registry_words::splits;
use perennial_testkit::history::words::*;

use Vocabulary::{DacCategory, DacPurpose};

fn share(vocabulary: Vocabulary, code: &str, share_ppm: u32) -> Share {
    Share {
        vocabulary,
        code: code.into(),
        share_ppm,
    }
}

fn weight(vocabulary: Vocabulary, code: &str, weight: u64) -> (Vocabulary, Arc<str>, u64) {
    (vocabulary, code.into(), weight)
}

#[test]
fn shares_sum_to_exactly_the_whole() {
    let sum_of = |second| {
        Split::exact(vec![
            share(DacPurpose, "15220", 400_000),
            share(DacPurpose, "72010", second),
        ])
    };
    assert!(sum_of(600_000).is_ok());
    for (second, sum_ppm) in [(599_999, 999_999), (600_001, 1_000_001)] {
        assert_eq!(sum_of(second), Err(InexactSplit::Sum { sum_ppm }));
    }
}

#[test]
fn each_code_of_a_list_stands_once() {
    let twice = vec![
        share(DacPurpose, "72010", 600_000),
        share(DacPurpose, "72010", 400_000),
    ];
    assert_eq!(Split::exact(twice), Err(InexactSplit::Shares));
    // The same digits in another list are another code.
    let once_each = vec![
        share(DacPurpose, "720", 600_000),
        share(DacCategory, "720", 400_000),
    ];
    assert!(Split::exact(once_each).is_ok());
}

#[test]
fn a_share_is_above_nothing() {
    let with = |least| {
        Split::exact(vec![
            share(DacPurpose, "15220", least),
            share(DacPurpose, "72010", 1_000_000 - least),
        ])
    };
    assert!(with(1).is_ok());
    assert_eq!(with(0), Err(InexactSplit::Shares));
}

#[test]
fn shares_are_kept_in_the_order_of_list_and_code() {
    let split = Split::exact(vec![
        share(DacCategory, "151", 200_000),
        share(DacPurpose, "72010", 300_000),
        share(DacPurpose, "15220", 500_000),
    ])
    .unwrap();
    assert_eq!(
        split.shares(),
        [
            share(DacPurpose, "15220", 500_000),
            share(DacPurpose, "72010", 300_000),
            share(DacCategory, "151", 200_000),
        ]
    );
}

#[test]
fn without_shares_nothing_is_classified() {
    assert!(Split::exact(Vec::new()).unwrap().is_empty());
    let whole = vec![share(DacPurpose, "15220", 1_000_000)];
    assert!(!Split::exact(whole).unwrap().is_empty());
}

#[test]
fn published_weights_are_scaled_to_the_whole_in_the_order_of_list_and_code() {
    let split = Split::scaled_to_whole(
        vec![
            weight(DacCategory, "151", 1),
            weight(DacPurpose, "72010", 1),
            weight(DacPurpose, "15220", 1),
        ],
        3,
    );
    assert_eq!(
        split.shares(),
        [
            share(DacPurpose, "15220", 333_334),
            share(DacPurpose, "72010", 333_333),
            share(DacCategory, "151", 333_333),
        ]
    );
}

#[test]
fn weights_of_a_code_that_stands_twice_are_added_up_and_those_of_another_list_are_not() {
    let split = Split::scaled_to_whole(
        vec![
            weight(DacPurpose, "720", 10),
            weight(DacCategory, "720", 60),
            weight(DacPurpose, "151", 20),
            weight(DacPurpose, "720", 10),
        ],
        100,
    );
    assert_eq!(
        split.shares(),
        [
            share(DacPurpose, "151", 200_000),
            share(DacPurpose, "720", 200_000),
            share(DacCategory, "720", 600_000),
        ]
    );
    assert!(!split.scaled());
}

#[test]
fn a_code_whose_share_rounds_to_nothing_is_left_out() {
    let of_two = |least| {
        let weights = vec![
            weight(DacPurpose, "15220", least),
            weight(DacPurpose, "72010", 10_000_000),
        ];
        Split::scaled_to_whole(weights, 10_000_000)
            .shares()
            .to_vec()
    };
    assert_eq!(
        of_two(6),
        [
            share(DacPurpose, "15220", 1),
            share(DacPurpose, "72010", 999_999),
        ]
    );
    assert_eq!(of_two(4), [share(DacPurpose, "72010", 1_000_000)]);
}

#[test]
fn weights_of_nothing_classify_nothing() {
    let nothing = Split::scaled_to_whole(vec![weight(DacPurpose, "15220", 0)], 100);
    assert!(nothing.is_empty());
    assert!(!nothing.scaled());
}

#[test]
fn a_recorded_split_stays_as_it_was_scaled_or_not() {
    let shares = || vec![share(DacPurpose, "15220", 1_000_000)];
    for scaled in [false, true] {
        let split = Split::recorded(shares(), scaled).unwrap();
        assert_eq!(split.scaled(), scaled);
        assert_eq!(split.shares(), shares());
    }
    let too_little = vec![share(DacPurpose, "15220", 999_999)];
    assert_eq!(
        Split::recorded(too_little, true),
        Err(InexactSplit::Sum { sum_ppm: 999_999 })
    );
}

#[test]
fn pillars_are_found_by_their_words() {
    for (word, pillar) in [
        ("humanitarian", Pillar::Humanitarian),
        ("development", Pillar::Development),
        ("peace", Pillar::Peace),
        ("unallocable", Pillar::Unallocable),
    ] {
        assert_eq!(pillar.name(), word);
        assert_eq!(Pillar::parse(word), Some(pillar));
    }
    assert_eq!(Pillar::parse("Peace"), None);
}

#[test]
fn a_reclassification_by_a_scaled_split_is_refused_or_flagged_on_its_line() {
    let scaled = |vocabulary, code| Split::scaled_to_whole(vec![weight(vocabulary, code, 99)], 100);
    let whole = splits("15220", "SS");
    for (splits, scaled) in [
        (
            LineSplits {
                purposes: scaled(DacPurpose, "15220"),
                ..whole.clone()
            },
            "purposes",
        ),
        (
            LineSplits {
                places: scaled(Vocabulary::Country, "SS"),
                ..whole.clone()
            },
            "places",
        ),
    ] {
        let reclassify = || {
            let command = AgreementCommand::ReclassifySplits {
                line_id: None,
                splits: splits.clone(),
                reason: "published anew".to_owned(),
            };
            (date("2024-06-01"), command)
        };
        let inexact = breach_of(
            "agreement/agreement-1/line-1",
            Rule::SplitExact,
            &[("scaled", scaled)],
        );
        given(Profile::Strict, [signed(eur(100))])
            .when(reclassify())
            .then_breaks(inexact.clone());
        given(Profile::Mirror, [signed(eur(100))])
            .when(reclassify())
            .then_only_flagged([inexact]);
    }
}
