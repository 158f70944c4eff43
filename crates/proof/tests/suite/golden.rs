//! The stored bytes and their hashes, written out (computed by an independent Python script): what was
//! stored once must be read, and written, like this for ever.

use perennial_proof::entry::encode_claim;
use perennial_proof::{Chain, Entry, Hash, Position, Term, genesis_hash, record_hash};

use crate::{NEW_YEAR, claim, claim_entry, hex, judge, led_chain, seal};

const GENESIS: &str = "d5bed1b8f7478003f1e28c443dd250b39f12dd2f5c4076819b20936214909f47";
const HEADER_0: &str = concat!(
    "0d01000000",
    "110000000000000000",
    "190100000000000000",
    "210040204648470600",
    "2a20d5bed1b8f7478003f1e28c443dd250b39f12dd2f5c4076819b20936214909f47",
    "32200ce628f455cfbaa6f779565e35dc0092018f33352916d4550b0de5402d208294",
    "3d0e000000",
);
const RECORD_HASH_0: &str = "111d43fdcafb1e447f9e99a131890ae8cedf348b0795627e80ed548d3c1312ce";
/// `ledger created`, behind its tag and length.
const BODY_0: &str = "120e6c65646765722063726561746564";
const HEADER_1: &str = concat!(
    "0d01000000",
    "110100000000000000",
    "190100000000000000",
    "210140204648470600",
    "2a20111d43fdcafb1e447f9e99a131890ae8cedf348b0795627e80ed548d3c1312ce",
    "3220f27e4513cc0e4db06e7e585f6e100b7013240b288f11d884aa929fcef5212c10",
    "3d10000000",
);
const RECORD_HASH_1: &str = "f9cd5e4f6e6b3d24a195f7abcfe896c9fb38270f16fba4bc1d4c89ff68510870";
const CLAIM: &str = concat!(
    "090100000000000000",
    "12066e6f64652d61",
    "1a0e3132372e302e302e313a37343030",
    "2210000102030405060708090a0b0c0d0e0f",
);

#[test]
fn a_chain_begins_with_the_hash_of_its_ledgers_name() {
    assert_eq!(genesis_hash("acme").to_string(), GENESIS);
    assert_eq!(Chain::new("acme").head_hash().to_string(), GENESIS);
}

#[test]
fn the_first_two_records_have_the_golden_bytes_and_hashes() {
    let mut chain = led_chain();
    let first = seal(&mut chain, NEW_YEAR, b"ledger created");
    assert_eq!(hex(&first), format!("0a69{HEADER_0}{BODY_0}"));
    assert_eq!(chain.head_hash().to_string(), RECORD_HASH_0);
    let second = seal(&mut chain, NEW_YEAR + 1, b"pledge announced");
    assert_eq!(
        hex(&second),
        format!("0a69{HEADER_1}1210{}", hex(b"pledge announced"))
    );
    assert_eq!(chain.head_hash().to_string(), RECORD_HASH_1);
}

#[test]
fn golden_headers_are_read_back_field_by_field() {
    let mut chain = led_chain();
    let stored = seal(&mut chain, NEW_YEAR, b"ledger created");
    let Entry::Record {
        header_bytes,
        header,
        body,
    } = Entry::decode(&stored).unwrap()
    else {
        panic!("a record");
    };
    assert_eq!(hex(header_bytes), HEADER_0);
    assert_eq!(header.to_bytes().as_slice(), header_bytes);
    assert_eq!(
        (header.format, header.position, header.term),
        (1, Position(0), Term(1))
    );
    assert_eq!((header.recorded_at, header.body_length), (NEW_YEAR, 14));
    assert_eq!(header.prev_hash.to_string(), GENESIS);
    assert_eq!(header.body_hash, Hash::of(b"ledger created"));
    assert_eq!(body, b"ledger created");
    assert_eq!(record_hash(header_bytes).to_string(), RECORD_HASH_0);
}

#[test]
fn a_claim_has_the_golden_bytes_and_is_read_back() {
    assert_eq!(hex(&claim(1).to_bytes().unwrap()), CLAIM);
    let stored = claim_entry(1);
    assert_eq!(hex(&stored), format!("1a33{CLAIM}"));
    assert_eq!(Entry::decode(&stored), Ok(Entry::Claim(claim(1))));
}

#[test]
fn encoding_reserves_its_length_at_once() {
    let stored = seal(&mut led_chain(), NEW_YEAR, &[7; 5000]);
    assert_eq!(stored.capacity(), stored.len());
    let mut out = Vec::new();
    encode_claim(&mut out, &claim(1)).unwrap();
    assert_eq!(out.capacity(), out.len());
}

#[test]
fn a_stored_chain_is_accepted_as_it_was_sealed() {
    let (mut writer, mut reader) = (led_chain(), led_chain());
    for body in [b"ledger created".as_slice(), b"", b"pledge announced"] {
        let stored = seal(&mut writer, NEW_YEAR, body);
        judge(&mut reader, &stored);
        assert_eq!(reader, writer);
    }
    assert_eq!(reader.next_position(), Position(3));
}

#[test]
fn a_hash_is_shown_and_parsed_as_lower_case_hexadecimal() {
    let hash: Hash = GENESIS.parse().unwrap();
    assert_eq!(hash, genesis_hash("acme"));
    assert_eq!(format!("{hash:?}"), format!("Hash({GENESIS})"));
    assert_eq!(Hash::from_bytes(*hash.as_bytes()), hash);
    let longer = format!("{GENESIS}0");
    let capital = GENESIS.to_uppercase();
    for bad in [
        "",
        &GENESIS[1..],
        &longer,
        &capital,
        &GENESIS.replace('d', "g"),
    ] {
        assert!(bad.parse::<Hash>().is_err(), "{bad}");
    }
}
