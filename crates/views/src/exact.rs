//! Amounts times weights, summed exactly and rounded once (SEMANTICS.md 1 "Rounding").
//!
//! A weight is a product of splits in parts per million and, for a period that is cut by years, of a number of
//! days out of a number of days. Sums keep one numerator of 256 bits for each length of period, so adding is exact
//! and its order does not matter. Rounding evaluates each of them to 2^-128 of a minor unit, and their sum to the
//! nearest 2^-96: equal sums are equal, whatever their denominators.

use ethnum::I256;

/// Weights are counted in 10^-12: two splits in parts per million.
pub const WHOLE: u64 = 1_000_000_000_000;

/// Part of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Trillionths, at most [`WHOLE`].
    pub trillionths: u64,
    /// Days out of `of_days`.
    pub days: u32,
    /// The period's days, at least 1.
    pub of_days: u32,
}

impl Weight {
    /// All of it.
    pub const ALL: Self = Self {
        trillionths: WHOLE,
        days: 1,
        of_days: 1,
    };

    /// This weight's part in two splits, in parts per million each.
    #[must_use]
    pub fn split(self, first_ppm: u32, second_ppm: u32) -> Self {
        Self {
            trillionths: u64::from(first_ppm) * u64::from(second_ppm),
            ..self
        }
    }

    /// This weight's part in `days` of `of_days`.
    #[must_use]
    pub const fn days(self, days: u32, of_days: u32) -> Self {
        if days == of_days {
            return self;
        }
        Self {
            days,
            of_days,
            ..self
        }
    }

    const fn is_all(self) -> bool {
        self.trillionths == WHOLE && self.days == self.of_days
    }

    /// The weight as numerator and denominator, not reduced.
    pub fn fraction(self) -> (u128, u128) {
        (
            u128::from(self.trillionths) * u128::from(self.days),
            u128::from(WHOLE) * u128::from(self.of_days),
        )
    }
}

/// An exact sum of weighted amounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exact {
    whole: i128,
    /// Numerators over 10^12 times the period's days, ascending by days, each days once.
    parts: Vec<(u32, I256)>,
}

/// A value as whole minor units (floor) and 2^-96ths, below 2^96.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fixed {
    floor: i128,
    fraction: u128,
}

const FRACTION_BITS: u32 = 96;
const HALF: u128 = 1 << (FRACTION_BITS - 1);

impl Exact {
    /// Adds `weight` of `minor_units`.
    pub fn add(&mut self, minor_units: i128, weight: Weight) {
        if weight.is_all() {
            self.whole += minor_units;
            return;
        }
        let numerator =
            I256::from(minor_units) * I256::from(weight.trillionths) * I256::from(weight.days);
        self.add_part(weight.of_days, numerator);
    }

    /// Adds another sum.
    pub fn add_all(&mut self, other: &Self) {
        self.whole += other.whole;
        for &(of_days, numerator) in &other.parts {
            self.add_part(of_days, numerator);
        }
    }

    fn add_part(&mut self, of_days: u32, numerator: I256) {
        match self.parts.binary_search_by_key(&of_days, |&(days, _)| days) {
            Ok(found) => {
                if let Some((_, sum)) = self.parts.get_mut(found) {
                    *sum += numerator;
                }
            }
            Err(place) => self.parts.insert(place, (of_days, numerator)),
        }
    }

    /// Whether nothing but zeros was added, or all of it cancels.
    pub fn is_zero(&self) -> bool {
        self.fixed()
            == Fixed {
                floor: 0,
                fraction: 0,
            }
    }

    /// The sum, if no weighted part was ever added: nothing is to be rounded.
    pub fn whole(&self) -> Option<i128> {
        self.parts.is_empty().then_some(self.whole)
    }

    /// Whether a period that was cut by days has a part in it.
    pub fn is_cut(&self) -> bool {
        let mut cut = self.parts.iter().filter(|(of_days, _)| 1 < *of_days);
        cut.any(|(_, numerator)| *numerator != I256::ZERO)
    }

    /// Whole minor units, rounded half to even.
    pub fn rounded(&self) -> i128 {
        let Fixed { floor, fraction } = self.fixed();
        match fraction.cmp(&HALF) {
            std::cmp::Ordering::Less => floor,
            std::cmp::Ordering::Equal => floor + floor.rem_euclid(2),
            std::cmp::Ordering::Greater => floor + 1,
        }
    }

    fn fixed(&self) -> Fixed {
        let mut floor = self.whole;
        let mut fraction = I256::ZERO;
        for &(of_days, numerator) in &self.parts {
            let denominator = I256::from(WHOLE) * I256::from(of_days);
            floor += numerator.div_euclid(denominator).as_i128();
            fraction += (numerator.rem_euclid(denominator) << 128_u32) / denominator;
        }
        // To the nearest 2^-96, which may carry.
        let snapped = (fraction + (I256::ONE << 31_u32)) >> 32_u32;
        let carry = snapped >> FRACTION_BITS;
        let rest = snapped - (carry << FRACTION_BITS);
        Fixed {
            floor: floor + carry.as_i128(),
            fraction: rest.as_u128(),
        }
    }
}

/// Rounds the cells of one printed partition, in their order of code: floors, and what they leave of the rounded
/// total goes to the largest remainders, ties to the first. The results sum to the rounded total.
pub fn round_partition(cells: &[&Exact]) -> Vec<i128> {
    let mut total = Exact::default();
    for cell in cells {
        total.add_all(cell);
    }
    round_to(cells, total.rounded())
}

/// Rounds parts of a figure that is rounded already, in their order of code, so that they sum to it.
pub fn round_to(cells: &[&Exact], whole: i128) -> Vec<i128> {
    let fixed: Vec<Fixed> = cells.iter().map(|cell| cell.fixed()).collect();
    let mut rounded: Vec<i128> = fixed.iter().map(|cell| cell.floor).collect();
    let floors: i128 = rounded.iter().sum();
    let mut left = whole - floors;
    let mut order: Vec<usize> = (0..fixed.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(fixed.get(at).map(|cell| cell.fraction)));
    for at in order {
        if left <= 0 {
            break;
        }
        if let Some(cell) = rounded.get_mut(at) {
            *cell += 1;
            left -= 1;
        }
    }
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thirds(minor_units: i128) -> [Exact; 3] {
        [333_333, 333_333, 333_334].map(|ppm| {
            let mut cell = Exact::default();
            cell.add(minor_units, Weight::ALL.split(ppm, 1_000_000));
            cell
        })
    }

    #[test]
    fn a_cent_in_three_shares_goes_to_the_largest_and_nothing_is_lost() {
        let cells = thirds(1);
        let rounded = round_partition(&[&cells[0], &cells[1], &cells[2]]);
        assert_eq!(rounded, [0, 0, 1]);
        let cells = thirds(-1);
        let rounded = round_partition(&[&cells[0], &cells[1], &cells[2]]);
        // Floors are -1 each; of the two units to hand out the largest remainders, -0.333333 + 1, get them.
        assert_eq!(rounded, [0, 0, -1]);
    }

    #[test]
    fn equal_remainders_go_to_the_first_code() {
        let mut first = Exact::default();
        first.add(1, Weight::ALL.split(500_000, 1_000_000));
        let second = first.clone();
        assert_eq!(round_partition(&[&first, &second]), [1, 0]);
    }

    #[test]
    fn a_third_and_a_sixth_equal_a_half_of_another_length_of_period() {
        let mut mixed = Exact::default();
        mixed.add(1, Weight::ALL.days(1, 3));
        mixed.add(1, Weight::ALL.days(1, 6));
        let mut half = Exact::default();
        half.add(1, Weight::ALL.days(1, 2));
        assert_eq!(mixed.fixed(), half.fixed());
        // So the tie is seen, and the first code gets the unit.
        assert_eq!(round_partition(&[&mixed, &half]), [1, 0]);
        assert_eq!(round_partition(&[&half, &mixed]), [1, 0]);
    }

    #[test]
    fn three_thirds_of_days_are_one_whole_unit() {
        let mut sum = Exact::default();
        for _ in 0..3 {
            sum.add(100, Weight::ALL.days(1, 3));
        }
        assert_eq!(
            sum.fixed(),
            Fixed {
                floor: 100,
                fraction: 0
            }
        );
    }

    #[test]
    fn halves_round_to_the_even_unit_in_both_directions() {
        let half = |minor_units| {
            let mut sum = Exact::default();
            sum.add(minor_units, Weight::ALL.days(1, 2));
            sum.rounded()
        };
        assert_eq!([half(1), half(3), half(-1), half(-3)], [0, 2, 0, -2]);
    }

    #[test]
    fn the_largest_amounts_times_the_finest_weights_stay_exact() {
        let mut sum = Exact::default();
        let largest = 999_999_999_999_999_999_i128;
        let weight = Weight::ALL.split(1, 1).days(1, 51_500);
        for _ in 0..51_500 {
            sum.add(largest, weight);
        }
        // 51,500 times 1/51,500 of a trillionth: 999,999.999999999999 minor units.
        assert_eq!(sum.rounded(), 1_000_000);
        assert_eq!(sum.fixed().floor, 999_999);
    }
}
