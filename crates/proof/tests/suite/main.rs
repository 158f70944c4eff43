//! Tests of the frozen formats, the acceptance function and offline verification.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic as tests do"
)]

mod acceptance;
mod golden;
mod hostile;
mod layout;
mod limits;
mod verification;

use perennial_proof::claim::NONCE_BYTES;
use perennial_proof::{Chain, Claim, Entry, Term, Verdict, entry};

/// 1 January 2026, 00:00 UTC, in Unix microseconds.
const NEW_YEAR: i64 = 1_767_225_600_000_000;

fn claim(term: u64) -> Claim {
    let mut nonce = [0; NONCE_BYTES];
    for (value, byte) in (0_u8..).zip(nonce.iter_mut()) {
        *byte = value;
    }
    let (node, address) = ("node-a".to_owned(), "127.0.0.1:7400".to_owned());
    Claim {
        term: Term(term),
        node,
        address,
        nonce,
    }
}

fn claim_entry(term: u64) -> Vec<u8> {
    let mut out = Vec::new();
    entry::encode_claim(&mut out, &claim(term)).unwrap();
    out
}

/// A chain of the ledger `acme` in term 1 with no record yet.
fn led_chain() -> Chain {
    let mut chain = Chain::new("acme");
    assert_eq!(
        judge(&mut chain, &claim_entry(1)),
        Verdict::TermBegan(Term(1))
    );
    chain
}

#[track_caller]
fn judge(chain: &mut Chain, stored: &[u8]) -> Verdict {
    chain.judge(&Entry::decode(stored).unwrap()).unwrap()
}

fn seal(chain: &mut Chain, now: i64, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    chain.seal(now, body, &mut out).unwrap();
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
