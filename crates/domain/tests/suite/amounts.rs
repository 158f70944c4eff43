//! Money, splits and periods. Arithmetic is exact or refused (INV-3).

use perennial_domain::money::{
    Currency, DecimalError, Money, MoneyError, UnknownCurrency, allocate_minor, sum_text,
};
use perennial_domain::period::{FiscalCalendar, Period};
use perennial_testkit::history::words::*;
use perennial_testkit::random::Random;

fn rounded(text: &str, code: &str) -> (i128, bool) {
    let rounded = Money::round_decimal(text, currency(code)).unwrap();
    (rounded.money.minor_units(), rounded.exact)
}

#[test]
fn halves_are_rounded_to_the_even_neighbour() {
    for (text, cents) in [
        ("0.005", 0),
        ("0.015", 2),
        ("0.025", 2),
        ("0.035", 4),
        ("-0.005", 0),
        ("-0.015", -2),
        ("-0.025", -2),
        ("0.0050000001", 1),
        ("0.0149999999", 1),
        ("1234.565", 123_456),
        ("1234.575", 123_458),
        // Zeros after the half make it no more than a half.
        ("0.0050", 0),
        ("0.01500", 2),
        ("0.02500", 2),
        ("0.025001", 3),
    ] {
        assert_eq!(rounded(text, "USD"), (cents, false), "{text}");
    }
}

#[test]
fn exponents_and_sixteen_decimals_are_read() {
    for (text, code, expected) in [
        ("1.5E7", "USD", (1_500_000_000, true)),
        ("1.5e7", "USD", (1_500_000_000, true)),
        ("-2.5E-2", "USD", (-2, false)),
        ("3.0E+2", "JPY", (300, true)),
        ("0.5", "JPY", (0, false)),
        ("1.5", "JPY", (2, false)),
        ("0.1234567890123456", "USD", (12, false)),
        ("12345.1250000000000000", "KWD", (12_345_125, true)),
        ("0.0049999999999999", "USD", (0, false)),
        (" 10 ", "USD", (1_000, true)),
        ("+10.", "USD", (1_000, true)),
        (".5", "USD", (50, true)),
    ] {
        assert_eq!(rounded(text, code), expected, "{text}");
    }
}

#[test]
fn what_is_no_number_is_said_to_be_none() {
    for text in ["", "-", "1,000", "1e", "0x10", "NaN", "1.2.3", "ten"] {
        assert!(
            matches!(
                Money::round_decimal(text, currency("USD")),
                Err(DecimalError::NotANumber { .. })
            ),
            "{text}"
        );
    }
}

#[test]
fn a_text_of_64_bytes_is_read_and_a_longer_one_is_no_number() {
    let with_zeros = |zeros: usize| format!("{}1.50", "0".repeat(zeros));
    assert_eq!(rounded(&with_zeros(60), "USD"), (1_50, true));
    assert_eq!(
        Money::round_decimal(&with_zeros(61), currency("USD")),
        Err(DecimalError::NotANumber {
            text: format!("{}1.5", "0".repeat(61)),
        })
    );
}

#[test]
fn a_number_of_any_length_is_an_amount_or_out_of_range() {
    let most = "9".repeat(16);
    assert_eq!(
        rounded(&format!("{most}.99"), "USD"),
        (999_999_999_999_999_999, true)
    );
    for text in [
        "1E16".to_owned(),
        "-1E16".to_owned(),
        "9".repeat(36),
        "1".repeat(37),
        "9".repeat(64),
        "1E36".to_owned(),
        "9E36".to_owned(),
        "1E37".to_owned(),
        "1E32767".to_owned(),
    ] {
        assert_eq!(
            Money::round_decimal(&text, currency("USD")),
            Err(DecimalError::Money(MoneyError::OutOfRange)),
            "{text}"
        );
    }
    assert_eq!(rounded("0E32767", "USD"), (0, true));
    assert_eq!(rounded("1E-32768", "USD"), (0, false));
}

#[test]
fn an_exact_amount_has_no_more_decimals_than_its_currency() {
    assert_eq!(
        Money::parse_decimal("10.120", currency("USD")).unwrap(),
        minor(10_12, "USD")
    );
    assert_eq!(
        Money::parse_decimal("10.121", currency("USD")),
        Err(DecimalError::TooPrecise {
            text: "10.121".to_owned(),
            currency: currency("USD"),
            minor_digits: 2,
        })
    );
}

#[test]
fn money_stays_below_its_range() {
    let most = 999_999_999_999_999_999;
    assert_eq!(
        Money::from_minor(most, currency("USD"))
            .unwrap()
            .minor_units(),
        most
    );
    for beyond in [most + 1, -most - 1] {
        assert_eq!(
            Money::from_minor(beyond, currency("USD")),
            Err(MoneyError::OutOfRange)
        );
    }
    assert_eq!(
        cents(most).checked_add(cents(1)),
        Err(MoneyError::OutOfRange)
    );
    assert_eq!(
        eur(1).checked_add(minor(1, "USD")),
        Err(MoneyError::CurrencyMismatch {
            left: currency("EUR"),
            right: currency("USD"),
        })
    );
}

#[test]
fn an_amount_is_above_below_or_at_zero() {
    for (amount, above, below, at) in [
        (cents(1), true, false, false),
        (cents(0), false, false, true),
        (cents(-1), false, true, false),
    ] {
        let answers = (amount.is_positive(), amount.is_negative(), amount.is_zero());
        assert_eq!(answers, (above, below, at), "{amount}");
    }
    assert_eq!(cents(5).negated(), cents(-5));
    assert_eq!(cents(-5).negated(), cents(5));
}

#[test]
fn an_amount_is_written_with_all_minor_digits_of_its_currency() {
    for (amount, text) in [
        (minor(1_234_50, "USD"), "1234.50"),
        (minor(-5, "USD"), "-0.05"),
        (minor(0, "USD"), "0.00"),
        (minor(-7, "JPY"), "-7"),
        (minor(1_005, "KWD"), "1.005"),
        (minor(12_345, "CLF"), "1.2345"),
    ] {
        assert_eq!(amount.decimal_text(), text);
        assert_eq!(amount.to_string(), format!("{text} {}", amount.currency()));
    }
    // A sum may be larger than any amount.
    assert_eq!(
        sum_text(-1_234_567_890_123_456_789_012, currency("EUR")),
        "-12345678901234567890.12 EUR"
    );
}

#[test]
fn units_and_billionths_say_the_same_amount() {
    for (amount, units, nanos) in [
        (minor(12_34, "EUR"), 12, 340_000_000),
        (minor(-12_34, "EUR"), -12, -340_000_000),
        (minor(99, "EUR"), 0, 990_000_000),
        (minor(-1, "EUR"), 0, -10_000_000),
        (minor(7_00, "EUR"), 7, 0),
        (minor(-7_00, "EUR"), -7, 0),
        (minor(7, "JPY"), 7, 0),
        (minor(-1_001, "KWD"), -1, -1_000_000),
        (minor(12_345, "CLF"), 1, 234_500_000),
        (
            minor(999_999_999_999_999_999, "EUR"),
            9_999_999_999_999_999,
            990_000_000,
        ),
        (
            minor(-999_999_999_999_999_999, "JPY"),
            -999_999_999_999_999_999,
            0,
        ),
    ] {
        assert_eq!(amount.units_nanos(), (units, nanos), "{amount}");
        assert_eq!(
            Money::from_units_nanos(units, nanos, amount.currency()),
            Some(amount)
        );
    }
}

#[test]
fn units_and_billionths_that_say_no_amount_exactly_are_none() {
    for (units, nanos, code) in [
        // Of two signs.
        (1, -10_000_000, "EUR"),
        (-1, 10_000_000, "EUR"),
        // A whole unit of billionths.
        (0, 1_000_000_000, "EUR"),
        (0, -1_000_000_000, "JPY"),
        // Less than a minor unit.
        (0, 9_999_999, "EUR"),
        (0, 10_000_001, "EUR"),
        (1, 500_000_000, "JPY"),
        // Out of range.
        (10_000_000_000_000_000, 0, "EUR"),
        (i64::MIN, -990_000_000, "EUR"),
    ] {
        assert_eq!(
            Money::from_units_nanos(units, nanos, currency(code)),
            None,
            "{units} {nanos} {code}"
        );
    }
}

#[test]
fn a_currency_is_three_capital_letters_that_can_be_booked() {
    assert_eq!(currency("EUR").code(), "EUR");
    assert_eq!(format!("{0} {0:?}", currency("EUR")), "EUR EUR");
    for text in ["", "EU", "eur", "EURO", " EUR", "XAU"] {
        assert_eq!(Currency::parse(text), Err(UnknownCurrency(text.to_owned())),);
    }
    // A long text is cut before it is repeated to anybody.
    assert_eq!(
        Currency::parse("a currency of the future"),
        Err(UnknownCurrency("a currency of th".to_owned()))
    );
}

#[test]
fn an_amount_is_split_into_amounts_of_its_currency() {
    assert_eq!(
        minor(100, "KWD").allocate(&[1, 1, 1]).unwrap(),
        [minor(34, "KWD"), minor(33, "KWD"), minor(33, "KWD")]
    );
    assert_eq!(minor(100, "KWD").allocate(&[0]), Err(MoneyError::NoWeights));
}

#[test]
fn the_largest_remainder_gets_the_unit_and_ties_go_to_the_earliest() {
    assert_eq!(allocate_minor(100, &[1, 1, 1]).unwrap(), [34, 33, 33]);
    assert_eq!(allocate_minor(101, &[1, 1, 1]).unwrap(), [34, 34, 33]);
    assert_eq!(allocate_minor(10, &[1, 2, 0, 3]).unwrap(), [2, 3, 0, 5]);
    assert_eq!(allocate_minor(-100, &[1, 1, 1]).unwrap(), [-33, -33, -34]);
    assert_eq!(allocate_minor(5, &[0, 0]), Err(MoneyError::NoWeights));
    assert_eq!(allocate_minor(5, &[]), Err(MoneyError::NoWeights));
}

#[test]
fn splitting_loses_and_invents_nothing() {
    let mut random = Random::for_test("splitting_loses_and_invents_nothing");
    for _ in 0..2_000 {
        let limit = *random.pick(&[10, 1_000, 1_000_000_000_000_000_000]);
        let amount = i128::from(random.below(limit)) * if random.one_in(2) { -1 } else { 1 };
        let weights: Vec<u64> = (0..random.between(1, 12))
            .map(|_| {
                if random.one_in(4) {
                    0
                } else {
                    random.below(limit)
                }
            })
            .collect();
        let total: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
        let Ok(parts) = allocate_minor(amount, &weights) else {
            assert_eq!(total, 0);
            continue;
        };
        assert_eq!(parts.iter().sum::<i128>(), amount, "INV-3");
        for (&part, &weight) in parts.iter().zip(&weights) {
            let weight = i128::from(weight);
            // Each part is its exact share, rounded down or up to a whole unit.
            let off = part * total - amount * weight;
            assert!(off.abs() < total, "{amount} {weights:?} {parts:?}");
            assert!(weight != 0 || part == 0, "{amount} {weights:?} {parts:?}");
        }
    }
}

#[test]
fn two_calendar_years_are_multi_year_and_a_day_less_is_not() {
    for (starts_on, ends_on, reaches) in [
        ("2018-01-01", "2019-12-31", true),
        ("2018-01-01", "2019-12-30", false),
        ("2020-02-29", "2022-02-27", true),
        ("2020-02-29", "2022-02-26", false),
        ("2018-06-15", "2020-06-14", true),
        ("2018-06-15", "2020-06-13", false),
    ] {
        let term = period(starts_on, ends_on);
        assert_eq!(term.reaches_months(24), reaches, "{starts_on} {ends_on}");
    }
    assert_eq!(period("2018-01-01", "2019-12-31").days(), 730);
    assert_eq!(period("2018-03-01", "2020-02-29").days(), 731);
}

#[test]
fn a_budget_of_exactly_twelve_months_is_not_above_twelve() {
    assert!(!period("2018-01-01", "2018-12-31").exceeds_months(12));
    assert!(period("2018-01-01", "2019-01-01").exceeds_months(12));
}

#[test]
fn fiscal_years_carry_the_label_of_their_calendar() {
    for (calendar, on, label, year) in [
        (
            FiscalCalendar::January,
            "2026-12-31",
            "2026",
            ("2026-01-01", "2026-12-31"),
        ),
        (
            FiscalCalendar::April,
            "2026-03-31",
            "2025/26",
            ("2025-04-01", "2026-03-31"),
        ),
        (
            FiscalCalendar::April,
            "2026-04-01",
            "2026/27",
            ("2026-04-01", "2027-03-31"),
        ),
        (
            FiscalCalendar::October,
            "1999-10-01",
            "1999/00",
            ("1999-10-01", "2000-09-30"),
        ),
        (
            FiscalCalendar::July,
            "2026-06-30",
            "2025/26",
            ("2025-07-01", "2026-06-30"),
        ),
    ] {
        let fiscal_year = calendar.year_of(date(on));
        assert_eq!(fiscal_year.label(), label);
        assert_eq!(fiscal_year.period(), period(year.0, year.1));
    }
}

#[test]
fn periods_meet_on_the_days_that_both_hold() {
    let first = period("2024-01-01", "2024-06-30");
    assert_eq!(
        first.intersection(period("2024-06-30", "2025-01-01")),
        Some(Period::day(date("2024-06-30")))
    );
    assert_eq!(first.intersection(period("2024-07-01", "2025-01-01")), None);
}
