//! Bytes written out by hand: the encoders are not asked.

use perennial_domain::log::Position;
use perennial_wire::pb;
use perennial_wire::stored::{Actor, Outcome, RecordBody, encode_body, encode_event};
use prost::Message;

use crate::event_samples;

/// Header and its two leads in an entry of `perennial-proof`: 2 + 105 bytes, and up to 4 before the body.
const HEADER_AND_LEADS: usize = 2 + 105 + 4;

#[test]
fn the_bytes_of_a_small_event_are_what_the_proto_file_says() {
    let samples = event_samples::events();
    let (_, event) = samples
        .iter()
        .find(|(name, _)| *name == "entry_replaced")
        .unwrap();
    let mut expected = vec![0x08, 0x01, 0x12, 22];
    expected.extend(b"agreement/swe-iom-2026");
    // revision 7, effective_on 20260301 = 0x1352 5cd
    expected.extend([0x18, 7, 0x20, 0xcd, 0xcb, 0xd4, 0x09]);
    // entry_replaced = 71, of 7 bytes: target of 5 bytes: position 1042, index 3
    expected.extend([0xba, 0x04, 0x07, 0x0a, 0x05, 0x08, 0x92, 0x08, 0x10, 0x03]);
    assert_eq!(encode_event(event), expected);
}

#[test]
fn stored_money_is_byte_for_byte_google_type_money() {
    for amount in ["1000.25", "-0.01", "0", "9999999999999999.99"] {
        let money = crate::money(amount, "USD");
        let stored = pb::log::Money::from(money).encode_to_vec();
        let google = pb::google::r#type::Money::from(money).encode_to_vec();
        assert_eq!(stored, google, "{amount}");
    }
}

#[test]
fn a_stored_disbursement_of_one_line_has_fewer_than_400_bytes() {
    let samples = event_samples::events();
    let (_, event) = samples
        .iter()
        .find(|(name, _)| *name == "disbursement_made.bare")
        .unwrap();
    let body = RecordBody {
        request_id: perennial_domain::ids::RequestId([1; 16]),
        command_digest: [2; 32],
        actor: Actor {
            subject: "anonymous".to_owned(),
            peer: "192.168.100.100:65535".to_owned(),
        },
        profile: perennial_domain::rule::Profile::Strict,
        salt: [3; 16],
        outcome: Outcome::Events(vec![event.clone()]),
    };
    let stored = HEADER_AND_LEADS + encode_body(&body).len();
    assert!(stored < 400, "{stored}");
}

#[test]
fn a_header_written_by_hand_is_what_the_proto_file_describes() {
    let mut bytes = vec![0x0d, 1, 0, 0, 0];
    bytes.extend([0x11, 9, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend([0x19, 2, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend([0x21, 1, 0x40, 0x20, 0x46, 0x48, 0x47, 0x06, 0x00]);
    bytes.extend([0x2a, 0x20]);
    bytes.extend([0xaa; 32]);
    bytes.extend([0x32, 0x20]);
    bytes.extend([0xbb; 32]);
    bytes.extend([0x3d, 14, 0, 0, 0]);
    let header = pb::log::RecordHeader::decode(bytes.as_slice()).unwrap();
    assert_eq!(header.position.map(Position), Some(Position(9)));
    assert_eq!(header.recorded_at, Some(1_767_225_600_000_001));
    assert_eq!(header.body_length, Some(14));
    assert_eq!(header.encode_to_vec(), bytes);
}
