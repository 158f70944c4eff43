//! Which ids of payments an agreement may know: a few bytes each, however long they are.

use std::hash::{DefaultHasher, Hasher as _};

/// Hashes of ids in open places, the next free one where its own is taken; 0 is a free place.
///
/// They follow from the entries, so two of as many ids are equal where those are.
#[derive(Clone, Default)]
pub(super) struct PaymentIds {
    places: Box<[u32]>,
    count: u32,
}

/// What is known of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// No payment ever had it.
    Never,
    /// One had it, or one with the same hash.
    Perhaps,
}

impl PartialEq for PaymentIds {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count
    }
}

impl Eq for PaymentIds {}

impl std::fmt::Debug for PaymentIds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PaymentIds").field(&self.count).finish()
    }
}

impl PaymentIds {
    pub(super) fn insert(&mut self, id: &[u8]) {
        self.count = self.count.saturating_add(1);
        // At most seven of eight places are taken.
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        if self.places.len().saturating_mul(7) < count.saturating_mul(8) {
            let places = self.places.len().saturating_mul(2).max(8);
            let known = std::mem::replace(&mut self.places, vec![0; places].into());
            for hash in known.into_iter().filter(|&hash| hash != 0) {
                self.put(hash);
            }
        }
        self.put(hash(id));
    }

    pub(super) fn get(&self, id: &[u8]) -> Known {
        let hash = hash(id);
        for at in self.ways(hash) {
            match self.places.get(at) {
                Some(&known) if known == hash => return Known::Perhaps,
                Some(0) | None => break,
                Some(_) => {}
            }
        }
        Known::Never
    }

    fn put(&mut self, hash: u32) {
        let free = |&at: &usize| self.places.get(at) == Some(&0);
        let at = self.ways(hash).find(free);
        if let Some(place) = at.and_then(|at| self.places.get_mut(at)) {
            *place = hash;
        }
    }

    /// The places where a hash may be, in order.
    fn ways(&self, hash: u32) -> impl Iterator<Item = usize> + use<> {
        let places = self.places.len();
        let begins = usize::try_from(hash)
            .unwrap_or(0)
            .checked_rem(places)
            .unwrap_or(0);
        (begins..places).chain(0..begins)
    }
}

/// Never 0.
fn hash(id: &[u8]) -> u32 {
    let mut hasher = DefaultHasher::new();
    hasher.write(id);
    let [a, b, c, d, ..] = hasher.finish().to_le_bytes();
    u32::from_le_bytes([a, b, c, d]).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_found_again_and_hardly_any_other() {
        let mut ids = PaymentIds::default();
        let id = |number: u32| format!("payment-{number}");
        assert_eq!(ids.get(id(0).as_bytes()), Known::Never);
        for number in 0..5_000 {
            ids.insert(id(number).as_bytes());
            assert_eq!(ids.get(id(number).as_bytes()), Known::Perhaps);
        }
        let known = |number: &u32| ids.get(id(*number).as_bytes()) == Known::Perhaps;
        assert_eq!((0..5_000).filter(known).count(), 5_000);
        assert!((5_000..10_000).filter(known).count() < 5);
    }

    #[test]
    fn a_dozen_ids_take_sixty_four_bytes() {
        let mut ids = PaymentIds::default();
        for number in 0..12_u32 {
            ids.insert(&number.to_le_bytes());
        }
        assert_eq!(ids.places.len() * size_of::<u32>(), 64);
    }
}
