//! Stable documents: what the command line prints as JSON and CSV, and what other programs may rely on.
//!
//! It is *not* the API's JSON mapping (that is for submissions and events) and computes no figure: every amount
//! comes from a view row and is printed with all its minor digits. Names are `snake_case`, counts are numbers,
//! amounts are decimal text, civil dates are `2027-01-31`, instants are UTC.
//!
//! A field never disappears and never changes its meaning; new ones may come.
//!
//! Reading order: [`answers`] (what commands answer), [`cell`] (values of rows), [`csv_rows`].

pub mod answers;
pub mod cell;
pub mod csv_rows;
