use jiff::civil::date;

use super::*;

use crate::agreement::{Firmness, YearBasis, YearShare};
use crate::ids::TrancheId;
use crate::period::Period;

fn event_id(number: u64) -> EventId {
    EventId {
        position: Position(number / 3 * 7_919),
        index: u32::try_from(number % 3).unwrap(),
    }
}

fn amount(party: Option<&str>, minor_units: i128) -> Effect {
    Effect::Amount {
        line: 1,
        measure: Measure::Disbursed,
        party: party.map(Into::into),
        minor_units,
    }
}

/// Entries of all sorts: with and without effects, parties, payments, on days before and after each other.
fn entry(number: u64) -> Entry {
    let day = i8::try_from(1 + number * 17 % 28).unwrap();
    let period = Period::new(date(2024, 1, 1), date(2024, 12, 31)).unwrap();
    let effects = match number % 5 {
        0 => Vec::new(),
        1 => vec![Effect::Share {
            line: 300,
            share: YearShare {
                period,
                minor_units: -5,
                basis: YearBasis::Prorated,
                firmness: Firmness::Indicative,
            },
        }],
        2 => vec![
            amount(Some("XM-AGENCY"), 1_234),
            Effect::Tranche {
                tranche_id: TrancheId::parse("tranche-1").unwrap(),
                period,
                minor_units: -1_234,
            },
        ],
        3 => vec![amount(Some(&format!("XM-{number}")), i128::MAX)],
        _ => vec![amount(None, -7)],
    };
    let payment_id = format!("payment-{}", number * 7_919 % 1_000);
    Entry {
        effective_on: date(2024, i8::try_from(1 + number % 12).unwrap(), day),
        kind: [EntryKind::Cash, EntryKind::Fixed][usize::from(number.is_multiple_of(2))],
        reversed_by: None,
        payment_id: (number % 2 == 1).then(|| PaymentId::parse(&payment_id).unwrap()),
        effects,
    }
}

fn entries(count: u64) -> (Entries, Names) {
    let (mut entries, mut names) = (Entries::default(), Names::default());
    for number in 0..count {
        entries.push(&mut names, event_id(number), &entry(number));
    }
    (entries, names)
}

#[track_caller]
fn restored(entries: &Entries) -> Entries {
    let mut out = Encoder::default();
    entries.put(&mut out);
    let bytes = out.into_bytes();
    let mut from = Decoder::new(&bytes);
    let restored = Entries::take(&mut from).unwrap();
    assert!(from.is_empty());
    restored
}

#[test]
fn what_is_packed_is_unpacked_around_every_run() {
    for count in [0, 1, 31, 32, 33, 63, 64, 65, 200] {
        let (entries, names) = entries(count);
        let expected: Vec<_> = (0..count)
            .map(|number| (event_id(number), entry(number)))
            .collect();
        assert!(entries.iter(&names).eq(expected.iter().cloned()), "{count}");
        for (event_id, entry) in &expected {
            assert_eq!(entries.get(&names, *event_id).as_ref(), Some(entry));
        }
        assert_eq!(entries.get(&names, event_id(count)), None);
        assert_eq!(restored(&entries), entries, "{count}");
    }
}

#[test]
fn a_cancelled_entry_says_by_what_and_gives_its_payments_id_free() {
    let (mut entries, mut names) = entries(40);
    let (target, by) = (event_id(21), event_id(99));
    let payment_id = entry(21).payment_id.unwrap();
    assert!(entries.has_payment(&payment_id));
    assert_eq!(entries.cancel(&names, target, by), Ok(entry(21)));
    assert!(!entries.has_payment(&payment_id));
    let cancelled = entries.get(&names, target).unwrap();
    assert_eq!(
        (cancelled.reversed_by, cancelled.payment_id),
        (Some(by), None)
    );
    assert_eq!(
        entries.cancel(&names, target, by),
        Err(Impossible::ReversedTwice)
    );
    assert_eq!(
        entries.cancel(&names, event_id(40), by),
        Err(Impossible::UnknownTarget)
    );
    let again = Entry {
        payment_id: Some(payment_id.clone()),
        ..entry(41)
    };
    entries.push(&mut names, event_id(41), &again);
    assert!(entries.has_payment(&payment_id));
    assert_eq!(restored(&entries), entries);
}

#[test]
fn exactly_the_ids_of_standing_payments_are_taken() {
    let (entries, _) = entries(100);
    for number in 0..1_000_u64 {
        let payment_id = PaymentId::parse(&format!("payment-{number}")).unwrap();
        let paid = (0..100).filter(|number| number % 2 == 1);
        let taken = paid
            .map(|number| number * 7_919 % 1_000)
            .any(|id| id == number);
        assert_eq!(entries.has_payment(&payment_id), taken, "{payment_id}");
    }
}

#[test]
fn a_payment_takes_about_a_dozen_bytes() {
    let (mut entries, mut names) = (Entries::default(), Names::default());
    for number in 0..160_u64 {
        let day = i8::try_from(1 + number % 28).unwrap();
        let entry = Entry {
            effective_on: date(2024, i8::try_from(1 + number / 28).unwrap(), day),
            effects: vec![amount(Some("XM-AGENCY"), 123_456)],
            payment_id: None,
            ..entry(1)
        };
        let event_id = EventId {
            position: Position(number * 10_000),
            index: 0,
        };
        entries.push(&mut names, event_id, &entry);
    }
    // Two for the position, day, length; kind, no payment, one effect of: sort and measure, line, party and three
    // for the amount. Runs and months cost a little more.
    assert!(entries.bytes.len() < 160 * 14, "{}", entries.bytes.len());
    assert!(160 * 13 <= entries.bytes.len(), "{}", entries.bytes.len());
}

#[test]
fn ids_of_payments_that_begin_alike_take_what_differs() {
    let bytes = |id: fn(u64) -> String| {
        let (mut entries, mut names) = (Entries::default(), Names::default());
        for number in 0..32 {
            let entry = Entry {
                payment_id: PaymentId::parse(&id(number)).ok(),
                ..Entry::new(date(2024, 1, 1), EntryKind::Cash, Vec::new())
            };
            entries.push(&mut names, event_id(number), &entry);
        }
        assert_eq!(restored(&entries), entries);
        entries.bytes.len()
    };
    let alike = bytes(|number| format!("pv-2024-0117-{number:03}"));
    let not = bytes(|number| format!("{number:03}-pv-2024-0117"));
    // 16 bytes and their length, or the length of what is alike, that of the rest, and at most two of it.
    assert!(31 * 12 <= not - alike, "{not} and {alike}");
}
