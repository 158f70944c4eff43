//! The load corpus: 123 files and one that is none, 12,154 activities, 69,202 transactions.

use std::collections::BTreeMap;

use perennial_domain::agreement::Perspective;
use perennial_iati::{Activities, ActivityPlan, ReadError, ReadLimits};

use crate::ledger::{Ledger, sums};
use crate::shared;

/// SEMANTICS.md 3 "Corpus vectors": outgoing agreements by what they have. Three more than those without any
/// commitment have disbursements whose net is not above zero: they disburse nothing.
#[derive(Default, Debug, PartialEq, Eq)]
struct Pairs {
    both: u32,
    above: u32,
    without: u32,
}

impl Pairs {
    fn add(&mut self, plan: &ActivityPlan) {
        for (perspective, sums) in sums(plan).into_values() {
            if perspective != Perspective::Provider || sums.disbursements == 0 {
                continue;
            }
            if sums.commitments == 0 {
                self.without += u32::from(0 < sums.disbursed);
            } else {
                self.both += 1;
                self.above += u32::from(sums.committed < sums.disbursed);
            }
        }
    }
}

/// Documents by name, in the order of the archive; `None` if it is not there.
fn documents() -> Option<Vec<(String, String)>> {
    let files = shared::untar("iati/corpus-2021-05-26.tar.zst")?;
    let documents = files.into_iter().filter(|(name, _)| {
        std::path::Path::new(name)
            .extension()
            .is_some_and(|kind| kind == "xml")
    });
    Some(
        documents
            .map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap()))
            .collect(),
    )
}

/// Parts those that are IATI from those that are not.
fn parted(documents: Vec<(String, String)>) -> (Vec<String>, Vec<(String, ReadError)>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (name, document) in documents {
        match Activities::open(document.as_bytes(), ReadLimits::default()).err() {
            None => good.push(document),
            Some(error) => bad.push((name, error)),
        }
    }
    (good, bad)
}

#[test]
fn the_corpus_is_booked_with_counts_that_reconcile_and_a_second_import_appends_nothing() {
    let Some(documents) = documents() else {
        return;
    };
    let (good, bad) = parted(documents);
    assert_eq!(good.len(), 123);
    let [(name, error)] = &bad[..] else {
        panic!("{bad:?}")
    };
    assert!(name.ends_with("dportal_132.xml"));
    assert!(
        matches!(error, ReadError::NotXml { line: 1, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("not IATI"));

    let mut ledger = Ledger::default();
    let mut pairs = Pairs::default();
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    let (mut activities, mut transactions, mut booked) = (0, 0, 0);
    for document in &good {
        let import = ledger.import(document);
        let counts = import.tally.counts();
        let accounted = counts.booked + counts.flagged + counts.refused + counts.unchanged;
        assert_eq!(counts.transactions, accounted);
        activities += counts.activities;
        transactions += counts.transactions;
        booked += counts.booked + counts.flagged;
        for reason in import.tally.reasons() {
            *reasons.entry(reason.reason).or_default() += reason.count;
        }
        import.plans.iter().for_each(|plan| pairs.add(plan));
    }
    assert_eq!((activities, transactions, booked), (12_154, 69_202, 67_971));
    assert_eq!(
        (reasons["ZERO_AMOUNT"], reasons["MISSING_TYPE"]),
        (1_210, 21)
    );
    assert_eq!(
        pairs,
        Pairs {
            both: 5_349,
            above: 375,
            without: 2_347
        }
    );

    let events = ledger.events.len();
    for document in &good {
        let again = ledger.import(document);
        assert_eq!(again.submissions, 0);
        assert_eq!(
            again.tally.counts().booked + again.tally.counts().flagged,
            0
        );
    }
    assert_eq!(ledger.events.len(), events);
}
