//! Blocks: the rows of consecutive records in one value, or in a few where one record has very many rows.
//!
//! A block is `length of what follows (4 bytes) | records, each with its length in front`. It is cut into parts of
//! at most [`VALUE_BYTES_MAX`]; only a block of one record has more than one part.

use perennial_domain::log::Position;

use crate::codec::{Malformed, Reader, Writer};
use crate::keys::BlockKey;

/// The most bytes of one stored value: larger ones would become files that sled never deletes.
pub(crate) const VALUE_BYTES_MAX: usize = 64 * 1024;

/// No record is added to a block with which it would be longer.
const BLOCK_BYTES: usize = 60 * 1024;

/// Bytes of a block's length.
const LENGTH_BYTES: usize = 4;

/// The rows of consecutive records, encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The first record.
    pub(crate) first: Position,
    bytes: Vec<u8>,
}

impl Block {
    fn new(first: Position) -> Self {
        Self {
            first,
            bytes: vec![0; LENGTH_BYTES],
        }
    }

    /// How many bytes it has.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Its keys and values.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (BlockKey, &[u8])> {
        let chunks = self.bytes.chunks(VALUE_BYTES_MAX);
        (0_u16..).zip(chunks).map(|(part, chunk)| {
            (
                BlockKey {
                    first: self.first,
                    part,
                },
                chunk,
            )
        })
    }

    fn add(&mut self, record: &[u8]) {
        Writer(&mut self.bytes).bytes(record);
        let length = self.bytes.len().saturating_sub(LENGTH_BYTES);
        // A record body is limited to 900,000 bytes, so a block is far below 4 GiB.
        let length = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
        for (byte, length) in self.bytes.iter_mut().zip(length) {
            *byte = length;
        }
    }

    /// Joins blocks that follow each other, oldest first, into as few as possible.
    pub(crate) fn join(blocks: &[Self]) -> Result<Vec<Self>, Malformed> {
        let mut packer = Packer::default();
        for block in blocks {
            let mut position = block.first;
            for record in records(&block.bytes)? {
                packer.add(position, record?);
                position = Position(position.0.saturating_add(1));
            }
        }
        Ok(packer.finish())
    }
}

/// Packs the rows of consecutive records into blocks.
#[derive(Debug, Default)]
pub(crate) struct Packer {
    full: Vec<Block>,
    open: Option<Block>,
}

impl Packer {
    /// Adds the next record's encoded rows.
    pub(crate) fn add(&mut self, position: Position, record: &[u8]) {
        if let Some(open) = self
            .open
            .take_if(|open| BLOCK_BYTES < open.len() + record.len())
        {
            self.full.push(open);
        }
        self.open
            .get_or_insert_with(|| Block::new(position))
            .add(record);
    }

    /// The blocks, in order.
    pub(crate) fn finish(mut self) -> Vec<Block> {
        self.full.extend(self.open);
        self.full
    }
}

/// Puts a block's parts together again as they come.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    block: Option<Block>,
    next_part: u16,
}

impl Assembly {
    /// Adds the next stored part; returns the block when it is whole.
    pub(crate) fn add(&mut self, key: BlockKey, value: &[u8]) -> Result<Option<Block>, Malformed> {
        match &mut self.block {
            None if key.part == 0 => {
                self.block = Some(Block {
                    first: key.first,
                    bytes: value.to_vec(),
                });
            }
            Some(block) if block.first == key.first && self.next_part == key.part => {
                block.bytes.extend_from_slice(value);
            }
            None | Some(_) => return Err(Malformed::new("a part of a block is missing")),
        }
        self.next_part = key.part.saturating_add(1);
        let whole = self.block.take_if(|block| records(&block.bytes).is_ok());
        if whole.is_some() {
            self.next_part = 0;
        }
        Ok(whole)
    }

    /// Checks that nothing is left over.
    pub(crate) fn finish(self) -> Result<(), Malformed> {
        match self.block {
            None => Ok(()),
            Some(_) => Err(Malformed::new("the last part of a block is missing")),
        }
    }
}

impl Block {
    /// The records' encoded rows, in order.
    pub(crate) fn records(
        &self,
    ) -> Result<impl Iterator<Item = Result<&[u8], Malformed>>, Malformed> {
        records(&self.bytes)
    }
}

fn records(block: &[u8]) -> Result<impl Iterator<Item = Result<&[u8], Malformed>>, Malformed> {
    let cut_off = || Malformed::new("a block is cut off");
    let (length, rest) = block
        .split_first_chunk::<LENGTH_BYTES>()
        .ok_or_else(cut_off)?;
    if usize::try_from(u32::from_be_bytes(*length)) != Ok(rest.len()) {
        return Err(cut_off());
    }
    let mut reader = Reader(rest);
    Ok(std::iter::from_fn(move || {
        if reader.is_empty() {
            return None;
        }
        let record = reader.bytes();
        if record.is_err() {
            reader = Reader(&[]);
        }
        Some(record)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(sizes: &[usize]) -> Vec<Block> {
        let mut packer = Packer::default();
        for (position, &size) in (0..).zip(sizes) {
            packer.add(
                Position(position),
                &vec![u8::try_from(position).unwrap(); size],
            );
        }
        packer.finish()
    }

    fn firsts(blocks: &[Block]) -> Vec<u64> {
        blocks.iter().map(|block| block.first.0).collect()
    }

    fn sizes(blocks: &[Block]) -> Vec<usize> {
        blocks
            .iter()
            .flat_map(|block| block.records().unwrap())
            .map(|record| record.unwrap().len())
            .collect()
    }

    #[test]
    fn records_share_a_block_until_it_is_full() {
        // 61,440 bytes: 4 of the length, then the first record with 3 bytes of its own length.
        assert_eq!(firsts(&packed(&[40_000, 21_433])), [0]);
        assert_eq!(firsts(&packed(&[40_000, 21_434])), [0, 1]);
        assert_eq!(firsts(&packed(&[10, 10, 61_500, 10])), [0, 2, 3]);
    }

    #[test]
    fn no_value_is_larger_than_the_limit() {
        for size in [65_529, 65_530, 900_000] {
            let blocks = packed(&[size]);
            let parts: Vec<usize> = blocks[0].parts().map(|(_, value)| value.len()).collect();
            assert!(
                parts.iter().all(|&part| part <= VALUE_BYTES_MAX),
                "{parts:?}"
            );
            assert_eq!(
                parts.len(),
                if size == 65_529 {
                    1
                } else {
                    size.div_ceil(VALUE_BYTES_MAX).max(2)
                }
            );
        }
    }

    #[test]
    fn a_block_is_put_together_from_its_parts() {
        let blocks = packed(&[5, 200_000, 5]);
        let mut assembly = Assembly::default();
        let mut back = Vec::new();
        for (key, value) in blocks.iter().flat_map(Block::parts) {
            back.extend(assembly.add(key, value).unwrap());
        }
        assembly.finish().unwrap();
        assert_eq!(back, blocks);
        assert_eq!(sizes(&back), [5, 200_000, 5]);
    }

    #[test]
    fn a_missing_part_is_found() {
        let blocks = packed(&[200_000, 5]);
        let parts: Vec<_> = blocks.iter().flat_map(Block::parts).collect();
        assert_eq!(parts.len(), 5);
        for missing in 0..4 {
            let mut assembly = Assembly::default();
            let rest = parts
                .iter()
                .enumerate()
                .filter(|&(index, _)| index != missing);
            let found = rest
                .map(|(_, &(key, value))| assembly.add(key, value))
                .find_map(Result::err);
            assert!(found.is_some(), "without part {missing}");
        }
        let mut assembly = Assembly::default();
        assert_eq!(assembly.add(parts[0].0, parts[0].1), Ok(None));
        assert!(assembly.finish().is_err());
    }

    #[test]
    fn small_blocks_are_joined_in_order() {
        let mut small = Vec::new();
        for position in 0..10 {
            let mut packer = Packer::default();
            packer.add(Position(position), &[7; 9_000]);
            small.extend(packer.finish());
        }
        let joined = Block::join(&small).unwrap();
        assert_eq!(firsts(&joined), [0, 6]);
        assert_eq!(sizes(&joined), [9_000; 10]);
    }
}
