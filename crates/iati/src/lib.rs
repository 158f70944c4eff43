//! IATI in: reads published activities and plans the commands that book them in a mirror ledger.
//!
//! It is not an importer by itself: it opens no file, no connection and no clock. Whoever imports hands in a
//! reader and what the ledger holds ([`Known`]), sends the planned submissions, and hands the answers to the
//! [`Tally`]. It also judges no rule: what breaks one is booked as published, and `decide` flags it (INV-2).
//!
//! Upholds INV-12 (every text, activity and file has a named limit) and SEMANTICS.md 3, which is its
//! specification. Read in order: [`activity`] (what is published, word for word), [`read`] (from bytes to that),
//! [`vocabulary`] (what the codes mean), [`plan`] (from that to submissions), then [`known`] and [`tally`].
#![deny(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]

pub mod activity;
pub mod read;
pub mod vocabulary;

pub mod known;
pub mod plan;
pub mod tally;

pub use activity::Activity;
pub use known::Known;
pub use plan::{ActivityPlan, PlannedSubmission, Planner};
pub use read::{Activities, ReadError, ReadLimits};
pub use tally::Tally;
