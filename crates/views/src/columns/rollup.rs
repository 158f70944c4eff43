use crate::columns::Total;
use crate::cube::CellNo;

/// Stands in the amounts for one that needs more than 64 bits.
const WIDE: i64 = i64::MIN;

/// The totals of the cells that occur in consecutive blocks, ascending by cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollUp {
    cells: Vec<CellNo>,
    amounts: Vec<i64>,
    /// Entries and reversals.
    counts: Vec<(u32, u32)>,
    /// Amounts beyond 64 bits, in order.
    wide: Vec<i128>,
}

impl RollUp {
    /// The cells of dense totals in which anything was posted.
    pub fn of_totals(totals: &[Total]) -> Self {
        let posted = (0_u32..).map(CellNo).zip(totals);
        let mut rollup = Self::default();
        for (cell, total) in posted.filter(|(_, total)| !total.is_empty()) {
            rollup.push(cell, total);
        }
        rollup.shrink();
        rollup
    }

    /// The cells of single rows' totals, in any order, in which anything was posted.
    pub fn of_rows(mut rows: Vec<(CellNo, Total)>) -> Self {
        rows.sort_unstable_by_key(|(cell, _)| *cell);
        let mut rollup = Self::default();
        for own in rows.chunk_by(|(one, _), (next, _)| one == next) {
            let mut sum = Total::default();
            for (_, total) in own {
                sum.add_total(total);
            }
            if let Some((cell, _)) = own.first()
                && !sum.is_empty()
            {
                rollup.push(*cell, &sum);
            }
        }
        rollup.shrink();
        rollup
    }

    fn push(&mut self, cell: CellNo, total: &Total) {
        let amount = match i64::try_from(total.minor_units) {
            Ok(amount) if amount != WIDE => amount,
            Ok(_) | Err(_) => {
                self.wide.push(total.minor_units);
                WIDE
            }
        };
        self.cells.push(cell);
        self.amounts.push(amount);
        self.counts.push((total.plus, total.minus));
    }

    fn shrink(&mut self) {
        self.cells.shrink_to_fit();
        self.amounts.shrink_to_fit();
        self.counts.shrink_to_fit();
    }

    /// Adds every total to dense ones.
    pub fn add_to(&self, totals: &mut [Total]) {
        let parts = self.cells.iter().zip(&self.amounts).zip(&self.counts);
        let mut wide = self.wide.iter();
        for ((cell, &amount), &(plus, minus)) in parts {
            let minor_units = match amount {
                WIDE => wide.next().copied().unwrap_or_default(),
                amount => i128::from(amount),
            };
            if let Some(sum) = totals.get_mut(cell.index()) {
                sum.add_total(&Total {
                    minor_units,
                    plus,
                    minus,
                });
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
        self.cells.len() * (size_of::<CellNo>() + size_of::<i64>() + size_of::<(u32, u32)>())
            + self.wide.len() * size_of::<i128>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(minor_units: i128) -> Total {
        Total {
            minor_units,
            plus: 1,
            minus: 0,
        }
    }

    #[test]
    fn totals_around_the_limit_of_64_bits_come_back_unchanged_from_rows_and_from_totals() {
        let amounts = [
            i128::from(i64::MIN),
            7,
            i128::from(i64::MAX),
            i128::from(i64::MAX) + 1,
            i128::from(i64::MIN) + 1,
            i128::from(i64::MIN) - 1,
        ];
        let dense: Vec<Total> = amounts.into_iter().map(total).collect();
        let rollup = RollUp::of_totals(&dense);
        let mut back = vec![Total::default(); dense.len()];
        rollup.add_to(&mut back);
        assert_eq!(back, dense);
        let mut rows: Vec<_> = (0_u32..).map(CellNo).zip(dense).collect();
        rows.reverse();
        assert_eq!(RollUp::of_rows(rows), rollup);
    }

    #[test]
    fn rows_of_one_cell_are_one_total_and_what_sums_to_nothing_is_left_out() {
        let undone = Total {
            minor_units: -5,
            plus: 0,
            minus: 0,
        };
        let done = Total {
            minor_units: 5,
            plus: 0,
            minus: 0,
        };
        let rollup = RollUp::of_rows(vec![
            (CellNo(3), total(2)),
            (CellNo(1), done),
            (CellNo(3), total(4)),
            (CellNo(1), undone),
        ]);
        assert_eq!(rollup.len(), 1);
        let mut totals = vec![Total::default(); 4];
        rollup.add_to(&mut totals);
        assert_eq!((totals[3].minor_units, totals[3].plus), (6, 2));
    }
}
