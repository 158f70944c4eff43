//! The chunks of a long series, with what they add up to: one by one, and in blocks of blocks, so that neither the sum
//! before a day nor the way over the days after it looks at every chunk.

use super::{Amounts, each};
use crate::packed::{Day, grow};
use crate::series::chunk::Chunk;

/// Bytes of a chunk, from which on it is filed: about fifty changes.
pub(super) const CHUNK_BYTES: usize = 320;
/// Chunks of a block, and blocks of a larger one.
const BLOCK: usize = 8;

/// Chunks that are full, ascending, none of them empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filed<T> {
    chunks: Vec<Filing<T>>,
    /// What blocks of chunks add up to, then blocks of blocks, up to the level that has at most [`BLOCK`] of them. They
    /// follow from the chunks.
    levels: Vec<Vec<Sum<T>>>,
}

/// A chunk and what its changes add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filing<T> {
    pub(super) chunk: Chunk,
    sum: Sum<T>,
}

/// What changes that follow each other add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Sum<T> {
    pub(super) total: T,
    /// The smallest and the largest that each amount is at the end of a day of theirs, from nothing before them.
    pub(super) low: T,
    pub(super) high: T,
}

impl<T: Amounts> Sum<T> {
    fn of(chunk: &Chunk) -> Self {
        let mut changes = chunk.changes::<T>().map(|(_, change)| change);
        let first = changes.next().unwrap_or_default();
        let mut of = Self {
            total: first,
            low: first,
            high: first,
        };
        for change in changes {
            of.total = of.total.plus(change);
            of.low = each(of.low, of.total, i128::min);
            of.high = each(of.high, of.total, i128::max);
        }
        of
    }

    /// What both add up to, `other` after this one.
    fn followed_by(self, other: &Self) -> Self {
        Self {
            total: self.total.plus(other.total),
            low: each(self.low, self.total.plus(other.low), i128::min),
            high: each(self.high, self.total.plus(other.high), i128::max),
        }
    }
}

impl<T: Amounts> Filing<T> {
    fn of(chunk: Chunk) -> Self {
        Self {
            sum: Sum::of(&chunk),
            chunk,
        }
    }
}

/// Chunks that lie together.
pub(super) struct Block<'a, T> {
    /// How many.
    pub(super) chunks: usize,
    pub(super) last: Day,
    pub(super) sum: &'a Sum<T>,
}

impl<T: Amounts> Filed<T> {
    /// These chunks; absent if there are none.
    pub(super) fn of(chunks: Vec<Chunk>) -> Option<Box<Self>> {
        if chunks.is_empty() {
            return None;
        }
        let mut filed = Self {
            chunks: chunks.into_iter().map(Filing::of).collect(),
            levels: Vec::new(),
        };
        filed.sum_up_from(0);
        Some(Box::new(filed))
    }

    pub(super) fn chunks(&self) -> &[Filing<T>] {
        &self.chunks
    }

    /// The last day of all.
    pub(super) fn last(&self) -> Day {
        let last = self.chunks.last();
        last.map_or(Day::MIN, |filing| filing.chunk.last())
    }

    /// The place of the chunk that a day lies in or before.
    pub(super) fn place(&self, day: Day) -> usize {
        self.chunks
            .partition_point(|filing| filing.chunk.last() < day)
    }

    pub(super) fn push(&mut self, chunk: Chunk) {
        let at = self.chunks.len();
        grow(&mut self.chunks, 1);
        self.chunks.push(Filing::of(chunk));
        self.sum_up_from(at);
    }

    /// Adds to a day up to the last.
    pub(super) fn add(&mut self, day: Day, change: T) {
        let at = self.place(day);
        let Some(filing) = self.chunks.get_mut(at) else {
            return;
        };
        filing.chunk.add(day, change);
        if filing.chunk.is_empty() {
            self.chunks.remove(at);
            self.sum_up_from(at);
        } else if CHUNK_BYTES.saturating_mul(2) <= filing.chunk.len() {
            let (before, after) = filing.chunk.halves::<T>();
            let halves = [before, after].map(Filing::of);
            self.chunks.splice(at..=at, halves);
            self.sum_up_from(at);
        } else {
            filing.sum = Sum::of(&filing.chunk);
            self.sum_up_at(at);
        }
    }

    /// What all chunks before a place add up to.
    pub(super) fn before(&self, place: usize) -> T {
        let (mut sum, mut done) = (T::default(), 0_usize);
        while done < place {
            let block = self.block(done, |block| done.saturating_add(block.chunks) <= place);
            let Some(block) = block else { break };
            sum = sum.plus(block.sum.total);
            done = done.saturating_add(block.chunks);
        }
        sum
    }

    /// The largest block that begins at a place and is good for the purpose. Of blocks that begin there, larger ones
    /// are asked about first.
    pub(super) fn block(
        &self,
        place: usize,
        good: impl Fn(&Block<'_, T>) -> bool,
    ) -> Option<Block<'_, T>> {
        let mut levels = self.levels.iter().enumerate().rev();
        let whole = levels.find_map(|(level, sums)| {
            let chunks = chunks_of(level);
            if !place.is_multiple_of(chunks) {
                return None;
            }
            let sum = sums.get(place.checked_div(chunks)?)?;
            let left = self.chunks.len().saturating_sub(place);
            let block = self.block_of(place, chunks.min(left), sum)?;
            good(&block).then_some(block)
        });
        whole.or_else(|| {
            let block = self.block_of(place, 1, &self.chunks.get(place)?.sum)?;
            good(&block).then_some(block)
        })
    }

    fn block_of<'a>(
        &'a self,
        place: usize,
        chunks: usize,
        sum: &'a Sum<T>,
    ) -> Option<Block<'a, T>> {
        let last = place.saturating_add(chunks).checked_sub(1)?;
        Some(Block {
            chunks,
            last: self.chunks.get(last)?.chunk.last(),
            sum,
        })
    }

    /// Sums up the blocks that a chunk is in.
    fn sum_up_at(&mut self, place: usize) {
        let mut within = place;
        for level in 0..self.levels.len() {
            within /= BLOCK;
            let sum = self.sum_of(level, within);
            let sums = self.levels.get_mut(level);
            if let (Some(known), Some(sum)) = (sums.and_then(|sums| sums.get_mut(within)), sum) {
                *known = sum;
            }
        }
    }

    /// Sums up the blocks of all chunks from a place on, which came, went or moved.
    fn sum_up_from(&mut self, place: usize) {
        let (mut below, mut within) = (self.chunks.len(), place);
        let mut level = 0;
        while BLOCK < below {
            within /= BLOCK;
            let blocks = below.div_ceil(BLOCK);
            if self.levels.len() == level {
                self.levels.push(Vec::new());
                within = 0;
            }
            let sums = (within..blocks).map_while(|at| self.sum_of(level, at));
            let sums: Vec<Sum<T>> = sums.collect();
            if let Some(known) = self.levels.get_mut(level) {
                known.truncate(within);
                grow(known, sums.len());
                known.extend(sums);
            }
            below = blocks;
            level = level.saturating_add(1);
        }
        self.levels.truncate(level);
    }

    /// What one block of a level adds up to.
    fn sum_of(&self, level: usize, at: usize) -> Option<Sum<T>> {
        let range = at.checked_mul(BLOCK)?..;
        let up = |sum: Sum<T>, other: &Sum<T>| sum.followed_by(other);
        match level.checked_sub(1) {
            None => {
                let chunks = self.chunks.get(range)?.iter().take(BLOCK);
                sum_up(chunks.map(|filing| &filing.sum), up)
            }
            Some(below) => {
                let sums = self.levels.get(below)?.get(range)?.iter().take(BLOCK);
                sum_up(sums, up)
            }
        }
    }
}

fn sum_up<'a, T: Amounts + 'a>(
    mut sums: impl Iterator<Item = &'a Sum<T>>,
    up: impl Fn(Sum<T>, &Sum<T>) -> Sum<T>,
) -> Option<Sum<T>> {
    let first = *sums.next()?;
    Some(sums.fold(first, up))
}

/// Chunks of a whole block of a level.
fn chunks_of(level: usize) -> usize {
    let level = u32::try_from(level).unwrap_or(u32::MAX);
    BLOCK.saturating_pow(level.saturating_add(1))
}
