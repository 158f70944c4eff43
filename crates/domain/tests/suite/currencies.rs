//! Our currency table against another one.

use std::collections::BTreeSet;

use iso_currency::{Currency as Iso, IntoEnumIterator};
use perennial_domain::money::Currency;

/// In our table and not in ISO 4217 list one as the other crate has it: withdrawn codes, which old agreements
/// were signed in.
const HISTORIC: &[&str] = &[
    "ANG", "ATS", "BEF", "BYR", "CYP", "DEM", "EEK", "ESP", "FIM", "FRF", "GRD", "IEP", "ITL",
    "LTL", "LUF", "LVL", "MRO", "MTL", "NLG", "PTE", "SIT", "SKK", "STD", "USS", "VEF", "ZMK",
];

/// In the other crate and not bookable: metals, bond units, test and no-currency codes.
const NOT_BOOKABLE: &[&str] = &[
    "XAD", "XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX",
];

#[test]
fn minor_digits_agree_with_iso_4217() {
    for currency in Currency::all() {
        let Some(iso) = Iso::from_code(currency.code()) else {
            assert!(HISTORIC.contains(&currency.code()), "{currency}");
            continue;
        };
        if currency.code() == "XDR" {
            assert_eq!(currency.minor_digits(), 2);
            continue;
        }
        assert_eq!(
            iso.exponent(),
            Some(u16::from(currency.minor_digits())),
            "{currency}"
        );
    }
}

#[test]
fn withdrawn_currencies_are_bookable_and_stand_among_all() {
    for code in HISTORIC {
        let currency = Currency::parse(code).unwrap();
        assert!(Currency::all().any(|of_all| of_all == currency), "{code}");
    }
}

#[test]
fn every_iso_currency_is_bookable_or_left_out_on_purpose() {
    let missing: BTreeSet<&str> = Iso::iter()
        .map(|iso| iso.code())
        .filter(|code| Currency::parse(code).is_err())
        .collect();
    assert_eq!(missing, NOT_BOOKABLE.iter().copied().collect());
}
