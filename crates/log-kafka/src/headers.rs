//! The CloudEvents headers of a record: a copy of what is inside the stored bytes, for programs that read no protobuf,
//! and checked on reading.
//!
//! Source: CloudEvents 1.0, Kafka protocol binding, binary mode. A binary-mode event without data would be a
//! tombstone, so an entry is never empty.

use perennial_proof::{Entry, EntryError};
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};

use crate::instant::rfc3339;

/// One header: its name and its text.
type Pair = (&'static str, String);

/// Returns the headers of an entry.
///
/// # Errors
/// [`EntryError`]: the bytes are no entry, or none at all.
pub(crate) fn of(ledger_id: &str, stored: &[u8]) -> Result<OwnedHeaders, EntryError> {
    let entry = Entry::decode(stored)?;
    let mut pairs = vec![
        ("content-type", "application/protobuf".to_owned()),
        ("ce_specversion", "1.0".to_owned()),
        (
            "ce_dataschema",
            "urn:proto:perennial.log.v1.LogEntry".to_owned(),
        ),
    ];
    pairs.extend(checked(ledger_id, &entry));
    if let Entry::Record { header, .. } = &entry {
        pairs.extend(rfc3339(header.recorded_at).map(|time| ("ce_time", time)));
    }
    let mut headers = OwnedHeaders::new_with_capacity(pairs.len());
    for (key, value) in &pairs {
        let value = Some(value.as_bytes());
        headers = headers.insert(Header { key, value });
    }
    Ok(headers)
}

/// Returns the headers that must be there when a record is read, and say what its bytes say.
fn checked(ledger_id: &str, entry: &Entry<'_>) -> Vec<Pair> {
    let mut pairs = Vec::with_capacity(4);
    pairs.push(("ce_source", format!("/ledgers/{ledger_id}")));
    match entry {
        Entry::Record { header, .. } => {
            let (term, position) = (header.term, header.position);
            pairs.push(("ce_type", "perennial.log.record.v1".to_owned()));
            pairs.push(("ce_id", format!("{term}-{position}")));
            // Sorts as text.
            pairs.push(("ce_sequence", format!("{:020}", position.0)));
        }
        Entry::Claim(claim) => {
            pairs.push(("ce_type", "perennial.log.claim.v1".to_owned()));
            let nonce = claim.nonce.map(|byte| format!("{byte:02x}")).concat();
            pairs.push(("ce_id", format!("{}-{nonce}", claim.term)));
        }
    }
    pairs
}

/// Takes the stored bytes out of a record of Kafka, if it is one of ours.
///
/// # Errors
/// What is wrong with it, as a sentence about "the record".
pub(crate) fn stored<M: Message>(ledger_id: &str, record: &M) -> Result<Vec<u8>, String> {
    let foreign = "the record is not one of this ledger:";
    let Some(stored) = record.payload().filter(|bytes| !bytes.is_empty()) else {
        return Err(format!("{foreign} it is empty"));
    };
    if record.key() != Some(ledger_id.as_bytes()) {
        let key = String::from_utf8_lossy(record.key().unwrap_or_default()).into_owned();
        return Err(format!("{foreign} its key is {key:?}"));
    }
    let entry = Entry::decode(stored).map_err(|error| format!("{foreign} {error}"))?;
    let mut missing = checked(ledger_id, &entry);
    // Each call goes into the client library, so every header is looked at once.
    let headers = record.headers();
    let count = headers.map_or(0, Headers::count);
    for found in (0..count).filter_map(|index| headers?.try_get(index)) {
        let Some(index) = missing.iter().position(|(name, _)| *name == found.key) else {
            continue;
        };
        let (name, expected) = missing.swap_remove(index);
        let value = found.value.unwrap_or_default();
        if value != expected.as_bytes() {
            let value = String::from_utf8_lossy(value);
            return Err(format!(
                "the record's header {name} is {value:?}, its bytes say {expected:?}"
            ));
        }
    }
    match missing.first() {
        Some((name, _)) => Err(format!("{foreign} it has no header {name}")),
        None => Ok(stored.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use perennial_proof::entry::{encode_claim, encode_record};
    use perennial_proof::{Claim, Hash, Position, RecordHeader, Term};
    use rdkafka::message::{OwnedMessage, Timestamp};

    use super::*;

    fn record() -> Vec<u8> {
        let header = RecordHeader {
            format: 1,
            position: Position(41),
            term: Term(3),
            recorded_at: 1_790_856_000_000_001,
            prev_hash: Hash::of(b"before"),
            body_hash: Hash::of(b"body"),
            body_length: 4,
        };
        let mut stored = Vec::new();
        encode_record(&mut stored, &header.to_bytes(), b"body").unwrap();
        stored
    }

    fn claim() -> Vec<u8> {
        let claim = Claim {
            term: Term(4),
            node: "n".to_owned(),
            address: String::new(),
            nonce: [0xab; 16],
        };
        let mut stored = Vec::new();
        encode_claim(&mut stored, &claim).unwrap();
        stored
    }

    fn told(headers: &OwnedHeaders) -> Vec<(&str, &str)> {
        let text = |value| std::str::from_utf8(value).unwrap();
        headers
            .iter()
            .map(|header| (header.key, header.value.map(text).unwrap()))
            .collect()
    }

    fn message(key: &str, stored: &[u8], headers: OwnedHeaders) -> OwnedMessage {
        OwnedMessage::new(
            Some(stored.to_vec()),
            Some(key.as_bytes().to_vec()),
            "topic".to_owned(),
            Timestamp::NotAvailable,
            0,
            0,
            Some(headers),
        )
    }

    #[test]
    fn headers_say_what_the_bytes_say() {
        assert_eq!(
            told(&of("acme", &record()).unwrap()),
            [
                ("content-type", "application/protobuf"),
                ("ce_specversion", "1.0"),
                ("ce_dataschema", "urn:proto:perennial.log.v1.LogEntry"),
                ("ce_source", "/ledgers/acme"),
                ("ce_type", "perennial.log.record.v1"),
                ("ce_id", "3-41"),
                ("ce_sequence", "00000000000000000041"),
                ("ce_time", "2026-10-01T12:00:00.000001Z"),
            ]
        );
        assert_eq!(
            told(&of("acme", &claim()).unwrap())[4..],
            [
                ("ce_type", "perennial.log.claim.v1"),
                ("ce_id", "4-abababababababababababababababab"),
            ]
        );
        assert_eq!(of("acme", b"").unwrap_err(), EntryError::Neither);
    }

    #[test]
    fn a_record_comes_back_byte_for_byte() {
        for bytes in [record(), claim()] {
            let message = message("acme", &bytes, of("acme", &bytes).unwrap());
            assert_eq!(stored("acme", &message), Ok(bytes));
        }
    }

    #[test]
    fn somebody_elses_record_is_named() {
        let bytes = record();
        let with = |key, bytes: &[u8], headers| stored("acme", &message(key, bytes, headers));
        let ours = || of("acme", &record()).unwrap();
        for (read, problem) in [
            (with("acme", b"", ours()), "it is empty"),
            (with("other", &bytes, ours()), "its key is \"other\""),
            (with("acme", b"{}", ours()), "unknown field, byte 0x7b"),
            (
                with("acme", &bytes, OwnedHeaders::new()),
                "it has no header ce_source",
            ),
        ] {
            let expected = format!("the record is not one of this ledger: {problem}");
            assert_eq!(read, Err(expected));
        }
    }

    #[test]
    fn a_header_that_contradicts_the_bytes_is_damage() {
        let (ours, other) = (record(), claim());
        let problem = stored("acme", &message("acme", &ours, of("other", &ours).unwrap()));
        assert_eq!(
            problem.unwrap_err(),
            "the record's header ce_source is \"/ledgers/other\", its bytes say \"/ledgers/acme\""
        );
        let problem = stored("acme", &message("acme", &ours, of("acme", &other).unwrap()));
        assert_eq!(
            problem.unwrap_err(),
            "the record's header ce_type is \"perennial.log.claim.v1\", its bytes say \"perennial.log.record.v1\""
        );
    }
}
