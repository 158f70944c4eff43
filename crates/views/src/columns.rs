//! All postings of a ledger, by position, with the roll-ups that answer questions without reading them.
//!
//! Rows stand in blocks of whole records, struct of arrays. A sealed block has a roll-up (one total for each cell that
//! occurs in it), sixteen neighbours are merged into one of the next level, and so on; the totals of everything are kept
//! current (ADR-0001). Roll-ups ignore the effective date: a cell is of one month, so a cut-off drops whole cells, and
//! only rows of the cut-off's own month are looked at ([`crate::sums`]).

mod block;
mod rollup;

pub use block::{Block, Row};
pub use rollup::RollUp;

use perennial_domain::log::{EventId, Position};

use crate::cube::Cube;
use crate::day::Days;

/// A block is sealed at the end of the first record with which it holds so many rows.
pub const BLOCK_ROWS: usize = 65_536;
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

    /// Adds one row's amount and entries.
    pub fn add(&mut self, row: &Row) {
        self.add_amount(row.minor_units, row.entries);
    }

    fn add_amount(&mut self, minor_units: i128, entries: i8) {
        self.minor_units += minor_units;
        match entries.signum() {
            1 => self.plus += 1,
            -1 => self.minus += 1,
            _ => {}
        }
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

/// The postings of a ledger.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    sealed: Vec<Block>,
    open: Block,
    /// `levels[k][i]` covers the sealed blocks from `i * 16^k` on; `None` where it would not be much smaller
    /// than what it covers.
    levels: Vec<Vec<Option<RollUp>>>,
    head: Vec<Total>,
}

impl Columns {
    /// Adds the rows of one record, in order of index. `position` is above every earlier one; `cube` knows their series.
    pub fn add_record(&mut self, position: Position, rows: &[Row], cube: &Cube) {
        if self.head.len() < cube.cells().len() {
            self.head.resize(cube.cells().len(), Total::default());
        }
        for row in rows {
            let cell = cube.cell_of(row.series);
            let known = cell.and_then(|cell| cube.cells().get(cell.index()));
            self.open
                .push(position, row, known.map(|cell| cell.kind.measure));
            if let Some(cell) = cell
                && let Some(total) = self.head.get_mut(cell.index())
            {
                total.add(row);
            }
        }
        if BLOCK_ROWS <= self.open.len() {
            self.seal(cube);
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.blocks().map(Block::len).sum()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The totals of all rows, by cell number; cells beyond the end have none.
    pub fn head(&self) -> &[Total] {
        &self.head
    }

    /// All blocks, ascending by position.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.sealed.iter().chain(std::iter::once(&self.open))
    }

    /// The blocks that hold a row up to `at`, included.
    pub fn blocks_until(&self, at: Position) -> impl Iterator<Item = &Block> {
        self.blocks()
            .take_while(move |block| block.first_position().is_some_and(|first| first <= at))
    }

    /// Returns the totals of the rows up to `at`, included, by cell number.
    pub fn totals_at(&self, at: Position, cube: &Cube) -> Vec<Total> {
        let mut totals = vec![Total::default(); self.head.len()];
        let whole = self
            .sealed
            .partition_point(|block| block.last_position() <= Some(at));
        let mut next = 0;
        while next < whole {
            next = self.add_largest(&mut totals, next, whole, cube);
        }
        if let Some(block) = self.sealed.get(whole).or(Some(&self.open)) {
            block.add_until(at, cube, &mut totals);
        }
        totals
    }

    /// Adds the largest kept roll-up that starts at block `from` and ends at or before `end`, else the block's
    /// rows. Returns the block after it.
    fn add_largest(&self, totals: &mut [Total], from: usize, end: usize, cube: &Cube) -> usize {
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
        if let Some(block) = self.sealed.get(from) {
            block.add_all(cube, totals);
        }
        from + 1
    }

    /// The rows up to `at` whose day lies in `days`, in order.
    pub fn rows_in_days(&self, at: Position, days: Days) -> impl Iterator<Item = (Position, Row)> {
        self.blocks_until(at)
            .filter(move |block| block.has_days(days))
            .flat_map(move |block| block.rows_where(move |day| days.contains(day)))
            .take_while(move |(position, _)| *position <= at)
    }

    /// The rows of one event, in order.
    pub fn of_event(&self, event_id: EventId) -> impl Iterator<Item = Row> {
        let at = self
            .sealed
            .partition_point(|block| block.last_position() < Some(event_id.position));
        self.sealed
            .get(at)
            .unwrap_or(&self.open)
            .of_position(event_id.position)
            .filter(move |row| row.index == event_id.index)
    }

    /// How many bytes the rows, roll-ups and totals take, about.
    pub fn bytes(&self) -> usize {
        let rows: usize = self.blocks().map(Block::bytes).sum();
        let rollups = self.levels.iter().flatten().flatten();
        let rollups: usize = rollups.map(RollUp::bytes).sum();
        rows + rollups + self.head.len() * size_of::<Total>()
    }

    fn seal(&mut self, cube: &Cube) {
        let block = std::mem::take(&mut self.open);
        let mut totals = vec![Total::default(); self.head.len()];
        block.add_all(cube, &mut totals);
        let rows = block.len();
        self.sealed.push(block);
        self.keep(0, RollUp::of_totals(&totals), rows);
        // A full set of neighbours becomes one node of the next level, perhaps several levels up.
        let mut level = 0;
        let mut span = FAN_IN;
        while self.sealed.len().is_multiple_of(span) {
            let first = self.sealed.len() - span;
            let merged = RollUp::of_totals(&self.range_totals(first, cube));
            let rows = self.sealed.iter().skip(first).map(Block::len).sum();
            level += 1;
            self.keep(level, merged, rows);
            span *= FAN_IN;
        }
    }

    fn range_totals(&self, first: usize, cube: &Cube) -> Vec<Total> {
        let mut totals = vec![Total::default(); self.head.len()];
        let mut next = first;
        while next < self.sealed.len() {
            next = self.add_largest(&mut totals, next, self.sealed.len(), cube);
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
