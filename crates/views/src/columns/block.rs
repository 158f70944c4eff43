use std::ops::Range;

use perennial_domain::log::Position;

use crate::columns::Total;
use crate::cube::CellNo;
use crate::day::{Day, Days};
use crate::dictionary::{FacetNo, KindNo, PeriodNo};
use crate::pages::{Page, PageReader, PageWriter};

/// One posting as columns hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its event's place in the record.
    pub index: u32,
    /// Whose money it is.
    pub facet: FacetNo,
    /// What it counts.
    pub kind: KindNo,
    /// When it is true in the world.
    pub day: Day,
    /// Minor units of either sign.
    pub minor_units: i128,
    /// As [`crate::posting::Posting::entries`].
    pub entries: i8,
    /// The period it is for, where that is shorter than the month that its kind says.
    pub period: Option<PeriodNo>,
}

/// Stands in the amounts column for an amount that needs more than 64 bits.
const WIDE: i64 = i64::MIN;

/// Stands in the cells column where nothing is known of the row's agreement.
const NO_CELL: CellNo = CellNo(u32::MAX);

/// Consecutive rows of whole records, struct of arrays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The position of the first row.
    first: Position,
    /// How far each row's position is from it.
    offsets: Vec<u32>,
    indexes: Vec<u32>,
    facets: Vec<FacetNo>,
    kinds: Vec<KindNo>,
    /// Each row's cell, so that sums need not look it up; [`NO_CELL`] if it has none.
    cells: Vec<CellNo>,
    days: Vec<Day>,
    amounts: Vec<i64>,
    entries: Vec<i8>,
    /// Amounts beyond 64 bits by row, ascending. Money stays below 10^18, so there is hardly ever one.
    wide: Vec<(u32, i128)>,
    /// Periods shorter than a month by row, ascending. Most rows have none.
    periods: Vec<(u32, PeriodNo)>,
}

impl Block {
    /// Adds a row; `position` does not decrease and is not too far ([`Block::is_too_far`]).
    pub fn push(&mut self, position: Position, row: &Row, cell: Option<CellNo>) {
        if self.is_empty() {
            self.first = position;
        }
        let offset = position.0.saturating_sub(self.first.0);
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        // A record has far fewer than 2^32 rows, and no block many records.
        let at = u32::try_from(self.len()).unwrap_or(u32::MAX);
        let amount = match i64::try_from(row.minor_units) {
            Ok(amount) if amount != WIDE => amount,
            Ok(_) | Err(_) => {
                self.wide.push((at, row.minor_units));
                WIDE
            }
        };
        self.offsets.push(offset);
        self.indexes.push(row.index);
        self.facets.push(row.facet);
        self.kinds.push(row.kind);
        self.cells.push(cell.unwrap_or(NO_CELL));
        self.days.push(row.day);
        self.amounts.push(amount);
        self.entries.push(row.entries);
        self.periods.extend(row.period.map(|period| (at, period)));
    }

    /// Whether `position` is 2^32 or more away from the first row's: records without rows may lie between.
    pub fn is_too_far(&self, position: Position) -> bool {
        let offset = position.0.saturating_sub(self.first.0);
        !self.is_empty() && u64::from(u32::MAX) < offset
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.offsets.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    /// The lowest position; `None` if empty.
    pub fn first_position(&self) -> Option<Position> {
        (!self.is_empty()).then_some(self.first)
    }

    /// The highest position; `None` if empty.
    pub fn last_position(&self) -> Option<Position> {
        let last = self.offsets.last()?;
        Some(Position(self.first.0.saturating_add(u64::from(*last))))
    }

    /// All rows with their positions, in order.
    pub fn rows(&self) -> impl Iterator<Item = (Position, Row)> {
        self.range(0..self.len())
    }

    /// The days of all rows, in order.
    pub(super) fn days(&self) -> &[Day] {
        &self.days
    }

    /// The first `to` rows whose day lies in `days`, in order, each with its cell.
    pub fn rows_in(&self, to: usize, days: Days) -> impl Iterator<Item = (CellNo, Row)> {
        let within = self.days.iter().take(to).enumerate();
        within
            .filter(move |(_, day)| days.contains(**day))
            .filter_map(|(at, _)| Some((*self.cells.get(at)?, self.row(at)?)))
    }

    /// The rows of one record, in order.
    pub fn of_position(&self, position: Position) -> impl Iterator<Item = Row> {
        let offset = position.0.checked_sub(self.first.0);
        let offset = offset.and_then(|offset| u32::try_from(offset).ok());
        let rows = offset.map_or(0..0, |offset| {
            let from = self.offsets.partition_point(|&at| at < offset);
            let to = self.offsets.partition_point(|&at| at <= offset);
            from..to
        });
        self.range(rows).map(|(_, row)| row)
    }

    /// Adds the first `to` rows to the totals by cell.
    pub fn add_first(&self, to: usize, totals: &mut [Total]) {
        self.each_total(to, |cell, total| {
            if let Some(sum) = totals.get_mut(cell.index()) {
                sum.add_total(&total);
            }
        });
    }

    /// The totals of single rows, in order.
    pub(super) fn totals(&self) -> Vec<(CellNo, Total)> {
        let mut totals = Vec::with_capacity(self.len());
        self.each_total(self.len(), |cell, total| totals.push((cell, total)));
        totals
    }

    fn each_total(&self, to: usize, mut each: impl FnMut(CellNo, Total)) {
        let amounts = self.amounts.iter().zip(&self.entries);
        for (at, (&cell, (&amount, &entries))) in
            self.cells.iter().zip(amounts).take(to).enumerate()
        {
            if cell != NO_CELL {
                each(cell, Total::of(self.amount(at, amount), entries));
            }
        }
    }

    /// How many of its rows are at or before `at`: they are the first ones.
    pub fn rows_until(&self, at: Position) -> usize {
        let Some(offset) = at.0.checked_sub(self.first.0) else {
            return 0;
        };
        self.offsets
            .partition_point(|&row| u64::from(row) <= offset)
    }

    /// Calls `each` with the first `to` rows that are of wanted kinds and whose day is at most `cut`.
    pub fn each_row(
        &self,
        to: usize,
        cut: Option<Day>,
        wanted: impl Fn(KindNo) -> bool,
        mut each: impl FnMut(&Row),
    ) {
        let rows = self.kinds.iter().zip(&self.days).take(to).enumerate();
        for (at, (&kind, &day)) in rows {
            if wanted(kind)
                && cut.is_none_or(|cut| day <= cut)
                && let Some(row) = self.row(at)
            {
                each(&row);
            }
        }
    }

    fn range(&self, rows: Range<usize>) -> impl Iterator<Item = (Position, Row)> {
        rows.filter_map(|at| {
            let offset = *self.offsets.get(at)?;
            let position = Position(self.first.0.saturating_add(u64::from(offset)));
            Some((position, self.row(at)?))
        })
    }

    fn row(&self, at: usize) -> Option<Row> {
        let amount = *self.amounts.get(at)?;
        Some(Row {
            index: *self.indexes.get(at)?,
            facet: *self.facets.get(at)?,
            kind: *self.kinds.get(at)?,
            day: *self.days.get(at)?,
            minor_units: self.amount(at, amount),
            entries: *self.entries.get(at)?,
            period: self.period_at(at),
        })
    }

    fn amount(&self, at: usize, amount: i64) -> i128 {
        if amount == WIDE {
            self.wide_at(at)
        } else {
            i128::from(amount)
        }
    }

    fn wide_at(&self, at: usize) -> i128 {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        self.wide
            .binary_search_by_key(&at, |&(row, _)| row)
            .ok()
            .and_then(|found| self.wide.get(found))
            .map_or(i128::from(WIDE), |&(_, amount)| amount)
    }

    fn period_at(&self, at: usize) -> Option<PeriodNo> {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        let found = self.periods.binary_search_by_key(&at, |&(row, _)| row);
        self.periods.get(found.ok()?).map(|&(_, period)| period)
    }

    /// Whether every column has as many rows.
    fn is_whole(&self) -> bool {
        let columns = [
            self.indexes.len(),
            self.facets.len(),
            self.kinds.len(),
            self.cells.len(),
            self.days.len(),
            self.amounts.len(),
            self.entries.len(),
        ];
        columns.into_iter().all(|rows| rows == self.len())
    }
}

impl Page for Block {
    fn encode(&self, out: &mut PageWriter) {
        out.array(self.first.0.to_le_bytes());
        out.column(&self.offsets, u32::to_le_bytes);
        out.column(&self.indexes, u32::to_le_bytes);
        out.column(&self.facets, |facet| facet.0.to_le_bytes());
        out.column(&self.kinds, |kind| kind.0.to_le_bytes());
        out.column(&self.cells, |cell| cell.0.to_le_bytes());
        out.column(&self.days, |day| day.0.to_le_bytes());
        out.column(&self.amounts, i64::to_le_bytes);
        out.column(&self.entries, i8::to_le_bytes);
        let (rows, wide): (Vec<u32>, Vec<i128>) = self.wide.iter().copied().unzip();
        out.column(&rows, u32::to_le_bytes);
        out.column(&wide, i128::to_le_bytes);
        let (rows, periods): (Vec<u32>, Vec<PeriodNo>) = self.periods.iter().copied().unzip();
        out.column(&rows, u32::to_le_bytes);
        out.column(&periods, |period| period.0.to_le_bytes());
    }

    fn decode(bytes: &mut PageReader<'_>) -> Option<Self> {
        let mut block = Self {
            first: Position(u64::from_le_bytes(bytes.array()?)),
            offsets: bytes.column(u32::from_le_bytes)?,
            indexes: bytes.column(u32::from_le_bytes)?,
            facets: bytes.column(|facet| FacetNo(u32::from_le_bytes(facet)))?,
            kinds: bytes.column(|kind| KindNo(u32::from_le_bytes(kind)))?,
            cells: bytes.column(|cell| CellNo(u32::from_le_bytes(cell)))?,
            days: bytes.column(|day| Day(i32::from_le_bytes(day)))?,
            amounts: bytes.column(i64::from_le_bytes)?,
            entries: bytes.column(i8::from_le_bytes)?,
            wide: Vec::new(),
            periods: Vec::new(),
        };
        let rows = bytes.column(u32::from_le_bytes)?;
        let wide = bytes.column(i128::from_le_bytes)?;
        let whole = block.is_whole() && rows.len() == wide.len();
        block.wide = rows.into_iter().zip(wide).collect();
        let rows = bytes.column(u32::from_le_bytes)?;
        let periods = bytes.column(|period| PeriodNo(u32::from_le_bytes(period)))?;
        let whole = whole && rows.len() == periods.len();
        block.periods = rows.into_iter().zip(periods).collect();
        whole.then_some(block)
    }

    fn bytes(&self) -> usize {
        let row = 2 * size_of::<u32>()
            + size_of::<FacetNo>()
            + size_of::<KindNo>()
            + size_of::<CellNo>()
            + size_of::<Day>()
            + size_of::<i64>()
            + size_of::<i8>();
        self.len() * row
            + self.wide.len() * size_of::<(u32, i128)>()
            + self.periods.len() * size_of::<(u32, PeriodNo)>()
    }
}

impl Block {
    /// Lets go of what was reserved for more rows.
    pub(super) fn shrink(&mut self) {
        self.offsets.shrink_to_fit();
        self.indexes.shrink_to_fit();
        self.facets.shrink_to_fit();
        self.kinds.shrink_to_fit();
        self.cells.shrink_to_fit();
        self.days.shrink_to_fit();
        self.amounts.shrink_to_fit();
        self.entries.shrink_to_fit();
        self.periods.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(minor_units: i128) -> Row {
        Row {
            index: 0,
            facet: FacetNo(0),
            kind: KindNo(0),
            day: Day(0),
            minor_units,
            entries: 0,
            period: None,
        }
    }

    fn around_64_bits() -> (Block, [i128; 6]) {
        let amounts = [
            0,
            i128::from(i64::MAX),
            i128::from(i64::MAX) + 1,
            i128::from(i64::MIN) + 1,
            i128::from(i64::MIN),
            i128::from(i64::MIN) - 1,
        ];
        let mut block = Block::default();
        for (position, amount) in (5..).zip(amounts) {
            let period = (position % 2 == 0).then_some(PeriodNo(9));
            let row = Row {
                period,
                ..row(amount)
            };
            block.push(Position(position), &row, None);
        }
        (block, amounts)
    }

    #[test]
    fn amounts_around_the_limit_of_64_bits_come_back_unchanged() {
        let (block, amounts) = around_64_bits();
        let back: Vec<i128> = block.rows().map(|(_, row)| row.minor_units).collect();
        assert_eq!(back, amounts);
        let periods: Vec<bool> = block.rows().map(|(_, row)| row.period.is_some()).collect();
        assert_eq!(periods, [false, true, false, true, false, true]);
        let mut sum = 0_i128;
        block.each_row(block.len(), None, |_| true, |row| sum += row.minor_units);
        assert_eq!(sum, -i128::from(1_u64 << 63) - 1);
    }

    #[test]
    fn a_block_comes_back_from_its_bytes_and_a_part_of_them_is_none() {
        let (block, _) = around_64_bits();
        let mut out = PageWriter::default();
        block.encode(&mut out);
        let bytes = out.into_bytes();
        assert_eq!(Block::decode(&mut PageReader::of(&bytes)), Some(block));
        for length in [0, 7, 8, 60, bytes.len() - 1] {
            assert_eq!(Block::decode(&mut PageReader::of(&bytes[..length])), None);
        }
    }

    #[test]
    fn a_block_spans_fewer_than_2_to_the_32_positions() {
        let mut block = Block::default();
        assert!(
            !block.is_too_far(Position(u64::MAX)),
            "an empty one begins anywhere"
        );
        block.push(Position(7), &row(1), None);
        assert!(!block.is_too_far(Position(7 + u64::from(u32::MAX))));
        assert!(block.is_too_far(Position(8 + u64::from(u32::MAX))));
        let last = Position(7 + u64::from(u32::MAX));
        block.push(last, &row(1), Some(CellNo(0)));
        assert_eq!(block.last_position(), Some(last));
    }
}
