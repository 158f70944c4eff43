//! Keys of the one tree: a family byte, then big-endian parts of fixed width, so that bytes sort as the parts do.

use perennial_domain::log::Position;

/// The key of the saved position: alone in its family, before all others.
pub(crate) const SAVED: [u8; 1] = [0x00];

/// The family of blocks.
const BLOCK: u8 = 0x01;

/// The key of one part of a block: the position of its first record, then the part's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BlockKey {
    /// The first record in the block.
    pub(crate) first: Position,
    /// Which part of the block: 0, 1, 2 …
    pub(crate) part: u16,
}

impl BlockKey {
    /// The stored bytes.
    pub(crate) fn to_bytes(self) -> [u8; 11] {
        let mut bytes = [BLOCK; 11];
        let parts = self
            .first
            .0
            .to_be_bytes()
            .into_iter()
            .chain(self.part.to_be_bytes());
        for (byte, part) in bytes.iter_mut().skip(1).zip(parts) {
            *byte = part;
        }
        bytes
    }

    /// Reads what [`BlockKey::to_bytes`] wrote.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let (family, rest) = bytes.split_first()?;
        let (first, part) = rest.split_first_chunk::<8>()?;
        let part: [u8; 2] = part.try_into().ok()?;
        (*family == BLOCK).then(|| Self {
            first: Position(u64::from_be_bytes(*first)),
            part: u16::from_be_bytes(part),
        })
    }

    /// Every key of the family, in order.
    pub(crate) fn all() -> std::ops::Range<[u8; 1]> {
        [BLOCK]..[BLOCK + 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(first: u64, part: u16) -> BlockKey {
        BlockKey {
            first: Position(first),
            part,
        }
    }

    #[test]
    fn keys_sort_as_positions_and_parts_do() {
        let ascending = [
            key(0, 0),
            key(0, 1),
            key(0, 255),
            key(0, 256),
            key(1, 0),
            key(255, 0),
            key(256, 0),
            key(u64::MAX - 1, u16::MAX),
            key(u64::MAX, 0),
        ];
        for pair in ascending.windows(2) {
            assert!(pair[0] < pair[1]);
            assert!(pair[0].to_bytes() < pair[1].to_bytes(), "{pair:?}");
        }
        for key in ascending {
            assert_eq!(BlockKey::parse(&key.to_bytes()), Some(key));
            assert!(SAVED.as_slice() < key.to_bytes().as_slice());
        }
    }

    #[test]
    fn the_family_holds_all_of_its_keys_and_no_other() {
        let all = BlockKey::all();
        for key in [key(0, 0), key(u64::MAX, u16::MAX)] {
            let bytes = key.to_bytes();
            assert!(
                all.start.as_slice() <= bytes.as_slice() && bytes.as_slice() < all.end.as_slice()
            );
        }
        assert!(SAVED < all.start);
    }

    #[test]
    fn bytes_of_another_family_or_length_are_no_block_key() {
        let good = key(7, 1).to_bytes();
        assert_eq!(BlockKey::parse(&good[..10]), None);
        assert_eq!(BlockKey::parse(&[good.as_slice(), &[0]].concat()), None);
        let mut other = good;
        other[0] = 2;
        assert_eq!(BlockKey::parse(&other), None);
        assert_eq!(BlockKey::parse(&SAVED), None);
        assert_eq!(BlockKey::parse(&[]), None);
    }
}
