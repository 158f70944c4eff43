//! All postings of a ledger, by position, with the roll-ups that answer questions without reading them.
//!
//! Rows stand in blocks of whole records, struct of arrays. A sealed block is a page: it may be let go and read back
//! ([`crate::pages`]). It has a roll-up (one total for each cell that occurs in it), sixteen neighbours are merged into
//! one of the next level, and so on; the totals of everything are kept current (ADR-0001). Roll-ups ignore the effective
//! date: a cell is of one month, so a cut-off drops whole cells, and only rows of the cut-off's own month are looked at
//! ([`crate::sums`]).

mod block;
mod rollup;

pub use block::{Block, Row};
pub use rollup::RollUp;

use std::sync::Arc;

use perennial_domain::log::{EventId, Position};

use crate::cube::{CellNo, Cube};
use crate::day::{Day, Days};
use crate::dictionary::KindNo;
use crate::pages::{Page as _, Paging, Sealed};

/// A block is sealed at the end of the first record with which it holds so many rows.
pub const BLOCK_ROWS: usize = 4_096;
/// How many neighbours are merged into one roll-up of the next level.
pub const FAN_IN: usize = 16;

/// Sum and counts of several rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Minor units.
    pub minor_units: i128,
    /// How many entries count in it.
    pub plus: u32,
    /// How many reversals of entries count in it.
    pub minus: u32,
}

impl Total {
    /// Whether nothing was ever posted, or all of it is beyond the cut-off.
    pub const fn is_empty(&self) -> bool {
        self.minor_units == 0 && self.plus == 0 && self.minus == 0
    }

    /// The total of one row.
    pub(crate) fn of(minor_units: i128, entries: i8) -> Self {
        Self {
            minor_units,
            plus: u32::from(0 < entries),
            minus: u32::from(entries < 0),
        }
    }

    /// Adds one row's amount and entries.
    pub fn add(&mut self, row: &Row) {
        self.add_total(&Self::of(row.minor_units, row.entries));
    }

    /// Adds another total.
    pub fn add_total(&mut self, other: &Self) {
        self.minor_units += other.minor_units;
        self.plus += other.plus;
        self.minus += other.minus;
    }

    /// Takes out what was added before.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self {
            minor_units: self.minor_units - other.minor_units,
            plus: self.plus.saturating_sub(other.plus),
            minus: self.minus.saturating_sub(other.minus),
        }
    }
}

/// A sealed block, and what is known of it without reading it.
#[derive(Clone, Debug)]
struct SealedBlock {
    first: Position,
    last: Position,
    rows: usize,
    days: Zone,
    block: Arc<Sealed<Block>>,
}

/// The days that occur in a block, about: the first and the last, and which of the 128 stretches of 32 days after
/// the first.
#[derive(Clone, Copy, Debug)]
struct Zone {
    first: Day,
    last: Day,
    stretches: u128,
}

/// Days of one stretch of a [`Zone`].
const STRETCH_DAYS: i32 = 32;

impl Zone {
    /// The zone of a block's days; of none, an empty one.
    fn of(days: &[Day]) -> Self {
        let first = days.iter().min().copied().unwrap_or(Day(0));
        let last = days.iter().max().copied().unwrap_or(Day(-1));
        let mut zone = Self {
            first,
            last,
            stretches: 0,
        };
        for day in days {
            zone.stretches |= 1 << zone.stretch(*day);
        }
        zone
    }

    /// All that comes later than the other stretches is in the last one.
    fn stretch(&self, day: Day) -> u32 {
        let days = day.0.saturating_sub(self.first.0).max(0);
        u32::try_from(days / STRETCH_DAYS)
            .unwrap_or_default()
            .min(127)
    }

    /// Whether a row's day may lie in `days`.
    fn may_hold(&self, days: Days) -> bool {
        if self.last < days.first || days.last < self.first || days.is_empty() {
            return false;
        }
        let (from, to) = (self.stretch(days.first), self.stretch(days.last));
        let until = u128::MAX >> (127 - to);
        self.stretches & until & (u128::MAX << from) != 0
    }
}

/// The postings of a ledger.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    sealed: Vec<SealedBlock>,
    open: Block,
    /// `levels[k][i]` covers the sealed blocks from `i * 16^k` on; `None` where it would not be much smaller
    /// than what it covers.
    levels: Vec<Vec<Option<RollUp>>>,
    head: Vec<Total>,
    paging: Option<Paging>,
}

/// A block to read: sealed, or the one at the end.
#[derive(Clone, Debug)]
pub enum BlockRef<'a> {
    /// Sealed; it stays in memory as long as this lives.
    Sealed(Arc<Block>),
    /// The one at the end.
    Open(&'a Block),
}

impl std::ops::Deref for BlockRef<'_> {
    type Target = Block;

    fn deref(&self) -> &Block {
        match self {
            Self::Sealed(block) => block,
            Self::Open(block) => block,
        }
    }
}

impl Columns {
    /// Sealed blocks go where `paging` says.
    pub(crate) fn paged(paging: Paging) -> Self {
        Self {
            paging: Some(paging),
            ..Self::default()
        }
    }

    /// Adds the rows of one record, in order of index. `position` is above every earlier one; `cube` knows their
    /// facets.
    pub fn add_record(&mut self, position: Position, rows: &[Row], cube: &mut Cube) {
        let far = rows.first().is_some_and(|_| self.open.is_too_far(position));
        if far {
            self.seal();
        }
        for row in rows {
            let cell = cube.cell(row.facet, row.kind);
            self.open.push(position, row, cell);
            if self.head.len() < cube.cells().len() {
                self.head.resize(cube.cells().len(), Total::default());
            }
            if let Some(cell) = cell
                && let Some(total) = self.head.get_mut(cell.index())
            {
                total.add(row);
            }
        }
        if BLOCK_ROWS <= self.open.len() {
            self.seal();
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        let sealed: usize = self.sealed.iter().map(|sealed| sealed.rows).sum();
        sealed + self.open.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The totals of all rows, by cell number; cells beyond the end have none.
    pub fn head(&self) -> &[Total] {
        &self.head
    }

    /// The blocks that hold a row up to `at`, included, ascending by position; each is read when its turn comes.
    pub fn blocks_until(&self, at: Position) -> impl Iterator<Item = BlockRef<'_>> {
        let sealed = self.sealed_until(at);
        let sealed = sealed.map(|sealed| BlockRef::Sealed(sealed.block.get()));
        sealed.chain(self.open_until(at))
    }

    fn sealed_until(&self, at: Position) -> impl Iterator<Item = &SealedBlock> {
        self.sealed
            .iter()
            .take_while(move |sealed| sealed.first <= at)
    }

    fn open_until(&self, at: Position) -> Option<BlockRef<'_>> {
        let first = self.open.first_position();
        first
            .is_some_and(|first| first <= at)
            .then_some(BlockRef::Open(&self.open))
    }

    /// Returns the totals of the rows up to `at`, included, by cell number.
    pub fn totals_at(&self, at: Position) -> Vec<Total> {
        let mut totals = vec![Total::default(); self.head.len()];
        let whole = self.sealed.partition_point(|sealed| sealed.last <= at);
        let mut next = 0;
        while next < whole {
            next = self.add_largest(&mut totals, next, whole);
        }
        let cut = match self.sealed.get(whole) {
            Some(sealed) if sealed.first <= at => Some(BlockRef::Sealed(sealed.block.get())),
            Some(_) => None,
            None => self.open_until(at),
        };
        if let Some(block) = cut {
            block.add_first(block.rows_until(at), &mut totals);
        }
        totals
    }

    /// Adds the largest kept roll-up that starts at block `from` and ends at or before `end`, else the block's
    /// rows. Returns the block after it.
    fn add_largest(&self, totals: &mut [Total], from: usize, end: usize) -> usize {
        let mut span = 1;
        let mut best: Option<(&RollUp, usize)> = None;
        for level in &self.levels {
            if !from.is_multiple_of(span) || end < from + span {
                break;
            }
            if let Some(Some(rollup)) = level.get(from / span) {
                best = Some((rollup, span));
            }
            span *= FAN_IN;
        }
        if let Some((rollup, span)) = best {
            rollup.add_to(totals);
            return from + span;
        }
        if let Some(sealed) = self.sealed.get(from) {
            let block = sealed.block.get();
            block.add_first(block.len(), totals);
        }
        from + 1
    }

    /// Calls `each` with the rows up to `at` whose day lies in `days`, in order. Blocks without such days are not read.
    pub fn each_in_days(&self, at: Position, days: Days, mut each: impl FnMut(CellNo, &Row)) {
        let sealed = self.sealed_until(at);
        let sealed = sealed
            .filter(|sealed| sealed.days.may_hold(days))
            .map(|sealed| BlockRef::Sealed(sealed.block.get()));
        for block in sealed.chain(self.open_until(at)) {
            for (cell, row) in block.rows_in(block.rows_until(at), days) {
                each(cell, &row);
            }
        }
    }

    /// Calls `each` with every row up to `at` of wanted kinds whose day is at most `cut`, in order.
    pub fn each_row(
        &self,
        (at, cut): (Position, Option<Day>),
        wanted: impl Fn(KindNo) -> bool,
        mut each: impl FnMut(&Row),
    ) {
        for block in self.blocks_until(at) {
            block.each_row(block.rows_until(at), cut, &wanted, &mut each);
        }
    }

    /// The rows of one event, in order.
    pub fn of_event(&self, event_id: EventId) -> Vec<Row> {
        let mut rows = Vec::new();
        self.reader().each_of(event_id, |row| rows.push(*row));
        rows
    }

    /// Reads the rows of single events.
    pub fn reader(&self) -> RowReader<'_> {
        RowReader {
            columns: self,
            last: None,
        }
    }

    /// How many bytes the rows, roll-ups and totals take, about, if all of them are in memory.
    pub fn bytes(&self) -> usize {
        let rows: usize = self.sealed.iter().map(|sealed| sealed.block.bytes()).sum();
        rows + self.open.bytes() + self.held_bytes()
    }

    /// How many bytes stay in memory whatever the limit, about: roll-ups, totals and what is known of blocks.
    pub fn held_bytes(&self) -> usize {
        let rollups = self.levels.iter().flatten().flatten();
        let rollups: usize = rollups.map(RollUp::bytes).sum();
        rollups
            + self.head.capacity() * size_of::<Total>()
            + self.sealed.capacity() * (size_of::<SealedBlock>() + size_of::<Sealed<Block>>())
    }

    fn seal(&mut self) {
        let mut block = std::mem::take(&mut self.open);
        let (Some(first), Some(last)) = (block.first_position(), block.last_position()) else {
            return;
        };
        block.shrink();
        let totals = block.totals();
        let rows = block.len();
        self.sealed.push(SealedBlock {
            first,
            last,
            rows,
            days: Zone::of(block.days()),
            block: Sealed::new(block, self.paging.as_ref()),
        });
        self.keep(0, RollUp::of_rows(totals), rows);
        // A full set of neighbours becomes one node of the next level, perhaps several levels up.
        let mut level = 0;
        let mut span = FAN_IN;
        while self.sealed.len().is_multiple_of(span) {
            let first = self.sealed.len() - span;
            let merged = RollUp::of_totals(&self.range_totals(first));
            let rows = self.sealed.iter().skip(first).map(|sealed| sealed.rows);
            let rows = rows.sum();
            level += 1;
            self.keep(level, merged, rows);
            span *= FAN_IN;
        }
    }

    fn range_totals(&self, first: usize) -> Vec<Total> {
        let mut totals = vec![Total::default(); self.head.len()];
        let mut next = first;
        while next < self.sealed.len() {
            next = self.add_largest(&mut totals, next, self.sealed.len());
        }
        totals
    }

    /// A roll-up with more than half as many cells as rows costs memory and saves little: its parts are read.
    fn keep(&mut self, level: usize, rollup: RollUp, rows: usize) {
        while self.levels.len() <= level {
            self.levels.push(Vec::new());
        }
        if let Some(nodes) = self.levels.get_mut(level) {
            nodes.push((rollup.len() * 2 <= rows).then_some(rollup));
        }
    }

    /// How many roll-ups of each level are kept, of how many: for tests and metrics.
    pub fn kept_rollups(&self) -> Vec<(usize, usize)> {
        self.levels
            .iter()
            .map(|nodes| (nodes.iter().flatten().count(), nodes.len()))
            .collect()
    }
}

/// Reads the rows of single events; the block that was read last is at hand for the next event.
#[derive(Debug)]
pub struct RowReader<'a> {
    columns: &'a Columns,
    last: Option<(usize, BlockRef<'a>)>,
}

impl RowReader<'_> {
    /// Calls `each` with the rows of one event, in order.
    pub fn each_of(&mut self, event_id: EventId, mut each: impl FnMut(&Row)) {
        let sealed = &self.columns.sealed;
        let position = event_id.position;
        let at = sealed.partition_point(|sealed| sealed.last < position);
        if self.last.as_ref().is_none_or(|(last, _)| *last != at) {
            let block = match sealed.get(at) {
                // No record stands in two blocks: this one has no rows.
                Some(sealed) if position < sealed.first => return,
                Some(sealed) => BlockRef::Sealed(sealed.block.get()),
                None => BlockRef::Open(&self.columns.open),
            };
            self.last = Some((at, block));
        }
        if let Some((_, block)) = &self.last {
            for row in block.of_position(position) {
                if row.index == event_id.index {
                    each(&row);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_holds_the_stretches_of_its_days_and_no_others() {
        let zone = Zone::of(&[Day(100), Day(131), Day(1_000), Day(9_000)]);
        let may = |first, last| {
            zone.may_hold(Days {
                first: Day(first),
                last: Day(last),
            })
        };
        assert!(may(131, 131) && may(0, 100) && may(9_000, 9_999));
        assert!(!may(0, 99) && !may(9_001, 9_001));
        // Days 100 to 131 are the first stretch; 996 to 1,027 is the 29th.
        assert!(!may(132, 995));
        assert!(may(132, 996) && may(1_027, 1_100));
        assert!(!may(1_028, 4_163));
        // From the 128th stretch on, all days are together.
        assert!(may(4_164, 4_164));
        assert!(!may(500, 499), "no days");
    }

    #[test]
    fn a_zone_of_days_that_span_everything_is_no_panic() {
        let zone = Zone::of(&[Day(i32::MIN), Day(i32::MAX)]);
        let days = |first, last| Days {
            first: Day(first),
            last: Day(last),
        };
        assert!(zone.may_hold(days(i32::MAX, i32::MAX)));
        assert!(!Zone::of(&[]).may_hold(days(i32::MIN, i32::MAX)));
    }
}
