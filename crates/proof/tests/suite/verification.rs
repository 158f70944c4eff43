//! Verifying a whole log from its bytes, without a server (INV-7).

use perennial_proof::verify::{KnownPoint, verify};
use perennial_proof::{
    BadEntry, Damage, Entry, EntryError, Hash, LogKind, Position, Problem, Verified, Verifier,
    genesis_hash,
};

use crate::{NEW_YEAR, claim_entry, led_chain, seal};

/// A claim and `bodies` as records, in storage order.
fn log(bodies: &[&str]) -> Vec<Vec<u8>> {
    let mut chain = led_chain();
    let mut entries = vec![claim_entry(1)];
    entries.extend(
        bodies
            .iter()
            .map(|body| seal(&mut chain, NEW_YEAR, body.as_bytes())),
    );
    entries
}

#[track_caller]
fn stops(entries: &[Vec<u8>], kind: LogKind, position: u64, entry: u64, problem: Problem) {
    let expected = BadEntry {
        position: Position(position),
        entry,
        problem,
    };
    assert_eq!(verify("acme", kind, entries), Err(expected));
}

fn head_hash(entries: &[Vec<u8>]) -> Hash {
    let Ok(Entry::Record { header_bytes, .. }) = Entry::decode(entries.last().unwrap()) else {
        panic!("a record is last");
    };
    perennial_proof::record_hash(header_bytes)
}

fn known(position: u64, record_hash: Hash) -> KnownPoint {
    KnownPoint {
        position: Position(position),
        record_hash,
    }
}

fn verify_with(entries: &[Vec<u8>], known: &[KnownPoint]) -> Result<Verified, BadEntry> {
    let mut verifier = Verifier::new("acme", LogKind::SingleWriter, known);
    for entry in entries {
        verifier.push(entry)?;
    }
    verifier.finish()
}

#[test]
fn a_sound_log_says_how_many_records_it_has_and_its_head() {
    let entries = log(&["a", "b", "c"]);
    let head_hash = head_hash(&entries);
    let verified = Verified {
        records: 3,
        head_hash,
        dead: 0,
        claims: 1,
    };
    assert_eq!(
        verify("acme", LogKind::SingleWriter, &entries),
        Ok(verified)
    );
}

#[test]
fn an_empty_log_is_sound() {
    let verified = Verified {
        records: 0,
        head_hash: genesis_hash("acme"),
        dead: 0,
        claims: 0,
    };
    assert_eq!(
        verify("acme", LogKind::SingleWriter, Vec::<Vec<u8>>::new()),
        Ok(verified)
    );
}

#[test]
fn dead_entries_are_counted_where_several_processes_write() {
    let mut entries = log(&["a", "b"]);
    entries.insert(2, claim_entry(1));
    entries.push(entries[1].clone());
    let verified = verify("acme", LogKind::Shared, &entries).unwrap();
    assert_eq!(
        (verified.records, verified.dead, verified.claims),
        (2, 2, 1)
    );
}

#[test]
fn a_dead_entry_is_a_problem_where_one_process_writes() {
    let mut entries = log(&["a", "b"]);
    entries.push(entries[1].clone());
    stops(
        &entries,
        LogKind::SingleWriter,
        2,
        3,
        Problem::NotOfTheChain,
    );
}

#[test]
fn a_record_taken_out_is_found_at_its_position() {
    let mut entries = log(&["a", "b", "c"]);
    entries.remove(2);
    stops(
        &entries,
        LogKind::SingleWriter,
        1,
        2,
        Problem::NotOfTheChain,
    );
}

#[test]
fn a_record_rewritten_with_right_hashes_is_found_at_the_next_position() {
    let mut entries = log(&["a", "b", "c"]);
    entries[2] = log(&["a", "forged"])[2].clone();
    stops(
        &entries,
        LogKind::SingleWriter,
        2,
        3,
        Problem::NotOfTheChain,
    );
}

#[test]
fn a_changed_body_is_found_in_both_kinds_of_log() {
    let mut entries = log(&["a", "b", "c"]);
    *entries[2].last_mut().unwrap() ^= 1;
    let damage = Problem::Damaged(Damage::BodyHash {
        position: Position(1),
    });
    stops(&entries, LogKind::SingleWriter, 1, 2, damage);
    stops(&entries, LogKind::Shared, 1, 2, damage);
}

#[test]
fn bytes_that_are_no_entry_stop_verification() {
    let mut entries = log(&["a", "b"]);
    entries[1].truncate(100);
    stops(
        &entries,
        LogKind::Shared,
        0,
        1,
        Problem::Malformed(EntryError::Truncated),
    );
}

#[test]
fn known_points_on_the_chain_are_met() {
    let entries = log(&["a", "b", "c"]);
    let points = [
        known(2, head_hash(&entries)),
        known(0, head_hash(&entries[..2])),
    ];
    assert_eq!(verify_with(&entries, &points).unwrap().records, 3);
}

#[test]
fn another_record_at_a_known_point_is_a_problem() {
    let (entries, other) = (log(&["a", "b", "c"]), log(&["a", "x"]));
    let (found, known_hash) = (head_hash(&entries[..3]), head_hash(&other));
    let problem = Problem::OtherThanKnown {
        known: known_hash,
        found,
    };
    let expected = BadEntry {
        position: Position(1),
        entry: 2,
        problem,
    };
    assert_eq!(
        verify_with(&entries, &[known(1, known_hash)]),
        Err(expected)
    );
}

#[test]
fn a_log_that_ends_before_a_known_point_is_a_problem() {
    let entries = log(&["a", "b"]);
    let head = head_hash(&entries);
    assert!(verify_with(&entries, &[known(1, head)]).is_ok());
    let problem = Problem::ShorterThanKnown { known: Position(1) };
    let expected = BadEntry {
        position: Position(1),
        entry: 2,
        problem,
    };
    assert_eq!(verify_with(&entries[..2], &[known(1, head)]), Err(expected));
}
