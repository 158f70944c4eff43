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
    let chunks = series.filed.as_ref().unwrap().chunks();
    let filed: usize = chunks.iter().map(|filing| filing.chunk.len()).sum();
    let chunks = chunks.len() + usize::from(!series.newest.is_empty());
    // A byte for the day and three for twice the amount; the first day of a chunk takes three.
    assert_eq!(filed + series.newest.len(), days * 4 + chunks * 2);
}

/// A change on each of so many days, from the first of 1960 on, in an order that looks random.
fn long(days: u32) -> (Series<i128>, Known) {
    let (mut series, mut known) = (Series::default(), Known::new());
    for number in 0..days {
        // As many days as a prime number shares no factor with.
        let on = on_day(u32::try_from(u64::from(number) * 7_919 % u64::from(days)).unwrap());
        let change = i128::from(number % 7) - 2;
        series.add(on, change);
        if change != 0 {
            known.insert(on, change);
        }
    }
    (series, known)
}

fn on_day(number: u32) -> Date {
    date(1960, 1, 1) + jiff::Span::new().days(i64::from(number))
}

#[test]
fn a_long_series_says_what_the_changes_by_day_say() {
    let mut numbers = Numbers(1);
    let (mut series, mut known) = long(24_001);
    check(&series, &known, &mut numbers);
    // Three years are taken out again, and with them whole chunks.
    let days: Vec<Date> = known.keys().copied().collect();
    for on in days
        .into_iter()
        .filter(|on| (2_021..2_024).contains(&on.year()))
    {
        series.add(on, -known.remove(&on).unwrap());
    }
    for _ in 0..4 {
        check(&series, &known, &mut numbers);
    }
}

#[test]
fn the_way_over_later_days_grows_with_the_logarithm_of_their_number() {
    let steps = |days: u32| {
        let series = long(days).0;
        let (mut most, mut greatest) = (0, 0);
        for number in (0..days).step_by(97) {
            let (asked, shown) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
            let changes = [(on_day(number), 1)];
            let pass = |low: i128, high: i128| {
                asked.set(asked.get() + 1);
                low <= high
            };
            series.walk_past(&changes, pass, |_, _, _| shown.set(shown.get() + 1));
            most = most.max(asked.get());
            greatest = greatest.max(shown.get());
        }
        (most, greatest)
    };
    let (few, shown) = steps(1_000);
    let (many, shown_of_many) = steps(24_001);
    println!("1,000 days: {few} blocks; 24,001 days: {many} blocks");
    // A level of blocks more for eight times the days; what is looked through is a chunk, whatever its number.
    assert!(few <= 16 && many <= 32, "{few} and {many}");
    assert!(
        shown <= 330 && shown_of_many <= 330,
        "{shown} and {shown_of_many}"
    );
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
