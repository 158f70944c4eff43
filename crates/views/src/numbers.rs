//! A hash for keys that are made of dense numbers.
//!
//! The standard hash withstands keys chosen by an attacker; these keys are numbers that the dictionary itself
//! gave out, and they are looked up once per posting and once per series of every question.

use std::hash::{BuildHasher, Hasher};

/// Builds [`NumberHasher`]s.
#[derive(Clone, Copy, Debug, Default)]
pub struct NumberHash;

impl BuildHasher for NumberHash {
    type Hasher = NumberHasher;

    fn build_hasher(&self) -> NumberHasher {
        NumberHasher(0)
    }
}

/// Mixes each part in by a multiplication with an odd constant and a rotation.
#[derive(Clone, Copy, Debug, Default)]
pub struct NumberHasher(u64);

impl NumberHasher {
    fn mix(&mut self, part: u64) {
        self.0 = (self.0.rotate_left(26) ^ part).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        // The table takes its slot from the low bits, the product is best in the high ones.
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut part = [0_u8; 8];
            for (to, from) in part.iter_mut().zip(chunk) {
                *to = *from;
            }
            self.mix(u64::from_le_bytes(part));
        }
    }

    fn write_u8(&mut self, part: u8) {
        self.mix(u64::from(part));
    }

    fn write_u16(&mut self, part: u16) {
        self.mix(u64::from(part));
    }

    fn write_u32(&mut self, part: u32) {
        self.mix(u64::from(part));
    }

    fn write_u64(&mut self, part: u64) {
        self.mix(part);
    }

    fn write_usize(&mut self, part: usize) {
        self.mix(u64::try_from(part).unwrap_or(u64::MAX));
    }

    fn write_isize(&mut self, part: isize) {
        self.mix(u64::try_from(part).unwrap_or(u64::MAX));
    }
}
