//! Amounts and dates as people write them.

use perennial_domain::Date;
use perennial_domain::money::{Currency, Money};

/// Reads `"1000.00 USD"`. The sign and the size are the ledger's to judge.
///
/// # Errors
/// What is wrong, for people.
pub(super) fn money(text: &str) -> Result<Money, String> {
    let Some((number, code)) = text.trim().split_once(' ') else {
        return Err(format!(
            "\"{text}\" is no amount: write it as \"1000.00 USD\""
        ));
    };
    let currency = Currency::parse(code.trim()).map_err(|error| error.to_string())?;
    Money::parse_decimal(number, currency).map_err(|error| error.to_string())
}

/// Reads `"2027-01-31"`. Which years are allowed is the ledger's to judge.
///
/// # Errors
/// What is wrong, for people.
pub(super) fn date(text: &str) -> Result<Date, String> {
    parse_date(text).ok_or_else(|| format!("\"{text}\" is no date: write it as \"2027-01-31\""))
}

/// Reads a civil date of four, two and two digits.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let mut number = |digits: usize| {
        let part = parts.next()?;
        let well_formed = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        well_formed.then(|| part.parse::<i16>().ok()).flatten()
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    let rest = parts.next();
    let small = |number: i16| i8::try_from(number).ok();
    rest.is_none()
        .then(|| Date::new(year, small(month)?, small(day)?).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_names_its_currency_and_has_no_more_digits_than_it_allows() {
        assert_eq!(money("1000.00 USD").unwrap().to_string(), "1000.00 USD");
        assert_eq!(money("-0.5 EUR").unwrap().to_string(), "-0.50 EUR");
        assert_eq!(money("5 JPY").unwrap().to_string(), "5 JPY");
        for wrong in [
            "0.5 JPY",
            "1.001 EUR",
            "1000.00",
            "USD 5",
            "5 XXY",
            "1,000.00 USD",
            "",
        ] {
            assert!(money(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_date_is_four_two_and_two_digits_of_a_day_that_exists() {
        assert_eq!(date("2028-02-29").unwrap().to_string(), "2028-02-29");
        for wrong in [
            "2027-02-29",
            "2027-1-31",
            "27-01-31",
            "2027-01-31T00:00",
            "31.01.2027",
            "20270131",
        ] {
            assert!(date(wrong).is_err(), "{wrong}");
        }
    }
}
