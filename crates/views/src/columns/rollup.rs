use crate::columns::{Block, Total};
use crate::dictionary::SeriesNo;

/// The sum of one series over consecutive blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The series.
    pub series: SeriesNo,
    /// Its sum.
    pub total: Total,
}

/// One cell per series that occurs in consecutive blocks, ascending by series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollUp {
    cells: Vec<Cell>,
}

impl RollUp {
    /// The sums of one block.
    pub fn of_block(block: &Block) -> Self {
        let mut rows: Vec<_> = block.rows().map(|(_, row)| row).collect();
        rows.sort_by_key(|row| row.series);
        let mut cells: Vec<Cell> = Vec::new();
        for row in &rows {
            match cells.last_mut() {
                Some(cell) if cell.series == row.series => cell.total.add(row),
                _ => {
                    let mut total = Total::default();
                    total.add(row);
                    cells.push(Cell {
                        series: row.series,
                        total,
                    });
                }
            }
        }
        cells.shrink_to_fit();
        Self { cells }
    }

    /// The cells of dense sums: those in which anything was posted.
    pub fn of_totals(totals: Vec<Total>) -> Self {
        let cells = (0_u32..)
            .zip(totals)
            .filter(|(_, total)| !total.is_empty())
            .map(|(number, total)| Cell {
                series: SeriesNo(number),
                total,
            })
            .collect();
        Self { cells }
    }

    /// Adds every cell to the sums by series.
    pub fn add_to(&self, totals: &mut [Total]) {
        for cell in &self.cells {
            if let Some(total) = totals.get_mut(cell.series.index()) {
                total.minor_units += cell.total.minor_units;
                total.plus += cell.total.plus;
                total.minus += cell.total.minus;
            }
        }
    }

    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// How many bytes it takes, about.
    pub fn bytes(&self) -> usize {
        self.cells.len() * size_of::<Cell>()
    }
}
