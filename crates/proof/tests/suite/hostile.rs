//! Stored bytes are input: whatever they are, nothing panics, and no change passes unseen.

use perennial_proof::{Entry, Verdict};

use crate::{NEW_YEAR, claim_entry, judge, led_chain, seal};

#[test]
fn a_record_cut_at_any_length_is_refused() {
    let stored = seal(&mut led_chain(), NEW_YEAR, b"ledger created");
    for length in 0..stored.len() {
        assert!(
            Entry::decode(&stored[..length]).is_err(),
            "cut to {length} bytes"
        );
    }
}

#[test]
fn a_claim_cut_at_any_length_is_refused() {
    let stored = claim_entry(1);
    for length in 0..stored.len() {
        assert!(
            Entry::decode(&stored[..length]).is_err(),
            "cut to {length} bytes"
        );
    }
}

#[test]
fn a_record_with_any_bit_flipped_is_refused_dead_damaged_or_another_record() {
    let stored = seal(&mut led_chain(), NEW_YEAR, b"ledger created");
    let original = judge(&mut led_chain(), &stored);
    let mut others = 0;
    for index in 0..stored.len() {
        for bit in 0..8 {
            let mut changed = stored.clone();
            changed[index] ^= 1 << bit;
            let Ok(entry) = Entry::decode(&changed) else {
                continue;
            };
            match led_chain().judge(&entry) {
                Ok(accepted @ Verdict::Accepted { .. }) => {
                    // Only the time can change unseen here; its successor no longer fits.
                    assert!((26..34).contains(&index), "byte {index}");
                    assert_ne!(accepted, original, "byte {index}, bit {bit}");
                    others += 1;
                }
                Ok(verdict) => assert_eq!(verdict, Verdict::DeadRecord, "byte {index}, bit {bit}"),
                Err(_) => {}
            }
        }
    }
    assert_eq!(others, 64);
}

#[test]
fn a_claim_with_any_bit_flipped_never_reads_as_the_same_claim() {
    let stored = claim_entry(1);
    let original = Entry::decode(&stored).unwrap();
    for index in 0..stored.len() {
        for bit in 0..8 {
            let mut changed = stored.clone();
            changed[index] ^= 1 << bit;
            assert_ne!(
                Entry::decode(&changed).as_ref(),
                Ok(&original),
                "byte {index}"
            );
        }
    }
}

#[test]
fn what_decodes_encodes_to_the_same_bytes() {
    // Every value of every byte: there is no second encoding of anything.
    for stored in [seal(&mut led_chain(), NEW_YEAR, b"body"), claim_entry(1)] {
        for index in 0..stored.len() {
            for value in 0..=u8::MAX {
                let mut changed = stored.clone();
                changed[index] = value;
                let again = match Entry::decode(&changed) {
                    Ok(Entry::Record { header, body, .. }) => {
                        let mut out = Vec::new();
                        let header = header.to_bytes();
                        perennial_proof::entry::encode_record(&mut out, &header, body).unwrap();
                        out
                    }
                    Ok(Entry::Claim(claim)) => {
                        let mut out = Vec::new();
                        perennial_proof::entry::encode_claim(&mut out, &claim).unwrap();
                        out
                    }
                    Err(_) => continue,
                };
                assert_eq!(again, changed, "byte {index} as {value}");
            }
        }
    }
}
