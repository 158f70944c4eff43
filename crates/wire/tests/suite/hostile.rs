//! Stored and sent bytes are input: damaged ones are refused or read as something else, never a panic.

use perennial_wire::pb;
use perennial_wire::request::{Limits, canonical_submission, submit};
use perennial_wire::stored::{
    Outcome, Problem, decode_body, decode_event, encode_body, encode_event,
};
use prost::Message;

use crate::arbitrary::Random;
use crate::{command_samples, event_samples, golden};

#[test]
fn truncated_events_never_panic_and_are_never_read_as_the_whole() {
    for (name, event) in event_samples::events() {
        let bytes = encode_event(&event);
        for length in 0..bytes.len() {
            assert_ne!(
                decode_event(&bytes[..length]),
                Ok(event.clone()),
                "{name} cut at {length}"
            );
        }
    }
}

#[test]
fn events_with_a_flipped_bit_never_panic() {
    for (_, event) in event_samples::events() {
        let mut bytes = encode_event(&event);
        for index in 0..bytes.len() {
            for bit in 0..8 {
                bytes[index] ^= 1 << bit;
                drop(decode_event(&bytes));
                bytes[index] ^= 1 << bit;
            }
        }
        assert_eq!(decode_event(&bytes), Ok(event));
    }
}

#[test]
fn truncated_and_flipped_bodies_never_panic_and_truncated_ones_are_never_the_whole() {
    for (name, body) in golden::bodies() {
        let mut bytes = encode_body(&body);
        for length in 0..bytes.len() {
            let cut = decode_body(&bytes[..length]);
            assert_ne!(cut, Ok(body.clone()), "{name} cut at {length}");
            for bit in 0..8 {
                bytes[length] ^= 1 << bit;
                drop(decode_body(&bytes));
                bytes[length] ^= 1 << bit;
            }
        }
        assert_eq!(decode_body(&bytes), Ok(body));
    }
}

#[test]
fn requests_with_flipped_bytes_never_panic() {
    let version = b"submission.1\n".len();
    for (_, submission) in command_samples::commands() {
        let mut bytes = canonical_submission(&submission).split_off(version);
        for index in 0..bytes.len() {
            for flip in [0x01, 0x08, 0x80, 0xff] {
                bytes[index] ^= flip;
                if let Ok(request) = pb::ledger::SubmitRequest::decode(bytes.as_slice()) {
                    assert!(
                        submit(request, &Limits::default()).is_err(),
                        "it names no ledger"
                    );
                }
                bytes[index] ^= flip;
            }
        }
    }
}

#[test]
fn random_bytes_are_no_body() {
    let mut random = Random::new("random_bytes_are_no_body");
    for _ in 0..20_000 {
        let length = random.below(64);
        let bytes: Vec<u8> = (0..length)
            .map(|_| random.next().to_le_bytes()[3])
            .collect();
        assert!(decode_body(&bytes).is_err(), "{bytes:02x?}");
    }
}

#[test]
fn an_event_of_an_unknown_kind_stops_the_reader() {
    let (_, event) = event_samples::events().remove(0);
    let mut message = pb::log::StoredEvent::decode(encode_event(&event).as_slice()).unwrap();
    message.kind = None;
    let mut bytes = message.encode_to_vec();
    // Field 999, length-delimited, empty: a kind of a later version.
    bytes.extend([0xba, 0x3e, 0x00]);
    assert_eq!(decode_event(&bytes).unwrap_err().problem, Problem::Kind);
}

#[test]
fn an_event_of_an_unknown_version_stops_the_reader() {
    let (_, event) = event_samples::events().remove(0);
    for (version, accepted) in [(0, false), (1, true), (2, false)] {
        let mut message = pb::log::StoredEvent::decode(encode_event(&event).as_slice()).unwrap();
        message.schema_version = version;
        let decoded = decode_event(&message.encode_to_vec());
        assert_eq!(decoded.is_ok(), accepted, "version {version}");
    }
}

#[test]
fn an_event_in_a_stream_of_another_kind_is_refused() {
    let (_, event) = event_samples::events().remove(0);
    let mut message = pb::log::StoredEvent::decode(encode_event(&event).as_slice()).unwrap();
    message.stream = "pledge/abcd".to_owned();
    let error = decode_event(&message.encode_to_vec()).unwrap_err();
    assert_eq!(error.problem, Problem::KindOfStream);
}

#[test]
fn the_path_of_a_damaged_field_is_told() {
    let samples = event_samples::events();
    let (_, event) = samples
        .iter()
        .find(|(name, _)| *name == "disbursement_made")
        .unwrap();
    let mut message = pb::log::StoredEvent::decode(encode_event(event).as_slice()).unwrap();
    if let Some(pb::log::stored_event::Kind::DisbursementMade(made)) = &mut message.kind {
        made.cash.as_mut().unwrap().parts[0].line_id = "no line".to_owned();
    }
    let error = decode_event(&message.encode_to_vec()).unwrap_err();
    assert_eq!(error.path, "disbursement_made.cash.parts[0].line_id");
    let body = pb::log::RecordBody {
        request_id: vec![1; 16],
        command_digest: vec![2; 32],
        actor: Some(pb::log::Actor::default()),
        policy_profile: pb::log::Profile::Mirror.into(),
        salt: vec![3; 16],
        events: vec![message],
        refusal: None,
    };
    let error = decode_body(&body.encode_to_vec()).unwrap_err();
    assert_eq!(
        error.path,
        "events[0].disbursement_made.cash.parts[0].line_id"
    );
}

#[test]
fn a_body_has_events_or_a_refusal_never_both_or_none() {
    let (_, event) = event_samples::events().remove(0);
    let stored = pb::log::StoredEvent::decode(encode_event(&event).as_slice()).unwrap();
    let violation = pb::log::RefusalViolation {
        class: pb::log::RefusalClass::Rule.into(),
        reason: "R".to_owned(),
        ..Default::default()
    };
    let refusal = pb::log::Refusal {
        violations: vec![violation],
    };
    let empty = pb::log::Refusal {
        violations: Vec::new(),
    };
    let body = |events, refusal| pb::log::RecordBody {
        request_id: vec![1; 16],
        command_digest: vec![2; 32],
        actor: Some(pb::log::Actor::default()),
        policy_profile: pb::log::Profile::Strict.into(),
        salt: vec![3; 16],
        events,
        refusal,
    };
    let decode = |body: pb::log::RecordBody| decode_body(&body.encode_to_vec());
    let events = decode(body(vec![stored.clone()], None)).unwrap();
    assert!(matches!(events.outcome, Outcome::Events(events) if events == [event]));
    let refused = decode(body(Vec::new(), Some(refusal.clone()))).unwrap();
    assert!(matches!(refused.outcome, Outcome::Refusal(_)));
    assert_eq!(
        decode(body(Vec::new(), None)).unwrap_err().problem,
        Problem::Absent
    );
    assert_eq!(
        decode(body(vec![stored], Some(refusal)))
            .unwrap_err()
            .problem,
        Problem::Both
    );
    assert_eq!(
        decode(body(Vec::new(), Some(empty))).unwrap_err().path,
        "refusal.violations"
    );
}

#[test]
fn stored_enumerations_refuse_zero_and_unknown_numbers() {
    let samples = event_samples::events();
    let (_, event) = samples
        .iter()
        .find(|(name, _)| *name == "entry_reversed")
        .unwrap();
    for (number, accepted) in [(0, false), (1, true), (4, true), (5, false), (-1, false)] {
        let mut message = pb::log::StoredEvent::decode(encode_event(event).as_slice()).unwrap();
        if let Some(pb::log::stored_event::Kind::EntryReversed(reversed)) = &mut message.kind {
            reversed.reason = number;
        }
        assert_eq!(
            decode_event(&message.encode_to_vec()).is_ok(),
            accepted,
            "{number}"
        );
    }
}
