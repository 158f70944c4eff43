//! A map for few keys. Most of a ledger's maps hold one to ten, and room for eleven each is what a
//! [`std::collections::BTreeMap`] begins with.

/// Makes room for `more` items, by an eighth of what is there instead of as much again: states are kept for years
/// and grow seldom.
pub(crate) fn grow<T>(items: &mut Vec<T>, more: usize) {
    if items.capacity().saturating_sub(items.len()) < more {
        items.reserve_exact(more.max(items.len() / 8));
    }
}

/// Pairs in one piece, ascending by key. Finding costs O(log n); a new key costs moving the later ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sorted<K, V> {
    pairs: Vec<(K, V)>,
}

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Self { pairs: Vec::new() }
    }
}

impl<K: Ord, V> Sorted<K, V> {
    /// A map of pairs in any order; of two with the same key the later one stays.
    pub(crate) fn of(pairs: Vec<(K, V)>) -> Self {
        if pairs.is_sorted_by(|(a, _), (b, _)| a < b) {
            return Self { pairs };
        }
        let mut map = Self::default();
        for (key, value) in pairs {
            map.insert(key, value);
        }
        map
    }

    pub(crate) fn len(&self) -> usize {
        self.pairs.len()
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        let at = self.find(key).ok()?;
        self.pairs.get(at).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let at = self.find(key).ok()?;
        self.pairs.get_mut(at).map(|(_, value)| value)
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.find(key).is_ok()
    }

    /// Returns the value that stood there before.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(at) => {
                let (_, known) = self.pairs.get_mut(at)?;
                Some(std::mem::replace(known, value))
            }
            Err(at) => {
                grow(&mut self.pairs, 1);
                self.pairs.insert(at, (key, value));
                None
            }
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let at = self.find(key).ok()?;
        Some(self.pairs.remove(at).1)
    }

    /// Lets `change` work on a key's value, the default one if there is none yet.
    pub(crate) fn change(&mut self, key: K, change: impl FnOnce(&mut V))
    where
        V: Default,
    {
        let at = self.find(&key).unwrap_or_else(|at| {
            grow(&mut self.pairs, 1);
            self.pairs.insert(at, (key, V::default()));
            at
        });
        if let Some((_, value)) = self.pairs.get_mut(at) {
            change(value);
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.into_iter()
    }

    pub(crate) fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.pairs.iter().map(|(key, _)| key)
    }

    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.pairs.iter().map(|(_, value)| value)
    }

    fn find(&self, key: &K) -> Result<usize, usize> {
        // What is new comes last, as a rule.
        match self.pairs.last() {
            Some((last, _)) if last < key => Err(self.pairs.len()),
            Some(_) | None => self.pairs.binary_search_by(|(known, _)| known.cmp(key)),
        }
    }
}

type Parts<K, V> = for<'a> fn(&'a (K, V)) -> (&'a K, &'a V);

impl<'a, K, V> IntoIterator for &'a Sorted<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, (K, V)>, Parts<K, V>>;

    fn into_iter(self) -> Self::IntoIter {
        self.pairs.iter().map(|(key, value)| (key, value))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn it_does_what_a_tree_does() {
        let (mut map, mut tree) = (Sorted::default(), BTreeMap::new());
        let mut number = 7_u32;
        for step in 0..2_000_u32 {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let key = number >> 26;
            match number >> 8 & 3 {
                0 => assert_eq!(map.remove(&key), tree.remove(&key)),
                1 => {
                    map.change(key, |value| *value += 1);
                    *tree.entry(key).or_default() += 1;
                }
                _ => assert_eq!(map.insert(key, step), tree.insert(key, step)),
            }
            assert_eq!(map.get(&key), tree.get(&key));
            assert!(map.iter().eq(tree.iter()));
        }
        let backwards = tree.iter().rev().map(|(&key, &value)| (key, value));
        assert_eq!(Sorted::of(backwards.collect()), map);
    }
}
