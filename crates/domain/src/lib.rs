//! The financing ledger's domain: what money, agreements and pledges are, which facts may be recorded about
//! them, and why not.
//!
//! It is not an application: it does no IO and reads no clock, environment or randomness (INV-10). Dates,
//! positions and policies are arguments. Stored and wire formats live in `perennial-wire`.
//!
//! Upholds INV-2 and INV-3. Read in order: [`money`], [`period`], [`classification`], then [`event`] and
//! [`command`], then [`rule`] and [`rejection`], then one aggregate ([`agreement`] is the large one), then
//! [`book`], which holds the state of one ledger and is where everything meets.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]

pub mod money;
pub mod period;

pub mod ids;
pub mod log;

pub mod classification;
pub mod party;
pub mod rule;
pub mod tag;

pub mod command;
pub mod event;

pub mod rejection;

pub mod agreement;
pub mod calendar;
pub mod exchange;
pub mod import;
pub mod ledger;
pub mod pledge;
pub mod reference;
pub mod requirement;

pub mod book;

mod finding;
mod packed;
mod rules;
mod series;

pub use jiff::civil::Date;
pub use rust_decimal::Decimal;
