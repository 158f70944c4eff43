//! Tests of postings, sums, rounding and every view.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    reason = "a test that meets the unexpected stops, and says its seed"
)]

mod as_of;
mod conservation;
mod digests;
mod functional;
mod functional_moves;
mod given;
mod golden_moves;
mod golden_postings;
mod oracle;
mod pages;
mod random_ledger;
mod registry;
mod rounding;
mod views;
