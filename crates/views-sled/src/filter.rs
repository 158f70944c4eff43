//! A filter that says of a request id "certainly not here" without reading anything (a Bloom filter in layers).
//!
//! Each layer is twice as large as the one before, so the filter grows with the ledger; 16 bits an id and seven
//! probes let about one unknown id in 1,400 through a full layer, and all layers of ten million ids together fewer
//! than one in a hundred.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use perennial_domain::ids::RequestId;

/// How many ids the first layer is for; a power of two.
const FIRST_LAYER_IDS: u64 = 1 << 16;

/// Bits for each id; a power of two.
const BITS_PER_ID: u64 = 16;

/// How many bits an id sets.
const PROBES: u64 = 7;

/// The most layers there can be: 2^16 × 2^24 ids.
const LAYERS_MAX: u32 = 24;

/// The filter of one index. One thread adds; any may ask.
#[derive(Debug)]
pub(crate) struct Filter {
    layers: RwLock<Vec<Layer>>,
}

#[derive(Debug)]
struct Layer {
    ids: AtomicU64,
    words: Vec<AtomicU64>,
}

impl Layer {
    fn number(number: u32) -> Option<Self> {
        let ids = FIRST_LAYER_IDS.checked_shl(number.min(LAYERS_MAX))?;
        let words = usize::try_from(ids.checked_mul(BITS_PER_ID)? / 64).ok()?;
        Some(Self {
            ids: AtomicU64::new(0),
            words: (0..words).map(|_| AtomicU64::new(0)).collect(),
        })
    }

    fn is_full(&self) -> bool {
        let bits = u64::try_from(self.words.len())
            .unwrap_or(u64::MAX)
            .saturating_mul(64);
        bits / BITS_PER_ID <= self.ids.load(Ordering::Relaxed)
    }

    /// The words and bits that an id sets.
    fn bits(&self, (first, step): (u64, u64)) -> impl Iterator<Item = (Option<&AtomicU64>, u64)> {
        let mask = u64::try_from(self.words.len())
            .unwrap_or(u64::MAX)
            .saturating_mul(64)
            .saturating_sub(1);
        (0..PROBES).map(move |probe| {
            let bit = first.wrapping_add(probe.wrapping_mul(step)) & mask;
            let word = usize::try_from(bit / 64).unwrap_or(usize::MAX);
            (
                self.words.get(word),
                1_u64.rotate_left(u32::try_from(bit % 64).unwrap_or(0)),
            )
        })
    }

    fn may_hold(&self, hash: (u64, u64)) -> bool {
        self.bits(hash)
            .all(|(word, bit)| word.is_some_and(|word| word.load(Ordering::Relaxed) & bit != 0))
    }
}

/// Two numbers that look random, the second odd. Not for secrets: whoever chooses ids to collide slows down their
/// own look-ups.
fn hash(request_id: RequestId) -> (u64, u64) {
    let number = u128::from_le_bytes(request_id.0);
    let mixed = |seed: u64| {
        let [low, high] = [number, number >> 64]
            .map(|half| u64::try_from(half & u128::from(u64::MAX)).unwrap_or_default());
        let mut mixed = low ^ seed;
        for half in [high, seed] {
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^= (mixed >> 31) ^ half;
        }
        mixed
    };
    (
        mixed(0x9E37_79B9_7F4A_7C15),
        mixed(0xD1B5_4A32_D192_ED03) | 1,
    )
}

impl Filter {
    /// A filter that holds nothing.
    pub(crate) fn new() -> Self {
        Self {
            layers: RwLock::new(Vec::new()),
        }
    }

    /// Whether an id may have been added.
    pub(crate) fn may_hold(&self, request_id: RequestId) -> bool {
        let hash = hash(request_id);
        let layers = self.layers.read().unwrap_or_else(PoisonError::into_inner);
        layers.iter().rev().any(|layer| layer.may_hold(hash))
    }

    /// Adds an id. One that seems to be there takes no new room.
    pub(crate) fn add(&self, request_id: RequestId) {
        if self.may_hold(request_id) {
            return;
        }
        let mut layers = self.layers.read().unwrap_or_else(PoisonError::into_inner);
        if layers.last().is_none_or(Layer::is_full) {
            drop(layers);
            let mut growing = self.layers.write().unwrap_or_else(PoisonError::into_inner);
            let number = u32::try_from(growing.len()).unwrap_or(u32::MAX);
            growing.extend(Layer::number(number));
            drop(growing);
            layers = self.layers.read().unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(layer) = layers.last() {
            for (word, bit) in layer.bits(hash(request_id)) {
                if let Some(word) = word {
                    word.fetch_or(bit, Ordering::Relaxed);
                }
            }
            layer.ids.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Gives the stored form to `put`, in pieces.
    pub(crate) fn write<E>(&self, mut put: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let layers = self.layers.read().unwrap_or_else(PoisonError::into_inner);
        for layer in layers.iter() {
            put(&layer.ids.load(Ordering::Relaxed).to_le_bytes())?;
            for words in layer.words.chunks(8_192) {
                let mut bytes = Vec::with_capacity(words.len().saturating_mul(8));
                for word in words {
                    bytes.extend_from_slice(&word.load(Ordering::Relaxed).to_le_bytes());
                }
                put(&bytes)?;
            }
        }
        Ok(())
    }

    /// Reads what [`Filter::write`] gave.
    pub(crate) fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut layers = Vec::new();
        while !bytes.is_empty() {
            let number = u32::try_from(layers.len()).ok()?;
            let ids = FIRST_LAYER_IDS.checked_shl(number.min(LAYERS_MAX))?;
            let length = usize::try_from(ids.checked_mul(BITS_PER_ID)? / 8).ok()?;
            let (count, rest) = bytes.split_first_chunk()?;
            let (words, rest) = rest.split_at_checked(length)?;
            let (words, _) = words.as_chunks();
            layers.push(Layer {
                ids: AtomicU64::new(u64::from_le_bytes(*count)),
                words: words
                    .iter()
                    .map(|word| AtomicU64::new(u64::from_le_bytes(*word)))
                    .collect(),
            });
            bytes = rest;
        }
        Some(Self {
            layers: RwLock::new(layers),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> RequestId {
        // Like UUIDs of version 7: the first half counts, the second does not change.
        let mut bytes = [7; 16];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        RequestId(bytes)
    }

    #[test]
    fn what_was_added_is_always_held_and_little_else() {
        let filter = Filter::new();
        assert!(!filter.may_hold(id(0)));
        let added = 4 * FIRST_LAYER_IDS;
        for number in 0..added {
            filter.add(id(number));
        }
        assert!((0..added).all(|number| filter.may_hold(id(number))));
        assert_eq!(filter.layers.read().unwrap().len(), 3);
        let unlucky = (added..added + 100_000).filter(|&number| filter.may_hold(id(number)));
        let unlucky = unlucky.count();
        println!("{unlucky} of 100000 unknown ids would be looked up");
        assert!(unlucky < 300, "{unlucky}");
    }

    #[test]
    fn an_id_that_is_added_again_takes_no_room() {
        let filter = Filter::new();
        for _ in 0..3 {
            (0..FIRST_LAYER_IDS).for_each(|number| filter.add(id(number)));
        }
        assert_eq!(filter.layers.read().unwrap().len(), 1);
    }

    #[test]
    fn a_filter_is_read_as_it_was_written() {
        let filter = Filter::new();
        (0..FIRST_LAYER_IDS + 2_000).for_each(|number| filter.add(id(number)));
        let mut bytes = Vec::new();
        let written: Result<(), ()> = filter.write(|piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        });
        assert_eq!(written, Ok(()));
        // Two layers of 16 bits for each id they are for, and their counts.
        assert_eq!(bytes.len(), 3 * 65_536 * 2 + 2 * 8);
        let read = Filter::read(&bytes).unwrap();
        assert!((0..FIRST_LAYER_IDS + 2_000).all(|number| read.may_hold(id(number))));
        assert!(Filter::read(&bytes[..bytes.len() - 1]).is_none());
        assert!(Filter::read(&bytes[..7]).is_none());
        assert!(Filter::read(&[]).is_some(), "no layer yet");
    }
}
