//! The importer from the outside: published XML in, activities, submissions and counts out.
//!
//! `reading` and `bad_input` test bytes to activities; `booking`, `parties`, `classification`, `budgets`,
//! `schedules`, `pledges`, `restatement` and `runs` test activities to submissions, on files written for it;
//! `real_data` and `corpus` test both on published files, where those are found, `counts` what these publish, and `answers`
//! what the views then say.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests may panic as tests do, and look for one command among all"
)]

mod ledger;
mod shared;
mod xml;

mod answers;
mod bad_input;
mod booking;
mod budgets;
mod classification;
mod corpus;
mod counts;
mod parties;
mod pledges;
mod reading;
mod real_data;
mod restatement;
mod runs;
mod schedules;
