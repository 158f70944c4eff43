//! The state digest is pinned: a change of it is a new schema.

use perennial_domain::agreement::{AgreementEvent, Perspective, ReversalReason, YearBasis};
use perennial_domain::event::Fact;
use perennial_domain::log::Position;
use perennial_views::{SCHEMA, StateDigest};

use crate::given::{Log, agreement, disbursed, event_id, line, share, signed, terms, usd};

fn example() -> Log {
    let mut log = Log::new();
    let shares = vec![share("2020-01-01", "2020-12-31", 500, YearBasis::Scheduled)];
    log.record(&[
        (
            agreement("agreement-1"),
            "2020-01-15",
            signed(terms(
                Perspective::Provider,
                vec![line("line-1", usd(500), shares)],
            )),
        ),
        (agreement("agreement-1"), "2020-02-01", disbursed(120)),
    ]);
    log.record(&[(
        agreement("agreement-1"),
        "2020-03-01",
        Fact::Agreement(AgreementEvent::EntryReversed {
            target: event_id(1, 1),
            reason: ReversalReason::Returned,
        }),
    )]);
    log
}

/// The expected values were computed by a second program from the description of the canonical bytes.
#[test]
fn the_digest_of_the_example_is_the_pinned_one_at_every_position() {
    assert_eq!(SCHEMA, "perennial-views/3");
    let facts = example().facts();
    let digests: Vec<String> = (0..3)
        .map(|position| facts.digest(Position(position)).unwrap().to_string())
        .collect();
    assert_eq!(
        digests,
        [
            "5a36d18c7979f400fc9875bd3ce0f3677f09caddfb6555f389883574a5bda7c7",
            "6cb5dd452039abb4310e965ac5f7b18bae0b294c2730b9a455feebb90a73bc5d",
            "b17292ea5fbe7eb2c77ed37a28d3da316864b684b1a55466108696264fe5c1c7",
        ]
    );
    assert_eq!(facts.digest(Position(3)), None);
}

#[test]
fn one_cent_or_one_day_of_difference_is_another_digest() {
    let base = example();
    let digest = |log: &Log| -> StateDigest { log.facts().digest(Position(2)).unwrap() };
    let mut cent = base.clone();
    cent.records[1].1[1].event.fact = disbursed(121);
    assert_ne!(digest(&base), digest(&cent));
    let mut day = base.clone();
    day.records[1].1[1].event.effective_on = crate::given::date("2020-02-02");
    assert_ne!(digest(&base), digest(&day));
    assert_eq!(digest(&base), digest(&example()));
}
