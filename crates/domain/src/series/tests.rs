use std::collections::BTreeMap;

use jiff::civil::date;

use super::*;

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn day(&mut self) -> Date {
        let (year, month) = (2_020 + self.below(6), 1 + self.below(12));
        let year = i16::try_from(year).unwrap();
        date(
            year,
            i8::try_from(month).unwrap(),
            i8::try_from(1 + self.below(28)).unwrap(),
        )
    }

    fn amount(&mut self) -> i128 {
        let amount = i128::from(self.below(1 << 30)) - (1 << 29);
        match self.below(20) {
            0 => amount << 60,
            1 => 0,
            _ => amount % 100,
        }
    }
}

/// What a series is: the changes by day.
type Known = BTreeMap<Date, i128>;

fn known_as_of(known: &Known, on: Date) -> i128 {
    known.range(..=on).map(|(_, change)| change).sum()
}

#[track_caller]
fn check(series: &Series<i128>, known: &Known, numbers: &mut Numbers) {
    assert!(
        series
            .changes()
            .eq(known.iter().map(|(&on, &change)| (on, change)))
    );
    assert_eq!(series.total(), known.values().sum::<i128>());
    let on = numbers.day();
    assert_eq!(series.as_of(on), known_as_of(known, on), "as of {on}");
    let later = known.range(on..).map(|(&day, _)| known_as_of(known, day));
    let lowest = later.chain([known_as_of(known, on)]).min();
    assert_eq!(Some(series.lowest_from(on, |amount| amount)), lowest);
    let new = [(on, 5), (numbers.day().max(on), -7)];
    let mut with = known.clone();
    for (on, change) in new {
        *with.entry(on).or_default() += change;
    }
    let days = with.range(on..).map(|(&day, _)| day);
    let expected: Vec<_> = days
        .map(|day| (day, known_as_of(known, day), known_as_of(&with, day)))
        .collect();
    let mut seen = Vec::new();
    series.walk(&new, |day, before, after| seen.push((day, before, after)));
    assert_eq!(seen, expected);
    let mut out = Encoder::default();
    series.put(&mut out);
    let bytes = out.into_bytes();
    assert_eq!(Series::take(&mut Decoder::new(&bytes)).as_ref(), Ok(series));
}

#[test]
fn a_series_says_what_the_changes_by_day_say() {
    for seed in 0..8 {
        let mut numbers = Numbers(seed);
        let (mut series, mut known) = (Series::<i128>::default(), Known::new());
        for step in 0..400_u32 {
            let (on, mut change) = (numbers.day(), numbers.amount());
            if numbers.below(3) == 0 {
                // What stands there is taken out again.
                change = known.get(&on).map_or(change, |known| -known);
            }
            series.add(on, change);
            let sum = known.remove(&on).unwrap_or_default() + change;
            if sum != 0 {
                known.insert(on, sum);
            }
            if step % 23 == 0 {
                check(&series, &known, &mut numbers);
            }
        }
        check(&series, &known, &mut numbers);
    }
}

#[test]
fn a_series_in_date_order_takes_a_few_bytes_for_each_day() {
    let mut series = Series::<i128>::default();
    let mut days = 0;
    for month in 1..=12 {
        for day in 1..=28 {
            series.add(date(2024, month, day), 123_456);
            days += 1;
        }
    }
    let filed: usize = series.filed().iter().map(|sum| sum.chunk.len()).sum();
    let chunks = series.filed().len() + usize::from(!series.newest.is_empty());
    // A byte for the day and three for twice the amount; the first day of a chunk takes three.
    assert_eq!(filed + series.newest.len(), days * 4 + chunks * 2);
}

#[test]
fn days_far_away_are_kept_too() {
    let mut series = Series::<i128>::default();
    for on in [Date::MAX, Date::MIN, date(1960, 1, 1), date(2100, 12, 31)] {
        series.add(on, i128::from(on.year()));
    }
    let years: Vec<_> = series.changes().collect();
    assert_eq!(
        years,
        [
            (Date::MIN, -9_999),
            (date(1960, 1, 1), 1_960),
            (date(2100, 12, 31), 2_100),
            (Date::MAX, 9_999)
        ]
    );
}

#[test]
fn bytes_that_are_no_series_are_refused() {
    fn refused(bytes: &[u8]) -> bool {
        Series::<i128>::take(&mut Decoder::new(bytes)).is_err()
    }
    // No filed chunk, a newest one of two bytes: day 0 (1 January 2000), amount 1.
    assert!(!refused(&[0, 2, 0, 2]));
    assert!(!refused(&[0, 0]), "nothing changed");
    assert!(refused(&[0, 2, 0, 0]), "a change of nothing");
    assert!(refused(&[0, 1, 0]), "a day without a change");
    assert!(refused(&[0, 4, 0, 2, 0, 2]), "one day twice");
    assert!(refused(&[1, 0, 0]), "an empty chunk that is filed");
    assert!(
        !refused(&[1, 2, 0, 2, 2, 2, 2]),
        "the day after what is filed"
    );
    assert!(refused(&[1, 2, 0, 2, 2, 0, 2]), "the day of what is filed");
}
