//! Exact sums of weighted amounts in numbers of any size, and rounding by largest remainder: by the book, not fast.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A split in parts per million of a split in parts per million.
const TRILLION: i128 = 1_000_000_000_000;

/// Splits minor units in proportion to weights: floors, and the units that are left one by one to the largest
/// remainder, the earliest of equal ones. Nothing without a weight above 0.
pub(super) fn split(minor_units: i128, weights: &[i128]) -> Option<Vec<i128>> {
    let total: i128 = weights.iter().sum();
    if total == 0 {
        return None;
    }
    let shares = weights
        .iter()
        .map(|weight| (minor_units * weight).div_euclid(total));
    let mut shares: Vec<i128> = shares.collect();
    let mut remainders: Vec<Option<i128>> = weights
        .iter()
        .map(|weight| Some((minor_units * weight).rem_euclid(total)))
        .collect();
    for _ in 0..minor_units - shares.iter().sum::<i128>() {
        let largest = remainders.iter().flatten().max().copied();
        let at = remainders.iter().position(|known| *known == largest);
        for (index, (share, remainder)) in shares.iter_mut().zip(&mut remainders).enumerate() {
            if Some(index) == at {
                *share += 1;
                *remainder = None;
            }
        }
    }
    Some(shares)
}

/// A sum of amounts, each times a part of a split and a part of a period's days.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    whole: i128,
    /// What is below a minor unit: numerators by denominator, each below it.
    parts: BTreeMap<u64, u64>,
    /// What was cut by days: by the length of the period that was cut.
    cut: BTreeMap<i128, i128>,
    weighted: bool,
}

impl Sum {
    /// Adds `trillionths` of `minor_units`, for `days` out of `of_days`.
    pub(super) fn add(
        &mut self,
        minor_units: i128,
        trillionths: i128,
        (days, of_days): (i128, i128),
    ) {
        let (days, of_days) = if days == of_days {
            (1, 1)
        } else {
            (days, of_days)
        };
        let numerator = minor_units * trillionths * days;
        if 1 < of_days {
            *self.cut.entry(of_days).or_default() += numerator;
        }
        let denominator = TRILLION * of_days;
        self.weighted |= trillionths * days != denominator;
        self.whole += numerator.div_euclid(denominator);
        let rest = numerator.rem_euclid(denominator);
        let divisor = greatest_common_divisor(rest, denominator);
        let reduced = (rest / divisor, denominator / divisor);
        // A trillion times the days of a term fits 64 bits.
        if let (Ok(rest), Ok(denominator)) = (u64::try_from(reduced.0), u64::try_from(reduced.1)) {
            self.add_part(rest, denominator);
        }
    }

    fn add_part(&mut self, numerator: u64, denominator: u64) {
        if numerator == 0 {
            return;
        }
        let sum = u128::from(self.parts.remove(&denominator).unwrap_or(0)) + u128::from(numerator);
        let denominator = u128::from(denominator);
        self.whole += i128::from(denominator <= sum);
        let parts = (u64::try_from(sum % denominator), u64::try_from(denominator));
        if let (Ok(rest @ 1..), Ok(denominator)) = parts {
            self.parts.insert(denominator, rest);
        }
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        self.whole += other.whole;
        for (&denominator, &numerator) in &other.parts {
            self.add_part(numerator, denominator);
        }
        for (&of_days, &numerator) in &other.cut {
            *self.cut.entry(of_days).or_default() += numerator;
        }
        self.weighted |= other.weighted;
    }

    /// The sum where nothing but whole amounts was ever added.
    pub(super) fn only_whole(&self) -> Option<i128> {
        (!self.weighted).then_some(self.whole)
    }

    /// Whether it holds something of a period that was cut.
    pub(super) fn is_cut(&self) -> bool {
        self.cut.values().any(|&numerator| numerator != 0)
    }

    /// Whole minor units, rounded down, and the rest as a fraction below 1.
    fn floor(&self) -> (i128, Fraction) {
        let mut whole = self.whole;
        let mut fraction = Fraction::zero();
        for (&denominator, &numerator) in &self.parts {
            fraction = fraction.plus(numerator, denominator);
        }
        while fraction.0.cmp(&fraction.1) != Ordering::Less {
            fraction.0 = fraction.0.minus(&fraction.1);
            whole += 1;
        }
        (whole, fraction)
    }

    /// Whole minor units, half to even.
    fn rounded(&self) -> i128 {
        let (whole, fraction) = self.floor();
        match fraction.0.times(2).cmp(&fraction.1) {
            Ordering::Less => whole,
            Ordering::Equal => whole + whole.rem_euclid(2),
            Ordering::Greater => whole + 1,
        }
    }
}

/// Rounds cells that are shown together, in their order: the sum is the rounded sum.
pub(super) fn round_together(cells: &[&Sum]) -> Vec<i128> {
    let mut total = Sum::default();
    for cell in cells {
        total.add_all(cell);
    }
    round_to(cells, total.rounded())
}

/// Rounds parts of an amount that is rounded already, so that they sum to it.
pub(super) fn round_to(cells: &[&Sum], whole: i128) -> Vec<i128> {
    let mut rounded = Vec::new();
    let mut fractions = Vec::new();
    for cell in cells {
        let (whole, fraction) = cell.floor();
        rounded.push(whole);
        fractions.push(Some(fraction));
    }
    for _ in 0..whole - rounded.iter().sum::<i128>() {
        let mut largest: Option<(usize, Fraction)> = None;
        for (at, fraction) in fractions.iter().enumerate() {
            let Some(fraction) = fraction else { continue };
            if largest
                .as_ref()
                .is_none_or(|(_, known)| known.is_below(fraction))
            {
                largest = Some((at, fraction.clone()));
            }
        }
        let at = largest.map(|(at, _)| at);
        for (index, (cell, fraction)) in rounded.iter_mut().zip(&mut fractions).enumerate() {
            if Some(index) == at {
                *cell += 1;
                *fraction = None;
            }
        }
    }
    rounded
}

const fn greatest_common_divisor(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Numerator and denominator.
#[derive(Clone, Debug)]
struct Fraction(Natural, Natural);

impl Fraction {
    fn zero() -> Self {
        Self(Natural(Vec::new()), Natural(vec![1]))
    }

    fn plus(&self, numerator: u64, denominator: u64) -> Self {
        let own = self.0.times(denominator);
        let added = self.1.times(numerator);
        Self(own.plus(&added), self.1.times(denominator))
    }

    fn is_below(&self, other: &Self) -> bool {
        self.0.product(&other.1).cmp(&other.0.product(&self.1)) == Ordering::Less
    }
}

/// A natural number of any size, in digits of 32 bits, the lowest first, without leading zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Natural(Vec<u32>);

impl Natural {
    fn of(digits: impl IntoIterator<Item = u128>) -> Self {
        let mut carry: u128 = 0;
        let mut own = Vec::new();
        for digit in digits {
            carry += digit;
            own.push(low(carry));
            carry >>= 32;
        }
        while carry != 0 {
            own.push(low(carry));
            carry >>= 32;
        }
        while own.last() == Some(&0) {
            own.pop();
        }
        Self(own)
    }

    fn times(&self, by: u64) -> Self {
        Self::of(
            self.0
                .iter()
                .map(|&digit| u128::from(digit) * u128::from(by)),
        )
    }

    fn plus(&self, other: &Self) -> Self {
        let length = self.0.len().max(other.0.len());
        Self::of((0..length).map(|at| u128::from(self.digit(at)) + u128::from(other.digit(at))))
    }

    /// The difference; `other` is no larger.
    fn minus(&self, other: &Self) -> Self {
        let mut borrow = 0_i64;
        let mut digits = Vec::new();
        for at in 0..self.0.len() {
            let mut digit = i64::from(self.digit(at)) - i64::from(other.digit(at)) - borrow;
            borrow = i64::from(digit < 0);
            digit += borrow << 32;
            digits.push(u128::try_from(digit).unwrap_or(0));
        }
        Self::of(digits)
    }

    fn product(&self, other: &Self) -> Self {
        let mut sum = Self(Vec::new());
        for (at, &digit) in other.0.iter().enumerate() {
            let mut shifted = vec![0; at];
            shifted.extend(self.times(u64::from(digit)).0);
            sum = sum.plus(&Self::of(shifted.into_iter().map(u128::from)));
        }
        sum
    }

    fn cmp(&self, other: &Self) -> Ordering {
        let length = self.0.len().cmp(&other.0.len());
        length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    fn digit(&self, at: usize) -> u32 {
        self.0.get(at).copied().unwrap_or(0)
    }
}

fn low(number: u128) -> u32 {
    u32::try_from(number & u128::from(u32::MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_that_is_left_goes_to_the_largest_remainder_and_of_equal_ones_to_the_first() {
        assert_eq!(split(100, &[1, 1, 1]), Some(vec![34, 33, 33]));
        assert_eq!(split(-100, &[1, 1, 1]), Some(vec![-33, -33, -34]));
        assert_eq!(split(1, &[2, 3]), Some(vec![0, 1]));
        assert_eq!(split(5, &[0, 0]), None);
    }

    #[test]
    fn three_thirds_are_one_and_a_half_goes_to_the_even_unit() {
        let mut thirds = Sum::default();
        for _ in 0..3 {
            thirds.add(100, TRILLION, (1, 3));
        }
        assert_eq!(thirds.rounded(), 100);
        let half = |minor_units| {
            let mut sum = Sum::default();
            sum.add(minor_units, TRILLION / 2, (1, 1));
            sum.rounded()
        };
        assert_eq!([half(1), half(3), half(-1), half(-3)], [0, 2, 0, -2]);
    }

    #[test]
    fn numbers_of_many_digits_come_back_from_a_product_by_subtraction() {
        let mut product = Natural(vec![1]);
        for factor in [999_999_937_u64, 998_244_353, 1_000_000_007, u64::MAX] {
            product = product.times(factor);
        }
        let twice = product.plus(&product);
        assert_eq!(twice.minus(&product), product);
        assert_eq!(product.times(2), twice);
        assert_eq!(product.product(&Natural(vec![2])), twice);
        assert_eq!(twice.cmp(&product), Ordering::Greater);
    }
}
