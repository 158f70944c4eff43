use crate::columns::Total;
use crate::cube::CellNo;

/// The totals of the cells that occur in consecutive blocks, ascending by cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollUp {
    totals: Vec<(CellNo, Total)>,
}

impl RollUp {
    /// The cells of dense totals in which anything was posted.
    pub fn of_totals(totals: &[Total]) -> Self {
        let totals = (0_u32..)
            .map(CellNo)
            .zip(totals)
            .filter(|(_, total)| !total.is_empty())
            .map(|(cell, total)| (cell, *total))
            .collect();
        Self { totals }
    }

    /// Adds every total to dense ones.
    pub fn add_to(&self, totals: &mut [Total]) {
        for (cell, total) in &self.totals {
            if let Some(sum) = totals.get_mut(cell.index()) {
                sum.add_total(total);
            }
        }
    }

    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.totals.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.totals.is_empty()
    }

    /// How many bytes it takes, about.
    pub fn bytes(&self) -> usize {
        self.totals.len() * size_of::<(CellNo, Total)>()
    }
}
