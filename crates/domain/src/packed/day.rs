//! Days as numbers, for distances between them.

use jiff::civil::Date;

/// A day as a number that ascends with days: its year, then its month in four bits and its day in five.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(i32);

impl Day {
    pub(crate) const MIN: Self = Self(i32::MIN);
    pub(crate) const MAX: Self = Self(i32::MAX);
    /// What days are counted from, so that those of our time take three bytes: 1 January 2000.
    pub(crate) const ZERO: Self = Self(2_000 << 9 | 1 << 5 | 1);

    pub(crate) fn of(on: Date) -> Self {
        let within = i32::from(on.month()) << 5 | i32::from(on.day());
        Self(i32::from(on.year()) << 9 | within)
    }

    /// The date; one that is none is the first of the year 0.
    pub(crate) fn date(self) -> Date {
        self.checked_date().unwrap_or(Date::ZERO)
    }

    pub(crate) fn checked_date(self) -> Option<Date> {
        let year = i16::try_from(self.0 >> 9).ok()?;
        let month = i8::try_from(self.0 >> 5 & 0xf).ok()?;
        let day = i8::try_from(self.0 & 0x1f).ok()?;
        Date::new(year, month, day).ok()
    }

    /// The next number: no later one is a day before the next day.
    pub(crate) const fn after(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// How far it lies after `other`; below 0 if it lies before.
    pub(crate) const fn since(self, other: Self) -> i32 {
        self.0.saturating_sub(other.0)
    }

    /// The day that lies so far after this one.
    pub(crate) fn plus(self, distance: impl TryInto<i32>) -> Option<Self> {
        Some(Self(self.0.checked_add(distance.try_into().ok()?)?))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn days_ascend_and_come_back() {
        let days = [
            Date::MIN,
            Date::ZERO,
            date(1999, 12, 31),
            date(2000, 1, 1),
            date(2024, 2, 29),
            date(2024, 3, 1),
            Date::MAX,
        ];
        for pair in days.windows(2) {
            assert!(Day::of(pair[0]) < Day::of(pair[1]));
        }
        for day in days {
            let distance = Day::of(day).since(Day::ZERO);
            assert_eq!(Day::ZERO.plus(distance).map(Day::date), Some(day));
        }
    }
}
