//! Deterministic names: the same published thing gets the same id in every file and every ledger.
//!
//! Each id is cut from SHA-256 over UTF-8 texts joined by the byte 0x1F (unit separator), which no published text
//! holds because control characters are left out of them when they are read.

use perennial_domain::classification::{LineDims, Split, Vocabulary};
use perennial_domain::ids::{AgreementId, ImportId, LineId, MalformedId, PledgeId};
use perennial_domain::import::ImportSource;
use perennial_domain::money::Currency;
use perennial_domain::party::OrgRef;
use sha2::{Digest, Sha256};

use crate::vocabulary::Direction;

const SEPARATOR: u8 = 0x1F;

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (index, part) in parts.iter().enumerate() {
        if 0 < index {
            hash.update([SEPARATOR]);
        }
        hash.update(part);
    }
    hash.finalize().into()
}

fn hex(prefix: &str, digest: &[u8; 32], digits: usize) -> String {
    let mut text = prefix.to_owned();
    for byte in digest {
        for nibble in [byte >> 4, byte & 0x0F] {
            text.extend(char::from_digit(u32::from(nibble), 16));
        }
    }
    text.truncate(prefix.len().saturating_add(digits));
    text
}

/// `iati-` and 32 hex digits of SHA-256(identifier, `incoming` or `outgoing`, currency).
pub fn agreement_id(identifier: &str, direction: Direction, currency: Currency) -> AgreementId {
    let digest = digest(&[
        identifier.as_bytes(),
        direction.name().as_bytes(),
        currency.code().as_bytes(),
    ]);
    well_formed(AgreementId::parse(&hex("iati-", &digest, 32)))
}

/// `iati-` and 32 hex digits of SHA-256(identifier, `pledge`, hex of the occurrence key, occurrence): one stream
/// for each published pledge.
pub fn pledge_id(identifier: &str, occurrence_key: &[u8; 16], occurrence: u32) -> PledgeId {
    let key = u128::from_be_bytes(*occurrence_key);
    let digest = digest(&[
        identifier.as_bytes(),
        b"pledge",
        format!("{key:032x}").as_bytes(),
        occurrence.to_string().as_bytes(),
    ]);
    well_formed(PledgeId::parse(&hex("iati-", &digest, 32)))
}

/// `line-` and 16 hex digits of SHA-256(counterparty's id or name, purposes, places, humanitarian flag).
pub fn line_id(counterparty: &OrgRef, dims: &LineDims) -> LineId {
    let humanitarian = match dims.humanitarian {
        Some(true) => "1",
        Some(false) => "0",
        None => "-",
    };
    let digest = digest(&[
        counterparty.key().as_bytes(),
        split_text(&dims.purposes).as_bytes(),
        split_text(&dims.places).as_bytes(),
        humanitarian.as_bytes(),
    ]);
    well_formed(LineId::parse(&hex("line-", &digest, 16)))
}

/// `import-` and 32 hex digits of SHA-256(hex of the file's SHA-256, dataset, number of runs begun before).
pub fn import_id(source: &ImportSource, runs: u64) -> ImportId {
    let digest = digest(&[
        hex("", &source.file_sha256, 64).as_bytes(),
        source.dataset.as_bytes(),
        runs.to_string().as_bytes(),
    ]);
    well_formed(ImportId::parse(&hex("import-", &digest, 32)))
}

#[expect(
    clippy::expect_used,
    reason = "a fixed prefix and at most 39 hex digits are a well-formed id of any kind"
)]
fn well_formed<T>(id: Result<T, MalformedId>) -> T {
    id.expect("a prefix and hex digits are an id")
}

/// First 16 bytes of SHA-256 over these texts (SEMANTICS.md 3 "Occurrence key").
pub(super) fn occurrence_key(parts: &[&str]) -> [u8; 16] {
    let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
    let digest = digest(&parts);
    let mut key = [0; 16];
    for (to, from) in key.iter_mut().zip(digest) {
        *to = from;
    }
    key
}

fn split_text(split: &Split) -> String {
    let shares = split.shares().iter().map(|share| {
        let vocabulary = match share.vocabulary {
            Vocabulary::DacPurpose => "purpose",
            Vocabulary::DacCategory => "category",
            Vocabulary::Country => "country",
            Vocabulary::Region => "region",
        };
        format!("{vocabulary} {} {}", share.code, share.share_ppm)
    });
    shares.collect::<Vec<_>>().join(",")
}
