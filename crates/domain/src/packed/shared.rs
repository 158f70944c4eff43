//! A map whose copies share what they have in common: copying costs nothing, and a change costs the piece that it is
//! in, not the map. For lists of a whole ledger that a submission may need a changed copy of.

use std::borrow::Borrow;
use std::sync::Arc;

/// Pairs of a piece, from which on it is divided.
const PIECE_PAIRS: usize = 64;

/// Pairs, ascending by key, in pieces none of which is empty.
pub(crate) struct Shared<K, V> {
    pieces: Arc<Vec<Piece<K, V>>>,
}

type Piece<K, V> = Arc<Vec<(K, V)>>;

impl<K, V> Default for Shared<K, V> {
    fn default() -> Self {
        Self {
            pieces: Arc::default(),
        }
    }
}

impl<K, V> Clone for Shared<K, V> {
    fn clone(&self) -> Self {
        Self {
            pieces: Arc::clone(&self.pieces),
        }
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for Shared<K, V> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.pieces, &other.pieces) || self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for Shared<K, V> {}

impl<K: std::fmt::Debug, V: std::fmt::Debug> std::fmt::Debug for Shared<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pairs = self.iter().map(|(key, value)| (key, value));
        f.debug_map().entries(pairs).finish()
    }
}

impl<K, V> Shared<K, V> {
    pub(crate) fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.len()).sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.pieces.iter().flat_map(|piece| piece.iter())
    }
}

impl<K: Ord, V> Shared<K, V> {
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let piece = self.pieces.get(self.piece_of(key))?;
        let at = find(piece, key).ok()?;
        piece.get(at).map(|(_, value)| value)
    }

    /// The last pair whose key is not above this one.
    pub(crate) fn last_until(&self, key: &K) -> Option<&(K, V)> {
        let at = self.piece_of(key);
        if let Some(piece) = self.pieces.get(at) {
            let until = find(piece, key).map_or_else(|at| at, |at| at.saturating_add(1));
            if let Some(at) = until.checked_sub(1) {
                return piece.get(at);
            }
        }
        self.pieces.get(at.checked_sub(1)?)?.last()
    }

    /// The first piece that ends with this key or one above it.
    fn piece_of<Q: Ord + ?Sized>(&self, key: &Q) -> usize
    where
        K: Borrow<Q>,
    {
        self.pieces.partition_point(|piece| {
            let last = piece.last();
            last.is_some_and(|(last, _)| last.borrow() < key)
        })
    }
}

impl<K: Ord + Clone, V: Clone> Shared<K, V> {
    /// A map of pairs in any order; of two with the same key the later one stays.
    pub(crate) fn of(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut map = Self::default();
        for (key, value) in pairs {
            map.insert(key, value);
        }
        map
    }

    /// Returns the value that stood there before.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let at = self.piece_of(&key);
        let pieces = Arc::make_mut(&mut self.pieces);
        let Some(piece) = pieces.get_mut(at) else {
            match pieces.last_mut() {
                Some(last) if last.len() < PIECE_PAIRS => Arc::make_mut(last).push((key, value)),
                Some(_) | None => pieces.push(Arc::new(vec![(key, value)])),
            }
            return None;
        };
        let pairs = Arc::make_mut(piece);
        match find(pairs, &key) {
            Ok(place) => {
                let (_, known) = pairs.get_mut(place)?;
                return Some(std::mem::replace(known, value));
            }
            Err(place) => pairs.insert(place, (key, value)),
        }
        if PIECE_PAIRS < pairs.len() {
            let after = pairs.split_off(pairs.len() / 2);
            pieces.insert(at.saturating_add(1), Arc::new(after));
        }
        None
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = self.piece_of(key);
        let place = find(self.pieces.get(at)?, key).ok()?;
        let pieces = Arc::make_mut(&mut self.pieces);
        let pairs = Arc::make_mut(pieces.get_mut(at)?);
        let (_, value) = pairs.remove(place);
        if pairs.is_empty() {
            pieces.remove(at);
        }
        Some(value)
    }
}

fn find<K: Ord + Borrow<Q>, V, Q: Ord + ?Sized>(pairs: &[(K, V)], key: &Q) -> Result<usize, usize> {
    pairs.binary_search_by(|(known, _)| known.borrow().cmp(key))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn it_does_what_a_tree_does_and_its_copies_stay_as_they_were() {
        let (mut map, mut tree) = (Shared::default(), BTreeMap::new());
        let mut copies = Vec::new();
        let mut number = 11_u32;
        for step in 0..6_000_u32 {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let key = number >> 22;
            if (number >> 8).trailing_zeros() >= 3 {
                assert_eq!(map.remove(&key), tree.remove(&key));
            } else {
                assert_eq!(map.insert(key, step), tree.insert(key, step));
            }
            assert_eq!(map.get(&key), tree.get(&key));
            let last = tree.range(..=key).next_back().map(|(&key, &at)| (key, at));
            assert_eq!(map.last_until(&key).copied(), last);
            if step % 1_000 == 0 {
                copies.push((map.clone(), tree.clone()));
            }
        }
        copies.push((map, tree));
        for (map, tree) in copies {
            assert!(map.iter().map(|(key, at)| (key, at)).eq(&tree));
            assert_eq!(map.len(), tree.len());
            assert_eq!(format!("{map:?}"), format!("{tree:?}"));
            assert_eq!(Shared::of(tree), map);
        }
    }

    #[test]
    fn a_change_of_a_copy_copies_one_piece() {
        let map = Shared::of((0..10_000_u32).map(|key| (key, key)));
        let mut copy = map.clone();
        copy.insert(5_000, 0);
        let pieces = map.pieces.iter().zip(copy.pieces.iter());
        let own = pieces.filter(|(a, b)| !Arc::ptr_eq(a, b)).count();
        assert_eq!(own, 1);
        assert_eq!(map.get(&5_000), Some(&5_000));
    }
}
