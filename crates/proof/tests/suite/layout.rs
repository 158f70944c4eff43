//! What is no entry, and what the decoder says of it.

use perennial_proof::{ClaimError, Entry, EntryError, HeaderError};

use crate::{NEW_YEAR, claim, claim_entry, led_chain, seal};

fn record() -> Vec<u8> {
    seal(&mut led_chain(), NEW_YEAR, b"body")
}

/// Tag, length and header of [`record`]: what stands before the body.
const HEADER_PART: usize = 2 + 105;

#[track_caller]
fn refused(bytes: &[u8], expected: EntryError) {
    assert_eq!(Entry::decode(bytes), Err(expected));
}

/// The record with `byte` at `index`.
fn record_with(index: usize, byte: u8) -> Vec<u8> {
    let mut bytes = record();
    bytes[index] = byte;
    bytes
}

#[test]
fn neither_a_record_nor_a_claim_is_refused() {
    refused(&[], EntryError::Neither);
}

#[test]
fn a_record_and_a_claim_in_one_entry_are_refused() {
    refused(&[record(), claim_entry(1)].concat(), EntryError::Both);
    refused(&[claim_entry(1), record()].concat(), EntryError::Both);
    refused(
        &[&record()[..HEADER_PART], &claim_entry(1)].concat(),
        EntryError::Both,
    );
}

#[test]
fn half_a_record_is_refused() {
    refused(&record()[..HEADER_PART], EntryError::BodyAbsent);
    refused(&record()[HEADER_PART..], EntryError::HeaderAbsent);
}

#[test]
fn a_field_that_stands_twice_is_refused() {
    refused(&[record(), record()].concat(), EntryError::Repeated(0x0a));
    refused(
        &[record(), record()[HEADER_PART..].to_vec()].concat(),
        EntryError::Repeated(0x12),
    );
    refused(
        &[claim_entry(1), claim_entry(1)].concat(),
        EntryError::Repeated(0x1a),
    );
}

#[test]
fn an_unknown_field_is_refused_wherever_it_stands() {
    refused(&[0x22, 0x00], EntryError::UnknownField(0x22));
    refused(
        &[record(), vec![0x22, 0x00]].concat(),
        EntryError::UnknownField(0x22),
    );
    refused(
        &[claim_entry(1), vec![0x22, 0x00]].concat(),
        EntryError::UnknownField(0x22),
    );
    refused(
        &record_with(HEADER_PART, 0x22),
        EntryError::UnknownField(0x22),
    );
}

#[test]
fn a_length_in_a_longer_form_is_refused() {
    let mut bytes = record();
    assert_eq!(bytes[HEADER_PART + 1], 4);
    bytes.splice(HEADER_PART + 1..HEADER_PART + 2, [0x84, 0x00]);
    refused(&bytes, EntryError::Length(0x12));
    bytes.splice(HEADER_PART + 1..HEADER_PART + 3, [0x84, 0x80, 0x80, 0x00]);
    refused(&bytes, EntryError::Length(0x12));
}

#[test]
fn a_header_of_another_layout_is_refused() {
    let header = |error| EntryError::Header(error);
    refused(&record_with(3, 2), header(HeaderError::Format(2)));
    for (index, found, field) in [
        (2, 0x0c, 1),
        (7, 0x12, 2),
        (16, 0x1a, 3),
        (25, 0x22, 4),
        (35, 0x1f, 5),
        (68, 0x33, 6),
        (102, 0x3c, 7),
    ] {
        let tag = HeaderError::Tag { field, found };
        refused(&record_with(index, found), header(tag));
    }
    let mut longer = record();
    longer[1] = 106;
    longer.insert(HEADER_PART, 0);
    refused(&longer, header(HeaderError::Length(106)));
    let mut shorter = record();
    shorter[1] = 104;
    shorter.remove(HEADER_PART - 1);
    refused(&shorter, header(HeaderError::Length(104)));
}

#[test]
fn a_claim_of_another_layout_is_refused() {
    let claim_with = |index: usize, byte: u8| {
        let mut bytes = claim_entry(1);
        bytes[index] = byte;
        bytes
    };
    let claim = |error| EntryError::Claim(error);
    for (index, found, field) in [(2, 0x08, 1), (11, 0x11, 2)] {
        let tag = ClaimError::Tag { field, found };
        refused(&claim_with(index, found), claim(tag));
    }
    refused(
        &claim_with(13, 0xff),
        claim(ClaimError::NotUtf8 { field: 2 }),
    );
    refused(
        &claim_with(36, 0x0f),
        claim(ClaimError::Length { field: 4 }),
    );
    let mut longer = claim_entry(1);
    longer[1] += 1;
    longer.push(0);
    refused(&longer, claim(ClaimError::Trailing(1)));
}

#[test]
fn a_claim_may_have_no_address() {
    let mut nowhere = claim(1);
    nowhere.address.clear();
    let bytes = nowhere.to_bytes().unwrap();
    assert_eq!(perennial_proof::Claim::parse(&bytes), Ok(nowhere));
}
