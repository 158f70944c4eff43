//! The pair around every limit.

use perennial_proof::claim::{CLAIM_BYTES_MAX, NAME_BYTES_MAX};
use perennial_proof::entry::{BODY_BYTES_MAX, ENTRY_BYTES_MAX, encode_claim, encode_record};
use perennial_proof::header::FORMAT;
use perennial_proof::{
    Chain, ChainPoint, Claim, ClaimError, Damage, Entry, EntryError, Hash, HeaderError, Position,
    RecordHeader, SealError, Term, Verdict,
};

use crate::{NEW_YEAR, claim, judge, led_chain, seal};

#[test]
fn a_body_of_900_000_bytes_is_stored() {
    let (mut writer, mut reader) = (led_chain(), led_chain());
    let stored = seal(&mut writer, NEW_YEAR, &vec![1; 900_000]);
    assert_eq!(stored.len(), 900_111);
    assert!(stored.len() <= ENTRY_BYTES_MAX);
    assert!(matches!(
        judge(&mut reader, &stored),
        Verdict::Accepted { .. }
    ));
}

#[test]
fn a_body_of_one_byte_more_is_not() {
    let mut chain = led_chain();
    let before = chain.clone();
    let mut out = Vec::new();
    let refused = chain.seal(NEW_YEAR, &vec![1; 900_001], &mut out);
    assert_eq!(refused, Err(SealError::BodyTooLong(900_001)));
    assert_eq!((chain, out.len()), (before, 0));
    let refused = encode_record(&mut out, &[0; 105], &vec![1; 900_001]);
    assert_eq!(
        (refused, out.len()),
        (Err(EntryError::BodyTooLong(900_001)), 0)
    );
}

#[test]
fn a_stored_body_beyond_the_limit_is_not_read() {
    let mut stored = seal(&mut led_chain(), NEW_YEAR, &vec![1; 900_000]);
    // 900,001 as a varint, and one byte more.
    assert_eq!(stored[107..111], [0x12, 0xa0, 0xf7, 0x36]);
    stored[108] = 0xa1;
    stored.push(1);
    assert_eq!(
        Entry::decode(&stored),
        Err(EntryError::BodyTooLong(900_001))
    );
}

#[test]
fn a_header_may_state_900_000_bytes_of_body_and_no_more() {
    let header = |body_length| RecordHeader {
        format: FORMAT,
        position: Position(0),
        term: Term(1),
        recorded_at: NEW_YEAR,
        prev_hash: Hash::of(b""),
        body_hash: Hash::of(b""),
        body_length,
    };
    assert!(RecordHeader::parse(&header(900_000).to_bytes()).is_ok());
    let beyond = RecordHeader::parse(&header(900_001).to_bytes());
    assert_eq!(beyond, Err(HeaderError::BodyLength(900_001)));
}

#[test]
fn a_header_of_256_bytes_is_looked_at_and_one_of_257_is_not() {
    let stored = |length: u8| {
        let header = vec![0x0d; 256 + usize::from(length)];
        [vec![0x0a, 0x80 + length, 0x02], header, vec![0x12, 0]].concat()
    };
    let format = HeaderError::Format(0x0d0d_0d0d);
    assert_eq!(Entry::decode(&stored(0)), Err(EntryError::Header(format)));
    assert_eq!(
        Entry::decode(&stored(1)),
        Err(EntryError::HeaderTooLong(257))
    );
}

#[test]
fn node_and_address_have_at_most_255_bytes() {
    let named = |node: usize, address: usize| Claim {
        node: "n".repeat(node),
        address: "a".repeat(address),
        ..claim(1)
    };
    let longest = named(255, 255);
    let bytes = longest.to_bytes().unwrap();
    assert_eq!(bytes.len(), CLAIM_BYTES_MAX);
    assert_eq!(Claim::parse(&bytes), Ok(longest));
    let mut out = Vec::new();
    for (node, address, field) in [(256, 0, 2), (0, 256, 3)] {
        let refused = ClaimError::TooLong { field, found: 256 };
        assert_eq!(named(node, address).to_bytes(), Err(refused));
        let entry = encode_claim(&mut out, &named(node, address));
        assert_eq!((entry, out.len()), (Err(EntryError::Claim(refused)), 0));
    }
    assert_eq!(NAME_BYTES_MAX, 255);
}

#[test]
fn a_stored_node_of_256_bytes_is_not_read() {
    let mut bytes = Claim {
        node: "n".repeat(255),
        ..claim(1)
    }
    .to_bytes()
    .unwrap();
    assert_eq!(bytes[9..12], [0x12, 0xff, 0x01]);
    bytes[10..12].copy_from_slice(&[0x80, 0x02]);
    bytes.insert(12, b'n');
    assert_eq!(
        Claim::parse(&bytes),
        Err(ClaimError::TooLong {
            field: 2,
            found: 256
        })
    );
}

#[test]
fn a_claim_longer_than_any_is_not_read() {
    let stored = [vec![0x1a, 0xa2, 0x04], vec![0; 546]].concat();
    assert_eq!(CLAIM_BYTES_MAX, 543);
    assert_eq!(Entry::decode(&stored), Err(EntryError::ClaimTooLong(546)));
    assert_eq!(BODY_BYTES_MAX, 900_000);
}

#[test]
fn the_last_position_but_one_is_sealed_and_the_last_is_not() {
    let point = ChainPoint {
        position: Position(u64::MAX - 2),
        record_hash: Hash::of(b"head"),
        term: Term(1),
        recorded_at: NEW_YEAR,
    };
    let mut chain = Chain::from_point(point);
    let mut out = Vec::new();
    let sealed = chain.seal(NEW_YEAR, b"", &mut out).unwrap();
    assert_eq!(sealed.position, Position(u64::MAX - 1));
    assert_eq!(
        chain.seal(NEW_YEAR, b"", &mut out),
        Err(SealError::PositionsExhausted)
    );
    let header = RecordHeader {
        format: FORMAT,
        position: Position(u64::MAX),
        term: Term(1),
        recorded_at: NEW_YEAR,
        prev_hash: sealed.record_hash,
        body_hash: Hash::of(b""),
        body_length: 0,
    };
    let mut stored = Vec::new();
    encode_record(&mut stored, &header.to_bytes(), b"").unwrap();
    let judged = chain.judge(&Entry::decode(&stored).unwrap());
    assert_eq!(
        judged,
        Err(Damage::PositionsExhausted {
            position: Position(u64::MAX)
        })
    );
}
