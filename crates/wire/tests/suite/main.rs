//! Tests of the stored format and of the write API's checks.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic as tests do"
)]

mod answers;
mod arbitrary;
mod arbitrary_facts;
mod calendar_samples;
mod catalogue;
mod command_samples;
mod descriptors;
mod event_samples;
mod exchange_samples;
mod golden;
mod hostile;
mod layout;
mod ledger_samples;
mod limits;
mod policies;
mod queries;
mod registry_samples;
mod requests;
mod round_trip;
mod values;

use perennial_domain::Date;
use perennial_domain::money::{Currency, Money};
use perennial_domain::period::Period;

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn money(text: &str, code: &str) -> Money {
    Money::parse_decimal(text, currency(code)).unwrap()
}

fn on(text: &str) -> Date {
    text.parse().unwrap()
}

fn period(starts_on: &str, ends_on: &str) -> Period {
    Period::new(on(starts_on), on(ends_on)).unwrap()
}
