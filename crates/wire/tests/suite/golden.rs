//! The bytes of every kind of event, of record bodies and of canonical submissions: INV-8 says they decode, for ever,
//! to the same meaning, and INV-5 compares digests of canonical submissions for ever. Rewritten only with
//! `PERENNIAL_UPDATE_GOLDEN=1`; text forms sit beside the bytes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use perennial_domain::ids::RequestId;
use perennial_domain::rule::{Figure, Profile, Rule};
use perennial_wire::request::canonical_submission;
use perennial_wire::stored::{
    Actor, Outcome, RecordBody, RefusalClass, StoredRefusal, StoredViolation, decode_body,
    decode_event, encode_body, encode_event, event_to_message, kind,
};
use prost_reflect::text_format::FormatOptions;
use prost_reflect::{DescriptorPool, DynamicMessage};

use crate::{command_samples, event_samples};

#[test]
fn every_kind_of_event_has_its_golden_bytes_inv_8() {
    for (name, event) in event_samples::events() {
        let bytes = encode_event(&event);
        check(
            &format!("events/{name}"),
            "perennial.log.v1.StoredEvent",
            &bytes,
            0,
        );
        let golden = golden(&format!("events/{name}"));
        assert_eq!(decode_event(&golden).unwrap(), event, "{name}");
        assert_eq!(kind(&event_to_message(&event)), event.fact.kind());
    }
}

#[test]
fn no_kind_of_event_is_without_a_sample() {
    let pool = DescriptorPool::decode(perennial_wire::FILE_DESCRIPTOR_SET).unwrap();
    let stored = pool
        .get_message_by_name("perennial.log.v1.StoredEvent")
        .unwrap();
    let kinds: BTreeSet<String> = stored
        .oneofs()
        .filter(|oneof| oneof.name() == "kind")
        .flat_map(|oneof| {
            oneof
                .fields()
                .map(|field| field.name().to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    let samples: BTreeSet<String> = event_samples::events()
        .iter()
        .map(|(name, _)| name.split('.').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(samples, kinds);
}

#[test]
fn no_golden_file_is_without_a_sample() {
    let mut expected: BTreeSet<String> = BTreeSet::new();
    for (name, _) in event_samples::events() {
        expected.insert(format!("events/{name}"));
    }
    for (name, _) in command_samples::commands() {
        expected.insert(format!("submissions/{name}"));
    }
    for (name, _) in bodies() {
        expected.insert(format!("bodies/{name}"));
    }
    let mut found = BTreeSet::new();
    for folder in ["events", "submissions", "bodies"] {
        for entry in std::fs::read_dir(folder_of_golden_files().join(folder)).unwrap() {
            let file = entry.unwrap().file_name().into_string().unwrap();
            let name = file
                .strip_suffix(".hex")
                .or(file.strip_suffix(".txtpb"))
                .unwrap();
            found.insert(format!("{folder}/{name}"));
        }
    }
    assert_eq!(found, expected);
}

#[test]
fn record_bodies_have_their_golden_bytes_inv_8() {
    for (name, body) in bodies() {
        let bytes = encode_body(&body);
        check(
            &format!("bodies/{name}"),
            "perennial.log.v1.RecordBody",
            &bytes,
            0,
        );
        let golden = golden(&format!("bodies/{name}"));
        assert_eq!(decode_body(&golden).unwrap(), body, "{name}");
    }
}

#[test]
fn canonical_submissions_have_their_golden_bytes_inv_5() {
    for (name, submission) in command_samples::commands() {
        let bytes = canonical_submission(&submission);
        let version = b"submission.1\n".len();
        assert_eq!(&bytes[..version], b"submission.1\n");
        check(
            &format!("submissions/{name}"),
            "perennial.ledger.v1.SubmitRequest",
            &bytes,
            version,
        );
    }
}

pub(crate) fn bodies() -> Vec<(&'static str, RecordBody)> {
    let body = |outcome| RecordBody {
        request_id: RequestId([0x11; 16]),
        command_digest: [0x22; 32],
        actor: Actor {
            subject: "anonymous".to_owned(),
            peer: "127.0.0.1:50123".to_owned(),
        },
        profile: Profile::Strict,
        salt: [0x33; 16],
        outcome,
    };
    let events = event_samples::events();
    let bare = events
        .iter()
        .find(|(name, _)| *name == "disbursement_made.bare");
    let replaced = events.iter().find(|(name, _)| *name == "entry_replaced");
    let two = vec![replaced.unwrap().1.clone(), bare.unwrap().1.clone()];
    let refusal = StoredRefusal {
        violations: vec![
            StoredViolation {
                class: RefusalClass::Rule,
                reason: "DISBURSEMENT_EXCEEDS_COMMITMENT".to_owned(),
                command_index: Some(0),
                field: None,
                rule: Some(Rule::WithinCommitment),
                subject: "agreement/swe-iom-2026".to_owned(),
                figures: vec![Figure {
                    name: "limit".to_owned(),
                    value: "1000.25 USD".to_owned(),
                }],
                description: "more than the commitment".to_owned(),
            },
            StoredViolation {
                class: RefusalClass::Invalid,
                reason: "ZERO_AMOUNT".to_owned(),
                command_index: None,
                field: Some("lines[0].amount".to_owned()),
                rule: None,
                subject: String::new(),
                figures: Vec::new(),
                description: String::new(),
            },
        ],
    };
    vec![
        ("events", body(Outcome::Events(two))),
        ("refusal", body(Outcome::Refusal(refusal))),
    ]
}

/// Compares `bytes` with the golden file, or writes it; `skip` bytes before the message are not in the text form.
#[track_caller]
fn check(name: &str, message: &str, bytes: &[u8], skip: usize) {
    let text = text_form(message, &bytes[skip..]);
    let base = folder_of_golden_files().join(name);
    if updating() {
        std::fs::create_dir_all(base.parent().unwrap()).unwrap();
        std::fs::write(with_suffix(&base, ".hex"), hex_lines(bytes)).unwrap();
        std::fs::write(with_suffix(&base, ".txtpb"), &text).unwrap();
    }
    assert_eq!(
        hex_lines(bytes),
        read(&with_suffix(&base, ".hex")),
        "bytes of {name}"
    );
    assert_eq!(
        text,
        read(&with_suffix(&base, ".txtpb")),
        "text form of {name}"
    );
}

fn golden(name: &str) -> Vec<u8> {
    let text = read(&with_suffix(&folder_of_golden_files().join(name), ".hex"));
    let digits: String = text.split_whitespace().collect();
    (0..digits.len() / 2)
        .map(|index| u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).unwrap())
        .collect()
}

fn text_form(message: &str, bytes: &[u8]) -> String {
    let pool = DescriptorPool::decode(perennial_wire::FILE_DESCRIPTOR_SET).unwrap();
    let descriptor = pool.get_message_by_name(message).unwrap();
    let decoded = DynamicMessage::decode(descriptor, bytes).unwrap();
    let options = FormatOptions::new().pretty(true);
    format!("{}\n", decoded.to_text_format_with_options(&options))
}

fn hex_lines(bytes: &[u8]) -> String {
    let line = |chunk: &[u8]| {
        let digits = chunk
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        digits + "\n"
    };
    bytes.chunks(32).map(line).collect()
}

fn folder_of_golden_files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn with_suffix(base: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", base.display()))
}

#[track_caller]
fn read(path: &Path) -> String {
    let hint = "missing golden file: see PERENNIAL_UPDATE_GOLDEN";
    std::fs::read_to_string(path).unwrap_or_else(|error| format!("{hint}: {error}"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one switch that rewrites golden files"
)]
fn updating() -> bool {
    std::env::var("PERENNIAL_UPDATE_GOLDEN").is_ok_and(|value| value == "1")
}
