//! The fence: which claim wins, which record counts, and what is damage.

use perennial_proof::entry::encode_record;
use perennial_proof::header::FORMAT;
use perennial_proof::{
    Chain, Damage, Entry, Hash, Position, RecordHeader, SealError, Term, Verdict, genesis_hash,
};

use crate::{NEW_YEAR, claim_entry, judge, led_chain, seal};

/// The header of an acceptable first record of `acme` with the body `body`.
fn first_header() -> RecordHeader {
    RecordHeader {
        format: FORMAT,
        position: Position(0),
        term: Term(1),
        recorded_at: NEW_YEAR,
        prev_hash: genesis_hash("acme"),
        body_hash: Hash::of(b"body"),
        body_length: 4,
    }
}

fn stored(header: &RecordHeader, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    encode_record(&mut out, &header.to_bytes(), body).unwrap();
    out
}

#[track_caller]
fn damaged(chain: &mut Chain, stored: &[u8], expected: Damage) {
    let before = chain.clone();
    assert_eq!(chain.judge(&Entry::decode(stored).unwrap()), Err(expected));
    assert_eq!(*chain, before, "a damaged record moves nothing");
    assert_eq!(expected.position(), before.next_position());
}

#[test]
fn a_record_of_the_current_term_that_extends_the_chain_counts() {
    let mut chain = led_chain();
    let verdict = judge(&mut chain, &stored(&first_header(), b"body"));
    let record_hash = chain.head_hash();
    assert_eq!(
        verdict,
        Verdict::Accepted {
            position: Position(0),
            record_hash
        }
    );
    assert_eq!((chain.next_position(), chain.dead()), (Position(1), 0));
}

#[test]
fn a_record_of_another_term_position_or_predecessor_is_dead() {
    let header = first_header();
    for dead in [
        RecordHeader {
            term: Term(0),
            ..header
        },
        RecordHeader {
            term: Term(2),
            ..header
        },
        RecordHeader {
            position: Position(1),
            ..header
        },
        RecordHeader {
            prev_hash: genesis_hash("acmf"),
            ..header
        },
    ] {
        let mut chain = led_chain();
        assert_eq!(
            judge(&mut chain, &stored(&dead, b"body")),
            Verdict::DeadRecord,
            "{dead:?}"
        );
        assert_eq!((chain.next_position(), chain.dead()), (Position(0), 1));
    }
}

#[test]
fn the_same_record_a_second_time_is_dead() {
    let mut chain = led_chain();
    let record = seal(&mut chain.clone(), NEW_YEAR, b"body");
    assert!(matches!(
        judge(&mut chain, &record),
        Verdict::Accepted { .. }
    ));
    assert_eq!(judge(&mut chain, &record), Verdict::DeadRecord);
}

#[test]
fn nothing_counts_before_the_first_claim() {
    let mut chain = Chain::new("acme");
    for term in [0, 1] {
        let record = stored(
            &RecordHeader {
                term: Term(term),
                ..first_header()
            },
            b"body",
        );
        assert_eq!(judge(&mut chain, &record), Verdict::DeadRecord);
    }
    assert_eq!(chain.dead(), 2);
    assert_eq!(
        chain.seal(NEW_YEAR, b"body", &mut Vec::new()),
        Err(SealError::NoTerm)
    );
}

#[test]
fn only_the_first_claim_of_the_next_term_wins() {
    let mut chain = Chain::new("acme");
    assert_eq!(judge(&mut chain, &claim_entry(2)), Verdict::DeadClaim);
    assert_eq!(
        judge(&mut chain, &claim_entry(1)),
        Verdict::TermBegan(Term(1))
    );
    for term in [0, 1, 3, u64::MAX] {
        assert_eq!(
            judge(&mut chain, &claim_entry(term)),
            Verdict::DeadClaim,
            "term {term}"
        );
    }
    assert_eq!(chain.next_term(), Some(Term(2)));
    assert_eq!(
        judge(&mut chain, &claim_entry(2)),
        Verdict::TermBegan(Term(2))
    );
    assert_eq!((chain.term(), chain.dead()), (Term(2), 5));
}

#[test]
fn what_a_deposed_writer_still_appends_is_dead() {
    let mut chain = led_chain();
    let mut deposed = chain.clone();
    let kept = seal(&mut deposed, NEW_YEAR, b"kept");
    let late = seal(&mut deposed, NEW_YEAR, b"late");
    assert!(matches!(judge(&mut chain, &kept), Verdict::Accepted { .. }));
    assert_eq!(
        judge(&mut chain, &claim_entry(2)),
        Verdict::TermBegan(Term(2))
    );
    assert_eq!(judge(&mut chain, &late), Verdict::DeadRecord);
    let record = seal(&mut chain.clone(), NEW_YEAR, b"of the new leader");
    assert!(matches!(
        judge(&mut chain, &record),
        Verdict::Accepted {
            position: Position(1),
            ..
        }
    ));
}

#[test]
fn a_body_that_does_not_match_its_header_is_damage_and_never_dead() {
    let position = Position(0);
    damaged(
        &mut led_chain(),
        &stored(&first_header(), b"bodx"),
        Damage::BodyHash { position },
    );
    let length = Damage::BodyLength {
        position,
        stated: 4,
        found: 5,
    };
    damaged(&mut led_chain(), &stored(&first_header(), b"body!"), length);
}

#[test]
fn the_body_of_a_dead_record_is_not_looked_at() {
    let dead = RecordHeader {
        term: Term(9),
        ..first_header()
    };
    assert_eq!(
        judge(&mut led_chain(), &stored(&dead, b"bodx")),
        Verdict::DeadRecord
    );
}

#[test]
fn recorded_at_may_stand_still_and_never_decreases() {
    // INV-9
    let mut chain = led_chain();
    judge(&mut chain, &stored(&first_header(), b"body"));
    let next = RecordHeader {
        position: Position(1),
        prev_hash: chain.head_hash(),
        ..first_header()
    };
    let earlier = RecordHeader {
        recorded_at: NEW_YEAR - 1,
        ..next
    };
    let (previous, found) = (NEW_YEAR, NEW_YEAR - 1);
    let damage = Damage::RecordedAtDecreases {
        position: Position(1),
        previous,
        found,
    };
    damaged(&mut chain, &stored(&earlier, b"body"), damage);
    assert!(matches!(
        judge(&mut chain, &stored(&next, b"body")),
        Verdict::Accepted { .. }
    ));
}

#[test]
fn a_writer_whose_clock_went_back_records_the_last_time_again() {
    // INV-9
    let mut chain = led_chain();
    let mut out = Vec::new();
    assert_eq!(chain.last_recorded_at(), None);
    assert_eq!(
        chain.seal(NEW_YEAR, b"", &mut out).unwrap().recorded_at,
        NEW_YEAR
    );
    assert_eq!(
        chain.seal(NEW_YEAR - 1, b"", &mut out).unwrap().recorded_at,
        NEW_YEAR
    );
    assert_eq!(chain.last_recorded_at(), Some(NEW_YEAR));
}

#[test]
fn a_chain_goes_on_from_a_known_point_as_if_it_had_been_read_whole() {
    let mut whole = led_chain();
    assert_eq!(whole.point(), None);
    seal(&mut whole, NEW_YEAR, b"body");
    let mut resumed = Chain::from_point(whole.point().unwrap());
    assert_eq!(resumed, whole);
    let next = seal(&mut whole, NEW_YEAR, b"next");
    assert!(matches!(
        judge(&mut resumed, &next),
        Verdict::Accepted {
            position: Position(1),
            ..
        }
    ));
    assert_eq!(
        judge(&mut resumed, &claim_entry(2)),
        Verdict::TermBegan(Term(2))
    );
}

#[test]
fn records_of_another_ledger_are_dead_here() {
    let mut other = Chain::new("other");
    judge(&mut other, &claim_entry(1));
    let record = seal(&mut other, NEW_YEAR, b"ledger created");
    assert_eq!(judge(&mut led_chain(), &record), Verdict::DeadRecord);
}
