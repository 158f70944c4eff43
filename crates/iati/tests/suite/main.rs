//! The importer from the outside: published XML in, activities, submissions and counts out.
//!
//! `reading` and `bad_input` test bytes to activities; `booking`, `parties`, `classification`, `budgets`,
//! `schedules`, `pledges`, `restatement` and `runs` test activities to submissions, on files written for it;
//! `real_data` tests both on published files, where those are found.

mod ledger;
mod shared;
mod xml;

mod bad_input;
mod booking;
mod budgets;
mod classification;
mod parties;
mod pledges;
mod reading;
mod real_data;
mod restatement;
mod runs;
mod schedules;
